"""Long work beside the event loop: what may be done meanwhile, in which order things happen, and how it is given up."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from editor_flow import flow, rows, type_keys, until
from textual.pilot import Pilot
from waiting import PATIENCE_SECONDS, handled

from parseq_tui.errors import EditError
from parseq_tui.paths import bundled
from parseq_tui.session import Session
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import SetValue
from parseq_tui.ui import desk, errands
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.commands.registry import Effect
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.view_state import column_at
from parseq_tui.ui.widgets.status_bar import TitleBar


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "blank.json", tmp_path / "song.json"))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """All that goes through more than one cell is long work, and ends when this is set."""
    opened, work = threading.Event(), desk._worked_out

    def waiting(perform: Callable[[], Effect | None], document: Document) -> object:
        assert opened.wait(PATIENCE_SECONDS)
        return work(perform, document)

    monkeypatch.setattr(desk, "FAR_CELLS", 1)
    monkeypatch.setattr(desk, "_worked_out", waiting)
    monkeypatch.setattr(errands, "PATIENCE_SECONDS", 0.0)
    return opened


async def press(pilot: Pilot[int], screen: EditorScreen, *keys: str) -> None:
    """Keys in a burst; then wait for what they cause but for what is done in threads."""
    type_keys(screen, *keys)
    await handled(pilot.app)


async def done(pilot: Pilot[int], screen: EditorScreen, gate: threading.Event) -> None:
    """Let the work end, and all that waits for it."""
    gate.set()
    await until(pilot.app, lambda: not screen.errands.busy, "the end of the work")


def select_column(screen: EditorScreen) -> str:
    """Select the first field's values in all rows, the cursor on the last one."""
    last = len(screen.session.document.keyframes) - 1
    screen.desk.look(replace(screen.desk.view, row=last, column=2, anchor=(0, 2)))
    return column_at(screen.session.document, screen.desk.view).field


def values(screen: EditorScreen) -> list[dict[str, float]]:
    return [dict(row.values) for row in screen.session.document.keyframes]


def test_keys_wait_their_turn_and_meet_the_document_they_were_meant_for(document: Path, gate: threading.Event) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        before, field = values(screen), select_column(screen)
        assert all(field in row for row in before)
        await press(pilot, screen, "d")
        await press(pilot, screen, "up", "7", ".", "5", "enter")
        assert values(screen) == before and "Clear" in rows(screen)[0] and "Esc stops it" in rows(screen)[-1]
        await done(pilot, screen, gate)
        first, *_, last = values(screen)
        assert first[field] == 7.5 and field not in last
        assert [version.label for version in screen.session.history.past()] == ["clear 2 cells", "open"]
        await press(pilot, screen, "u", "u")
        assert values(screen) == before

    flow(document, steps)


def test_the_cursor_moves_meanwhile_and_stays_where_it_went(document: Path, gate: threading.Event) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.perform("select.all")
        await press(pilot, screen, "y", "right", "right")
        column = screen.desk.view.column
        assert column == 4
        await done(pilot, screen, gate)
        assert screen.session.clipboard and screen.desk.view.column == column

    flow(document, steps)


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
def test_it_can_be_given_up_and_nothing_has_changed(document: Path, gate: threading.Event, key: str) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        before = values(screen)
        select_column(screen)
        await press(pilot, screen, "d", "5", key)
        assert "Clear was stopped, nothing has changed; 1 keys" in "\n".join(rows(screen)[-2:])
        await done(pilot, screen, gate)
        assert values(screen) == before and not screen.session.dirty and not screen.formula.editing
        await press(pilot, screen, "5", "enter")
        await until(pilot.app, lambda: screen.session.dirty and not screen.errands.busy, "work that goes on as ever")

    flow(document, steps)


def test_what_was_reloaded_meanwhile_is_what_it_is_done_to(document: Path, gate: threading.Event) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        field = select_column(screen)
        await press(pilot, screen, "d")
        screen.session.reload(SetValue(0, "own", 40.0).apply(screen.session.document))
        await done(pilot, screen, gate)
        assert values(screen)[0]["own"] == 40.0 and not any(field in row for row in values(screen))
        assert [version.label for version in screen.session.history.past()] == ["reload from disk", "open"]

    flow(document, steps)


def test_what_goes_wrong_is_said_as_always(document: Path, gate: threading.Event) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.perform("select.all")
        screen.desk.run_line("move -100000")
        await done(pilot, screen, gate)
        assert "outside the timeline" in rows(screen)[-1]

    flow(document, steps)


def test_errands_are_done_in_the_order_in_which_they_were_asked_for() -> None:
    shown: list[str] = []

    class Sign:
        gone = False

        def working(self, title: str) -> None:
            shown.append(title)

    async def run() -> list[str]:
        finished: list[str] = []
        works = errands.Errands(asyncio.ensure_future, Sign())
        works.run("one", lambda: "one", finished.append)
        works.put_off(lambda: works.run("two", lambda: "two", finished.append))
        works.put_off(lambda: finished.append("three"))
        while works.busy:
            await asyncio.sleep(0.001)
        return finished

    assert asyncio.run(run()) == ["one", "two", "three"]
    assert set(shown) == {""}, "what is quick is not announced"


@pytest.mark.parametrize("waits", [False, True])
def test_work_that_ends_while_the_editor_is_taken_down_is_dropped(
    document: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    """The widgets go before their screen does, and only the screen's end ends what it awaits."""
    left: list[EditorScreen] = []

    async def gone(title: TitleBar) -> None:
        await title.remove()
        gate.set()
        while left[0].errands.busy:
            await asyncio.sleep(0.001)

    monkeypatch.setattr(TitleBar, "on_unmount", gone, raising=False)

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        left.append(screen)
        select_column(screen)
        await press(pilot, screen, "d", *(["x"] if waits else []))
        assert screen.errands.busy and screen.errands.waiting == waits

    flow(document, steps)
    assert not left[0].session.dirty


def test_an_edit_that_cannot_be_is_an_error_of_the_work(document: Path) -> None:
    result = desk._worked_out(lambda: desk.Change(SetValue(-7, "zoom", 1.0)), desk.Document((), ()))
    assert isinstance(result.error, EditError)


def test_another_document_is_opened_beside_what_is_shown(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, gate = Path(shutil.copy(document, document.with_name("other.json"))), threading.Event()
    monkeypatch.setattr(errands, "PATIENCE_SECONDS", 0.0)

    def slowly(path: Path) -> Session:
        assert gate.wait(PATIENCE_SECONDS)
        return Session.open(path)

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        app = pilot.app
        assert isinstance(app, EditorApp)
        monkeypatch.setattr(app, "_open_session", slowly)
        screen.desk.run_line(f"open {other}")
        await handled(app)
        assert "Open other.json" in rows(screen)[0]
        await press(pilot, screen, "7", "escape")
        assert "Open other.json was stopped, nothing has changed" in "\n".join(rows(screen)[-2:])
        screen.desk.run_line(f"open {other}")
        await press(pilot, screen, "7", "enter")
        gate.set()
        await until(app, lambda: app.editor is not screen and not screen.errands.busy, "the other document")
        assert app.editor is not None and app.editor.session.path == other
        assert not app.editor.session.dirty and not screen.session.dirty, "keys meant for neither of them are forgotten"

    flow(document, steps)
