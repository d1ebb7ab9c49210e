"""What an editor's screen does while long work goes on beside the event loop: it says so, and keys wait their turn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from textual import events

from parseq_tui.changes import Applied
from parseq_tui.errors import ParseqError
from parseq_tui.timeline.edits import Edit
from parseq_tui.ui.actions.files import FileActions
from parseq_tui.ui.workbench import Workbench


class LongWork(Workbench):
    """A screen whose keys wait for the work that goes on, but for moves; Escape and Ctrl+C give it up."""

    files: FileActions
    shown_work = ""
    """The work that is seen to go on; "" where nothing takes that long."""

    @abstractmethod
    def say_while(self, text: str) -> None:
        """Words in the status line until others are said; "" takes them away."""

    @abstractmethod
    def takes_at_once(self, event: events.Key) -> bool:
        """Do what a key means, if the table or an entry has the focus. False if it is nothing of theirs."""

    @property
    def gone(self) -> bool:
        """Whether the screen is being taken down: its widgets go before it does, and what it awaits ends with it."""
        return not (self.is_attached and self.display)

    def working(self, title: str) -> None:
        """Long work goes on; "": it is over."""
        if title == self.shown_work:
            return
        self.shown_work = title
        self.say_while(f"{title}…  Esc stops it; keys wait their turn" if title else "")
        self.show_title()

    def failed(self, error: ParseqError) -> None:
        self.desk.tell(error)

    def change_beside(self, title: str, edit: Callable[[], Edit], then: Callable[[], None]) -> None:
        session = self.session
        document = session.document

        def landed(applied: Applied) -> None:
            if session.land(applied):
                then()
            else:  # a reload, meanwhile: the same for what is now
                self.change_beside(title, lambda: applied.edit, then)

        self.errands.run(title, lambda: Applied.to(document, edit()), landed)

    def waits(self, event: events.Key) -> bool:
        """Whether a key is kept for when the work that goes on is done, or has given it up."""
        errands = self.errands
        if not errands.busy:
            return False
        if event.key in ("escape", "ctrl+c"):
            title, forgotten = errands.title, errands.cancel()
            behind = f"; {forgotten} keys pressed since are forgotten" if forgotten else ""
            stopped = f"{title} was stopped, nothing has changed{behind}"
            if event.key == "ctrl+c":
                self.files.interrupted(f"{stopped}. ")
            else:
                self.say(stopped, "warning")
        elif not errands.waiting and self.focused is self.table and self.desk.only_moves(event.key):
            return False
        else:
            again = events.Key(event.key, event.character)
            errands.put_off(lambda: self._press(again))
        event.stop()
        event.prevent_default()
        return True

    def _press(self, event: events.Key) -> None:
        """A key whose turn has come."""
        if not self.takes_at_once(event) and self.app.screen is self:
            self._forward_event(event)
