"""When and where the document is baked: at once if it is small, else in a thread, the newest version always last.

While a bake runs in the thread, edits go on; when it ends, the then current document is baked next. Nothing waits.
"""

from __future__ import annotations

import asyncio

from parseq_tui.session import Session
from parseq_tui.timeline.document import Document
from parseq_tui.ui.memory import give_back_freed

SMALL = 25_000
"""Values (frames × fields) that are baked at once."""


def is_small(document: Document) -> bool:
    return document.frame_count * max(1, len(document.managed_fields)) <= SMALL and len(document.keyframes) <= 2_000


class Bakery:
    """Keeps a session's table up to date. Belongs to the event loop's thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._task: asyncio.Task[None] | None = None

    def refresh(self) -> None:
        """The document may have changed."""
        if self._session.baked or self._task is not None:
            return
        if is_small(self._session.document):
            self._session.bake()
        else:
            self._task = asyncio.create_task(self._in_thread())

    async def _in_thread(self) -> None:
        try:
            while not self._session.baked:
                job = self._session.bake_job()
                table = await asyncio.to_thread(job.run)
                self._session.accept(job, table)
            await asyncio.to_thread(give_back_freed)
        finally:
            self._task = None
