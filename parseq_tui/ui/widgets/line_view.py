"""Rows of styled text that cost what changes: the base of the panes.

Owns two habits every pane needs: colours come from the theme in use and follow it, and a row that says the same as
before is not sent to the terminal again.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region
from textual.strip import Strip

from parseq_tui.ui.drawing.cells import fitted
from parseq_tui.ui.terminal.painting import Painted
from parseq_tui.ui.theming.theme import Palette


class Themed(Painted):
    """A widget that paints with roles. Subclasses override `theme_changed` to forget what they have coloured."""

    _palette: Palette | None = None
    _pointed_at = Offset(0, 0)

    @property
    def palette(self) -> Palette:
        if self._palette is None:
            self._palette = Palette.of(self.app)
        return self._palette

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._on_theme_changed)

    def _on_theme_changed(self, _theme: object) -> None:
        self._palette = None
        self.theme_changed()
        self.refresh()

    def theme_changed(self) -> None:
        """The colours are other ones now."""

    def point_at(self, x: int, y: int) -> None:
        """Put the terminal's own cursor there while this widget has the focus: braille displays follow it."""
        self._pointed_at = Offset(x, y)
        if self.screen.focused is self:
            self.app.cursor_position = self.cursor_screen_offset

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where on the screen that is; asked for whenever something is painted while this widget has the focus."""
        return self.content_region.offset + self._pointed_at

    def line(self, *parts: tuple[str, Style], width: int = 0, on: str = "background") -> Strip:
        """A row of exactly `width` cells (the widget's own if 0) from texts and their styles; what is too long is cut.

        Texts are made harmless here: what could move a terminal's cursor is replaced.
        """
        room = width or self.size.width
        segments = []
        for text, style in parts:
            shown = fitted(text, min(room, _cells(text)))
            if shown:
                segments.append(Segment(shown, style))
                room -= _cells(shown)
        if room > 0:
            segments.append(Segment(" " * room, self.palette.style(on=on)))
        return Strip(segments, (width or self.size.width) - min(0, room))


class LineView(Themed):
    """Shows the rows it is given, from the top."""

    _lines: tuple[Strip, ...] = ()

    def set_lines(self, lines: Sequence[Strip]) -> None:
        """Show these rows; only those that differ from before are repainted."""
        before, self._lines = self._lines, tuple(lines)
        height, width = self.size.height, self.size.width
        changed = [
            Region(0, y, width, 1)
            for y in range(min(height, max(len(before), len(lines))))
            if y >= len(before) or y >= len(lines) or before[y] != lines[y]
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        if y < len(self._lines):
            return self._lines[y].adjust_cell_length(self.size.width, self.palette.style())
        return Strip.blank(self.size.width, self.palette.style())


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return len(text) if text.isascii() else cell_len(text)
