"""The one mutable cell: a document being worked on, its file, its history and its bake.

Everything that changes the document goes through `apply`, `undo` or `redo`; everyone who shows it subscribes. Baking is
a job handed out (`bake_job`) and its result handed back (`accept`), so that whoever owns the event loop decides where
it runs; a result for a document that has moved on is dropped.

    session = Session.open(Path("dance.json"))
    session.subscribe(lambda change: print(change.label))
    session.apply(SetValue(30, "zoom", 1.02))
"""

from __future__ import annotations

import contextlib
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from parseq_tui.changes import Applied, Collision, Settlement, TakeIn, digest, superseding
from parseq_tui.errors import DocumentError, EditError
from parseq_tui.formats import native
from parseq_tui.timeline.bake import Baker
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import Edit, ReplaceDocument
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.history import History
from parseq_tui.timeline.merge import Choices

ChangeKind = Literal["edit", "undo", "redo", "reload", "saved", "baked"]


@dataclass(frozen=True, slots=True)
class SessionChange:
    """What happened; told to every listener after it has."""

    kind: ChangeKind
    label: str
    before: Document
    after: Document


@dataclass(frozen=True, slots=True)
class FileNotice:
    """Something happened to the file on disk; ready to be said."""

    text: str
    severity: Literal["information", "warning", "error"] = "information"
    cells: tuple[tuple[int, str], ...] = ()
    """(frame, field) of the cells that a reload changed; "" is the label."""
    standing: str = ""
    """What stays true until it is mended ("not on disk"); "" if all is well with the file."""


class FileFollower(Protocol):
    """Notices what others do to the session's file. Made by `wiring`, so that screens need not know how."""

    async def run(self) -> None:
        """Follow the file until cancelled."""

    async def reload(self, *, asked: bool = True) -> None:
        """Look now; say also that nothing is new if somebody `asked`."""

    async def save(self) -> str:
        """Write the document to its file; what others wrote meanwhile is taken in first. Raises ParseqError.

        Returns what else there is to say.
        """


@dataclass(frozen=True, slots=True)
class BakeJob:
    """A bake that can run in any thread, one at a time."""

    document: Document
    run: Callable[[], FrameTable]


Listener = Callable[[SessionChange], None]


def read_file(path: Path) -> str:
    """The file's text, its byte order mark included. Raises DocumentError; a pipe would be waited for for ever."""
    with contextlib.suppress(OSError):  # what is wrong otherwise is said by the reading
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            hint = "copy what it holds into a file, and open that"
            raise DocumentError(f"{path.name} is no file, but a pipe or a device", path=path, kind="no-file", hint=hint)
    text, mark = native.read_text(path)
    return "\ufeff" + text if mark else text


