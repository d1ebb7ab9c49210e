"""Keeps the journal of unsaved work: written soon after a change, off the event loop; at once on a hang-up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parseq_tui.errors import ParseqError
from parseq_tui.formats import native
from parseq_tui.recovery import Journal
from parseq_tui.session import Session
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import Edit

INTERVAL_SECONDS = 1.0
"""How much unsaved work kill -9 can cost."""


class Autosave:
    """Belongs to the event loop's thread; only the writing itself leaves it."""

    def __init__(
        self,
        session: Session,
        journal: Journal,
        on_problem: Callable[[OSError], None],
        half_typed: Callable[[], Edit | None] = lambda: None,
    ) -> None:
        """`half_typed`: what is being typed, as the edit it would be."""
        self._session = session
        self._journal = journal
        self._on_problem = on_problem
        self._half_typed = half_typed
        self._kept: tuple[Document, bool, Edit | None] | None = None
        """The version that was looked at last, whether it was unsaved, and what was being typed."""
        self._writing = False
        self._failed = False

    async def tick(self) -> None:
        """Write what has changed since the last time; forget the journal when everything is saved."""
        document, dirty, typed = self._session.document, self._session.dirty, self._half_typed()
        known = self._kept
        if self._writing or (known is not None and known[0] is document and known[1:] == (dirty, typed)):
            return
        if not dirty and typed is None:
            self.forget()
            return
        self._writing = True
        try:
            await asyncio.to_thread(self._write, document, typed, (self._session.file_digest, self._session.on_file))
            self._kept, self._failed = (document, dirty, typed), False
        except OSError as error:
            if not self._failed:  # said once, tried again every time
                self._failed = True
                self._on_problem(error)
        finally:
            self._writing = False

    def write_now(self) -> None:
        """The program is about to be killed, or to step aside; any thread. Raises OSError."""
        typed = self._half_typed()
        if self._session.dirty or typed is not None:
            self._write(self._session.document, typed, (self._session.file_digest, self._session.on_file))

    def forget(self) -> None:
        """Nothing unsaved is wanted any more."""
        self._journal.clear()
        self._kept = (self._session.document, self._session.dirty, None)

    def _write(self, document: Document, typed: Edit | None, base: tuple[str, Document]) -> None:
        text = native.dumps(document if typed is None else _with(document, typed))
        self._journal.write(text, base[0], lambda: native.dumps(base[1]))


def _with(document: Document, typed: Edit) -> Document:
    try:
        return typed.apply(document)
    except ParseqError:
        return document  # it could not be entered either: the entry itself says why
