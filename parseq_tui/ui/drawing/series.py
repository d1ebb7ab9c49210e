"""Time series as curves: what a series says at every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.time_series import TimeSeries


def sampled(series: TimeSeries, table: FrameTable) -> NDArray[np.float64]:
    """The value of a series' alias at each frame of the table, shape (frames,), float64.

    A point takes effect only strictly after its position, as in formulas (LANGUAGE §12.2); an empty series is 0.
    """
    if not series.x.size:
        return np.zeros(table.frame_count)
    frames = table.frames.astype(np.float64)
    position = frames if series.unit == "frames" else frames / table.fps * 1000
    found = np.searchsorted(series.x, position, side="left")
    values: NDArray[np.float64] = series.y[np.clip(found - 1, 0, series.y.size - 1)]
    return values
