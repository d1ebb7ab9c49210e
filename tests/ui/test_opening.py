"""Where documents come from: what was left behind, examples with what they read, and files that go away."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from editor_flow import flow, press, rows, settled, shows, until
from textual.pilot import Pilot

from parseq_tui import recovery
from parseq_tui.formats import native
from parseq_tui.gallery import example_named
from parseq_tui.hot_reload import Follower
from parseq_tui.paths import bundled, recovery_folder
from parseq_tui.recovery import all_left_behind
from parseq_tui.session import Session
from parseq_tui.settings import Settings
from parseq_tui.timeline.edits import SetValue
from parseq_tui.ui import questions
from parseq_tui.ui.actions.files import suggested_name
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.opening import blank_session, example_session
from parseq_tui.ui.screens.conflicts import ConflictsScreen
from parseq_tui.ui.screens.editor import EditorScreen

EXAMPLE = bundled("examples") / "bouncy_cuts.json"


def left_behind(document: Path | None, zoom: float) -> None:
    """What an editor leaves that is killed while this is unsaved."""
    session = Session.open(EXAMPLE)
    session.apply(SetValue(0, "zoom", zoom))
    code = (
        "import os, sys; from pathlib import Path; from parseq_tui.recovery import Journal\n"
        "path = Path(sys.argv[2]) if sys.argv[2] else None\n"
        "Journal(Path(sys.argv[1]), path).write(sys.stdin.read()); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(recovery_folder()), str(document or "")]
    assert subprocess.run(command, input=session.text(), text=True, check=False).returncode == -9


def started(steps: Callable[[Pilot[int], EditorApp], Awaitable[None]]) -> None:
    """Run steps in a program that was started without a document."""

    async def run() -> None:
        app = EditorApp(
            blank_session(), settings=Settings(), follow=Follower, open_session=Session.open, choose_first=True
        )
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            await steps(pilot, app)

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["saved before", "never saved", "file gone since"])
def test_work_left_behind_is_offered_first_and_is_there_again(tmp_path: Path, kind: str) -> None:
    document = None if kind == "never saved" else tmp_path / "song.json"
    if kind == "saved before":
        (tmp_path / "song.json").write_text(EXAMPLE.read_text())
    left_behind(document, 7.0)

    async def steps(pilot: Pilot[int], app: EditorApp) -> None:
        screen = "\n".join(rows(app.screen))
        assert "unsaved work that was left behind" in screen
        assert ("a new document" if document is None else "song.json") in screen
        await pilot.press("enter")
        await pilot.pause()
        editor = app.editor
        assert editor is not None
        await until(app, lambda: editor.session.dirty, "the work that was left behind")
        assert editor.session.document.keyframes[0].values["zoom"] == 7
        assert editor.session.path == (document if kind == "saved before" else None)
        assert "recovered" in rows(editor)[-1]

    started(steps)
    mine = all_left_behind(recovery_folder())
    assert len(mine) <= 1, "the old journal went when the new one held the work"


@pytest.fixture
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions that come by themselves come now, and a key is an answer at once."""
    monkeypatch.setattr(questions, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(questions, "READING_SECONDS", 0.0)


def killed_while_working_on(document: Path) -> None:
    """What an editor leaves behind that is killed while zoom and angle of the first row are unsaved."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "from parseq_tui.recovery import Journal; from parseq_tui.session import Session\n"
        "from parseq_tui.timeline.edits import SetValue\n"
        "session = Session.open(Path(sys.argv[2])); before = session.text()\n"
        "session.apply(SetValue(0, 'zoom', 7)); session.apply(SetValue(0, 'angle', 3))\n"
        "journal = Journal(Path(sys.argv[1]), session.path)\n"
        "journal.write(session.text(), session.file_digest, lambda: before); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(recovery_folder()), str(document)]
    assert subprocess.run(command, check=False).returncode == -9


@pytest.mark.usefixtures("asked_at_once")
def test_work_left_behind_is_merged_with_what_was_saved_since(tmp_path: Path) -> None:
    document = tmp_path / "song.json"
    document.write_text(EXAMPLE.read_text())
    killed_while_working_on(document)
    theirs = EXAMPLE.read_text().replace('"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    document.write_text(theirs.replace('"bpm": 120', '"bpm": 90'))

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await until(pilot.app, lambda: "the file has changed since" in "\n".join(rows(screen)), "the question")
        await press(pilot, screen, "r")
        await until(pilot.app, lambda: screen.session.conflict_count == 1, "the conflict")
        row = screen.session.document.keyframes[0]
        assert (row.values["zoom"], row.values["angle"]) == (7, 3), "the work stands"
        assert screen.session.document.options.bpm == 90, "what others saved is there"
        await press(pilot, screen, "space", "x")
        await until(pilot.app, lambda: isinstance(pilot.app.screen, ConflictsScreen), "the conflicts")
        await pilot.press("t", "enter")
        await until(pilot.app, lambda: screen.session.conflict_count == 0, "the choice")
        assert screen.session.document.keyframes[0].values["angle"] == 5

    flow(document, steps)


def test_work_that_is_in_the_file_already_is_not_offered(tmp_path: Path) -> None:
    """Killed right after a save, before the journal was removed."""
    document = tmp_path / "song.json"
    document.write_text(EXAMPLE.read_text())
    killed_while_working_on(document)
    draft = recovery.left_behind(recovery_folder(), document)
    assert draft is not None
    document.write_text(draft.text())

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await until(pilot.app, lambda: not draft.journal.exists(), "the end of the journal")
        assert "left behind" not in "\n".join(rows(screen))

    flow(document, steps)


@pytest.mark.usefixtures("asked_at_once")
def test_of_two_crashes_both_are_offered(tmp_path: Path) -> None:
    document = tmp_path / "song.json"
    document.write_text(EXAMPLE.read_text())
    left_behind(document, 5.0)
    left_behind(document, 6.0)

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        for number, question in ((6, "Unsaved work"), (5, "Older unsaved work")):
            await until(pilot.app, lambda q=question: q in "\n".join(rows(screen)), "the question")
            await press(pilot, screen, "r")
            await until(
                pilot.app, lambda n=number: screen.session.document.keyframes[0].values["zoom"] == n, "the work"
            )
        await press(pilot, screen, "u")
        assert screen.session.document.keyframes[0].values["zoom"] == 6, "what was recovered first"

    flow(document, steps)


def test_an_example_brings_along_what_it_reads(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int], app: EditorApp) -> None:
        await pilot.press(*"filmed", "enter")
        await pilot.pause()
        assert app.editor is not None
        app.editor.desk.run_line(f"w {tmp_path / 'mine'}")
        await settled(app)
        assert (tmp_path / "mine.json").is_file()
        assert (tmp_path / "ball.mp4").is_file()
        assert "with ball.mp4, which it reads" in rows(app.editor)[-1]

    started(steps)


def test_a_name_is_suggested_that_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = example_session(example_named("cat_dog_spider"))
    assert suggested_name(session) == "cat-dog-spider.json"
    (tmp_path / "cat-dog-spider.json").touch()
    assert suggested_name(session) == "cat-dog-spider-2.json"


def test_a_file_that_goes_away_is_named_in_the_title_and_asked_about_when_leaving(tmp_path: Path) -> None:
    document = tmp_path / "song.json"
    document.write_text(EXAMPLE.read_text())

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        document.unlink()
        await shows(screen, "! not on disk", 0)
        await press(pilot, screen, "ctrl+q")
        assert "has unsaved changes" in "\n".join(rows(screen))
        await press(pilot, screen, "escape", "ctrl+s")
        assert document.read_text() == EXAMPLE.read_text()
        assert "not on disk" not in rows(screen)[0]
        document.write_text(EXAMPLE.read_text().replace('"zoom":', '"zoom"', 1))
        await shows(screen, "! file broken (line", 0)
        document.write_text(native.dumps(screen.session.document))
        await until(pilot.app, lambda: "broken" not in rows(screen)[0], "the title without what was wrong")

    flow(document, steps)


def test_a_file_that_is_no_document_is_named_with_the_place_where_it_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{\n  "keyframes": [\n')
    document = tmp_path / "song.json"
    document.write_bytes(EXAMPLE.read_bytes())

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line(f"open {tmp_path / 'half.json'}")
        await until(pilot.app, lambda: "half.json, line 3, column 1" in " ".join(rows(screen)), "the place")

    flow(document, steps)


def test_names_that_stand_alone_have_the_whole_line(tmp_path: Path) -> None:
    name = "漢字 of a file whose name takes more than a third of the list.json"
    (tmp_path / name).write_bytes(EXAMPLE.read_bytes())

    async def steps(pilot: Pilot[int], app: EditorApp) -> None:
        for key in f"{tmp_path}/":
            await pilot.press("space" if key == " " else key)
        await until(app, lambda: name in " ".join(rows(app.screen)), "the name")

    started(steps)
