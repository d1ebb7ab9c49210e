"""Many values on few dot columns: what a curve of any length needs to be drawn exactly as far as the eye can tell.

Owns the mapping from frames to dot columns: of `n` frames on `columns` dots, frame `i` lies at (i + ½)·columns/n.
Invariant: the lowest and the highest value of every dot column are kept, so a spike of one frame is never lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def dot_of(frame: float, first: float, count: float, columns: int) -> float:
    """Where a frame lies on `columns` dots that show `count` frames from `first` on. Outside: below 0, or ≥ columns."""
    return (frame - first + 0.5) * columns / count


def extremes(values: Floats, columns: int) -> tuple[Floats, Floats]:
    """Lowest and highest value on each dot column, both shape (columns,); NaN where nothing is to be drawn.

    Where frames are fewer than columns, values between two frames lie on the straight line between them. NaN and
    ±inf cannot be drawn and leave a gap.
    """
    drawable = np.where(np.isfinite(values), values, np.nan)
    if not drawable.size:
        return np.full(columns, np.nan), np.full(columns, np.nan)
    if drawable.size <= columns:
        between = _between(drawable, columns)
        return between, between.copy()
    starts = column_starts(drawable.size, columns)
    return np.fmin.reduceat(drawable, starts), np.fmax.reduceat(drawable, starts)


def connected(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The same columns grown towards their neighbours, half way each, so that the curve has no holes."""
    low_next, high_next = np.append(low[1:], np.nan), np.append(high[1:], np.nan)
    low_before, high_before = np.append(np.nan, low[:-1]), np.append(np.nan, high[:-1])
    # halves are added, not values, so that the largest numbers do not overflow
    up = np.fmax(high / 2 + low_next / 2, high / 2 + low_before / 2)
    down = np.fmin(low / 2 + high_next / 2, low / 2 + high_before / 2)
    gap = np.isnan(low)
    return np.where(gap, np.nan, np.fmin(low, down)), np.where(gap, np.nan, np.fmax(high, up))


def column_starts(count: int, columns: int) -> NDArray[np.intp]:
    """Index of the first frame of each dot column, shape (columns,); needs columns ≤ count, so that none is empty."""
    # the least i with (i + ½)·columns/count ≥ column, in whole numbers: a rounded border would be another than dot_of's
    starts: NDArray[np.intp] = -((columns - 2 * count * np.arange(columns, dtype=np.intp)) // (2 * columns))
    return starts.clip(0, count - 1)


def _between(values: Floats, columns: int) -> Floats:
    """Straight lines between neighbours that are both there; a value without neighbours keeps its own column."""
    count = values.size
    position = (np.arange(columns) + 0.5) * count / columns - 0.5
    left = np.floor(position).astype(np.intp).clip(0, count - 1)
    right = np.minimum(left + 1, count - 1)
    share = np.clip(position - left, 0.0, 1.0)
    shown: Floats = np.where(share > 0, values[left] * (1 - share) + values[right] * share, values[left])
    # the columns of the frames themselves hold their exact values, so that every extreme is there
    own = np.floor((np.arange(count) + 0.5) * columns / count).astype(np.intp)
    shown[own] = values
    return shown
