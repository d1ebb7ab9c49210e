"""The file on disk: reloaded when clean, never overwritten when dirty, picked up when mended."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from parseq_tui.hot_reload import Broken, Follower, Gone, Merged, Reloaded, Unchanged, look, notice, settle
from parseq_tui.paths import bundled
from parseq_tui.session import FileNotice, Session
from parseq_tui.timeline.edits import SetValue

EXAMPLE = bundled("examples") / "bouncy_cuts.json"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session.open(Path(shutil.copy(EXAMPLE, tmp_path / "song.json")))


def _path(session: Session) -> Path:
    assert session.path is not None
    return session.path


def _somebody_writes(session: Session, old: str, new: str) -> None:
    text = _path(session).read_text()
    assert old in text
    _path(session).write_text(text.replace(old, new))


def _outcome(session: Session) -> object:
    return settle(session, look(_path(session), session.file_digest))


def test_a_clean_document_takes_over_what_was_written(session: Session) -> None:
    _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    outcome = _outcome(session)
    assert outcome == Reloaded(cells=((0, "angle"),), other=False)
    assert session.document.keyframes[0].values["angle"] == 5
    assert not session.dirty
    assert "reloaded song.json from disk: 1 cell changed" in notice(outcome, _path(session)).text
    session.undo()
    assert session.document.keyframes[0].values["angle"] == 0


def test_our_own_save_is_not_news(session: Session) -> None:
    session.apply(SetValue(0, "zoom", 2))
    session.save()
    assert _outcome(session) == Unchanged()


def test_unsaved_work_is_merged_with_what_was_saved_there(session: Session) -> None:
    session.apply(SetValue(0, "zoom", 2))
    _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    outcome = _outcome(session)
    assert outcome == Merged(cells=((0, "angle"),))
    row = session.document.keyframes[0]
    assert (row.values["zoom"], row.values["angle"]) == (2, 5)
    assert session.dirty
    assert _outcome(session) == Unchanged(), "the same save is told once"
    session.undo()
    assert session.document.keyframes[0].values["angle"] == 0
    session.undo()
    assert session.dirty, "what was opened is no longer what the file holds"


def test_what_both_changed_stays_ours_and_theirs_is_kept_beside(session: Session) -> None:
    session.apply(SetValue(0, "angle", 2))
    _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    outcome = _outcome(session)
    assert isinstance(outcome, Merged)
    assert outcome.theirs is not None
    assert session.document.keyframes[0].values["angle"] == 2
    assert Session.open(outcome.theirs).document.keyframes[0].values["angle"] == 5
    told = notice(outcome, _path(session))
    assert told.severity == "warning"
    assert "angle at 0" in told.text
    _somebody_writes(session, '"angle": 5', '"angle": 6')
    second = _outcome(session)
    assert isinstance(second, Merged)
    assert second.theirs != outcome.theirs
    session.save()
    assert '"angle": 2, "angle_i"' in _path(session).read_text()


def test_conflicts_are_settled_in_one_step_around_what_was_edited_since(session: Session) -> None:
    session.apply(SetValue(0, "angle", 2))
    _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    _outcome(session)
    session.apply(SetValue(0, "zoom", 7))
    (collision,) = session.collisions
    assert collision.beside is not None
    assert collision.beside.is_file()
    session.settle(session.collisions, [{conflict.key: "theirs" for conflict in collision.conflicts}])
    row = session.document.keyframes[0]
    assert (row.values["angle"], row.values["zoom"]) == (5, 7)
    assert session.collisions == ()
    assert session.undo() == "choose between conflicting changes"
    assert session.document.keyframes[0].values["angle"] == 2


def test_broken_json_changes_nothing_and_says_where(session: Session) -> None:
    before = session.document
    good = _path(session).read_text()
    _path(session).write_text(good.replace('"fps', "", 1)[:-5] + "{")
    outcome = _outcome(session)
    assert isinstance(outcome, Broken)
    assert session.document is before
    assert "line" in notice(outcome, _path(session)).text
    _path(session).write_text(good.replace('"bpm": 120', '"bpm": 90'))
    assert isinstance(_outcome(session), Reloaded)
    assert session.document.options.bpm == 90


def test_a_deleted_file_is_said_and_saving_writes_it_anew(session: Session) -> None:
    _path(session).unlink()
    assert _outcome(session) == Gone()
    session.apply(SetValue(0, "zoom", 2))
    session.save()
    assert _path(session).is_file()


async def _told(session: Session, write: Callable[[], None]) -> FileNotice:
    """What the follower says after something was written."""
    notices: asyncio.Queue[FileNotice] = asyncio.Queue()
    task = asyncio.create_task(Follower(session, notices.put_nowait).run())
    await asyncio.sleep(0.3)  # the watcher needs a moment to begin
    try:
        write()
        return await asyncio.wait_for(notices.get(), timeout=10)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_save_by_rename_is_noticed(session: Session, tmp_path: Path) -> None:
    def write() -> None:
        fresh = tmp_path / "fresh"
        fresh.write_text(EXAMPLE.read_text().replace('"bpm": 120', '"bpm": 90'))
        fresh.replace(_path(session))

    told = asyncio.run(_told(session, write))
    assert "reloaded" in told.text
    assert session.document.options.bpm == 90
