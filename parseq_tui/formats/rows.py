"""Keyframe rows: the file's `keyframes` array in and out (LANGUAGE §7.1, §10.4).

A cell's value is the key FIELD, its formula FIELD_i. Values are what JavaScript would convert to a number: numeric
texts, null (0), true and false (1, 0); `""` and other texts are no value. Ten thousand rows of forty fields read in a
tenth of a second, so the common kinds are told apart by type and the others put aside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from parseq_tui.errors import DocumentError
from parseq_tui.formats.exact_json import Element, Refused, decode_pairs, read_elements
from parseq_tui.formats.source import RowOrigin, Source
from parseq_tui.language.numbers_as_text import number_text, text_number
from parseq_tui.timeline.keyframe import EMPTY, MAX_FRAME, Keyframe

_NOT_FIELDS = frozenset({"frame", "info"})
_SHARED_NUMBERS = 20_000
"""Beyond so many different numbers it does not pay to look for equal ones."""


@dataclass(slots=True)
class RowReader:
    """Reads the rows of one file, in file order."""

    source: Source
    rows: list[Keyframe] = field(default_factory=list)
    odd: list[tuple[int, str, Any]] = field(default_factory=list)
    """Cells that hold neither a number nor a formula: (row, key, value)."""
    odd_labels: list[int] = field(default_factory=list)
    """Rows whose label is not a text."""
    span: tuple[int, int] | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _numbers: dict[float, float] = field(default_factory=dict)
    """Equal numbers are held once: most documents have few different ones, and a large one holds half a million."""

    def scan(self, text: str, start: int) -> tuple[None, int]:
        """Read the array at `start`; a `Scan` (see `exact_json`)."""
        if text[start : start + 1] != "[":
            raise self.source.error(
                "keyframes is not a list",
                start,
                pointer="/keyframes",
                kind="wrong-type",
                hint='"keyframes": [{"frame": 0}, …]',
            )
        self.span = (start, read_elements(text, start, self._read, decode_pairs))
        return None, self.span[1]

    def _read(self, _: int, element: Element) -> None:
        pairs = element.value
        if not isinstance(pairs, tuple):
            raise self._error("a keyframe is not an object", element, "wrong-type", 'write {"frame": 0, …}')
        frame_value: Any = None
        info: str | None = None
        values: dict[str, float] = {}
        formulas: dict[str, str] = {}
        canonical = self._names.setdefault
        number = self._numbers.setdefault if len(self._numbers) < _SHARED_NUMBERS else _itself
        for key, value in pairs:
            kind = type(value)
            if key in _NOT_FIELDS:
                if key == "frame":
                    frame_value = value
                else:
                    info = self._label(value)
            elif kind is float and key[-2:] != "_i":
                values[canonical(key, key)] = number(value, value) or value  # -0.0 equals 0.0
            elif kind is str and value and key[-2:] == "_i":
                name = key[:-2]
                formulas[canonical(name, name)] = value
            elif kind is int and key[-2:] != "_i":
                values[canonical(key, key)] = self._finite(value, element, key)
            else:
                self._read_odd(key, value, values, formulas)
        if len(dict(pairs)) < len(pairs):
            raise Refused("duplicate key")
        if values and not math.isfinite(sum(values.values())):
            self._check_finite(values, element)
        self._add(element, self._position(frame_value, element), values, formulas, info)

    def _add(
        self, element: Element, position: float, values: dict[str, float], formulas: dict[str, str], info: str | None
    ) -> None:
        shared_values: Mapping[str, float] = MappingProxyType(values) if values else EMPTY
        shared_formulas: Mapping[str, str] = MappingProxyType(formulas) if formulas else EMPTY
        index = len(self.rows)
        frame = int(position)
        origin = RowOrigin(
            self.source, index, element.value_start, element.value_end, frame, shared_values, shared_formulas, info
        )
        row = Keyframe(frame, shared_values, shared_formulas, info, origin)
        self.rows.append(row if frame == position else replace(row, offset=position - frame))

    def _read_odd(self, key: str, value: Any, values: dict[str, float], formulas: dict[str, str]) -> None:
        """A cell that is not plainly a number or a formula."""
        if key.endswith("_i"):
            text = formula_of(value)
            if text is not None:
                formulas[key[:-2]] = text
            elif isinstance(value, tuple | list):
                self.odd.append((len(self.rows), key, value))
            return
        number = value_of(value)
        if number is not None:
            values[key] = number
        elif value != "":
            self.odd.append((len(self.rows), key, value))

    def _label(self, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        self.odd_labels.append(len(self.rows))
        return None

    def _finite(self, value: int, element: Element, key: str) -> float:
        try:
            return float(value)
        except OverflowError:
            raise self._error(f"{key} is too large for a number", element, "not-a-number", "write it shorter") from None

    def _check_finite(self, values: dict[str, float], element: Element) -> None:
        for key, value in values.items():
            if not math.isfinite(value):
                raise self._error(f"{key} is too large for a number", element, "not-a-number", "write it shorter")

    def _position(self, value: Any, element: Element) -> float:
        if type(value) is int and 0 <= value <= MAX_FRAME:
            return value
        if isinstance(value, str):
            value = text_number(value) if value.strip() else None
        if value is None or isinstance(value, bool | list | tuple) or value != value:
            raise self._error(
                "a keyframe without a frame number", element, "no-frame", 'give it "frame": a whole number'
            )
        if not 0 <= value <= MAX_FRAME:
            number = number_text(float(value)) if abs(value) < 1e300 else "…"
            hint = f"frames go from 0 to {MAX_FRAME}"
            raise self._error(f"a keyframe on frame {number}, outside the timeline", element, "frame-range", hint)
        return value  # type: ignore[no-any-return]

    def _error(self, message: str, element: Element, kind: str, hint: str) -> DocumentError:
        pointer = f"/keyframes/{len(self.rows)}"
        return self.source.error(message, element.value_start, pointer=pointer, kind=kind, hint=hint)


def value_of(value: Any) -> float | None:
    """The number in a value cell, or None where it holds none (LANGUAGE §7.1)."""
    if isinstance(value, bool):
        return float(value)
    if value is None:
        return 0.0
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and value:
        number = text_number(value)
        return number if math.isfinite(number) else None
    return None


def formula_of(value: Any) -> str | None:
    """The text in a formula cell, or None where it counts as empty (LANGUAGE §7.2)."""
    if isinstance(value, bool):
        return "true" if value else None
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | float) and 0 < abs(value) < 1e300:
        return number_text(float(value))
    return None


def cell_changes(row: Keyframe, origin: RowOrigin) -> Iterator[tuple[str, float | str | None]]:
    """The keys of a row that no longer say what the file says, and what they shall say; None: nothing."""
    if row.values is not origin.values:
        yield from _differing(origin.values, row.values)
    if row.formulas is not origin.formulas:
        for name, formula in _differing(origin.formulas, row.formulas):
            yield name + "_i", formula
    if row.frame != origin.frame:
        yield "frame", row.position if row.offset else row.frame
    if row.info != origin.info:
        yield "info", row.info


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names whose content is another one, and what it is; None: none."""
    for name, content in new.items():
        if old.get(name) != content:
            yield name, content
    for name in old:
        if name not in new:
            yield name, None


def row_object(row: Keyframe) -> dict[str, Any]:
    """A row as the file's object: frame, label, then each field's value and formula side by side."""
    content: dict[str, Any] = {"frame": row.position if row.offset else row.frame}
    if row.info is not None:
        content["info"] = row.info
    for name in {**row.values, **row.formulas}:
        if name in row.values:
            content[name] = row.values[name]
        if name in row.formulas:
            content[name + "_i"] = row.formulas[name]
    return content


def _itself(number: float, _: float) -> float:
    return number
