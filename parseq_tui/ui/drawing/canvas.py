"""The only module that talks to plotext: a frame of axes, ticks and labels around curves.

plotext draws on one figure per process: a lock keeps builds apart, and callers stay off the event loop.

The curves themselves are painted by `drawing.raster`: plotext's kernel takes 130 ms of processor time for four dense
curves where that takes 5, and its dense lines end the whole process with a failed assertion when a curve leaves the
canvas (plotext 6.1.0, `density("full")`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np

from parseq_tui.ui.drawing.raster import DOTS, Cells, Glyphs

_PLAIN_FRAME = str.maketrans("┤├└┘┌┐┬┴┼─│", "|||++++++-|")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis, at a position in dots."""

    at: float
    label: str


def framed(
    curves: Cells, x_ticks: Sequence[Tick], y_ticks: Sequence[Tick], glyphs: Glyphs, axis_rows: int = 2
) -> Cells:
    """The picture with an axis on the left and one below: `gutter(y_ticks)` cells wider, `axis_rows` higher.

    Labels of `y_ticks` must be of one width. An axis of one row has its labels on its line.
    """
    height, width = curves.series.shape
    left = gutter(y_ticks)
    with _lock:
        frame = _ESCAPES.sub("", _figure(width, height, x_ticks, y_ticks, glyphs).build().string()).split("\n")
    rows = [row[: left + width].ljust(left + width) for row in (*frame, *[""] * (height + 2))][: height + 2]
    if glyphs == "ascii":
        rows = [row.translate(_PLAIN_FRAME) for row in rows]
    if axis_rows == 1:
        line, labels = rows[height:]
        rows[height:] = ["".join(under if over == " " else over for under, over in zip(line, labels, strict=True))]
    inside = (row[:left] + painted for row, painted in zip(rows, curves.rows, strict=False))
    return Cells((*inside, *rows[height:]), np.pad(curves.series, ((0, axis_rows), (left, 0))))


def gutter(y_ticks: Sequence[Tick]) -> int:
    """Cells left of the canvas: the labels and the axis."""
    return max((len(tick.label) for tick in y_ticks), default=0) + 1


def _figure(width: int, height: int, x_ticks: Sequence[Tick], y_ticks: Sequence[Tick], glyphs: Glyphs) -> Any:
    plotext = _plotext()
    across, down = DOTS[glyphs]
    plotext.terminal.limit(False, False)  # else the size is clamped to the terminal's, or to 80 columns without one
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.canvas("default")
    figure.plot_size(width + gutter(y_ticks), height + 2)
    figure.axes(False, axis=[0, 1], side=[1])
    figure.legend(False)
    for axis, dots, ticks in ((0, width * across, x_ticks), (1, height * down, y_ticks)):
        ruler = figure.ruler(axis, 0)
        ruler.lim(0, dots)
        ruler.alignment(lim="edge")
        ruler.ticks([tick.at for tick in ticks], [tick.label for tick in ticks])
    return figure


def _plotext() -> Any:
    """plotext without what it loads for others: Pillow, its manual, its tests, four fifths of the time it takes."""
    if "plotext" in sys.modules:
        return sys.modules["plotext"]
    spared: dict[str, Any] = {name: ModuleType(name) for name in ("plotext._doc.doc", "plotext._tests.run")}
    spared["plotext._doc.doc"].docs = spared["plotext._tests.run"].test = None
    if "PIL" not in sys.modules:
        spared["PIL"] = None
    sys.modules.update(spared)
    try:
        import plotext
    finally:
        for name in spared:
            del sys.modules[name]
    return plotext
