"""What a terminal can do, asked of itself: the question, and the answers picked out of what is typed meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

QUESTION: Final = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c"
"""A picture of one pixel that is only asked about, then the terminal's attributes: every terminal answers those, so
when they come, the answer to the first is there or will never be."""
PLAIN_QUESTION: Final = "\x1b[c"
"""Without the picture, for tmux."""
ANSWER_SECONDS: Final = 1.5
_ATTRIBUTES: Final = re.compile(r"\x1b\[\?([\d;]*)c")
_PICTURE: Final = re.compile(r"\x1b_G([^\x1b]*)\x1b\\")
_BEGUN: Final = re.compile(r"\x1b(?:\[(?:\?[\d;]{0,40})?|_(?:G[^\x1b]{0,80}\x1b?)?)?\Z")
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
        self.over = False

    def feed(self, text: str) -> str:
        """What has arrived, without the answers; the beginning of one is held back until the rest is there."""
        text, self._held = self._held + text, ""
        for found in _PICTURE.finditer(text):
            self._kitty = self._kitty or found[1].endswith("OK")
        text = _PICTURE.sub("", text)
        attributes = _ATTRIBUTES.search(text)
        if attributes is not None:
            self.over = True
            self._answered(Abilities(_SIXEL in attributes[1].split(";")[1:], self._kitty))
            return text[: attributes.start()] + text[attributes.end() :]
        begun = _BEGUN.search(text)
        if begun is not None:
            self._held, text = begun[0], text[: begun.start()]
        return text
