"""Pictures that a terminal paints over its cells (sixel), handled as text: one private character per cell they cover.

So a picture moves, is covered by a menu and vanishes like any other text, and whoever compares screens sees when it
must be sent again: when one of its cells holds its character again and all of them do (ui/terminal/screen_diff.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_FIRST, _COUNT = 0x10F000, 256
"""Private characters, used in turn: a new picture on the same cells has another one."""
_KEPT = 8
"""Pictures whose bytes are remembered: those on the screen are among the last."""


@dataclass(frozen=True, slots=True)
class Graphic:
    """A picture that covers whole cells."""

    columns: int
    rows: int
    payload: str
    """Draws it with its top left corner at the cursor."""


class Graphics:
    """The pictures of one terminal by the characters that stand for them."""

    def __init__(self) -> None:
        self._by_character: dict[str, Graphic] = {}
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._by_character)

    def __contains__(self, character: str) -> bool:
        return character >= chr(_FIRST) and character in self._by_character

    def __getitem__(self, character: str) -> Graphic:
        return self._by_character[character]

    def alike(self, one: str, other: str) -> bool:
        """Whether two characters stand for pictures of one size: each covers all that the other covers."""
        if one not in self or other not in self:
            return False
        first, second = self[one], self[other]
        return (first.columns, first.rows) == (second.columns, second.rows)

    def strips(self, graphic: Graphic, background: Style) -> list[Strip]:
        """The cells of a new picture."""
        character = chr(_FIRST + self._next)
        self._next = (self._next + 1) % _COUNT
        self._by_character[character] = graphic
        while len(self._by_character) > _KEPT:
            del self._by_character[next(iter(self._by_character))]
        return [Strip([Segment(character * graphic.columns, background)], graphic.columns)] * graphic.rows


def stands_for_graphic(character: str) -> bool:
    """Whether a character is one of ours: never to be sent as it is."""
    return chr(_FIRST) <= character[:1] < chr(_FIRST + _COUNT)
