"""A whole curve on one row: for column heads, help, and lists.

>>> sparkline(np.array([0.0, 1.0, 0.0]), 3, "ascii")
'_^_'
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parseq_tui.ui.drawing.decimate import connected, extremes
from parseq_tui.ui.drawing.raster import Glyphs, Span, paint
from parseq_tui.ui.drawing.scales import scale_of

BLOCKS = "▁▂▃▄▅▆▇█"
LEVELS = "_.-'^"
"""Low to high in ASCII."""


def sparkline(values: NDArray[np.float64], width: int, glyphs: Glyphs = "braille") -> str:
    """`width` characters for any number of values; what is not finite leaves a gap."""
    if width <= 0 or not np.isfinite(values).any():
        return " " * max(0, width)
    fraction = scale_of([values]).fraction(values)
    if glyphs == "braille":
        low, high = connected(*extremes(fraction, 2 * width))
        return paint(width, 1, [Span(0.5 + 3 * low, 0.5 + 3 * high, 0)], glyphs).rows[0]
    levels = BLOCKS if glyphs == "block" else LEVELS
    shown = _farthest(fraction, width)
    return "".join(
        " " if np.isnan(value) else levels[min(int(value * len(levels)), len(levels) - 1)] for value in shown
    )


def _farthest(fraction: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Per column the value farthest from the usual one, so that spikes up and down both show."""
    low, high = extremes(fraction, width)
    finite = fraction[np.isfinite(fraction)]
    # the median: numpy's own loads its masked arrays for it, 13 ms in the middle of a paint
    usual = float(np.partition(finite, finite.size // 2)[finite.size // 2])
    return np.where(np.abs(low - usual) > np.abs(high - usual), low, high)
