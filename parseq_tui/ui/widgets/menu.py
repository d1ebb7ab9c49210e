"""Pop-up lists: what may follow a prefix key, and what could complete a word. They only show; keys go elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from rich.cells import cell_len

from parseq_tui.ui.drawing.cells import fitted
from parseq_tui.ui.widgets.styled_line import Part, StyledLines

_LEAVE: Final = "   Esc leaves"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A line of a menu."""

    key: str
    title: str
    why_not: str = ""
    """Why it cannot be chosen now; "" if it can."""


class PrefixMenu(StyledLines):
    """The keys that may follow what was pressed, in as many columns as fit."""

    DEFAULT_CSS = """
    PrefixMenu { layer: overlay; dock: bottom; display: none; width: 100%; background: $panel; offset-y: -1; }
    """

    _shown: tuple[str, Sequence[MenuEntry], int, int] | None = None

    def show(self, title: str, entries: Sequence[MenuEntry], width: int, height: int) -> None:
        """Open with these entries."""
        self._shown = title, entries, width, height
        column = min(
            max(len(entry.title) + cell_len(entry.key) + 2 * bool(entry.why_not) for entry in entries) + 5,
            max(20, width),
        )
        across = max(1, width // column)
        lines = self._head(title, width)
        rows = min(-(-len(entries) // across), max(1, height - len(lines)))
        self.styles.height = rows + len(lines)
        self.display = True
        for row in range(rows):
            lines.append([part for entry in entries[row::rows] for part in self._entry(entry, column)])
        self.set_parts(lines, on="panel")

    def theme_changed(self) -> None:
        self._cells = []
        if self._shown is not None:
            self.show(*self._shown)

    def hide(self) -> None:
        self.display = False
        self._shown = None
        self._cells = []

    def _head(self, title: str, width: int) -> list[list[Part]]:
        """The title, in more rows where one is too short for it; how to leave, where there is room for that."""
        head = self.palette.style("accent", "panel", "bold")
        lines: list[list[Part]] = [[(f" {text}", head)] for text in wrap(title, max(20, width - 2)) or [""]]
        if cell_len(lines[-1][0][0]) + cell_len(_LEAVE) <= width:
            lines[-1].append((_LEAVE, self.palette.style("dim", "panel")))
        return lines

    def _entry(self, entry: MenuEntry, width: int) -> list[Part]:
        dim = self.palette.style("dim", "panel")
        key = self.palette.style("dim" if entry.why_not else "accent", "panel", "" if entry.why_not else "bold")
        text = dim if entry.why_not else self.palette.style("text", "panel")
        room = width - cell_len(entry.key) - 3
        title = f"({entry.title})" if entry.why_not else entry.title
        return [(f" {entry.key} ", key), (fitted(title, room) + " ", text)]


class ProposalList(StyledLines):
    """Completions under the word they complete."""

    DEFAULT_CSS = """
    ProposalList { layer: overlay; display: none; background: $surface; width: 50; }
    """
    ROWS = 8
    _shown: tuple[Sequence[tuple[str, str]], int, int, int, int] | None = None

    def show(self, names: Sequence[tuple[str, str]], chosen: int, x: int, y: int, screen_width: int) -> None:
        """Open with (name, help) lines at a place on the screen, the chosen one marked."""
        self._shown = names, chosen, x, y, screen_width
        name_width = min(max(cell_len(name) for name, _ in names) + 2, 30)
        width = min(max(name_width + max(len(text) for _, text in names) + 2, 24), max(24, screen_width - 4), 100)
        first = max(0, min(chosen - self.ROWS // 2, len(names) - self.ROWS))
        visible = names[first : first + self.ROWS]
        self.styles.width, self.styles.height = width, len(visible)
        self.styles.offset = (max(0, min(x, screen_width - width)), y)
        self.display = True
        below = len(names) - first - len(visible)
        lines = [
            self._line(name, text, index == chosen, name_width, width)
            for index, (name, text) in enumerate(visible, start=first)
        ]
        if below:
            *others, (text, style) = lines[-1]
            more = f" ↓ {below} "
            lines[-1] = [*others, (fitted(text, cell_len(text) - len(more)) + more, style)]
        self.set_parts(lines, on="surface")

    def theme_changed(self) -> None:
        self._cells = []
        if self._shown is not None:
            self.show(*self._shown)

    def hide(self) -> None:
        self.display = False
        self._shown = None
        self._cells = []

    def _line(self, name: str, text: str, chosen: bool, name_width: int, width: int) -> list[Part]:
        on = "cursor" if chosen else "surface"
        strong = self.palette.style("cursor-text" if chosen else "formula", on)
        weak = self.palette.style("cursor-text" if chosen else "dim", on)
        mark = "▸" if chosen else " "
        return [(fitted(f"{mark}{name}", name_width), strong), (fitted(text, width - name_width), weak)]
