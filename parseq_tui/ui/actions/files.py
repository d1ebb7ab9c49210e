"""What the editor does about files: save, open, reload when they change on disk, recover, leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from textual.worker import Worker

from parseq_tui import recent
from parseq_tui.changes import Collision, Settlement, digest
from parseq_tui.errors import ParseqError
from parseq_tui.formats import native
from parseq_tui.formats.atomic_file import backup_of
from parseq_tui.paths import recovery_folder
from parseq_tui.recovery import Draft, Journal
from parseq_tui.render.client import RenderClient
from parseq_tui.session import FileFollower, FileNotice, Session
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import Edit, ImportPrompts
from parseq_tui.timeline.merge import Side
from parseq_tui.ui.actions.recovering import Recovering, unkept
from parseq_tui.ui.actions.renders import farewell
from parseq_tui.ui.autosave import INTERVAL_SECONDS, Autosave
from parseq_tui.ui.half_typed import half_typed
from parseq_tui.ui.widgets.prompts import PromptsPane
from parseq_tui.ui.widgets.render_pane import RenderPane
from parseq_tui.ui.workbench import Program, Workbench

_SETTLING = "Settle the conflicts"
SLOW_SECONDS = 0.7
"""Saving takes longer than this only where something is to be said about it."""
SECOND_INTERRUPT_SECONDS = 3.0
"""A second Ctrl+C within this time always leaves."""


class FileActions:
    """What a screen can do about its document's file."""

    def __init__(self, screen: Workbench) -> None:
        self._screen = screen
        self._session: Session = screen.session
        self.autosave = self._fresh_autosave()
        self.follower: FileFollower | None = None
        self._watching: Worker[None] | None = None
        self._interrupted = 0.0
        self._standing = ""
        self._saving = False
        """Whether a save takes so long that it is said."""
        self.recovering = Recovering(screen, lambda: self.autosave.write_now(), self._look_again)
        self._adopted: Draft | None = None
        self._after_naming: Callable[[], None] | None = None
        """What follows if the name that is asked for now is given."""

    # -- life ------------------------------------------------------------------------------------------------------

    def started(self) -> None:
        """The screen stands: watch the file, keep a journal, offer what was left behind."""
        self._screen.set_interval(INTERVAL_SECONDS, self._tick)
        if self.follower is None:  # else somebody has saved already
            self._watch()
        if self._session.path is not None:
            recent.remember(self._session.path)
        if self._adopted is not None:
            self.recovering.recover(self._adopted)
        elif not self._session.read_only:
            self._screen.run_worker(self.recovering.offer_any(), name="recovery", exit_on_error=False)

    async def _look_again(self) -> None:
        if self.follower is not None:
            await self.follower.reload(asked=False)

    def adopt(self, draft: Draft) -> None:
        """Put this unsaved work into the document as soon as it is shown."""
        self._adopted = draft

    def stopped(self) -> None:
        """The screen goes away; what was unsaved has been saved or given up."""
        self.autosave.forget()
        if self._watching is not None:
            self._watching.cancel()

    async def _tick(self) -> None:
        await self.autosave.tick()

    def _fresh_autosave(self) -> Autosave:
        journal = Journal(recovery_folder(), self._session.path)
        return Autosave(
            self._session,
            journal,
            lambda error: self._screen.say(f"{unkept(error)}; save often", "warning"),
            lambda: half_typed(self._screen),
        )

    def _choose_conflicts(self) -> None:
        from parseq_tui.ui.screens.conflicts import ConflictsScreen

        collisions = self._session.collisions

        def chosen(sides: tuple[Side, ...] | None) -> None:
            if sides is not None:
                self._settle(collisions, iter(sides))

        conflicts = [conflict for collision in collisions for conflict in collision.conflicts]
        self._screen.app.push_screen(ConflictsScreen(conflicts), chosen)

    def _settle(self, collisions: tuple[Collision, ...], sides: Iterator[Side]) -> None:
        choices = [{conflict.key: next(sides) for conflict in collision.conflicts} for collision in collisions]

        def landed(settlement: Settlement) -> None:
            if self._session.take_settlement(settlement):
                self._settled(collisions)
            else:  # a reload, meanwhile: the same for what is now
                self._screen.errands.run(_SETTLING, self._session.settling(collisions, choices).worked_out, landed)

        self._screen.errands.run(_SETTLING, self._session.settling(collisions, choices).worked_out, landed)

    def _settled(self, collisions: tuple[Collision, ...]) -> None:
        try:
            for collision in collisions:
                if collision.beside is not None:
                    collision.beside.unlink(missing_ok=True)
        except OSError as error:
            self._screen.say(f"their version could not be removed: {error}", "warning")
        else:
            self._screen.say("settled; undo brings the conflicting changes back as they were")
        self._screen.show_title()

    # -- commands --------------------------------------------------------------------------------------------------

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command about files; False if it is none. Raises ParseqError."""
        wanted: dict[str, Callable[[], object]] = {
            "document.save": lambda: self.save(argument),
            "document.save_as": lambda: self.save(argument),
            "document.open": lambda: self._open(argument),
            "prompt.import": lambda: self._import_prompts(Path(argument).expanduser()),
            "document.conflicts": self._choose_conflicts,
            "document.recover": lambda: self._screen.run_worker(
                self.recovering.offer_any("no unsaved work of this document was left behind"), exit_on_error=False
            ),
            "document.reload": lambda: self._screen.run_worker(self._reload(), name="reload", exit_on_error=False),
            "application.quit": self.quit,
            "application.save_and_quit": lambda: self.save("", then=self._leave),
            "application.discard_and_quit": self._leave,
        }
        if action not in wanted:
            return False
        wanted[action]()
        return True

    def save(self, name: str, *, then: Callable[[], None] | None = None) -> None:
        """Write the document: to its file, or to a new one and go on there; `then` follows if that went well.

        Asks before it replaces another file. What goes wrong with the disk is said later.
        """
        path = Path(name).expanduser() if name else None
        if path is None and self._session.path is None:
            self.ask_name(then)
            return
        then = then or self._after_naming
        if path is not None and not path.suffix:
            path = path.with_suffix(".json")
        if path is not None and self._is_ours(path):
            path = None
        if path is not None and path.exists():
            self._screen.questions.ask(
                f"{path.name} exists already; what it holds stays in {backup_of(path).name}",
                [("r", "replace it", lambda: self._begin_save(path, then)), ("n", "leave it", lambda: None)],
            )
            return
        self._begin_save(path, then)

    def _begin_save(self, path: Path | None, then: Callable[[], None] | None) -> None:
        self._screen.run_worker(self._save(path, then), name="save", group="save", exit_on_error=False)

    def _is_ours(self, path: Path) -> bool:
        """Whether this is the document's own file, however it is written."""
        return self._session.path is not None and path.resolve() == self._session.path.resolve()

    def ask_name(self, then: Callable[[], None] | None = None) -> None:
        """Ask where a document without a file shall be saved; `then` follows if it is."""
        self._screen.open_command_line(f"w {suggested_name(self._session)}")
        self._after_naming = then

    def naming_is_over(self) -> None:
        """A name was given, or is not going to be."""
        self._after_naming = None

    async def _save(self, path: Path | None, then: Callable[[], None] | None) -> None:
        slow = self._screen.set_timer(SLOW_SECONDS, self._tell_slow_save)
        try:
            if path is None or path == self._session.path:
                follower = self.follower or self._watch()
                more = await follower.save()
            else:
                more = await self._save_as(path)
        except ParseqError as error:
            self._saving = False
            self._screen.desk.tell(error)
            self._screen.show_title()
            return
        finally:
            slow.stop()
            self._saving = False
        assert self._session.path is not None
        self._standing = ""
        self._screen.say(f"saved {self._session.path.name}{'; ' + more if more else ''}")
        self._screen.show_title()
        if then is not None and not self._session.dirty:
            then()

    def _tell_slow_save(self) -> None:
        self._saving = True
        self._screen.say("saving… the disk is slow; you can go on working")
        self._screen.show_title()

    async def _save_as(self, path: Path) -> str:
        document = self._session.document
        written = await asyncio.to_thread(_write, document, path)
        more = await asyncio.to_thread(self._brought, path.parent)
        self.autosave.forget()
        self._session.written(document, path, written)
        self.autosave = self._fresh_autosave()
        self._watch()
        self._screen.query_one(RenderPane).set_client(RenderClient(path))
        self._screen.query_one(PromptsPane).read_only = False  # as the session: a copy of one's own
        recent.remember(path)
        return more

    def _brought(self, folder: Path) -> str:
        """Lay what an example reads beside its copy; words about it. Any thread."""
        missing = [source for source in self._session.brings if not (folder / source.name).exists()]
        for source in missing:
            try:
                (folder / source.name).write_bytes(source.read_bytes())
            except OSError as error:
                return f"but {source.name}, which it reads, could not be copied: {error.strerror}"
        names = " and ".join(source.name for source in missing)
        return f"with {names}, which it reads" if names else ""

    def _import_prompts(self, path: Path) -> None:
        from parseq_tui.formats.prompt_lists import read_prompt_list

        def read() -> Edit:
            text, _ = native.read_text(path)
            return ImportPrompts(read_prompt_list(text, self._session.document))

        def told() -> None:
            self._screen.say(f"prompts taken in from {path.name}; undo takes them out again")

        self._screen.change_beside("Import the prompts", read, told)

    def _open(self, name: str) -> None:
        if self._session.dirty:
            self._screen.questions.ask(
                "There are unsaved changes",
                [
                    ("s", "save them, then open", lambda: self._save_then(lambda: self._open_now(name))),
                    ("d", "discard them, then open", lambda: self._open_now(name)),
                ],
            )
        else:
            self._open_now(name)

    def _open_now(self, name: str) -> None:
        app = self._screen.app
        assert isinstance(app, Program)
        if not name:
            app.choose_document(can_leave=True)
            return
        app.open_path(Path(name).expanduser())

    def _save_then(self, then: Callable[[], None]) -> None:
        try:
            self.save("", then=then)
        except ParseqError as error:
            self._screen.desk.tell(error)

    # -- leaving ---------------------------------------------------------------------------------------------------

    def interrupted(self, before: str = "") -> None:
        """Ctrl+C: the first one leaves what is open and says how to quit; a second one always gets out.

        `before`: what the first one has done besides.
        """
        now = time.monotonic()
        if now - self._interrupted < SECOND_INTERRUPT_SECONDS:
            self.hang_up()
            return
        self._interrupted = now
        unsaved = " (unsaved work is kept for the next start)" if self._session.dirty else ""
        self._screen.say(f"{before}Ctrl+C again leaves{unsaved}; Ctrl+Q quits", "warning")

    def quit(self) -> None:
        """Leave; ask only if something is unsaved."""
        if not self._session.dirty:
            self._leave()
            return
        self._screen.questions.ask(
            f"{self._session.name} has unsaved changes",
            [
                ("s", "save and quit", lambda: self._save_then(self._leave)),
                ("d", "quit without saving", self._leave),
            ],
        )

    def keep_safe(self) -> None:
        """Write unsaved work to the journal now. Raises OSError."""
        self.autosave.write_now()

    def hang_up(self, code: int = 0) -> None:
        """Out at once; unsaved work goes into the journal."""
        try:
            self.autosave.write_now()
        except OSError as error:
            self._screen.log.error(f"journal: {error}")
        self._screen.app.exit(code, code)

    def _leave(self) -> None:
        self.autosave.forget()
        self._screen.app.exit(message=farewell(self._session.path) if self._screen.is_rendering() else None)

    # -- the file on disk ------------------------------------------------------------------------------------------

    def _watch(self) -> FileFollower:
        if self._watching is not None:
            self._watching.cancel()
        self.follower = follower = self._screen.follow(self._session, self._told)
        self._watching = self._screen.run_worker(follower.run(), name="follow the file", exit_on_error=False)
        return follower

    async def _reload(self) -> None:
        if self.follower is not None:
            await self.follower.reload()

    @property
    def standing(self) -> str:
        """What is wrong with the file on disk as long as it is, for the title line."""
        return "saving…" if self._saving else self._standing

    def _told(self, notice: FileNotice) -> None:
        self._standing = notice.standing
        self._screen.say(notice.text, notice.severity)
        self._screen.show_title()
        if notice.cells:
            self._screen.table.flash(notice.cells)


def _write(document: Document, path: Path) -> str:
    """The digest of what the file holds now. Any thread. Raises DocumentError."""
    text = native.dumps(document)
    native.write_text(text, path)
    return digest(text)


def suggested_name(session: Session) -> str:
    """A file name for a document without one: what it is called, else "untitled"; never one that is taken here."""
    words = "".join(ch if ch.isalnum() or ch in "-_" else "-" for ch in session.name.lower())
    stem = "-".join(part for part in words.split("-") if part) or "untitled"
    for number in range(1, 100):
        path = Path(f"{stem}{'' if number == 1 else f'-{number}'}.json")
        if not path.exists():
            return str(path)
    return f"{stem}.json"
