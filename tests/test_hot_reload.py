"""The file on disk: reloaded when clean, never overwritten when dirty, picked up when mended."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from parseq_tui import hot_reload
from parseq_tui.disk_news import Broken, Gone, Merged, Reloaded, Unchanged, notice
from parseq_tui.errors import DocumentError
from parseq_tui.formats import native
from parseq_tui.hot_reload import Follower, look, settle
from parseq_tui.paths import bundled
from parseq_tui.session import FileNotice, Session
from parseq_tui.timeline.differing import Difference
from parseq_tui.timeline.edits import SetValue

EXAMPLE = bundled("examples") / "bouncy_cuts.json"
PATIENCE_SECONDS = 60.0
"""What does not come in this time never comes."""


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
    assert outcome == Reloaded(Difference(cells=((0, "angle"),)))
    assert session.document.keyframes[0].values["angle"] == 5
    assert not session.dirty
    assert notice(outcome, _path(session)).text == "reloaded song.json: 1 cell changed; undo brings yours back"
    assert notice(outcome, _path(session), read_only=True).text == "reloaded song.json: 1 cell changed"
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
    assert outcome == Merged(Difference(cells=((0, "angle"),)))
    assert "1 cell changed; merged with your unsaved changes" in notice(outcome, _path(session)).text
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
    assert session.conflict_count == 1, "theirs is what they saved last"
    assert second.theirs == outcome.theirs
    assert Session.open(outcome.theirs).document.keyframes[0].values["angle"] == 6
    _somebody_writes(session, '"zoom": 1, "zoom_i"', '"zoom": 9, "zoom_i"')
    session.apply(SetValue(0, "zoom", 3))
    third = _outcome(session)
    assert isinstance(third, Merged)
    assert [one.where for one in third.conflicts] == ["zoom at 0"]
    assert session.conflict_count == 2
    assert third.theirs != outcome.theirs
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
    assert session.dirty, "the zoom is not in the file"
    assert session.undo() == "choose between conflicting changes"
    assert session.document.keyframes[0].values["angle"] == 2
    assert session.collisions == (collision,), "it can be chosen again"
    assert session.redo() == "choose between conflicting changes"
    assert session.collisions == ()
    assert session.travel(-2) is not None
    assert session.collisions == (collision,)


def test_a_choice_is_worked_out_elsewhere_and_refused_by_a_document_that_has_moved_on(session: Session) -> None:
    session.apply(SetValue(0, "angle", 2))
    _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    _outcome(session)
    choices = [{one.key: "theirs" for one in session.collisions[0].conflicts}]
    settlement = session.settling(session.collisions, choices).worked_out()
    edited = session.apply(SetValue(0, "zoom", 7))
    assert not session.take_settlement(settlement)
    assert session.document is edited and session.collisions
    assert session.take_settlement(session.settling(session.collisions, choices).worked_out())
    row = session.document.keyframes[0]
    assert (row.values["angle"], row.values["zoom"]) == (5, 7) and not session.collisions


def test_choosing_theirs_everywhere_leaves_nothing_unsaved(session: Session) -> None:
    session.apply(SetValue(0, "angle", 2))
    _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    _outcome(session)
    session.settle(session.collisions, [{one.key: "theirs" for one in session.collisions[0].conflicts}])
    assert not session.dirty
    assert native.dumps(session.document) == _path(session).read_text()


def test_the_same_change_on_both_sides_leaves_nothing_unsaved(session: Session) -> None:
    session.apply(SetValue(0, "angle", 5))
    _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    outcome = _outcome(session)
    assert outcome == Merged(Difference())
    assert "no value changed" in notice(outcome, _path(session)).text
    assert not session.dirty


def test_broken_json_changes_nothing_and_says_where(session: Session) -> None:
    before = session.document
    good = _path(session).read_text()
    _path(session).write_text(good.replace('"fps', "", 1)[:-5] + "{")
    outcome = _outcome(session)
    assert isinstance(outcome, Broken)
    assert session.document is before
    assert session.dirty, "what is here is the only copy that can be read"
    assert "line" in notice(outcome, _path(session)).text
    _path(session).write_text(good.replace('"bpm": 120', '"bpm": 90'))
    assert isinstance(_outcome(session), Reloaded)
    assert session.document.options.bpm == 90
    assert not session.dirty


def test_a_folder_in_its_place_is_said_once_in_words(session: Session) -> None:
    _path(session).unlink()
    _path(session).mkdir()
    outcome = _outcome(session)
    said = notice(outcome, _path(session))
    assert said.text.startswith("song.json is a folder; what is here stays")
    assert said.standing == "file unreadable"
    assert session.dirty
    with pytest.raises(DocumentError, match=r"song\.json"):
        session.save()


def test_a_deleted_file_is_said_and_saving_writes_it_anew(session: Session) -> None:
    _path(session).unlink()
    assert _outcome(session) == Gone()
    assert session.dirty, "what is here is the only copy"
    assert notice(Gone(), _path(session)).standing == "not on disk"
    session.apply(SetValue(0, "zoom", 2))
    session.save()
    assert _path(session).is_file()


async def _told_nothing(*folders: Path, **named: object) -> AsyncIterator[object]:
    """A watcher on a disk that tells of no changes."""
    yield await asyncio.Event().wait()


async def _told(session: Session, write: Callable[[int], None], again: float | None) -> FileNotice:
    """What the follower says after something was written; it may be written `again` after so many seconds."""
    notices: asyncio.Queue[FileNotice] = asyncio.Queue()
    task = asyncio.create_task(Follower(session, notices.put_nowait).run())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for number in itertools.count():
                write(number)
                with suppress(TimeoutError):
                    return await asyncio.wait_for(notices.get(), again)
        raise AssertionError
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("who", ["the check", "the watcher"])
def test_a_save_by_rename_is_noticed(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """By the watcher as soon as it watches; by the check whenever it was, before the follower began too."""
    monkeypatch.setattr(hot_reload, "FIRST_WATCH_SECONDS", 0.0)
    monkeypatch.setattr(hot_reload, "CHECK_SECONDS", 0.1 if who == "the check" else 3600.0)
    if who == "the check":
        monkeypatch.setattr(hot_reload, "_watcher", lambda: _told_nothing)

    def write(number: int) -> None:
        fresh = tmp_path / "fresh"
        fresh.write_text(EXAMPLE.read_text().replace('"bpm": 120', f'"bpm": {90 + number}'))
        fresh.replace(_path(session))

    told = asyncio.run(_told(session, write, None if who == "the check" else 0.5))
    assert "reloaded" in told.text
    assert session.document.options.bpm >= 90


# -- saving ------------------------------------------------------------------------------------------------------------


def _saved(session: Session) -> list[FileNotice]:
    notices: list[FileNotice] = []
    asyncio.run(Follower(session, notices.append).save())
    return notices


def _zoom_and_angle(path: Path) -> tuple[float, float]:
    row = Session.open(path).document.keyframes[0]
    return row.values["zoom"], row.values["angle"]


def test_saving_takes_in_first_what_others_saved(session: Session) -> None:
    session.apply(SetValue(0, "zoom", 2))
    _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    (told,) = _saved(session)
    assert "merged" in told.text
    assert _zoom_and_angle(_path(session)) == (2, 5)
    assert not session.dirty


def test_a_save_in_the_very_moment_of_ours_is_not_lost(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.apply(SetValue(0, "zoom", 2))
    write, others = native.write_text, [True]

    def write_text(text: str, path: Path) -> bool:
        if others.pop() if others else False:
            _somebody_writes(session, '"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
        return write(text, path)

    monkeypatch.setattr(native, "write_text", write_text)
    (told,) = _saved(session)
    assert "merged" in told.text
    assert _zoom_and_angle(_path(session)) == (2, 5)
    assert not session.dirty
    assert session.undo() == "merge with what was saved on disk"


def test_saving_over_a_broken_file_keeps_it_beside_for_good(session: Session) -> None:
    session.apply(SetValue(0, "zoom", 2))
    _path(session).write_text("{ half")
    follower = Follower(session, lambda notice: None)
    assert asyncio.run(follower.save()) == "what was there is kept in song.theirs.json"
    session.apply(SetValue(0, "zoom", 3))
    assert asyncio.run(follower.save()) == "", "the backup is another one now"
    assert (_path(session).parent / "song.theirs.json").read_text() == "{ half"
    assert _zoom_and_angle(_path(session))[0] == 3


@pytest.mark.parametrize("ends", [True, False])
def test_somebody_who_is_just_writing_into_the_file_is_waited_for(
    session: Session, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    """They have emptied the file and go on writing into what is our backup by then."""
    theirs = _path(session).read_text().replace('"angle": 0, "angle_i"', '"angle": 5, "angle_i"')
    session.apply(SetValue(0, "zoom", 2))
    write, writers = native.write_text, []
    monkeypatch.setattr(hot_reload, "HALF_WRITTEN_SECONDS", PATIENCE_SECONDS if ends else 0.1)

    def write_text(text: str, path: Path) -> bool:
        if not writers:
            writers.append(path.open("w"))
            writers[0].write(theirs[:100])
            writers[0].flush()
        kept = write(text, path)
        if ends and not writers[0].closed:
            threading.Timer(0.1, lambda: (writers[0].write(theirs[100:]), writers[0].close())).start()
        return kept

    monkeypatch.setattr(native, "write_text", write_text)
    told: list[FileNotice] = []
    words = asyncio.run(Follower(session, told.append).save())
    assert _zoom_and_angle(_path(session)) == (2, 5 if ends else 0)
    if ends:
        assert "1 cell changed; merged" in told[0].text
    else:
        assert words == "what was there is kept in song.theirs.json"
        writers[0].close()


def test_a_disk_that_does_not_answer_is_said_and_waited_for(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    looked = hot_reload.look
    monkeypatch.setattr(hot_reload, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(hot_reload, "look", lambda *known: (answers.wait(PATIENCE_SECONDS), looked(*known))[1])
    told: list[FileNotice] = []

    def tell(notice: FileNotice) -> None:
        told.append(notice)
        answers.set()

    session.apply(SetValue(0, "zoom", 2))
    asyncio.run(Follower(session, tell).save())
    assert [notice.standing for notice in told] == ["disk does not answer", ""]
    assert "does not answer" in told[0].text and "answers again" in told[1].text
    assert _zoom_and_angle(_path(session))[0] == 2


def test_saving_where_one_may_not_says_why_and_changes_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.apply(SetValue(0, "zoom", 2))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(DocumentError, match="the disk is read-only") as failed:
        _saved(session)
    assert failed.value.hint == "save somewhere else"
    assert session.dirty
    assert _zoom_and_angle(_path(session))[0] == 1


WRITER = """
import asyncio, random, sys, time
from pathlib import Path
from parseq_tui.hot_reload import Follower
from parseq_tui.session import Session
from parseq_tui.timeline.edits import SetValue

