"""The shortest text that puts cells on a terminal: cursor moves, colours and characters.

A cell is a text and its Codes. Blanks have no foreground: whatever colour is on will do for them. A frame of few cells
is written in the order of its colours if that is shorter than row by row, for a colour costs more than a move.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style


class Codes(NamedTuple):
    """How a cell looks, as the numbers of an SGR sequence."""

    attributes: tuple[str, ...]
    foreground: str
    """"" if any will do."""
    background: str


Cell = tuple[str, Codes]
"""A character (with its combining marks) and its look; the second half of a wide character is ""."""
Span = tuple[int, int, Sequence[Cell]]
"""Row, column, cells."""

RESET: Final = Codes((), "39", "49")
_ATTRIBUTES: Final = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("reverse", "7"),
    ("strike", "9"),
)
_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27", "9": "29"}
_SEEN_ON_BLANKS: Final = frozenset("479")
_BRIDGE: Final = 4
"""So many unchanged cells are sent again rather than moving the cursor over them, if colours stay the same."""
_SORTED_RUNS: Final = 300
"""In a frame of more runs than this, the order of rows is kept."""
_MOST_MARKS: Final = 4
"""Combining marks kept on one character: what comes after them is a joke or an attack."""
_WIDENS: Final = "\ufe0f"
_SKINS: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
"""Colour the picture before them, or are pictures of their own: terminals disagree. They are left out."""
_OBEYED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that do something instead of being seen."""
_FIRST_UNSURE: Final = "\u2e80"
"""From here on terminals may disagree about how wide a character is: no move is relative to one."""


@lru_cache(maxsize=4096)
def codes_of(style: Style | None, colors: ColorSystem | None) -> Codes:
    """The look of text in a style. Without colours, dark text on a bright ground (a cursor) is reversed."""
    if style is None:
        return RESET
    attributes = tuple(code for name, code in _ATTRIBUTES if getattr(style, name))
    front, back = style.color, style.bgcolor
    if colors is None:
        if front is not None and back is not None and _is_darker(front, back):
            attributes = tuple(sorted({*attributes, "7"}))
        return Codes(attributes, "39", "49")
    foreground = "39" if front is None else ";".join(front.downgrade(colors).get_ansi_codes())
    background = "49" if back is None else ";".join(back.downgrade(colors).get_ansi_codes(foreground=False))
    return Codes(attributes, foreground, background)


def _is_darker(one: Color, other: Color) -> bool:
    first, second = one.get_truecolor(), other.get_truecolor(foreground=False)
    return sum(first) < sum(second)


@lru_cache(maxsize=4096)
def blank_of(codes: Codes) -> Codes:
    """The look of a blank where text would have a certain look."""
    return codes if not _SEEN_ON_BLANKS.isdisjoint(codes.attributes) else Codes((), "", codes.background)


def cells_of(texts: Iterable[Segment], colors: ColorSystem | None) -> list[Cell]:
    """Texts in a row as cells."""
    cells: list[Cell] = []
    for text, style, control in texts:
        if control:
            continue
        if not text.isprintable():
            text = _harmless(text)
        look = codes_of(style, colors)
        blank = (" ", blank_of(look))
        if text.isascii():
            cells += [blank if character == " " else (character, look) for character in text]
            continue
        for character in text:
            if character in " \u2800":  # a Braille pattern without dots
                cells.append(blank)
                continue
            width = cell_len(character)
            if width:
                cells.append((character, look))
            elif character == _WIDENS:
                _widen(cells, blank)
            elif cells and character not in _SKINS:
                _combine(cells, character)
            if width == 2:
                cells.append(("", look))
    return cells


def _harmless(text: str) -> str:
    """The last gate: whatever a widget has let through, the terminal obeys none of it.

    What is left out has no width. Characters for private use stay: they stand for pictures.
    """
    return "".join(ch for ch in text if unicodedata.category(ch) not in _OBEYED)


def _widen(cells: list[Cell], blank: Cell) -> None:
    """A narrow character that is meant as a picture has two cells; where it is drawn as text, one of them is empty."""
    if cells and cells[-1][0] and cell_len(cells[-1][0][0] + _WIDENS) == 2:
        cells.append(blank)


def _combine(cells: list[Cell], mark: str) -> None:
    """A combining mark belongs to the character before it."""
    at = -1 if cells[-1][0] or len(cells) < 2 else -2
    text, look = cells[at]
    if len(text) <= _MOST_MARKS:
        cells[at] = (text + mark, look)


