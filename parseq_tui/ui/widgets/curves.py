"""The curves pane: fields over time, the playhead, the beat grid, and the prompts' ranges below.

A picture is built in a thread (`drawing.plot`); while one is being built, any number of changes wait as one. Moving the
playhead builds nothing: it is laid over the finished picture, and only its two columns are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

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
from parseq_tui.timeline.prompts import Prompt
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.drawing.plot import (
    ASCII_BEAT,
    ASCII_PLAYHEAD,
    BEAT,
    PLAYHEAD,
    Chart,
    ChartRequest,
    Curve,
    chart,
    mark_of,
)
from parseq_tui.ui.drawing.ranges import range_bar
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.widgets.line_view import Themed

MAX_CURVES = 8
SMALLEST_WINDOW = 4
"""Frames."""


class CurvesPane(Themed, can_focus=True):
    """Several fields at once, each with a colour and a mark of its own."""

    DEFAULT_CSS = "CurvesPane { background: $background; min-height: 4; }"
    BORDER_TITLE = "curves"
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
        Binding("enter", "nearest_keyframe", "nearest keyframe", id="curves.nearest"),
        *(Binding(str(n), f"toggle_curve({n})", "show / hide", show=False, id=f"curves.{n}") for n in range(1, 9)),
    ]

    class PlayheadMoved(Message):
        """The user wants to be at this frame."""

        def __init__(self, frame: int) -> None:
            super().__init__()
            self.frame = frame

    def __init__(self, *, glyphs: Glyphs = "braille", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._glyphs: Glyphs = glyphs
        self._table: FrameTable | None = None
        self._document: Document | None = None
        self._fields: tuple[str, ...] = ()
        self._keyframes: dict[str, NDArray[np.int64]] = {}
        self._hidden: frozenset[str] = frozenset()
        self._axis = 0
        self._shared = False
        self._playhead = 0
        self._start, self._count = 0, 0
        self._fits = True
        self._chart: Chart | None = None
        self._strips: dict[int, Strip] = {}
        self._asked: ChartRequest | None = None
        self._building = False

    # what the host calls

    def show(self, table: FrameTable, document: Document, fields: Sequence[str], playhead: int) -> None:
        """Draw these fields (at most eight, those the table has), keeping the window where it is."""
        length_changed = self._table is None or self._table.frame_count != table.frame_count
        self._table, self._document = table, document
        self._fields = tuple(name for name in fields if name in table)[:MAX_CURVES]
        self._axis = min(self._axis, max(0, len(self._fields) - 1))
        self._keyframes = {name: keyframe_indices(document, name, table) for name in self._fields}
        self._playhead = playhead
        if length_changed and self._fits:
            self._start, self._count = 0, table.frame_count
        self._set_window(self._start, self._count)

    def set_playhead(self, frame: int) -> None:
        """Move the playhead; if it leaves the window, the window follows by half its length."""
        before, self._playhead = self._playhead, frame
        if before == frame or self._table is None:
            return
        index = frame - self._table.first_frame
        if not self._start <= index < self._start + self._count:
            self._set_window(index - self._count / 2, self._count)
            return
        self.refresh(Region(0, 0, self.size.width, 1))
        for column in {self._column(before), self._column(frame)} - {None}:
            assert column is not None
            self.refresh(Region(column, 1, 1, self._picture_height))

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """What curves are drawn with: braille dots, block quarters, or ASCII."""
        self._glyphs = glyphs
        self._draw()

    def zoom(self, factor: float) -> None:
        """Show fewer frames (factor > 1) or more, around the playhead."""
        if self._table is None:
            return
        count = max(SMALLEST_WINDOW, self._count / factor)
        index = self._playhead - self._table.first_frame + 0.5
        share = (index - self._start) / self._count if self._count else 0.5
        self._set_window(index - min(max(share, 0.0), 1.0) * count, count)

    def pan(self, frames: float) -> None:
        """Show later (positive) or earlier frames."""
        self._set_window(self._start + frames, self._count)

    def fit(self) -> None:
        """Show all frames."""
        if self._table is not None:
            self._set_window(0, self._table.frame_count)

    @property
    def window(self) -> tuple[int, int]:
        """First frame shown (counted from 0) and how many."""
        return self._start, self._count

    # keys and mouse

    def action_move(self, frames: int) -> None:
        self._ask_for(self._playhead + frames)

    def action_page(self, direction: int) -> None:
        self.pan(direction * self._count / 2)

    def action_edge(self, end: int) -> None:
        if self._table is not None:
            self._ask_for(self._table.first_frame + end * (self._table.frame_count - 1))

    def action_zoom(self, factor: float) -> None:
        self.zoom(factor)

    def action_fit(self) -> None:
        self.fit()

    def action_toggle_scale(self) -> None:
        self._shared = not self._shared
        self._draw()

    def action_next_axis(self) -> None:
        self._axis = (self._axis + 1) % max(1, len(self._fields))
        self._draw()

    def action_toggle_curve(self, number: int) -> None:
        if number <= len(self._fields):
            self._hidden = self._hidden ^ {self._fields[number - 1]}
            self._draw()

    def action_nearest_keyframe(self) -> None:
        if self._document is not None:
            frames = [row.frame for row in self._document.keyframes]
            self._ask_for(min(frames, key=lambda frame: abs(frame - self._playhead)))

    def on_click(self, event: events.Click) -> None:
        if self._chart is not None and self._table is not None and event.y > 0:
            offset = event.get_content_offset(self)
            if offset is not None:
                self._ask_for(self._table.first_frame + self._chart.frame_at(offset.x))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.zoom(1.25) if event.ctrl else self.pan(-self._count / 10)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.zoom(0.8) if event.ctrl else self.pan(self._count / 10)

    def _ask_for(self, frame: int) -> None:
        if self._table is not None:
            last = self._table.first_frame + self._table.frame_count - 1
            self.post_message(self.PlayheadMoved(min(max(frame, self._table.first_frame), last)))

    # building

    def on_resize(self) -> None:
        self._draw()

    def _set_window(self, start: float, count: float) -> None:
        total = self._table.frame_count if self._table is not None else 0
        self._count = min(max(round(count), SMALLEST_WINDOW), total)
        self._start = min(max(round(start), 0), total - self._count)
        self._fits = self._count >= total
        self._draw()

    def _draw(self) -> None:
        """Ask for a new picture; if one is in the making, this one comes after it and replaces others that wait."""
        self._asked = self._request()
        if self._asked is None:
            self._show_chart(None)
        elif not self._building:
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
        self._chart = made
        self._strips.clear()
        if self._table is not None:
            first = self._start + self._table.first_frame
            scale = "one scale" if self._shared else "own scales"
            self.border_subtitle = f"frames {first}-{first + self._count - 1}  {scale}"
        self.refresh()

    def _request(self) -> ChartRequest | None:
        table = self._table
        if table is None or not self.size.width:
            return None
        curves = tuple(
            Curve(name, table[name], self._keyframes[name], index)
            for index, name in enumerate(self._fields)
            if name not in self._hidden
        )
        axis = [curve.series for curve in curves].index(self._axis) if self._axis_visible() else 0
        return ChartRequest(
            curves,
            self.size.width,
            self.size.height - 1 - len(self._lane_prompts()),
            self._start,
            self._count,
            table.first_frame,
            "shared" if self._shared else "own",
            60 * table.fps / table.bpm if table.bpm > 0 else 0.0,
            self._glyphs,
            axis,
        )

    def _axis_visible(self) -> bool:
        return self._axis < len(self._fields) and self._fields[self._axis] not in self._hidden

    def _lane_prompts(self) -> tuple[Prompt, ...]:
        """The prompts that have a row of their own below the curves."""
        if self._document is None or not self._document.prompts.enabled:
            return ()
        return self._document.prompts.entries[: max(0, min(3, (self.size.height - 9) // 3))]

    # painting

    @property
    def _picture_height(self) -> int:
        return self.size.height - 1

    def _column(self, frame: int) -> int | None:
        if self._chart is None or self._table is None:
            return None
        return self._chart.column_of(frame - self._table.first_frame)

    def theme_changed(self) -> None:
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        if y == 0:
            return self._legend()
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._picture_row(y - 1).adjust_cell_length(self.size.width, self.palette.style())
        column = self._column(self._playhead)
        on_canvas = self._chart is not None and y <= self._chart.canvas_height
        return self._with_playhead(strip, column) if column is not None and on_canvas else strip

    def _with_playhead(self, strip: Strip, column: int) -> Strip:
        under = strip.crop(column, column + 1).text
        if under in (" ", "\u2800", BEAT, ASCII_BEAT):
            mark = PLAYHEAD if self._glyphs != "ascii" else ASCII_PLAYHEAD
            cell = Segment(mark, self.palette.style("playhead"))
        else:
            cell = Segment(under, self.palette.style("background", "playhead"))
        return Strip.join([strip.crop(0, column), Strip([cell], 1), strip.crop(column + 1)])

    def _picture_row(self, y: int) -> Strip:
        made = self._chart
        if made is None:
            words = "no curve is shown" if self._table is not None else ""
            return self.line((words if y == 0 else "", self.palette.style("dim")))
        if y < len(made.cells.rows):
            return self._cells_row(made, y)
        lane = self._lane_prompts()
        index = y - len(made.cells.rows)
        return self._lane_row(made, lane[index], index) if index < len(lane) else self.line()

    def _cells_row(self, made: Chart, y: int) -> Strip:
        row, series = made.cells.rows[y], made.cells.series[y]
        changes = np.flatnonzero(np.diff(series)) + 1
        edges = [0, *changes.tolist(), len(row)]
        segments = [
            Segment(row[a:b], self.palette.series(int(series[a]) - 1) if series[a] else self.palette.style("dim"))
            for a, b in pairwise(edges)
        ]
        return Strip(segments, len(row))

    def _lane_row(self, made: Chart, prompt: Prompt, index: int) -> Strip:
        assert self._document is not None
        first = self._start + made.request.x0
        bar = range_bar(prompt, first, self._count, made.canvas_width, self._document.last_frame, self._glyphs)
        name = f"P{index + 1}"
        return self.line(
            (name.rjust(made.left)[-made.left :], self.palette.style("dim")), (bar, self.palette.style("dim"))
        )

    def _legend(self) -> Strip:
        table, palette = self._table, self.palette
        if table is None:
            return self.line()
        index = min(max(self._playhead - table.first_frame, 0), table.frame_count - 1)
        parts = []
        for series, name in enumerate(self._fields):
            style = palette.series(series, attributes="bold" if series == self._axis else "")
            if name in self._hidden:
                parts.append((f"{series + 1}- {plain(name)}  ", palette.style("dim")))
                continue
            wrong = "!" if name in table.failed_fields else ""
            mark = mark_of(series, self._glyphs)
            parts.append((f"{series + 1}{mark} {plain(name)} {_short(float(table[name][index]))}{wrong}  ", style))
        return self.line(*parts)


def keyframe_indices(document: Document, name: str, table: FrameTable) -> NDArray[np.int64]:
    """Where (from 0, ascending) a field has a value or a formula of its own."""
    frames = [row.frame for row in document.keyframes if name in row.values or name in row.formulas]
    indices = np.array(frames, dtype=np.int64) - table.first_frame
    return indices[(indices >= 0) & (indices < table.frame_count)]


def _short(value: float) -> str:
    return f"{value:.4g}"
