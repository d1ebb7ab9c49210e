"""What every edit is, and the few steps edits share: finding a row, replacing rows, checking names and numbers.

Invariant: whatever an edit returns keeps the document's own invariants (rows sorted by frame, never empty, field names
unique); an edit that cannot do that raises EditError and nothing has changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from parseq_tui.errors import EditError
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import MAX_FRAME as MAX_FRAME
from parseq_tui.timeline.keyframe import Keyframe

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_QUOTED = 30
"""Characters of a text that a label quotes."""
_RESERVED = frozenset({"frame", "info", "deforum_prompt"})


class Edit(Protocol):
    """A change of a document that has a name."""

    @property
    def label(self) -> str:
        """What the history list and the status line say: "set zoom at 30"."""

    def apply(self, document: Document) -> Document:
        """The changed document, sharing every part that did not change. Raises EditError."""


@runtime_checkable
class Repeatable(Protocol):
    """An edit that, repeated quickly on the same thing, is one step of undo (ten nudges of one value)."""

    def continues(self, earlier: Edit) -> bool:
        """Whether it goes on with what `earlier` did: same kind, same target."""


@dataclass(frozen=True, slots=True)
class ReplaceDocument:
    """Put a whole document in place of the current one: a reload, an undo, a merge."""

    document: Document
    label: str

    def apply(self, document: Document) -> Document:
        return self.document


@dataclass(frozen=True, slots=True)
class Several:
    """Edits that are one step. All of them apply, or none."""

    edits: tuple[Edit, ...]
    label: str

    def apply(self, document: Document) -> Document:
        for edit in self.edits:
            document = edit.apply(document)
        return document


def index_at(document: Document, frame: int) -> int:
    """The position of the first row on `frame`. Raises EditError where there is none."""
    index = document.index_at(frame)
    if index is None:
        raise EditError(f"there is no keyframe at {frame}", hint="insert one there first")
    return index


def changed_row(document: Document, frame: int, change: Callable[[Keyframe], Keyframe]) -> Document:
    """The document with `change` applied to the first row on `frame`."""
    index = index_at(document, frame)
    rows = document.keyframes
    return replace(document, keyframes=(*rows[:index], change(rows[index]), *rows[index + 1 :]))


def changed_rows(document: Document, changes: dict[int, Callable[[Keyframe], Keyframe]]) -> Document:
    """The document with every row position in `changes` changed. Frames must stay as they are."""
    rows = list(document.keyframes)
    for index, change in changes.items():
        rows[index] = change(rows[index])
    return replace(document, keyframes=tuple(rows))


def with_rows(document: Document, rows: Iterable[Keyframe]) -> Document:
    """The document with these rows, sorted by frame; rows on one frame keep their order."""
    ordered = tuple(sorted(rows, key=lambda row: row.frame))
    if not ordered:
        raise EditError("a document needs at least one keyframe", hint="keep one, or close the document")
    return replace(document, keyframes=ordered)


def indices_at(document: Document, frames: Sequence[int]) -> list[int]:
    """Positions of ALL rows on these frames, in row order. Raises EditError for a frame without a row."""
    wanted = set(frames)
    missing = wanted - {row.frame for row in document.keyframes}
    if missing:
        raise EditError(f"there is no keyframe at {min(missing)}", hint="insert one there first")
    if not wanted:
        raise EditError("no keyframe is selected", hint="select at least one row")
    return [index for index, row in enumerate(document.keyframes) if row.frame in wanted]


def checked_frame(frame: int) -> int:
    """`frame` if a keyframe may stand there."""
    if not 0 <= frame <= MAX_FRAME:
        raise EditError(f"frame {frame} is outside the timeline", hint=f"frames go from 0 to {MAX_FRAME}")
    return frame


def checked_field(name: str) -> str:
    """`name` if a field may be called so."""
    if not _NAME.match(name) or name in _RESERVED or name.endswith("_i"):
        raise EditError(
            f"{name!r} cannot be the name of a field",
            hint="letters, digits and _, not ending in _i, and not one of " + ", ".join(sorted(_RESERVED)),
        )
    return name


def checked_number(value: float | None) -> float | None:
    """`value` as a float, if it is finite."""
    if value is None:
        return None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise EditError(f"{value} cannot be the value of a cell", hint="a cell holds a finite number")
    return number


def named(text: str) -> str:
    """A text as labels quote it: on one line, its beginning if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else f"{line[: _QUOTED - 1]}…"


def tidied(value: float) -> float:
    """A computed number without the noise of its last bits: 0.1 + 0.2 is 0.3, as in a spreadsheet."""
    return float(f"{value:.15g}")
