"""A pane that is a list one goes through: what the lists of prompts and of problems share.

Owns the selection and the first entry shown. Subclasses say how many entries there are and draw them.
"""

from __future__ import annotations

from textual import events

from parseq_tui.ui.widgets.line_view import LineView


class ListPane(LineView, can_focus=True):
    """Keys, wheel, focus and size all come down to `draw`."""

    _selected = 0
    _top = 0

    def entry_count(self) -> int:
        """How many entries the list has."""
        return 0

    def draw(self) -> None:
        """Show the current state."""
        self.set_lines([])

    def scroll_to_selected(self, shown: int) -> None:
        """Keep the selection on an entry, and that entry among the `shown` ones there is room for; no room is left
        over while entries are hidden above."""
        count = self.entry_count()
        self._selected = min(max(self._selected, 0), max(0, count - 1))
        self._top = min(max(self._top, self._selected - shown + 1), self._selected, max(0, count - shown))

    def action_select(self, step: int) -> None:
        self._selected = min(max(self._selected + step, 0), max(0, self.entry_count() - 1))
        self.draw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_select(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_select(1)

    def on_resize(self) -> None:
        self.draw()

    def on_focus(self) -> None:
        self.call_next(self.draw)  # it has the focus only after this

    def on_blur(self) -> None:
        self.call_next(self.draw)

    def theme_changed(self) -> None:
        self.draw()
