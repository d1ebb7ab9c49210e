"""Every state the document went through, newest on top; any of them can be gone back to.

Dismissed with the number of steps to take (negative: undo, positive: redo), or None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from parseq_tui.errors import counted
from parseq_tui.timeline.history import History
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.screens.listing import Column, ListScreen, Row


class HistoryScreen(ListScreen["int | None"]):
    """Steps by name; the one in use is marked and chosen first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "go", "go there", id="history.go")]
    HEADING = "history"
    KEYS = "Enter go back (or on) to here   Esc leave"
    COLUMNS = (Column("", 10), Column("after this step", 40), Column("keyframes", 10), Column("when", 12))

    def __init__(self, history: History, now: float) -> None:
        """`now`: the clock of the history's times."""
        super().__init__()
        future, past = history.future(), history.past()
        self._here = len(future)
        versions = [*reversed(future), history.current, *past]
        self._rows = [
            Row(
                ("now" if index == self._here else "undone" if index < self._here else "", plain(version.label),
                 str(len(version.document.keyframes)), ago(now - version.time)),
                role="accent" if index == self._here else "dim",
                strong=1 if index == self._here else None,
            )
            for index, version in enumerate(versions)
        ]  # fmt: skip

    def on_mount(self) -> None:
        self.listing.chosen = self._here
        super().on_mount()

    def rows(self) -> Sequence[Row]:
        return self._rows

    def detail(self, chosen: int) -> Sequence[str]:
        steps = chosen - self._here
        if not steps:
            return ("this is what you see now",)
        count = counted(abs(steps), "step")
        return (f"{count} {'back' if steps > 0 else 'on'}; nothing is lost by looking",)

    def action_go(self) -> None:
        self.dismiss(self._here - self.chosen)


def ago(seconds: float) -> str:
    """How long something is past: "12 s ago", "3 min ago", "2 h ago"."""
    if seconds < 100:
        return f"{max(0, seconds):.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 6000 else f"{seconds / 3600:.0f} h ago"
