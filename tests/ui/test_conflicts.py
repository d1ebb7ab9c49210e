"""Both sides changed the same: chosen by key, one by one or all at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from editor_flow import Flow, flow, press, rows, until
from rich.cells import cell_len
from textual.pilot import Pilot

from parseq_tui.paths import bundled
from parseq_tui.timeline.edits import SetPromptText, SetValue
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Overlap, Prompt
from parseq_tui.ui.screens.conflicts import in_words
from parseq_tui.ui.screens.editor import EditorScreen


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


def colliding(document: Path, steps: Flow) -> Flow:
    """Steps in an editor where zoom, angle and a prompt were changed here and there."""

    async def first(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.session.apply(SetValue(0, "zoom", 2))
        screen.session.apply(SetPromptText(0, "a red fish"))
        text = document.read_text()
        document.write_text(text.replace('"zoom": 1,', '"zoom": 3,').replace("a blue fish", "a green fish"))
        await until(pilot.app, lambda: screen.session.collisions, "the conflicts")
        await steps(pilot, screen)

    return first


def zoom(screen: EditorScreen) -> float:
    return screen.session.document.keyframes[0].values["zoom"]


def test_conflicts_are_listed_side_by_side_and_each_is_chosen(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert "2 conflicts (Space x)" in rows(screen)[0]
        assert (document.parent / "song.theirs.json").is_file()
        await press(pilot, screen, "space", "x")
        await pilot.pause()
        shown = "\n".join(rows(pilot.app.screen))
        for words in ("zoom at 0", "a red fish", "a green fish", "a blue fish", "2 not chosen yet"):
            assert words in shown
        await pilot.press("enter")
        assert "choose first" in "\n".join(rows(pilot.app.screen)), "nothing is decided behind anybody's back"
        await pilot.press("t", "o", "enter")
        assert pilot.app.screen is screen
        assert zoom(screen) == 3
        assert screen.session.document.prompts.entries[0].positive.startswith("a red fish")
        assert not (document.parent / "song.theirs.json").exists()
        await press(pilot, screen, "u")
        assert zoom(screen) == 2, "one step"

    flow(document, colliding(document, steps))


def test_all_theirs_at_once_and_leaving_decides_nothing(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line("conflicts")
        await pilot.press("T", "escape")
        assert zoom(screen) == 2
        assert len(screen.session.collisions) == 1
        screen.desk.run_line("conflicts")
        await pilot.press("T", "enter")
        assert zoom(screen) == 3
        screen.desk.run_line("conflicts")
        await pilot.pause()
        assert "nothing was changed differently" in "\n".join(rows(screen)[-2:])

    flow(document, colliding(document, steps), (80, 24))


def test_what_differs_is_seen_of_long_versions(document: Path) -> None:
    """A prompt of many lines that differs at its end, on the smallest screen; wide characters push nothing aside."""
    beginning = "a blue fish,\nin the sea,\n" * 40

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        text = document.read_text()
        document.write_text(text.replace("a blue fish, in the sea", beginning.replace("\n", "\\n")))
        await until(pilot.app, lambda: "\n" in screen.session.document.prompts.entries[0].positive, "the long prompt")
        screen.session.apply(SetPromptText(0, beginning + "at dawn"))
        document.write_text(document.read_text().replace('in the sea,\\n"', 'in the sea,\\n夜に"'))
        await until(pilot.app, lambda: screen.session.collisions, "the conflict")
        screen.desk.run_line("conflicts")
        await pilot.pause()
        shown = rows(pilot.app.screen)
        listed = next(row for row in shown if ">?" in row)
        assert "sea,↵at dawn" in listed and "sea,↵夜に" in listed
        detail = "\n".join(shown[shown.index(listed) + 1 :])
        assert "at dawn" in detail and "夜に" in detail and "1 of 1; 1 not chosen yet" in detail
        assert all(cell_len(row) == 80 for row in shown)
        await pilot.press("t")
        assert any(">theirs " in row for row in rows(pilot.app.screen)), "the choice is not cut"

    flow(document, steps, (80, 24))


def test_versions_of_anything_are_said_in_a_line() -> None:
    assert in_words(None) == "(not there)"
    assert in_words(2.0) == "2"
    assert in_words(Keyframe(3, {"zoom": 1.5}, {"zoom": "S"}, "x")) == "x, zoom 1.5, zoom = S"
    assert in_words(Prompt("a", "cat\x1b[2J", "dog")) == "cat·[2J - dog".replace("·", in_words("\x1b"))
    assert in_words(Overlap("custom", formula="f/2")) == "f/2"
    assert in_words(("zoom", "angle")) == "zoom, angle"
