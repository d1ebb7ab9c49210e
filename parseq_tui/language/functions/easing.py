"""Transitions between two values: straight (`slide`) or along a CSS-style cubic Bézier curve (`bez`)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from parseq_tui.language.declarations import function, number, text
from parseq_tui.language.functions.interpolators import step_value
from parseq_tui.language.functions.timing import next_keyframe, next_keyframe_value
from parseq_tui.language.moment import Moment, each_distinct
from parseq_tui.language.values import Floats, Numbers

CATEGORY = "transitions"

Control: TypeAlias = "tuple[Numbers, Numbers, Numbers, Numbers]"

_SAMPLES = 10
_NEWTON_FROM_SLOPE = 0.001
_BISECTION_PRECISION = 1e-7

CURVES: dict[str, tuple[float, float, float, float]] = {
    "ease": (0.25, 0.1, 0.25, 1.0),
    "linear": (0.0, 0.0, 1.0, 1.0),
    **dict.fromkeys(("ease-in", "easeIn"), (0.42, 0.0, 1.0, 1.0)),
    **dict.fromkeys(("ease-out", "easeOut"), (0.0, 0.0, 0.58, 1.0)),
    **dict.fromkeys(("ease-in-out", "easeInOut"), (0.42, 0.0, 0.58, 1.0)),
    **dict.fromkeys(("step-start", "stepStart"), (0.0, 0.0, 0.0, 1.0)),
    **dict.fromkeys(("step-end", "stepEnd"), (1.0, 0.0, 1.0, 1.0)),
    **dict.fromkeys(("easeInSine", "easeIn1"), (0.12, 0.0, 0.39, 0.0)),
    **dict.fromkeys(("easeOutSine", "easeOut1"), (0.61, 1.0, 0.88, 1.0)),
    **dict.fromkeys(("easeInOutSine", "easeInOut1"), (0.37, 0.0, 0.63, 1.0)),
    **dict.fromkeys(("easeInQuad", "easeIn2"), (0.11, 0.0, 0.5, 0.0)),
    **dict.fromkeys(("easeOutQuad", "easeOut2"), (0.5, 1.0, 0.89, 1.0)),
    **dict.fromkeys(("easeInOutQuad", "easeInOut2"), (0.45, 0.0, 0.55, 1.0)),
    **dict.fromkeys(("easeInCubic", "easeIn3"), (0.32, 0.0, 0.67, 0.0)),
    **dict.fromkeys(("easeOutCubic", "easeOut3"), (0.33, 1.0, 0.68, 1.0)),
    **dict.fromkeys(("easeInOutCubic", "easeInOut3"), (0.65, 0.0, 0.35, 1.0)),
    **dict.fromkeys(("easeInQuart", "easeIn4"), (0.5, 0.0, 0.75, 0.0)),
    **dict.fromkeys(("easeOutQuart", "easeOut4"), (0.25, 1.0, 0.5, 1.0)),
    **dict.fromkeys(("easeInOutQuart", "easeInOut4"), (0.76, 0.0, 0.24, 1.0)),
    **dict.fromkeys(("easeInQuint", "easeIn5"), (0.64, 0.0, 0.78, 0.0)),
    **dict.fromkeys(("easeOutQuint", "easeOut5"), (0.22, 1.0, 0.36, 1.0)),
    **dict.fromkeys(("easeInOutQuint", "easeInOut5"), (0.83, 0.0, 0.17, 1.0)),
    **dict.fromkeys(("easeInExpo", "easeIn6"), (0.7, 0.0, 0.84, 0.0)),
    **dict.fromkeys(("easeOutExpo", "easeOut6"), (0.16, 1.0, 0.3, 1.0)),
    **dict.fromkeys(("easeInOutExpo", "easeInOut6"), (0.87, 0.0, 0.13, 1.0)),
    "easeInCirc": (0.55, 0.0, 1.0, 0.45),
    "easeOutCirc": (0.0, 0.55, 0.45, 1.0),
    "easeInOutCirc": (0.85, 0.0, 0.15, 1.0),
    "easeInBack": (0.36, 0.0, 0.66, -0.56),
    "easeOutBack": (0.34, 1.56, 0.64, 1.0),
    "easeInOutBack": (0.68, -0.6, 0.32, 1.6),
}
"""Named curves and their control points x1, y1, x2, y2."""


class _Cubic:
    """One coordinate of the curve over its parameter: ((a·t + b)·t + c)·t, for one curve or one per frame."""

    def __init__(self, first: Numbers, second: Numbers) -> None:
        self.a = 1 - 3 * second + 3 * first
        self.b = 3 * second - 6 * first
        self.c = 3 * first

    def at(self, t: Any) -> Any:
        return ((self.a * t + self.b) * t + self.c) * t

    def slope(self, t: Any) -> Any:
        return 3 * self.a * t * t + 2 * self.b * t + self.c

    def only(self, chosen: Any) -> _Cubic:
        part = _Cubic(0.0, 0.0)
        part.a, part.b, part.c = (v if np.ndim(v) == 0 else v[chosen] for v in (self.a, self.b, self.c))  # type: ignore[index]
        return part


def ease(x: Floats, control: Control) -> Floats:
    """Height of the Bézier curve at each horizontal position, shape of x. Control points: one each, or one per frame.

    Solved as browsers' scripts do (a table of ten samples in 32-bit floats, then four Newton steps or a loose
    bisection), because the error of that method shows around the 8th digit of existing documents.
    """
    x1, y1, x2, y2 = control
    height = _Cubic(y1, y2).at(_parameter(x, _Cubic(x1, x2)))
    height = np.where(x == 0, 0.0, np.where(x == 1, 1.0, height))
    straight = np.asarray((np.equal(x1, y1)) & (np.equal(x2, y2)))
    return np.where(straight, x, height) if straight.any() else height


def _parameter(x: Floats, across: _Cubic) -> Floats:
    """The curve parameter whose horizontal position is x."""
    index, low, high = _sampled(x, across)
    start = _STARTS[index]
    guess = start + (x - low) / (high - low) * 0.1
    slope = across.slope(guess)
    flat = ~(slope >= _NEWTON_FROM_SLOPE)
    t: Floats = _newton(x, guess, across)
    if flat.any():
        t = np.where(flat, guess, t)
        bisected = np.flatnonzero(flat & (slope != 0))
        t[bisected] = _bisect(x[bisected], start[bisected], across.only(bisected))
    return t


_STARTS = np.concatenate(([0.0], np.cumsum(np.full(_SAMPLES - 1, 0.1))))
"""Where the sampled stretches begin: accumulated, not i/10."""


def _sampled(x: Floats, across: _Cubic) -> tuple[NDArray[np.int64], Any, Any]:
    """The stretch between two samples of the curve that holds x, and the samples at its ends."""
    steps = np.arange(_SAMPLES + 1) * 0.1
    if np.ndim(across.a) == 0:
        samples = across.at(steps).astype(np.float32).astype(np.float64)
        # an undefined position is before all samples: it passes none of them
        index = np.searchsorted(samples[1:_SAMPLES], np.where(np.isnan(x), -np.inf, x), side="right")
        return index, samples[index], samples[index + 1]
    columns = np.stack([np.broadcast_to(across.at(step), x.shape) for step in steps])
    columns = columns.astype(np.float32).astype(np.float64)
    index = np.logical_and.accumulate(columns[1:_SAMPLES] <= x, axis=0).sum(axis=0)
    rows = np.arange(len(x))
    return index, columns[index, rows], columns[index + 1, rows]


def _newton(x: Floats, guess: Floats, across: _Cubic) -> Floats:
    t = guess
    for _ in range(4):
        slope = across.slope(t)
        step = (across.at(t) - x) / slope
        if not slope.all():
            step[slope == 0] = 0.0
        t = t - step
    return t


def _bisect(x: Floats, start: Floats, across: _Cubic) -> Floats:
    low, high = start, start + 0.1
    t = low
    going = np.ones(x.shape, dtype=bool)
    for _ in range(10):
        middle = low + (high - low) / 2
        t = np.where(going, middle, t)
        error = across.at(t) - x
        above = error > 0
        high = np.where(going & above, t, high)
        low = np.where(going & ~above, t, low)
        going = going & (np.abs(error) > _BISECTION_PRECISION)
    return t


def bezier(moment: Moment, control: Control, start: Numbers, end: Numbers, span: Numbers, offset: Numbers) -> Any:
    """A transition from `start` to `end` over `span` frames since the active keyframe (LANGUAGE §6.5)."""
    natural = np.divide(moment.frames - moment.active, span)
    position = np.atleast_1d(natural if np.all(np.abs(offset) >= 1) else np.where(np.abs(offset) < 1, offset, natural))
    shape = position.shape
    still = np.broadcast_to(np.equal(span, 0), shape)
    result = np.where(still, start, end)
    eased = np.flatnonzero(~still & ~(position > 1))
    if len(eased):
        points = tuple(value if isinstance(value, float) else np.broadcast_to(value, shape)[eased] for value in control)
        check_control_points(moment, points, eased)
        height = ease(position[eased], points)  # type: ignore[arg-type]
        first, last = (v if isinstance(v, float) else np.broadcast_to(v, shape)[eased] for v in (start, end))
        result[eased] = first + height * (last - first)
    return result if moment.count is not None else result[0]


def check_control_points(moment: Moment, points: tuple[Any, ...], eased: Any = slice(None)) -> None:
    """Fails at the first of the `eased` frames whose x1 or x2 is not between 0 and 1."""
    inside = np.ones(moment.count or 1, dtype=bool)
    for x in (points[0], points[2]):
        inside[eased] &= (x >= 0) & (x <= 1)
    moment.require(inside, "x1 and x2 must be between 0 and 1", "bezier-x-range", "y1 and y2 may go beyond")


def control_points(moment: Moment, points: Control, curve: Any) -> Control:
    """The named curve's control points, or `points` where the name is empty."""
    if isinstance(curve, str):
        return points if not curve else _named(moment, curve)

    def column(place: int) -> Any:
        return each_distinct(moment, curve, lambda name, at: _named(at, name)[place] if name else np.nan)

    x1, y1, x2, y2 = (np.where(curve == "", own, column(place)) for place, own in enumerate(points))
    return x1, y1, x2, y2


