"""Prompts as rows of styled text: what their parts are, and what results at a frame, wrapped and cut to its room."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.style import Style

from parseq_tui.ui.drawing.cells import CUT, plain
from parseq_tui.ui.drawing.prompt_marks import marked
from parseq_tui.ui.theme import Palette

_LONGEST_SHOWN = 4000
"""Characters of a resolved prompt; more fits no terminal."""
Row = list[tuple[str, Style]]


def marked_parts(text: str, palette: Palette, on: str = "background") -> Row:
    """A prompt with formulas, emphasis and AND told apart; on other backgrounds only by attributes."""
    return [
        (piece, palette.style(role if on == "background" else "text", on, attributes))
        for piece, role, attributes in marked(plain(text))
    ]


def resolved(positive: str, negative: str, width: int, room: int, palette: Palette) -> list[Row]:
    """Both halves in at most `room` rows, the positive one in at least half of them."""
    above = _wrapped("+ " + positive[:_LONGEST_SHOWN], width)
    below = _wrapped("- " + negative[:_LONGEST_SHOWN], width) if negative else []
    kept = max(room - len(below), (room + 1) // 2)
    above, below = _cut(above, kept), _cut(below, room - min(kept, len(above)))
    dim = palette.style("dim")
    return [*(marked_parts(row, palette) for row in above), *([(row, dim)] for row in below)]


def _wrapped(text: str, width: int) -> Sequence[str]:
    """The text in rows of at most `width` cells, the first word standing out."""
    return wrap(plain(text), max(8, width), subsequent_indent="  ", break_long_words=True) or [""]


def _cut(rows: Sequence[str], most: int) -> Sequence[str]:
    """At most so many of the rows; the last one says if there were more."""
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], f"{rows[most - 1][:-2]} {CUT}"] if most > 0 else []
