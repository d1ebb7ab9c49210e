"""Themes: every role can be told from its neighbours and read, on true colour, 256 and 16 colours."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from pane_session import in_panes
from panes_demo import PanesDemo
from rich.color import ColorSystem
from textual.color import Color
from textual.pilot import Pilot

from parseq_tui.errors import SettingsError
from parseq_tui.paths import bundled
from parseq_tui.ui.theming.roles import ROLES, SERIES, SIXTEEN_DARK
from parseq_tui.ui.theming.theme import (
    ColorLevel,
    Palette,
    ThemeFile,
    color_level,
    load_theme,
    load_themes,
    read_on,
    role_defaults,
)

THEMES = load_themes([bundled("themes")])
LEVELS: tuple[ColorLevel, ...] = ("truecolor", "256", "16")
SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}

VGA = [(170 * (i & 1), 170 * (i >> 1 & 1) // (2 if i == 3 else 1), 170 * (i >> 2)) for i in range(8)]
VGA += [(85 + 170 * (i & 1), 85 + 170 * (i >> 1 & 1), 85 + 170 * (i >> 2)) for i in range(8)]
"""What the sixteen names look like on a terminal nobody has tuned."""

GROUNDS = ("background", "surface", "panel")
NEIGHBOURS = [
    *combinations((*GROUNDS, "cursor", "selection"), 2),
    ("changed", "background"),
    ("changed", "selection"),
    ("changed", "cursor"),
    ("text", "interpolated"),
    ("formula", "text"),
    ("error", "text"),
    *(("playhead", f"series-{index}") for index in range(1, 6)),
]
READ_ON_GROUND = ("text", "dim", "interpolated", "formula", "error", "warning", "success", "accent", "playhead")

every_theme_and_level = pytest.mark.parametrize(
    ("theme", "level"),
    [(theme, level) for theme in THEMES for level in LEVELS],
    ids=lambda value: getattr(value, "name", value),
)


def shown(theme: ThemeFile, level: ColorLevel, role: str) -> tuple[int, int, int]:
    """The colour a terminal of this kind really shows."""
    color = Color.parse(theme.roles(level)[role]).rich_color.downgrade(SYSTEMS[level])
    if color.number is not None and color.number < 16:
        return VGA[color.number]
    return tuple(color.get_truecolor())  # type: ignore[return-value]


def luminance(rgb: tuple[int, int, int]) -> float:
    """WCAG 2.1 relative luminance."""
    parts = [value / 255 for value in rgb]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """WCAG 2.1 contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@every_theme_and_level
def test_neighbouring_roles_differ(theme: ThemeFile, level: ColorLevel) -> None:
    same = [pair for pair in NEIGHBOURS if shown(theme, level, pair[0]) == shown(theme, level, pair[1])]
    assert not same


@every_theme_and_level
def test_text_can_be_read(theme: ThemeFile, level: ColorLevel) -> None:
    pairs = [(role, ground) for role in READ_ON_GROUND for ground in ("background", "surface")]
    pairs += [
        *((role, "panel") for role in ("text", "accent", "dim", "warning", "error")),
        ("cursor-text", "cursor"),
        ("text", "selection"),
        ("text", "changed"),
    ]
    roles = theme.roles(level)
    low = {
        (role, ground): contrast(shown(theme, level, read_on(role, ground, roles)[0]), shown(theme, level, ground))
        for role, ground in pairs
    }
    assert {pair: round(ratio, 2) for pair, ratio in low.items() if ratio < 4.5} == {}


@every_theme_and_level
def test_curves_differ_and_stand_out(theme: ThemeFile, level: ColorLevel) -> None:
    """Six neighbours are always different; on white, sixteen colours have no more that can be read."""
    colors = [shown(theme, level, f"series-{index}") for index in range(1, SERIES + 1)]
    assert len(set(colors[:6])) == 6
    if level != "16":
        assert len(set(colors)) == SERIES
    assert min(contrast(color, shown(theme, level, "background")) for color in colors) >= 4.5


def test_high_contrast_theme_reads_at_seven_to_one() -> None:
    theme = next(theme for theme in THEMES if theme.name == "high-contrast")
    pairs = [(role, ground) for role in READ_ON_GROUND for ground in GROUNDS]
    assert [
        pair for pair in pairs if contrast(shown(theme, "truecolor", pair[0]), shown(theme, "truecolor", pair[1])) < 7
    ] == []


# Machado, Oliveira, Fernandes 2009: severity 1.0, on linear RGB.
_BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@pytest.mark.parametrize("kind", _BLINDNESS)
def test_colour_blind_theme_keeps_the_curves_apart(kind: str) -> None:
    theme = next(theme for theme in THEMES if theme.name == "colour-blind")
    seen = [_seen_with(kind, shown(theme, "truecolor", f"series-{index}")) for index in range(1, SERIES + 1)]
    assert min(_distance(one, other) for one, other in combinations(seen, 2)) > 20


