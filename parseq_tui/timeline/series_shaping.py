"""What may be done to a time series when it is taken in (LANGUAGE §12.1): smooth, drop, clamp, scale it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from parseq_tui.language.values import Floats
from parseq_tui.timeline.time_series import TimeSeries

Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shaping:
    """Steps in the order in which they are done; those left out do nothing."""

    absolute: bool = False
    """Take values without their sign."""
    smooth: int = 1
    """Points of a moving average."""
    keep: Bounds | None = None
    """Drop points outside."""
    limit: Bounds | None = None
    """Clamp values to these."""
    scale: Bounds | None = None
    """Stretch values so that the least and the greatest are these; a flat series becomes the first."""


def shaped(series: TimeSeries, shaping: Shaping) -> TimeSeries:
    """The series with these steps done. It may have fewer points, even none."""
    x, y = series.x, series.y
    if shaping.absolute:
        y = np.abs(y)
    if shaping.smooth > 1:
        y = _moving_average(y, shaping.smooth)
    if shaping.keep is not None:
        inside = (y >= shaping.keep[0]) & (y <= shaping.keep[1])
        x, y = x[inside], y[inside]
    if shaping.limit is not None:
        y = np.clip(y, *shaping.limit)
    if shaping.scale is not None and len(y):
        y = _scaled(y, *shaping.scale)
    return replace(series, x=x, y=y, origin=None)


def _moving_average(y: Floats, width: int) -> Floats:
    """Means of [i - width // 2, i + width // 2) cut at the ends, without the right end itself (LANGUAGE §12.1)."""
    half = width // 2
    sums = np.concatenate(([0.0], np.cumsum(y)))
    places = np.arange(len(y))
    first, stop = np.maximum(places - half, 0), np.minimum(places + half, len(y))
    return np.asarray((sums[stop] - sums[first]) / (stop - first), np.float64)


def _scaled(y: Floats, low: float, high: float) -> Floats:
    least, greatest = float(y.min()), float(y.max())
    if least == greatest:
        return np.full(len(y), low)
    return np.asarray(low + (y - least) / (greatest - least) * (high - low), np.float64)
