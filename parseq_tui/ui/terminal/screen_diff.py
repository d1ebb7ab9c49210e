"""Sends the terminal only what is not on it yet.

Textual sends every cell of a region that was refreshed, from the region's left edge, with all colours of each segment.
Here an update is noted in a picture of what the screen should show; `frame` compares that with what the terminal shows
and gives the difference. Between the two any number of updates may come: while a slow link is busy, frames are left out
and never queued.

Pictures that the terminal paints over cells (sixel) are characters here (drawing/graphics.py): one is sent when all its
cells hold its character and some of them did not before. What of it is covered is only text over it. Its pixels need
not reach the far edges of its last cells, so what was there before is blanked, if it was not a picture of its size.

Invariant: `_Row.shown` is what the terminal shows; whoever else writes to the terminal must call `forget`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from parseq_tui.ui.drawing.graphics import Graphics, stands_for_graphic
from parseq_tui.ui.terminal.text import RESET, Cell, Codes, Span, TerminalText, blank_of, cells_of, changed

_UNKNOWN: Final = ("?", RESET)
"""Fills a row as far as nothing was put there: it is never sent."""


class Part(NamedTuple):
    """Cells `first` … `end` − 1 of a row, cut out of texts that begin at `x`."""

    y: int
    x: int
    texts: Iterable[Segment]
    first: int
    end: int


class PartsUpdate(CompositorUpdate):
    """An update that holds only what changed."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts


Update = ChopsUpdate | LayoutUpdate | PartsUpdate


class _Touched(NamedTuple):
    """A cell that shall show a part of a picture and did not before."""

    y: int
    x: int
    look: Codes
    was: str
    """The character there before; "" if that is not known."""


class _Row:
    """A row of the screen."""

    def __init__(self) -> None:
        self.wanted: list[Cell] = []
        self.shown: list[Cell | None] = []
        self.first, self.end = 0, 0
        """The stretch in which the two may differ."""
        self.strips: dict[int, Strip] = {}
        """Column → the strip that was put there last: what is the same again is not looked at cell by cell."""

    def forget_strips(self, x: int, end: int) -> None:
        """Other cells are put where strips were."""
        for left in [left for left, other in self.strips.items() if left < end and left + other.cell_length > x]:
            del self.strips[left]

    def put(self, x: int, cells: Sequence[Cell]) -> None:
        end = x + len(cells)
        if len(self.wanted) < end:
            missing = end - len(self.wanted)
            self.wanted.extend([_UNKNOWN] * missing)
            self.shown.extend([None] * missing)
        self.wanted[x:end] = cells
        self.first, self.end = (min(self.first, x), max(self.end, end)) if self.end else (x, end)


