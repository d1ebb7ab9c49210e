"""The keyframe table: rows are keyframes, columns are fields. It draws a document and a view, and says what is clicked.

It holds no state of its own but the scroll position: `show` gives it a document, `move` a view. Moving the cursor
repaints two cells; leaving the visible part jumps half a page, so that holding a key does not send a page per row.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.strip import Strip
from textual.timer import Timer

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.drawing.cells import cut_off, ending, fitted
from parseq_tui.ui.drawing.column_curves import ColumnCurves
from parseq_tui.ui.drawing.grid import (
    Errors,
    Grid,
    column_decimals,
    field_cell,
    frame_cell,
    header_cell,
    lay_out,
    position_cell,
)
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.theming.theme import Palette
from parseq_tui.ui.view_state import Block, ViewState, selected
from parseq_tui.ui.widgets.table_mouse import TableMouse
from parseq_tui.ui.widgets.table_strips import Run, styles

TALL = 36
"""On terminals of this many lines there is room for a curve under the head of each column."""
_FLASH_SECONDS = 1.2
_MANY_CELLS = 10_000


class _Sight(NamedTuple):
    """What of the table is seen: asked of the widget once and not for every cell, for each answer has a price."""

    left: int
    """Cells of the scrolling columns that are scrolled away."""
    top: int
    """Rows that are."""
    width: int
    height: int
    head: int
    """Lines above the first row."""

    @property
    def rows(self) -> int:
        return max(1, self.height - self.head)

    def line(self, row: int) -> int:
        """The line of the screen on which a row is, or would be."""
        return row - self.top + self.head

    def span(self, grid: Grid, line: int, column: int) -> Region:
        """What is seen of a column on a line, not behind the frozen columns or outside; empty where nothing is."""
        left, width = grid.span(column, self.left)
        right = min(left + width, self.width)
        left = max(left, grid.frozen if column >= 2 else 0)
        return Region(left, line, max(0, right - left), 1)


class KeyframeTable(TableMouse, can_focus=True):
    """Draws keyframes by the Line API: only visible cells are ever computed."""

    DEFAULT_CSS = """
    KeyframeTable {
        background: $background; color: $text; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
        overflow-x: hidden; overflow-y: scroll;
    }
    """

    def __init__(self, document: Document, view: ViewState, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._document = document
        self._view = view
        self._table: FrameTable | None = None
        self._errors = Errors()
        self._grid: Grid = lay_out(document, view)
        self._decimals: dict[str, int] = {}
        self._curves = ColumnCurves()
        self._window = (0, 0)
        self._entry: str | None = None
        self._changed: frozenset[tuple[int, str]] = frozenset()
        self._flashing: Timer | None = None
        self._styles: dict[str, Style] = {}

    # -- what is shown ---------------------------------------------------------------------------------------------

    def show(self, document: Document, table: FrameTable | None, view: ViewState) -> None:
        """Another document, bake or set of columns: everything visible is drawn again."""
        if table is not self._table:
            self._errors = Errors.of(table, document)
        if document is not self._document or table is not self._table:
            self._decimals.clear()
        self._document, self._table, self._view = document, table, view
        self._grid = lay_out(document, view, self.size.width)
        self._resize_contents()
        self.scroll_to_cursor()
        self.refresh()

    def move(self, view: ViewState) -> None:
        """The cursor or selection elsewhere; where the columns changed too, everything is drawn again."""
        before = self._view
        if _layout(before) != _layout(view):
            self.show(self._document, self._table, view)
            return
        self._view = view
        sight = self._sight()
        if self._scrolled_to_cursor(sight):
            return
        if before.anchor or view.anchor:
            self._refresh_selection(before)
        grid, lines = self._grid, (sight.line(before.row), sight.line(view.row))
        changed = [sight.span(grid, line, place.column) for line, place in zip(lines, (before, view), strict=True)]
        if before.row != view.row:
            changed += [Region(0, line, 1, 1) for line in lines]
        if before.column != view.column:
            changed += [sight.span(grid, 0, place.column) for place in (before, view)]
        self._refresh_seen(changed, sight)

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """What the curves in the heads are drawn with."""
        self._curves = ColumnCurves(glyphs)
        self._curves.set_window(*self._window)
        self.refresh()

    def set_window(self, start: int, count: int) -> None:
        """The curves in the heads show these frames, as the curves pane does: `count` from `start` (from 0) on."""
        self._window = (start, count)
        if self._curves.set_window(start, count) and self.head_height > 1:
            self.refresh(Region(0, 1, self.size.width, 1))

    def set_entry(self, text: str | None) -> None:
        """Show what is being typed in the cursor's cell; None: nothing is."""
        self._entry = text
        self._refresh_cell(self._view.row, self._view.column)

    def flash(self, cells: Sequence[tuple[int, str]]) -> None:
        """Mark cells (frame, field; by frame) that were changed from outside, for a moment; of many those in sight."""
        if len(cells) > _MANY_CELLS:
            rows = self._document.keyframes[self.scroll_offset.y :][: self.rows_visible]
            first, last = rows[0].frame, rows[-1].frame
            cells = cells[bisect_left(cells, (first, "")) : bisect_left(cells, (last + 1, ""))]
        self._changed = frozenset(cells)
        self.refresh()
        if self._flashing is not None:
            self._flashing.stop()  # the one before must not end this one
        self._flashing = self.set_timer(_FLASH_SECONDS, self._end_flash)

    def _sight(self) -> _Sight:
        scrolled, size = self.scroll_offset, self.size
        return _Sight(scrolled.x, scrolled.y, size.width, size.height, self.head_height)

    @property
    def rows_visible(self) -> int:
        return self._sight().rows

    @property
    def head_height(self) -> int:
        """Lines above the first row."""
        tall = self._view.curves == "tall" and self.app.size.height >= TALL
        return 2 if tall or self._view.curves == "always" else 1

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where on the screen the cursor's cell is: the terminal's own cursor goes there, for screen readers."""
        sight = self._sight()
        left, _ = self._grid.span(self._view.column, sight.left)
        return self.content_region.offset + Offset(left, sight.line(self._view.row))

    def scroll_to_cursor(self) -> bool:
        """Bring the cursor into sight, half a page at a time. True if that scrolled (everything is drawn again)."""
        return self._scrolled_to_cursor(self._sight())

    def _scrolled_to_cursor(self, sight: _Sight) -> bool:
        top, left = self._top_for(self._view.row, sight), self._left_for(self._view.column, sight)
        if (top, left) == (sight.top, sight.left):
            return False
        self.scroll_to(left, top, animate=False, force=True)
        return (self.scroll_offset.y, self.scroll_offset.x) != (sight.top, sight.left)

    def centre(self) -> None:
        """Scroll so that the cursor's row is in the middle."""
        self.scroll_to(y=max(0, self._view.row - self.rows_visible // 2), animate=False, force=True)

    def _top_for(self, row: int, sight: _Sight) -> int:
        visible = sight.rows
        if sight.top <= row < sight.top + visible:
            return sight.top
        return max(0, min(row - visible // 2, len(self._document.keyframes) - visible))

    def _left_for(self, column: int, sight: _Sight) -> int:
        left, room = sight.left, sight.width - self._grid.frozen
        if column < 2:
            return left
        start, width = self._grid.lefts[column], self._grid.widths[column]
        if left <= start and start + width <= left + room and (left in self._grid.heads or left == start):
            return left
        return self._grid.scrolled_to(column, sight.width)

    def _resize_contents(self) -> None:
        # so wide that the last columns can begin at the left edge of a field
        width = max(
            self._grid.frozen + self._grid.scrolled_width, self._grid.furthest(self.size.width) + self.size.width
        )
        size = Size(width, len(self._document.keyframes) + self.head_height)
        if size != self.virtual_size:
            grown = size.height != self.virtual_size.height
            self.virtual_size = size
            if grown and self.styles.auto_dimensions:
                self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All rows: a short document leaves its room to the curves and the pictures."""
        return len(self._document.keyframes) + self.head_height + 1

    def _end_flash(self) -> None:
        self._changed = frozenset()
        self.refresh()

    # -- regions ---------------------------------------------------------------------------------------------------

    def _refresh_cell(self, row: int, column: int) -> None:
        sight = self._sight()
        self._refresh_seen([sight.span(self._grid, sight.line(row), column)], sight)

    def _refresh_seen(self, regions: Sequence[Region], sight: _Sight) -> None:
        """Those that are in sight: together, for each call has a price."""
        if seen := [region for region in regions if region and 0 <= region.y < sight.height]:
            self.refresh(*seen)

    def _refresh_selection(self, before: ViewState) -> None:
        old, new = selected(self._document, before), selected(self._document, self._view)
        sight = self._sight()
        first = max(sight.line(min(old.first_row, new.first_row)), sight.head)
        end = min(sight.line(max(old.end_row, new.end_row)), sight.height)
        if end > first:
            self.refresh(Region(0, first, sight.width, end - first))

    # -- drawing ---------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    def _style(self, name: str) -> Style:
        if not self._styles:
            self._styles = styles(Palette.of(self.app))
        return self._styles[name]

    def render_line(self, y: int) -> Strip:
        width, head = self.size.width, self.head_height
        if y < head:
            return self._header(width) if y == 0 else self._curve_line(width)
        row = y - head + self.scroll_offset.y
        if row >= len(self._document.keyframes):
            return Strip([Segment(" " * width, self._style("text"))], width)
        return self._row(row, width)

    def _header(self, width: int) -> Strip:
        grid, run, across = self._grid, Run(), self.scroll_offset.x
        visible = grid.visible(across, width)
        for column in (0, 1, *visible):
            current = column == self._view.column
            part = grid.columns[column].part
            style = self._style("head-current" if current else "head-dim" if part == "formula" else "head")
            head = header_cell(grid.columns[column], grid.widths[column], grid.folds)
            run.add(cut_off(head, grid.seen_of(column, across, self._unhidden(width)), whole=False), style)
            if column == 0:
                title = "beat" if grid.position == "beats" else "time"
                run.add(title.rjust(grid.position_width - 1) + " ", self._style("head-dim"))
        return self._placed(run, width, self._style("head"), visible, across)

    def _curve_line(self, width: int) -> Strip:
        grid, run, across = self._grid, Run(), self.scroll_offset.x
        style, visible = self._style("head-dim"), grid.visible(across, width)
        for column in (0, 1, *visible):
            run.add(self._curves.cell(grid, self._table, column), style)
            if column == 0:
                run.add(" " * grid.position_width, style)
        return self._placed(run, width, style, visible, across)

    def _row(self, row: int, width: int) -> Strip:
        grid, run, across = self._grid, Run(), self.scroll_offset.x
        block = selected(self._document, self._view) if self._view.anchor else None
        visible = grid.visible(across, width)
        for column in (0, 1, *visible):
            text, style = self._styled_cell(row, column, block)
            if column == visible.stop - 1:
                seen = grid.seen_of(column, across, self._unhidden(width))
                text = cut_off(text, seen, whole=grid.columns[column].part == "value")
            run.add(text, style)
            if column == 0:
                frame, options = self._document.keyframes[row].frame, self._document.options
                run.add(position_cell(frame, grid, options.fps, options.bpm), self._style("dim"))
        return self._placed(run, width, self._style("text"), visible, across)

    def line_part(self, y: int, first: int, end: int) -> Sequence[Segment] | None:
        """A cell, or the mark of the cursor's row: that is what a move changes."""
        sight, grid = self._sight(), self._grid
        row, column = y - sight.head + sight.top, grid.column_under(first, sight.left)
        if y < sight.head or row >= len(self._document.keyframes):
            return None
        left, width = grid.span(column, sight.left)
        mark = (first, end) == (0, 1)
        if not mark and (first, end) != (left, left + width):
            return None
        block = selected(self._document, self._view) if self._view.anchor else None
        text, style = self._styled_cell(row, column, block)
        return [Segment(text[:1] if mark else text, style)]

    def _styled_cell(self, row: int, column: int, block: Block | None) -> tuple[str, Style]:
        """`block`: what is selected."""
        text, role = self._cell(row, column)
        if row == self._view.row and column == self._view.column:
            role = "entry" if self._entry is not None else "cursor" if self.has_focus else "cursor-away"
        elif block is not None and block.holds(row, column):
            role = "selected-" + role
        elif (self._document.keyframes[row].frame, self._grid.columns[column].field) in self._changed:
            role = "changed"
        return text, self._style(role)

    def _cell(self, row: int, column: int) -> tuple[str, str]:
        grid, keyframe = self._grid, self._document.keyframes[row]
        width, what = grid.widths[column], grid.columns[column]
        if row == self._view.row and column == self._view.column and self._entry is not None:
            return ending(self._entry, width - 1) + " ", "entry"
        if what.part == "frame":
            return frame_cell(keyframe, grid, current=row == self._view.row), "text"
        if what.part == "label":
            return fitted(keyframe.info or "", width - 1) + " ", "label"
        if what.field not in self._decimals:
            self._decimals[what.field] = column_decimals(self._document, self._table, what.field)
        return field_cell(keyframe, what, width, self._table, self._errors, self._decimals)

    def _unhidden(self, width: int) -> int:
        """What of a line no scrollbar lies over."""
        return width - self.scrollbar_size_vertical

    def _placed(self, run: Run, width: int, rest: Style, visible: range, across: int) -> Strip:
        """Frozen cells, then the `visible` ones shifted by the part of the first one that is scrolled away."""
        grid = self._grid
        frozen, moving = run.split(3)
        if not visible:
            return Strip(frozen).adjust_cell_length(width, rest)
        hidden = across - grid.lefts[visible.start]
        strip = Strip(moving, grid.lefts[visible.stop - 1] + grid.widths[visible.stop - 1] - grid.lefts[visible.start])
        strip = strip.crop(hidden, hidden + width - grid.frozen)
        return Strip.join([Strip(frozen, grid.frozen), strip]).adjust_cell_length(width, rest)

    # -- size and focus ---------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._grid = lay_out(self._document, self._view, self.size.width)
        self._resize_contents()
        self.scroll_to_cursor()

    def on_focus(self) -> None:
        self._refresh_cell(self._view.row, self._view.column)

    def on_blur(self) -> None:
        self._refresh_cell(self._view.row, self._view.column)


def _layout(view: ViewState) -> tuple[object, ...]:
    """What decides which columns lie where."""
    return (view.formulas, view.position, view.folded, view.widths, view.curves)
