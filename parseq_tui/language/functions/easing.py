"""Transitions between two values: straight (`slide`) or along a CSS-style cubic Bézier curve (`bez`)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from parseq_tui.language.functions.interpolators import step_value
from parseq_tui.language.functions.timing import next_keyframe, next_keyframe_value
from parseq_tui.language.moment import Moment, each_distinct
from parseq_tui.language.registry import function, number, text
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


def _polynomial(t: Any, first: Any, second: Any) -> Any:
    return (((1 - 3 * second + 3 * first) * t + (3 * second - 6 * first)) * t + 3 * first) * t


def _slope(t: Any, first: Any, second: Any) -> Any:
    return 3 * (1 - 3 * second + 3 * first) * t * t + 2 * (3 * second - 6 * first) * t + 3 * first


def ease(x: Floats, control: Control) -> Floats:
    """Height of the Bézier curve at each horizontal position, shape of x.

    Solved as browsers' scripts do (a table of ten samples in 32-bit floats, then four Newton steps or a loose
    bisection), because the error of that method shows around the 8th digit of existing documents.
    """
    x1, y1, x2, y2 = (np.broadcast_to(np.asarray(value, dtype=np.float64), x.shape) for value in control)
    result = np.asarray(_polynomial(_parameter(x, x1, x2), y1, y2))
    result = np.where(x == 0, 0.0, np.where(x == 1, 1.0, result))
    return np.where((x1 == y1) & (x2 == y2), x, result)


def _parameter(x: Floats, x1: Floats, x2: Floats) -> Floats:
    """The curve parameter whose horizontal position is x."""
    starts = np.zeros(_SAMPLES)
    for i in range(1, _SAMPLES):
        starts[i] = starts[i - 1] + 0.1  # accumulated, not i/10
    samples = [_polynomial(i * 0.1, x1, x2).astype(np.float32).astype(np.float64) for i in range(_SAMPLES + 1)]
    index = np.zeros(x.shape, dtype=np.int64)
    passed = np.ones(x.shape, dtype=bool)
    for i in range(1, _SAMPLES):
        passed &= samples[i] <= x
        index += passed
    low, high = (np.choose(index + shift, samples) for shift in (0, 1))
    start = starts[index]
    guess = start + (x - low) / (high - low) * 0.1
    slope = _slope(guess, x1, x2)
    t = np.where(slope >= _NEWTON_FROM_SLOPE, _newton(x, guess, x1, x2), guess)
    flat = (slope < _NEWTON_FROM_SLOPE) & (slope != 0)
    if flat.any():
        t[flat] = _bisect(x[flat], start[flat], x1[flat], x2[flat])
    return t


def _newton(x: Floats, guess: Floats, x1: Floats, x2: Floats) -> Floats:
    t = guess
    for _ in range(4):
        slope = _slope(t, x1, x2)
        t = np.where(slope == 0, t, t - (_polynomial(t, x1, x2) - x) / slope)
    return t


def _bisect(x: Floats, start: Floats, x1: Floats, x2: Floats) -> Floats:
    low, high = start, start + 0.1
    t = low
    going = np.ones(x.shape, dtype=bool)
    for _ in range(10):
        middle = low + (high - low) / 2
        t = np.where(going, middle, t)
        error = _polynomial(t, x1, x2) - x
        above = error > 0
        high = np.where(going & above, t, high)
        low = np.where(going & ~above, t, low)
        going = going & (np.abs(error) > _BISECTION_PRECISION)
    return t


def bezier(moment: Moment, control: Control, start: Numbers, end: Numbers, span: Numbers, offset: Numbers) -> Any:
    """A transition from `start` to `end` over `span` frames since the active keyframe (LANGUAGE §6.5)."""
    since = moment.frames - moment.active
    position = np.where(np.abs(offset) < 1, offset, np.divide(since, span))
    shape = position.shape
    eased = (np.broadcast_to(span, shape) != 0) & ~(position > 1)
    result = np.where(np.broadcast_to(span, shape) == 0, start, end).astype(np.float64)
    if not eased.any():
        return result
    if moment.count is None:
        chosen: Any = ()
    else:
        chosen = slice(None) if eased.all() else np.flatnonzero(eased)
    picked: Any = tuple(np.broadcast_to(value, shape)[chosen] for value in control)
    for x in (picked[0], picked[2]):
        inside = np.ones(shape, dtype=bool)
        inside[chosen] = (x >= 0) & (x <= 1)
        moment.require(inside, "x1 and x2 must be between 0 and 1", "bezier-x-range", "y1 and y2 may go beyond")
    # scalars stay scalars: the curve is then sampled once, not once per frame
    flat: Any = tuple(
        value if np.ndim(value) == 0 else np.atleast_1d(part) for value, part in zip(control, picked, strict=True)
    )
    height = ease(np.atleast_1d(position[chosen]), flat)
    first, last = (np.broadcast_to(value, shape)[chosen] for value in (start, end))
    result[chosen] = (first + height * (last - first)).reshape(np.shape(first))
    return result


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
