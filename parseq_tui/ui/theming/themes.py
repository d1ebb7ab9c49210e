"""Which themes an application can use: those in the program's folder and in the user's, read again when they change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from textual.app import App

from parseq_tui.errors import SettingsError, UsageError, did_you_mean
from parseq_tui.paths import theme_folders
from parseq_tui.settings import Settings
from parseq_tui.ui.theming.roles import UNTHEMED
from parseq_tui.ui.theming.theme import color_level, load_themes, theme_files


class Themes:
    """The themes of one application."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._level = color_level(app.console.color_system)
        self.read()

    def read(self) -> None:
        """Read them all; a broken one is a problem and left out."""
        self.problems: list[SettingsError] = []
        self._files = theme_files(theme_folders())
        names = []
        for theme in load_themes(theme_folders(), self.problems.append):
            # without colours a light theme's grounds would be taken for something that is marked
            shown = replace(theme, dark=True, colors=UNTHEMED, colors16=UNTHEMED) if self._app.no_color else theme
            self._app.register_theme(shown.textual(self._level))
            names.append(theme.name)
        self.names: Sequence[str] = names

    async def outdated(self) -> bool:
        """Whether a theme's file has changed since."""
        return await asyncio.to_thread(theme_files, theme_folders()) != self._files

    @property
    def usual(self) -> str:
        """The theme where none is asked for."""
        return "terminal-16" if self._level == "16" else "night"

    def wanted(self, settings: Settings) -> str:
        """The theme to begin with. Raises UsageError if one that was asked for at the start does not exist."""
        try:
            return self.named(settings.theme or self.usual)
        except SettingsError as error:
            if settings.origins.get("theme") == "option":
                raise UsageError(error.message, hint=error.hint) from error
            self.problems.append(error)
            return self.usual

    def named(self, name: str) -> str:
        """Raises SettingsError if there is none of this name."""
        if name not in self.names:
            known = f"known: {', '.join(self.names)}"
            raise SettingsError(
                f"there is no theme called {name!r}", hint=did_you_mean(name, self.names, otherwise=known)
            )
        return name

    def after(self, name: str) -> str:
        """The next one, the first after the last."""
        here = self.names.index(name) if name in self.names else -1
        return self.names[(here + 1) % len(self.names)] if self.names else name
