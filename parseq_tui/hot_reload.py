"""The file on disk: notices that somebody else wrote it, and decides what that means for the document worked on.

The folder is watched, not the file: editors that save by rename would otherwise be missed after their first save. Our
own saves are recognised by their content. A clean document takes the new content over as a step of its history; unsaved
work is merged with it, cell by cell, and keeps what both sides changed; a file that cannot be read changes nothing and
is taken up when it is mended.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from parseq_tui.changes import TakeIn, digest
from parseq_tui.disk_news import Broken, Gone, Merged, Outcome, Reloaded, Unchanged, disk_is_silent, notice
from parseq_tui.errors import DocumentError, EditError
from parseq_tui.formats import native
from parseq_tui.formats.atomic_file import backup_of, write_atomically
from parseq_tui.paths import recovery_folder
from parseq_tui.recovery import SaveLock
from parseq_tui.session import FileNotice, Session, read_file
from parseq_tui.timeline.differing import Difference, difference
from parseq_tui.timeline.document import Document

STEP_MILLISECONDS, DEBOUNCE_MILLISECONDS = 40, 100
"""How often the watcher wakes up, which costs the idle program processor time, and how long it gathers."""
FIRST_WATCH_SECONDS = 0.3
"""The watcher is loaded when the document is on the screen; what happens until then is seen at the first check."""
CHECK_SECONDS = 2.0
"""How often the file is looked at besides: one call to the system, in a thread."""
SILENT_SECONDS = 4.0
"""A disk that has not answered for so long is said not to."""
SAVE_ATTEMPTS = 20
LOOK_AGAIN_SECONDS = 0.05
HALF_WRITTEN_SECONDS = 1.0
"""So long somebody who was writing in the moment of our save may take to end."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a file holds now."""

    text: str
    digest: str
    document: Document


def look(path: Path, known_digest: str) -> Fresh | Unchanged | Broken | Gone:
    """What the file holds now; may run in any thread."""
    try:
        text = read_file(path)
        now = digest(text)
        if now == known_digest:
            return Unchanged()
        return Fresh(text, now, native.loads(text, path))
    except DocumentError as error:
        return Gone() if not path.exists() else Broken(error)


def settle(session: Session, seen: Fresh | Unchanged | Broken | Gone) -> Outcome:
    """Take over what was seen, or merge it, here and now. Raises DocumentError if theirs cannot be written beside."""
    known = _needs_nothing(session, seen)
    if known is not None or not isinstance(seen, Fresh):
        return known or Unchanged()
    worked = _worked_out(session.taking_in(seen.document, file_digest=seen.digest))
    session.take_in(worked.change)
    return _kept_beside(session, seen, worked)


async def settled(session: Session, seen: Fresh | Unchanged | Broken | Gone) -> Outcome:
    """As `settle`, worked out in a thread; again, where somebody types meanwhile."""
    known = _needs_nothing(session, seen)
    if known is not None or not isinstance(seen, Fresh):
        return known or Unchanged()
    while True:
        change = session.taking_in(seen.document, file_digest=seen.digest)
        worked = await asyncio.to_thread(_worked_out, change)
        if session.take_in(worked.change):
            return await asyncio.to_thread(_kept_beside, session, seen, worked)


def _needs_nothing(session: Session, seen: Fresh | Unchanged | Broken | Gone) -> Outcome | None:
    """What came of it, where nothing has to be taken in; else None."""
    session.only_here = isinstance(seen, (Gone, Broken))
    if not isinstance(seen, Fresh):
        return seen
    return Unchanged() if seen.digest == session.file_digest else None  # our own save, meanwhile


@dataclass(frozen=True, slots=True)
class _Worked:
    """A reload or merge that is worked out, and what it changes here."""

    change: TakeIn
    difference: Difference


def _worked_out(change: TakeIn) -> _Worked:
    """The costly part; may run in any thread."""
    done = change.worked_out()
    return _Worked(done, difference(done.ours, done.theirs if done.merged is None else done.merged.document))


