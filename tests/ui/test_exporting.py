"""Every frame's values, written from the editor: what the command line's `export` writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, shows
from pretended_render import PretendedRender
from textual.pilot import Pilot

from parseq_tui.cli import main
from parseq_tui.paths import bundled
from parseq_tui.render.client import RenderClient
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


def test_values_are_not_written_under_the_name_of_a_video(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "colon", *"export song.mp4", "enter")
        await shows(screen, "not .mp4")

    flow(document, steps)
    assert not Path("song.mp4").exists()
    assert main(["export", str(document), "-o", "song.mp4"]) == 1
    assert not Path("song.mp4").exists()


def test_the_video_is_saved_under_a_free_name(document: Path) -> None:
    render = PretendedRender(document, 1)
    video = RenderClient(document).folder / "takes" / "20260101-000000" / "video.mp4"
    video.write_bytes(b"a film")
    render.frame()
    render.end(video)
    Path("song.mp4").write_bytes(b"an older one")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await shows(screen, "finished")
        await press(pilot, screen, "space", "r", "v")
        await shows(screen, "song-2.mp4", -1)
        await press(pilot, screen, "enter")
        await shows(screen, "song-2.mp4: 1 frame", -1)
        await press(pilot, screen, "colon", *"video song.gif", "enter")
        await shows(screen, "is .mp4, not .gif")

    flow(document, steps)
    assert Path("song-2.mp4").read_bytes() == b"a film"
    assert Path("song.mp4").read_bytes() == b"an older one"


def test_without_a_render_there_is_no_video_to_save(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "colon", *"video", "enter")
        await shows(screen, "no video of this document yet")

    flow(document, steps)
