"""A line of the keyframe table as segments for the terminal, in the colours of the theme."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style

from parseq_tui.ui.theming.theme import Palette


class Run:
    """Collects the cells of a line; neighbours of one style become one segment (fewer bytes to the terminal)."""

    def __init__(self) -> None:
        self._cells: list[tuple[str, Style]] = []

    def add(self, text: str, style: Style) -> None:
        self._cells.append((text, style))

    def split(self, count: int) -> tuple[list[Segment], list[Segment]]:
        """The first `count` cells, and the others."""
        return _merged(self._cells[:count]), _merged(self._cells[count:])


def _merged(cells: list[tuple[str, Style]]) -> list[Segment]:
    segments: list[Segment] = []
    text, style = "", None
    for part, part_style in cells:
        # blanks look the same in any colour on the same ground
        if style is None or part_style is style or (part.isspace() and _ground(part_style) == _ground(style)):
            text, style = text + part, style or part_style
            continue
        segments.append(Segment(text, style))
        text, style = part, part_style
    if style is not None:
        segments.append(Segment(text, style))
    return segments


def _ground(style: Style) -> tuple[object, ...]:
    """What of a style is seen on blanks."""
    return style.bgcolor, style.underline, style.reverse


def styles(palette: Palette) -> dict[str, Style]:
    """The style of every role a cell can have, `selected-` before those of selected cells."""
    text = {
        "text": ("text", ""),
        "dim": ("dim", ""),
        "label": ("accent", ""),
        "interpolated": ("interpolated", ""),
        "formula": ("formula", ""),
        "warning": ("warning", ""),
        "error": ("error", "bold"),
    }
    found = {name: palette.style(role, "background", extra) for name, (role, extra) in text.items()}
    found |= {f"selected-{name}": palette.style("text", "selection", extra) for name, (_, extra) in text.items()}
    return found | {
        "cursor": palette.style("cursor-text", "cursor"),
        "cursor-away": palette.style("text", "selection"),
        "entry": palette.style("text", "surface", "underline"),
        "changed": palette.style("text", "changed"),
        "head": palette.style("text", "panel"),
        "head-dim": palette.style("dim", "panel"),
        "head-current": palette.style("accent", "panel", "bold"),
    }
