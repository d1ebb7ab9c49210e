"""Undo and redo: the versions a document went through, with what made each of them and when.

A History is a value, and versions share whatever an edit left alone: depth costs a few words per step, so there is no
limit. Like edits in quick succession (ten nudges of one value) are one step. The clock is an argument.

Invariant: `document` is the document of the current version; recording an edit drops what had been undone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.base import Edit, Repeatable

BATCH_SECONDS = 0.6
"""Like edits closer together than this are one step."""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the document. `time` is the clock, in seconds, when it was last added to."""

    document: Document = field(repr=False)
    label: str
    time: float
    edit: Edit | None = field(default=None, repr=False, compare=False)
    """The last edit that led here; None once the step is closed."""


@dataclass(frozen=True, slots=True, eq=False)
class _Link:
    version: Version
    beyond: _Link | None


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Where the document stands, what undo leads back to and what redo leads on to."""

    current: Version
    _past: _Link | None = field(default=None, repr=False)
    _future: _Link | None = field(default=None, repr=False)
    _saved: Document | None = field(default=None, repr=False)

    @classmethod
    def of(cls, document: Document, now: float = 0.0, *, saved: bool = True) -> History:
        """A history that starts with `document`; `saved`: whether that is what the file holds."""
        return cls(Version(document, "open", now), _saved=document if saved else None)

    @property
    def document(self) -> Document:
        return self.current.document

    @property
    def dirty(self) -> bool:
        """Whether the document differs from what was last saved."""
        return self.document is not self._saved

    @property
    def undo_label(self) -> str | None:
        """What `undo` would take back, or None."""
        return self.current.label if self._past else None

    @property
    def redo_label(self) -> str | None:
        """What `redo` would do again, or None."""
        return self._future.version.label if self._future else None

    def apply(self, edit: Edit, now: float) -> History:
        """The history after `edit`. An edit that changes nothing is no step. Raises EditError."""
        return self.record(edit, edit.apply(self.document), now)

    def record(self, edit: Edit, document: Document, now: float) -> History:
        """The history after `edit`, which gave `document`."""
        if document is self.document or (document.origin is self.document.origin and document == self.document):
            return self
        version = Version(document, edit.label, now, edit)
        if self._continued_by(edit, now):
            return replace(self, current=version, _future=None)
        return replace(self, current=version, _past=_Link(self.current, self._past), _future=None)

    def _continued_by(self, edit: Edit, now: float) -> bool:
        last = self.current
        if last.edit is None or self._past is None or now - last.time > BATCH_SECONDS or not self.dirty:
            return False
        return isinstance(edit, Repeatable) and edit.continues(last.edit)

    def closed(self) -> History:
        """The history with its last step closed: the next edit starts a new one (the cursor moved, say)."""
        return self if self.current.edit is None else replace(self, current=replace(self.current, edit=None))

    def undo(self) -> History:
        """One step back; itself where there is none."""
        if self._past is None:
            return self
        past = self._past
        return replace(
            self, current=replace(past.version, edit=None), _past=past.beyond, _future=_Link(self.current, self._future)
        )

    def redo(self) -> History:
        """One step on; itself where there is none."""
        if self._future is None:
            return self
        future = self._future
        return replace(
            self,
            current=replace(future.version, edit=None),
            _past=_Link(self.current, self._past),
            _future=future.beyond,
        )

    def saved(self, document: Document | None = None) -> History:
        """The history with the current document (or the one that was written meanwhile) as what the file holds."""
        return replace(self, _saved=self.document if document is None else document)

    def past(self) -> list[Version]:
        """The versions behind the current one, latest first."""
        return _versions(self._past)

    def future(self) -> list[Version]:
        """The versions that were undone, next first."""
        return _versions(self._future)


def _versions(link: _Link | None) -> list[Version]:
    versions = []
    while link is not None:
        versions.append(link.version)
        link = link.beyond
    return versions
