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


def minmax(values: Floats, columns: int) -> tuple[Floats, Floats]:
    """Points (x in dots, y) of the polyline that shows `values` (shape (n,)) on `columns` dot columns.

    At most two points per column, the column's extremes in the order in which they occur. NaN and ±inf cannot be
    drawn: they are left out, and where a whole column (or a frame, if frames are fewer than columns) has nothing
    else, y is NaN, which means a gap.
    """
    count = values.size
    drawable = np.where(np.isfinite(values), values, np.nan)
    if count <= columns:
        return (np.arange(count) + 0.5) * columns / max(1, count), drawable
    starts = column_starts(count, columns)
    lowest, highest = np.fmin.reduceat(drawable, starts), np.fmax.reduceat(drawable, starts)
    lengths = np.diff(starts, append=count)
    index = np.arange(count)
    first_low = np.minimum.reduceat(np.where(drawable == np.repeat(lowest, lengths), index, count), starts)
    first_high = np.minimum.reduceat(np.where(drawable == np.repeat(highest, lengths), index, count), starts)
    falling = first_high < first_low
    x = np.repeat(np.arange(columns) + 0.5, 2)
    y = np.empty(2 * columns)
    y[0::2] = np.where(falling, highest, lowest)
    y[1::2] = np.where(falling, lowest, highest)
    keep = np.ones(2 * columns, dtype=bool)
    keep[1::2] = y[0::2] != y[1::2]
    keep[1::2] &= ~np.isnan(y[1::2])
    return x[keep], y[keep]


def column_starts(count: int, columns: int) -> NDArray[np.intp]:
    """Index of the first frame of each dot column, shape (columns,); needs columns ≤ count, so that none is empty."""
    starts: NDArray[np.intp] = np.ceil(np.arange(columns) * (count / columns) - 0.5).astype(np.intp)
    return starts.clip(0, count - 1)
