"""What the mouse means in the keyframe table: cells are pointed at, heads are resized and moved, the wheel scrolls."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.scroll_view import ScrollView

from parseq_tui.timeline.document import Document
from parseq_tui.ui.drawing.grid import Grid
from parseq_tui.ui.terminal.painting import Painted
from parseq_tui.ui.view_state import ViewState


class TableMouse(Painted, ScrollView):
    """The table's hand: it says what is wanted and changes nothing but the scroll position."""

    _document: Document
    _view: ViewState
    _grid: Grid

    @dataclass
    class Pointed(Message, namespace="keyframe_table"):
        """A cell was clicked, or dragged to."""

        row: int
        column: int
        extend: bool
        """Whether the selection grows to here."""
        edit: bool
        """Whether it was a double click."""

    @dataclass
    class Resized(Message, namespace="keyframe_table"):
        """The edge of a column's head is dragged: so wide it shall be; None: as wide as it needs."""

        column: int
        width: int | None

    @dataclass
    class HeadDropped(Message, namespace="keyframe_table"):
        """The head of a field's column was dropped on that of another field."""

        column: int
        onto: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._dragging = False
        self._resized: int | None = None
        """The column whose edge is being dragged."""
        self._head_held: int | None = None
        """The column whose head is being dragged."""

    @property
    def head_height(self) -> int:
        """Lines above the first row."""
        return 1

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1:
            self.capture_mouse()
            if event.y < self.head_height:
                self._take_head(event)
            else:
                self._dragging = True
                self._point(event, extend=event.shift)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            self._point(event, extend=True)
        elif self._resized is not None:
            left, _ = self._grid.span(self._resized, self.scroll_offset.x)
            self.post_message(self.Resized(self._resized, max(1, event.x - left + 1)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        if event.shift or event.ctrl:
            event.stop()
            event.prevent_default()
            self._scroll_columns(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        if event.shift or event.ctrl:
            event.stop()
            event.prevent_default()
            self._scroll_columns(-1)

    def on_mouse_scroll_right(self) -> None:
        self._scroll_columns(1)

    def on_mouse_scroll_left(self) -> None:
        self._scroll_columns(-1)

    def _scroll_columns(self, direction: int) -> None:
        """Show the columns beyond the edge, a field at a time; the cursor stays where it is."""
        grid, here = self._grid, self.scroll_offset.x
        beyond = [x for x in grid.heads if (x - here) * direction > 0]
        if beyond:
            x = min(min(beyond) if direction > 0 else max(beyond), grid.furthest(self.size.width))
            self.scroll_to(x=x, animate=False, force=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._head_held is not None:
            onto = self._column_under(event)
            if self._grid.columns[onto].field != self._grid.columns[self._head_held].field:
                self.post_message(self.HeadDropped(self._head_held, onto))
        self._dragging, self._resized, self._head_held = False, None, None
        self.release_mouse()

    def _take_head(self, event: events.MouseDown) -> None:
        """The edge of a head changes the width; its middle moves the field, or brings the cursor there."""
        self._resized = self._grid.edge_under(event.x, self.scroll_offset.x)
        if self._resized is None:
            self._head_held = self._column_under(event)
            self.post_message(self.Pointed(self._view.row, self._head_held, event.shift, edit=False))

    def on_click(self, event: events.Click) -> None:
        edge = self._grid.edge_under(event.x, self.scroll_offset.x) if event.y < self.head_height else None
        if event.chain == 2 and edge is not None:
            self.post_message(self.Resized(edge, None))
        elif event.chain == 2:
            self._point(event, extend=False, edit=True)

    def _point(self, event: events.MouseEvent, *, extend: bool, edit: bool = False) -> None:
        row = event.y - self.head_height + self.scroll_offset.y
        if not 0 <= row < len(self._document.keyframes):
            return
        self.post_message(self.Pointed(row, self._column_under(event), extend, edit))

    def _column_under(self, event: events.MouseEvent) -> int:
        return min(self._grid.column_under(event.x, self.scroll_offset.x), len(self._grid.columns) - 1)
