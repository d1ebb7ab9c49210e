"""Prompts as rows of styled text: what their parts are, and what results at a frame, wrapped and cut to its room."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from parseq_tui.ui.drawing.cells import CUT, fitted, plain, wrapped
from parseq_tui.ui.drawing.prompt_marks import marked
from parseq_tui.ui.theming.theme import Palette

_INDENT = "  "
"""Before all rows but the first, so that the first word stands out."""
Row = list[tuple[str, Style]]


def marked_parts(text: str, palette: Palette, on: str = "background") -> Row:
    """A prompt with formulas, emphasis and AND told apart; on other backgrounds only by attributes."""
    return [
        (piece, palette.style(role if on == "background" else "text", on, attributes))
        for piece, role, attributes in marked(plain(text))
    ]


def resolved(positive: str, negative: str, width: int, room: int, palette: Palette) -> list[Row]:
    """Both halves in at most `room` rows, the positive one in at least half of them."""
    most, width = width * (room + 1), max(8, width)  # what is behind that has no room
    above: Sequence[str] = wrapped("+ " + positive[:most], width, _INDENT)
    below: Sequence[str] = wrapped("- " + negative[:most], width, _INDENT) if negative else []
    kept = max(room - len(below), (room + 1) // 2)
    above, below = _cut(above, kept, width), _cut(below, room - min(kept, len(above)), width)
    dim = palette.style("dim")
    return [*(marked_parts(row, palette) for row in above), *([(row, dim)] for row in below)]


def _cut(rows: Sequence[str], most: int, width: int) -> Sequence[str]:
    """At most so many of the rows; the last one says if there were more."""
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], f"{fitted(rows[most - 1], width - 2).rstrip(CUT + ' ')} {CUT}"] if most > 0 else []
