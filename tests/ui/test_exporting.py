"""Every frame's values, written from the editor: what the command line's `export` writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, shows
from textual.pilot import Pilot

from parseq_tui.cli import main
from parseq_tui.paths import bundled
from parseq_tui.ui.screens.editor import EditorScreen


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


def test_the_frames_are_those_of_the_command_line(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "colon", *"export", "enter")
        await shows(screen, "song.frames.json", -1)
        await press(pilot, screen, "enter")
        await press(pilot, screen, "colon", *"export song.csv", "enter")

    flow(document, steps)
    for name in ("song.frames.json", "song.csv"):
        assert main(["export", str(document), "-o", f"again-{name}"]) == 0
        assert Path(name).read_text() == Path(f"again-{name}").read_text()
    assert len(json.loads(Path("song.frames.json").read_text())["rendered_frames"]) == 128


def test_no_document_is_overwritten(document: Path) -> None:
    before = document.read_bytes()

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "colon", *"export song.json", "enter")
        await shows(screen, "exists", -1)

    flow(document, steps)
    assert document.read_bytes() == before


def test_a_document_with_errors_is_not_exported(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "right", "c", *"sni(", "enter")
        await press(pilot, screen, "colon", *"export a.csv", "enter")
        await shows(screen, "cannot be evaluated")

    flow(document, steps)
    assert not Path("a.csv").exists()
