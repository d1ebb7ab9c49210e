"""The lock of a render folder: whoever holds it is the one worker of that folder.

The lock is a `flock` on the file `lock`, held for life. The kernel drops it when its holder dies, however it dies, so
it is the only truth for "running". What stands in the file (who holds it) means nothing unless the lock is held.

A flock belongs to the open file, not to the process: the client takes it and hands it to the worker it starts, so
that there is no moment between "started" and "running".
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from parseq_tui.errors import RenderError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock. `pid` 0: not yet written, or unreadable."""

    pid: int = 0
    take: str = ""
    host: str = ""
    waiting: tuple[str, ...] = ()
    """Takes that come after this one."""

    @property
    def here(self) -> bool:
        """Whether `pid` means something on this machine."""
        return self.pid > 0 and self.host == socket.gethostname()


class FolderLock:
    """An acquired lock. Closing the last open copy of its descriptor releases it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path, *, patience: float = 0.5) -> FolderLock:
        """Take the lock. Raises RenderError if a worker holds it.

        `patience` (seconds) outlasts those who only look: `holder` takes a shared lock for an instant.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(descriptor, 0)  # whoever held it before must not be taken for the holder
                return cls(descriptor)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise RenderError(
                        "a render of this document is already running",
                        hint="stop it first (parseq-tui stop DOC), or follow it (parseq-tui attach DOC)",
                    ) from None
            time.sleep(0.01)

    def describe(self, holder: Holder) -> None:
        """Write who holds it into the file."""
        content = json.dumps(asdict(holder)).encode()
        os.pwrite(self.descriptor, content, 0)
        os.ftruncate(self.descriptor, len(content))

    def close(self) -> None:
        """Close this copy of the descriptor; the lock lives on where it was handed to."""
        os.close(self.descriptor)


def holder(path: Path) -> Holder | None:
    """Who holds the lock now; None if nobody does, or if one may not look: who wants the lock is told that."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> Holder:
    try:
        content = json.loads(os.pread(descriptor, 4096, 0))
        waiting = tuple(map(str, content.get("waiting", ())))
        return Holder(int(content["pid"]), str(content["take"]), str(content["host"]), waiting)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Holder()
