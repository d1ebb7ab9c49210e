"""Every setting with its value and where that came from; changed here, at once and in the file.

Dismissed with "edit" if the file itself is to be opened, else None.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from parseq_tui.errors import SettingsError
from parseq_tui.settings import OPTIONS, Origin
from parseq_tui.ui.commands import COMMANDS
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.keymap import Keymap, readable
from parseq_tui.ui.preferences import Preferences
from parseq_tui.ui.screens.listing import Column, ListScreen, Row

ENVIRONMENT: Mapping[str, str] = {
    "PARSEQ_TUI_HOME": "one folder for settings, themes and recovery, instead of the usual ones",
    "VISUAL": "the editor for a cell or the whole file",
    "EDITOR": "the same, where VISUAL is not set",
    "NO_COLOR": "no colours at all",
    "COLORTERM": "truecolor: the terminal has all colours",
}
_ORIGINS: Mapping[Origin, str] = {"option": "command line"}


class SettingsScreen(ListScreen["str | None"]):
    """Options, keys that were changed, the environment and the folders."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right,space", "change(1)", "next value", id="settings.next"),
        Binding("left", "change(-1)", "value before", id="settings.previous"),
        Binding("d,delete", "default", "back to the default", id="settings.default"),
        Binding("e", "edit", "edit the file", id="settings.edit"),
    ]
    HEADING = "settings"
    KEYS = "← → change   d default   e edit the file   Esc leave"
    COLUMNS = (Column("setting", 24), Column("value", 20), Column("from", 17), Column("what it is", 40))

    def __init__(
        self, preferences: Preferences, themes: Sequence[str], folders: Mapping[str, Path], keymap: Keymap
    ) -> None:
        super().__init__()
        self._keymap = keymap
        self._preferences = preferences
        self._themes = tuple(themes)
        self._folders = folders
        self._names = tuple(OPTIONS)
        self._said = ""

    def rows(self) -> Sequence[Row]:
        settings = self._preferences.settings
        options = [
            Row((name, _shown(getattr(settings, name)), _origin(settings.origins.get(name, "default")), option.help),
                role="accent", strong=1)
            for name, option in OPTIONS.items()
        ]  # fmt: skip
        keys = [
            Row((name, ", ".join(readable(key) for key in keys) or "(no key)", "file", self._key_words(name)))
            for name, keys in settings.keys.items()
        ]
        environment = [
            Row(
                (
                    f"${name}",
                    _shown(os.environ.get(name, "")),
                    "environment" if name in os.environ else "not set",
                    words,
                )
            )
            for name, words in ENVIRONMENT.items()
        ]
        folders = [
            Row((name, plain(str(path)), "" if path.exists() else "none yet", "folder"))
            for name, path in self._folders.items()
        ]
        return [*options, *keys, *environment, *folders]

    def _key_words(self, name: str) -> str:
        """What a user's keys do, and what did not keep all of its own because of them."""
        if name not in COMMANDS:
            return "keys in a pane"
        lost = [f"{readable(key)} from {other}" for key, other in self._keymap.taken.get(name, ())]
        taken = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
        return COMMANDS[name].title + (f"; takes {taken}" if taken else "")

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)  # how much is said of the chosen one depends on the room

    def detail(self, chosen: int) -> Sequence[str]:
        name, value, _, words = self.rows()[chosen].cells
        file = self._preferences.file
        there = "" if file.exists() else " (does not exist yet)"
        said = (
            f"{name} = {value}   {self._choices(chosen)}".rstrip(),
            f"{words}",
            self._said or f"{plain(file.name)}{there} in {plain(str(file.parent))}",
            self._hint(chosen),
        )
        width = max(20, self.listing.size.width - 2)
        return [line for text in said for line in wrap(text, width)]

    def _hint(self, chosen: int) -> str:
        if chosen < len(self._names):
            return f"the command line wins over ${OPTIONS[self._names[chosen]].variable}, and that over the file"
        if chosen < len(self._names) + len(self._preferences.settings.keys):
            return "keys are changed in the file: e opens it"
        return "only to be seen here"

    def _choices(self, chosen: int) -> str:
        values = self._values(chosen)
        return f"(one of {', '.join(_shown(value) for value in values)})" if values else ""

    def _values(self, chosen: int) -> tuple[Any, ...]:
        """What the option of a row may be; nothing where a row is no option."""
        if chosen >= len(self._names):
            return ()
        option = OPTIONS[self._names[chosen]]
        if isinstance(option.default, bool):
            return (True, False)
        return ("", *self._themes) if option.name == "theme" else option.choices

    def action_change(self, step: int) -> None:
        """The next or the previous value, written to the file."""
        values = self._values(self.chosen)
        if not values:
            self._said = f"! {self._hint(self.chosen)}"
            self.draw()
            return
        name = self._names[self.chosen]
        now = getattr(self._preferences.settings, name)
        at = values.index(now) if now in values else -step
        self._change(name, values[(at + step) % len(values)])

    def action_default(self) -> None:
        if self.chosen < len(self._names):
            self._change(self._names[self.chosen], None)

    def _change(self, name: str, value: Any) -> None:
        try:
            self._said = self._preferences.change(name, value)
        except SettingsError as error:
            self._said = f"! {error.message}{'; ' + error.hint if error.hint else ''}"
        self.draw()

    def action_choose(self, step: int) -> None:
        self._said = ""
        super().action_choose(step)

    def action_edit(self) -> None:
        self.dismiss("edit")


def _origin(origin: Origin) -> str:
    return _ORIGINS.get(origin, origin)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(str(value)) or '""'
