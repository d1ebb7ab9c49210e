"""The keyframe table as text: which column lies where, and what a row of it says. Pure; the widget adds colours.

Frozen on the left: the frame, its beat or time, the label. After it, scrolling sideways, the columns of each field.
A cell is a text of exactly its column's width and a Role; a row is drawn from its cells without looking at other rows,
so a table of any size costs what is visible of it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Literal

import numpy as np
from rich.cells import cell_len

from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.fields import Field, field_named
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.drawing.cells import ERROR, decimals_needed, fitted, fixed, number, plain
from parseq_tui.ui.view_state import LABEL, Column, Position, ViewState, columns, displayed, shown_fields

Role = Literal["text", "dim", "interpolated", "formula", "warning", "error", "label"]

VALUE_WIDTH = 10
FORMULA_WIDTH = 13
LABEL_MAXIMUM = 14
_SAMPLED_ROWS = 200
"""Rows looked at when a column's decimals and the label's width are chosen."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Where formulas fail, and what values make no sense: what the table marks."""

    cells: frozenset[tuple[int, str]] = frozenset()
    """(frame of the keyframe row, field) of formulas with an error."""
    fields: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    """Fields with an error → from which frame on (inclusive) to which (exclusive) their curve is not to be trusted."""

    ranged: Mapping[str, Field] = field(default_factory=dict)
    """The fields whose values make sense in a range only."""

    @classmethod
    def of(cls, table: FrameTable | None, document: Document) -> Errors:
        if table is None:
            return cls()
        cells = {
            (one.keyframe, one.field)
            for one in table.diagnostics
            if one.severity == "error" and one.field and one.keyframe is not None
        }
        untold = table.failed_fields - {one.field for one in table.errors}
        doubtful: dict[str, list[tuple[float, float]]] = {name: [(-math.inf, math.inf)] for name in untold}
        for one in table.errors:
            if one.field in table.failed_fields:
                doubtful.setdefault(one.field, []).append(_doubtful(one, document))
        declared = {name: field_named(name, document.dialect) for name in table.columns}
        return cls(frozenset(cells), doubtful, {name: one for name, one in declared.items() if one.range})

    def doubts(self, field: str, frame: int) -> bool:
        """Whether a field's curve is not what its formulas say at a frame."""
        return any(start <= frame < end for start, end in self.fields.get(field, ()))

    def mark(self, field: str, value: float) -> str:
        """What stands before a value; "" where nothing is wrong with it."""
        declared = self.ranged.get(field)
        return "" if declared is None or declared.holds(value) else ERROR


_WHOLE_FIELD = frozenset({"reference-cycle", "reference-chain", "too-much-work"})
"""Errors for which nothing of a field is computed."""


def _doubtful(error: Diagnostic, document: Document) -> tuple[float, float]:
    """The frames for which an error leaves a field without its values: as long as the formula is in force."""
    if error.code in _WHOLE_FIELD:
        return -math.inf, math.inf
    start = error.frame if error.frame is not None else error.keyframe
    if start is None or error.keyframe is None:
        return (-math.inf if start is None else start), math.inf
    rows, field = document.keyframes, error.field or ""
    below = range(bisect_right(rows, error.keyframe, key=lambda row: row.frame), len(rows))
    return start, next((rows[index].frame for index in below if rows[index].formulas.get(field)), math.inf)


