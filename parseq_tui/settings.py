"""The user's settings: one TOML file, every option declared once here with its default, its help and what it may be.

    theme = "night"
    mouse = true
    [keys]
    "document.save" = ["ctrl+s", "space s"]

Later wins: default, file, environment (PARSEQ_TUI_THEME), command line. Every value knows where it came from. Writing
an option changes its line and nothing else of the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from parseq_tui.errors import SettingsError, did_you_mean

Origin = Literal["default", "file", "environment", "option"]
MAXIMUM_BYTES = 256 * 1024
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Option:
    """How one setting is spelled and explained."""

    name: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    """What a text may be; () for anything."""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"PARSEQ_TUI_{self.name.upper()}"


LINGER_SECONDS: Mapping[str, float] = {"off": 0.0, "30 s": 30.0, "2 min": 120.0, "10 min": 600.0}
"""What the choices of `linger` mean."""


def _option(default: Any, help: str, choices: tuple[str, ...] = ()) -> Any:  # noqa: A002
    return field(default=default, metadata={"help": help, "choices": choices})


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked settings. Each option is a field: its type, default, help and choices."""

    theme: str = _option("", 'the name of a theme, or "" to choose by the terminal')
    mouse: bool = _option(True, "whether the program uses the mouse")
    pictures: str = _option(
        "half",
        "how frames are shown: half blocks anywhere; pixels (sixel, kitty) where the terminal has them; auto asks",
        ("half", "auto", "sixel", "kitty", "ascii", "off"),
    )
    glyphs: str = _option(
        "auto",
        "what is drawn with: block or ascii where a font lacks braille; auto goes by terminal and locale",
        ("auto", "braille", "block", "ascii"),
    )
    colors: str = _option(
        "auto",
        "colours of the terminal: auto believes it; read at the start",
        ("auto", "truecolor", "256", "16", "none"),
    )
    linger: str = _option(
        "2 min",
        "how long an engine stays loaded after a render, so that the next one begins at once",
        tuple(LINGER_SECONDS),
    )
    cursor: bool = _option(False, "whether the terminal's own cursor is seen on the cell: for magnifiers and braille")
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Command name → the keys that replace its default ones."""
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False)
    """Where each value came from."""


OPTIONS: Mapping[str, Option] = {
    entry.name: Option(entry.name, entry.default, **entry.metadata) for entry in fields(Settings) if entry.metadata
}


def load_settings(
    path: Path, options: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of a file (which may be missing) under the environment and the command line (None: not given).

    Raises SettingsError: the file or variable, the setting, what it may be.
    """
    written = _read(path)
    keys = written.pop("keys", {})
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for name, option in OPTIONS.items():
        values[name], origins[name] = option.default, "default"
        if name in written:
            values[name], origins[name] = checked(option, written.pop(name), str(path)), "file"
        if text := (environment or {}).get(option.variable, ""):
            values[name], origins[name] = _from_text(option, text), "environment"
        given = (options or {}).get(name)
        if given is not None:
            values[name], origins[name] = checked(option, given, "the command line"), "option"
    if written:
        unknown = sorted(written)[0]
        hint = did_you_mean(unknown, OPTIONS, otherwise=f"known: {', '.join([*OPTIONS, '[keys]'])}")
        raise SettingsError(f"{path}: there is no setting called {unknown!r}", hint=hint)
    return Settings(**values, keys=_checked_keys(keys, path), origins=origins)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}", hint="mend it, or move it away") from error


def _text(path: Path) -> str:
    """The file's text; "" where there is none. Raises SettingsError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_BYTES + 1)
        if len(data) > MAXIMUM_BYTES:
            raise SettingsError(f"{path} is too long to be a settings file")
        return data.decode("utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}", hint="mend it, or move it away") from error


def checked(option: Option, value: Any, where: str) -> Any:
    """The value, if the option may have it. Raises SettingsError."""
    if not isinstance(value, type(option.default)):
        raise SettingsError(f"{where}: {option.name} cannot be {value!r}", hint=f"it is {option.help}")
    if option.choices and value not in option.choices:
        raise SettingsError(
            f"{where}: {option.name} cannot be {value!r}", hint=f"it is one of {', '.join(option.choices)}"
        )
    return value


def _from_text(option: Option, text: str) -> Any:
    if not isinstance(option.default, bool):
        return checked(option, text, f"${option.variable}")
    if text.lower() not in _WORDS:
        raise SettingsError(f"${option.variable} cannot be {text!r}", hint="it is 1 or 0")
    return _WORDS[text.lower()]


def _checked_keys(value: Any, path: Path) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise SettingsError(f"{path}: [keys] is a table of command names and keys")
    keys: dict[str, tuple[str, ...]] = {}
    for name, given in value.items():
        listed = [given] if isinstance(given, str) else given
        if not isinstance(listed, list) or not all(isinstance(key, str) and key for key in listed):
            raise SettingsError(
                f"{path}: the keys of {name!r} cannot be {given!r}",
                hint='write a key ("ctrl+s", "space r a") or a list of them',
            )
        keys[name] = tuple(listed)
    return keys


# -- writing -----------------------------------------------------------------------------------------------------------


def write_setting(path: Path, name: str, value: Any) -> None:
    """Set one option in the file, or let it be its default (None: its line goes). The rest of the file stays as it is.

    Raises SettingsError: a value it may not have, a file that cannot be read, written, or understood.
    """
    option = OPTIONS[name]
    line = None if value is None else f"{name} = {_toml(checked(option, value, path.name))}"
    _read(path)
    text = _with_line(_text(path), name, line)
    try:
        understood = tomllib.loads(text).get(name) == value
    except tomllib.TOMLDecodeError:
        understood = False
    if not understood:
        raise SettingsError(f"{path.name}: the line of {name} cannot be changed from here", hint="edit the file")
    _write(path, text)


def begin_file(path: Path, keys: Mapping[str, Sequence[str]]) -> None:
    """Write a file that sets nothing and says what could be set. `keys`: those of each command by default.

    Raises SettingsError.
    """
    lines = ["# Settings of parseq-tui. Take the # away from a line to set it.", ""]
    for option in OPTIONS.values():
        choices = f" ({', '.join(option.choices)})" if option.choices else ""
        lines += [f"# {option.help}{choices}", f"# {option.name} = {_toml(option.default)}", ""]
    lines += ["# Keys that replace a command's own, written as they are here; [] for none.", "[keys]"]
    lines += [f"# {_toml(name)} = [{', '.join(map(_toml, listed))}]" for name, listed in keys.items()] + [""]
    _write(path, "\n".join(lines))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _with_line(text: str, name: str, line: str | None) -> str:
    """The text with this line for the option, before the first table."""
    found = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    head, rest = (text[: found.start()], text[found.start() :]) if found else (text, "")
    there = re.compile(rf"^[ \t]*{re.escape(name)}[ \t]*=[^#\n]*(?P<comment>#[^\n]*)?\n?", re.MULTILINE)
    match = there.search(head)
    if match is None:
        gap = "" if not head or head.endswith("\n") else "\n"
        return text if line is None else f"{head}{gap}{line}\n{rest}"
    comment = f"  {match['comment']}" if match["comment"] else ""
    fresh = "" if line is None else f"{line}{comment}\n"
    return head[: match.start()] + fresh + head[match.end() :] + rest


def _write(path: Path, text: str) -> None:
    place = path.resolve()  # a link to a file kept elsewhere stays a link
    fresh = place.with_name(f"{place.name}.{os.getpid()}.new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, "utf-8")
        os.replace(fresh, place)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error
