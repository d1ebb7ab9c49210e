"""Changes to a session's document on their way into it: values that are worked out in any thread, then landed.

What goes through a large document takes longer than a key may wait. Each value here holds the documents it is about;
the session takes it only if those are still its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from parseq_tui.formats import native
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import Edit
from parseq_tui.timeline.merge import Choices, Conflict, Merged, merge


@dataclass(frozen=True, slots=True)
class Applied:
    """An edit that was worked out elsewhere, for the document as it was then."""

    edit: Edit
    before: Document
    after: Document

    @classmethod
    def to(cls, document: Document, edit: Edit) -> Applied:
        """Work an edit out; may run in any thread. Raises EditError."""
        after = edit.apply(document)
        return cls(edit, document, document if after.origin is document.origin and after == document else after)


@dataclass(frozen=True, slots=True)
class Collision:
    """A merge in which both sides had changed the same things; ours stand until something is chosen."""

    base: Document
    ours: Document
    theirs: Document
    merged: Document
    conflicts: tuple[Conflict, ...]
    beside: Path | None = None
    """Where theirs is kept whole until something is chosen."""


def superseding(older: Sequence[Collision], newer: Collision) -> tuple[Collision, ...]:
    """All that is to be settled: of what they have changed once more, their newest version."""
    again, left = {conflict.key for conflict in newer.conflicts}, list[Collision]()
    for one in older:
        conflicts = tuple(conflict for conflict in one.conflicts if conflict.key not in again)
        if conflicts:
            left.append(one if len(conflicts) == len(one.conflicts) else replace(one, conflicts=conflicts))
        elif one.beside is not None:
            newer = replace(newer, beside=one.beside)  # the place of a version that is theirs no longer
    return (*left, newer)


@dataclass(frozen=True, slots=True)
class TakeIn:
    """What the file now holds, on its way into the session: `worked_out` in any thread, then `Session.take_in`."""

    base: Document
    """What the file held before."""
    ours: Document
    dirty: bool
    theirs: Document
    file_digest: str
    merged: Merged | None = None
    """What both came to; None until it is worked out, and where nothing was unsaved here."""
    as_on_file: bool = False
    """Whether the merged document, written out, is what the file holds."""

    def worked_out(self) -> TakeIn:
        """With what both sides come to. The costly part."""
        if not self.dirty:
            return self
        merged = merge(self.base, self.ours, self.theirs)
        return replace(self, merged=merged, as_on_file=_is_text_of(merged.document, self.theirs, self.file_digest))


@dataclass(frozen=True, slots=True)
class Settlement:
    """Choices between conflicting changes: `worked_out` in any thread, then `Session.take_settlement`."""

    collisions: tuple[Collision, ...]
    choices: tuple[Choices, ...]
    document: Document
    """As it was when they were made."""
    on_file: Document
    file_digest: str
    settled: Document | None = None
    """What came of it; None until it is worked out."""
    as_on_file: bool = False
    """Whether the settled document, written out, is what the file holds."""

    def worked_out(self) -> Settlement:
        """With the document that comes of it. The costly part."""
        document = self.document
        for collision, chosen in zip(self.collisions, self.choices, strict=True):
            settled = merge(collision.base, collision.ours, collision.theirs, chosen).document
            document = merge(collision.merged, document, settled).document
        same = _is_text_of(document, self.on_file, self.file_digest)
        return replace(self, settled=document, as_on_file=same)


def _is_text_of(document: Document, on_file: Document, file_digest: str) -> bool:
    """Whether a document would be written as what the file holds. Documents that differ are written differently."""
    return document == on_file and digest(native.dumps(document)) == file_digest


def digest(text: str) -> str:
    """How a file's content is recognised."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
