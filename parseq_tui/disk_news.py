"""What may have happened to the file on disk, and the words for it.

Invariant: what lasts until somebody mends it (`standing`) is told with how it is mended.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parseq_tui.errors import DocumentError
from parseq_tui.session import FileNotice
from parseq_tui.timeline.differing import Difference
from parseq_tui.timeline.merge import Conflict


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The file holds what is known already."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The new content was taken over."""

    difference: Difference


@dataclass(frozen=True, slots=True)
class Merged:
    """There is unsaved work here: what they changed was taken in beside it; undo takes it out again."""

    difference: Difference
    conflicts: tuple[Conflict, ...] = ()
    """What both sides changed: it stays as it is here."""
    theirs: Path | None = None
    """Where the file's content is kept whole, if there are conflicts."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The file cannot be read now; the document stays as it was."""

    error: DocumentError


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such file any more."""


Outcome = Unchanged | Reloaded | Merged | Broken | Gone


def notice(outcome: Outcome, path: Path, *, read_only: bool = False) -> FileNotice:
    """What to tell the user."""
    if isinstance(outcome, Reloaded):
        changed = outcome.difference
        undo = "" if read_only else "; undo brings yours back"
        return FileNotice(f"reloaded {path.name}: {changed.in_words()}{undo}", cells=changed.seen)
    if isinstance(outcome, Merged):
        return _merge_notice(outcome, path)
    if isinstance(outcome, Broken):
        return _broken_notice(outcome.error, path)
    if isinstance(outcome, Gone):
        folder = "" if path.parent.is_dir() else ", and so is its folder"
        return FileNotice(
            f"{path.name} is gone from disk{folder}; saving writes it anew", "warning", standing="not on disk"
        )
    return FileNotice(f"{path.name} on disk is as it was last read or saved here")


def disk_is_silent(path: Path) -> FileNotice:
    """What to tell while nothing is heard of a disk: a link that dropped, a server that is away."""
    text = f"the disk of {path.name} does not answer; what is here stays, and is kept for the next start"
    return FileNotice(text, "warning", standing="disk does not answer")


def _broken_notice(error: DocumentError, path: Path) -> FileNotice:
    where = f" (line {error.line}, column {error.column})" if error.line is not None else ""
    named = error.message.startswith(path.name)
    told = f"{error.message}{where}" if named else f"{path.name} on disk cannot be read{where}: {error.message}"
    standing = f"file broken{where}" if where else "file unreadable"
    return FileNotice(
        f"{told}; what is here stays, and the file is read again once it is mended",
        "error",
        standing=standing,
    )


def _merge_notice(outcome: Merged, path: Path) -> FileNotice:
    changed = outcome.difference
    if not outcome.conflicts:
        text = f"{path.name} changed on disk: {changed.in_words()}; merged with your unsaved changes"
        return FileNotice(text, cells=changed.seen)
    places = ", ".join(conflict.where for conflict in outcome.conflicts[:3])
    more = f" and {len(outcome.conflicts) - 3} more" if len(outcome.conflicts) > 3 else ""
    beside = f"; theirs is whole in {outcome.theirs.name}" if outcome.theirs else ""
    return FileNotice(
        f"{path.name}: both changed {places}{more}; yours stays, :conflicts chooses{beside}", "warning", changed.seen
    )
