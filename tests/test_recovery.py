"""Unsaved work survives the death of its editor, and only of its editor."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parseq_tui.changes import digest
from parseq_tui.recovery import Journal, SaveLock, all_left_behind, left_behind

DOCUMENT = Path("song.json")


def _editor_that_dies(folder: Path, text: str) -> None:
    code = (
        "import os, sys; from pathlib import Path; from parseq_tui.recovery import Journal\n"
        "Journal(Path(sys.argv[1]), Path('song.json')).write(sys.argv[2]); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder), text], check=False).returncode == -9


def test_a_killed_editor_leaves_its_work_behind(tmp_path: Path) -> None:
    _editor_that_dies(tmp_path, "half a song – ünsaved")
    draft = left_behind(tmp_path, DOCUMENT)
    assert draft is not None
    assert draft.text() == "half a song – ünsaved"
    assert draft.document_path == DOCUMENT.absolute()
    draft.discard()
    assert left_behind(tmp_path, DOCUMENT) is None
    assert list(tmp_path.iterdir()) == []


def test_work_of_a_living_editor_is_not_offered(tmp_path: Path) -> None:
    journal = Journal(tmp_path, DOCUMENT)
    journal.write("still typing")
    assert left_behind(tmp_path, DOCUMENT) is None
    journal.clear()
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_the_same_number_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the editor has the same number each time."""
    monkeypatch.setattr("os.getpid", lambda: 7)
    died = Journal(tmp_path, DOCUMENT)
    died.write("before the crash")
    os.close(died._lock)
    again = Journal(tmp_path, DOCUMENT)
    again.clear()
    again.write("after it")
    again.clear()
    draft = left_behind(tmp_path, DOCUMENT)
    assert draft is not None
    assert draft.text() == "before the crash"


def test_what_the_work_began_from_is_kept_once_and_checked(tmp_path: Path) -> None:
    asked: list[str] = []

    def base() -> str:
        asked.append("base")
        return "what the file held"

    known = digest(base())
    journal = Journal(tmp_path, DOCUMENT)
    journal.write("a", known, base)
    journal.write("ab", known, base)
    assert len(asked) == 2, "here and in the journal"
    os.close(journal._lock)
    draft = left_behind(tmp_path, DOCUMENT)
    assert draft is not None
    assert (draft.text(), draft.base(), draft.base_digest) == ("ab", "what the file held", known)
    next(tmp_path.glob("*.base")).write_text("something else")
    assert draft.base() is None
    draft.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, DOCUMENT)
    journal.write("first")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="full"):
        journal.write("second")
    os.close(journal._lock)
    draft = left_behind(tmp_path, DOCUMENT)
    assert draft is not None
    assert draft.text() == "first"
    assert not list(tmp_path.glob("*.new"))


def test_the_newest_draft_of_this_document_is_offered(tmp_path: Path) -> None:
    _editor_that_dies(tmp_path, "first")
    _editor_that_dies(tmp_path, "second")
    draft = left_behind(tmp_path, DOCUMENT)
    assert draft is not None
    assert draft.text() == "second"
    assert left_behind(tmp_path, Path("other.json")) is None
    assert left_behind(tmp_path, None) is None


def test_of_every_document_the_newest_draft_is_listed_newest_first(tmp_path: Path) -> None:
    heads = {"aa-1": ("a.json", 3.0), "aa-2": ("a.json", 5.0), "aa-3": ("a.json", 4.0), "bb-1": (None, 6.0)}
    for name, (path, time) in heads.items():
        head = json.dumps({"format": 1, "path": path, "time": time})
        (tmp_path / f"{name}.draft").write_text(f"{head}\n{name}")
    assert [draft.text() for draft in all_left_behind(tmp_path)] == ["bb-1", "aa-2"]


def test_a_journal_that_is_none_is_ignored(tmp_path: Path) -> None:
    _editor_that_dies(tmp_path, "x")
    journal = next(tmp_path.glob("*.draft"))
    for content in (b"", b"{}\n", b"\x00\xff", b'{"format": 99, "path": null, "time": 0}\nx'):
        journal.write_bytes(content)
        assert left_behind(tmp_path, DOCUMENT) is None


def test_a_journal_beyond_all_measure_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _editor_that_dies(tmp_path, "x" * 100)
    monkeypatch.setattr("parseq_tui.recovery.MAXIMUM_BYTES", 100)
    assert left_behind(tmp_path, DOCUMENT) is None


def test_one_editor_saves_a_document_at_a_time(tmp_path: Path) -> None:
    saving = SaveLock(tmp_path, DOCUMENT)
    (file,) = tmp_path.glob("*.saving")
    with file.open() as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        saving.release()
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert left_behind(tmp_path / "none", DOCUMENT) is None
