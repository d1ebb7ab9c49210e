"""Curves through a field's keyframes: straight lines (L), steps (S), a natural cubic spline (C), a polynomial (P)."""

from __future__ import annotations

from typing import Any

import numpy as np

from parseq_tui.errors import counted
from parseq_tui.language.declarations import variable
from parseq_tui.language.moment import Moment, Points
from parseq_tui.language.values import Floats, Numbers

CATEGORY = "interpolation"

_POLYNOMIAL_WORK = 2e8
"""Elementary steps a polynomial may take; beyond that it would only overflow anyway."""
_MOST_ELIMINATED = 300
"""Keyframes of a curve with two on one frame, whose slopes take the cube of their number to find."""


@variable("L", category=CATEGORY, help="straight lines between the field's keyframes", example="L")
def linear(moment: Moment) -> Numbers:
    points = moment.run.points
    if not len(points.y):
        return np.nan
    if len(points.x) == 1:
        return float(points.y[0])
    slopes, offsets = _lines(points)
    segment = np.maximum(np.minimum(moment.before, len(slopes) - 1), 0)
    return slopes[segment] * moment.frames + offsets[segment]  # type: ignore[no-any-return]


def _lines(points: Points) -> tuple[Floats, Floats]:
    """Slope and offset of each segment; y = a·f + (y0 − a·x0), the form whose rounding documents were made with."""
    if "lines" not in points.cache:
        slopes = np.diff(points.y) / np.diff(points.x)
        points.cache["lines"] = (slopes, -slopes * points.x[:-1] + points.y[:-1])
    lines: tuple[Floats, Floats] = points.cache["lines"]
    return lines


@variable("S", category=CATEGORY, help="the value of the last keyframe, held", example="S")
def step_value(moment: Moment) -> Any:
    """The value of the last keyframe at or before each frame."""
    points = moment.run.points
    if not len(points.y):
        moment.fail(
            "there is no keyframe value here",
            "no-keyframe-values",
            "in a prompt, S and the defaults of from and to have no meaning: give from= and to=, or name a field",
        )
    held = np.maximum(moment.before, 0)
    if moment.around.rules == "2022" and len(points.y) > 1:
        held = np.minimum(held, len(points.y) - 2)  # that program held the last step through the last frame
    return points.y[held]


@variable(
    "C", category=CATEGORY, help="a smooth curve (natural cubic spline) through the field's keyframes", example="C"
)
def cubic(moment: Moment) -> Numbers:
    points = moment.run.points
    x, y = points.x, points.y
    if not len(y):
        return np.nan
    if len(x) == 1:
        return np.nan if moment.around.as_parseq else float(y[0])
    if "slopes" not in points.cache:
        points.cache["slopes"] = spline_slopes(x, y)
    k = points.cache["slopes"]
    # the segment that ends at or after the frame, as the reference chooses it
    left = np.clip(np.searchsorted(x, moment.frames, side="left") - 1, 0, len(x) - 2)
    width, rise = x[left + 1] - x[left], y[left + 1] - y[left]
    t = (moment.frames - x[left]) / width
    a = k[left] * width - rise
    b = -k[left + 1] * width + rise
    result: Numbers = (1 - t) * y[left] + t * y[left + 1] + t * (1 - t) * (a * (1 - t) + b * t)
    if moment.around.as_parseq:  # its curve ends at the last keyframe, its lines go on
        return np.where(moment.frames > x[-1], np.nan, result)
    return result


def spline_slopes(x: Floats, y: Floats) -> Floats:
    """Slopes of the natural cubic spline at its points, shape (points,).

    The tridiagonal system (second derivative 0 at both ends), by the Thomas algorithm: time linear in the points.
    """
    if len(x) == 2:
        return np.full(2, (y[1] - y[0]) / (x[1] - x[0]))
    inverse = 1 / np.diff(x)
    if np.isinf(inverse).any() and len(x) <= _MOST_ELIMINATED:
        return _slopes_beside_doubles(np.diff(x), np.diff(y))
    pull = 3 * np.diff(y) * inverse * inverse
    diagonal = 2 * np.concatenate(([inverse[0]], inverse[:-1] + inverse[1:], [inverse[-1]]))
    right = np.concatenate(([pull[0]], pull[:-1] + pull[1:], [pull[-1]]))
    return np.array(_thomas(inverse.tolist(), diagonal.tolist(), right.tolist()))


