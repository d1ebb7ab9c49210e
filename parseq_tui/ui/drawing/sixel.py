"""Pictures as DEC sixels: real pixels on foot, xterm -ti vt340, WezTerm, Konsole, iTerm2, Windows Terminal, tmux ≥ 3.4.

A sixel is a column of six pixels; each colour of a band of six rows is sent on its own, runs are counted.
Source: VT330/VT340 Programmer Reference Manual, volume 2, chapter 14.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parseq_tui.ui.drawing.halfblocks import Picture, resized
from parseq_tui.ui.drawing.quantised import quantised

MAX_BYTES = 60_000
"""A picture of more is sent with fewer colours, then smaller."""
_COLORS = (64, 32, 16)
_BAND = 6
_SHORTEST_RUN = 4
"""`!4?` is no longer than `????`."""


def sixel(picture: Picture, width: int, height: int) -> str:
    """The escape sequence that draws the picture on at most (height, width) pixels, its top left at the cursor."""
    while True:
        scaled = resized(picture, width, height)
        for colors in _COLORS:
            text = _encoded(*quantised(scaled, colors))
            if len(text) <= MAX_BYTES:
                return text
        width, height = max(1, width * 3 // 4), max(1, height * 3 // 4)


def _encoded(indices: NDArray[np.uint8], palette: Picture) -> str:
    height, width = indices.shape
    shares = np.rint(palette.astype(float) * 100 / 255).astype(int)
    registers = "".join(f"#{number};2;{r};{g};{b}" for number, (r, g, b) in enumerate(shares.tolist()))
    bands = "-".join(_band(indices[top : top + _BAND]) for top in range(0, height, _BAND))
    return f'\x1bP0;1q"1;1;{width};{height}{registers}{bands}\x1b\\'


def _band(indices: NDArray[np.uint8]) -> str:
    weights = (1 << np.arange(len(indices)))[:, None]
    lines = []
    for color in np.unique(indices).tolist():
        bits = ((indices == color) * weights).sum(axis=0)
        lines.append(f"#{color}{_runs(bits)}")
    return "$".join(lines)


def _runs(bits: NDArray[np.int64]) -> str:
    """Sixel characters, runs counted; what is empty at the end is left out."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(bits)) + 1))
    lengths = np.diff(starts, append=len(bits)).tolist()
    values = bits[starts].tolist()
    if values and not values[-1]:
        values.pop()
        lengths.pop()
    return "".join(
        f"!{length}{chr(63 + value)}" if length >= _SHORTEST_RUN else chr(63 + value) * length
        for value, length in zip(values, lengths, strict=True)
    )
