"""Saving leaves either the old file or the new one, whatever fails."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from parseq_tui.errors import DocumentError
from parseq_tui.formats.atomic_file import backup_of, write_atomically
from parseq_tui.formats.native import dump, load
from parseq_tui.timeline.edits import SetValue


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "dance.json"
    path.write_bytes(b"old")
    return path


def test_the_previous_version_is_kept(file: Path) -> None:
    write_atomically(file, b"new")
    write_atomically(file, b"newer")
    assert (file.read_bytes(), backup_of(file).read_bytes()) == (b"newer", b"new")
    assert sorted(path.name for path in file.parent.iterdir()) == ["dance.json", "dance.json.bak"]


def test_a_new_file_needs_no_backup(tmp_path: Path) -> None:
    write_atomically(tmp_path / "fresh.json", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["fresh.json"]
    assert (tmp_path / "fresh.json").stat().st_mode & 0o600 == 0o600


def test_mode_and_symbolic_link_stay(file: Path) -> None:
    file.chmod(0o640)
    link = file.parent / "link.json"
    link.symlink_to(file.name)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_document_read_and_written_is_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "dance.json"
    content = b'\xef\xbb\xbf{"keyframes": [{"frame": 0, "zoom": 1.0}, {"frame": 9}]}\r\n'
    path.write_bytes(content)
    dump(load(path), path)
    assert path.read_bytes() == content
    dump(SetValue(0, "zoom", 2).apply(load(path)), path)
    assert path.read_bytes() == content.replace(b"1.0", b"2")
    assert backup_of(path).read_bytes() == content


@pytest.mark.parametrize("step", ["fsync", "replace", "fdopen", "fchmod"])
@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, "disk-full", "no space left"),
        (errno.EACCES, "unwritable", "may not write"),
        (errno.EROFS, "unwritable", "read-only"),
        (errno.EIO, "unwritable", "disk reports an error"),
        (errno.EFBIG, "unwritable", "larger than you may write"),
        (errno.ENOLCK, "unwritable", "not saved"),
    ],
)
def test_a_failure_at_any_step_leaves_the_old_file(
    file: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, kind: str, words: str
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, failing)
        with pytest.raises(DocumentError) as caught:
            write_atomically(file, b"new")
    assert caught.value.kind == kind
    assert words in caught.value.message
    assert caught.value.hint
    assert file.read_bytes() == b"old"
    assert not [path for path in file.parent.iterdir() if path.suffix == ".tmp"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such folder"):
        write_atomically(tmp_path / "gone" / "dance.json", b"new")


def test_a_file_system_without_hard_links_or_ownership(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr(os, "fchown", refused)
    write_atomically(file, b"new")
    assert (file.read_bytes(), backup_of(file).read_bytes()) == (b"new", b"old")


def test_a_read_only_file_is_not_written_over(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write whatever the mode says
    with pytest.raises(DocumentError, match="may not write"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