@dataclass(frozen=True)
class Grid:
    """The geometry of the table for one document and view."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    """Cells of each column, its separator included."""
    lefts: tuple[int, ...]
    """Where each column begins: on the screen for frozen ones, else from the first scrolling column."""
    frozen: int
    """Cells of the frozen part: frame, position, label."""
    frame_width: int
    position_width: int
    position: Position
    folds: Mapping[str, int] = field(default_factory=dict)
    """Field → how many fields of its group are folded behind it."""

    @property
    def scrolled_width(self) -> int:
        """Cells of all scrolling columns."""
        return self.lefts[-1] + self.widths[-1] if len(self.columns) > 2 else 0

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """Where fields begin: what stands at the left edge is the number of a field, not a formula of nobody's."""
        pairs = zip(self.lefts, self.columns, strict=True)
        return tuple(left for left, column in pairs if column.part == "value")

    def furthest(self, width: int) -> int:
        """How far the columns can be scrolled in `width` screen cells: the last ones are in sight then."""
        room = width - self.frozen
        return next((head for head in self.heads if self.scrolled_width - head <= room), max(self.heads, default=0))

    def scrolled_to(self, column: int, width: int) -> int:
        """Where to scroll for a column to be in sight in the middle of `width` screen cells."""
        start, end, room = self.lefts[column], self.lefts[column] + self.widths[column], width - self.frozen
        showing = [head for head in self.heads if head <= start and end <= head + room]
        if not showing:  # wider than there is room
            return start
        middle = start - max(0, room - self.widths[column]) // 2
        return min(max((head for head in showing if head <= middle), default=showing[0]), self.furthest(width))

    def seen_of(self, column: int, scroll_x: int, width: int) -> int:
        """How many cells of a column are in sight, from its left on; all of them where its left is not."""
        left, own = self.span(column, scroll_x)
        return min(own, max(0, width - left))

    def visible(self, scroll_x: int, width: int) -> range:
        """Indices of the scrolling columns that show in `width` screen cells."""
        if len(self.columns) <= 2 or width <= self.frozen:
            return range(0)
        first = max(2, bisect_right(self.lefts, scroll_x, lo=2) - 1)
        end = bisect_right(self.lefts, scroll_x + width - self.frozen - 1, lo=2)
        return range(first, max(first, end))

    def span(self, column: int, scroll_x: int) -> tuple[int, int]:
        """Screen (left, width) of a column; left may lie outside the screen."""
        if column < 2:
            return self.lefts[column], self.widths[column]
        return self.frozen + self.lefts[column] - scroll_x, self.widths[column]

    def column_under(self, x: int, scroll_x: int) -> int:
        """The column at a screen position, the nearest one where there is none."""
        if x < self.frozen or len(self.columns) <= 2:
            return 0 if x < self.lefts[1] else 1
        return max(2, bisect_right(self.lefts, x - self.frozen + scroll_x, lo=2) - 1)

    def edge_under(self, x: int, scroll_x: int) -> int | None:
        """The column whose right edge (its last cell) is at a screen position; the frame's width is not to be had."""
        column = self.column_under(x, scroll_x)
        left, width = self.span(column, scroll_x)
        return column if column >= 1 and x == left + width - 1 else None


def lay_out(document: Document, view: ViewState, width: int = 0) -> Grid:
    """The geometry of the table; formula columns share what `width` leaves over, as far as their texts need it.

    What is left then, the labels take.
    """
    all_columns = columns(document, view)
    frame_width = max(6, len(str(document.last_frame)) + 2) + 1
    position_width = 9
    sample = _sampled(document.keyframes)
    label = max((cell_len(plain(row.info)) for row in sample if row.info), default=0)
    chosen = dict(view.widths)
    label_width = chosen.get(LABEL, min(LABEL_MAXIMUM, max(5, label)) + 1)
    frozen = frame_width + position_width + label_width
    folds = _folds(document, view)
    natural = [chosen.get(column) or _width(column, folds) for column in all_columns[2:]]
    scrolling = _widened(document, all_columns[2:], natural, width - frozen, frozenset(chosen))
    if LABEL not in chosen:  # room that no column needs
        spare = min(label + 1 - label_width, width - frozen - sum(scrolling))
        label_width, frozen = label_width + max(0, spare), frozen + max(0, spare)
    lefts = (0, frame_width + position_width, *accumulate(scrolling[:-1], initial=0)) if scrolling else (0, frame_width)
    return Grid(
        columns=all_columns,
        widths=(frame_width, label_width, *scrolling),
        lefts=tuple(lefts),
        frozen=frozen,
        frame_width=frame_width,
        position_width=position_width,
        position=view.position,
        folds=folds,
    )


def _width(column: Column, folds: Mapping[str, int]) -> int:
    if column.part == "formula":
        return FORMULA_WIDTH
    return max(VALUE_WIDTH, min(cell_len(plain(_title(column, folds))) + 2, 24))


def _title(column: Column, folds: Mapping[str, int]) -> str:
    return f"{column.field} +{folds[column.field]}" if column.field in folds else column.field


def _folds(document: Document, view: ViewState) -> Mapping[str, int]:
    """Counts the folded fields of a group behind the first one of it that is shown."""
    counts: dict[str, int] = {}
    if view.folded:
        groups = {name: field_named(name, document.dialect).group for name in displayed(document)}
        for name, group in groups.items():
            if name in view.folded:
                first = next((one for one in shown_fields(document, view) if groups[one] == group), None)
                if first is not None:
                    counts[first] = counts.get(first, 0) + 1
    return counts


