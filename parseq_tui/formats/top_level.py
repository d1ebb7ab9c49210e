"""The top-level parts of a document's file except its rows: each read with its defaults and checked (LANGUAGE §10)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from parseq_tui.errors import DocumentError
from parseq_tui.formats.exact_json import elements, members, pointer_of, shown, skip_space, too_deep
from parseq_tui.formats.parseq import grouping_of
from parseq_tui.formats.prompt_entries import read_prompts
from parseq_tui.formats.rows import RowReader
from parseq_tui.formats.series_entries import read_series
from parseq_tui.formats.source import Source, WrongPart
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.numbers_as_text import text_number
from parseq_tui.timeline.document import POSITIVE_OPTIONS, WHOLE_OPTIONS, Dialect, Options
from parseq_tui.timeline.fields import DEFAULT_MANAGED, SEED_ERA_FIELDS
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Prompts
from parseq_tui.timeline.time_series import TimeSeries

OPTION_KEYS: Mapping[str, str] = {
    "fps": "output_fps",
    "bpm": "bpm",
    "cadence": "cadence",
    "color_window_width": "cc_window_width",
    "color_window_slide_rate": "cc_window_slide_rate",
    "color_use_input": "cc_use_input",
    "input_fps": "input_fps",
    "random_seed": "random_seed",
}
"""Our name of an option → the file's."""


MAX_NOTES = 100
"""Cells that are remarked on one by one."""


def default_managed(dialect: Dialect, rows: Sequence[Keyframe]) -> tuple[str, ...]:
    """What a file that names no managed fields manages: of Parseq's and 2022's all there are, of ours those it uses."""
    if dialect != "native":
        return DEFAULT_MANAGED if dialect == "parseq" else tuple(SEED_ERA_FIELDS)
    used = dict.fromkeys(name for row in rows for name in (*row.values, *row.formulas))
    return tuple(name for name in (*DEFAULT_MANAGED, *used) if used.pop(name, 0) is None)


def default_displayed(managed: tuple[str, ...]) -> tuple[str, ...]:
    """What a file that names no shown fields shows."""
    return managed[:5]


