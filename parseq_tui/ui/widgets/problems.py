"""The problems pane: everything wrong with the document, as a list one can go through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from parseq_tui.errors import counted
from parseq_tui.language.diagnostics import Diagnostic, caret_lines
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.widgets.list_pane import ListPane

MARKS = {"error": "!", "warning": "?"}
_DETAIL_ROWS = 3


class ProblemsPane(ListPane):
    """One row per problem; below the list the selected one's formula with its caret, and how to mend it."""

    DEFAULT_CSS = "ProblemsPane { background: $background; min-height: 2; }"
    BORDER_TITLE = "problems"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", "previous", show=False, id="problems.previous"),
        Binding("down,j", "select(1)", "next", show=False, id="problems.next"),
        Binding("enter", "go", "go there", id="problems.go"),
    ]

    class ProblemSelected(Message):
        """The user wants to be where this problem is."""

        def __init__(self, diagnostic: Diagnostic) -> None:
            super().__init__()
            self.diagnostic = diagnostic

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._diagnostics: tuple[Diagnostic, ...] = ()

    def show(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Errors first; the selection stays on the same problem if it is still there."""
        selected = self._diagnostics[self._selected] if self._diagnostics else None
        self._diagnostics = tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.severity != "error"))
        found = self._diagnostics.index(selected) if selected in self._diagnostics else self._selected
        self._selected = min(found, max(0, len(self._diagnostics) - 1))
        errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
        counts = f": {counted(errors, 'error')}, {counted(len(diagnostics) - errors, 'warning')}"
        self.border_title = f"problems{counts if diagnostics else ''}"
        self.draw()

    def entry_count(self) -> int:
        return len(self._diagnostics)

    def action_go(self) -> None:
        if self._diagnostics:
            self.post_message(self.ProblemSelected(self._diagnostics[self._selected]))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and self._top + offset.y < len(self._diagnostics) and offset.y < self._list_height:
            self._selected = self._top + offset.y
            self.draw()
            self.action_go()

    @property
    def _list_height(self) -> int:
        details = _DETAIL_ROWS if self.size.height > _DETAIL_ROWS + 1 else 0
        return min(len(self._diagnostics), self.size.height - details)

    def draw(self) -> None:
        if not self.size.width:
            return
        if not self._diagnostics:
            self.set_lines([self.line(("no problems", self.palette.style("success")))])
            return
        height = self._list_height
        self.scroll_to_selected(height)
        rows = [self._row(index) for index in range(self._top, min(len(self._diagnostics), self._top + height))]
        self.set_lines([*rows, *self._details()])
        self.point_at(0, self._selected - self._top)

    def _row(self, index: int) -> Strip:
        diagnostic, palette = self._diagnostics[index], self.palette
        selected = index == self._selected
        on = "selection" if selected and self.has_focus else "background"
        role = "text" if on == "selection" else diagnostic.severity
        return self.line(
            (f"{'>' if selected else ' '}{MARKS[diagnostic.severity]} ", palette.style(role, on)),
            (f"{place(diagnostic)}", palette.style("text", on)),
            (diagnostic.message, palette.style(role, on)),
            on=on,
        )

    def _details(self) -> list[Strip]:
        diagnostic, palette = self._diagnostics[self._selected], self.palette
        texts: list[tuple[str, str]] = []
        if diagnostic.text and diagnostic.span is not None:
            line, caret = caret_lines(diagnostic.text, diagnostic.span)
            shift = max(0, caret.index("^") - self.size.width // 2)
            texts += [(line[shift:], "formula"), (caret[shift:], diagnostic.severity)]
        if diagnostic.hint:
            texts.append((f"  {diagnostic.hint}", "dim"))
        return [self.line((text, palette.style(role))) for text, role in texts]


def place(diagnostic: Diagnostic) -> str:
    """Where a problem is, in a few words: "zoom @30: "."""
    what = plain(diagnostic.field or diagnostic.prompt or diagnostic.file)
    frame = diagnostic.keyframe if diagnostic.keyframe is not None else diagnostic.frame
    where = f"{what} @{frame}" if frame is not None else what
    return f"{where.strip()}: " if where.strip() else ""
