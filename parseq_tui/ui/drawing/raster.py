"""Curves as characters: dots set in a bit map, then read off as braille, quarter blocks or ASCII.

Every character knows which curve it belongs to; colours come later. Where curves share a character their dots are
united, and the character belongs to the curve drawn last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Glyphs = Literal["braille", "block", "ascii"]
DOTS: dict[Glyphs, tuple[int, int]] = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}
"""Dots per character cell: across, down."""
ASCII_MARKS = "*+xo#@%&"
"""What draws the curves in ASCII, so that they differ without colour."""

_BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)
_BLOCK_BITS = np.array([[1, 2], [4, 8]], dtype=np.int64)
_BLOCKS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """One curve in dots: per dot column the lowest and the highest, from the bottom; NaN where there is none."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    series: int
    """From 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Characters of a picture: every row is `width` characters, each one terminal cell wide."""

    rows: tuple[str, ...]
    series: NDArray[np.uint8]
    """Shape (height, width): 1 + the curve a character belongs to; 0 for what belongs to none."""


def paint(width: int, height: int, spans: Sequence[Span], glyphs: Glyphs) -> Cells:
    """Curves on `width` × `height` cells, the first one lowest. Each span has `width` · DOTS[glyphs][0] columns."""
    series = np.zeros((height, width), dtype=np.uint8)
    codes = np.zeros((height, width), dtype=np.int64)
    for span in spans:
        bits = _bits(span, width, height, glyphs)
        series[bits > 0] = span.series + 1
        codes |= bits
    if glyphs == "ascii":
        marks = " " + ASCII_MARKS.ljust(255, "?")
        return Cells(tuple("".join(marks[number] for number in row) for row in series.tolist()), series)
    if glyphs == "block":
        return Cells(tuple("".join(_BLOCKS[code] for code in row) for row in codes.tolist()), series)
    return Cells(tuple("".join(chr(0x2800 + code) if code else " " for code in row) for row in codes.tolist()), series)


def _bits(span: Span, width: int, height: int, glyphs: Glyphs) -> NDArray[np.int64]:
    """The bits of each character, shape (height, width)."""
    across, down = DOTS[glyphs]
    there = ~np.isnan(span.low)
    top = np.where(there, height * down - 1 - np.floor(np.where(there, span.high, 0)), 1).astype(np.int64)
    bottom = np.where(there, height * down - 1 - np.floor(np.where(there, span.low, 0)), 0).astype(np.int64)
    row = np.arange(height * down)[:, None]
    lit = (row >= top) & (row <= bottom)
    cells = lit.reshape(height, down, width, across)
    bits = {"braille": _BRAILLE_BITS, "block": _BLOCK_BITS, "ascii": np.ones((1, 1), dtype=np.int64)}[glyphs]
    codes: NDArray[np.int64] = np.einsum("hdwa,da->hw", cells, bits)
    return codes
