"""What stands in a table cell: numbers, formulas and labels as text of an exact width.

Owns the marks: `·` before a value that is interpolated, `!` before what has an error, `…` where text is cut. Meaning is
never carried by colour alone. Text from files is untrusted: whatever could move a terminal's cursor is replaced.

>>> number(0.575, 9, 4, interpolated=True)
' ·0.5750 '
"""

from __future__ import annotations

import math
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size

INTERPOLATED = "·"
ERROR = "!"
CUT = "…"
_CLOSING = frozenset("、。，．：；！？）」』】〉》〕］｝・ー…")
"""Does not begin a row."""
_JOINER = "\u200d"
"""Makes one picture of several; terminals disagree about its width, so the pictures stand side by side."""
MAXIMUM_DECIMALS = 4


def plain(text: str) -> str:
    """`text` on one line, with everything unprintable replaced by a visible stand-in."""
    if text.isprintable():
        return text
    return "".join(ch if ch.isprintable() else ("↵" if ch == "\n" else "\N{REPLACEMENT CHARACTER}") for ch in text)


def fitted(text: str, width: int) -> str:
    """`text` cut or padded on the right to exactly `width` terminal cells."""
    if width <= 0:
        return ""
    text = plain(text[: width * 4 + 8].replace(_JOINER, ""))
    if text.isascii():
        if len(text) <= width:
            return text.ljust(width)
        return text[: width - 1] + CUT
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + CUT


def cut_off(text: str, seen: int, *, whole: bool) -> str:
    """A cell's text, as wide as before, of which only the first `seen` columns are in sight.

    `whole`: what does not fit is left out and marked, since half a number is another number.
    """
    if cell_len(text.rstrip()) <= seen:
        return text
    shown = CUT.rjust(seen) if whole else fitted(text.strip(), seen)
    return shown + " " * (cell_len(text) - seen)


def ending(text: str, width: int) -> str:
    """The end of `text` on exactly `width` terminal cells: what is seen of a text that is being typed."""
    text = plain(text[-width:]) if width > 0 else ""
    while cell_len(text) > width:
        text = text[1:]
    return text + " " * (width - cell_len(text))


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """`text` in rows of at most `width` terminal cells, all but the first one indented; words are parted only where one
    is longer than a row. Wide characters need no blank between them to be parted.

    >>> wrapped("a cat 夕暮れの海", 8)
    ['a cat 夕', '暮れの海']
    """
    text = plain(text)
    if text.isascii():
        return wrap(text, width, subsequent_indent=indent) or [""]
    rows, row, blank, width = [], "", "", max(width, len(indent) + 2)
    for piece in _pieces(text):
        if piece.isspace():
            blank = piece if row.strip() else ""
            continue
        if row.strip() and cell_len(row + blank + piece) > width:
            rows.append(row)
            row, blank = indent, ""
        row, blank = row + blank + piece, ""
        while cell_len(row) > width:
            first = set_cell_size(row, width)
            rows.append(first.rstrip())
            row = indent + row[len(first.rstrip()) :].lstrip()
    return [*rows, row] if row.strip() or not rows else rows


def _pieces(text: str) -> list[str]:
    """Blanks, words, and wide characters one by one, each with the marks and the closing characters behind it."""
    pieces: list[str] = []
    joins = False
    """Whether a narrow character goes on with the piece before it."""
    for character in text:
        width, blank = cell_len(character), character.isspace()
        if pieces and (width == 0 or character in _CLOSING or (joins and width == 1 and not blank)):
            pieces[-1] += character
        else:
            pieces.append(character)
            joins = width == 1 and not blank
    return pieces


def abbreviated(name: str, longest: int) -> str:
    """The name in at most `longest` letters: its beginning and its end, for `translation_x` and `_y` differ there."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - 3]}{CUT}{name[-2:]}"


def decimals_needed(values: NDArray[np.float64]) -> int:
    """The fewest decimals (at most 4) that show all of `values` without loss; 4 where nothing fewer does."""
    finite = values[np.isfinite(values)]
    for decimals in range(MAXIMUM_DECIMALS):
        if np.all(np.abs(finite - np.round(finite, decimals)) <= 1e-9 * np.maximum(1.0, np.abs(finite))):
            return decimals
    return MAXIMUM_DECIMALS


def number(value: float, width: int, decimals: int, *, interpolated: bool = False, mark: str = "") -> str:
    """`value` right-aligned in `width` cells, its decimal point where `decimals` puts it; `mark` stands before it.

    A stored value is shown in full where it fits; an interpolated one is rounded and marked.
    """
    if interpolated:
        mark += INTERPOLATED
        text, padding = fixed(value, decimals), 0
    else:
        text, padding = _stored(value, decimals)
    text = mark + text
    room = width - 1
    if len(text) > room:
        text, padding = _squeezed(value, room, mark), 0
    if len(text) + padding > room:
        padding = room - len(text)
    return (text + " " * padding).rjust(room) + " "


def fixed(value: float, decimals: int) -> str:
    """`value` with exactly `decimals` decimals; scientific where that would be very long."""
    if not math.isfinite(value):
        return _not_finite(value)
    if abs(value) >= 1e9:
        return f"{value:.3g}"
    text = f"{value:.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def shortest(value: float) -> str:
    """The shortest text that reads back as `value`: what a cell is prefilled with."""
    if not math.isfinite(value):
        return _not_finite(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _stored(value: float, decimals: int) -> tuple[str, int]:
    """The text, and how many cells to leave free on its right so that decimal points align."""
    text = shortest(value)
    if "e" in text or not math.isfinite(value):
        return text, 0
    _, point, fraction = text.partition(".")
    missing = decimals - len(fraction)
    if point or missing <= 0:
        return text, max(0, missing)
    return text, decimals + 1


def _squeezed(value: float, room: int, mark: str) -> str:
    for digits in range(12, 0, -1):
        text = mark + f"{value:.{digits}g}"
        if len(text) <= room:
            return text
    return "#" * max(0, room)


def _not_finite(value: float) -> str:
    if value != value:
        return "nan"
    return "inf" if value > 0 else "-inf"
