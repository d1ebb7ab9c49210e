"""The user's settings: one TOML file, every option declared once here with its default, its help and what it may be.

    theme = "night"
    mouse = true
    [keys]
    "document.save" = ["ctrl+s", "space s"]

Two stages: what was written (and where), then the checked value. Command-line options win over the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from parseq_tui.errors import SettingsError

Origin = Literal["default", "file", "option"]
MAXIMUM_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Option:
    """How one setting is spelled and explained."""

    name: str
    kind: type
    default: Any
    help: str


OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("theme", str, "", 'the name of a theme, or "" to choose by the terminal'),
        Option("mouse", bool, True, "whether the program uses the mouse"),
    )
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked settings."""

    theme: str = ""
    mouse: bool = True
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Command name → the keys that replace its default ones."""
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False)
    """Where each value came from."""


def load_settings(path: Path, options: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a file (which may be missing) under the command line's options (None: not given).

    Raises SettingsError: the file, the setting, what it may be.
    """
    written = _read(path)
    keys = written.pop("keys", {})
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for name, option in OPTIONS.items():
        values[name], origins[name] = option.default, "default"
        if name in written:
            values[name], origins[name] = _checked(option, written.pop(name), path), "file"
        given = (options or {}).get(name)
        if given is not None:
            values[name], origins[name] = given, "option"
    if written:
        unknown = sorted(written)[0]
        known = ", ".join([*OPTIONS, "[keys]"])
        raise SettingsError(f"{path.name}: there is no setting called {unknown!r}", hint=f"known: {known}")
    return Settings(**values, keys=_checked_keys(keys, path), origins=origins)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MAXIMUM_BYTES:
        raise SettingsError(f"{path} is too long to be a settings file")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}", hint="mend it, or move it away") from error


def _checked(option: Option, value: Any, path: Path) -> Any:
    if not isinstance(value, option.kind):
        raise SettingsError(f"{path.name}: {option.name} cannot be {value!r}", hint=f"it is {option.help}")
    return value


def _checked_keys(value: Any, path: Path) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise SettingsError(f"{path.name}: [keys] is a table of command names and keys")
    keys: dict[str, tuple[str, ...]] = {}
    for name, given in value.items():
        listed = [given] if isinstance(given, str) else given
        if not isinstance(listed, list) or not all(isinstance(key, str) and key for key in listed):
            raise SettingsError(
                f"{path.name}: the keys of {name!r} cannot be {given!r}",
                hint='write a key ("ctrl+s", "space r a") or a list of them',
            )
        keys[name] = tuple(listed)
    return keys
