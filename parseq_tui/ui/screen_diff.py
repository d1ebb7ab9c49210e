"""Sends the terminal only what is not on it yet.

Textual sends every cell of a region that was refreshed, from the region's left edge, with all colours of each segment.
Here an update is compared with what the terminal shows: only cells that differ are sent, and of colours only what
changes. On a 160 × 45 screen that makes a cursor move about 250 bytes instead of a kilobyte, and a playhead moving
through the curves a few hundred instead of four thousand.

Pictures that the terminal paints over cells (sixel) are characters here (drawing/graphics.py): one is sent when all its
cells hold its character and some of them did not before. What of it is covered is only text over it.

Invariant: `_rows` is what the terminal shows; whoever else writes to the terminal must call `forget`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from parseq_tui.ui.drawing.graphics import Graphics, stands_for_graphic

Cell = tuple[str, Style]
"""A character and its style; the second half of a wide character is ""."""
Codes = tuple[str, str, str]
"""Attributes, foreground and background as the numbers of an SGR sequence."""

_PLAIN: Final = Style()
_RESET: Final[Codes] = ("", "39", "49")
_MOST_MARKS: Final = 4
"""Combining marks kept on one character: what comes after them is a joke or an attack."""
_BRIDGE: Final = 4
"""So many unchanged cells are sent again rather than moving the cursor over them, if colours stay the same."""
_ATTRIBUTES: Final = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("reverse", "7"),
    ("strike", "9"),
)


class ScreenDiff:
    """What the terminal shows, and the shortest way from there to what it should show."""

    def __init__(self) -> None:
        self.graphics = Graphics()
        """Pictures that may be among the cells."""
        self._rows: dict[int, list[Cell | None]] = {}
        self._strips: dict[int, dict[int, Strip]] = {}
        """Row → column → the strip that was put there last: what is the same again is not looked at cell by cell."""
        self._size = (0, 0)

    def forget(self) -> None:
        """The terminal's content is not known any more: everything is sent again."""
        self._rows.clear()
        self._strips.clear()

    def wrapped(self, update: ChopsUpdate | LayoutUpdate, size: tuple[int, int]) -> CompositorUpdate:
        """An update that sends less. `size`: of the screen; after a resize nothing is known."""
        if size != self._size:
            self._size = size
            self.forget()
        return _DiffedUpdate(self, update)

    def sequences(self, update: ChopsUpdate | LayoutUpdate, colors: ColorSystem | None) -> str:
        """What to write to the terminal, which then shows `update`."""
        writer = _Writer(colors)
        for y, x, strip in _strips_of(update):
            known = self._strips.setdefault(y, {})
            if known.get(x) != strip:
                self._put(writer, y, x, strip, known)
        for character, places in writer.graphics.items():
            self._put_graphic(writer, character, places)
        return writer.finished()

    def _put(self, writer: _Writer, y: int, x: int, strip: Strip, known: dict[int, Strip]) -> None:
        fresh = _cells(strip)
        row, end = self._rows.setdefault(y, []), x + len(fresh)
        if len(row) < end:
            row.extend([None] * (end - len(row)))
        before = row[x:end]
        row[x:end] = fresh
        for left in [left for left, other in known.items() if left < end and left + other.cell_length > x]:
            del known[left]
        known[x] = strip
        for start, stop in _changed(before, fresh):
            if self.graphics and any(stands_for_graphic(text) for text, _ in fresh[start:stop]):
                writer.put_around_graphics(y, x + start, fresh[start:stop])
            else:
                writer.put(y, x + start, fresh[start:stop])

    def _put_graphic(self, writer: _Writer, character: str, places: Sequence[tuple[int, int, Cell]]) -> None:
        """A picture that is seen whole is drawn anew; of one that is covered in part, what is seen stays as it is."""
        held = [(y, x) for y, row in self._rows.items() for x, cell in enumerate(row) if cell and cell[0] == character]
        if character in self.graphics:
            graphic = self.graphics[character]
            if len(held) == graphic.columns * graphic.rows:
                writer.put_raw(*min(held), graphic.payload)
                return
        for y, x, (_, style) in places:
            writer.put(y, x, [(" ", style)])


class _DiffedUpdate(CompositorUpdate):
    """Stands in for an update where Textual writes it."""

    def __init__(self, diff: ScreenDiff, update: ChopsUpdate | LayoutUpdate) -> None:
        self._diff = diff
        self._update = update

    def render_segments(self, console: Console) -> str:
        return self._diff.sequences(self._update, console._color_system)


