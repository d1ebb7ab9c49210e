"""A line that can be typed into, with history and completion: what the formula bar and the command line share.

It sends a few cells per key. Enter commits, Tab commits to the right or takes the proposal that is open, Escape closes
the proposals or cancels; Up and Down go through proposals, else through the history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.message import Message

from parseq_tui.language.completion import Completion
from parseq_tui.ui.drawing.line_edit import LineEdit
from parseq_tui.ui.widgets.styled_line import Part, StyledLines

Then = Literal["stay", "down", "up", "right", "left"]
Complete = Callable[[str, int], Sequence[Completion]]
HISTORY_LENGTH = 100


def nothing(text: str, cursor: int) -> Sequence[Completion]:
    """Proposes nothing."""
    return ()


class LineEntry(StyledLines, can_focus=True):
    """Subclasses draw themselves in `draw`, using `entry_parts`."""

    @dataclass
    class Committed(Message):
        entry: LineEntry
        text: str
        then: Then

    @dataclass
    class Cancelled(Message):
        entry: LineEntry

    @dataclass
    class Edited(Message):
        """The text changed, or the proposals did."""

        entry: LineEntry
        text: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.line: LineEdit | None = None  # type: ignore[assignment]
        self.proposals: Sequence[Completion] = ()
        self.chosen = 0
        self._complete: Complete = nothing
        self._typed = False
        self._history: list[str] = []
        self._recalled = 0
        self._draft = ""

    # -- the host --------------------------------------------------------------------------------------------------

    @property
    def editing(self) -> bool:
        return self.line is not None

    def begin(self, text: str, *, typed: bool = False, complete: Complete = nothing) -> None:
        """Start an entry. `typed`: the text is a first keystroke, so Up and Down commit."""
        self.line, self._complete, self._typed = LineEdit.of(text), complete, typed
        self._recalled = len(self._history)
        self._propose(text) if typed else self._close_proposals()
        self.draw()
        self.focus(scroll_visible=False)
        self.post_message(self.Edited(self, text))

    def end(self) -> None:
        """Leave the entry as it is."""
        self.line = None
        self._close_proposals()
        self.draw()

    def draw(self) -> None:
        """Show the current state."""
        raise NotImplementedError

    # -- keys ------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if self.line is None:
            return
        if self._finishing_key(event.key) or self._list_key(event.key):
            event.stop()
            event.prevent_default()
            return
        changed = self.line.key(event.key)
        if changed is None and event.is_printable and event.character:
            changed = self.line.inserted(event.character)
        if changed is not None:
            event.stop()
            event.prevent_default()
            self._set(changed)

    def on_paste(self, event: events.Paste) -> None:
        if self.line is not None:
            event.stop()
            self._set(self.line.inserted(event.text.strip("\r\n")))

    def _finishing_key(self, key: str) -> bool:
        if key == "escape":
            if self.proposals:
                self._close_proposals()
                self._tell_edited()
            else:
                self.post_message(self.Cancelled(self))
        elif key == "enter":
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
            assert self.line is not None
            self._propose(self.line.text, always=True)
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
        assert self.line is not None
        text = self.line.text
        if text and (not self._history or self._history[-1] != text):
            self._history = [*self._history, text][-HISTORY_LENGTH:]
        self.post_message(self.Committed(self, text, then))

    def _recall(self, by: int) -> None:
        assert self.line is not None
        if self._recalled == len(self._history):
            self._draft = self.line.text
        place = min(max(self._recalled + by, 0), len(self._history))
        self._recalled = place
        self.line = LineEdit.of(self._draft if place == len(self._history) else self._history[place])

    def _set(self, line: LineEdit) -> None:
        before, self.line = self.line, line
        if before is not None and before.text != line.text:
            self._propose(line.text)
        elif self.proposals:
            self._close_proposals()
        self._tell_edited()

    def _tell_edited(self) -> None:
        self.draw()
        if self.line is not None:
            self.post_message(self.Edited(self, self.line.text))

    # -- proposals -------------------------------------------------------------------------------------------------

    def _propose(self, text: str, *, always: bool = False) -> None:
        """Open the proposals for the word before the cursor; without a word only if asked."""
        assert self.line is not None
        found = list(self._complete(text, self.line.cursor))
        word = text[found[0].start : self.line.cursor] if found else ""
        same = len(found) == 1 and found[0].text == word
        self.proposals = found if found and not same and (word or always) else ()
        self.chosen = 0

    def _close_proposals(self) -> None:
        self.proposals, self.chosen = (), 0

    def _take_proposal(self) -> None:
        assert self.line is not None
        proposal = self.proposals[self.chosen]
        self.line = self.line.replaced(proposal.start, proposal.text)
        self._close_proposals()
        self._tell_edited()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def entry_parts(self, width: int, colours: Sequence[Part]) -> tuple[list[Part], int]:
        """The visible part of the entry in `width` cells with its cursor, and how many characters are cut on the left.

        `colours`: the whole text in coloured parts.
        """
        assert self.line is not None
        text, cursor = self.line.text, self.line.cursor
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
