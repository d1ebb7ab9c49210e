"""Every setting with its value, where that came from, and where it could be changed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from parseq_tui.settings import OPTIONS, Settings
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.keymap import readable
from parseq_tui.ui.screens.listing import Column, ListScreen, Row

ENVIRONMENT: Mapping[str, str] = {
    "PARSEQ_TUI_HOME": "one folder for settings, themes and recovery, instead of the usual ones",
    "VISUAL": "the editor for a cell or the whole file",
    "EDITOR": "the same, where VISUAL is not set",
    "NO_COLOR": "no colours at all",
    "COLORTERM": "truecolor: the terminal has all colours",
}


class SettingsScreen(ListScreen[None]):
    """Options, keys that were changed, the environment and the folders."""

    HEADING = "settings"
    KEYS = "Up Down look   Esc leave"
    COLUMNS = (Column("setting", 24), Column("value", 22), Column("from", 15), Column("what it is", 40))

    def __init__(self, settings: Settings, file: Path, folders: Mapping[str, Path]) -> None:
        super().__init__()
        self._file = file
        self._rows = [
            *(
                Row((name, _shown(getattr(settings, name)), settings.origins.get(name, "default"), option.help))
                for name, option in OPTIONS.items()
            ),
            *(
                Row((name, ", ".join(readable(key) for key in keys) or "(no key)", "file", "keys of a command"))
                for name, keys in settings.keys.items()
            ),
            *(
                Row(
                    (
                        f"${name}",
                        _shown(os.environ.get(name, "")),
                        "environment" if name in os.environ else "not set",
                        words,
                    )
                )
                for name, words in ENVIRONMENT.items()
            ),
            *(
                Row((name, plain(str(path)), "" if path.exists() else "none yet", "folder"))
                for name, path in folders.items()
            ),
        ]

    def rows(self) -> Sequence[Row]:
        return self._rows

    def detail(self, chosen: int) -> Sequence[str]:
        name, value, _, words = self._rows[chosen].cells
        return (
            f"{name} = {value}",
            words,
            f"file{'' if self._file.exists() else ' (does not exist yet)'}: {plain(str(self._file))}",
            "the command line's options win over settings.toml, which is read at the start",
        )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(str(value)) or '""'
