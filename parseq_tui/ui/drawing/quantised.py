"""A picture in few colours: what sixel needs, and what makes a PNG small.

Median cut over a histogram of 5 bits a channel. Source of the method: P. Heckbert, "Color image quantization for frame
buffer display", SIGGRAPH 1982.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parseq_tui.ui.drawing.halfblocks import Picture

_BITS = 5
_SHADES = 1 << _BITS


def quantised(picture: Picture, colors: int) -> tuple[NDArray[np.uint8], Picture]:
    """Indices, uint8, shape (height, width), into a palette, uint8, shape (at most `colors` ≤ 256, 3)."""
    codes = _codes(picture)
    counts = np.bincount(codes.ravel(), minlength=_SHADES**3)
    used = np.flatnonzero(counts)
    box_of = _boxes(used, counts[used], colors)
    lookup = np.zeros(_SHADES**3, np.uint8)
    lookup[used] = box_of
    indices = lookup[codes]
    weights = np.bincount(indices.ravel())
    channels = [np.bincount(indices.ravel(), weights=picture[..., channel].ravel()) / weights for channel in range(3)]
    return indices, np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def _codes(picture: Picture) -> NDArray[np.int64]:
    red, green, blue = (picture[..., channel].astype(np.int64) >> (8 - _BITS) for channel in range(3))
    return (red << 2 * _BITS) | (green << _BITS) | blue


def _boxes(used: NDArray[np.int64], counts: NDArray[np.int64], colors: int) -> NDArray[np.uint8]:
    """The number of the box that each used code falls into."""
    points = np.stack([used >> 2 * _BITS, (used >> _BITS) % _SHADES, used % _SHADES], axis=1)
    boxes = [np.arange(len(used))]
    spread = [_spread(points, counts, boxes[0])]
    while len(boxes) < colors and max(spread) > 0:
        at = int(np.argmax(spread))
        halves = _halves(points, counts, boxes[at])
        boxes[at : at + 1] = halves
        spread[at : at + 1] = [_spread(points, counts, half) for half in halves]
    numbers = np.zeros(len(used), np.uint8)
    for number, box in enumerate(boxes):
        numbers[box] = number
    return numbers


def _spread(points: NDArray[np.int64], counts: NDArray[np.int64], box: NDArray[np.int64]) -> float:
    """How much a box gains from being cut: its longest side, weighted with the pixels in it; 0 if it is one colour."""
    return float(np.ptp(points[box], axis=0).max()) * float(np.sqrt(counts[box].sum()))


def _halves(
    points: NDArray[np.int64], counts: NDArray[np.int64], box: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A box cut across its longest side where half of its pixels are; neither half is empty."""
    side = points[box][:, np.ptp(points[box], axis=0).argmax()]
    order = np.argsort(side, kind="stable")
    below = np.cumsum(counts[box][order])
    middle = int(np.searchsorted(below, below[-1] / 2)) + 1
    middle = min(max(middle, 1), len(box) - 1)
    return box[order[:middle]], box[order[middle:]]
