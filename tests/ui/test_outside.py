"""Another editor on a cell or on the whole document."""

from __future__ import annotations

import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from editor_flow import flow, press, rows
from textual.pilot import Pilot

from parseq_tui.errors import EditError
from parseq_tui.paths import bundled
from parseq_tui.ui.actions.outside import editor_command, line_of
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.screens.editor import EditorScreen


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


@pytest.fixture
def edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that says, as Python on `text`, what the other editor does."""
    script, what = tmp_path / "editor.py", tmp_path / "what.txt"
    script.write_text(
        "import pathlib, sys\n"
        f"old, new = pathlib.Path({str(what)!r}).read_text().split(' -> ')\n"
        "path = pathlib.Path(sys.argv[-1])\n"
        "text = path.read_text()\n"
        "assert old in text, text\n"
        "path.write_text(text.replace(old, new))\n"
    )
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    monkeypatch.setattr(EditorApp, "suspend", lambda self: nullcontext())
    return what


def test_a_formula_is_edited_outside(document: Path, edits: Path) -> None:
    edits.write_text("0.3 -> 0.4\n + 0 ")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "l", "e")
        assert screen.session.document.keyframes[0].formulas["zoom"] == "S + 0.4 + 0 *abs(sin(p=4b))"
        await press(pilot, screen, "u")
        assert not screen.session.dirty

    flow(document, steps)


def test_the_whole_file_comes_back_as_one_step_and_a_broken_one_is_opened_again(document: Path, edits: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        edits.write_text('"bpm" -> "bpm')
        await press(pilot, screen, "E")
        assert not screen.session.dirty
        assert "line 16, column" in rows(screen)[-1]
        edits.write_text('"bpm: 120 -> "bpm": 90')
        await press(pilot, screen, "E")
        assert screen.session.document.options.bpm == 90
        await press(pilot, screen, "u")
        assert screen.session.document.options.bpm == 120

    flow(document, steps)


def test_an_editor_that_fails_changes_nothing(document: Path, edits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edits.write_text("not there -> x")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "E")
        assert "ended with code 1" in rows(screen)[-1]
        monkeypatch.setenv("EDITOR", "no-such-editor-here")
        await press(pilot, screen, "E")
        assert "'no-such-editor-here' cannot be started" in rows(screen)[-1]

    flow(document, steps)


def test_the_command_is_the_users_with_the_line_where_that_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "vim -X")
    assert editor_command(12) == ["vim", "-X", "+12"]
    monkeypatch.setenv("VISUAL", "code --wait")
    assert editor_command(12) == ["code", "--wait"]
    monkeypatch.setenv("VISUAL", "vim '")
    with pytest.raises(EditError, match="cannot be understood"):
        editor_command()


def test_the_line_of_a_keyframe() -> None:
    text = '{\n"keyframes": [\n{"frame": 0, "zoom": 1},\n{"frame": 10, "zoom": 1}]}'
    assert [line_of(text, frame) for frame in (0, 10, 99)] == [3, 4, None]