class ScreenDiff:
    """What the terminal shows, and the shortest way from there to what it should show."""

    def __init__(self) -> None:
        self.graphics = Graphics()
        """Pictures that may be among the cells."""
        self._rows: dict[int, _Row] = {}
        self._text = TerminalText()
        self._size = (0, 0)

    def forget(self) -> None:
        """The terminal's content is not known any more: everything is sent again."""
        self._text.forget()
        for row in self._rows.values():
            row.shown = [None] * len(row.wanted)
            row.first, row.end = 0, len(row.wanted)

    def resize(self, size: tuple[int, int]) -> None:
        """The screen has so many columns and rows; if these are others than before, nothing is known."""
        if size != self._size:
            self._size = size
            self._rows.clear()
            self._text.forget()

    def note(self, update: Update, colors: ColorSystem | None) -> None:
        """The screen should show this."""
        if isinstance(update, PartsUpdate):
            for part in update.parts:
                self._note_part(part, colors)
            return
        for y, x, strip in _strips_of(update):
            row = self._row(y)
            if row.strips.get(x) != strip:
                row.forget_strips(x, x + strip.cell_length)
                row.strips[x] = strip
                row.put(x, cells_of(strip, colors))

    def _row(self, y: int) -> _Row:
        row = self._rows.get(y)
        if row is None:
            row = self._rows[y] = _Row()
        return row

    def _note_part(self, part: Part, colors: ColorSystem | None) -> None:
        cells, first, end = cells_of(part.texts, colors), part.first - part.x, part.end - part.x
        while first > 0 and cells[first][0] == "":
            first -= 1
        while end < len(cells) and cells[end][0] == "":
            end += 1
        row = self._row(part.y)
        row.forget_strips(part.x + first, part.x + end)
        row.put(part.x + first, cells[first:end])

    def sequences(self, update: Update, colors: ColorSystem | None) -> str:
        """What to write to the terminal, which then shows `update` and all that was noted before."""
        self.note(update, colors)
        return self.frame()

    def frame(self, cursor: tuple[int, int] | None = None) -> str:
        """What to write to the terminal, which then shows all that was noted. `cursor`: row and column it is left at.

        "" where there is nothing to send.
        """
        spans: list[Span] = []
        touched: dict[str, list[_Touched]] = {}
        for y, row in sorted(self._rows.items()):
            if row.end:
                spans += self._row_spans(y, row, touched)
        graphics = [self._graphic(character, places, spans) for character, places in touched.items()]
        text = self._text.written(spans, self._size[0] or 10_000)
        for drawn in graphics:
            text += self._text.put_raw(*drawn) if drawn is not None else ""
        return text if cursor is None else text + self._text.moved(*cursor)

    def _row_spans(self, y: int, row: _Row, touched: dict[str, list[_Touched]]) -> list[Span]:
        first, end = row.first, row.end
        row.first = row.end = 0
        wanted, before = row.wanted[first:end], row.shown[first:end]
        found: list[Span] = []
        for start, stop in changed(before, wanted):
            cells = wanted[start:stop]
            if self.graphics and any(stands_for_graphic(text) for text, _ in cells):
                found += _without_graphics(y, first + start, cells, before[start:stop], touched)
            else:
                found.append((y, first + start, cells))
        row.shown[first:end] = wanted
        return found

    def _graphic(self, character: str, places: Sequence[_Touched], spans: list[Span]) -> tuple[int, int, str] | None:
        """A picture that is seen whole is drawn anew; of one that is covered in part, what is seen stays as it is."""
        if character in self.graphics:
            graphic = self.graphics[character]
            held = [
                (y, x) for y, row in self._rows.items() for x, cell in enumerate(row.wanted) if cell[0] == character
            ]
            if len(held) == graphic.columns * graphic.rows:
                y, x = min(held)
                spans += _blanks(at for at in places if not self.graphics.alike(at.was, character))
                return y, x, graphic.payload
        spans += _blanks(places)
        return None


def _blanks(places: Iterable[_Touched]) -> Iterator[Span]:
    return ((at.y, at.x, [(" ", blank_of(at.look))]) for at in places)


def _without_graphics(
    y: int, x: int, cells: Sequence[Cell], before: Sequence[Cell | None], touched: dict[str, list[_Touched]]
) -> Iterator[Span]:
    """The stretches of text among cells; those that are a picture's are put into `touched`."""
    start = 0
    for index, cell in enumerate(cells):
        if stands_for_graphic(cell[0]):
            if start < index:
                yield y, x + start, cells[start:index]
            start = index + 1
            was = before[index]
            touched.setdefault(cell[0], []).append(_Touched(y, x + index, cell[1], "" if was is None else was[0]))
    if start < len(cells):
        yield y, x + start, cells[start:]


def _strips_of(update: ChopsUpdate | LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    """(row, column, strip) of everything an update brings."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield y, x, strip
                x += strip.cell_length
        return
    # A chop outside every span may hold what lies behind the widget that is really seen there.
    for y, first, end in update.spans:
        line: Mapping[int, Strip | None] = update.chops[y]
        for (x, chop), chop_end in zip(line.items(), update.chop_ends[y], strict=False):
            if chop is not None and x < end and chop_end > first:
                yield y, x, chop
