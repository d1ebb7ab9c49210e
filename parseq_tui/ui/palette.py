"""The command palette's entries: every command that is declared, with the key it has now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape

from parseq_tui.ui.commands import COMMANDS
from parseq_tui.ui.screens.editor import EditorScreen

AT_ONCE: Final = 20
"""So many entries are listed before the event loop turns: together they take longer than a key may wait."""


class CommandProvider(Provider):
    """The palette's entries: every command that is declared."""

    async def discover(self) -> Hits:
        screen = self.screen
        if isinstance(screen, EditorScreen):
            # nobody looks here for the arrow keys
            for number, entry in enumerate(sorted(COMMANDS.values(), key=lambda entry: entry.group == "move")):
                if number % AT_ONCE == AT_ONCE - 1:
                    await asyncio.sleep(0)
                title = escape(_palette_title(screen, entry.name))
                yield DiscoveryHit(title, self._runner(entry.name), text=title, help=escape(entry.help))

    async def search(self, query: str) -> Hits:
        screen, matcher = self.screen, self.matcher(query)
        if not isinstance(screen, EditorScreen):
            return
        for entry in COMMANDS.values():
            title = _palette_title(screen, entry.name)
            score = max(matcher.match(title), matcher.match(entry.name), _told_of(query, entry.help))
            if score > 0:
                yield Hit(score, matcher.highlight(title), self._runner(entry.name), help=escape(entry.help))

    def _runner(self, name: str) -> Callable[[], None]:
        screen = self.screen
        assert isinstance(screen, EditorScreen)
        return lambda: screen.desk.perform(name)


def _told_of(query: str, words: str) -> float:
    """The score of a command whose help has a word that begins so: less than one whose title has it (3 and more a
    letter), more than one whose title has its letters somewhere (2 a letter or less)."""
    return 2.5 * len(query) if re.search(rf"\b{re.escape(query)}", words, re.IGNORECASE) else 0.0


def _palette_title(screen: EditorScreen, name: str) -> str:
    key = screen.keymap.shown(name)
    return f"{COMMANDS[name].title}  {key}" if key else COMMANDS[name].title