class _Writer:
    """Collects cursor moves, colour changes and text."""

    def __init__(self, colors: ColorSystem | None) -> None:
        self._colors = colors
        self._out: list[str] = []
        self._now = _RESET
        self.graphics: dict[str, list[tuple[int, int, Cell]]] = {}
        """Pictures' cells that were to be written: character → (row, column, cell)."""

    def put(self, y: int, x: int, cells: Sequence[Cell]) -> None:
        """Write cells at a place."""
        self._out.append(f"\x1b[{y + 1};{x + 1}H")
        style: Style | None = None
        for text, its in cells:
            if its is not style:
                style = its
                self._change_to(_codes(its, self._colors))
            self._out.append(text)

    def put_around_graphics(self, y: int, x: int, cells: Sequence[Cell]) -> None:
        """Write cells, and keep for later those that are a picture's."""
        start = 0
        for index, cell in enumerate(cells):
            if stands_for_graphic(cell[0]):
                if start < index:
                    self.put(y, x + start, cells[start:index])
                start = index + 1
                self.graphics.setdefault(cell[0], []).append((y, x + index, cell))
        if start < len(cells):
            self.put(y, x + start, cells[start:])

    def put_raw(self, y: int, x: int, sequence: str) -> None:
        """Write something that leaves colours as they are, at a place."""
        self._out.append(f"\x1b[{y + 1};{x + 1}H{sequence}")

    def finished(self) -> str:
        """Everything, with the terminal's colours as they were."""
        if self._now != _RESET:
            self._out.append("\x1b[0m")
        return "".join(self._out)

    def _change_to(self, codes: Codes) -> None:
        now, self._now = self._now, codes
        if codes == now:
            return
        if codes[0] != now[0]:
            wanted = [code for code in codes if code and code not in ("39", "49")]
            self._out.append(f"\x1b[{';'.join(['0', *wanted])}m")
            return
        self._out.append(f"\x1b[{';'.join(new for new, old in zip(codes, now, strict=True) if new != old)}m")


@lru_cache(maxsize=4096)
def _codes(style: Style, colors: ColorSystem | None) -> Codes:
    attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    if colors is None:
        return (attributes, "39", "49")
    front, back = style.color, style.bgcolor
    foreground = "39" if front is None else ";".join(front.downgrade(colors).get_ansi_codes())
    background = "49" if back is None else ";".join(back.downgrade(colors).get_ansi_codes(foreground=False))
    return (attributes, foreground, background)


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


def _cells(strip: Strip) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        style = style or _PLAIN
        if text.isascii():
            cells += [(character, style) for character in text]
            continue
        for character in text:
            width = cell_len(character)
            if width:
                cells.append((character, style))
            elif cells:
                _combine(cells, character)
            if width == 2:
                cells.append(("", style))
    return cells


def _combine(cells: list[Cell], mark: str) -> None:
    """A combining mark belongs to the character before it."""
    at = -1 if cells[-1][0] or len(cells) < 2 else -2
    text, style = cells[at]
    if len(text) <= _MOST_MARKS:
        cells[at] = (text + mark, style)


def _changed(before: Sequence[Cell | None], after: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Spans of cells to send; short unchanged stretches of one style between them are sent too."""
    start = end = -1
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        if old is new or old == new:
            continue
        if start >= 0 and not _bridged(after, end, index):
            yield from _whole(after, start, end)
            start = -1
        if start < 0:
            start = index
        end = index + 1
    if start >= 0:
        yield from _whole(after, start, end)


def _bridged(cells: Sequence[Cell], end: int, start: int) -> bool:
    style = cells[end - 1][1]
    return start - end <= _BRIDGE and all(cells[index][1] is style for index in range(end, start))


def _whole(cells: Sequence[Cell], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span grown so that it cuts no wide character in half."""
    while start > 0 and cells[start][0] == "":
        start -= 1
    while end < len(cells) and cells[end][0] == "":
        end += 1
    yield start, end


class BandCompositor(Compositor):
    """A compositor that renders, of each widget, only the rows that are dirty, and no widget that is not seen there.

    Textual's renders all rows of every widget that overlaps the box around all dirty regions: with a bar on top and a
    cell near the bottom that is the whole screen for every key.
    """

    _bands: tuple[Region, ...] = ()

    def render_partial_update(self) -> ChopsUpdate | None:
        self._bands = _row_bands(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._bands = ()

    def _get_renders(self, crop: Region | None = None) -> Iterator[tuple[Region, Region, list[Strip]]]:
        if not self._bands:
            yield from super()._get_renders(crop)
            return
        left = list(self._bands)
        for widget, (region, clip) in self.visible_widgets.items():  # from the front to the back
            shown = region.intersection(clip)
            for band in tuple(left):
                if not shown.overlaps(band):
                    continue
                # Whole rows of the widget, for its strips are cut where widgets begin and not where bands do.
                seen = clip.intersection(Region(clip.x, band.y, clip.width, band.height))
                part = region.intersection(seen)
                yield region, seen, widget.render_lines(part.translate(-region.offset))
                if shown.contains_region(band):
                    left.remove(band)  # nothing behind it is seen
            if not left:
                return


def _row_bands(regions: Iterable[Region]) -> tuple[Region, ...]:
    """Boxes around what is dirty, one for each run of neighbouring rows, that together hold all regions."""
    spans: dict[int, tuple[int, int]] = {}
    for region in regions:
        for y in range(region.y, region.bottom):
            first, end = spans.get(y, (region.x, region.right))
            spans[y] = (min(first, region.x), max(end, region.right))
    bands: list[Region] = []
    for y in sorted(spans):
        row = Region(spans[y][0], y, spans[y][1] - spans[y][0], 1)
        if bands and bands[-1].bottom == y:
            bands[-1] = bands[-1].union(row)
        else:
            bands.append(row)
    return tuple(bands)
