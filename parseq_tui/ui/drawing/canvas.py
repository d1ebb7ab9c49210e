"""The frame around curves: an axis on the left, one below, their ticks and labels.

Invariant: labels never touch each other; a tick whose label has no room is left out with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parseq_tui.ui.drawing.raster import DOTS, Cells, Glyphs

_PLAIN_FRAME = str.maketrans("┤└┬─│", "||+-|")


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis, at a position in dots."""

    at: float
    label: str


def framed(curves: Cells, x_ticks: Sequence[Tick], y_ticks: Sequence[Tick], glyphs: Glyphs) -> Cells:
    """The picture with an axis on the left and one below: `gutter(y_ticks)` cells wider, two rows higher.

    Labels of `y_ticks` must be of one width.
    """
    height, width = curves.series.shape
    left, (across, down) = gutter(y_ticks), DOTS[glyphs]
    sides = [" " * (left - 1) + "│"] * height
    for tick in y_ticks:
        row = height - 1 - int(tick.at // down)
        if 0 <= row < height:
            sides[row] = tick.label + "┤"
    axis, labels = _below(width, [(int(tick.at // across), tick.label) for tick in x_ticks])
    below = (" " * (left - 1) + "└" + axis, " " * left + labels)
    if glyphs == "ascii":
        sides, below = [side.translate(_PLAIN_FRAME) for side in sides], (below[0].translate(_PLAIN_FRAME), below[1])
    rows = (side + painted for side, painted in zip(sides, curves.rows, strict=True))
    return Cells((*rows, *below), np.pad(curves.series, ((0, 2), (left, 0))))


def gutter(y_ticks: Sequence[Tick]) -> int:
    """Cells left of the canvas: the labels and the axis."""
    return max((len(tick.label) for tick in y_ticks), default=0) + 1


def _below(width: int, ticks: Sequence[tuple[int, str]]) -> tuple[str, str]:
    """The axis below the canvas and the line of its labels, each `width` cells; ticks (column, label) from the left."""
    axis, labels = ["─"] * width, ""
    for column, label in ticks:
        start = max(0, min(column - (len(label) - 1) // 2, width - len(label)))
        if 0 <= column < width and len(label) <= width and (not labels or start > len(labels)):
            axis[column] = "┬"
            labels = labels.ljust(start) + label
    return "".join(axis), labels.ljust(width)
