"""A document's text → Document: one pass over the text, then defaults, dialect and grouping (LANGUAGE §10, §14).

Every way in which a text can fail to be a document ends in a DocumentError that names line, column and JSON pointer.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from parseq_tui.errors import counted
from parseq_tui.formats.exact_json import (
    Member,
    Refused,
    Scan,
    Unreadable,
    container_end,
    discard_elements,
    half_pair,
    members,
    pointer_of,
    problem,
    skip_space,
    too_deep,
)
from parseq_tui.formats.parseq import BLANK_ROWS, Grouping, dialect_of
from parseq_tui.formats.rows import RowReader, formula_of, value_of
from parseq_tui.formats.seed_era import is_ancient, upgraded_text
from parseq_tui.formats.source import DocumentOrigin, RowOrigin, Source
from parseq_tui.formats.top_level import Parts
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.numbers_as_text import number_text
from parseq_tui.timeline.document import Dialect, Document
from parseq_tui.timeline.keyframe import Keyframe


def read_document(text: str, path: Path | None = None, *, mark: bool = False) -> Document:
    """The document of a text. Raises DocumentError."""
    source = Source(text, path, mark)
    rows = RowReader(source)
    top = _top_level(source, rows)
    if _is_prerendered(top):
        raise source.error(
            "this file holds rendered frames only, no keyframes",
            top["rendered_frames"].key_start,
            pointer="/rendered_frames",
            kind="frames-only",
            hint="`parseq-tui render` takes it as it is; to edit, open the document it was made from",
        )
    if is_deforum_settings(top):
        name = shlex.quote(str(source.path or "SETTINGS.txt"))
        raise source.error(
            "these are Deforum's settings, no document",
            skip_space(text, 0),
            kind="deforum-settings",
            hint=f"make a document of them: parseq-tui new FILE.json --from {name}",
        )
    values = {key: member.value for key, member in top.items()}
    first_row = rows.rows[0] if rows.rows else Keyframe(0)
    dialect = dialect_of(values, {*first_row.values, *first_row.formulas})
    if dialect == "2022" and is_ancient(values):
        newer, notes = upgraded_text(text)
        return _assembled(*_again(newer, text, source), "2022", notes)
    return _assembled(source, rows, top, dialect, ())


def _again(newer: str, written: str, old: Source) -> tuple[Source, RowReader, dict[str, Member]]:
    source = Source(newer, old.path, old.mark, written)
    rows = RowReader(source)
    return source, rows, _top_level(source, rows)


def _top_level(source: Source, rows: RowReader) -> dict[str, Member]:
    return top_members(source, {"keyframes": rows.scan, "rendered_frames": discard_elements})


def top_members(source: Source, by_key: Mapping[str, Scan]) -> dict[str, Member]:
    """The members of the outermost object, some read in a way of their own. Raises DocumentError."""
    text = source.text
    start = skip_space(text, 0)
    try:
        if text[start : start + 1] != "{":
            raise Refused("no object")
        found = list(members(text, start, by_key=by_key))
        top = {member.key: member for member in found}
        end = container_end(text, found[-1] if found else None, start)
        if len(top) < len(found) or skip_space(text, end) != len(text) or half_pair(text) is not None:
            raise Refused("not one document")
    except (Unreadable, ValueError, RecursionError) as error:
        found_problem = problem(text)
        if found_problem is not None:
            raise source.error_of(found_problem) from error
        raise source.error(
            "this is JSON, but not a document",
            start,
            kind="wrong-type",
            hint='a document is an object: {"keyframes": [ … ]}',
        ) from error
    for key, member in top.items():
        if too_deep(member.value):
            raise source.error("nested too deeply", member.value_start, pointer=pointer_of([key]), kind="too-deep")
    return top


def _is_prerendered(top: Mapping[str, Member]) -> bool:
    return "rendered_frames" in top and "keyframes" not in top


_DEFORUM_KEYS = ("animation_mode", "max_frames", "diffusion_cadence", "strength_schedule", "seed_behavior")


def is_deforum_settings(top: Mapping[str, Any]) -> bool:
    """Whether the top level of a JSON file is that of Deforum's settings (`deforum` reads them)."""
    return "keyframes" not in top and sum(key in top for key in _DEFORUM_KEYS) >= 2


