"""The session: one write door, undo across reloads, and bakes that never show an older document for a newer one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from parseq_tui.changes import Applied
from parseq_tui.errors import DocumentError, EditError
from parseq_tui.formats.native import load
from parseq_tui.paths import bundled
from parseq_tui.session import Session, SessionChange
from parseq_tui.timeline.edits import SetValue

EXAMPLE = bundled("examples") / "bouncy_cuts.json"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLE, tmp_path / "song.json"))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with pytest.raises(DocumentError, match="no file, but a pipe"):
        Session.open(pipe)
    monkeypatch.setattr("parseq_tui.formats.native.MAX_BYTES", 1_000_000)
    with pytest.raises(DocumentError, match="too large: more than 1 MB"):
        load("/dev/zero")


def test_an_edit_is_told_and_makes_the_document_dirty(path: Path) -> None:
    session = Session.open(path)
    told: list[SessionChange] = []
    session.subscribe(told.append)
    session.apply(SetValue(0, "zoom", 1.5))
    assert session.dirty
    assert [(change.kind, change.label) for change in told] == [("edit", "set zoom to 1.5 at 0")]
    assert told[0].before.keyframes[0].values["zoom"] == 1


def test_saving_writes_one_changed_line_and_leaves_a_clean_document(path: Path) -> None:
    before = path.read_text().splitlines()
    session = Session.open(path)
    session.apply(SetValue(0, "zoom", 1.5))
    session.save()
    after = path.read_text().splitlines()
    assert not session.dirty
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


def test_undo_and_redo_name_the_step_and_end(path: Path) -> None:
    session = Session.open(path)
    session.apply(SetValue(0, "zoom", 1.5))
    assert session.undo() == "set zoom to 1.5 at 0"
    assert session.undo() is None
    assert not session.dirty
    assert session.redo() == "set zoom to 1.5 at 0"
    assert session.redo() is None
    assert session.document.keyframes[0].values["zoom"] == 1.5


def test_undo_crosses_a_reload(path: Path) -> None:
    session = Session.open(path)
    session.apply(SetValue(0, "zoom", 1.5))
    mine = session.document
    session.reload(Session.open(path).document, file_digest="theirs")
    assert not session.dirty
    assert session.undo() == "reload from disk"
    assert session.document is mine
    assert session.dirty


def test_a_reload_is_clean_by_the_time_it_is_told(path: Path) -> None:
    session = Session.open(path)
    dirty: list[bool] = []
    session.subscribe(lambda change: dirty.append(session.dirty))
    session.reload(SetValue(0, "zoom", 3).apply(session.document))
    assert dirty == [False]


def test_a_refused_edit_changes_nothing(path: Path) -> None:
    session = Session.open(path)
    with pytest.raises(EditError):
        session.apply(SetValue(7, "zoom", 1))
    assert not session.dirty


def test_read_only_refuses_and_another_file_lifts_it(path: Path, tmp_path: Path) -> None:
    session = Session.open(path, read_only=True)
    with pytest.raises(EditError, match="read-only"):
        session.apply(SetValue(0, "zoom", 2))
    session.written(session.document, tmp_path / "mine.json", "")
    session.apply(SetValue(0, "zoom", 2))
    assert session.path == tmp_path / "mine.json"


def test_a_bake_that_was_overtaken_is_shown_but_not_taken_for_current(path: Path) -> None:
    session = Session.open(path)
    job = session.bake_job()
    session.apply(SetValue(0, "zoom", 2))
    assert session.accept(job, job.run()) is False
    assert session.table is not None
    assert not session.baked
    session.bake()
    assert session.baked


def test_without_a_file_saving_asks_for_a_name() -> None:
    session = Session(Session.open(EXAMPLE).document)
    with pytest.raises(EditError, match="no file yet"):
        session.save()


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path, name: str) -> None:
    with pytest.raises(DocumentError) as error:
        Session.open(tmp_path / name)
    assert "Traceback" not in error.value.message
    assert error.value.hint


def test_an_edit_worked_out_meanwhile_lands_only_on_the_document_it_was_made_for(path: Path) -> None:
    session = Session.open(path)
    edit = SetValue(0, "zoom", 1.5)
    late = Applied.to(session.document, edit)
    session.apply(SetValue(0, "angle", 9))
    assert not session.land(late)
    assert session.document.keyframes[0].values["zoom"] == 1
    assert session.land(Applied.to(session.document, edit))
    assert session.document.keyframes[0].values["zoom"] == 1.5
    assert session.undo() == "set zoom to 1.5 at 0"


def test_a_merge_worked_out_before_a_save_does_not_land_after_it(path: Path) -> None:
    session = Session.open(path)
    session.apply(SetValue(0, "zoom", 1.5))
    theirs = SetValue(0, "angle", 9).apply(Session.open(path).document)
    late = session.taking_in(theirs, file_digest="theirs").worked_out()
    session.save()
    assert not session.take_in(late), "it was merged with what the file held before"
    assert not session.dirty


def test_a_read_only_document_may_be_saved_elsewhere_and_changed_there(path: Path, tmp_path: Path) -> None:
    session = Session.open(path, read_only=True)
    with pytest.raises(EditError, match="read-only"):
        session.apply(SetValue(0, "zoom", 1.5))
    session.written(session.document, tmp_path / "mine.json", "digest")
    session.apply(SetValue(0, "zoom", 1.5))
    assert session.path == tmp_path / "mine.json"
