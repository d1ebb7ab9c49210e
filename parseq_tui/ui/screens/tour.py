"""The first minute: a few pages about what the screen shows and how it is worked. Any page can be the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from parseq_tui.ui.widgets.line_view import LineView

PAGES: Sequence[tuple[str, Sequence[str]]] = (
    (
        "keyframes and curves",
        (
            "Each row of the table is a keyframe, each column a value that is",
            "animated. Between keyframes values are interpolated: they are dim.",
            "",
            "The curves below show every frame; the line in them is the playhead.",
        ),
    ),
    (
        "values",
        (
            "Type a digit to put a value in a cell, Enter to keep it, Esc to leave it.",
            "i     cycles the interpolation        < >   nudge the value",
            "o     new keyframe                    D     delete it",
            "u U   undo and redo: everything can be undone",
        ),
    ),
    (
        "formulas",
        (
            "= types a field's formula. It stands beside the value, from this row on:",
            "S, L, C   steps, straight lines, curves through the values",
            "1 + 0.3*sin(p=4b)   a wave of four beats",
            "Tab completes names; the second line shows the first mistake.",
        ),
    ),
    (
        "prompts and rendering",
        (
            "Space p   the prompts: Enter edits one, ${zoom} puts a value into it",
            "Space r   rendering: a all, d a draft, p this frame, w what it costs",
            "",
            "Frames that are known come from a cache. Leaving stops no render.",
        ),
    ),
    (
        "finding the rest",
        (
            "Space     shows what may follow       ?        all keys and functions",
            "Ctrl+P    any command by name         Tab      the next pane",
            "Ctrl+S    save                        Ctrl+Q   leave",
            ":tour shows this again.",
        ),
    ),
)
"""Heading and lines of each page; lines fit 76 columns."""


class TourScreen(ModalScreen[None]):
    """One page at a time, at the bottom: what it tells of is seen above it."""

    DEFAULT_CSS = """
    TourScreen { align: center bottom; }
    TourScreen > Vertical { width: 100%; max-width: 80; height: 7; padding: 0 1; background: $background;
        border: round $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c,q", "leave", "leave", priority=True, id="tour.leave"),
        Binding("enter,space,right,down,pagedown", "turn(1)", "next", id="tour.next"),
        Binding("left,up,backspace,pageup", "turn(-1)", "back", id="tour.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._page = 0

    def compose(self) -> ComposeResult:
        with Vertical():
            yield TourPage()

    def on_mount(self) -> None:
        self.styles.background = "transparent"  # the program's style sheet has a word on every screen, this is the last
        self.query_one(TourPage).focus()
        self._show()

    def action_turn(self, step: int) -> None:
        """The next page; behind the last one the tour is over."""
        if self._page + step >= len(PAGES):
            self.dismiss(None)
            return
        self._page = max(0, self._page + step)
        self._show()

    def action_leave(self) -> None:
        self.dismiss(None)

    def _show(self) -> None:
        heading, lines = PAGES[self._page]
        box = self.query_one(Vertical)
        box.border_title = f"{self._page + 1} of {len(PAGES)}: {heading}"
        last = self._page == len(PAGES) - 1
        box.border_subtitle = f"Enter {'begin' if last else 'next'}   Left back   Esc leave"
        self.query_one(TourPage).show(lines)


class TourPage(LineView, can_focus=True):
    """The lines of a page."""

    DEFAULT_CSS = "TourPage { height: 1fr; background: $background; }"
    _texts: Sequence[str] = ()

    def show(self, lines: Sequence[str]) -> None:
        self._texts = lines
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def theme_changed(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if self.size.width:
            style = self.palette.style("text")
            self.set_lines([self.line((text, style)) for text in self._texts])
