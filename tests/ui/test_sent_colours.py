"""What is really shown can be read: the colours of every text on the editor's screens, as a terminal gets them.

`test_themes` looks at the colours that a theme declares; here are those that the widgets, Textual's own too, make of
them, brought down to 256 and to sixteen as they are when they are sent.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from editor_flow import press, rows, settled, shows, until
from rich.segment import Segment
from rich.style import Style
from test_themes import LEVELS, SYSTEMS, VGA, contrast
from textual.command import CommandList
from textual.pilot import Pilot
from textual.screen import Screen

from parseq_tui.hot_reload import Follower
from parseq_tui.paths import bundled
from parseq_tui.session import Session
from parseq_tui.settings import Settings
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.terminal.text import cells_of
from parseq_tui.ui.theming import themes
from parseq_tui.ui.theming.theme import ColorLevel

READABLE = 4.5
Rgb = tuple[int, int, int]


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "showcase.json", tmp_path / "song.json"))


@asynccontextmanager
async def editor(path: Path) -> AsyncIterator[tuple[Pilot[int], EditorScreen]]:
    app = EditorApp(Session.open(path), settings=Settings(), follow=Follower, open_session=Session.open)
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(app)
        assert app.editor is not None
        yield pilot, app.editor


def shown(style: Style, level: ColorLevel) -> tuple[Rgb, Rgb] | None:
    """Text and ground as a terminal of this kind shows them; None where it is left to the terminal."""
    found = []
    for color in (style.color, style.bgcolor):
        if color is None or color.is_default:
            return None
        fewer = color.downgrade(SYSTEMS[level])
        few = fewer.number is not None and fewer.number < 16
        found.append(VGA[fewer.number] if few else tuple(fewer.get_truecolor()))  # type: ignore[index]
    text, ground = found
    return (ground, text) if style.reverse else (text, ground)  # type: ignore[return-value]


def is_text(segment: Segment) -> bool:
    """Not a line of a frame, a block or Braille: those are read as pictures."""
    return any(not (character.isspace() or "\u2500" <= character <= "\u28ff") for character in segment.text)


def unreadable(screen: Screen[Any], level: ColorLevel) -> list[str]:
    found = []
    for strip in screen._compositor.render_strips(screen.size):
        for segment in filter(is_text, strip):
            assert segment.style is not None
            pair = shown(segment.style, level)
            if pair is None or segment.style.dim or contrast(*pair) < READABLE:
                found.append(f"{segment.text.strip()!r}: {segment.style}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_every_text_can_be_read_in_every_theme(
    document: Path, level: ColorLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(themes, "color_level", lambda _: level)

    async def test() -> None:
        async with editor(document) as (pilot, screen):
            app = pilot.app
            assert isinstance(app, EditorApp)

            async def look(where: str) -> None:
                for theme in app.themes.names:
                    app.theme = theme
                    await settled(app)
                    assert not unreadable(app.screen, level), f"{where}, {theme}"

            screen.desk.run_line("cell.set foo(")
            await press(pilot, screen, "down", "down", "right", "shift+down", "shift+right", "shift+right")
            await look("an error, a selection, values in between")
            for pane in "eprc":
                await press(pilot, screen, "space", *("rr" if pane == "r" else pane))
                await look(f"pane {pane}")
            await press(pilot, screen, "space", "p", "enter")
            await look("a prompt")
            await pilot.press("escape")
            await press(pilot, screen, "space", "t", "enter", "1", "plus", "s", "i")
            await look("completions")
            await press(pilot, screen, "escape", "escape", "space")
            await look("a menu")
            await press(pilot, screen, "escape", "colon", "t")
            await look("the command line")
            await press(pilot, screen, "escape", "escape")
            for line in ("help", "settings", "history", "tour", "render settings"):
                screen.desk.run_line(line.replace(" ", "."))
                await settled(app)
                await look(line)
                await pilot.press("escape")
            for theme in app.themes.names:
                app.theme = theme
                await pilot.press("ctrl+p")
                await _listed(app)
                assert not unreadable(app.screen, level), f"palette, {theme}"
                await pilot.press("escape")

    asyncio.run(test())


async def _listed(app: EditorApp) -> None:
    def listed() -> bool:
        return bool(app.screen.query(CommandList)) and app.screen.query_one(CommandList).option_count > 20

    await until(app, listed, "the palette's entries")


def test_without_colours_the_palettes_choice_is_reversed_in_a_light_theme_too(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    def reversed_rows(screen: Screen[Any]) -> list[str]:
        strips = screen._compositor.render_strips(screen.size)
        cells = [cells_of(strip, None) for strip in strips]
        return [
            text
            for row in cells
            if (text := "".join(ch for ch, look in row if "7" in look.attributes).strip()) and len(text) > 2
        ]

    async def test() -> None:
        async with editor(document) as (pilot, screen):
            app = pilot.app
            assert isinstance(app, EditorApp) and app.no_color
            app.theme = "paper"
            await pilot.press("ctrl+p")
            await _listed(app)
            first = reversed_rows(app.screen)
            assert first[0].startswith("Edit the cell") and len(first) <= 3, "only what is chosen stands out"
            await pilot.press("down")
            assert reversed_rows(app.screen)[0].startswith("Edit the formula")
            await pilot.press("escape")
            await press(pilot, screen, "space", "p", "enter")
            assert len(reversed_rows(app.screen)) <= 1, "a light theme's dialog is no mark"

    asyncio.run(test())


def test_the_palette_shows_square_brackets_as_they_are(document: Path) -> None:
    async def test() -> None:
        async with editor(document) as (pilot, _):
            app = pilot.app
            assert isinstance(app, EditorApp)
            await pilot.press("ctrl+p")
            await _listed(app)
            await pilot.press(*"common")
            await shows(app.screen, "Place of the common prompt")
            assert "[prompt]" in " ".join(rows(app.screen))

    asyncio.run(test())
