"""What the editor remembers about looking at a document: cursor, selection, which columns are shown.

A value: commands return the next one. It is remembered while the editor runs, not undone and not saved in the document.
Invariant after `clamped`: the cursor stands on an existing cell.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe

Part = Literal["frame", "label", "value", "formula"]
Reach = Literal["block", "rows", "columns", "all"]
Position = Literal["beats", "seconds"]
Heads = Literal["tall", "always", "never"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column the cursor can stand in. `field` is "" for the frame and the label."""

    field: str
    part: Part

    @property
    def title(self) -> str:
        return self.field or self.part


HEADS: tuple[Heads, ...] = ("tall", "always", "never")
MINIMUM_WIDTH, MAXIMUM_WIDTH = 4, 120
"""Cells that a column can be made wide."""
FRAME = Column("", "frame")
LABEL = Column("", "label")


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of cells: row and column indices, ends exclusive."""

    first_row: int
    end_row: int
    first_column: int
    end_column: int

    @property
    def rows(self) -> range:
        return range(self.first_row, self.end_row)

    @property
    def columns(self) -> range:
        return range(self.first_column, self.end_column)

    @property
    def size(self) -> tuple[int, int]:
        return (self.end_row - self.first_row, self.end_column - self.first_column)

    def holds(self, row: int, column: int) -> bool:
        return self.first_row <= row < self.end_row and self.first_column <= column < self.end_column


@dataclass(frozen=True, slots=True)
class ViewState:
    """Where the cursor is and what is shown."""

    row: int = 0
    """Index into `document.keyframes`."""
    column: int = 2
    """Index into `columns(document, view)`."""
    anchor: tuple[int, int] | None = None
    """The other corner (row, column) of a selection; None: only the cursor's cell."""
    reach: Reach = "block"
    """Whether a selection means its rectangle, its whole rows, its whole columns, or every cell of every field."""
    sticky: bool = False
    """Whether plain moves grow the selection (it was begun with `v`) or end it (it was made with Shift)."""
    playhead: int | None = None
    """The frame looked at in the curves; None: that of the cursor's row."""
    formulas: bool = True
    """Whether formula columns are shown."""
    folded: frozenset[str] = frozenset()
    """Fields hidden in this window, because the group they belong to is folded."""
    widths: tuple[tuple[Column, int], ...] = ()
    """Columns whose width (in cells, separator included) was chosen by hand."""
    position: Position = "beats"
    """What stands beside the frame number."""
    curves: Heads = "tall"
    """Whether a small curve stands under the head of each column: on tall terminals, always or never."""
    grouping: bool = False
    """Whether the formula bar shows how the formula is grouped."""
    plotted: tuple[str, ...] = ()
    """Fields drawn in the curves pane; empty: the field under the cursor."""
    search: str = ""
    """What `n` and `N` look for."""

    def at(self, row: int, column: int) -> ViewState:
        """The cursor elsewhere. A selection grows with it if it is sticky, else it ends."""
        moved = replace(self, row=row, column=column, playhead=None)
        return moved if self.sticky else moved.without_selection()

    def extended_to(self, row: int, column: int) -> ViewState:
        """The cursor elsewhere, everything between selected."""
        begun = self.without_selection() if self.reach == "all" else self
        anchor = begun.anchor or (self.row, self.column)
        return replace(begun, row=row, column=column, anchor=anchor, playhead=None)

    def without_selection(self) -> ViewState:
        return replace(self, anchor=None, reach="block", sticky=False) if self.anchor or self.sticky else self


def shown_fields(document: Document, view: ViewState) -> tuple[str, ...]:
    """Fields that are columns, in order. A document that displays none shows all it manages."""
    names = displayed(document)
    return tuple(name for name in names if name not in view.folded) if view.folded else names


def displayed(document: Document) -> tuple[str, ...]:
    """The fields that the document wants shown, folded ones too."""
    return document.displayed_fields or document.managed_fields


def columns(document: Document, view: ViewState) -> tuple[Column, ...]:
    """Every column the cursor can stand in: frame, label, then value and formula of each shown field."""
    return _columns(shown_fields(document, view), view.formulas)


@lru_cache(maxsize=8)
def _columns(fields: tuple[str, ...], formulas: bool) -> tuple[Column, ...]:
    parts: tuple[Part, ...] = ("value", "formula") if formulas else ("value",)
    return (FRAME, LABEL, *(Column(name, part) for name in fields for part in parts))