def _named(moment: Moment, curve: str) -> tuple[float, float, float, float]:
    if curve not in CURVES:
        moment.fail(f"there is no curve called {curve!r}", "unknown-curve", "known: " + ", ".join(CURVES))
    return CURVES[curve]


def _span(moment: Moment) -> Any:
    return next_keyframe(moment) - moment.active


CONTROL_PARAMETERS = (
    number("x1", help="first control point, 0 to 1", default=0.5),
    number("y1", help="height of the first control point", default=0),
    number("x2", help="second control point, 0 to 1", default=0.5),
    number("y2", help="height of the second control point", default=1),
)
_FROM = number("from", "start", "s", help="the value it starts at", default=step_value, shown="S")
_TO = number("to", "end", "t", help="the value it ends at", default=next_keyframe_value, shown="next_keyframe_value")
_IN = number("span", "in", "s", help="frames it takes", default=_span, shown="next_keyframe-active_keyframe")
_OFFSET = number("offset", "os", help="a position (inside −1 … 1) used instead of the frame's own", default=2)
CURVE = text("curve", "c", help="a named curve instead of control points", default="")


@function(
    "bez",
    *CONTROL_PARAMETERS,
    _FROM,
    _TO,
    _IN,
    _OFFSET,
    CURVE,
    number("d", "delta", help="how far it goes, instead of to", default=0),
    category=CATEGORY,
    help="moves to the next keyframe along a Bézier easing curve",
    example='bez(curve="easeInOut3")',
)
def bez(
    moment: Moment,
    x1: Numbers,
    y1: Numbers,
    x2: Numbers,
    y2: Numbers,
    start: Numbers,
    end: Numbers,
    span: Numbers,
    offset: Numbers,
    curve: Any,
    delta: Numbers,
) -> Any:
    control = control_points(moment, (x1, y1, x2, y2), curve)
    if not (isinstance(delta, float) and delta == 0):
        moves = (np.asarray(delta) != 0) & ~np.isnan(delta)
        end = np.where(moves, start + delta, end)
    return bezier(moment, control, start, end, span, offset)


@function(
    "slide",
    _FROM,
    _TO,
    _IN,
    _OFFSET,
    category=CATEGORY,
    help="moves to the next keyframe in a straight line",
    example="slide(in=1s)",
)
def slide(moment: Moment, start: Numbers, end: Numbers, span: Numbers, offset: Numbers) -> Any:
    since = moment.frames - moment.active
    position = np.where(np.abs(offset) < 1, offset * np.asarray(span), since)
    moving = start + np.divide(np.subtract(end, start), span) * position
    return np.where(np.equal(span, 0), start, np.where(since >= np.asarray(span), end, moving))