def _assembled(
    source: Source, rows: RowReader, top: dict[str, Member], dialect: Dialect, notes: tuple[Diagnostic, ...]
) -> Document:
    values = {key: member.value for key, member in top.items() if key not in ("keyframes", "rendered_frames")}
    part = Parts(source, values, dialect)
    keyframes = _keyframes(source, rows, part, dialect)
    ordered = tuple(sorted(keyframes, key=lambda row: row.position))
    _check_ends(source, ordered)
    managed = part.managed(ordered)
    part.check_rows(rows, managed)
    document = Document(
        keyframes=ordered,
        managed_fields=managed,
        displayed_fields=part.displayed(managed),
        prompts=part.prompts(),
        options=part.options(),
        time_series=part.time_series(),
        lock=part.choice("keyframeLock", ("frames", "seconds", "beats")),
        reverse=bool(values.get("reverseRender")),
        render=part.render(),
        name=part.name(),
        dialect=dialect,
    )
    in_order = all(one.position <= other.position for one, other in pairwise(keyframes))
    origin = DocumentOrigin(source, MappingProxyType(values), rows.span, in_order, (*notes, *part.notes), document)
    return replace(document, origin=origin)


def _keyframes(source: Source, rows: RowReader, part: Parts, dialect: Dialect) -> Sequence[Keyframe]:
    if rows.span is None:
        if dialect == "native":
            raise source.error(
                "this document has no keyframes",
                skip_space(source.text, 0),
                kind="no-keyframes",
                hint='add "keyframes": [{"frame": 0}, {"frame": 119}]',
            )
        return [_template_row(raw) for raw in BLANK_ROWS]
    needed = 1 if dialect == "native" else 2
    if len(rows.rows) < needed:
        raise source.error(
            f"this document has {counted(len(rows.rows), 'keyframe')}, and needs a first and a last",
            rows.span[0],
            pointer="/keyframes",
            kind="need-2-keyframes",
            hint='"keyframes": [{"frame": 0}, {"frame": 119}]',
        )
    if dialect == "native":
        return rows.rows
    return [_regrouped(row, part.grouping) for row in rows.rows]


def _check_ends(source: Source, ordered: Sequence[Keyframe]) -> None:
    """A timeline goes from frame to frame: its first and last row stand on one."""
    for row in (ordered[0], ordered[-1]):
        if row.offset:
            assert isinstance(row.origin, RowOrigin)
            raise source.error(
                f"a keyframe on frame {number_text(row.position)}, between two frames",
                row.origin.start,
                pointer=f"/keyframes/{row.origin.index}",
                kind="fractional-frame-range",
                hint="the first and the last keyframe stand on whole frames",
            )


def _template_row(raw: Mapping[str, Any]) -> Keyframe:
    cells = {key: value for key, value in raw.items() if key != "frame"}
    values = {
        key: number
        for key, value in cells.items()
        if not key.endswith("_i") and (number := value_of(value)) is not None
    }
    formulas = {key[:-2]: text for key, value in cells.items() if key.endswith("_i") and (text := formula_of(value))}
    return Keyframe(raw["frame"], MappingProxyType(values), MappingProxyType(formulas))


def _regrouped(row: Keyframe, grouping: Grouping) -> Keyframe:
    if not row.formulas:
        return row
    formulas = {name: grouping.read_formula(text) for name, text in row.formulas.items()}
    if formulas == row.formulas:
        return row
    shared = MappingProxyType(formulas)
    assert isinstance(row.origin, RowOrigin)
    row.origin.formulas = shared
    return replace(row, formulas=shared)
