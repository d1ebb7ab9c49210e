"""What the mouse means in the curves: a keyframe is dragged, the playhead is drawn along, the wheel zooms and pans.

Nothing changes the document: where a keyframe is held and where it is dropped is said, and the host answers with a
curve to try out, or an edit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from textual import events
from textual.message import Message

from parseq_tui.ui.drawing.curve_view import CurveView
from parseq_tui.ui.drawing.grips import Drag, grip_at
from parseq_tui.ui.drawing.plot import Chart
from parseq_tui.ui.widgets.line_view import Themed

DragStage = Literal["held", "dropped", "given up"]
"""Of a keyframe under the mouse: only being tried, to stay, to go back."""
_CLOSER = 1.25
"""What one notch of the wheel zooms by."""


class CurvesMouse(Themed):
    """The curves' hand. While a keyframe is held, `x` lets it move only in time, `y` only in value; other keys give up.

    The first row of the widget is the legend, the picture begins below it.
    """

    _view: CurveView | None = None
    _chart: Chart | None = None

    class KeyframeDragged(Message, namespace="curves_pane"):
        """The keyframe a field has at `frame` shall have `value` and stand at `to_frame`, if it was dropped there."""

        def __init__(self, field: str, frame: int, to_frame: int, value: float, stage: DragStage) -> None:
            super().__init__()
            self.field, self.frame, self.to_frame, self.value, self.stage = field, frame, to_frame, value, stage

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._held: Drag | None = None
        self._held_at, self._held_to = (0, 0), (0, 0.0)
        """While a keyframe is dragged: column and row of the picture, and the frame (from 0) and value there."""
        self._only = ""
        """The one way a held keyframe may go: "x" or "y"."""
        self._scrubbing = False

    # what the pane itself does

    def go_to(self, frame: int) -> None:
        """Ask for the playhead to be at this frame, or at the nearest there is."""

    def make_active(self, field: str) -> None:
        """From now on the axis and the keys are this curve's."""

    def named_at(self, column: int) -> str | None:
        """The curve that is named in this column of the legend."""
        return None

    def redraw(self) -> None:
        """The view has changed."""

    # mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self._view is None or event.button != 1:
            return
        if offset.y < 1:
            self._choose(self.named_at(offset.x))
            return
        if self._chart is None:
            return
        self.capture_mouse()
        grip = grip_at(self._chart, offset.x, offset.y - 1)
        if grip is None:
            self._scrubbing = True
            self._scrub(offset.x)
            return
        self.make_active(grip.field)
        grip = replace(grip, value=self._view.own_value(grip.field, grip.frame))
        self._held, self._only = Drag(self._chart, grip, offset.x, offset.y - 1), ""
        self._held_at, self._held_to = (offset.x, offset.y - 1), (grip.frame, grip.value)
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        offset = event.offset - self.gutter.top_left
        if self._scrubbing:
            self._scrub(offset.x)
        elif self._held is not None:
            column = min(max(offset.x, self._held.chart.left), self.size.width - 1)
            if (column, offset.y - 1) != self._held_at:
                self._held_at = (column, offset.y - 1)
                self._try_here()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Drop what is held; if it was not moved, the playhead goes there."""
        if self._held is not None and self._view is not None:
            if self._held_to != (self._held.grip.frame, self._held.grip.value):
                self._post_drag("dropped")
            else:
                self._post_drag("given up")  # it may have been elsewhere, and been tried there
                self.go_to(self._held.grip.frame + self._view.table.first_frame)
        self._let_go()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._turn_wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._turn_wheel(event, -1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        self._roll(event, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        self._roll(event, 1)

    def on_key(self, event: events.Key) -> None:
        """While a keyframe is held: one way only, or everything as it was."""
        if self._held is None:
            return
        event.stop()
        event.prevent_default()
        if event.key in ("x", "y"):
            self._only = "" if self._only == event.key else event.key
            self._try_here()
        else:
            self._post_drag("given up")
            self._let_go()

    def held_words(self) -> str:
        """Where the keyframe that is held would be dropped; "" if none is held."""
        if self._held is None or self._view is None:
            return ""
        frame, value = self._held_to
        return f"{self._held.grip.field}: {value:g} at {frame + self._view.table.first_frame}  "

    def held_cell(self) -> tuple[int, int] | None:
        """Column and row of the picture (or above or below it) to which it is drawn; None if none is held."""
        if self._held is None:
            return None
        column = self._held.column if self._only == "y" else self._held_at[0]
        return column, self._held.row if self._only == "x" else self._held_at[1]

    def _choose(self, field: str | None) -> None:
        """A click on a curve's name shows it and makes it the active one."""
        if field is not None and self._view is not None:
            self._view.hidden -= {field}
            self._view.activate(field)
            self.redraw()

    def _try_here(self) -> None:
        cell = self.held_cell()
        assert self._held is not None and cell is not None
        self._held_to = self._held.moved_to(*cell)
        self._post_drag("held")
        self.refresh()

    def _let_go(self) -> None:
        self._held, self._scrubbing = None, False
        self.release_mouse()
        self.refresh()

    def _post_drag(self, stage: DragStage) -> None:
        if self._held is not None and self._view is not None:
            first, (frame, value), grip = self._view.table.first_frame, self._held_to, self._held.grip
            self.post_message(self.KeyframeDragged(grip.field, grip.frame + first, frame + first, value, stage))

    def _scrub(self, column: int) -> None:
        if self._chart is not None and self._view is not None:
            self.go_to(self._view.table.first_frame + self._chart.frame_at(column))

    def _turn_wheel(self, event: events.MouseEvent, direction: int) -> None:
        """Closer or wider around the mouse; with Shift, Ctrl or Alt earlier or later."""
        if event.shift or event.ctrl or event.meta:
            self._roll(event, -direction)
            return
        event.stop()
        offset = event.get_content_offset(self)
        if self._view is not None and self._chart is not None and offset is not None:
            self._view.zoom(_CLOSER**direction, self._chart.frame_at(offset.x))
            self.redraw()

    def _roll(self, event: events.MouseEvent, direction: int) -> None:
        event.stop()
        if self._view is not None:
            step = max(1, self._view.count / 10)
            self._view.set_window(self._view.start + direction * step, self._view.count)
            self.redraw()
