"""Journals of unsaved work: what survives kill -9, a closed terminal and a dropped link.

One file per running editor and document, in the user's state folder: a line of JSON (which file, when), then the
document's text. It is written by rename, so it is always whole; its owner holds a lock on a file beside it for life: a
journal whose lock is free was left behind by an editor that died. A third file holds what the document's file held, so
that what others have saved there since can be merged with the work.

Invariant: nobody touches a journal that another process began, not even one of the same number (in containers they
return), before its user has said what becomes of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from parseq_tui.errors import DocumentError

MAXIMUM_BYTES = 256 * 1024 * 1024
_FORMAT = 1
_LONGEST_WAIT_SECONDS = 1.0
_LONGEST_HEAD = 64 * 1024
"""Bytes of the line that says whose work it is."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Unsaved work that was left behind."""

    document_path: Path | None
    time: float
    """Unix seconds of the last change in it."""
    journal: Path
    base_digest: str = ""
    """Of what the file held that the work began from; "" if that is not known."""

    def text(self) -> str:
        """The document. Raises DocumentError if it cannot be read (any more)."""
        try:
            return self.journal.read_bytes().partition(b"\n")[2].decode("utf-8", "surrogatepass")
        except (OSError, UnicodeError) as error:
            raise DocumentError(f"the unsaved work in {self.journal} cannot be read: {error}") from error

    def base(self) -> str | None:
        """What the file held that the work began from; None if that was not kept."""
        try:
            content = _base_path(self.journal).read_bytes()
        except OSError:
            return None
        same = bool(self.base_digest) and hashlib.sha256(content).hexdigest() == self.base_digest
        return content.decode("utf-8", "surrogatepass") if same else None

    def discard(self) -> None:
        """It was taken over, or is not wanted."""
        _remove(self.journal)


class Journal:
    """The journal of this process for one document. Nothing is on disk until `write`."""

    def __init__(self, folder: Path, document_path: Path | None) -> None:
        self._folder = folder
        self._document_path = document_path
        self._path: Path | None = None
        self._lock = -1
        self._base_digest = ""
        """Of what is kept as the base."""
        self._one_at_a_time = Lock()

    def write(self, text: str, base_digest: str = "", base: Callable[[], str] = str) -> None:
        """Keep this text as the newest unsaved state; any thread. Raises OSError (no space, no permission).

        `base_digest`: of what the document's file held when it was last read or written ("": there is none), which
        `base` gives; it is asked for once.
        """
        with self._one_at_a_time:
            self._write(text.encode("utf-8", "surrogatepass"), base_digest, base)

    def _write(self, text: bytes, base_digest: str, base: Callable[[], str]) -> None:
        path = self._path or self._begun()
        if base_digest and base_digest != self._base_digest:
            _replace(_base_path(path), base().encode("utf-8", "surrogatepass"))
            self._base_digest = base_digest
        of = None if self._document_path is None else str(self._document_path.absolute())
        head = json.dumps({"format": _FORMAT, "path": of, "time": time.time(), "base": base_digest})
        _replace(path, head.encode() + b"\n" + text)

    def _begun(self) -> Path:
        """A name that nobody has, locked."""
        self._folder.mkdir(parents=True, exist_ok=True)
        stem = f"{_stem(self._document_path)}-{os.getpid()}-"
        self._lock, name = tempfile.mkstemp(prefix=stem, suffix=".lock", dir=self._folder)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._path = Path(name).with_suffix(".draft")
        return self._path

    def clear(self) -> None:
        """Nothing is unsaved (any more). Whoever is writing may finish, but a disk that hangs is not waited for."""
        if self._one_at_a_time.acquire(timeout=_LONGEST_WAIT_SECONDS):
            try:
                self._clear()
            finally:
                self._one_at_a_time.release()

    def _clear(self) -> None:
        if self._path is not None:
            _remove(self._path)
            os.close(self._lock)
            self._path, self._base_digest = None, ""


class SaveLock:
    """While one editor holds it, no other one saves the same document. Without where one cannot lock.

    Editors of one user meet at a file in the state folder, those of others at the document's folder itself, which
    network disks do not lock.
    """

    def __init__(self, folder: Path, document_path: Path) -> None:
        """Waits for whoever holds it."""
        self._handles: list[int] = []
        document_path = document_path.resolve()
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock(folder / f"{_stem(document_path)}.saving", os.O_CREAT | os.O_RDWR)
        with contextlib.suppress(OSError):
            self._lock(document_path.parent, os.O_RDONLY | os.O_DIRECTORY)

    def _lock(self, path: Path, flags: int) -> None:
        handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
        self._handles.append(handle)
        fcntl.flock(handle, fcntl.LOCK_EX)

    def release(self) -> None:
        """The next one may save."""
        while self._handles:
            os.close(self._handles.pop())


def left_behind(folder: Path, document_path: Path | None) -> Draft | None:
    """The newest draft of this document (None: of documents without a file) whose editor is gone."""
    drafts = []
    for journal in folder.glob(f"{_stem(document_path)}-*.draft"):
        draft = None if _owner_lives(journal) else _read(journal)
        if draft is not None:
            drafts.append(draft)
    return max(drafts, key=lambda draft: draft.time, default=None)


def all_left_behind(folder: Path) -> list[Draft]:
    """The newest draft of every document whose editor is gone, newest first."""
    newest: dict[Path | None, Draft] = {}
    for journal in folder.glob("*.draft"):
        draft = None if _owner_lives(journal) else _read(journal)
        if draft is not None:
            known = newest.get(draft.document_path)
            if known is None or known.time < draft.time:
                newest[draft.document_path] = draft
    return sorted(newest.values(), key=lambda draft: draft.time, reverse=True)


def _stem(path: Path | None) -> str:
    if path is None:
        return "untitled"
    return hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:20]


def _lock_path(journal: Path) -> Path:
    return journal.with_suffix(".lock")


def _base_path(journal: Path) -> Path:
    return journal.with_suffix(".base")


def _remove(journal: Path) -> None:
    for path in (journal, _base_path(journal), _lock_path(journal)):
        path.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    try:
        with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)  # half a file takes room on a full disk
        raise


def _owner_lives(journal: Path) -> bool:
    try:
        handle = os.open(_lock_path(journal), os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def _read(journal: Path) -> Draft | None:
    """The draft in a journal, of which only the head is read; None where it is none of ours."""
    try:
        if journal.stat().st_size > MAXIMUM_BYTES:
            return None
        with journal.open("rb") as file:
            about = json.loads(file.readline(_LONGEST_HEAD))
        if about["format"] != _FORMAT:
            return None
        path = None if about["path"] is None else Path(about["path"])
        return Draft(path, float(about["time"]), journal, str(about.get("base", "")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
