"""A small curve under the head of every field's columns, in the frames that the curves pane shows.

Made once per baked column and window, kept until one of them changes.
"""

from __future__ import annotations

from numpy import float64
from numpy.typing import NDArray

from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.drawing.grid import Grid
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.drawing.sparkline import sparkline


class ColumnCurves:
    """Answers what stands under the head of a column. A bake that leaves a field as it was costs nothing here."""

    def __init__(self, glyphs: Glyphs = "braille") -> None:
        self._glyphs: Glyphs = glyphs
        self._window = (0, 0)
        self._drawn: dict[str, tuple[NDArray[float64], int, str]] = {}

    def set_window(self, start: int, count: int) -> bool:
        """Draw these frames (`count` from `start` on, counted from 0; (0, 0): all). False if they are drawn already."""
        if (start, count) == self._window:
            return False
        self._window = (start, count)
        self._drawn.clear()
        return True

    def cell(self, grid: Grid, table: FrameTable | None, column: int) -> str:
        """Exactly the column's width: its part of a curve that goes on from the value into the formula column."""
        what, width = grid.columns[column], grid.widths[column]
        if not what.field or table is None or what.field not in table:
            return " " * width
        pair = column + (1 if what.part == "value" else -1)
        together = pair < len(grid.columns) and grid.columns[pair].field == what.field
        whole = width + (grid.widths[pair] if together else 0)
        text = self._curve(what.field, table.columns[what.field], whole - 1) + " "
        return text[:width] if what.part == "value" else text[-width:]

    def _curve(self, field: str, values: NDArray[float64], width: int) -> str:
        known = self._drawn.get(field)
        if known is not None and known[0] is values and known[1] == width:
            return known[2]
        start, count = self._window
        shown = values[start : start + count]
        text = sparkline(shown if len(shown) else values, width, self._glyphs)
        self._drawn[field] = (values, width, text)
        return text