def changed(before: Sequence[Cell | None], after: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Spans of cells to send; short unchanged stretches of one look between them are sent too."""
    start = end = -1
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        if old is new or old == new:
            continue
        if start >= 0 and not _bridged(after, end, index):
            yield _whole(after, start, end)
            start = -1
        if start < 0:
            start = index
        end = index + 1
    if start >= 0:
        yield _whole(after, start, end)


def _bridged(cells: Sequence[Cell], end: int, start: int) -> bool:
    look = cells[end - 1][1]
    return start - end <= _BRIDGE and all(_fits(cells[index][1], look) for index in range(end, start))


def _fits(look: Codes, current: Codes) -> bool:
    """Whether a cell can be written without changing what is on."""
    if look is current or look == current:
        return True
    return not look[1] and look[2] == current[2] and _SEEN_ON_BLANKS.isdisjoint(current[0])


def _whole(cells: Sequence[Cell], start: int, end: int) -> tuple[int, int]:
    """The span grown so that it cuts no wide character in half."""
    while start > 0 and cells[start][0] == "":
        start -= 1
    while end < len(cells) and cells[end][0] == "":
        end += 1
    return start, end


class _Run(NamedTuple):
    """Text of one look."""

    y: int
    x: int
    text: str
    codes: Codes
    width: int
    sure: bool
    """Whether every terminal agrees where the cursor is after it."""


class TerminalText:
    """Writes cells; knows what is on and where the cursor is, as far as it can be known."""

    def __init__(self) -> None:
        self._now: Codes | None = RESET
        """What is on; None where that is not known."""
        self._place: tuple[int, int] | None = None
        """Row and column of the cursor."""

    def forget(self) -> None:
        """Somebody else wrote to the terminal."""
        self._now = self._place = None

    def written(self, spans: Iterable[Span], width: int) -> str:
        """What puts these cells on a terminal that is `width` columns wide."""
        runs = [run for y, x, cells in spans for run in _runs(y, x, cells)]
        begun = (self._now, self._place)
        text = self._joined(runs, width)
        if 2 < len(runs) <= _SORTED_RUNS:
            ended, (self._now, self._place) = (self._now, self._place), begun
            by_look = sorted(runs, key=lambda run: _near(run.codes, begun[0] or RESET))
            shorter = self._joined(by_look, width)
            if len(shorter) < len(text):
                return shorter
            self._now, self._place = ended
        return text

    def moved(self, y: int, x: int) -> str:
        """What moves the cursor there."""
        text = self._move(y, x)
        self._place = (y, x)
        return text

    def put_raw(self, y: int, x: int, sequence: str) -> str:
        """What writes something that leaves colours as they are, at a place."""
        text = self._move(y, x) + sequence
        self._place = None
        return text

    def _joined(self, runs: Iterable[_Run], width: int) -> str:
        out: list[str] = []
        for run in runs:
            out.append(self._move(run.y, run.x))
            out.append(self._change(run.codes))
            out.append(run.text)
            end = run.x + run.width
            self._place = (run.y, end) if run.sure and end < width else None
        return "".join(out)

    def _move(self, y: int, x: int) -> str:
        absolute = f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
        if self._place is None:
            return absolute
        down, across = y - self._place[0], x - self._place[1]
        # line feeds keep the column, for the driver has switched off what would add a carriage return to them
        relative = ("\n" * down if 0 < down <= 3 else _steps(down, "B", "A")) + _across(across)
        return relative if len(relative) < len(absolute) else absolute

    def _change(self, wanted: Codes) -> str:
        now = self._now
        if now is None:
            self._now = wanted if wanted[1] else Codes(wanted[0], "39", wanted[2])
            return f"\x1b[{';'.join(_from_nothing(wanted))}m"
        if _fits(wanted, now):
            return ""
        foreground = wanted[1] or now[1]
        parts = _attribute_changes(now[0], wanted[0])
        parts += [foreground] if foreground != now[1] else []
        parts += [wanted[2]] if wanted[2] != now[2] else []
        fresh = _from_nothing(wanted)
        if len(";".join(fresh)) < len(";".join(parts)):
            parts, foreground = fresh, wanted[1] or "39"
        self._now = Codes(wanted[0], foreground, wanted[2])
        return f"\x1b[{';'.join(parts)}m"


def _near(codes: Codes, now: Codes) -> tuple[object, ...]:
    """Sorts looks so that as little as possible changes from one to the next, what is on first."""
    (attributes, foreground, background), on = codes, now
    return (background != on[2], background, attributes != on[0], attributes, foreground != on[1], foreground)


def _runs(y: int, x: int, cells: Sequence[Cell]) -> Iterator[_Run]:
    """Neighbouring cells that can be written without changing what is on."""
    text: list[str] = []
    codes, begun, sure, last = RESET, x, True, None
    for at, (character, look) in enumerate(cells, x):
        if not text and not character:  # the second half of a picture
            begun = at + 1
            continue
        if look is not last:
            last = look
            if not text:
                codes = look
            elif not _fits(look, codes):
                if _fits(codes, look):  # only blanks so far
                    codes = look
                else:
                    yield _Run(y, begun, "".join(text), codes, at - begun, sure)
                    text, codes, begun, sure = [], look, at, True
        text.append(character)
        if character >= _FIRST_UNSURE or len(character) > 1:
            sure = False
            if _is_picture(character):  # what follows is put in its place, however wide this has come out
                yield _Run(y, begun, "".join(text), codes, at + 1 - begun, sure)
                text, last, begun, sure = [], None, at + 1, True
    if text:
        yield _Run(y, begun, "".join(text), codes, x + len(cells) - begun, sure)


def _is_picture(character: str) -> bool:
    """Whether this is an emoji, of which terminals know more or fewer and which they join or do not."""
    return "\U0001f000" <= character <= "\U0001faff" or character[1:] >= "\u2000"


def _from_nothing(codes: Codes) -> list[str]:
    return ["0", *codes[0], *(code for code in codes[1:] if code not in ("", "39", "49"))]


def _attribute_changes(now: tuple[str, ...], wanted: tuple[str, ...]) -> list[str]:
    if now == wanted:
        return []
    off = dict.fromkeys(_OFF[code] for code in now if code not in wanted)
    left = {code for code in now if _OFF[code] not in off}
    return [*off, *(code for code in wanted if code not in left)]


def _steps(count: int, forward: str, back: str) -> str:
    if not count:
        return ""
    number = str(abs(count)) if abs(count) > 1 else ""
    return f"\x1b[{number}{forward if count > 0 else back}"


def _across(count: int) -> str:
    return "\b" * -count if -4 <= count < 0 else _steps(count, "C", "D")
