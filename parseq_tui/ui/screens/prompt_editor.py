"""Edits one prompt: its name is shown, its two halves are text areas, its range two numbers.

Dismissed with a PromptEntry, or None if it was cancelled. Ctrl+S keeps, Escape or Ctrl+C lets everything be as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Label, Static, TextArea

from parseq_tui.timeline.prompts import Prompt
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.drawing.prompt_marks import MarkKind, prompt_marks
from parseq_tui.ui.theme import Palette

_ROLES: dict[MarkKind, str] = {
    "formula": "formula",
    "emphasis": "warning",
    "and": "accent",
    "network": "success",
    "open": "error",
}
_ATTRIBUTES: dict[MarkKind, str] = {
    "formula": "",
    "emphasis": "bold",
    "and": "bold",
    "network": "",
    "open": "underline",
}


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """What was entered."""

    positive: str
    negative: str
    start: int
    end: int
    all_frames: bool


class PromptArea(TextArea):
    """A text area that shows what the parts of a prompt are."""

    DEFAULT_CSS = (
        "PromptArea { height: 1fr; border: round $border-blurred; } PromptArea:focus { border: round $border; }"
    )

    def on_mount(self) -> None:
        self.cursor_blink = False

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        before = sum(len(self.document.get_line(index)) + 1 for index in range(line_index))
        for span, kind in prompt_marks(self.text):
            start, end = max(0, span.start - before), span.end - before
            if end > 0 and start < len(line):
                line.stylize(self._mark_style(kind), start, end)
        return line

    def _mark_style(self, kind: MarkKind) -> Style:
        color = Palette.of(self.app).color(_ROLES[kind]).rich_color
        return Style(color=color) + Style.parse(_ATTRIBUTES[kind])


class TickBox(Checkbox):
    """A check box whose state can be read without colour."""

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class PromptEditor(ModalScreen["PromptEntry | None"]):
    """A dialog over the editor."""

    DEFAULT_CSS = """
    PromptEditor { align: center middle; }
    PromptEditor > Vertical { width: 90%; max-width: 110; height: 90%; max-height: 26; padding: 0 1;
        background: $surface; border: round $accent; }
    PromptEditor Horizontal { height: 1; }
    PromptEditor Horizontal Label { padding: 0 1 0 0; }
    PromptEditor Input { width: 12; background: $panel; }
    PromptEditor TickBox { padding: 0 2 0 0; background: $surface; }
    PromptEditor .hint { color: $dim; height: 1; }
    PromptEditor #problem { color: $error; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "keep", priority=True, id="prompt_editor.keep"),
        Binding("escape,ctrl+c", "cancel", "cancel", priority=True, id="prompt_editor.cancel"),
    ]

    def __init__(self, prompt: Prompt, *, has_range: bool = True, focus: str = "positive") -> None:
        super().__init__()
        self._prompt = prompt
        self._has_range = has_range
        self._focus = focus

    def compose(self) -> ComposeResult:
        prompt = self._prompt
        with Vertical() as box:
            box.border_title = plain(prompt.name) or "prompt"
            box.border_subtitle = "Ctrl+S keep   Esc cancel   Tab next"
            yield Label("+ positive", classes="hint")
            yield PromptArea(prompt.positive, id="positive", tab_behavior="focus", soft_wrap=True)
            yield Label("- negative", classes="hint")
            yield PromptArea(prompt.negative, id="negative", tab_behavior="focus", soft_wrap=True)
            if self._has_range:
                with Horizontal():
                    yield TickBox("all frames", prompt.all_frames, id="all", compact=True)
                    yield Label("from")
                    yield Input(str(prompt.start), type="integer", id="start", compact=True)
                    yield Label(" to")
                    yield Input(str(prompt.end), type="integer", id="end", compact=True)
            yield Static("", id="problem", markup=False)
            yield Label("${formula}   (emphasis:1.2)   cat AND dog :0.5   <lora:name:1>", classes="hint", markup=False)

    def on_mount(self) -> None:
        for line in self.query(Input):
            line.cursor_blink = False
        self.query_one(f"#{self._focus}").focus()

    def action_keep(self) -> None:
        start, end = self._prompt.start, self._prompt.end
        all_frames = self._prompt.all_frames
        if self._has_range:
            all_frames = self.query_one("#all", TickBox).value
            try:
                start, end = (int(self.query_one(f"#{name}", Input).value) for name in ("start", "end"))
            except ValueError:
                self.query_one("#problem", Static).update("from and to are whole frame numbers")
                return
            if start > end and not all_frames:
                self.query_one("#problem", Static).update(f"the range ends at {end}, before it starts at {start}")
                return
        positive, negative = (self.query_one(f"#{name}", PromptArea).text for name in ("positive", "negative"))
        self.dismiss(PromptEntry(positive, negative, start, end, all_frames))

    def action_cancel(self) -> None:
        self.dismiss(None)
