"""The curves pane: fields over time, the playhead, the beat grid, and the prompts' ranges below.

A picture is built in a thread (`drawing.plot`); while one is being built, any number of changes wait as one. Moving the
playhead builds nothing: it is laid over the finished picture, and only its two columns are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.commands.positions import next_beat
from parseq_tui.ui.drawing.curve_view import CurveView
from parseq_tui.ui.drawing.grips import rounded, step_of
from parseq_tui.ui.drawing.plot import Chart, ChartRequest, chart
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.widgets.curve_strips import (
    chart_part,
    chart_row,
    lane_row,
    legend_parts,
    named_at,
    title_parts,
    with_grip,
    with_playhead,
)
from parseq_tui.ui.widgets.curves_mouse import CurvesMouse


class CurvesPane(CurvesMouse, can_focus=True):
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
        Binding("v", "toggle_fit_values", "scales fitted to the frames shown / to all", id="curves.fit_values"),
        Binding("s", "toggle_scale", "own / shared scale", id="curves.scale"),
        Binding("a", "next_axis", "the next curve: axis and keys are its own", id="curves.axis"),
        Binding("w", "beat(1)", "next beat", id="curves.next_beat"),
        Binding("W", "beat(-1)", "previous beat", id="curves.previous_beat"),
        Binding("enter", "nearest_keyframe", "nearest keyframe of the curve", id="curves.nearest"),
        Binding(
            "ctrl+left", "keyframe(-1)", "previous keyframe of the curve", show=False, id="curves.previous_keyframe"
        ),
        Binding("ctrl+right", "keyframe(1)", "next keyframe of the curve", show=False, id="curves.next_keyframe"),
        Binding("k", "set_keyframe", "keyframe here", id="curves.set_keyframe"),
        Binding("up", "nudge(1)", "value up", show=False, id="curves.up"),
        Binding("down", "nudge(-1)", "value down", show=False, id="curves.down"),
        Binding("shift+up", "nudge(10)", "value far up", show=False, id="curves.far_up"),
        Binding("shift+down", "nudge(-10)", "value far down", show=False, id="curves.far_down"),
        Binding("alt+left", "shift(-1)", "keyframe a frame earlier", show=False, id="curves.earlier"),
        Binding("alt+right", "shift(1)", "keyframe a frame later", show=False, id="curves.later"),
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

    class Nudged(Message):
        """The keyframe a field has at `frame` shall be `by` higher and `frames` later. `step`: what one nudge adds."""

        def __init__(self, field: str, frame: int, frames: int = 0, by: float = 0.0, step: float = 0.0) -> None:
            super().__init__()
            self.field, self.frame, self.frames, self.by, self.step = field, frame, frames, by, step

    class Refused(Message):
        """What was asked for cannot be done: why."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def __init__(self, *, glyphs: Glyphs = "braille", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._glyphs: Glyphs = glyphs
        self._playhead = 0
        self._strips: dict[int, Strip] = {}
        self._asked: ChartRequest | None = None
        self._told_window = (0, 0)
        self._followed = ""
        self._building = False

    # what the host calls

    def show(self, table: FrameTable, document: Document, fields: Sequence[str], playhead: int) -> None:
        """Draw these fields and time series (at most eight, those that exist), keeping the window where it is."""
        if self._view is None:
            self._view = CurveView(table, document)
        self._view.show(table, document, fields)
        self._playhead = playhead
        self.redraw()

    def follow(self, field: str) -> None:
        """The table's cursor is in this field's column: if it has just come there, its curve is the active one."""
        if field != self._followed:
            self._followed = field
            self.make_active(field)

    def make_active(self, field: str) -> None:
        if self._view is not None and self._view.activate(field):
            self.redraw()

    def named_at(self, column: int) -> str | None:
        if self._view is None:
            return None
        parts = legend_parts(self._view, self._index, self.palette, self._glyphs, self.size.width)
        return named_at(self._view, parts, column)

    def show_trial(self, field: str, values: NDArray[np.float64] | None) -> None:
        """Draw another course of a shown field beside it, on its scale, as `?`; None takes it away again.

        For what is being typed or dragged and not in the document yet; shape (frames,).
        """
        if self._view is not None:
            self._view.try_out(field, values)
            self.redraw()

    def set_playhead(self, frame: int) -> None:
        """Move the playhead; if it leaves the window, the window follows by half its length."""
        before, self._playhead = self._playhead, frame
        view = self._view
        if before == frame or view is None:
            return
        if not view.shows(self._index):
            view.set_window(self._index - view.count / 2, view.count)
            self.redraw()
            return
        columns = {self._column(before), self._column(frame)} - {None}
        moved = [Region(column, 1, 1, self.size.height - 1) for column in columns if column is not None]
        self.refresh(Region(0, 0, self.size.width, 1), *moved)

    @property
    def cursor_screen_offset(self) -> Offset:
        """Over the playhead, in the line of the curves' values."""
        return self.content_region.offset + Offset(self._column(self._playhead) or 0, 0)

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """What curves are drawn with: braille dots, block quarters, or ASCII."""
        self._glyphs = glyphs
        self.redraw()

    @property
    def window(self) -> tuple[int, int]:
        """First frame shown (counted from 0) and how many."""
        return (0, 0) if self._view is None else (self._view.start, self._view.count)

    # keys

    def action_move(self, frames: int) -> None:
        self.go_to(self._playhead + frames)

    def action_page(self, direction: int) -> None:
        """Show later (or earlier) frames, by half a window."""
        if self._view is not None:
            self._view.set_window(self._view.start + direction * self._view.count / 2, self._view.count)
            self.redraw()

    def action_edge(self, end: int) -> None:
        if self._view is not None:
            self.go_to(self._view.table.first_frame + end * (self._view.table.frame_count - 1))

    def action_beat(self, direction: int) -> None:
        """To the beat after (or before) the playhead."""
        if self._view is not None and self._view.table.bpm > 0:
            per_beat = 60 * self._view.table.fps / self._view.table.bpm
            self.go_to(next_beat(self._playhead, direction, per_beat))

    def action_zoom(self, factor: float) -> None:
        """Show fewer frames (factor > 1) or more, around the playhead."""
        if self._view is not None:
            self._view.zoom(factor, self._index)
            self.redraw()

    def action_fit(self) -> None:
        """Show all frames."""
        if self._view is not None:
            self._view.set_window(0, self._view.table.frame_count)
            self.redraw()

    def action_toggle_scale(self) -> None:
        if self._view is not None:
            self._view.shared = not self._view.shared
            self.redraw()

    def action_toggle_fit_values(self) -> None:
        """Scales are made for all frames, or for those that are shown."""
        if self._view is not None:
            self._view.fit_values = not self._view.fit_values
            self.redraw()

    def action_next_axis(self) -> None:
        if self._view is not None:
            self._view.activate_next()
            self.redraw()

    def action_toggle_curve(self, number: int) -> None:
        if self._view is not None and number <= len(self._view.fields):
            self._view.hidden = self._view.hidden ^ {self._view.fields[number - 1]}
            self.redraw()

    def action_nearest_keyframe(self) -> None:
        if self._view is not None and (frames := self._view.stops()):
            self.go_to(min(frames, key=lambda frame: abs(frame - self._playhead)))

    def action_keyframe(self, direction: int) -> None:
        """To the keyframe after (or before) the playhead."""
        stops = self._view.stops() if self._view is not None else []
        beyond = [frame for frame in stops if (frame - self._playhead) * direction > 0]
        if beyond:
            self.go_to(min(beyond, key=lambda frame: abs(frame - self._playhead)))

    def action_set_keyframe(self) -> None:
        """Put the value the curve has at the playhead there as a keyframe."""
        if (field := self._changeable()) is not None and self._view is not None and self._chart is not None:
            value = rounded(float(self._view.columns[field][self._index]), step_of(self._chart, field) / 10)
            if np.isfinite(value):
                self.post_message(self.ValueWanted(field, self._playhead, value))

    def action_nudge(self, steps: int) -> None:
        """Change the value of the keyframe under the playhead."""
        if (field := self._changeable()) is not None and self._chart is not None:
            step = step_of(self._chart, field)
            self.post_message(self.Nudged(field, self._playhead, by=steps * step, step=step))

    def action_shift(self, frames: int) -> None:
        """Move the keyframe under the playhead in time, and the playhead with it."""
        if (field := self._changeable()) is not None:
            before = self._playhead
            self.set_playhead(before + frames)  # the next key may come before this one has gone round the editor
            self.post_message(self.Nudged(field, before, frames=frames))

    def _changeable(self) -> str | None:
        """The field that keys change; says so where there is none."""
        if self._view is None:
            return None
        field = self._view.axis_field()
        if field is None:
            self.post_message(self.Refused(self._view.why_none()))
        return field if self._chart is not None else None

    def go_to(self, frame: int) -> None:
        if self._view is not None:
            first, count = self._view.table.first_frame, self._view.table.frame_count
            frame = min(max(frame, first), first + count - 1)
            self.set_playhead(frame)  # the next key may come before the playhead has gone round the editor
            self.post_message(self.PlayheadMoved(frame))

    # building

    def on_resize(self) -> None:
        self._strips.clear()  # the old picture is cut to the new width until the new one is there
        self.redraw()

    def redraw(self) -> None:
        """Ask for a new picture; if one is in the making, this one comes after it and replaces others that wait."""
        if self._view is None:
            return
        if self.window != self._told_window:
            self._told_window = self.window
            self.post_message(self.WindowMoved(*self.window))
        if not self.size.width:
            return
        height = self.size.height - 1 - len(self._view.lanes(self.size.height))
        self._asked = self._view.request(self.size.width, height, self._glyphs, numbered=self.palette.few_colors)
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
        self.border_title = "  ".join([self.BORDER_TITLE, *title_parts(self._view, made, self._glyphs)])
        self.refresh()

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

    def theme_changed(self) -> None:
        self._strips.clear()
        if self._chart is not None and self._chart.request.numbered != self.palette.few_colors:
            self.redraw()

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
        grip = self.held_cell()
        if grip is not None and min(max(grip[1], 0), self._chart.canvas_height - 1) == y - 1:
            strip = with_grip(strip, grip[0], self.palette, self._glyphs)
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
            words = self._view.why_empty() if self._view is not None else ""
            return self.line((words if y == 0 else "", dim))
        if y < len(made.cells.rows):
            return chart_row(made, y, self.palette)
        rows = self._view.lanes(self.size.height) if self._view is not None else []
        index = y - len(made.cells.rows)
        if self._view is None or index >= len(rows):
            return self.line()
        return lane_row(made, self._view, rows[index], self.palette, self._glyphs)

    def _legend(self) -> Strip:
        """Curves and their values; where the pane has no border for a title, at the end what the title says."""
        if self._view is None:
            return self.line()
        told = self.held_words()
        room = self.size.width - len(told)
        parts = legend_parts(self._view, self._index, self.palette, self._glyphs, room)
        room -= sum(cell_len(text) for text, _ in parts)
        title = title_parts(self._view, self._chart, self._glyphs) if not self.gutter.top else []
        words = ("  ".join(title[first:]) for first in range(len(title)))
        shown = next((each for each in words if len(each) + 2 <= room), "")
        parts.append((shown.rjust(max(0, room)), self.palette.style("dim")))
        return self.line((told, self.palette.style("warning", attributes="bold")), *parts)
