"""A line that can be typed into, with history and completion: what the formula bar and the command line share.

It sends a few cells per key. Enter commits, Tab commits to the right or takes the proposal that is open, Escape closes
the proposals or cancels; Up and Down go through proposals, else through the history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from textual import events
from textual.geometry import Offset

from parseq_tui.language.completion import Completion
from parseq_tui.ui.drawing.line_edit import MAXIMUM_LENGTH, LineEdit
from parseq_tui.ui.widgets.styled_line import Part, StyledLines

Then = Literal["stay", "down", "up", "right", "left"]
Complete = Callable[[str, int], Sequence[Completion]]
HISTORY_LENGTH = 100


class EntryHost(Protocol):
    """Who is told what is typed."""

    def entry_edited(self, entry: LineEntry) -> None:
        """The text changed, or the proposals did."""

    def entry_committed(self, entry: LineEntry, text: str, then: Then) -> bool:
        """The text is to stand. Ends the entry; False: it cannot stand, and the entry is left open."""

    def entry_cancelled(self, entry: LineEntry) -> None:
        """Nothing is to change. Ends the entry."""

    def entry_refused(self, reason: str) -> None:
        """Something could not be typed."""


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
        self._caret = Offset(0, 0)

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
        self.screen.set_focus(self, scroll_visible=False)  # at once: what is painted now shows the cursor here
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
        if self.text_edit is None:
            return
        event.stop()
        text = event.text.strip("\r\n")
        if self.text_edit.room_for(text):
            self._set(self.text_edit.inserted(text))
        elif self.host is not None:
            self.host.entry_refused(
                f"nothing was pasted: that is {len(text):,} characters, and a line holds {MAXIMUM_LENGTH:,}"
            )

    def _finishing_key(self, key: str) -> bool:
        if key == "escape":
            if self.proposals:
                self._close_proposals()
                self._tell_edited()
            elif self.host is not None:
                self.host.entry_cancelled(self)
        elif key in ("enter", "ctrl+j"):  # what was typed before the terminal was ours has line feeds for Enter
            self.commit("down")
        elif key == "tab" and self.proposals:
            self._take_proposal()
        elif key in ("tab", "shift+tab"):
            self.leave_sideways("right" if key == "tab" else "left")
        else:
            return False
        return True

    def leave_sideways(self, then: Then) -> None:
        """Tab or Shift+Tab, where nothing is proposed."""
        self.commit(then)

    def _list_key(self, key: str) -> bool:
        if key in ("ctrl+@", "ctrl+space"):
            self.ask_for_proposals()
            return True
        elif key not in ("up", "down"):
            return False
        elif self.proposals:
            self.chosen = (self.chosen + (1 if key == "down" else -1)) % len(self.proposals)
        elif self._typed:
            self.commit("up" if key == "up" else "down")
            return True
        else:
            self._recall(-1 if key == "up" else 1)
        self._tell_edited()
        return True

    def commit(self, then: Then) -> bool:
        """What was typed is to stand; False if it cannot."""
        assert self.text_edit is not None
        text = self.text_edit.text
        kept = self.kept(text)
        stands = self.host is None or self.host.entry_committed(self, text, then)
        if kept and stands:
            self._history = [*(one for one in self._history or () if one != kept), kept][-HISTORY_LENGTH:]
            self.entered = [*self.entered, kept][-HISTORY_LENGTH:]
        return stands

    def kept(self, text: str) -> str:
        """What is recalled of a text that was entered; "" for nothing."""
        return text

    def recalled(self, text: str) -> str:
        """A kept text as it is offered again."""
        return text

    def _recall(self, by: int) -> None:
        assert self.text_edit is not None and self._history is not None
        if self._recalled == len(self._history):
            self._draft = self.text_edit.text
        place = min(max(self._recalled + by, 0), len(self._history))
        self._recalled = place
        offered = self._draft if place == len(self._history) else self.recalled(self._history[place])
        self.text_edit = LineEdit.of(offered)

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

    def ask_for_proposals(self) -> None:
        """Open all that could stand here, also where no word has been begun."""
        assert self.text_edit is not None
        self._propose(self.text_edit.text, always=True)
        self._tell_edited()

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

    @property
    def entry_origin(self) -> Offset:
        """Where on the screen the entry's line begins."""
        return self.content_region.offset

    def entry_parts(self, left: int, width: int, colours: Sequence[Part]) -> tuple[list[Part], int]:
        """The visible part of the entry in `width` cells with its cursor, and how many cells are cut on the left.

        `left`: the column at which it begins; the terminal's own cursor goes where the entry's is. `colours`: the whole
        text in coloured parts.
        """
        assert self.text_edit is not None
        line, cursor = self.text_edit, self.text_edit.cursor
        first, end = line.window(width)
        marked = self.palette.style("cursor-text", "cursor")
        parts: list[Part] = []
        at = 0
        for part, style in colours:
            for start, stop, look in ((first, cursor, style), (cursor, cursor + 1, marked), (cursor + 1, end, style)):
                if piece := part[max(start - at, 0) : max(stop - at, 0)]:
                    parts.append((piece, look))
            at += len(part)
        if cursor >= len(line.text):
            parts.append((" ", marked))
        cut = line.column(first)
        self._caret = Offset(left + line.column(cursor) - cut, 0)
        self.app.cursor_position = self.cursor_screen_offset
        return parts, cut

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the terminal's own cursor goes: input methods and braille displays follow it."""
        return self.entry_origin + self._caret
