"""What a terminal can do, asked of itself: the question, and the answers picked out of what is typed meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

QUESTION: Final = "\x1b_Gi=31,s=1,v=1,a=q,U=1,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[c"
"""A picture of one pixel that is only asked about, the terminal's name, then its attributes: every terminal answers
those, so when they come, the other answers are there or will never be.

`U=1`, pictures shown by text, is what we need: kitty before 0.28 shows pictures, does not know it, and says nothing.
"""
PLAIN_QUESTION: Final = "\x1b[c"
"""Without the picture, for tmux."""
ANSWER_SECONDS: Final = 1.5
_ATTRIBUTES: Final = re.compile(r"\x1b\[\?([\d;]*)c")
_PICTURE: Final = re.compile(r"\x1b_G([^\x1b]*)\x1b\\")
_NAME: Final = re.compile(r"\x1bP>\|([^\x1b]*)\x1b\\")
_SHOWN_BY_TEXT: Final = ("kitty", "ghostty")
"""How the names of terminals begin that really show pictures by text; WezTerm and Konsole say that all is well too."""
_BEGUN: Final = re.compile(
    r"\x1b(?:\[(?:\?[\d;]{0,40})?|_(?:G[^\x1b]{0,80}\x1b?)?|P(?:>(?:\|[^\x1b]{0,80}\x1b?)?)?)?\Z"
)
"""What may become an answer: the rest is still on its way."""
_SIXEL: Final = "4"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a terminal said of itself."""

    sixel: bool = False
    kitty: bool = False


class TerminalAnswers:
    """Waits for the answers to one question."""

    def __init__(self, answered: Callable[[Abilities], object]) -> None:
        self._answered = answered
        self._held = ""
        self._kitty = False
        self._name = ""
        self.over = False

    def feed(self, text: str) -> str:
        """What has arrived, without the answers; the beginning of one is held back until the rest is there."""
        text, self._held = self._held + text, ""
        for found in _PICTURE.finditer(text):
            self._kitty = self._kitty or found[1].endswith("OK")
        for found in _NAME.finditer(text):
            self._name = found[1].lower()
        text = _NAME.sub("", _PICTURE.sub("", text))
        attributes = _ATTRIBUTES.search(text)
        if attributes is not None:
            self.over = True
            by_text = self._kitty and (not self._name or self._name.startswith(_SHOWN_BY_TEXT))
            self._answered(Abilities(_SIXEL in attributes[1].split(";")[1:], by_text))
            return text[: attributes.start()] + text[attributes.end() :]
        begun = _BEGUN.search(text)
        if begun is not None:
            self._held, text = begun[0], text[: begun.start()]
        return text