def _widened(
    document: Document, scrolling: Sequence[Column], widths: list[int], room: int, chosen: Set[Column]
) -> list[int]:
    spare = room - sum(widths)
    wanting = [index for index, column in enumerate(scrolling) if column.part == "formula" and column not in chosen]
    sample = _sampled(document.keyframes)
    while spare > 0 and wanting:
        share = max(1, spare // len(wanting))
        for index in tuple(wanting):
            texts = (plain(row.formulas.get(scrolling[index].field, "")) for row in sample)
            longest = max(map(cell_len, texts), default=0) + 2
            more = min(share, spare, longest - widths[index])
            if more <= 0:
                wanting.remove(index)
                continue
            widths[index] += more
            spare -= more
    return widths


def _sampled(rows: Sequence[Keyframe]) -> Sequence[Keyframe]:
    return rows if len(rows) <= _SAMPLED_ROWS else rows[:: len(rows) // _SAMPLED_ROWS]


def column_decimals(document: Document, table: FrameTable | None, field: str) -> int:
    """Decimals that a field's column needs, judged by a sample of its values."""
    stored = [row.values[field] for row in _sampled(document.keyframes) if field in row.values]
    values = np.array(stored, dtype=np.float64)
    if table is not None and field in table:
        column = table[field]
        values = np.concatenate([values, column[:: max(1, len(column) // _SAMPLED_ROWS)]])
    return decimals_needed(values)


def frame_cell(row: Keyframe, grid: Grid, *, current: bool) -> str:
    mark = "▸" if current else " "
    return mark + str(row.frame).rjust(grid.frame_width - 2) + " "


def position_cell(frame: int, grid: Grid, fps: float, bpm: float) -> str:
    """The frame's beat or its time, right-aligned."""
    if grid.position == "beats":
        text = f"{frame * bpm / (fps * 60):.2f}" if fps else "-"
    else:
        text = clock(frame, fps)
    return text.rjust(grid.position_width - 1)[: grid.position_width - 1] + " "


def clock(frame: int, fps: float) -> str:
    """A frame as minutes and seconds: 128 at 20 fps → 0:06.40."""
    if fps <= 0:
        return "-"
    hundredths = round(frame * 100 / fps)
    sign = "-" if hundredths < 0 else ""
    minutes, rest = divmod(abs(hundredths), 6000)
    return f"{sign}{minutes}:{rest // 100:02d}.{rest % 100:02d}"


def field_cell(
    row: Keyframe,
    column: Column,
    width: int,
    table: FrameTable | None,
    errors: Errors,
    decimals: Mapping[str, int],
) -> tuple[str, Role]:
    """Text and role of one value or formula cell."""
    field = column.field
    if column.part == "formula":
        formula = row.formulas.get(field)
        if formula is None:
            return " " * width, "formula"
        if (row.frame, field) in errors.cells:
            return fitted(ERROR + formula, width - 1) + " ", "error"
        return fitted(formula, width - 1) + " ", "formula"
    value = row.values.get(field)
    if value is not None:
        mark = errors.mark(field, value)
        return number(value, width, decimals.get(field, 4), mark=mark), "warning" if mark else "text"
    if errors.doubts(field, row.frame):
        return f"{ERROR}err".rjust(width - 1) + " ", "error"
    baked = value_at(table, field, row.frame)
    if baked is None:
        return " " * width, "interpolated"
    mark = errors.mark(field, baked)
    shown = number(baked, width, decimals.get(field, 4), interpolated=True, mark=mark)
    return shown, "warning" if mark else "interpolated"


def value_at(table: FrameTable | None, field: str, frame: int) -> float | None:
    """The baked value of a field at a frame; None where there is none."""
    if table is None or field not in table:
        return None
    index = frame - table.first_frame
    if not 0 <= index < table.frame_count:
        return None
    return float(table.columns[field][index])


def header_cell(column: Column, width: int, folds: Mapping[str, int]) -> str:
    """The head of a column: the field's name over its value, `formula` dimmed beside it; `+3` says what is folded."""
    if column.part == "frame":
        return "frame".rjust(width - 1) + " "
    if column.part == "label":
        return fitted("label", width - 1) + " "
    if column.part == "formula":
        return fitted("formula", width - 1) + " "
    return fitted(_title(column, folds), width - 1).rstrip().rjust(width - 1) + " "


__all__ = [
    "Errors",
    "Grid",
    "clock",
    "column_decimals",
    "field_cell",
    "fixed",
    "frame_cell",
    "header_cell",
    "lay_out",
    "position_cell",
    "value_at",
]
