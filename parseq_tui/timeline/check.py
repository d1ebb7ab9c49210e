"""Everything that is wrong or suspicious in a document, at once: what the bake found, and what only looks wrong.

A check is a function of the document and its baked table that yields Diagnostics; CHECKS lists them. Errors are what
stops a render; warnings are what is probably not meant. `formats.checking` adds where in the file a problem stands.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from parseq_tui.errors import SettingsError, SyntaxProblem, counted
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.parseq_grouping import reads_differently, to_shared_grouping
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.fields import FIELDS, OWN_FIELDS, SEED_ERA_FIELDS, Field, field_named, is_declared
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Prompt
from parseq_tui.timeline.render_settings import checked, resolve, setting_named

Check = Callable[[Document, FrameTable], Iterator[Diagnostic]]


def check(document: Document, table: FrameTable) -> list[Diagnostic]:
    """All problems of a document: errors first, then in order of frames."""
    found = list(table.diagnostics)
    for look in CHECKS:
        found += look(document, table)
    return sorted(found, key=lambda one: (one.severity != "error", one.frame if one.frame is not None else -1))


def _warning(message: str, hint: str, code: str, **where: object) -> Diagnostic:
    return replace(Diagnostic("warning", message, hint, code), **where)  # type: ignore[arg-type]


def numbers(document: Document, table: FrameTable) -> Iterator[Diagnostic]:
    """Fields that leave the range in which they mean something. (Values that are no numbers the bake has named.)"""
    for name in table.fields:
        yield from _outside(field_named(name, document.dialect), table)


def _outside(field: Field, table: FrameTable) -> Iterator[Diagnostic]:
    column = table[field.name]
    for bound, beyond, side in (
        (field.minimum, np.less, "below"),
        (field.maximum, np.greater, "above"),
    ):
        if bound is None:
            continue
        outside = beyond(column, bound) & np.isfinite(column)
        if outside.any():
            frame = table.first_frame + int(np.argmax(outside))
            hint = f"{field.meaning}: keep it {field.range}"
            yield _warning(f"goes {side} {bound:g}", hint, "range", field=field.name, frame=frame)


def motion(document: Document, table: FrameTable) -> Iterator[Diagnostic]:
    """Moving fields of both animation modes: one half of them will do nothing."""
    moving = [name for name in table.fields if _moves(name, table)]
    flat = [name for name in moving if field_named(name, document.dialect).space == "2d"]
    deep = [name for name in moving if field_named(name, document.dialect).space == "3d"]
    if flat and deep and document.dialect != "2022":
        yield _warning(
            f"{flat[0]} moves the picture in 2D only, {deep[0]} in 3D only",
            "leave one of them alone, or say which counts: :setting space 3d in the editor, else --set space=3d",
            "mixed-motion",
            field=flat[0],
        )


def _moves(name: str, table: FrameTable) -> bool:
    finite = table[name][np.isfinite(table[name])]
    return bool(finite.size and finite.min() < finite.max())


def formulas(document: Document, table: FrameTable) -> Iterator[Diagnostic]:
    """Formulas that Parseq would read differently, and those that never count."""
    seen: set[int] = set()
    managed = set(document.managed_fields)
    idle: dict[str, Keyframe] = {}
    for row in document.keyframes:
        for name, text in row.formulas.items():
            if name not in managed:
                idle.setdefault(name, row)
            elif row.frame in seen:
                yield _on(
                    row,
                    name,
                    "never counts: an earlier keyframe stands on this frame",
                    "merge the two rows",
                    "unreachable",
                )
            elif document.dialect == "native":
                yield from _other_reading(row, name, text)
        seen.add(row.frame)
    for name, row in idle.items():
        yield _on(
            row, name, f"has a formula, but {name} is not managed", "manage it, or clear the formula", "unmanaged"
        )


def _on(row: Keyframe, name: str, message: str, hint: str, code: str) -> Diagnostic:
    text = row.formulas.get(name, "")
    return _warning(message, hint, code, field=name, keyframe=row.frame, frame=row.frame, text=text)


def _other_reading(row: Keyframe, name: str, text: str) -> Iterator[Diagnostic]:
    words = _reading_of_parseq(text)
    if words is not None:
        yield _on(row, name, *words, "grouping")


@lru_cache(maxsize=4096)
def _reading_of_parseq(text: str) -> tuple[str, str] | None:
    """What is to be said, and the hint, where Parseq reads a formula of ours differently or not at all."""
    try:
        if not reads_differently(text):
            return None
        shared = to_shared_grouping(text)
    except SyntaxProblem:
        return None  # the bake has said so
    if shared == text:
        return "Parseq cannot read this", "exports are fine; only Parseq's own editor would stumble"
    return "Parseq groups this differently", f"for the same value in both: {shared}"


def rows(document: Document, table: FrameTable) -> Iterator[Diagnostic]:
    """Rows that stand where another program, or a curve, does not expect them."""
    first = document.keyframes[0]
    if first.frame != 0:
        yield _warning(
            f"the first keyframe is at {first.frame}",
            "Parseq needs one at 0: exports hold the first values until then",
            "late-start",
            keyframe=first.frame,
            frame=first.frame,
        )
    previous = None
    for row in document.keyframes:
        if row.offset:
            yield _warning(
                f"this keyframe is at {row.position:g}, between two frames: it shapes curves, but begins no formula",
                "move it onto a frame",
                "between-frames",
                keyframe=row.frame,
                frame=row.frame,
            )
        elif row.frame == previous:
            yield _warning(
                "two keyframes stand on this frame",
                "splines through them are no numbers: move one, or merge them",
                "same-frame",
                keyframe=row.frame,
                frame=row.frame,
            )
        previous = row.frame


def names(document: Document, table: FrameTable) -> Iterator[Diagnostic]:
    """Managed fields that are probably misspelt, and time series nobody can reach."""
    known = [*FIELDS, *SEED_ERA_FIELDS, *OWN_FIELDS]
    for name in document.managed_fields:
        if is_declared(name):
            continue
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if close:
            yield _warning(f"no program knows a field {name}", f"did you mean {close[0]}?", "unknown-field", field=name)
    seen: set[str] = set()
    for series in document.time_series:
        if series.alias in seen:
            hint = "give one of them another name"
            yield _warning(f"two time series are called {series.alias}: the first one counts", hint, "same-alias")
        seen.add(series.alias)


def prompts(document: Document, table: FrameTable) -> Iterator[Diagnostic]:
    """Prompts that never show, frames that show none, and a template that loses what it is given."""
    if not document.prompts.enabled or document.dialect == "2022":
        return
    first, last = document.first_frame, document.last_frame
    active = np.zeros(table.frame_count, dtype=bool)
    for prompt in document.prompts.entries:
        if prompt.all_frames:
            active[:] = True
            continue
        start, end = max(prompt.start, first), min(prompt.end, last)
        if start > end:
            yield _never_shows(prompt, first, last)
        else:
            active[start - first : end - first + 1] = True
    if document.prompts.entries and not active.all():
        frame = first + int(np.argmin(active))
        count = int((~active).sum())
        what = f"{counted(count, 'frame')} {'has' if count == 1 else 'have'} no prompt"
        yield _warning(what, "stretch a prompt over them", "no-prompt", frame=frame)
    common = document.prompts.common
    for half in (common.positive, common.negative):
        if document.prompts.common_position == "template" and half.strip() and "[prompt]" not in half:
            yield _warning(
                "the template drops every prompt",
                "write [prompt] where they shall go",
                "template",
                prompt=common.name,
                text=half,
            )


def _never_shows(prompt: Prompt, first: int, last: int) -> Diagnostic:
    if prompt.start > prompt.end:
        message, hint = f"ends at {prompt.end}, before it starts at {prompt.start}", "swap the two"
    else:
        message, hint = f"goes from {prompt.start} to {prompt.end}", f"the document has frames {first} to {last}"
    return _warning(f"never shows: {message}", hint, "never-shows", prompt=prompt.name)


def settings(document: Document, table: FrameTable) -> Iterator[Diagnostic]:
    """Render settings that cannot be, and names that are none."""
    wrong = False
    for name, value in document.render.items():
        try:
            setting = setting_named(name)
        except SettingsError as error:
            yield _warning(error.message, error.hint, "unknown-setting")
            continue
        try:
            checked(setting, value)
        except SettingsError as error:
            wrong = True
            yield Diagnostic("error", error.message, error.hint, "setting")
    if not wrong:
        try:
            resolve(document.render)
        except SettingsError as error:
            yield Diagnostic("error", error.message, error.hint, "setting")


CHECKS: tuple[Check, ...] = (rows, names, formulas, prompts, numbers, motion, settings)
