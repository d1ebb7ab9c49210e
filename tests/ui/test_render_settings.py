"""Render settings seen and changed in the editor: by a line with completion, and in a list."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, rows
from keystrokes import Fingers, read
from textual.pilot import Pilot

from parseq_tui.paths import bundled
from parseq_tui.timeline.render_settings import SETTINGS
from parseq_tui.ui.commands import COMMANDS
from parseq_tui.ui.commands.registry import Change, Say
from parseq_tui.ui.completing import complete_command
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.screens.render_settings import RenderSettingsScreen


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        ("steps 12", "steps", 12),
        ("mode video", "mode", "video"),
        ("input my film.mp4", "input", "my film.mp4"),
        ("grayscale true", "grayscale", True),
        ("cfg_scale 5.5", "cfg_scale", 5.5),
    ],
)
def test_a_line_sets_a_setting(typed: str, name: str, value: object) -> None:
    context = Fingers(*read("0:[1] 60:2")).desk.context()
    effect = COMMANDS["render.set"].perform(context, typed)
    assert isinstance(effect, Change)
    changed = effect.edit.apply(context.document)
    assert changed.render[name] == value
    back = COMMANDS["render.set"].perform(context, f"{name} default")
    assert isinstance(back, Change)
    assert name not in back.edit.apply(changed).render


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("stepz 12", "did you mean steps?"),
        ("steps many", "it is a whole number from 1 to 1000"),
        ("mode film", "it is one of txt2img, loopback, video"),
        ("steps", "steps is 8: sampling steps"),
    ],
)
def test_a_line_that_sets_nothing_says_what_it_could(typed: str, words: str) -> None:
    effect = COMMANDS["render.set"].perform(Fingers(*read("0:[1] 60:2")).desk.context(), typed)
    assert isinstance(effect, Say)
    assert words in effect.text


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("setting st", "steps"),
        ("setting mode ", "txt2img"),
        ("setting mode v", "video"),
        ("setting grayscale ", "true"),
    ],
)
def test_completion_offers_settings_and_their_values(typed: str, first: str) -> None:
    context = Fingers(*read("0:[1] 60:2")).desk.context()
    assert complete_command(context, typed, len(typed))[0].text == first


def test_the_list_changes_settings_and_undo_takes_them_back(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space", "r", "o")
        listing = screen.app.screen
        assert isinstance(listing, RenderSettingsScreen)
        assert "render settings" in "\n".join(rows(listing))
        before = screen.session.document.render["mode"]
        await pilot.press("right")
        assert screen.session.document.render["mode"] != before
        await pilot.press("left", *["down"] * list(SETTINGS).index("crf"), "left")
        assert screen.session.document.render["mode"] == before
        assert screen.session.document.render["crf"] == 15
        screen.session.close_step()  # else quick changes of one setting are one step of undo
        await pilot.press("d")
        assert "crf" not in screen.session.document.render
        await pilot.press("home", "down", "enter")
        assert screen.app.screen is screen
        assert "render.set input " in rows(screen)[-1]
        await pilot.press("escape", "u")
        assert screen.session.document.render["crf"] == 15

    flow(document, steps, size=(140, 45))
