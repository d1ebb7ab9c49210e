"""The settings in use: changed while the program runs, written to the file, and put into effect at once.

What can only be read at the start (the colours of the terminal) is written and said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from parseq_tui.errors import SettingsError
from parseq_tui.settings import OPTIONS, Origin, Settings, load_settings, write_setting

AT_START = frozenset({"colors"})
"""Options that are only looked at when the program starts."""


class Adjustable(Protocol):
    """What settings act on: the application."""

    def use_theme(self, name: str) -> None:
        """Raises SettingsError for a theme that does not exist."""

    def use_mouse(self, enabled: bool) -> None: ...
    def use_cursor(self, shown: bool) -> None: ...
    def use_pictures(self, wish: str) -> None: ...
    def use_glyphs(self, glyphs: str) -> None: ...
    def use_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Raises SettingsError for a command that does not exist."""


class Preferences:
    """The settings of a running editor."""

    def __init__(self, app: Adjustable, settings: Settings, file: Path) -> None:
        self._app = app
        self.settings = settings
        self.file = file

    def change(self, name: str, value: Any) -> str:
        """Set an option here and in the file (None: its default again); what to say about it. Raises SettingsError."""
        write_setting(self.file, name, value)
        before = self.settings.origins.get(name, "default")
        fresh = OPTIONS[name].default if value is None else value
        origins: dict[str, Origin] = {**self.settings.origins, name: "default" if value is None else "file"}
        self._use(replace(self.settings, **{name: fresh}, origins=origins))
        shown = str(fresh).lower() if isinstance(fresh, bool) else fresh or '""'
        words = f"{name} = {shown}, kept in {self.file.name}"
        if before == "environment":
            return f"{words}; ${OPTIONS[name].variable} still wins at the next start"
        if name in AT_START:
            return f"{words}; seen at the next start"
        return words

    def read_again(self) -> str:
        """Take over what the file holds now; what to say about it. Raises SettingsError, and nothing has changed."""
        fresh = load_settings(self.file)
        outside = {
            name: origin for name, origin in self.settings.origins.items() if origin in ("environment", "option")
        }
        kept = {name: getattr(self.settings, name) for name in outside}
        self._app.use_keys(fresh.keys)
        try:
            self._use(replace(fresh, **kept, origins={**fresh.origins, **outside}))
        except SettingsError:
            self._app.use_keys(self.settings.keys)
            raise
        return f"{self.file.name} read again"

    def _use(self, settings: Settings) -> None:
        before = self.settings
        if settings.theme != before.theme:
            self._app.use_theme(settings.theme)
        self.settings = settings
        if settings.mouse != before.mouse:
            self._app.use_mouse(settings.mouse)
        if settings.cursor != before.cursor:
            self._app.use_cursor(settings.cursor)
        if settings.pictures != before.pictures:
            self._app.use_pictures(settings.pictures)
        if settings.glyphs != before.glyphs:
            self._app.use_glyphs(settings.glyphs)
