"""Pictures by the kitty graphics protocol, shown by text: Unicode placeholders (kitty ≥ 0.28, Ghostty).

The picture is sent once as a PNG with a number; wherever cells hold the placeholder character in the colour of that
number, with marks for row and column, the terminal draws its piece. So it moves, is covered and vanishes like text.
Source: the protocol's document, sections "Unicode placeholders" and "Remote client".
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from parseq_tui.ui.drawing.halfblocks import Picture
from parseq_tui.ui.drawing.quantised import quantised

NUMBER = 213
"""Of our picture in a terminal of 256 colours: text in the colour of this number shows it."""
OLD_NUMBER = 13
"""Of our picture where only 16 colours are sent: what that colour is reduced to, bright magenta."""
_COLOR = Color.from_rgb(0xFF, 0x87, 0xFF)
"""Colour 213 of the 256 in true colour: what the text is painted in. On the way to the terminal it may stay as it is
or be reduced; Textual turns one that is given by its number into this one."""
TRUE_NUMBER = 0xFF87FF
"""Of our picture in a terminal of true colour: the same colour as 24 bits."""
PLACEHOLDER = "\U0010eeee"
COLORS = 64
_CHUNK = 4096
_MARK_CODES = (
    "305 30D 30E 310 312 33D 33E 33F 346 34A 34B 34C 350 351 352 357 35B 363 364 365 366 367 368 369 36A 36B 36C 36D "
    "36E 36F 483 484 485 486 487 592 593 594 595 597 598 599 59C 59D 59E 59F 5A0 5A1 5A8 5A9 5AB 5AC 5AF 5C4 610 611 "
    "612 613 614 615 616 617 657 658 659 65A 65B 65D 65E 6D6 6D7 6D8 6D9 6DA 6DB 6DC 6DF 6E0 6E1 6E2 6E4 6E7 6E8 6EB "
    "6EC 730 732 733 735 736 73A 73D 73F 740 741 743 745 747 749 74A"
)
_MARKS = "".join(chr(int(code, 16)) for code in _MARK_CODES.split())
"""Combining marks that stand for 0, 1, 2…: the beginning of the protocol's table."""
MOST_CELLS = len(_MARKS)


def placeholders(columns: int, rows: int, background: Style) -> list[Strip]:
    """Cells that show our picture, once it is sent; at most MOST_CELLS each way."""
    style = background + Style(color=_COLOR)
    return [
        Strip([Segment("".join(PLACEHOLDER + _MARKS[y] + _MARKS[x] for x in range(columns)), style)], columns)
        for y in range(rows)
    ]


def transmission(picture: Picture, columns: int, rows: int, number: int = NUMBER) -> str:
    """Sends the picture as ours, in place of the one before, to be shown on so many cells."""
    data = base64.standard_b64encode(png(*quantised(picture, COLORS))).decode("ascii")
    return "".join(_chunks(f"a=T,U=1,i={number},f=100,c={columns},r={rows},q=2", data))


def removal(number: int = NUMBER) -> str:
    """Lets the terminal forget our picture."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def _chunks(keys: str, data: str) -> Iterator[str]:
    for start in range(0, max(1, len(data)), _CHUNK):
        more = int(start + _CHUNK < len(data))
        yield f"\x1b_G{keys + ',' if not start else ''}m={more};{data[start : start + _CHUNK]}\x1b\\"


def png(indices: NDArray[np.uint8], palette: Picture) -> bytes:
    """A PNG file with a palette. `indices`: uint8, shape (height, width)."""
    height, width = indices.shape
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    rows = np.concatenate((np.zeros((height, 1), np.uint8), indices), axis=1)  # each row begins with its filter: none
    parts = ((b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