def _slopes_beside_doubles(width: Floats, rise: Floats) -> Floats:
    """The slopes where two keyframes share a frame, which no natural spline has.

    Documents have the values that the reference's elimination gives then (LANGUAGE §7.3): the unusable rows spread over
    what comes near them, an unknown without a usable pivot becomes 0, and curves farther away stay as they are.
    """
    last = len(width)
    system = np.zeros((last + 1, last + 2))
    for row in range(last + 1):
        for neighbour, segment in ((row - 1, row - 1), (row + 1, row)):
            if 0 <= neighbour <= last:
                system[row, neighbour] = 1 / width[segment]
                system[row, row] += 1 / width[segment]
                system[row, -1] += rise[segment] / (width[segment] * width[segment])
        system[row, row] *= 2
        system[row, -1] *= 3
    return _eliminated(system)


def _eliminated(system: Floats) -> Floats:
    """Gauss's elimination with the reference's choice of pivots: the largest, or the first row if none is a number."""
    count = len(system)
    row = column = 0
    while row < count and column <= count:
        sizes = np.abs(system[row:, column])
        usable = sizes > -np.inf
        pivot = row + int(np.argmax(np.where(usable, sizes, -1.0))) if usable.any() else 0
        if system[pivot, column] == 0:
            column += 1
            continue
        system[[row, pivot]] = system[[pivot, row]]
        factors = system[row + 1 :, column] / system[row, column]
        system[row + 1 :, column] = 0
        system[row + 1 :, column + 1 :] -= factors[:, None] * system[row, column + 1 :]
        row += 1
        column += 1
    slopes = np.zeros(count)
    for index in range(count - 1, -1, -1):
        diagonal = system[index, index]
        if diagonal == diagonal and diagonal:
            slopes[index] = system[index, -1] / diagonal
        system[:index, -1] -= system[:index, index] * slopes[index]
    return slopes


def _thomas(off: list[float], diagonal: list[float], right: list[float]) -> list[float]:
    """Solves a symmetric tridiagonal system; plain floats, because the recurrence cannot be an array operation."""
    ratio = off[0] / diagonal[0]
    value = right[0] / diagonal[0]
    ratios, values = [ratio], [value]
    for below, above, middle, target in zip(off, [*off[1:], 0.0], diagonal[1:], right[1:], strict=True):
        pivot = middle - below * ratio
        ratio = above / pivot
        value = (target - below * value) / pivot
        ratios.append(ratio)
        values.append(value)
    for index in range(len(values) - 2, -1, -1):
        values[index] -= ratios[index] * values[index + 1]
    return values


@variable(
    "P", category=CATEGORY, help="the polynomial through all of the field's keyframes (few of them!)", example="P"
)
def polynomial(moment: Moment) -> Any:
    """Neville's scheme: exact for few points, explodes with many, as polynomials do."""
    x, y = moment.run.points.x, moment.run.points.y
    if not len(y):
        return np.nan
    if len(x) ** 2 / 2 * (moment.count or 1) > _POLYNOMIAL_WORK:
        moment.fail(
            f"a polynomial through {counted(len(x), 'keyframe')} is not a usable curve",
            "too-many-keyframes",
            "use C, the smooth curve, instead of P",
        )
    columns = [np.full(np.shape(moment.frames), value) for value in y]
    for level in range(1, len(x)):
        for i in range(len(x) - level):
            left, right = x[i], x[i + level]
            columns[i] = ((moment.frames - right) * columns[i] - (moment.frames - left) * columns[i + 1]) / (
                left - right
            )
    return columns[0]
