"""Unsaved work that an editor left behind: offered, taken over, merged with what was saved since, or discarded.

Invariant: a journal goes only when its work is in another one, in the file, or not wanted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from parseq_tui import recovery
from parseq_tui.changes import digest
from parseq_tui.errors import ParseqError
from parseq_tui.formats import native
from parseq_tui.paths import recovery_folder
from parseq_tui.recovery import Draft
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import Edit, ReplaceDocument
from parseq_tui.ui.workbench import Workbench


class Recovering:
    """What a screen can do about work that was left behind."""

    def __init__(
        self, screen: Workbench, write_journal: Callable[[], object], look_again: Callable[[], Awaitable[None]]
    ) -> None:
        """`write_journal`: at once, from any thread; raises OSError. `look_again`: merge what the file holds now."""
        self._screen = screen
        self._write_journal = write_journal
        self._look_again = look_again

    async def offer_any(self, otherwise: str = "", *, older: bool = False) -> None:
        """Ask about unsaved work of an editor that died; say `otherwise` if there is none.

        `older`: newer work has been asked about just now.
        """
        draft = await asyncio.to_thread(_left_behind, self._screen.session.path, self._screen.session.file_digest)
        if draft is not None:
            self._offer(draft, older=older)
        elif otherwise:
            self._screen.say(otherwise)

    def _offer(self, draft: Draft, *, older: bool) -> None:
        when = time.strftime("%d %b %H:%M", time.localtime(draft.time))
        changed = draft.base_digest not in ("", self._screen.session.file_digest)
        since = "; the file has changed since" if changed else ""
        recovering = "recover it (undo brings back the file's)"
        if self._screen.session.dirty:
            recovering = "take it instead of what is here (undo brings that back)"
        elif changed:
            recovering = "merge it with what the file holds now"
        self._screen.questions.ask_when_idle(
            f"{'Older unsaved' if older else 'Unsaved'} work from {when} was left behind{since}",
            [
                ("r", recovering, lambda: self.recover(draft)),
                ("X", "discard it", lambda: self._discard(draft)),
                ("l", "decide later (:recover asks again)", lambda: None),
            ],
        )

    def _discard(self, draft: Draft) -> None:
        draft.discard()
        self._screen.say("discarded")
        self._screen.run_worker(self.offer_any(older=True), name="recovery", exit_on_error=False)

    def recover(self, draft: Draft) -> None:
        """Put this work into the document, as a step of its history."""
        session, base = self._screen.session, list[Document]()

        def read() -> Edit:
            work = native.loads(draft.text(), session.path)
            if session.path is not None and draft.base_digest != session.file_digest and (text := draft.base()):
                base.append(native.loads(text, session.path))
            return ReplaceDocument(work, "recover unsaved work")

        def keep() -> None:
            for begun in base:
                session.began_from(begun, draft.base_digest)
            self._screen.run_worker(self._keep_recovered(draft), name="recover", exit_on_error=False)

        self._screen.change_beside("Recover the unsaved work", read, keep)

    async def _keep_recovered(self, draft: Draft) -> None:
        try:
            await asyncio.to_thread(self._write_journal)  # from here on it is ours to keep safe
        except OSError as error:
            self._screen.say(f"recovered, but {unkept(error)}; save soon", "warning")
        else:
            draft.discard()
            self._screen.say("recovered; save to keep it")
        if draft.base_digest == self._screen.session.file_digest:
            await self._look_again()  # what others have saved since is merged
        await self.offer_any(older=True)


def _left_behind(path: Path | None, file_digest: str) -> Draft | None:
    """The newest work that is not what the file holds anyway (somebody had just saved). Any thread."""
    while (draft := recovery.left_behind(recovery_folder(), path)) is not None:
        try:
            if not file_digest or digest(draft.text()) != file_digest:
                return draft
        except ParseqError:
            return draft
        draft.discard()
    return None


def unkept(error: OSError) -> str:
    """Why there is no journal now."""
    return f"unsaved work cannot be kept in {recovery_folder()}: {error.strerror or error}"
