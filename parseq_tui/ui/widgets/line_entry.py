"""A line that can be typed into, with history and completion: what the formula bar and the command line share.

It sends a few cells per key. Enter commits, Tab commits to the right or takes the proposal that is open, Escape closes
the proposals or cancels; Up and Down go through proposals, else through the history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from textual import events

from parseq_tui.language.completion import Completion
from parseq_tui.ui.drawing.line_edit import LineEdit
from parseq_tui.ui.widgets.styled_line import Part, StyledLines

Then = Literal["stay", "down", "up", "right", "left"]
Complete = Callable[[str, int], Sequence[Completion]]
HISTORY_LENGTH = 100


class EntryHost(Protocol):
    """Who is told what is typed."""

    def entry_edited(self, entry: LineEntry) -> None:
        """The text changed, or the proposals did."""

    def entry_committed(self, entry: LineEntry, text: str, then: Then) -> None:
        """The text is to stand. Ends the entry, or leaves it open where it cannot."""

    def entry_cancelled(self, entry: LineEntry) -> None:
        """Nothing is to change. Ends the entry."""


def nothing(text: str, cursor: int) -> Sequence[Completion]:
    """Proposes nothing."""
    return ()


class LineEntry(StyledLines, can_focus=True):
    """Subclasses draw themselves in `draw`, using `entry_parts`.

    The host is called, not messaged: a key typed right behind Enter must already find the entry ended.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.host: EntryHost | None = None
        self.text_edit: LineEdit | None = None
        self.proposals: Sequence[Completion] = ()
        self.chosen = 0
        self._complete: Complete = nothing
        self._typed = False
        self._parenthesis_came_along = False
        """A proposal has just brought the `(` that fingers type all the same."""
        self.earlier: Callable[[], Sequence[str]] = list
        """Gives what was entered before this run, oldest first; asked when the first entry begins."""
        self.entered: list[str] = []
        """What was entered in this run."""
        self._history: list[str] | None = None
        self._recalled = 0
        self._draft = ""

    # -- the host --------------------------------------------------------------------------------------------------

    @property
    def editing(self) -> bool:
        return self.text_edit is not None

    def begin(self, text: str, *, typed: bool = False, complete: Complete = nothing) -> None:
        """Start an entry. `typed`: the text is a first keystroke, so Up and Down commit."""
        self.text_edit, self._complete, self._typed = LineEdit.of(text), complete, typed
        if self._history is None:
            self._history = list(self.earlier())
        self._recalled = len(self._history)
        self._propose(text) if typed else self._close_proposals()
        self.draw()
        self.focus(scroll_visible=False)
        if self.host is not None:
            self.host.entry_edited(self)

    def end(self) -> None:
        """Leave the entry as it is."""
        self.text_edit = None
        self._close_proposals()
        self.draw()

    # -- keys ------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if self.take_key(event):
            event.stop()
            event.prevent_default()

    def take_key(self, event: events.Key) -> bool:
        """A key was typed while this is the entry, wherever the focus was. True if it meant something."""
        if self.text_edit is None:
            return False
        if self._finishing_key(event.key) or self._list_key(event.key):
            return True
        changed = self.text_edit.key(event.key)
        if changed is None and event.is_printable and event.character:
            if event.character == "(" and self._parenthesis_came_along:
                self._parenthesis_came_along = False
                return True
            changed = self.text_edit.inserted(event.character)
        if changed is not None:
            self._set(changed)
        return changed is not None

    def on_paste(self, event: events.Paste) -> None:
        if self.text_edit is not None:
            event.stop()
            self._set(self.text_edit.inserted(event.text.strip("\r\n")))

    def _finishing_key(self, key: str) -> bool:
        if key == "escape":
            if self.proposals:
                self._close_proposals()
                self._tell_edited()
            elif self.host is not None:
                self.host.entry_cancelled(self)
        elif key in ("enter", "ctrl+j"):  # what was typed before the terminal was ours has line feeds for Enter
            self._commit("down")
        elif key == "tab":
            if self.proposals:
                self._take_proposal()
            else:
                self._commit("right")
        elif key == "shift+tab":
            self._commit("left")
        else:
            return False
        return True

    def _list_key(self, key: str) -> bool:
        if key in ("ctrl+@", "ctrl+space"):
            assert self.text_edit is not None
            self._propose(self.text_edit.text, always=True)
        elif key not in ("up", "down"):
            return False
        elif self.proposals:
            self.chosen = (self.chosen + (1 if key == "down" else -1)) % len(self.proposals)
        elif self._typed:
            self._commit("up" if key == "up" else "down")
            return True
        else:
            self._recall(-1 if key == "up" else 1)
        self._tell_edited()
        return True

    def _commit(self, then: Then) -> None:
        assert self.text_edit is not None
        text = self.text_edit.text
        history = self._history or []
        if text and (not history or history[-1] != text):
            self._history = [*history, text][-HISTORY_LENGTH:]
            self.entered = [*self.entered, text][-HISTORY_LENGTH:]
        if self.host is not None:
            self.host.entry_committed(self, text, then)

    def _recall(self, by: int) -> None:
        assert self.text_edit is not None and self._history is not None
        if self._recalled == len(self._history):
            self._draft = self.text_edit.text
        place = min(max(self._recalled + by, 0), len(self._history))
        self._recalled = place
        self.text_edit = LineEdit.of(self._draft if place == len(self._history) else self._history[place])

    def _set(self, line: LineEdit) -> None:
        before, self.text_edit = self.text_edit, line
        self._parenthesis_came_along = False
        if before is not None and before.text != line.text:
            self._propose(line.text)
        elif self.proposals:
            self._close_proposals()
        self._tell_edited()

    def _tell_edited(self) -> None:
        self.draw()
        if self.text_edit is not None and self.host is not None:
            self.host.entry_edited(self)

    # -- proposals -------------------------------------------------------------------------------------------------

    def _propose(self, text: str, *, always: bool = False) -> None:
        """Open the proposals for the word before the cursor; without a word only if asked."""
        assert self.text_edit is not None
        found = list(self._complete(text, self.text_edit.cursor))
        word = text[found[0].start : self.text_edit.cursor] if found else ""
        same = len(found) == 1 and found[0].text == word
        self.proposals = found if found and not same and (word or always) else ()
        self.chosen = 0

    def _close_proposals(self) -> None:
        self.proposals, self.chosen = (), 0

    def _take_proposal(self) -> None:
        assert self.text_edit is not None
        proposal = self.proposals[self.chosen]
        self.text_edit = self.text_edit.replaced(proposal.start, proposal.text)
        self._parenthesis_came_along = proposal.text.endswith("(")
        self._close_proposals()
        self._tell_edited()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def entry_parts(self, width: int, colours: Sequence[Part]) -> tuple[list[Part], int]:
        """The visible part of the entry in `width` cells with its cursor, and how many characters are cut on the left.

        `colours`: the whole text in coloured parts.
        """
        assert self.text_edit is not None
        text, cursor = self.text_edit.text, self.text_edit.cursor
        first = max(0, cursor - width + 1)
        marked = self.palette.style("cursor-text", "cursor")
        parts: list[Part] = []
        at = 0
        for part, style in colours:
            for index, character in enumerate(part, start=at):
                if first <= index < first + width:
                    parts.append((character, marked if index == cursor else style))
            at += len(part)
        if cursor >= len(text):
            parts.append((" ", marked))
        return parts, first
