"""sha256 of large files, computed once: remembered in this process, and on disk for files that take seconds to read.

The invariant: a digest is used only while the file's size and modification time are those it was computed for.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from pathlib import Path

from parseq_tui import paths

_WORTH_KEEPING = 64 << 20
"""Bytes; smaller files are read again by the next process."""
_MOST_KEPT = 200
_LARGEST_STORE = 1 << 20
_lock = threading.Lock()
_known: dict[str, str] = {}


def digest(file: Path) -> str:
    """The file's sha256 in hexadecimal. Raises OSError if it cannot be read."""
    state = file.stat()
    key = f"{file.resolve()}|{state.st_size}|{state.st_mtime_ns}"
    with _lock:
        if key in _known:
            return _known[key]
        large = state.st_size >= _WORTH_KEEPING
        stored = _stored() if large else {}
        if key not in stored:
            with file.open("rb") as stream:
                stored[key] = hashlib.file_digest(stream, "sha256").hexdigest()
            if large:
                _store(stored)
        _known[key] = stored[key]
        return _known[key]


def _store_file() -> Path:
    return paths.user_state() / "digests.json"


def _stored() -> dict[str, str]:
    """What earlier processes computed; empty if there is nothing that can be read."""
    file = _store_file()
    try:
        if file.stat().st_size > _LARGEST_STORE:
            return {}
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # no memory of digests is no error: they are computed again
    return {str(key): str(value) for key, value in read.items()} if isinstance(read, dict) else {}


def _store(digests: dict[str, str]) -> None:
    file = _store_file()
    kept = dict(list(digests.items())[-_MOST_KEPT:])
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".digests-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(kept, stream)
        os.replace(temporary, file)
    except OSError:
        return  # a read-only home costs seconds at the next start, nothing else
