"""A finished chart as strips for the terminal: colours of the theme, the playhead over it, the legend above it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, groupby, pairwise
from typing import Literal

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from parseq_tui.errors import counted
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.drawing.cells import abbreviated, plain
from parseq_tui.ui.drawing.curve_view import PREVIEW_SERIES, CurveView
from parseq_tui.ui.drawing.plot import ASCII_BEAT, ASCII_PLAYHEAD, BEAT, PLAYHEAD, Chart, mark_of
from parseq_tui.ui.drawing.ranges import ASCII_OUTSIDE, OUTSIDE, frames_shown, range_bar
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.theming.theme import Palette

GRIP, ASCII_GRIP = "◎", "@"
Told = Literal["all", "active", "none"]
"""Of which curves a legend says the value."""
_BREVITY: tuple[tuple[int, Told, str], ...] = (
    (100, "all", "  "),
    (13, "all", "  "),
    (9, "all", "  "),
    (9, "active", "  "),
    (6, "active", "  "),
    (6, "active", " "),
    (4, "active", " "),
    (4, "none", " "),
)
"""What a legend may do to fit: letters of a name, whose values it tells, and what stands between two curves: where that
is one blank, there is none after a mark, unless marks are letters."""


def chart_row(chart: Chart, y: int, palette: Palette) -> Strip:
    """One row of the picture, in the colours of its curves."""
    row, series = chart.cells.rows[y], chart.cells.series[y]
    changes = np.flatnonzero(np.diff(series)) + 1
    edges = [0, *changes.tolist(), len(row)]
    return Strip([Segment(row[a:b], _style(int(series[a]), palette)) for a, b in pairwise(edges)], len(row))


def chart_part(chart: Chart, y: int, first: int, end: int, playhead: int | None, palette: Palette) -> Sequence[Segment]:
    """Cells `first` … `end` − 1 of `chart_row` with the playhead in its column: few of them, so cell by cell."""
    row, series = chart.cells.rows[y][first:end], chart.cells.series[y, first:end].tolist()
    cells = [Segment(text, _style(number, palette)) for text, number in zip(row, series, strict=True)]
    if playhead is not None and first <= playhead < end:
        cells[playhead - first] = _crossed(row[playhead - first], palette, chart.request.glyphs)
    return cells


def lane_row(made: Chart, view: CurveView, prompts: Sequence[int], palette: Palette, glyphs: Glyphs) -> Strip:
    """A row of prompts below the picture: each its weight over time, in its colour, begun with its number."""
    first, count, width = made.request.start + made.request.x0, made.request.count, made.canvas_width
    document, table = view.document, view.table
    row, owners = [" "] * width, [-1] * width
    for index in prompts:
        custom = partial(_weight_of, table, index)
        entry = document.prompts.entries[index]
        bar = range_bar(entry, first, count, width, document.last_frame, glyphs, custom)
        places = [at for at, mark in enumerate(bar) if mark not in (OUTSIDE, ASCII_OUTSIDE)]
        for at in places:
            row[at], owners[at] = bar[at], index
        for at, digit in zip(places[:-1], str(index + 1), strict=False):
            row[at] = digit
    parts = [Segment("P".rjust(made.left)[-made.left :] if made.left else "", palette.style("dim"))]
    for owner, group in groupby(range(width), key=owners.__getitem__):
        style = palette.style("dim") if owner < 0 else palette.series(owner)
        parts.append(Segment("".join(row[at] for at in group), style))
    return Strip(parts, made.left + width)


def _weight_of(table: FrameTable, prompt: int, frame: int) -> str:
    return table.prompt_weight(prompt, frame - table.first_frame)


def with_playhead(strip: Strip, column: int, palette: Palette, glyphs: Glyphs) -> Strip:
    """The row with the playhead over one cell: a line where nothing is drawn, else the curve on its colour."""
    return _over(strip, column, _crossed(strip.crop(column, column + 1).text, palette, glyphs))


def _crossed(under: str, palette: Palette, glyphs: Glyphs) -> Segment:
    if under in (" ", "\u2800", BEAT, ASCII_BEAT):
        return Segment(PLAYHEAD if glyphs != "ascii" else ASCII_PLAYHEAD, palette.style("playhead"))
    return Segment(under, palette.style("background", "playhead"))


def with_grip(strip: Strip, column: int, palette: Palette, glyphs: Glyphs) -> Strip:
    """The row with a keyframe that is being dragged over one cell."""
    return _over(strip, column, Segment(GRIP if glyphs != "ascii" else ASCII_GRIP, palette.style("warning")))


def legend_parts(view: CurveView, index: int, palette: Palette, glyphs: Glyphs, width: int) -> list[tuple[str, Style]]:
    """`1● zoom 1.02`: the key that hides it, its mark, its name, its value at the frame `index` (from 0).

    Where `width` cells do not hold them all, names get shorter, then only the active curve keeps its value, and what is
    left over is counted. Each curve's part begins with its digit.
    """
    parts: list[tuple[str, Style]] = []
    for longest, told, gap in _BREVITY:
        parts = _legend(view, index, palette, glyphs, longest, told, gap)
        if sum(cell_len(text) for text, _ in parts) - len(gap) <= width:
            return [*parts[:-1], *((text.rstrip(), style) for text, style in parts[-1:])]
    return _counted(parts, view.axis, width, palette.style("dim"))


def named_at(view: CurveView, parts: Sequence[tuple[str, Style]], column: int) -> str | None:
    """The curve that is named in this column of a legend made by `legend_parts`."""
    ends = accumulate(cell_len(text) for text, _ in parts)
    begun = next((text[0] for (text, _), end in zip(parts, ends, strict=True) if column < end), "")
    return view.fields[int(begun) - 1] if begun.isdigit() else None


def title_parts(view: CurveView, made: Chart | None, glyphs: Glyphs) -> list[str]:
    """What is not seen in the picture: that there is more of it, whose scale it has, what its grid is."""
    parts = []
    if view.count < view.table.frame_count:
        parts.append(frames_shown(view.start + view.table.first_frame, view.count))
    if len(view.fields) > 1 or view.fit_values:
        scale = "scale" if len(view.fields) == 1 else "one scale" if view.shared else "own scales"
        parts.append(scale + " fitted" * view.fit_values)
    if made is not None and made.beats.size:
        grid = BEAT if glyphs != "ascii" else ASCII_BEAT
        parts.append(f"{grid} {counted(made.beats_apart, 'beat')}")
    return parts


def _legend(
    view: CurveView, index: int, palette: Palette, glyphs: Glyphs, longest: int, told: Told, gap: str
) -> list[tuple[str, Style]]:
    parts: list[tuple[str, Style]] = []
    for number, name in enumerate(view.fields):
        short = (" " if glyphs == "ascii" else gap[1:]) + abbreviated(plain(name), longest)
        if name in view.hidden:
            parts.append((f"{number + 1}-{short}{gap}", palette.style("dim")))
            continue
        failed = "!" if name in view.table.failed_fields else ""
        said = told == "all" or (told == "active" and number == view.axis)
        value = f" {view.columns[name][index]:.4g}" if said else ""
        style = palette.series(number, attributes="bold" if number == view.axis else "")
        parts.append((f"{number + 1}{mark_of(number, glyphs)}{short}{value}{failed}{gap}", style))
    if view.trial is not None:
        name, tried = view.trial
        parts.append((f"? {plain(name)} {tried[min(index, tried.size - 1)]:.4g}{gap}", palette.style("warning")))
    return parts


def _counted(parts: list[tuple[str, Style]], active: int, width: int, style: Style) -> list[tuple[str, Style]]:
    """The active curve and as many others as there is room for, and how many more there are."""
    kept = [active] if active < len(parts) else []
    room = width - len("+9") - sum(cell_len(parts[number][0]) for number in kept)
    for number, (text, _) in enumerate(parts):
        room -= 0 if number in kept else cell_len(text)
        if room < 0:
            break
        kept = sorted({*kept, number})
    return [*(parts[number] for number in kept), (f"+{len(parts) - len(kept)}", style)]


def _style(number: int, palette: Palette) -> Style:
    if number == 0:
        return palette.style("dim")
    return palette.style("warning") if number - 1 == PREVIEW_SERIES else palette.series(number - 1)


def _over(strip: Strip, column: int, cell: Segment) -> Strip:
    return Strip.join([strip.crop(0, column), Strip([cell], 1), strip.crop(column + 1)])