def _kept_beside(session: Session, seen: Fresh, worked: _Worked) -> Outcome:
    """What came of it; if there are conflicts, their version is kept whole beside ours. Raises DocumentError."""
    merged = worked.change.merged
    if merged is None:
        return Reloaded(worked.difference)
    theirs: Path | None = None
    if merged.conflicts and session.path is not None:
        theirs = session.collisions[-1].beside or _beside(session.path)
        write_atomically(theirs, seen.text.encode("utf-8", "surrogatepass"), backup=False)
        session.kept_beside(theirs)
    return Merged(worked.difference, merged.conflicts, theirs)


class Follower:
    """Follows the file of a session (its path at the time) and says what happened through `tell`."""

    def __init__(self, session: Session, tell: Callable[[FileNotice], None]) -> None:
        self._session = session
        self._tell = tell
        self._said: Outcome | None = None
        """What was told last and is still so: a file that is broken or gone."""
        self._silent = False
        """Whether the disk was said not to answer."""
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Follow until cancelled. A folder that goes away is waited for."""
        path = self._session.path
        if path is None:
            return
        seen: tuple[int, ...] | None = None  # the first check looks: somebody may have written since it was opened
        if not self._session.file_digest:
            seen = await asyncio.to_thread(_signature, path)  # it was never read
        folders = _identities(path)
        await asyncio.sleep(FIRST_WATCH_SECONDS)
        watching = asyncio.create_task(self._watch(path))
        try:
            while True:
                await asyncio.sleep(CHECK_SECONDS)
                # what no watcher tells: network disks, folders that were moved away and came back
                now, there = await self._from_disk(lambda: (_signature(path), _identities(path)), path)
                if now != seen:
                    seen = now
                    await self._look(path, asked=False)
                if watching.done() or there != folders:
                    watching.cancel()
                    await asyncio.gather(watching, return_exceptions=there != folders)
                    watching, folders = asyncio.create_task(self._watch(path)), there
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, path: Path) -> None:
        """Look whenever the watcher tells of the file."""
        names = {str(place) for place in _places(path)}
        folders = {place.parent for place in _places(path) if place.parent.is_dir()}
        if not folders:
            return
        watch = await asyncio.to_thread(_watcher)
        try:
            async for _ in watch(
                *folders,
                watch_filter=lambda change, name: name in names,
                step=STEP_MILLISECONDS,
                debounce=DEBOUNCE_MILLISECONDS,
                recursive=False,
            ):
                await self._look(path, asked=False)
        except OSError:
            return  # the folder is gone or cannot be watched: looking at it from time to time goes on

    async def reload(self, *, asked: bool = True) -> None:
        """Look now; say also that nothing is new if somebody `asked`."""
        if self._session.path is not None:
            await self._look(self._session.path, asked=asked)

    async def _look(self, path: Path, *, asked: bool) -> None:
        async with self._one_at_a_time:
            if self._session.path != path:
                return
            outcome = await self._taken_in(path)
        if outcome is not None and (asked or not isinstance(outcome, Unchanged) or self._said is not None):
            self._say(outcome, path)

    async def _taken_in(self, path: Path) -> Outcome | None:
        """What the file held, taken over or merged; None where that failed and was said."""
        seen = await self._from_disk(lambda: look(path, self._session.file_digest), path)
        try:
            return await settled(self._session, seen)
        except DocumentError as error:
            self._tell(FileNotice(f"{error.message}; {error.hint}".rstrip("; "), "error"))
            return None

    async def _from_disk(self, ask: Callable[[], T], path: Path) -> T:
        """What `ask` finds out in a thread; a disk that does not answer is said, and waited for."""
        asked = asyncio.ensure_future(asyncio.to_thread(ask))
        await asyncio.wait({asked}, timeout=SILENT_SECONDS)
        if not asked.done() and not self._silent:
            self._silent = True
            self._tell(disk_is_silent(path))
        answer = await asked
        if self._silent:
            self._silent, self._said = False, None
            self._tell(FileNotice(f"the disk of {path.name} answers again"))
        return answer

    def _say(self, outcome: Outcome, path: Path) -> None:
        lasting = isinstance(outcome, (Broken, Gone))
        if lasting and str(outcome) == str(self._said):
            return
        self._said = outcome if lasting else None
        self._tell(notice(outcome, path, read_only=self._session.read_only))

    async def save(self) -> str:
        """Write the document; what others wrote since is merged into it first, so that neither side loses anything.

        Returns what else there is to say. Raises DocumentError, EditError where there is no file or it is read-only.
        """
        session, path = self._session, self._session.path
        if path is None or session.read_only:
            session.save()  # says why not
            return ""
        async with self._one_at_a_time:
            lock = await asyncio.to_thread(SaveLock, recovery_folder(), path)
            try:
                return await self._merged_and_written(path)
            finally:
                lock.release()

    async def _merged_and_written(self, path: Path) -> str:
        session = self._session
        for _ in range(SAVE_ATTEMPTS):
            outcome = await self._taken_in(path)
            if isinstance(outcome, (Reloaded, Merged)):
                self._say(outcome, path)
            document = session.document
            written = await asyncio.to_thread(
                _write, document, path, session.file_digest, broken=isinstance(outcome, Broken)
            )
            if written.overwritten is not None:
                self._say(await settled(session, written.overwritten), path)
                session.file_digest = written.digest  # the file holds ours by now, without theirs
            elif written.digest:
                session.written(document, path, written.digest)
                self._said = None
                return f"what was there is kept in {written.unread.name}" if written.unread is not None else ""
        raise EditError(f"{path.name} is written by somebody else all the time", hint="save again, or save elsewhere")


@dataclass(frozen=True, slots=True)
class _Written:
    digest: str
    """Of what the file holds now; "" if it had changed after all and nothing was written."""
    overwritten: Fresh | None = None
    """What somebody had written in the very moment: it must be merged, and written again."""
    unread: Path | None = None
    """Where that is kept if it cannot be read."""


def _write(document: Document, path: Path, known_digest: str, *, broken: bool) -> _Written:
    """Write unless the file is not what is known; may run in any thread. Raises DocumentError.

    `broken`: whether it cannot be read, as far as is known.
    """
    text = native.dumps(document)
    if isinstance(look(path, known_digest), Fresh):
        return _Written("")
    kept = native.write_text(text, path)
    written = digest(text)
    backup = backup_of(path.resolve())
    before = _whole(backup, known_digest, 0 if broken else HALF_WRITTEN_SECONDS) if kept else None
    if isinstance(before, Broken):
        return _Written(written, unread=_kept_whole(backup, _beside(path)))
    theirs = before if isinstance(before, Fresh) and before.digest != written else None
    return _Written(written, theirs)


def _whole(path: Path, known_digest: str, patience: float) -> Fresh | Unchanged | Broken | Gone:
    """As `look`; somebody who is just writing there is given so many seconds to end."""
    end = time.monotonic() + patience
    while isinstance(seen := look(path, known_digest), Broken) and time.monotonic() < end:
        time.sleep(LOOK_AGAIN_SECONDS)
    return seen


def _kept_whole(backup: Path, place: Path) -> Path:
    """Where the content of a backup, which the next save replaces, stays: there, if that is possible."""
    try:
        try:
            os.link(backup, place)
        except OSError:
            shutil.copyfile(backup, place)
    except OSError:
        return backup
    return place


def _watcher() -> Callable[..., AsyncIterator[object]]:
    """What tells of changes in folders."""
    from watchfiles import awatch

    return awatch


def _places(path: Path) -> set[Path]:
    """Where the file is: under its name, and where a link leads."""
    return {path.absolute(), path.resolve()}


def _identities(path: Path) -> tuple[tuple[int, ...], ...]:
    """Which folders the file is in; another one of the same name is another folder."""
    return tuple(_signature(place.parent)[:2] for place in sorted(_places(path)))


def _signature(path: Path) -> tuple[int, ...]:
    """Tells one state of a file or folder from another: identity first, then time and size; () if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def _beside(path: Path) -> Path:
    """A free name for their version."""
    for number in range(1, 1000):
        place = path.with_name(f"{path.stem}.theirs{'' if number == 1 else f'-{number}'}{path.suffix}")
        if not place.exists():
            return place
    return path.with_name(f"{path.stem}.theirs-latest{path.suffix}")
