"""A line of text being typed: text, cursor, and what each editing key makes of them. Pure.

>>> LineEdit("sin(p=4b)", 3).inserted("h").text
'sinh(p=4b)'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from parseq_tui.ui.drawing.cells import plain

MAXIMUM_LENGTH = 100_000


@dataclass(frozen=True, slots=True)
class LineEdit:
    """A value: every key gives the next one. Invariant: 0 ≤ cursor ≤ len(text)."""

    text: str = ""
    cursor: int = 0

    @classmethod
    def of(cls, text: str) -> LineEdit:
        """`text` with the cursor behind it."""
        return cls(text, len(text))

    def inserted(self, new: str) -> LineEdit:
        """`new` at the cursor, as far as there is room; line breaks become spaces."""
        new = "".join(ch if ch.isprintable() else " " for ch in new)[: max(0, MAXIMUM_LENGTH - len(self.text))]
        return LineEdit(self.text[: self.cursor] + new + self.text[self.cursor :], self.cursor + len(new))

    def room_for(self, new: str) -> bool:
        """Whether `new` fits in whole."""
        return len(self.text) + len(new) <= MAXIMUM_LENGTH

    def replaced(self, start: int, new: str) -> LineEdit:
        """`new` in place of what stands between `start` and the cursor."""
        return LineEdit(self.text[:start], start).inserted(new).followed_by(self.text[self.cursor :])

    def followed_by(self, rest: str) -> LineEdit:
        return LineEdit(self.text + rest, self.cursor)

    def at(self, cursor: int) -> LineEdit:
        return LineEdit(self.text, min(max(cursor, 0), len(self.text)))

    def key(self, name: str) -> LineEdit | None:
        """The line after an editing key; None for a key that is not one."""
        action = _KEYS.get(name)
        return None if action is None else action(self)

    def word_left(self) -> int:
        """Where the word before the cursor begins."""
        at = self.cursor
        while at and not _in_word(self.text[at - 1]):
            at -= 1
        while at and _in_word(self.text[at - 1]):
            at -= 1
        return at

    def word_right(self) -> int:
        """Where the word after the cursor ends."""
        at = self.cursor
        while at < len(self.text) and not _in_word(self.text[at]):
            at += 1
        while at < len(self.text) and _in_word(self.text[at]):
            at += 1
        return at

    def without(self, start: int, end: int) -> LineEdit:
        return LineEdit(self.text[:start] + self.text[end:], start)

    def column(self, index: int) -> int:
        """Terminal cells before the character `index`."""
        return index if self.text.isascii() else cell_len(plain(self.text[:index]))

    def window(self, width: int) -> tuple[int, int]:
        """First and end index of the characters that show in `width` cells: from the start if the cursor is in sight.

        Behind the text one cell is the cursor's.
        """
        if self.text.isascii():
            first = max(0, self.cursor - width + 1)
            return first, first + width
        under = max(1, cell_len(plain(self.text[self.cursor : self.cursor + 1])))
        first, room = self.cursor, width - under
        while first and (room := room - cell_len(plain(self.text[first - 1]))) >= 0:
            first -= 1
        end, room = self.cursor + 1, width - under - cell_len(plain(self.text[first : self.cursor]))
        while end < len(self.text) and (room := room - cell_len(plain(self.text[end]))) >= 0:
            end += 1
        return first, end


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_KEYS: Mapping[str, Callable[[LineEdit], LineEdit]] = {
    "left": lambda line: line.at(line.cursor - 1),
    "right": lambda line: line.at(line.cursor + 1),
    "home": lambda line: line.at(0),
    "ctrl+a": lambda line: line.at(0),
    "end": lambda line: line.at(len(line.text)),
    "ctrl+e": lambda line: line.at(len(line.text)),
    "ctrl+left": lambda line: line.at(line.word_left()),
    "alt+b": lambda line: line.at(line.word_left()),
    "ctrl+right": lambda line: line.at(line.word_right()),
    "alt+f": lambda line: line.at(line.word_right()),
    "backspace": lambda line: line.without(max(0, line.cursor - 1), line.cursor),
    "delete": lambda line: line.without(line.cursor, line.cursor + 1).at(line.cursor),
    "ctrl+d": lambda line: line.without(line.cursor, line.cursor + 1).at(line.cursor),
    "ctrl+w": lambda line: line.without(line.word_left(), line.cursor),
    "alt+backspace": lambda line: line.without(line.word_left(), line.cursor),
    "ctrl+u": lambda line: line.without(0, line.cursor),
    "ctrl+k": lambda line: line.without(line.cursor, len(line.text)),
}
