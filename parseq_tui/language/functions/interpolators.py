"""Curves through a field's keyframes: straight lines (L), steps (S), a natural cubic spline (C), a polynomial (P)."""

from __future__ import annotations

from typing import Any

import numpy as np

from parseq_tui.language.declarations import variable
from parseq_tui.language.moment import Moment, Points
from parseq_tui.language.values import Floats, Numbers

CATEGORY = "interpolation"

_POLYNOMIAL_WORK = 2e8
"""Elementary steps a polynomial may take; beyond that it would only overflow anyway."""


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


@variable("S", category=CATEGORY, help="the value of the last keyframe, held", example="S")
def step(moment: Moment) -> Any:
    return step_value(moment)


@variable(
    "C", category=CATEGORY, help="a smooth curve (natural cubic spline) through the field's keyframes", example="C"
)
def cubic(moment: Moment) -> Numbers:
    points = moment.run.points
    x, y = points.x, points.y
    if not len(y):
        return np.nan
    if len(x) == 1:
        return float(y[0])
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
    return result


def spline_slopes(x: Floats, y: Floats) -> Floats:
    """Slopes of the natural cubic spline at its points, shape (points,).

    The tridiagonal system (second derivative 0 at both ends), by the Thomas algorithm: time linear in the points.
    """
    if len(x) == 2:
        return np.full(2, (y[1] - y[0]) / (x[1] - x[0]))
    inverse = 1 / np.diff(x)
    pull = 3 * np.diff(y) * inverse * inverse
    diagonal = 2 * np.concatenate(([inverse[0]], inverse[:-1] + inverse[1:], [inverse[-1]]))
    right = np.concatenate(([pull[0]], pull[:-1] + pull[1:], [pull[-1]]))
    return np.array(_thomas(inverse.tolist(), diagonal.tolist(), right.tolist()))


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
            f"a polynomial through {len(x)} keyframes is not a usable curve",
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
