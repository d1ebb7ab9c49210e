"""The curves pane: fields over time, the playhead, the beat grid, and the prompts' ranges below.

A picture is built in a thread (`drawing.plot`); while one is being built, any number of changes wait as one. Moving the
playhead builds nothing: it is laid over the finished picture, and only its two columns are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.commands.positions import next_beat
from parseq_tui.ui.drawing.curve_view import CurveView
from parseq_tui.ui.drawing.grips import Drag, grip_at, rounded, step_of
from parseq_tui.ui.drawing.plot import Chart, ChartRequest, chart
from parseq_tui.ui.drawing.ranges import frames_shown, lanes
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.widgets.curve_strips import chart_part, chart_row, lane_row, legend_parts, with_grip, with_playhead
from parseq_tui.ui.widgets.line_view import Themed

DragStage = Literal["held", "dropped", "given up"]
"""Of a keyframe under the mouse: only being tried, to stay, to go back."""


class CurvesPane(Themed, can_focus=True):
    """Several fields at once, each with a colour and a mark of its own."""

    DEFAULT_CSS = "CurvesPane { background: $background; min-height: 4; }"
    BORDER_TITLE: ClassVar[str] = "curves"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "frame back", show=False, id="curves.back"),
        Binding("right", "move(1)", "frame on", show=False, id="curves.on"),
        Binding("shift+left", "move(-10)", "10 frames back", show=False, id="curves.back_ten"),
        Binding("shift+right", "move(10)", "10 frames on", show=False, id="curves.on_ten"),
        Binding("pageup", "page(-1)", "window back", show=False, id="curves.page_back"),
        Binding("pagedown", "page(1)", "window on", show=False, id="curves.page_on"),
        Binding("home", "edge(0)", "first frame", show=False, id="curves.first"),
        Binding("end", "edge(1)", "last frame", show=False, id="curves.last"),
        Binding("plus,equals_sign", "zoom(2.0)", "closer", key_display="+", id="curves.closer"),
        Binding("minus", "zoom(0.5)", "wider", key_display="-", id="curves.wider"),
        Binding("f", "fit", "all frames", id="curves.fit"),
        Binding("s", "toggle_scale", "own / shared scale", id="curves.scale"),
        Binding("a", "next_axis", "axis of the next curve", id="curves.axis"),
        Binding("w", "beat(1)", "next beat", id="curves.next_beat"),
        Binding("W", "beat(-1)", "previous beat", id="curves.previous_beat"),
        Binding("enter", "nearest_keyframe", "nearest keyframe", id="curves.nearest"),
        Binding("k", "set_keyframe", "keyframe here", id="curves.set_keyframe"),
        Binding("up", "nudge(1)", "value up", show=False, id="curves.up"),
        Binding("down", "nudge(-1)", "value down", show=False, id="curves.down"),
        Binding("shift+up", "nudge(10)", "value far up", show=False, id="curves.far_up"),
        Binding("shift+down", "nudge(-10)", "value far down", show=False, id="curves.far_down"),
        *(Binding(str(n), f"toggle_curve({n})", f"show or hide curve {n}", id=f"curves.{n}") for n in range(1, 9)),
    ]

    class PlayheadMoved(Message):
        """The user wants to be at this frame."""

        def __init__(self, frame: int) -> None:
            super().__init__()
            self.frame = frame

    class WindowMoved(Message):
        """Other frames are shown: `count` from `start` (counted from 0) on."""

        def __init__(self, start: int, count: int) -> None:
            super().__init__()
            self.start, self.count = start, count

    class ValueWanted(Message):
        """A field shall have this value at this frame, where a keyframe may have to be made."""

        def __init__(self, field: str, frame: int, value: float) -> None:
            super().__init__()
            self.field, self.frame, self.value = field, frame, value

    class Refused(Message):
        """What was asked for cannot be done: why."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    class KeyframeDragged(Message):
        """The value a field has at `frame` shall be `value` at `to_frame`, if it was dropped there."""

        def __init__(self, field: str, frame: int, to_frame: int, value: float, stage: DragStage) -> None:
            super().__init__()
            self.field, self.frame, self.to_frame, self.value, self.stage = field, frame, to_frame, value, stage

    def __init__(self, *, glyphs: Glyphs = "braille", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._glyphs: Glyphs = glyphs
        self._view: CurveView | None = None
        self._playhead = 0
        self._chart: Chart | None = None
        self._strips: dict[int, Strip] = {}
        self._asked: ChartRequest | None = None
        self._told_window = (0, 0)
        self._building = False
        self._held: Drag | None = None
        self._held_at, self._held_to = (0, 0), (0, 0.0)
        """While a keyframe is dragged: column and row of the picture, and the frame (from 0) and value there."""

    # what the host calls

    def show(self, table: FrameTable, document: Document, fields: Sequence[str], playhead: int) -> None:
        """Draw these fields and time series (at most eight, those that exist), keeping the window where it is."""
        if self._view is None:
            self._view = CurveView(table, document)
        self._view.show(table, document, fields)
        self._playhead = playhead
        self._draw()

    def show_trial(self, field: str, values: NDArray[np.float64] | None) -> None:
        """Draw another course of a shown field beside it, on its scale, as `?`; None takes it away again.

        For what is being typed or dragged and not in the document yet; shape (frames,).
        """
        if self._view is not None:
            self._view.try_out(field, values)
            self._draw()

    def set_playhead(self, frame: int) -> None:
        """Move the playhead; if it leaves the window, the window follows by half its length."""
        before, self._playhead = self._playhead, frame
        view = self._view
        if before == frame or view is None:
            return
        if not view.shows(self._index):
            view.set_window(self._index - view.count / 2, view.count)
            self._draw()
            return
        self.refresh(Region(0, 0, self.size.width, 1))
        for column in {self._column(before), self._column(frame)} - {None}:
            assert column is not None
            self.refresh(Region(column, 1, 1, self.size.height - 1))
        self.point_at(self._column(frame) or 0, 0)

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """What curves are drawn with: braille dots, block quarters, or ASCII."""
        self._glyphs = glyphs
        self._draw()

    def zoom(self, factor: float) -> None:
        """Show fewer frames (factor > 1) or more, around the playhead."""
        if self._view is not None:
            self._view.zoom(factor, self._index)
            self._draw()

    def pan(self, frames: float) -> None:
        """Show later (positive) or earlier frames."""
        if self._view is not None:
            self._view.set_window(self._view.start + frames, self._view.count)
            self._draw()

    def fit(self) -> None:
        """Show all frames."""
        if self._view is not None:
            self._view.set_window(0, self._view.table.frame_count)
            self._draw()

    @property
    def window(self) -> tuple[int, int]:
        """First frame shown (counted from 0) and how many."""
        return (0, 0) if self._view is None else (self._view.start, self._view.count)

    # keys

    def action_move(self, frames: int) -> None:
        self._ask_for(self._playhead + frames)

    def action_page(self, direction: int) -> None:
        self.pan(direction * self.window[1] / 2)

    def action_edge(self, end: int) -> None:
        if self._view is not None:
            self._ask_for(self._view.table.first_frame + end * (self._view.table.frame_count - 1))

    def action_beat(self, direction: int) -> None:
        """To the beat after (or before) the playhead."""
        if self._view is not None and self._view.table.bpm > 0:
            per_beat = 60 * self._view.table.fps / self._view.table.bpm
            self._ask_for(next_beat(self._playhead, direction, per_beat))

    def action_zoom(self, factor: float) -> None:
        self.zoom(factor)

    def action_fit(self) -> None:
        self.fit()

    def action_toggle_scale(self) -> None:
        if self._view is not None:
            self._view.shared = not self._view.shared
            self._draw()

    def action_next_axis(self) -> None:
        if self._view is not None:
            self._view.axis = (self._view.axis + 1) % max(1, len(self._view.fields))
            self._draw()

    def action_toggle_curve(self, number: int) -> None:
        if self._view is not None and number <= len(self._view.fields):
            self._view.hidden = self._view.hidden ^ {self._view.fields[number - 1]}
            self._draw()

    def action_nearest_keyframe(self) -> None:
        if self._view is not None:
            frames = [row.frame for row in self._view.document.keyframes]
            self._ask_for(min(frames, key=lambda frame: abs(frame - self._playhead)))

    def action_set_keyframe(self) -> None:
        """Put the value the curve has at the playhead there as a keyframe."""
        view, made = self._view, self._chart
        name = None if view is None else view.axis_field()
        if view is None or made is None or name is None:
            self.post_message(self.Refused("there is no curve here that can be changed: a chooses one"))
            return
        value = float(view.columns[name][self._index])
        if np.isfinite(value):
            self.post_message(self.ValueWanted(name, self._playhead, rounded(value, step_of(made, name) / 10)))

    def action_nudge(self, steps: int) -> None:
        """Change the value of the keyframe under the playhead."""
        view, made = self._view, self._chart
        name = None if view is None else view.axis_field()
        if view is None or made is None or name is None:
            self.post_message(self.Refused("there is no curve here that can be changed: a chooses one"))
            return
        if not view.is_keyframe(name, self._index):
            self.post_message(self.Refused(f"{name} has no keyframe at {self._playhead}: k makes one"))
            return
        step = step_of(made, name)
        value = float(view.columns[name][self._index]) + steps * step
        self.post_message(self.ValueWanted(name, self._playhead, rounded(value, step)))

    def on_key(self, event: events.Key) -> None:
        """Any key while dragging leaves everything as it was."""
        if self._held is not None:
            event.stop()
            event.prevent_default()
            self._post_drag("given up")
            self._let_go()

    def _ask_for(self, frame: int) -> None:
        if self._view is not None:
            first, count = self._view.table.first_frame, self._view.table.frame_count
            frame = min(max(frame, first), first + count - 1)
            self.set_playhead(frame)  # the next key may come before the playhead has gone round the editor
            self.post_message(self.PlayheadMoved(frame))

    # mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self._chart is None or event.button != 1 or offset.y < 1:
            return
        grip = grip_at(self._chart, offset.x, offset.y - 1)
        if grip is not None:
            self._held = Drag(self._chart, grip, offset.x, offset.y - 1)
            self._held_at, self._held_to = (offset.x, offset.y - 1), (grip.frame, grip.value)
            self.capture_mouse()
            self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is None:
            return
        offset = event.offset - self.gutter.top_left
        column = min(max(offset.x, self._held.chart.left), self.size.width - 1)
        if (column, offset.y - 1) != self._held_at:
            self._held_at, self._held_to = (column, offset.y - 1), self._held.moved_to(column, offset.y - 1)
            self._post_drag("held")
            self.refresh()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Drop what is held; without anything held, or without having moved it, the playhead goes there."""
        offset = event.get_content_offset(self)
        if self._held is not None and self._held_to != (self._held.grip.frame, self._held.grip.value):
            self._post_drag("dropped")
        elif self._chart is not None and self._view is not None and offset is not None and offset.y > 0:
            self._ask_for(self._view.table.first_frame + self._chart.frame_at(offset.x))
        self._let_go()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.zoom(1.25) if event.ctrl else self.pan(-self.window[1] / 10)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.zoom(0.8) if event.ctrl else self.pan(self.window[1] / 10)

    def _let_go(self) -> None:
        self._held = None
        self.release_mouse()
        self.refresh()

    def _post_drag(self, stage: DragStage) -> None:
        if self._held is not None and self._view is not None:
            first, (frame, value), grip = self._view.table.first_frame, self._held_to, self._held.grip
            self.post_message(self.KeyframeDragged(grip.field, grip.frame + first, frame + first, value, stage))

    # building

    def on_resize(self) -> None:
        self._strips.clear()  # the old picture is cut to the new width until the new one is there
        self._draw()

    def _draw(self) -> None:
        """Ask for a new picture; if one is in the making, this one comes after it and replaces others that wait."""
        if self._view is None:
            return
        if self.window != self._told_window:
            self._told_window = self.window
            self.post_message(self.WindowMoved(*self.window))
        if not self.size.width:
            return
        height = self.size.height - 1 - len(self._lanes())
        self._asked = self._view.request(self.size.width, height, self._glyphs)
        if not self._building:
            self._building = True
            self.run_worker(self._build(), name="curves", group="curves")

    async def _build(self) -> None:
        try:
            while (request := self._asked) is not None:
                self._asked = None
                self._show_chart(await asyncio.to_thread(chart, request))
        finally:
            self._building = False

    def _show_chart(self, made: Chart | None) -> None:
        assert self._view is not None
        self._chart = made
        self._strips.clear()
        self.border_title = "  ".join(self._title_parts())
        self.refresh()

    def _title_parts(self) -> list[str]:
        """What is not seen in the picture: that there is more of it, and whose scale it has."""
        view, parts = self._view, [self.BORDER_TITLE]
        if view is not None and view.count < view.table.frame_count:
            parts.append(frames_shown(view.start + view.table.first_frame, view.count))
        if view is not None and len(view.fields) > 1:
            parts.append("one scale" if view.shared else "own scales")
        return parts

    # painting

    @property
    def _index(self) -> int:
        """The playhead, counted from the first frame and inside the table."""
        assert self._view is not None
        table = self._view.table
        return min(max(self._playhead - table.first_frame, 0), table.frame_count - 1)

    def _column(self, frame: int) -> int | None:
        if self._chart is None or self._view is None:
            return None
        return self._chart.column_of(frame - self._view.table.first_frame)

    def _lanes(self) -> list[list[int]]:
        """The prompts on each row below the curves."""
        if self._view is None or not self._view.document.prompts.enabled:
            return []
        document = self._view.document
        return lanes(document.prompts.entries, document.last_frame, max(0, min(3, (self.size.height - 9) // 3)))

    def theme_changed(self) -> None:
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        if y == 0:
            return self._legend()
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._picture_row(y - 1).adjust_cell_length(self.size.width, self.palette.style())
        if self._chart is None or y > self._chart.canvas_height:
            return strip
        column = self._column(self._playhead)
        if column is not None:
            strip = with_playhead(strip, column, self.palette, self._glyphs)
        if self._held is not None and min(max(self._held_at[1], 0), self._chart.canvas_height - 1) == y - 1:
            strip = with_grip(strip, self._held_at[0], self.palette, self._glyphs)
        return strip

    def line_part(self, y: int, first: int, end: int) -> Sequence[Segment] | None:
        """The playhead moves over a picture that stays: only what it leaves and what it comes to is put together."""
        made = self._chart
        if made is None or self._held is not None or not 0 < y <= made.canvas_height or end > made.request.width:
            return None
        return chart_part(made, y - 1, first, end, self._column(self._playhead), self.palette)

    def _picture_row(self, y: int) -> Strip:
        made, dim = self._chart, self.palette.style("dim")
        if made is None:
            words = "no curve is shown" if self._view is not None else ""
            return self.line((words if y == 0 else "", dim))
        if y < len(made.cells.rows):
            return chart_row(made, y, self.palette)
        index, rows = y - len(made.cells.rows), self._lanes()
        if self._view is None or index >= len(rows):
            return self.line()
        return lane_row(made, self._view, rows[index], self.palette, self._glyphs)

    def _legend(self) -> Strip:
        if self._view is None:
            return self.line()
        told = ""
        if self._held is not None:
            frame, value = self._held_to
            told = f"{self._held.grip.field}: {value:g} at {frame + self._view.table.first_frame}  "
        room = self.size.width - len(told)
        parts = legend_parts(self._view, self._index, self.palette, self._glyphs, room)
        return self.line((told, self.palette.style("warning", attributes="bold")), *parts)
