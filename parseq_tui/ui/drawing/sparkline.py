"""A whole curve on one row: for column heads, help, and lists.

>>> sparkline(np.array([0.0, 1.0, 0.0]), 3, "ascii")
'_^_'
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parseq_tui.ui.drawing.canvas import Glyphs
from parseq_tui.ui.drawing.decimate import minmax
from parseq_tui.ui.drawing.scales import scale_of

BLOCKS = "▁▂▃▄▅▆▇█"
LEVELS = "_.-'^"
"""Low to high in ASCII."""
_BRAILLE_BITS = np.array([[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]], dtype=np.int64)
"""Bit of a dot by column (left, right) and height (from the bottom)."""


def sparkline(values: NDArray[np.float64], width: int, glyphs: Glyphs = "braille") -> str:
    """`width` characters for any number of values; what is not finite leaves a gap."""
    if width <= 0 or not np.isfinite(values).any():
        return " " * max(0, width)
    fraction = scale_of([values]).fraction(values)
    if glyphs == "braille":
        return _braille(fraction, width)
    levels = BLOCKS if glyphs == "block" else LEVELS
    highest = _extreme(fraction, width)
    return "".join(" " if np.isnan(high) else levels[min(int(high * len(levels)), len(levels) - 1)] for high in highest)


def _extreme(fraction: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Per column the value farthest from the usual one, so that spikes up and down both show."""
    x, y = minmax(fraction, width)
    usual = float(np.nanmedian(fraction))
    result = np.full(width, np.nan)
    for column, value in zip(x.astype(int).clip(0, width - 1).tolist(), y.tolist(), strict=True):
        if np.isnan(result[column]) or abs(value - usual) > abs(result[column] - usual):
            result[column] = value
    if fraction.size < width:
        result = fraction[(np.arange(width) * fraction.size) // width]
    return result


def _braille(fraction: NDArray[np.float64], width: int) -> str:
    dots = 2 * width
    x, y = minmax(fraction, dots) if fraction.size > dots else _stretched(fraction, dots)
    columns = x.astype(int).clip(0, dots - 1)
    lows, highs = np.full(dots, 99), np.full(dots, -1)
    heights = np.nan_to_num(y * 3.999).astype(int)
    there = ~np.isnan(y)
    np.minimum.at(lows, columns[there], heights[there])
    np.maximum.at(highs, columns[there], heights[there])
    level = np.arange(4)
    lit = (level >= lows[:, None]) & (level <= highs[:, None])
    codes = (lit.reshape(width, 2, 4) * _BRAILLE_BITS).sum(axis=(1, 2))
    return "".join(chr(0x2800 + code) if code else " " for code in codes.tolist())


def _stretched(fraction: NDArray[np.float64], dots: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = np.arange(dots, dtype=np.float64) + 0.5
    return at, fraction[(np.arange(dots) * fraction.size) // dots]
