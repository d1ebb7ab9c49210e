"""Themes: one TOML file each, in `themes/` and in the user's folder; a file names the colour of every role.

Widgets ask for roles ("interpolated", "series-1"), never for colours. A theme has two sets of colours: `[colors]` for
true colour and 256, `[colors16]` for terminals with sixteen; without the second one a plain dark or light set is used.

    title = "Night"
    dark = true
    [colors]
    background = "#10141a"      # every name in ROLES; `series` is a list of eight
    [colors16]
    background = "black"        # names of the sixteen, without "ansi_"
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

from rich.style import Style
from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import Theme

from parseq_tui.errors import SettingsError
from parseq_tui.ui.theming.roles import ROLES, SERIES, SIXTEEN_DARK, SIXTEEN_LIGHT, UNTHEMED

ColorLevel = Literal["truecolor", "256", "16"]

MAX_THEME_BYTES = 64 * 1024
_ANSI_NAMES = tuple(
    shade + name
    for shade in ("", "bright_")
    for name in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
)


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """One theme, checked: both mappings hold every role."""

    name: str
    """The file's stem: what settings and the palette call it."""
    title: str
    dark: bool
    colors: Mapping[str, str]
    """Role → "#rrggbb" or "ansi_…"."""
    colors16: Mapping[str, str]
    """Role → "ansi_…"."""
    path: Path

    def roles(self, level: ColorLevel) -> Mapping[str, str]:
        """Role → colour, as Textual spells it, on a terminal of this kind."""
        return self.colors16 if level == "16" else self.colors

    def textual(self, level: ColorLevel = "truecolor") -> Theme:
        """The theme Textual registers; every role is a CSS variable of the same name (`$interpolated`)."""
        colors = self.roles(level)
        return Theme(
            name=self.name,
            primary=colors["accent"],
            secondary=colors["formula"],
            accent=colors["accent"],
            warning=colors["warning"],
            error=colors["error"],
            success=colors["success"],
            foreground=colors["text"],
            background=colors["background"],
            surface=colors["surface"],
            panel=colors["panel"],
            dark=self.dark,
            ansi=any(color.startswith("ansi_") for color in colors.values()),
            variables=_textual_variables(colors),
        )


def color_level(color_system: str | None) -> ColorLevel:
    """What a rich console's `color_system` can show."""
    if color_system in ("standard", "windows"):
        return "16"
    return "256" if color_system == "256" else "truecolor"


def _raise(problem: SettingsError) -> NoReturn:
    raise problem


def load_themes(folders: Sequence[Path], on_problem: Callable[[SettingsError], object] = _raise) -> list[ThemeFile]:
    """All themes, by name; a later folder's theme replaces an earlier one's. A folder that is not there has none.

    A file that is not a theme goes to `on_problem` and is left out; by default it raises SettingsError.
    """
    found: dict[str, ThemeFile] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                found[path.stem] = load_theme(path)
            except SettingsError as problem:
                on_problem(problem)
    return [found[name] for name in sorted(found)]


def theme_files(folders: Sequence[Path]) -> Mapping[str, tuple[int, int]]:
    """What the theme files are now: path → time and size. Compare two to see whether any has changed."""
    found = {}
    for folder in folders:
        for path in folder.glob("*.toml"):
            try:
                status = path.stat()
            except OSError:
                continue  # gone between the two looks: the next one sees it gone
            found[str(path)] = (status.st_mtime_ns, status.st_size)
    return found


def load_theme(path: Path) -> ThemeFile:
    """One theme file. Raises SettingsError: the file, what is wrong, what would be right."""
    content = _read(path)
    unknown = sorted(set(content) - {"title", "dark", "colors", "colors16"})
    if unknown:
        raise _problem(path, f"there is no theme setting called {unknown[0]!r}", "known: title, dark, colors, colors16")
    dark, title = content.get("dark", True), content.get("title", path.stem)
    if not isinstance(dark, bool):
        raise _problem(path, f"dark cannot be {dark!r}", "it is true or false")
    if not isinstance(title, str):
        raise _problem(path, f"title cannot be {title!r}", "it is a text")
    colors = _colors(path, "colors", content.get("colors"), _color)
    sixteen = SIXTEEN_DARK if dark else SIXTEEN_LIGHT
    colors16 = _colors(path, "colors16", content.get("colors16", sixteen), _ansi_color)
    return ThemeFile(path.stem, title, dark, colors, colors16, path)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_THEME_BYTES + 1)
        if len(data) > MAX_THEME_BYTES:
            raise _problem(path, "the file is too long to be a theme", f"at most {MAX_THEME_BYTES} bytes")
        return tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise _problem(path, f"it cannot be read: {error.strerror}", "") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _problem(path, f"it is not TOML: {error}", "compare it with a theme that works") from error