async def main(path, field, count):
    session = Session.open(path)
    follower = Follower(session, lambda notice: None)
    for number in range(1, count + 1):
        session.apply(SetValue(0, field, number))
        await follower.save()
        assert session.document.keyframes[0].values[field] == number, "nobody may take it back"

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


@pytest.mark.slow
def test_two_editors_that_save_all_the_time_lose_nothing(session: Session) -> None:
    path, saves = _path(session), 100
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), field, str(saves)], stderr=subprocess.PIPE)
        for field in ("zoom", "angle")
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=10 * PATIENCE_SECONDS)
        assert writer.returncode == 0, errors.decode()
    assert _zoom_and_angle(path) == (saves, saves)


RESTLESS_WRITER = """
import asyncio, os, random, sys
from pathlib import Path
from parseq_tui import hot_reload
from parseq_tui.hot_reload import Follower
from parseq_tui.session import Session
from parseq_tui.timeline.edits import SetValue

hot_reload.FIRST_WATCH_SECONDS, hot_reload.CHECK_SECONDS = 0.0, 0.01
os.environ["PARSEQ_TUI_HOME"] = str(Path(sys.argv[1]).parent / sys.argv[2])  # each is somebody else

async def main(path, field, count):
    chance, told = random.Random(field), []
    session = Session.open(path)
    follower = Follower(session, told.append)
    following = asyncio.create_task(follower.run())

    def mine():
        return session.document.keyframes[0].values.get(field)

    for number in range(1, count + 1):
        session.apply(SetValue(0, field, number))
        if chance.random() < 0.5:  # a second thought, while others save
            session.apply(SetValue(0, field, -number))
            session.close_step()
            await asyncio.sleep(chance.random() / 50)
            if session.history.undo_label.startswith("set"):
                session.undo()
            session.apply(SetValue(0, field, number))
        if chance.random() < 0.3:  # back and forth over whatever was done last, a merge perhaps
            steps = chance.randint(1, 4)
            back = sum(session.undo() is not None for _ in range(steps))
            for _ in range(back):
                assert session.redo() is not None
        assert mine() == number
        await follower.save()
        assert mine() == number, "nobody may take it back"
    assert not session.collisions, "each has a cell of its own"
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


@pytest.mark.slow
def test_three_editors_that_undo_and_redo_between_their_saves_lose_nothing(session: Session) -> None:
    path, saves, fields = _path(session), 40, ("zoom", "angle", "scale")
    writers = [
        subprocess.Popen([sys.executable, "-c", RESTLESS_WRITER, str(path), field, str(saves)], stderr=subprocess.PIPE)
        for field in fields
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=10 * PATIENCE_SECONDS)
        assert writer.returncode == 0, errors.decode()
    values = Session.open(path).document.keyframes[0].values
    assert [values[field] for field in fields] == [saves] * 3
    assert not list(path.parent.glob("*.theirs*"))


def test_hundreds_of_saves_from_outside_are_followed_to_the_last(session: Session) -> None:
    text = _path(session).read_text()

    async def run() -> None:
        told = asyncio.Event()
        task = asyncio.create_task(Follower(session, lambda notice: told.set()).run())
        for number in range(300):
            fresh = _path(session).with_name(f"fresh-{number}")
            fresh.write_text(text.replace('"bpm": 120', f'"bpm": {number + 1}'))
            fresh.replace(_path(session))
            if number % 50 == 0:
                await asyncio.sleep(0.02)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while session.document.options.bpm != 300:
                told.clear()
                await told.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert not session.dirty


def test_a_folder_that_goes_away_and_comes_back_is_followed_again(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_reload, "CHECK_SECONDS", 0.05)
    home = tmp_path / "song"
    home.mkdir()
    session.path = Path(shutil.move(_path(session), home / "song.json"))
    text = session.path.read_text()

    async def run() -> list[FileNotice]:
        notices: asyncio.Queue[FileNotice] = asyncio.Queue()
        told = []
        task = asyncio.create_task(Follower(session, notices.put_nowait).run())
        home.rename(tmp_path / "elsewhere")
        told.append(await asyncio.wait_for(notices.get(), PATIENCE_SECONDS))
        home.mkdir()
        (home / "song.json").write_text(text.replace('"bpm": 120', '"bpm": 90'))
        told.append(await asyncio.wait_for(notices.get(), PATIENCE_SECONDS))
        await asyncio.sleep(0.05)  # the disk's clock ticks: else this would be the same file
        (home / "song.json").write_text(text.replace('"bpm": 120', '"bpm": 80'))
        told.append(await asyncio.wait_for(notices.get(), PATIENCE_SECONDS))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return told

    gone, back, again = asyncio.run(run())
    assert "gone from disk, and so is its folder" in gone.text
    assert "reloaded" in back.text and back.standing == ""
    assert "reloaded" in again.text
    assert session.document.options.bpm == 80
