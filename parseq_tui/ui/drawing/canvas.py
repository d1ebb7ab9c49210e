"""The only module that talks to plotext: polylines in dots become characters, each knowing which curve it belongs to.

plotext draws on one figure per process: a lock keeps builds apart, and callers stay off the event loop. Colours are
decided later, by whoever paints: a cell holds the number of its curve, so a theme change redraws nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Glyphs = Literal["braille", "block", "ascii"]
DOTS: dict[Glyphs, tuple[int, int]] = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}
"""Dots per character cell: across, down."""
ASCII_MARKS = "*+xo#@%&"
"""What draws the curves in ASCII, so that they differ without colour."""

_PLAIN_FRAME = str.maketrans("┤├└┘┌┐┬┴┼─│", "|||++++++-|")
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_lock = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One curve in dots: x from the left, y from the bottom, both shape (n,), float64. NaN in y is a gap."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    series: int
    """From 0."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis, at a position in dots."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Characters of a picture: every row is `width` characters, each one terminal cell wide."""

    rows: tuple[str, ...]
    series: NDArray[np.uint8]
    """Shape (height, width): 1 + the curve a character belongs to; 0 for the frame and what is empty."""


def draw(
    width: int, height: int, lines: Sequence[Line], x_ticks: Sequence[Tick], y_ticks: Sequence[Tick], glyphs: Glyphs
) -> Cells:
    """The curves with an axis on the left and one below. `width` and `height` are those of the canvas inside them.

    The picture is as much wider as the longest label of `y_ticks` and one, and two rows higher; the canvas begins
    after them, in its first row. Labels of `y_ticks` must be of one width.
    """
    with _lock:
        text = _figure(width, height, lines, x_ticks, y_ticks, glyphs).build().string()
    gutter = max((len(tick.label) for tick in y_ticks), default=0) + 1
    return _cells(text, width + gutter, height + 2, glyphs)


def _figure(
    width: int, height: int, lines: Sequence[Line], x_ticks: Sequence[Tick], y_ticks: Sequence[Tick], glyphs: Glyphs
) -> Any:
    import plotext

    across, down = DOTS[glyphs]
    gutter = max((len(tick.label) for tick in y_ticks), default=0) + 1
    plotext.terminal.limit(False, False)  # else the size is clamped to the terminal's, or to 80 columns without one
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.canvas("default")
    figure.plot_size(width + gutter, height + 2)
    figure.axes(False, axis=[0, 1], side=[1])
    figure.legend(False)
    for axis, dots, ticks in ((0, width * across, x_ticks), (1, height * down, y_ticks)):
        ruler = figure.ruler(axis, 0)
        ruler.lim(0, dots)
        ruler.alignment(lim="edge")
        ruler.ticks([tick.at for tick in ticks], [tick.label for tick in ticks])
    marks = {"braille": "braille", "block": "hd"}
    for line in lines:
        marker = plotext.marker(
            marks.get(glyphs, ASCII_MARKS[line.series % len(ASCII_MARKS)]), pixel=plotext.pixel(foreground=line.series)
        )
        for start, end in _pieces(line.y):
            signal = figure.signal(line.x[start:end].tolist(), line.y[start:end].tolist(), marker=marker)
            # never density("full"): its kernel counts points one way and makes them another, and aborts the process
            figure.draw(signal.lines(True))
    return figure


def _pieces(y: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Half-open index ranges of the stretches without NaN."""
    there = np.concatenate(([False], ~np.isnan(y), [False]))
    edges = np.flatnonzero(there[1:] != there[:-1])
    return list(zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True))


def _cells(text: str, width: int, height: int, glyphs: Glyphs) -> Cells:
    series = np.zeros((height, width), dtype=np.uint8)
    rows = []
    for y, line in enumerate(text.split("\n")[:height]):
        row, current = "", 0
        # split() alternates text and the codes of the escape sequence behind it
        for index, part in enumerate(_SGR.split(line)):
            if index % 2:
                current = int(part.removeprefix("38;5;")) + 1 if part.startswith("38;5;") else 0
            else:
                series[y, len(row) : len(row) + len(part)] = current
                row += part
        row = row[:width].ljust(width)
        rows.append(row.translate(_PLAIN_FRAME) if glyphs == "ascii" else row)
    rows += [" " * width] * (height - len(rows))
    return Cells(tuple(rows), series)
