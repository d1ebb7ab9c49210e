"""Curves over frames as a picture of characters: for the curves pane, and for `parseq-tui plot`.

    for line in plot_text({"zoom": table["zoom"]}, 80, 20, x0=table.first_frame):
        print(line)

Everything here is a pure function of its arguments, so a pane may call it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parseq_tui.ui.drawing.canvas import Tick, framed, gutter
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.drawing.decimate import connected, dot_of, extremes
from parseq_tui.ui.drawing.raster import DOTS, Cells, Glyphs, Span, paint
from parseq_tui.ui.drawing.scales import Scale, labels, round_numbers, scale_of

Floats = NDArray[np.float64]

MARKS = "●■▲◆○□△◇"
"""A keyframe's mark, by curve."""
ASCII_KEYFRAMES = "ABCDEFGH"
BEAT, ASCII_BEAT = "┊", ":"
PLAYHEAD, ASCII_PLAYHEAD = "┃", "|"
SMALLEST_CANVAS = (8, 2)
_DASH = 4
"""Cells of a dash and the gap behind it, which is one."""
_EMPTY = " \u2800"
_APART = 3
"""Cells between the numbers of two curves, where curves are numbered along their way."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One curve of a chart."""

    name: str
    values: Floats
    """Of all frames, shape (frames,)."""
    keyframes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Indices (from 0) of the frames that are keyframes of this curve, ascending."""
    series: int = 0
    """Which colour and mark, from 0."""
    scale_of: str = ""
    """Name of the curve whose scale it shares; "" = its own."""
    dashed: bool = False
    """Drawn with gaps: what is only tried out is told apart from what it may replace without colours too."""


@dataclass(frozen=True, slots=True, eq=False)
class ChartRequest:
    """What to draw. Frames are counted from 0 here; `x0` is the number of the first."""

    curves: tuple[Curve, ...]
    width: int
    height: int
    """Cells, axes included."""
    start: int
    """First frame shown."""
    count: int
    """How many frames fit."""
    x0: int = 0
    scale: Literal["own", "shared"] = "own"
    beat: float = 0.0
    """Frames per beat, for the grid; 0 = no grid."""
    glyphs: Glyphs = "braille"
    axis_of: int = 0
    """Index into `curves`: whose values stand on the axis if every curve has its own scale."""
    fit_values: bool = False
    """Whether scales are made for the frames shown, not for all."""
    axis_rows: int = 2
    """What the axis below takes: 1 with the labels on its line."""
    numbered: bool = False
    """Whether curves have their numbers along their way, not only at its end: where colours do not tell them apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A finished picture, and where things are in it."""

    request: ChartRequest
    cells: Cells
    left: int
    """Cells before the canvas."""
    canvas_width: int
    canvas_height: int
    beats: NDArray[np.intp]
    """Canvas columns of the beat grid, already drawn into `cells`."""
    scales: tuple[Scale, ...]
    """Of each curve."""
    beats_apart: int
    """How many beats lie between two lines of the beat grid."""

    def column_of(self, index: float) -> int | None:
        """The column of the picture in which a frame (from 0) lies; None if it is not shown."""
        across = DOTS[self.request.glyphs][0]
        dot = dot_of(index, self.request.start, self.request.count, self.canvas_width * across)
        return self.left + int(dot // across) if 0 <= dot < self.canvas_width * across else None

    def row_of(self, curve: int, value: float) -> int:
        """The row of the picture in which a value lies, on the scale of the curve with this index."""
        down = DOTS[self.request.glyphs][1]
        dot = float(_heights(self.scales[curve], np.array([value]), self.canvas_height * down)[0])
        return self.canvas_height - 1 - min(max(int(dot // down), 0), self.canvas_height - 1)

    def frame_at(self, column: int) -> int:
        """The frame (from 0) in the middle of a column of the picture; nearest to the canvas if outside."""
        cell = min(max(column - self.left, 0), self.canvas_width - 1)
        return round(self.request.start + (cell + 0.5) * self.request.count / self.canvas_width - 0.5)


def chart(request: ChartRequest) -> Chart | None:
    """Draw. None if there is no curve or no room for one."""
    if not request.curves or request.count <= 0:
        return None
    across, down = DOTS[request.glyphs]
    scales = _scales(request)
    canvas_height = request.height - request.axis_rows
    axis = scales[min(request.axis_of, len(scales) - 1)]
    y_ticks = _value_ticks(axis, canvas_height, down)
    left = gutter(y_ticks)
    canvas_width = request.width - left
    if canvas_width < SMALLEST_CANVAS[0] or canvas_height < SMALLEST_CANVAS[1]:
        return None
    spans = [
        _span(request, curve, scale, canvas_width * across, canvas_height * down)
        for curve, scale in zip(request.curves, scales, strict=True)
    ]
    # The curve whose axis is shown lies on top, the others in order below it.
    spans.append(spans.pop(min(request.axis_of, len(spans) - 1)))
    curves = paint(canvas_width, canvas_height, spans, request.glyphs)
    cells = framed(curves, _frame_ticks(request, canvas_width, across), y_ticks, request.glyphs, request.axis_rows)
    apart = _beats_apart(request, canvas_width)
    beats = _beat_columns(request, canvas_width, apart)
    if request.scale == "own":
        cells.series[:canvas_height, : left - 1] = request.curves[request.axis_of].series + 1  # whose axis it is
    return _with_marks(Chart(request, cells, left, canvas_width, canvas_height, beats, scales, apart))


def _scales(request: ChartRequest) -> tuple[Scale, ...]:
    """Of each curve: its own, one for those that share it, or one for all."""
    groups: dict[str, list[Floats]] = {}
    for curve in request.curves:
        shown = slice(max(0, request.start), request.start + request.count)
        groups.setdefault(_group(request, curve), []).append(curve.values[shown if request.fit_values else slice(None)])
    made = {group: scale_of(values) for group, values in groups.items()}
    return tuple(made[_group(request, curve)] for curve in request.curves)


def _group(request: ChartRequest, curve: Curve) -> str:
    return "" if request.scale == "shared" else curve.scale_of or curve.name


def _span(request: ChartRequest, curve: Curve, scale: Scale, dots_across: int, dots_down: int) -> Span:
    window = curve.values[max(0, request.start) : request.start + request.count]
    before, after = max(0, -request.start), max(0, request.start + request.count - curve.values.size)
    if before or after:
        window = np.pad(window, (before, min(after, request.count)), constant_values=np.nan)[: request.count]
    low, high = connected(*extremes(window, dots_across))
    if curve.dashed:
        gaps = np.arange(dots_across) // DOTS[request.glyphs][0] % _DASH == _DASH - 1
        low, high = np.where(gaps, np.nan, low), np.where(gaps, np.nan, high)
    return Span(_heights(scale, low, dots_down), _heights(scale, high, dots_down), curve.series)


def _heights(scale: Scale, values: Floats, dots_down: int) -> Floats:
    """Where values lie above the lower edge, in dots; the scale's ends lie in the middle of the outermost dots.

    Rounded, so that values that only differ by the last bits (0 and the sine of a full turn) never lie on two rows.
    """
    return np.round(0.5 + scale.fraction(values) * (dots_down - 1), 6)


def _value_ticks(scale: Scale, canvas_height: int, down: int) -> list[Tick]:
    numbers = round_numbers(scale.low, scale.high, max(2, min(7, canvas_height // 2)))
    if len(numbers) < 2:
        numbers = [scale.low, scale.high]
    texts = labels(numbers)
    width = max(len(text) for text in texts)
    heights = _heights(scale, np.array(numbers), canvas_height * down)
    # in the middle of the row that a curve with this value is drawn in
    middles = (np.floor(heights / down) + 0.5) * down
    return [Tick(float(middle), text.rjust(width)) for middle, text in zip(middles, texts, strict=True)]


def _frame_ticks(request: ChartRequest, canvas_width: int, across: int) -> list[Tick]:
    first = request.x0 + request.start
    longest = max(len(str(int(first))), len(str(int(first + request.count))))
    numbers = round_numbers(first, first + request.count - 1, max(1, canvas_width // (longest + 4)), whole=True)
    dots = canvas_width * across
    return [
        Tick(dot_of(number - request.x0, request.start, request.count, dots), f"{number:.0f}") for number in numbers
    ]


def _beats_apart(request: ChartRequest, canvas_width: int) -> int:
    """1, or 4, 16, … where lines at every beat would stand too close."""
    apart = 1
    while request.beat > 0 and apart * request.beat * canvas_width / request.count < 5:
        apart *= 4
    return apart


def _beat_columns(request: ChartRequest, canvas_width: int, apart: int) -> NDArray[np.intp]:
    """Canvas columns of every beat, every 4th, 16th, …"""
    if request.beat <= 0:
        return np.zeros(0, dtype=np.intp)
    every = apart * request.beat
    first = np.ceil((request.start + request.x0) / every)
    last = np.floor((request.start + request.count - 1 + request.x0) / every)
    frames = np.arange(first, last + 1) * every - request.x0
    columns = np.floor(dot_of(0.0, request.start, request.count, canvas_width) + frames * canvas_width / request.count)
    return columns[(columns >= 0) & (columns < canvas_width)].astype(np.intp)


def _with_marks(made: Chart) -> Chart:
    """The picture with beats where nothing is drawn, curves' numbers where they leave it, and marks at keyframes while
    there is room to tell them apart."""
    request, canvas_width = made.request, made.canvas_width
    rows = [list(row) for row in made.cells.rows]
    series = made.cells.series
    beat = BEAT if request.glyphs != "ascii" else ASCII_BEAT
    for row in rows[: made.canvas_height]:
        for column in made.beats:
            if row[made.left + column] in _EMPTY:
                row[made.left + column] = beat
    if len(request.curves) > 1:
        _number(made, rows)
    marks = MARKS if request.glyphs != "ascii" else ASCII_KEYFRAMES
    for number, curve in enumerate(request.curves):
        inside = curve.keyframes[(curve.keyframes >= request.start) & (curve.keyframes < request.start + request.count)]
        if inside.size > canvas_width // 3:
            continue
        for index in inside.tolist():
            column, value = made.column_of(index), curve.values[index]
            if column is not None and np.isfinite(value):
                y = made.row_of(number, float(value))
                rows[y][column] = marks[curve.series % len(marks)]
                series[y, column] = curve.series + 1
    cells = Cells(tuple("".join(row) for row in rows), series)
    return replace(made, cells=cells)


def _number(made: Chart, rows: list[list[str]]) -> None:
    """Curves' numbers at the right end, `?` for one that is only tried out: without colours, and far from keyframes,
    nothing else tells them apart. Along their way no two curves have them in the same column."""
    request, end = made.request, made.left + made.canvas_width - 1
    for number in sorted(range(len(request.curves)), key=lambda number: number == request.axis_of):
        curve = request.curves[number]
        first = made.left + _APART * (curve.series + 1)
        along = (
            range(first, end - 1, _APART * (len(MARKS) + 1)) if request.numbered and request.glyphs != "ascii" else ()
        )
        stops = {made.column_of(frame): frame for frame in map(made.frame_at, along)}
        for column, frame in (*stops.items(), (end, request.start + request.count - 1)):
            if column is not None and 0 <= frame < curve.values.size and np.isfinite(curve.values[frame]):
                y = made.row_of(number, float(curve.values[frame]))
                rows[y][column] = str(curve.series + 1) if curve.series < len(MARKS) else "?"
                made.cells.series[y, column] = curve.series + 1


def plot_text(
    series: Mapping[str, Floats],
    width: int,
    height: int,
    *,
    x0: int = 0,
    playhead: int | None = None,
    marks: Sequence[int] = (),
    scale: Literal["own", "shared"] = "own",
    glyphs: Glyphs = "braille",
    colors: Sequence[str] = ("36", "33", "32", "35", "34", "37", "31", "90"),
    color: bool = False,
) -> list[str]:
    """Curves as lines of text, a legend first. All series have one value per frame, the first at frame `x0`.

    `marks`: frame numbers that are keyframes. `color`: with escape sequences, `colors` being SGR codes; without, the
    text is plain and curves are told apart by their marks. [] if there is nothing to draw or no room.
    """
    keyframes = np.array(sorted(mark - x0 for mark in marks), dtype=np.int64)
    curves = tuple(
        Curve(name, np.asarray(values, dtype=np.float64), keyframes, index)
        for index, (name, values) in enumerate(series.items())
    )
    count = max((curve.values.size for curve in curves), default=0)
    made = chart(ChartRequest(curves, width, height - 1, 0, count, x0, scale, glyphs=glyphs))
    if made is None:
        return []
    rows = list(made.cells.rows)
    at = None if playhead is None else made.column_of(playhead - x0)
    if at is not None:
        bar = PLAYHEAD if glyphs != "ascii" else ASCII_PLAYHEAD
        rows = [
            row[:at] + bar + row[at + 1 :] if y < made.canvas_height and row[at] in _EMPTY + BEAT + ASCII_BEAT else row
            for y, row in enumerate(rows)
        ]
    entries = [_legend_entry(curve, scale_, glyphs) for curve, scale_ in zip(curves, made.scales, strict=True)]
    legend = entries if len(entries) == 1 else [f"{number}{entry}" for number, entry in enumerate(entries, 1)]
    if not color:
        return ["  ".join(legend), *(row.rstrip() for row in rows)]
    paint = [f"\x1b[{colors[index % len(colors)]}m" for index in range(len(curves))]
    head = "  ".join(f"{start}{text}\x1b[0m" for start, text in zip(paint, legend, strict=True))
    return [head, *(_painted(row, made.cells.series[y], paint) for y, row in enumerate(rows))]


def mark_of(series: int, glyphs: Glyphs) -> str:
    """The character that stands for a curve in legends and at its keyframes."""
    marks = ASCII_KEYFRAMES if glyphs == "ascii" else MARKS
    return marks[series % len(marks)]


def _legend_entry(curve: Curve, scale: Scale, glyphs: Glyphs) -> str:
    low, high = labels([scale.low, scale.high])
    return f"{mark_of(curve.series, glyphs)} {plain(curve.name)} {low}…{high}"


def _painted(row: str, series: NDArray[np.uint8], paint: Sequence[str]) -> str:
    parts, current = [], 0
    for character, number in zip(row, series.tolist(), strict=True):
        if number != current:
            parts.append(paint[number - 1] if number else "\x1b[0m")
            current = number
        parts.append(character)
    return "".join(parts).rstrip() + ("\x1b[0m" if current else "")
