"""Lines of styled text that send only the cells that changed: the base of the bars around the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.widgets.line_view import Themed

Part = tuple[str, Style]
"""A text and its style."""

_GAP = 10
"""Unchanged cells that are sent again rather than moving the terminal's cursor over them."""


class StyledLines(Themed):
    """Shows lines of parts. `set_parts` repaints, per line, only the spans that differ from before."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._parts: Sequence[Sequence[Part]] = ()
        self._on = "background"
        self._strips: list[Strip] = []
        self._cells: list[list[tuple[str, Style | None]]] = []

    def set_parts(self, lines: Sequence[Sequence[Part]], *, on: str = "background") -> None:
        """Show these lines, each cut or filled to the widget's width; without a size yet, as soon as there is one."""
        self._parts, self._on = lines, on
        width = self.size.width
        if width <= 0:
            return
        rest = self.palette.style("text", on)
        strips = [_fitted(parts, width, rest) for parts in lines]
        cells, changed = [], []
        for y, strip in enumerate(strips):
            if y < len(self._cells) and strip == self._strips[y]:
                cells.append(self._cells[y])
                continue
            cells.append(_cells(strip))
            before = self._cells[y] if y < len(self._cells) else []
            changed += [Region(left, y, right - left, 1) for left, right in _changed_spans(before, cells[y])]
        if len(cells) != len(self._cells):
            self.refresh()
        elif changed:
            self.refresh(*changed)
        self._strips, self._cells = strips, cells

    def draw(self) -> None:
        """Show the current state again, for another size or other colours. Widgets with a state override it."""
        self.set_parts(self._parts, on=self._on)

    def on_resize(self) -> None:
        self.draw()

    def theme_changed(self) -> None:
        self._cells = []
        self.draw()

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            return self._strips[y].adjust_cell_length(self.size.width, self.palette.style())
        return Strip.blank(self.size.width, self.palette.style())


def _fitted(parts: Sequence[Part], width: int, rest: Style) -> Strip:
    """The parts on exactly `width` cells; where something is cut, an ellipsis says so."""
    strip = Strip([Segment(plain(text), style) for text, style in parts if text])
    if strip.cell_length > width > 1 and not strip.crop(width).text.isspace():
        kept = strip.crop(0, width - 1).adjust_cell_length(width - 1, rest)
        return Strip.join([kept, Strip([Segment("…", rest)], 1)])
    return strip.adjust_cell_length(width, rest)


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """The strip's terminal cells; the second half of a wide character is an empty text."""
    cells: list[tuple[str, Style | None]] = []
    for text, style, _ in strip:
        if text.isascii():
            cells += zip(text, repeat(style))
            continue
        for character in text:
            cells.append((character, style))
            cells += [("", style)] * (cell_len(character) - 1)
    return cells


def _changed_spans(
    before: Sequence[tuple[str, Style | None]], after: Sequence[tuple[str, Style | None]]
) -> Iterator[tuple[int, int]]:
    """Spans of cells to paint, near ones joined."""
    if len(before) != len(after):
        if after:
            yield 0, len(after)
        return
    start = end = -1
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        if old == new:
            continue
        if start >= 0 and index - end > _GAP:
            yield start, end
            start = index
        elif start < 0:
            start = index
        end = index + 1
    if start >= 0:
        yield start, end