class Session:
    """A document being worked on. Not thread-safe: one thread owns it; only a BakeJob may run elsewhere."""

    def __init__(
        self,
        document: Document,
        *,
        path: Path | None = None,
        file_digest: str = "",
        read_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self.file_digest = file_digest
        """Digest of the file's content when it was last read or written here; "" without a file."""
        self.table: FrameTable | None = None
        """The newest bake; of the current document only if `baked`."""
        self.only_here = False
        """Whether the file is gone from disk or cannot be read: what is here is the only copy then."""
        self.brings: tuple[Path, ...] = ()
        """Files that the document reads, to be laid beside it when it gets a file of its own."""
        self.clipboard = ""
        self.collisions: tuple[Collision, ...] = ()
        """Merges whose conflicts are not settled yet, oldest first."""
        self._settled: list[tuple[Document, tuple[Collision, ...]]] = []
        """Settlements: the document that came of each, and what was settled."""
        self._clock = clock
        self._history = History.of(document, clock())
        self._on_file = document
        """What the file held when it was last read or written."""
        self._baker = Baker()
        self._baked: Document | None = None
        self._listeners: list[Listener] = []

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, clock: Callable[[], float] = time.monotonic) -> Session:
        """A session on a file. Raises DocumentError."""
        data = read_file(path)
        return cls(native.loads(data, path=path), path=path, file_digest=digest(data), read_only=read_only, clock=clock)

    # -- looking ---------------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document:
        return self._history.document

    @property
    def on_file(self) -> Document:
        """What the file held when it was last read or written here."""
        return self._on_file

    @property
    def history(self) -> History:
        """For showing; it is a value."""
        return self._history

    @property
    def dirty(self) -> bool:
        """Whether something would be lost without saving."""
        return self._history.dirty or self.only_here

    @property
    def baked(self) -> bool:
        """Whether `table` belongs to the current document."""
        return self._baked is self.document

    @property
    def conflict_count(self) -> int:
        """Changes here and on disk that contradict each other and are not settled."""
        return sum(len(collision.conflicts) for collision in self.collisions)

    @property
    def name(self) -> str:
        """What to call the document."""
        if self.path is not None:
            return self.path.name
        return self.document.name or "untitled"

    def subscribe(self, listener: Listener) -> None:
        self._listeners.append(listener)

    # -- the one write door ----------------------------------------------------------------------------------------

    def apply(self, edit: Edit) -> Document:
        """Change the document. Raises EditError, and nothing has changed."""
        self._refuse_if_read_only()
        self._move(self._history.apply(edit, self._clock()), "edit", edit.label)
        return self.document

    def land(self, applied: Applied) -> bool:
        """Take over an edit that was worked out elsewhere. False if the document has moved on: nothing has happened.

        Raises EditError.
        """
        if applied.before is not self.document:
            return False
        self._refuse_if_read_only()
        history = self._history.record(applied.edit, applied.after, self._clock())
        self._move(history, "edit", applied.edit.label)
        return True

    def reload(self, document: Document, *, file_digest: str = "") -> Document:
        """Take over what the file now holds, as a step that undo can cross. The result counts as saved."""
        self.file_digest, self.only_here = file_digest or self.file_digest, False
        label = "reload from disk"
        history = self._history.apply(ReplaceDocument(document, label), self._clock())
        self._on_file = history.document
        self._move(history.saved(), "reload", label)
        return self.document

    def taking_in(self, theirs: Document, *, file_digest: str) -> TakeIn:
        """What the file now holds, to be worked out (in another thread) and given back to `take_in`."""
        return TakeIn(self._on_file, self.document, self._history.dirty, theirs, file_digest)

    def take_in(self, change: TakeIn) -> bool:
        """Reload or merge. False if the document has moved on since: nothing has happened."""
        if change.ours is not self.document or change.base is not self._on_file:
            return False
        merged = change.merged
        if merged is None:
            self.reload(change.theirs, file_digest=change.file_digest)
            return True
        if merged.conflicts:
            collision = Collision(change.base, change.ours, change.theirs, merged.document, merged.conflicts)
            self.collisions = superseding(self.collisions, collision)
        label = "merge with what was saved on disk"
        history = self._history.apply(ReplaceDocument(merged.document, label), self._clock())
        self.file_digest, self._on_file, self.only_here = change.file_digest, change.theirs, False
        self._move(history.saved(history.document if change.as_on_file else change.theirs), "reload", label)
        return True

    def began_from(self, base: Document, base_digest: str) -> None:
        """The document was begun from this content of the file: what the file holds now is news, to be merged."""
        self._on_file, self.file_digest = base, base_digest
        self._history = self._history.saved(base)

    def kept_beside(self, path: Path) -> None:
        """What the file held at the last merge is kept there."""
        *earlier, last = self.collisions
        self.collisions = (*earlier, replace(last, beside=path))

    def settle(self, collisions: Sequence[Collision], choices: Sequence[Choices]) -> Document:
        """Let the chosen versions stand, as one step. What was edited since the merge stays as it is."""
        self.take_settlement(self.settling(collisions, choices).worked_out())
        return self.document

    def settling(self, collisions: Sequence[Collision], choices: Sequence[Choices]) -> Settlement:
        """What was chosen, to be worked out (in another thread) and given back to `take_settlement`."""
        return Settlement(tuple(collisions), tuple(choices), self.document, self._on_file, self.file_digest)

    def take_settlement(self, settlement: Settlement) -> bool:
        """Let it stand. False if the document has moved on since: nothing has happened. Raises EditError."""
        settled = settlement.settled
        if settled is None or settlement.document is not self.document or settlement.on_file is not self._on_file:
            return False
        self._refuse_if_read_only()
        label = "choose between conflicting changes"
        history = self._history.apply(ReplaceDocument(settled, label), self._clock())
        on_file = history.document if settlement.as_on_file else settlement.on_file
        self._move(history.saved(on_file), "edit", label)
        self._settled.append((history.document, settlement.collisions))
        self._close_settled()
        return True

    def _close_settled(self) -> None:
        """Collisions are open again where their settlement was undone, and closed where it stands."""
        if not self._settled:
            return
        stand = {id(version.document) for version in (self._history.current, *self._history.past())}
        for settled, collisions in self._settled:
            others = tuple(one for one in self.collisions if all(one is not other for other in collisions))
            self.collisions = others if id(settled) in stand else (*collisions, *others)

    def undo(self) -> str | None:
        """Take the last step back; its name, or None where there is none."""
        label = self._history.undo_label
        if label is not None:
            self._refuse_if_read_only()
            self._move(self._history.undo(), "undo", label)
        return label

    def redo(self) -> str | None:
        """Do the step undone last again; its name, or None where there is none."""
        label = self._history.redo_label
        if label is not None:
            self._refuse_if_read_only()
            self._move(self._history.redo(), "redo", label)
        return label

    def travel(self, steps: int) -> str | None:
        """So many steps on (redo) or, negative, back (undo), at once; the name of the step arrived at."""
        history = self._history
        for _ in range(abs(steps)):
            history = history.redo() if steps > 0 else history.undo()
        if history is self._history:
            return None
        self._refuse_if_read_only()
        self._move(history, "redo" if steps > 0 else "undo", history.current.label)
        return history.current.label

    @property
    def now(self) -> float:
        """The clock of the history."""
        return self._clock()

    def close_step(self) -> None:
        """The next edit is a step of its own, even if it is like the last one (the cursor moved)."""
        self._history = self._history.closed()

    def _move(self, history: History, kind: ChangeKind, label: str) -> None:
        before, self._history = self.document, history
        if kind in ("undo", "redo"):
            self._close_settled()
        if self.document is not before:
            self._tell(SessionChange(kind, label, before, self.document))

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise EditError("the document is open read-only", hint="start without --read-only to change it")

    def _tell(self, change: SessionChange) -> None:
        for listener in tuple(self._listeners):
            listener(change)

    # -- baking ----------------------------------------------------------------------------------------------------

    def bake_job(self) -> BakeJob:
        """The bake of the current document, to be run by the caller; jobs must not overlap."""
        document = self.document
        return BakeJob(document, lambda: self._baker.bake(document))

    def accept(self, job: BakeJob, table: FrameTable) -> bool:
        """Take a finished bake. False if the document has moved on: the table is shown all the same until the next."""
        before = self._baked or job.document
        self.table, self._baked = table, job.document
        self._tell(SessionChange("baked", "", before, job.document))
        return self.baked

    def bake(self) -> FrameTable:
        """Bake now, in this thread."""
        if self.table is None or not self.baked:
            job = self.bake_job()
            self.accept(job, job.run())
        assert self.table is not None
        return self.table

    # -- the file --------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the document to its file. Raises DocumentError, EditError where there is no file or it is read-only."""
        if self.path is None:
            raise EditError("the document has no file yet", hint="save it under a name: :w NAME.json")
        self._refuse_if_read_only()
        document, text = self.document, self.text()
        native.write_text(text, self.path)
        self.written(document, self.path, digest(text))

    def written(self, document: Document, path: Path, file_digest: str) -> None:
        """A version of the document, perhaps not the newest, is in this file now, which is the session's from here."""
        if path != self.path:
            self.path, self.read_only = path, False
        self.file_digest, self.only_here = file_digest, False
        self._history, self._on_file = self._history.saved(document), document
        self._tell(SessionChange("saved", f"saved {path.name}", document, document))

    def text(self) -> str:
        """The document as its file would hold it."""
        return native.dumps(self.document)
