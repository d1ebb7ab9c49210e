"""Keyframes that can be taken hold of in a chart: which is under the mouse, and where it goes when dropped."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from parseq_tui.ui.drawing.plot import Chart, Curve

_REACH = 1
"""Cells around a mark in which it is still meant."""


@dataclass(frozen=True, slots=True)
class Grip:
    """A keyframe of a curve. Frames are indices from 0."""

    field: str
    frame: int
    value: float


def grip_at(chart: Chart, column: int, row: int) -> Grip | None:
    """The keyframe whose mark is nearest to a cell of the picture, the curve on top first; None if none is near."""
    best: tuple[int, Grip] | None = None
    order = sorted(range(len(chart.request.curves)), key=lambda index: index != chart.request.axis_of)
    for index in order:
        curve = chart.request.curves[index]
        for frame in curve.keyframes.tolist():
            at = mark_cell(chart, curve, index, frame)
            if at is None:
                continue
            distance = max(abs(at[0] - column), abs(at[1] - row))
            if distance <= _REACH and (best is None or distance < best[0]):
                best = (distance, Grip(curve.name, frame, float(curve.values[frame])))
    return None if best is None else best[1]


def mark_cell(chart: Chart, curve: Curve, index: int, frame: int) -> tuple[int, int] | None:
    """Column and row of the picture in which a keyframe's mark stands; None if it is not shown."""
    column = chart.column_of(frame)
    if column is None or not np.isfinite(curve.values[frame]):
        return None
    return column, chart.row_of(index, float(curve.values[frame]))


@dataclass(frozen=True, slots=True)
class Drag:
    """A keyframe that is held, and the cell of the picture where it was taken hold of.

    The picture is the one that was there then: what is tried out meanwhile may change the scale, not the hand's.
    """

    chart: Chart
    grip: Grip
    column: int
    row: int

    def moved_to(self, column: int, row: int) -> tuple[int, float]:
        """Frame (index from 0) and value with the mouse there; only the way counts, so nothing jumps at first.

        Rows above and below the picture go on beyond its scale. The value is as exact as a row can tell.
        """
        chart = self.chart
        index = next(index for index, curve in enumerate(chart.request.curves) if curve.name == self.grip.field)
        last = chart.request.curves[index].values.size - 1
        frame = self.grip.frame + chart.frame_at(column) - chart.frame_at(self.column)
        if row == self.row:
            return min(max(frame, 0), last), self.grip.value
        scale = chart.scales[index]
        per_row = (scale.high - scale.low) / chart.canvas_height
        return min(max(frame, 0), last), rounded(self.grip.value + (self.row - row) * per_row, per_row)


def step_of(chart: Chart, field: str) -> float:
    """A hundredth of the range of a curve's scale, as 1, 2 or 5 times a power of ten: what one nudge changes."""
    index = next(index for index, curve in enumerate(chart.request.curves) if curve.name == field)
    span = (chart.scales[index].high - chart.scales[index].low) / 100
    power = 10.0 ** math.floor(math.log10(span))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span * 0.999)


def rounded(value: float, step: float) -> float:
    """The value with as many decimals as a step of this size can tell apart."""
    if not (math.isfinite(value) and math.isfinite(step)) or step <= 0:
        return value
    return round(value, max(0, 1 - math.floor(math.log10(step))))
