"""Pictures as characters: two pixels per cell where there are colours, shades of grey as letters where there are none.

Works on any terminal; needs no image library. A picture is uint8, shape (height, width, 3), RGB.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Picture = NDArray[np.uint8]

UPPER_HALF = "▀"
SHADES = " .:-=+*#%@"
"""From black to white; ASCII only."""


def fitted_size(picture: Picture, columns: int, rows: int) -> tuple[int, int]:
    """The largest (columns, rows) of cells, one wide and two high, in which the picture keeps its proportions."""
    height, width = picture.shape[:2]
    scale = min(columns / width, 2 * rows / height)
    return max(1, min(columns, round(width * scale))), max(1, min(rows, round(height * scale / 2)))


def resized(picture: Picture, columns: int, rows: int) -> Picture:
    """The picture on (rows, columns) pixels: means where it shrinks, nearest where it grows."""
    return _along(_along(picture, rows, 0), columns, 1)


def half_blocks(picture: Picture, columns: int, rows: int) -> list[Strip]:
    """`rows` strips of `columns` cells; each shows an upper pixel as foreground and a lower one as background."""
    pixels = resized(picture, columns, 2 * rows)
    return [_coloured(pixels[2 * row], pixels[2 * row + 1]) for row in range(rows)]


def shades(picture: Picture, columns: int, rows: int) -> list[Strip]:
    """The same without colour: lightness as letters."""
    pixels = resized(picture, columns, rows)
    lightness = pixels @ np.array([0.2126, 0.7152, 0.0722])
    letters = (lightness * (len(SHADES) - 1) / 255 + 0.5).astype(int)
    return [Strip([Segment("".join(SHADES[letter] for letter in row))], columns) for row in letters.tolist()]


def _along(picture: Picture, size: int, axis: int) -> Picture:
    length = picture.shape[axis]
    if size >= length:
        nearest: Picture = picture.take((np.arange(size) * length) // size, axis=axis)
        return nearest
    starts = (np.arange(size) * length) // size
    counts = np.diff(starts, append=length)
    sums = np.add.reduceat(picture, starts, axis=axis, dtype=np.float64)
    means = sums / counts.reshape([-1 if dimension == axis else 1 for dimension in range(3)])
    rounded: Picture = np.rint(means).astype(np.uint8)
    return rounded


def _coloured(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> Strip:
    """One row; neighbours of the same colours share an escape sequence."""
    pairs = np.concatenate((upper, lower), axis=1)
    changes = np.flatnonzero(np.any(pairs[1:] != pairs[:-1], axis=1)) + 1
    starts = [0, *changes.tolist()]
    ends = [*changes.tolist(), len(pairs)]
    segments = [
        Segment(UPPER_HALF * (end - start), _style(tuple(pairs[start].tolist())))
        for start, end in zip(starts, ends, strict=True)
    ]
    return Strip(segments, len(pairs))


@lru_cache(maxsize=16384)
def _style(pair: tuple[int, ...]) -> Style:
    return Style(color=Color.from_rgb(*pair[:3]), bgcolor=Color.from_rgb(*pair[3:]))
