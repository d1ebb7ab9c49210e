"""What was typed behind a command, judged: words that cannot be, and the files that results shall go to.

Invariant: nothing is written, and no worker started, before all words have been judged.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from parseq_tui.errors import ParseqError, UsageError


@contextmanager
def judged() -> Iterator[None]:
    """What fails in here is the fault of the words typed."""
    try:
        yield
    except ParseqError as error:
        raise UsageError(error.message, hint=error.hint) from error


def file_to_write(path: Path, sources: Sequence[Path] = ()) -> Path:
    """A file that may be written: its folder is there, and it is none of those that are read.

    Raises UsageError, or ParseqError where the disk is in the way.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file in it")
    if not path.parent.is_dir():
        raise ParseqError(f"there is no folder {path.parent} for {path.name}", hint=f"make it: {_mkdir(path.parent)}")
    for source in sources:
        if path.exists() and source.exists() and path.samefile(source):
            raise UsageError(f"{path} would be written over itself", hint="name another file")
    return path


def made_folder(folder: Path) -> Path:
    """A folder that results go to, made if it is not there. Raises ParseqError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise ParseqError(f"{folder} is a file, not a folder", hint="name another folder") from error
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def unwritable(path: Path, error: OSError) -> ParseqError:
    """Why a file or folder could not be written, and what to do."""
    reason = (error.strerror or "the system refused").lower()
    return ParseqError(f"cannot write {path}: {reason}", hint="name another place, or change what is in the way")


def _mkdir(folder: Path) -> str:
    return f"mkdir -p {shlex.quote(str(folder))}"
