"""What the mouse means in the list of prompts: one is chosen or edited, its range is taken by an end or by its middle.

Nothing changes the document: while a range is held it is only shown elsewhere, and said when it is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.message import Message

from parseq_tui.ui.widgets.list_pane import ListPane

ROWS = 2
"""Per prompt: its words, its range."""
INDENT = 2
"""Cells before a range."""
_REACH = 1
"""Cells around the end of a range in which the end is meant."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where a prompt is active, both frames inside, on a time axis that begins at frame `first`."""

    index: int
    start: int
    end: int
    first: int
    last: int
    """The document's ends."""
    window: tuple[float, float]
    """First frame of the axis, and frames per cell."""

    def part_at(self, column: int) -> Literal["start", "end", "middle", ""]:
        """What of it is under a column of the axis; "" if it is not there."""
        left, right = self._column(self.start), self._column(self.end)
        near = {"start": abs(column - left), "end": abs(column - right)}
        if min(near.values()) <= _REACH and left != right:
            return "start" if near["start"] < near["end"] else "end"
        return "middle" if left <= column <= right else ""

    def moved(self, part: str, columns: int) -> tuple[int, int]:
        """Start and end after a part of it went so many columns on, inside the document; only the way counts."""
        by = round(columns * self.window[1])
        if part == "start":
            return min(max(self.start + by, self.first), self.end), self.end
        if part == "end":
            return self.start, max(min(self.end + by, self.last), self.start)
        by = max(min(by, self.last - self.end), self.first - self.start)
        return self.start + by, self.end + by

    def _column(self, frame: int) -> int:
        return int((frame - self.window[0] + 0.5) // self.window[1])


class PromptsMouse(ListPane):
    """The list's hand."""

    class RangeChanged(Message, namespace="prompts_pane"):
        """A prompt shall be active then; both frames are inside."""

        def __init__(self, index: int, start: int, end: int, all_frames: bool) -> None:
            super().__init__()
            self.index, self.start, self.end, self.all_frames = index, start, end, all_frames

    _held: Stretch | None = None
    _held_part = ""
    _held_column = 0
    _held_to = (0, 0)
    """While a range is held: start and end, where it would be dropped."""

    # what the pane itself knows

    @property
    def _list_height(self) -> int:
        """Rows of the list."""
        return 0

    def stretch(self, entry: int) -> Stretch | None:
        """The range of an entry of the list; None if it has none."""
        return None

    def action_edit(self) -> None:
        """Edit the selected prompt."""

    # mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is None or event.button != 1 or offset.y >= self._list_height or not self.entry_count():
            return
        self._selected = min(self._top + offset.y // ROWS, self.entry_count() - 1)
        stretch = self.stretch(self._selected) if offset.y % ROWS else None
        part = stretch.part_at(offset.x - INDENT) if stretch is not None else ""
        if stretch is not None and part:
            self._held, self._held_part, self._held_column = stretch, part, offset.x
            self._held_to = (stretch.start, stretch.end)
            self.capture_mouse()
        self.draw()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is not None:
            column = (event.offset - self.gutter.top_left).x
            self._held_to = self._held.moved(self._held_part, column - self._held_column)
            self.draw()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        held, to = self._held, self._held_to
        self._let_go()
        if held is not None and to != (held.start, held.end):
            self.post_message(self.RangeChanged(held.index, *to, False))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < self._list_height and event.chain == 2:
            self.action_edit()

    def on_key(self, event: events.Key) -> None:
        """Any key while a range is held leaves it as it was."""
        if self._held is not None:
            event.stop()
            event.prevent_default()
            self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held = None
            self.release_mouse()
            self.draw()
