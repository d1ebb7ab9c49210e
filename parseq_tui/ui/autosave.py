"""Keeps the journal of unsaved work: written soon after a change, off the event loop; at once on a hang-up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parseq_tui.formats import native
from parseq_tui.recovery import Journal
from parseq_tui.session import Session
from parseq_tui.timeline.document import Document

INTERVAL_SECONDS = 1.0
"""How much unsaved work kill -9 can cost."""


class Autosave:
    """Belongs to the event loop's thread; only the writing itself leaves it."""

    def __init__(self, session: Session, journal: Journal, on_problem: Callable[[OSError], None]) -> None:
        self._session = session
        self._journal = journal
        self._on_problem = on_problem
        self._kept: tuple[Document, bool] | None = None
        """The version that was looked at last, and whether it was unsaved."""
        self._writing = False
        self._failed = False

    async def tick(self) -> None:
        """Write what has changed since the last time; forget the journal when everything is saved."""
        document, dirty = self._session.document, self._session.dirty
        if self._writing or (self._kept is not None and self._kept[0] is document and self._kept[1] == dirty):
            return
        if not dirty:
            self._journal.clear()
            self._kept = (document, dirty)
            return
        self._writing = True
        try:
            await asyncio.to_thread(self._write, document)
            self._kept, self._failed = (document, dirty), False
        except OSError as error:
            if not self._failed:  # said once, tried again every time
                self._failed = True
                self._on_problem(error)
        finally:
            self._writing = False

    def write_now(self) -> None:
        """The program is about to be killed. Raises OSError."""
        if self._session.dirty:
            self._write(self._session.document)

    def forget(self) -> None:
        """Nothing unsaved is wanted any more."""
        self._journal.clear()
        self._kept = (self._session.document, self._session.dirty)

    def _write(self, document: Document) -> None:
        self._journal.write(native.dumps(document))
