"""Frame JSON: what Parseq's output box holds, what Deforum and the script of 2022 read. Out and in (LANGUAGE §9, §14).

Out: the document plus `rendered_frames` and `rendered_frames_meta`, one frame a line. Numbers read back to the same
double; NaN and ±∞ are null. In: any of the three programs' frames, with or without the document around them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from parseq_tui.errors import DocumentError, counted
from parseq_tui.formats.exact_json import Element, discard_elements, read_elements, shown
from parseq_tui.formats.parseq import explicit_formula, explicit_prompt
from parseq_tui.formats.prompt_lists import joined_halves, split_halves
from parseq_tui.formats.reading import top_members
from parseq_tui.formats.source import DocumentOrigin, Source
from parseq_tui.formats.top_level import Parts
from parseq_tui.formats.writing import document_text, edited_text
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.numbers_as_text import number_text, text_number
from parseq_tui.language.values import Floats
from parseq_tui.timeline.document import Dialect, Document
from parseq_tui.timeline.fields import SEED_ERA_ONLY
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.keyframe import MAX_FRAME, Keyframe
from parseq_tui.timeline.prompts import Prompt, Prompts

_TEXTS = frozenset({"deforum_prompt", "positive_prompt", "negative_prompt"})
_SEED_ERA_KEYS = SEED_ERA_ONLY.keys() | {"positive_prompt"}


# -- out -----------------------------------------------------------------------------------------------------------


def export_frames(document: Document, table: FrameTable) -> str:
    """The document's text with its frames. Arrays are indexed by absolute frame, as Deforum expects.

    A document that starts later than frame 0 holds its first values until then (without fields: null, as in Parseq).
    """
    lines = reversed_lines(document, table) if document.reverse else frame_lines(document, table)
    parts = ['"rendered_frames": [\n' + ",\n".join(lines) + "\n]"]
    if document.dialect != "2022":
        parts.append(f'"rendered_frames_meta": {_meta_text(table)}')
    text = _text_for_peers(document).rstrip()
    body = text[: text.rindex("}")].rstrip()
    gap = "" if body.endswith("{") else ","
    return f"{body}{gap}\n" + ",\n".join(parts) + "\n}\n"


def _text_for_peers(document: Document) -> str:
    """The document as other programs shall read it: every formula grouped so that Parseq reads what we mean."""
    if document.dialect == "native":
        document = replace(
            document,
            keyframes=tuple(_explicit_row(row) for row in document.keyframes),
            prompts=replace(
                document.prompts,
                entries=tuple(_explicit_prompt(entry) for entry in document.prompts.entries),
                common=_explicit_prompt(document.prompts.common),
            ),
        )
    origin = document.origin
    return edited_text(document, origin) if isinstance(origin, DocumentOrigin) else document_text(document)


def _explicit_row(row: Keyframe) -> Keyframe:
    formulas = {name: explicit_formula(text) for name, text in row.formulas.items()}
    return row if formulas == row.formulas else replace(row, formulas=MappingProxyType(formulas))


def _explicit_prompt(prompt: Prompt) -> Prompt:
    overlap = prompt.overlap
    if overlap.kind == "custom":
        overlap = replace(overlap, formula=explicit_formula(overlap.formula))
    return replace(
        prompt, positive=explicit_prompt(prompt.positive), negative=explicit_prompt(prompt.negative), overlap=overlap
    )


def frame_lines(document: Document, table: FrameTable) -> list[str]:
    """Every frame as a line of JSON, from frame 0 on, keys in the order of LANGUAGE §9."""
    if not table.columns and table.first_frame:
        return ["null"] * table.first_frame + _lines(document, table, table.first_frame, 0)
    return _lines(document, table, 0, table.first_frame)


def reversed_lines(document: Document, table: FrameTable) -> list[str]:
    """The frames last to first: renumbered, every delta the other way round (LANGUAGE §9.5)."""
    return _lines(document, table, 0, 0, reverse=True)


def _lines(document: Document, table: FrameTable, number: int, padding: int, *, reverse: bool = False) -> list[str]:
    """One line per frame; `padding` repeats the first frame in front; numbering starts at `number`."""
    columns = {name: _padded(column, padding) for name, column in table.columns.items()}
    texts = _prompt_columns(document, table, padding)
    parts: dict[str, Sequence[str]] = {name: _number_texts(column) for name, column in columns.items()}
    parts |= texts
    parts |= {name: _number_texts(column) for name, column in subseeds(columns, document.dialect).items()}
    if document.dialect != "2022":
        for name, column in columns.items():
            delta = deltas(name, column)
            if reverse:
                delta = _inverted(name, delta)
            parts[f"{name}_delta"] = _number_texts(delta)
            parts[f"{name}_pc"] = _number_texts(percentages(column))
    count = table.frame_count + padding
    order = range(count - 1, -1, -1) if reverse else range(count)
    template = '{"frame":%d' + "".join(f",{json.dumps(name).replace('%', '%%')}:%s" for name in parts) + "}"
    rows = list(zip(*parts.values(), strict=True)) or [()] * count
    return [template % (number + place, *rows[index]) for place, index in enumerate(order)]


def _padded(column: Floats, padding: int) -> Floats:
    return np.concatenate([np.full(padding, column[0]), column]) if padding else column


def _prompt_columns(document: Document, table: FrameTable, padding: int) -> dict[str, Sequence[str]]:
    if not document.prompts.enabled and document.dialect != "2022":
        return {}
    pairs = [table.prompt_texts(0)] * padding + [table.prompt_texts(index) for index in range(table.frame_count)]
    if document.dialect == "2022":
        return {
            "positive_prompt": [json.dumps(positive, ensure_ascii=False) for positive, _ in pairs],
            "negative_prompt": [json.dumps(negative, ensure_ascii=False) for _, negative in pairs],
        }
    return {"deforum_prompt": [json.dumps(joined_halves(*pair), ensure_ascii=False) for pair in pairs]}


def deltas(name: str, column: Floats) -> Floats:
    """What a field changes by from frame to frame, shape (frames,); for zoom around 1 (LANGUAGE §9.3)."""
    with np.errstate(invalid="ignore", over="ignore"):
        changes = np.diff(column)
        return np.concatenate([column[:1], 1 + changes if name == "zoom" else changes])


def _inverted(name: str, delta: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return 1 / delta if name == "zoom" else -delta


def percentages(column: Floats) -> Floats:
    """Values as a share of the largest magnitude, in percent; the values themselves if that is 0 (LANGUAGE §9.4)."""
    largest = np.max(np.abs(column))
    with np.errstate(invalid="ignore", over="ignore"):
        return column if largest == 0 else column / largest * 100


def subseeds(columns: Mapping[str, Floats], dialect: Dialect) -> dict[str, Floats]:
    """The seed that a fractional one leans towards, and how far (LANGUAGE §9.1), each of shape (frames,).

    Nothing without a seed. A document of ours may say them itself; Parseq writes over such fields (Q39).
    """
    if "seed" not in columns:
        return {}
    with np.errstate(invalid="ignore", over="ignore"):
        derived = {"subseed": np.ceil(columns["seed"]), "subseed_strength": np.fmod(columns["seed"], 1)}
    return {name: column for name, column in derived.items() if dialect != "native" or name not in columns}


def _meta_text(table: FrameTable) -> str:
    if not table.columns:
        return "[]"
    shown_fields = {}
    for name, column in table.columns.items():
        largest, smallest = float(np.max(np.abs(column))), float(np.min(column))
        flat = "true" if largest == smallest else "false"
        shown_fields[name] = f'{{"max":{_number(largest)},"min":{_number(smallest)},"isFlat":{flat}}}'
    return "{\n" + ",\n".join(f"{json.dumps(name)}:{text}" for name, text in shown_fields.items()) + "\n}"


def _number(value: float) -> str:
    return number_text(value) if np.isfinite(value) else "null"


def _number_texts(column: Floats) -> list[str]:
    """The numbers of a column as JSON. Most columns say few things often, so each text is made once."""
    values, places = np.unique(column, return_inverse=True)
    texts = [_number(value) for value in values.tolist()]
    return [texts[place] for place in places.tolist()]


# -- in ------------------------------------------------------------------------------------------------------------


def is_frame_json(text: str) -> bool:
    """Whether a text is frames without the keyframes they were made from. False for what cannot be read."""
    if '"rendered_frames"' not in text:
        return False
    skipped = {"rendered_frames": discard_elements, "keyframes": discard_elements}
    try:
        top = top_members(Source(text.removeprefix("\ufeff")), skipped)
    except DocumentError:
        return False
    return "rendered_frames" in top and "keyframes" not in top


@dataclass(slots=True)
class _FrameReader:
    """Collects `rendered_frames` into columns while the text is read."""

    source: Source
    numbers: dict[int, int] = field(default_factory=dict)
    """Frame → the row of `values` that counts: the last one given."""
    values: list[list[float]] = field(default_factory=list)
    prompts: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    keys: frozenset[str] = frozenset()

    def scan(self, text: str, start: int) -> tuple[None, int]:
        if text[start : start + 1] != "[":
            raise self.source.error(
                "rendered_frames is not a list", start, pointer="/rendered_frames", kind="wrong-type"
            )
        return None, read_elements(text, start, self._read)

    def _read(self, index: int, element: Element) -> None:
        raw = element.value
        if raw is None:
            return
        if not isinstance(raw, dict):
            raise self._error(index, element, "a frame is not an object", 'write {"frame": 0, …}')
        if not self.keys:
            self.keys = frozenset(raw)
            self.names = [key for key in raw if key != "frame" and key not in _TEXTS and not _is_share(key, raw)]
        frame = raw.get("frame", index)
        if isinstance(frame, bool) or not isinstance(frame, int | float) or not 0 <= frame <= MAX_FRAME or frame % 1:
            raise self._error(index, element, "a frame without a frame number", 'give it "frame": a whole number')
        self.numbers[int(frame)] = len(self.values)
        self.values.append([self._value(name, raw, index, element) for name in self.names])
        self.prompts.append(_prompt_of(raw))

    def _value(self, name: str, raw: Mapping[str, Any], index: int, element: Element) -> float:
        if name not in raw:
            hint = "every frame needs the keys of the first one"
            raise self._error(index, element, f"this frame has no {shown(name)}", hint)
        value = raw[name]
        if value is None:
            return float("nan")
        if isinstance(value, str):
            return text_number(value)
        if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**300):
            return float(value)
        raise self._error(index, element, f"{shown(name)} cannot be this", "it is a number")

    def _error(self, index: int, element: Element, message: str, hint: str) -> DocumentError:
        pointer = f"/rendered_frames/{index}"
        return self.source.error(message, element.value_start, pointer=pointer, kind="wrong-frame", hint=hint)


def _is_share(key: str, raw: Mapping[str, Any]) -> bool:
    return key.endswith("_pc") and key.removesuffix("_pc") in raw


def _prompt_of(raw: Mapping[str, Any]) -> tuple[str, str]:
    if "positive_prompt" in raw or "negative_prompt" in raw:
        return str(raw.get("positive_prompt") or ""), str(raw.get("negative_prompt") or "")
    return split_halves(str(raw.get("deforum_prompt") or ""))


def read_frames(text: str, path: Path | str | None = None) -> tuple[FrameTable, Document]:
    """Frames as a table, and a document with the options and render settings beside them. Raises DocumentError.

    Fields are those of the first frame, `FIELD_delta`, `subseed` and `subseed_strength` included: they are taken as
    they stand. Frames may come in any order, the last one of a number counts; where a number is missing the table ends,
    and a diagnostic says so.
    """
    source = Source(text.removeprefix("\ufeff"), Path(path) if path else None)
    reader = _FrameReader(source)
    skipped = {"rendered_frames": reader.scan}
    top = {key: member.value for key, member in top_members(source, skipped).items()}
    if not reader.values:
        raise source.error(
            "this file holds no frames", 0, pointer="/rendered_frames", kind="no-frames", hint="export it again"
        )
    dialect: Dialect = "2022" if _SEED_ERA_KEYS & reader.keys else "parseq"
    part = Parts(source, top, dialect)
    options = part.options()
    first, count, notes = _run(reader, source)
    rows = [reader.numbers[frame] for frame in range(first, first + count)]
    matrix = np.array([reader.values[row] for row in rows], dtype=np.float64).reshape(count, len(reader.names))
    matrix.flags.writeable = False
    prompts = [reader.prompts[row] for row in rows]
    columns = {name: matrix[:, place] for place, name in enumerate(reader.names)}
    if "seed" in columns and "subseed_strength" not in columns:
        # who reads frames takes a seed's whole part then, and no subseed (PIPELINE B2); a fraction is for documents
        columns["subseed_strength"] = np.zeros(count)
        columns["subseed_strength"].flags.writeable = False
    table = FrameTable(
        first, count, options.fps, options.bpm, options.cadence, MappingProxyType(columns), prompts.__getitem__, notes
    )
    managed = tuple(name for name in reader.names if name.removesuffix("_delta") == name and "subseed" not in name)
    ends = (Keyframe(first), Keyframe(first + count - 1)) if count > 1 else (Keyframe(first),)
    has_prompts = bool(_TEXTS & reader.keys)
    document = Document(
        ends, managed, prompts=Prompts(enabled=has_prompts), options=options, render=part.render(), dialect=dialect
    )
    return table, replace(document, name=part.name())


def _run(reader: _FrameReader, source: Source) -> tuple[int, int, tuple[Diagnostic, ...]]:
    """First frame and number of frames of the unbroken run at the start, and what is wrong with the rest."""
    first = min(reader.numbers)
    count = 1
    while first + count in reader.numbers:
        count += 1
    missing = len(reader.numbers) - count
    if not missing:
        return first, count, ()
    note = Diagnostic(
        "warning",
        f"frame {first + count} is missing: the rest is left out ({counted(missing, 'frame')})",
        hint="export the frames again",
        code="missing-frame",
        file=str(source.path or ""),
        frame=first + count,
    )
    return first, count, (note,)