class Parts:
    """The parts of the top-level object except the rows, each read with its defaults and checked."""

    def __init__(self, source: Source, top: Mapping[str, Any], dialect: Dialect) -> None:
        self.source = source
        self.top = top
        self.dialect = dialect
        self.grouping = grouping_of(dialect)
        self.notes: list[Diagnostic] = []
        """What was worth a word while reading."""

    def _wrong(self, steps: list[str | int], expected: str, kind: str = "wrong-type") -> DocumentError:
        what = steps[-1] if isinstance(steps[-1], str) else f"{steps[0]} entry {steps[-1]}"
        offset = offset_of(self.source.text, steps)
        return self.source.error(
            f"{what} cannot be this", offset, pointer=pointer_of(steps), kind=kind, hint=f"it is {expected}"
        )

    def managed(self, rows: Sequence[Keyframe]) -> tuple[str, ...]:
        names = self._names("managedFields")
        return default_managed(self.dialect, rows) if names is None else names

    def displayed(self, managed: tuple[str, ...]) -> tuple[str, ...]:
        names = self._names("displayedFields")
        if names is None:
            names = self._names("displayFields")
        return default_displayed(managed) if names is None else names

    def _names(self, key: str) -> tuple[str, ...] | None:
        names = self.top.get(key)
        if names is None:
            return None
        if not isinstance(names, list):
            raise self._wrong([key], 'a list of field names: ["zoom", "angle"]')
        for index, name in enumerate(names):
            if not isinstance(name, str) or not name:
                raise self._wrong([key, index], "the name of a field, a text")
        # A repeated name or "frame" itself would overwrite what is there (LANGUAGE Q39).
        kept = tuple(name for name in dict.fromkeys(names) if name != "frame")
        if len(kept) < len(names):
            hint = "take it out of the list"
            twice = next(name for place, name in enumerate(names) if name == "frame" or name in names[:place])
            self.notes.append(
                Diagnostic("warning", f"{key} lists {shown(twice)} once too often", hint, "repeated-field")
            )
        return kept

    def options(self) -> Options:
        raw = self.top.get("options")
        if raw is None:
            return Options()
        if not isinstance(raw, dict):
            raise self._wrong(["options"], 'an object: {"output_fps": 20, "bpm": 140}')
        given: dict[str, Any] = {}
        for name, key in OPTION_KEYS.items():
            value = self._option(name, key, raw)
            if value is not None:
                given[name] = value
        if self.dialect == "2022" and "input_fps" in given:
            # A blank output rate meant the input's (PIPELINE A1).
            given.setdefault("fps", given["input_fps"])
        return Options(**given)

    def _option(self, name: str, key: str, raw: Mapping[str, Any]) -> float | int | bool | None:
        value = raw.get(key)
        blank = value is None or (isinstance(value, str) and not value.strip())
        if key not in raw or (blank and (self.dialect == "2022" or name not in ("fps", "bpm"))):
            return None
        if name == "color_use_input":
            return bool(value)
        number = text_number(value) if isinstance(value, str) else value
        kind = {"fps": "no-fps", "bpm": "no-bpm"}.get(name, "wrong-type")
        if not isinstance(number, int | float) or isinstance(number, bool) or not abs(number) < 1e9:
            raise self._wrong(["options", key], "a number", kind)
        if name in POSITIVE_OPTIONS and number <= 0:
            raise self._wrong(["options", key], "a number above 0", kind)
        if name in WHOLE_OPTIONS:
            return math.floor(number)
        return float(number)

    def prompts(self) -> Prompts:
        with self._naming("prompts"):
            return read_prompts(self.top.get("prompts"), self.grouping.read_formula, self.grouping.read_prompt)

    def time_series(self) -> tuple[TimeSeries, ...]:
        with self._naming("timeSeries"):
            return read_series(self.top.get("timeSeries"))

    @contextmanager
    def _naming(self, key: str) -> Iterator[None]:
        """What is wrong inside a part becomes an error that says where."""
        try:
            yield
        except WrongPart as error:
            raise self._wrong([key, *error.steps], error.expected) from error

    def choice(self, key: str, choices: tuple[str, ...]) -> Any:
        value = self.top.get(key)
        if value is None:
            return choices[0]
        if value not in choices:
            raise self._wrong([key], "one of " + ", ".join(f'"{choice}"' for choice in choices))
        return value

    def render(self) -> Mapping[str, Any]:
        raw = self.top.get("render")
        if raw is None:
            return MappingProxyType({})
        if not isinstance(raw, dict):
            raise self._wrong(["render"], 'an object: {"mode": "loopback"}')
        return MappingProxyType(raw)

    def name(self) -> str:
        meta = self.top.get("meta")
        if meta is not None and not isinstance(meta, dict):
            raise self._wrong(["meta"], 'an object: {"docName": "…"}')
        name = (meta or {}).get("docName")
        return name if isinstance(name, str) else ""

    def check_rows(self, rows: RowReader, managed: tuple[str, ...]) -> None:
        """What the rows hold that is nothing a cell can hold: lists and objects are errors, words are noted."""
        names = set(managed)
        for index, key, value in rows.odd:
            if isinstance(value, str):
                if key in names and len(self.notes) < MAX_NOTES:
                    self.notes.append(self._ignored(key, value, rows.rows[index]))
            elif key.removesuffix("_i") in names or too_deep(value):
                raise self._wrong(["keyframes", index, key], "a number" if key in names else "a formula, a text")
        if rows.odd_labels and any("info_match" in text for row in rows.rows for text in row.formulas.values()):
            raise self._wrong(["keyframes", rows.odd_labels[0], "info"], "a label, a text", "info-not-string")

    def _ignored(self, key: str, value: str, row: Keyframe) -> Diagnostic:
        return Diagnostic(
            "warning",
            f"{shown(value)} is not a number: this cell counts as empty",
            f"write a number; a formula goes into {key}_i",
            "not-a-number",
            field=key,
            keyframe=row.frame,
            frame=row.frame,
        )


def offset_of(text: str, steps: Sequence[str | int]) -> int:
    """Where the value that a path leads to begins; the nearest one around it if the path leads nowhere."""
    position = skip_space(text, 0)
    for step in steps:
        found = next((start for key, start in _parts(text, position) if key == step), None)
        if found is None:
            break
        position = found
    return position


def _parts(text: str, start: int) -> Iterator[tuple[str | int, int]]:
    if text[start : start + 1] == "{":
        yield from ((member.key, member.value_start) for member in members(text, start))
    elif text[start : start + 1] == "[":
        yield from ((index, element.value_start) for index, element in enumerate(elements(text, start)))
