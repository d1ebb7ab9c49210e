"""A list to choose from over the whole screen: columns of text, a head, keys that act on the chosen row.

The base of what lists things that are not the document: conflicts, history, settings.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip

from parseq_tui.ui.drawing.cells import fitted
from parseq_tui.ui.widgets.line_view import LineView

T = TypeVar("T")

SAMPLED_ROWS = 200
"""Of a list of more rows than this, so many are looked at when its columns' widths are chosen."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list."""

    cells: tuple[str, ...]
    role: str = "text"
    """What the first cell is painted as."""
    strong: int | None = None
    """Index of the cell that stands out."""


class Rows(Protocol):
    """Lines of a list, which may be made when they are looked at: of thousands few are seen."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Row: ...


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    share: int
    """Of the width, in relation to the other columns."""


class Listing(LineView, can_focus=True):
    """The rows around the chosen one, under a line of column titles; below them what the chosen row says in full."""

    DEFAULT_CSS = "Listing { height: 1fr; background: $background; }"

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self._rows: Rows = ()
        self._detail: Sequence[str] = ()
        self.chosen = 0
        self._top = 0

    def show(self, rows: Rows, detail: Sequence[str] = ()) -> None:
        """Show these rows; the choice stays on its index. `detail`: lines at the bottom."""
        self._rows, self._detail = rows, detail
        self.chosen = min(self.chosen, max(0, len(rows) - 1))
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def theme_changed(self) -> None:
        self._draw()

    @property
    def page(self) -> int:
        """Rows of the list that are seen at once."""
        return max(1, self.size.height - 1 - len(self._detail))

    def row_at(self, y: int) -> int | None:
        """The row on a line of the widget."""
        index = self._top + y - 1
        return index if y >= 1 and y <= self.page and 0 <= index < len(self._rows) else None

    def _draw(self) -> None:
        if not self.size.width:
            return
        palette = self.palette
        widths = self._widths()
        titles = [
            (column.title[: width - 1].ljust(width), palette.style("dim", "panel"))
            for column, width in zip(self._columns, widths, strict=True)
        ]
        lines: list[Strip] = [self.line(*titles, on="panel")]
        self._top = max(0, min(self.chosen - self.page // 2, len(self._rows) - self.page))
        for index in range(self._top, min(len(self._rows), self._top + self.page)):
            lines.append(self._row(self._rows[index], widths, chosen=index == self.chosen))
        while len(lines) <= self.page:
            lines.append(self.line())
        lines += [self.line((f" {text}", palette.style("dim", "panel")), on="panel") for text in self._detail]
        self.set_lines(lines[: self.size.height])
        self.point_at(0, 1 + self.chosen - self._top)

    def _widths(self) -> list[int]:
        total = sum(column.share for column in self._columns)
        widths = [max(self.size.width * column.share // total, cell_len(column.title) + 2) for column in self._columns]
        needed = [self._longest(index) + 2 for index in range(len(widths) - 1)]
        if sum(needed) <= self.size.width * 2 // 3 and any(map(operator.gt, needed, widths)):
            widths[:-1] = needed
        return [*widths[:-1], self.size.width - sum(widths[:-1])]

    def _longest(self, column: int) -> int:
        """Cells that a column needs; the first one begins with the mark of what is chosen."""
        count = len(self._rows)
        sampled = (self._rows[index] for index in range(0, count, 1 + count // SAMPLED_ROWS))
        texts = (self._columns[column].title, *(row.cells[column] for row in sampled))
        return max(map(cell_len, texts)) + (column == 0)

    def _row(self, row: Row, widths: Sequence[int], *, chosen: bool) -> Strip:
        on = "selection" if chosen else "background"
        strips = []
        for index, (text, width) in enumerate(zip(row.cells, widths, strict=True)):
            # of all roles only plain text can be read on every theme's selection
            role = row.role if index == 0 and not chosen else "text"
            style = self.palette.style(role, on, "bold" if index == row.strong else "")
            mark = (">" if chosen else " ") if index == 0 else ""
            # the last cell of a column stays empty, so that columns never touch
            strips.append(self.line((fitted(f"{mark}{text}".replace("\n", " "), width - 1), style), width=width, on=on))
        return Strip.join(strips)


class ListScreen(ModalScreen[T], Generic[T]):
    """A boxed Listing. Subclasses give `rows`, `detail`, columns, titles and keys of their own."""

    DEFAULT_CSS = """
    ListScreen { align: center middle; }
    ListScreen > Vertical { width: 100%; max-width: 140; height: 100%; max-height: 40; padding: 0 1;
        background: $surface; border: round $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c,q", "leave", "leave", priority=True, id="list.leave"),
        Binding("up,k", "choose(-1)", show=False, id="list.up"),
        Binding("down,j", "choose(1)", show=False, id="list.down"),
        Binding("pageup", "page(-1)", show=False, id="list.page_up"),
        Binding("pagedown", "page(1)", show=False, id="list.page_down"),
        Binding("home", "choose(-1000000)", show=False, id="list.first"),
        Binding("end", "choose(1000000)", show=False, id="list.last"),
    ]
    HEADING: ClassVar[str] = ""
    KEYS: ClassVar[str] = "Esc leave"
    COLUMNS: ClassVar[tuple[Column, ...]] = ()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title, box.border_subtitle = self.HEADING, self.KEYS
            yield Listing(self.COLUMNS)

    def on_mount(self) -> None:
        self.listing.focus()
        self.draw()

    @property
    def listing(self) -> Listing:
        return self.query_one(Listing)

    @property
    def chosen(self) -> int:
        """Index of the chosen row."""
        return self.listing.chosen

    def rows(self) -> Rows:
        """What is listed now."""
        return ()

    def detail(self, chosen: int) -> Sequence[str]:
        """Lines about the chosen row."""
        return ()

    def draw(self) -> None:
        rows = self.rows()
        self.listing.show(rows, self.detail(self.chosen) if len(rows) else ())

    def action_choose(self, step: int) -> None:
        self.listing.chosen = min(max(self.chosen + step, 0), max(0, len(self.rows()) - 1))
        self.draw()

    def action_page(self, direction: int) -> None:
        self.action_choose(direction * max(1, self.listing.page - 1))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self.listing)
        row = None if offset is None else self.listing.row_at(offset.y)
        if row is not None:
            self.listing.chosen = row
            self.draw()

    def action_leave(self) -> None:
        self.dismiss(None)