def _seen_with(kind: str, rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    """CIE L*a*b* of what an eye with this blindness sees."""
    linear = [(v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4) for v in rgb]
    r, g, b = (min(1.0, max(0.0, sum(m * v for m, v in zip(row, linear, strict=True)))) for row in _BLINDNESS[kind])
    xyz = (
        0.4124 * r + 0.3576 * g + 0.1805 * b,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        0.0193 * r + 0.1192 * g + 0.9505 * b,
    )
    x, y, z = (
        (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116)
        for t in (value / white for value, white in zip(xyz, (0.9505, 1.0, 1.089), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _distance(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)


def test_there_is_a_dark_a_light_a_high_contrast_a_colour_blind_and_a_sixteen_colour_theme() -> None:
    assert {theme.name for theme in THEMES} >= {"night", "paper", "high-contrast", "colour-blind", "terminal-16"}
    assert {theme.dark for theme in THEMES} == {True, False}
    assert next(theme for theme in THEMES if theme.name == "terminal-16").textual().ansi


@every_theme_and_level
def test_every_role_reaches_the_style_sheet(theme: ThemeFile, level: ColorLevel) -> None:
    made = theme.textual(level)
    variables = {**made.to_color_system().generate(), **made.variables}  # what App.get_css_variables does
    for role, color in theme.roles(level).items():
        assert Color.parse(variables[role]) == Color.parse(color), role


@pytest.mark.parametrize("level", LEVELS)
def test_the_panes_and_their_dialogs_can_be_drawn_in_every_theme(level: ColorLevel) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await pilot.press("f5")
        for theme in THEMES:
            app.theme = theme.name
            await pilot.pause()

    in_panes(test, level=level, theme="terminal-16", size=(80, 24))


def test_palette_has_every_role_under_a_foreign_theme() -> None:
    palette = Palette(role_defaults())
    for role in (*ROLES, *(f"series-{index}" for index in range(1, SERIES + 1))):
        assert palette.style(role).color is not None
    assert palette.series(8) == palette.series(0)


def test_levels_follow_the_console() -> None:
    levels = [color_level(system) for system in ("truecolor", "256", "standard", "windows", None)]
    assert levels == ["truecolor", "256", "16", "16", "truecolor"]


def theme_text(**changes: str) -> str:
    colors = {**dict.fromkeys(ROLES, '"#808080"'), "series": str(["#808080"] * SERIES), **changes}
    return "title = 'Mine'\n[colors]\n" + "".join(f"{role} = {color}\n" for role, color in colors.items() if color)


def test_a_users_theme_replaces_ours_by_name(tmp_path: Path) -> None:
    (tmp_path / "night.toml").write_text(theme_text())
    (theme,) = [
        theme for theme in load_themes([bundled("themes"), tmp_path, tmp_path / "missing"]) if theme.name == "night"
    ]
    assert (theme.title, theme.path) == ("Mine", tmp_path / "night.toml")
    assert theme.colors16["panel"] == f"ansi_{SIXTEEN_DARK['panel']}"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("title = ", "theme mine.toml: it is not TOML: Invalid value (at end of document)", "compare"),
        ("title = 'x'", "theme mine.toml: the table [colors] is missing", "background"),
        (
            "nonsense = 1\n" + theme_text(),
            "theme mine.toml: there is no theme setting called 'nonsense'",
            "known: title",
        ),
        ("dark = 3\n" + theme_text(), "theme mine.toml: dark cannot be 3", "true or false"),
        (theme_text(error='"reddish"'), "theme mine.toml: [colors] error cannot be 'reddish'", "#80a0c0"),
        (theme_text(error='"#ff000080"'), "theme mine.toml: [colors] error cannot be '#ff000080'", "#80a0c0"),
        (theme_text(cursor=""), "theme mine.toml: [colors] names no colour for 'cursor'", "every role"),
        (theme_text(mouse='"red"'), "theme mine.toml: [colors] has no role called 'mouse'", "known: background"),
        (theme_text(series='["red"]'), "theme mine.toml: [colors] series is not a list of 8 colours", ""),
    ],
)
def test_a_wrong_theme_file_is_one_clear_message(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_theme(path)
    assert caught.value.message == message
    assert hint in caught.value.hint
    problems: list[SettingsError] = []
    assert load_themes([tmp_path], problems.append) == []
    assert [problem.message for problem in problems] == [message]


def test_a_huge_or_unreadable_theme_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.toml").write_text("#" * 100_000)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.toml").mkdir()
    problems: list[SettingsError] = []
    load_themes([tmp_path], problems.append)
    assert [problem.message.split(":")[0] for problem in problems] == [
        "theme binary.toml",
        "theme folder.toml",
        "theme huge.toml",
    ]


def test_without_colours_a_selection_is_underlined_and_a_cursor_reversed_whatever_the_theme() -> None:
    palette = Palette(role_defaults(), colorless=True)
    assert palette.style("text", "selection").underline and palette.style("text", "changed").underline
    cursor, ordinary = palette.style("cursor-text", "cursor"), palette.style()
    assert cursor.reverse and not cursor.underline and not ordinary.underline and not ordinary.reverse
    assert cursor.color is cursor.bgcolor is ordinary.color is ordinary.bgcolor is None
    assert not Palette(role_defaults()).style("text", "selection").underline
