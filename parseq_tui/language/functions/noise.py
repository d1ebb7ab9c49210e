"""Smooth noise over the frame number, bit for bit that which existing documents were made with (LANGUAGE §6.6).

A call keeps nothing but the seed of its first frame.
"""

from __future__ import annotations

import math
import zlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parseq_tui.language.declarations import function, number
from parseq_tui.language.functions.permutation import PERMUTATION
from parseq_tui.language.functions.randomness import CATEGORY, MAXIMUM, MINIMUM, SEED
from parseq_tui.language.moment import Moment, Site
from parseq_tui.language.values import Floats, Numbers

_SMOOTH = number("smooth", "sm", help="how slowly it moves: 1 is ragged, 100 smooth", default=10)
_Y = number("y", help="second coordinate: another path through the same noise", default=0)

_GRADIENTS = np.array(
    [(1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (0, 1), (0, -1)],
    dtype=np.float64,
)
_SKEW = 0.5 * (math.sqrt(3) - 1)
_UNSKEW = (3 - math.sqrt(3)) / 6


class NoiseField:
    """Two-dimensional gradient noise (noisejs 2) for one seed."""

    def __init__(self, bits: int) -> None:
        permutation = np.frombuffer(PERMUTATION, np.uint8).astype(np.int64)
        permutation ^= np.where(np.arange(256) & 1, bits & 255, bits >> 8)
        self.permutation: NDArray[np.int64] = np.concatenate((permutation, permutation)).astype(np.int64)
        self.across, self.down = np.ascontiguousarray(_GRADIENTS[self.permutation % 12].T)

    def _corner(self, i: NDArray[np.int64], j: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        """The gradient of a grid corner times the way to it."""
        place = i + self.permutation[j]
        product: Floats = self.across[place] * x + self.down[place] * y
        return product

    def simplex(self, x: Floats, y: Floats) -> Floats:
        """Simplex noise, about −1 to 1 (Gustavson, "Simplex noise demystified", 2005)."""
        skew = (x + y) * _SKEW
        i, j = np.floor(x + skew), np.floor(y + skew)
        t = (i + j) * _UNSKEW
        x0, y0 = x - i + t, y - j + t
        right = x0 > y0
        corners = (
            (x0, y0, 0, 0),
            (x0 - right + _UNSKEW, y0 - ~right + _UNSKEW, right, ~right),
            (x0 - 1 + 2 * _UNSKEW, y0 - 1 + 2 * _UNSKEW, 1, 1),
        )
        column, row = _cell(i), _cell(j)
        total = np.zeros(np.shape(x))
        for dx, dy, di, dj in corners:
            falloff = 0.5 - dx * dx - dy * dy
            total = total + np.where(
                falloff < 0, 0.0, (falloff * falloff) ** 2 * self._corner(column + di, row + dj, dx, dy)
            )
        return 70 * total

    def perlin(self, x: Floats, y: Floats) -> Floats:
        """Classic gradient noise with the improved fade (Perlin 2002)."""
        i, j = np.floor(x), np.floor(y)
        x, y = x - i, y - j
        column, row = _cell(i), _cell(j)
        u, v = _fade(x), _fade(y)
        top = (1 - u) * self._corner(column, row, x, y) + u * self._corner(column + 1, row, x - 1, y)
        bottom = (1 - u) * self._corner(column, row + 1, x, y - 1) + u * self._corner(column + 1, row + 1, x - 1, y - 1)
        result: Floats = (1 - v) * top + v * bottom
        return result


def _cell(index: Any) -> NDArray[np.int64]:
    return np.where(np.isfinite(index), index, 0.0).astype(np.int64) & 255


def _fade(t: Floats) -> Floats:
    faded: Floats = t * t * t * (t * (t * 6 - 15) + 10)
    return faded


@lru_cache(maxsize=64)
def noise_field(bits: int) -> NoiseField:
    """The noise of a seed's 16 bits; made once."""
    return NoiseField(bits)


def _noise_bits(seed: float) -> int:
    """The 16 bits of a seed that noise depends on."""
    if not math.isfinite(seed):
        return 0
    if 0 < seed < 1:
        seed *= 65536
    whole = math.floor(seed)
    return (whole | whole << 8 if whole < 256 else whole) & 0xFFFF


def _noise(moment: Moment, site: Site, smooth: Numbers, seed: Any, y: Numbers) -> tuple[NoiseField, Floats, Floats]:
    """The call's noise, fixed at its first frame, and where in it each frame is."""
    if site.kept is None:
        bits = zlib.crc32(site.seed_text.encode()) & 0xFFFF if seed is None else _noise_bits(float(np.ravel(seed)[0]))
        site.kept = noise_field(bits)
    x = moment.frames / np.where((np.asarray(smooth) == 0) | np.isnan(smooth), 1.0, smooth)
    x, ys = np.broadcast_arrays(x, np.asarray(y, dtype=np.float64))
    return site.kept, x, ys


@function(
    "smrand",
    _SMOOTH,
    MINIMUM,
    MAXIMUM,
    SEED,
    _Y,
    category=CATEGORY,
    help="smooth randomness (simplex noise)",
    example="smrand(seed=1, sm=20)",
    memory="seed",
)
def smooth_random(
    moment: Moment, site: Site, smooth: Numbers, low: Numbers, high: Numbers, seed: Any, y: Numbers
) -> Any:
    field, x, ys = _noise(moment, site, smooth, seed, y)
    return field.simplex(x, ys) * (high - low) / 2 + (high + low) / 2


@function(
    "perlin",
    _SMOOTH,
    MINIMUM,
    MAXIMUM,
    SEED,
    _Y,
    category=CATEGORY,
    help="smooth randomness (Perlin noise)",
    example="perlin(seed=1, sm=20)",
    memory="seed",
)
def perlin(moment: Moment, site: Site, smooth: Numbers, low: Numbers, high: Numbers, seed: Any, y: Numbers) -> Any:
    field, x, ys = _noise(moment, site, smooth, seed, y)
    return field.perlin(x, ys) * (high - low) + (high + low) / 2
