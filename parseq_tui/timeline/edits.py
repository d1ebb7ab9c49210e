"""Everything that can change a document, as values: `edit.apply(document)` gives the next document.

One write door: whatever a user, a reload, an undo or a paste does to a document is one of these, applied by the session.
An edit is pure; a document it does not fit raises EditError and nothing has changed.
"""

from __future__ import annotations

from typing import Protocol

from parseq_tui.timeline.document import Document


class Edit(Protocol):
    """A change of a document that has a name."""

    @property
    def label(self) -> str:
        """What the history list and the status line say: "set zoom at 30"."""

    def apply(self, document: Document) -> Document:
        """The changed document, sharing every part that did not change. Raises EditError."""