def column_at(document: Document, view: ViewState) -> Column:
    """The column under the cursor."""
    return columns(document, view)[view.column]


def selected(document: Document, view: ViewState) -> Block:
    """The selected cells: the cursor's cell alone where there is no selection."""
    row, column = view.anchor or (view.row, view.column)
    first_row, end_row = min(row, view.row), max(row, view.row) + 1
    first_column, end_column = min(column, view.column), max(column, view.column) + 1
    if view.anchor and view.reach in ("rows", "all"):
        first_column, end_column = 2 * (view.reach == "all"), len(columns(document, view))
    if view.anchor and view.reach in ("columns", "all"):
        first_row, end_row = 0, len(document.keyframes)
    return Block(first_row, end_row, first_column, end_column)


def clamped(document: Document, view: ViewState) -> ViewState:
    """The nearest view whose cursor and anchor stand on existing cells."""
    last_row = len(document.keyframes) - 1
    last_column = len(columns(document, view)) - 1
    anchor = view.anchor
    if anchor is not None:
        anchor = (min(max(anchor[0], 0), last_row), min(max(anchor[1], 0), last_column))
    row, column = min(max(view.row, 0), last_row), min(max(view.column, 0), last_column)
    if (row, column, anchor) == (view.row, view.column, view.anchor):
        return view
    return replace(view, row=row, column=column, anchor=anchor)


def carried_over(before: Document, after: Document, view: ViewState) -> ViewState:
    """The view on a changed document: the cursor stays on its (frame, field), or as near as there is."""
    if before is after:
        return view
    frame = before.keyframes[min(view.row, len(before.keyframes) - 1)].frame
    row = row_at(after, frame)
    if after.keyframes[row].frame != frame and len(before.keyframes) == len(after.keyframes):
        row = view.row  # the row itself was moved in time
    elif after.keyframes[row].frame < frame and len(after.keyframes) < len(before.keyframes):
        row += 1  # it was deleted: the one below takes its place
    old, new = columns(before, view), columns(after, view)
    column = view.column
    if old is not new and column < len(old) and old[column] in new:
        column = new.index(old[column])
    anchor = view.anchor if len(before.keyframes) == len(after.keyframes) and old == new else None
    moved = replace(view, row=row, column=column, anchor=anchor)
    return clamped(after, moved if anchor else moved.without_selection())


def where_it_changed(before: Document, after: Document, view: ViewState) -> ViewState:
    """The cursor on the first cell that an undo changed, so that it is seen.

    It stays where everything changed, and where what was done to a selection was taken back: another thing can be
    tried on it then.
    """
    known = {id(row) for row in before.keyframes}
    fresh = [index for index, row in enumerate(after.keyframes) if id(row) not in known]
    if not fresh or len(fresh) == len(after.keyframes):
        return view
    block = selected(after, view)
    if view.anchor is not None and block.first_row <= fresh[0] and fresh[-1] < block.end_row:
        return view
    row = after.keyframes[fresh[0]]
    old = before.keyframe_at(row.frame)
    column = view.column if old is None else _first_difference(old, row, columns(after, view), view.column)
    return replace(view.without_selection(), row=fresh[0], column=column, playhead=None)


def _first_difference(old: Keyframe, new: Keyframe, all_columns: Sequence[Column], otherwise: int) -> int:
    """Index of the first column in which two rows differ; of a formula whose column is not shown, its field's."""
    hidden = None
    for index, column in enumerate(all_columns):
        formula_differs = old.formulas.get(column.field) != new.formulas.get(column.field)
        value_differs = old.values.get(column.field) != new.values.get(column.field)
        if formula_differs if column.part == "formula" else value_differs:
            return index
        if formula_differs and hidden is None:
            hidden = index
    return otherwise if hidden is None else hidden


def row_at(document: Document, frame: int) -> int:
    """The row on `frame`, or the last one before it, or the first."""
    rows = document.keyframes
    index = bisect_left(rows, frame, key=lambda row: row.frame)
    if index < len(rows) and rows[index].frame == frame:
        return index
    return max(0, index - 1)


def playhead(document: Document, view: ViewState) -> int:
    """The frame that is looked at."""
    return document.keyframes[view.row].frame if view.playhead is None else view.playhead


def fields_of(document: Document, view: ViewState, indices: Sequence[int]) -> tuple[str, ...]:
    """The distinct fields behind these columns, in order."""
    all_columns = columns(document, view)
    return tuple(dict.fromkeys(all_columns[index].field for index in indices if all_columns[index].field))