def _colors(path: Path, table: str, value: Any, check: Callable[[Any], str]) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _problem(path, f"the table [{table}] is missing", f"it names a colour for {', '.join(ROLES)} and series")
    given = dict(value)
    series = given.pop("series", None)
    if not isinstance(series, (list, tuple)) or len(series) != SERIES:
        raise _problem(path, f"[{table}] series is not a list of {SERIES} colours", "")
    given.update({f"series-{index}": color for index, color in enumerate(series, start=1)})
    wanted = [*ROLES, *(f"series-{index}" for index in range(1, SERIES + 1))]
    for role in given:
        if role not in wanted:
            raise _problem(path, f"[{table}] has no role called {role!r}", f"known: {', '.join(ROLES)}, series")
    for role in wanted:
        if role not in given:
            raise _problem(path, f"[{table}] names no colour for {role!r}", "every role needs one")
    try:
        return {role: check(given[role]) for role in wanted}
    except ValueError as error:
        role = next(role for role in wanted if str(given[role]) == str(error))
        expected = "a name like bright_blue" if table == "colors16" else 'a colour like "#80a0c0"'
        raise _problem(path, f"[{table}] {role} cannot be {given[role]!r}", f"it is {expected}") from error


def _color(value: Any) -> str:
    try:
        color = Color.parse(str(value))
    except ColorParseError:
        raise ValueError(str(value)) from None
    if color.a < 1:
        raise ValueError(str(value))
    return color.hex


def _ansi_color(value: Any) -> str:
    name = str(value).removeprefix("ansi_")
    if name not in _ANSI_NAMES:
        raise ValueError(str(value))
    return f"ansi_{name}"


def _problem(path: Path, message: str, hint: str) -> SettingsError:
    return SettingsError(f"theme {path.name}: {message}", hint=hint)


def _textual_variables(colors: Mapping[str, str]) -> dict[str, str]:
    """Our roles, and the variables of Textual's own widgets that it would derive wrongly for 16 and 256 colours."""
    return {
        **colors,
        "ansi-background": colors["background"],
        "ansi-foreground": colors["text"],
        "text-muted": colors["dim"],
        "text-disabled": colors["dim"],
        "foreground-muted": colors["dim"],
        "foreground-disabled": colors["dim"],
        "border": colors["accent"],
        "border-blurred": colors["dim"],
        "block-cursor-background": colors["cursor"],
        "block-cursor-foreground": colors["cursor-text"],
        "block-cursor-blurred-background": colors["selection"],
        "block-cursor-blurred-foreground": colors["text"],
        "input-cursor-background": colors["text"],
        "input-cursor-foreground": colors["background"],
        "input-selection-background": colors["selection"],
        "input-selection-foreground": colors["text"],
        "screen-selection-background": colors["selection"],
        "screen-selection-foreground": colors["text"],
        "footer-background": colors["panel"],
        "footer-foreground": colors["text"],
        "footer-key-foreground": colors["accent"],
        "footer-description-foreground": colors["text"],
        "scrollbar": colors["dim"],
        "scrollbar-hover": colors["text"],
        "scrollbar-active": colors["accent"],
        "scrollbar-background": colors["panel"],
        "scrollbar-background-hover": colors["panel"],
        "scrollbar-background-active": colors["panel"],
        "scrollbar-corner-color": colors["panel"],
    }


def role_defaults() -> dict[str, str]:
    """Values of our variables under a theme that is not ours: for `App.get_theme_variable_defaults`."""
    return dict(UNTHEMED)


_WITHOUT_COLORS = {"selection": "underline", "changed": "bold underline", "cursor": "reverse"}
"""What stands for a ground where there are no colours, whatever the theme's colours are."""


_TOO_NEAR: Final = {"dim": "", "interpolated": "", "warning": "bold", "error": "bold"}
"""Roles that cannot be read on the panel's grey where there are sixteen colours, and what they have there instead."""


def read_on(role: str, on: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """The role whose colour can be read for this one on a ground, and attributes that stand for what is lost.

    What is wrong is marked by words and signs everywhere: the colour is never all that says so.
    """
    if on == "panel" and role in _TOO_NEAR and variables["panel"].startswith("ansi_"):
        return "text", _TOO_NEAR[role]
    return role, ""


class Palette:
    """The colours of the theme in use, as rich styles for Line-API widgets. Ask again after a theme change."""

    def __init__(self, variables: Mapping[str, str], *, colorless: bool = False) -> None:
        """`colorless`: styles have no colours; what only stands out by its ground is underlined or reversed instead."""
        self._variables = variables
        self._colorless = colorless
        self._styles: dict[tuple[str, str, str], Style] = {}

    @classmethod
    def of(cls, app: App[Any]) -> Palette:
        return cls({**UNTHEMED, **app.theme_variables}, colorless=app.no_color)

    @property
    def few_colors(self) -> bool:
        """Whether there are no colours, or sixteen: too few for eight curves to be told apart by them alone."""
        return self._colorless or self._variables["background"].startswith("ansi_")

    def color(self, role: str) -> Color:
        """Raises KeyError for a name that is no role."""
        return Color.parse(self._variables[role])

    def style(self, role: str = "text", on: str = "background", attributes: str = "") -> Style:
        """`attributes`: rich's words ("bold", "reverse", "underline")."""
        key = (role, on, attributes)
        if key not in self._styles:
            if self._colorless:
                found = Style.parse(f"{attributes} {_WITHOUT_COLORS.get(on, '')}".strip() or "none")
            else:
                seen, more = read_on(role, on, self._variables)
                found = Style(color=self.color(seen).rich_color, bgcolor=self.color(on).rich_color)
                found += Style.parse(f"{attributes} {more}".strip() or "none")
            self._styles[key] = found
        return self._styles[key]

    def series(self, index: int, on: str = "background", attributes: str = "") -> Style:
        """The style of the curve with this index, from 0; after the eighth they start again."""
        return self.style(f"series-{index % SERIES + 1}", on, attributes)
