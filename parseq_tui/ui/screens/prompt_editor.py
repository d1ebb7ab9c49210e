"""Edits one prompt: its name, its two halves, when it is active, and how its weight travels there.

Dismissed with the changed Prompt, or None if it was cancelled. Ctrl+S keeps, Escape or Ctrl+C leaves all as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Label, Static, TextArea

from parseq_tui.errors import EditError, FormulaError
from parseq_tui.language.parser import parse
from parseq_tui.language.tokens import EMBEDDED
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.edits.prompts import Which
from parseq_tui.timeline.prompts import Overlap, Prompt
from parseq_tui.ui.commands.positions import PositionError, frame_of
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.drawing.prompt_marks import ROLES, MarkKind, prompt_marks
from parseq_tui.ui.theming.theme import Palette

_JOINED = re.compile("\u200d[\u2600-\u27bf\U0001f000-\U0001faff]")
"""What is joined to an emoji: terminals disagree about how wide both are together, so that only the first is drawn."""
_WITHOUT_WIDTH = "\ufe0f"


class PromptArea(TextArea):
    """A text area that shows what the parts of a prompt are."""

    DEFAULT_CSS = (
        "PromptArea { height: 1fr; border: round $border-blurred; } PromptArea:focus { border: round $border; }"
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+home", "go(0)", "beginning", show=False, id="prompt_editor.beginning"),
        Binding("ctrl+end", "go(-1)", "end", show=False, id="prompt_editor.end"),
    ]

    def action_go(self, end: int) -> None:
        """To the beginning of the text, or to its end."""
        self.move_cursor(self.document.end if end else (0, 0))

    def on_mount(self) -> None:
        self.cursor_blink = False
        self.highlight_cursor_line = False  # it would paint over the marks of the line one is in

    def get_line(self, line_index: int) -> Text:
        """A line as it is shown: what a terminal would obey is replaced, character by character."""
        raw = _JOINED.sub(lambda match: _WITHOUT_WIDTH * len(match[0]), self.document.get_line(line_index))
        line = Text("\t".join(map(plain, raw.split("\t"))), end="", no_wrap=True)
        before = sum(len(self.document.get_line(index)) + 1 for index in range(line_index))
        for span, kind in prompt_marks(self.text):
            start, end = max(0, span.start - before), span.end - before
            if end > 0 and start < len(line):
                line.stylize(self._mark_style(kind), start, end)
        return line

    def _mark_style(self, kind: MarkKind) -> Style:
        role, attributes = ROLES[kind]
        return Style(color=Palette.of(self.app).color(role).rich_color) + Style.parse(attributes)


class TickBox(Checkbox):
    """A check box whose state can be read without colour."""

    def __init__(self, label: str, value: bool, *, id: str) -> None:  # noqa: A002
        super().__init__(label, value, id=id, compact=True)
        self.BUTTON_INNER = "X" if value else " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class PromptEditor(ModalScreen["Prompt | None"]):
    """A dialog over the editor."""

    DEFAULT_CSS = """
    PromptEditor { align: center middle; }
    PromptEditor > Vertical { width: 90%; max-width: 110; height: 90%; max-height: 28; padding: 0 1;
        background: $surface; border: round $accent; }
    PromptEditor Horizontal { height: 1; }
    PromptEditor Horizontal Label { padding: 0 1 0 0; }
    PromptEditor Input { width: 9; margin: 0 2 0 0; background: $panel; }
    PromptEditor #name { width: 1fr; margin: 0; }
    PromptEditor #weight { width: 1fr; margin: 0; }
    PromptEditor TickBox { padding: 0 2 0 0; background: $surface; }
    PromptEditor .hint { color: $dim; height: 1; }
    PromptEditor #problem { color: $error; height: 1; }
    PromptEditor.wrong #problem { height: 2; }
    PromptEditor.wrong #marks { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "keep", priority=True, id="prompt_editor.keep"),
        Binding("escape,ctrl+c", "cancel", "cancel", priority=True, id="prompt_editor.cancel"),
    ]

    def __init__(
        self,
        prompt: Prompt,
        *,
        options: Options = Options(),  # noqa: B008 - a value
        last_frame: int = 0,
        which: Which | None = None,
        read_only: bool = False,
    ) -> None:
        """`options` and `last_frame` are the document's, for positions in beats and seconds and for a first range.

        `which`: the prompt's place in the document; None: it is a new one. The common one has no name and no range.
        """
        super().__init__()
        self._options, self._last_frame = options, last_frame
        self._read_only = read_only
        self._prompt = prompt
        self.which = which
        self._common = which == "common"
        self._refused = ""
        """Why the prompt could not be kept when that was tried last."""

    def compose(self) -> ComposeResult:
        prompt, overlap = self._prompt, self._prompt.overlap
        with Vertical() as box:
            box.border_title = "common prompt" if self._common else plain(prompt.name) or "prompt"
            box.border_subtitle = f"{'read-only' if self._read_only else 'Ctrl+S keep'}   Esc cancel   Tab next"
            yield Label("+ positive", classes="hint")
            yield PromptArea(prompt.positive, id="positive", tab_behavior="focus", soft_wrap=True)
            yield Label("- negative", classes="hint")
            yield PromptArea(prompt.negative, id="negative", tab_behavior="focus", soft_wrap=True)
            if not self._common:
                with Horizontal():
                    yield TickBox("all frames", prompt.all_frames, id="all")
                    yield from self._numbers(("from", "start", prompt.start), ("to", "end", prompt.end))
                    yield Label("name")
                    yield Input(plain(prompt.name), id="name", compact=True)
                with Horizontal():
                    yield from self._numbers(
                        ("fade in", "fade_in", overlap.fade_in), ("out", "fade_out", overlap.fade_out)
                    )
                    yield Label("or weight =")
                    formula = overlap.formula if overlap.kind == "custom" else ""
                    yield Input(plain(formula), id="weight", placeholder="formula", compact=True)
            yield Static("", id="problem", markup=False)
            marks = "${formula}   (emphasis:1.2)   cat AND dog :0.5   <lora:name:1>"
            yield Label(marks, id="marks", classes="hint", markup=False)

    def _numbers(self, *fields: tuple[str, str, float]) -> ComposeResult:
        for words, name, value in fields:
            yield Label(words)
            yield Input(f"{value:g}" if isinstance(value, float) else str(value), id=name, compact=True)

    def on_mount(self) -> None:
        for line in self.query(Input):
            line.cursor_blink = False
        self.query_one("#positive").focus()

    def on_text_area_changed(self) -> None:
        self._show_problem()

    def on_input_changed(self) -> None:
        self._show_problem()

    def on_checkbox_changed(self) -> None:
        """A prompt that was for all frames and never had a range begins with one over all of them."""
        end = self.query_one("#end", Input)
        if not self.query_one("#all", TickBox).value and (self._text("start"), end.value) == ("0", "0"):
            end.value = str(self._last_frame)

    def _show_problem(self) -> None:
        """The first formula that cannot be read, while it is typed; it can be kept all the same."""
        self._say(next(self._problems(), self._refused))

    def _say(self, problem: str) -> None:
        """What is wrong; it may need the line below, too."""
        self.set_class(bool(problem), "wrong")
        self.query_one("#problem", Static).update(problem)

    def _problems(self) -> Iterator[str]:
        formulas = [
            (half, match[1]) for half in ("positive", "negative") for match in EMBEDDED.finditer(self._area(half))
        ]
        if not self._common and self._text("weight"):
            formulas.append(("weight", self._text("weight")))
        for where, formula in formulas:
            try:
                parse(formula)
            except FormulaError as error:
                hint = f"; {error.hint}" if error.hint else ""
                yield plain(f"{where}: {formula.strip()[:30]}: {error.message}{hint}")

    @property
    def prompt(self) -> Prompt:
        """As it was before."""
        return self._prompt

    def as_typed(self) -> Prompt:
        """The prompt with both halves as they are now, without what stands beside them."""
        return replace(self._prompt, positive=self._area("positive"), negative=self._area("negative"))

    def _area(self, half: str) -> str:
        return self.query_one(f"#{half}", PromptArea).text

    def action_keep(self) -> None:
        prompt = self.as_typed()
        try:
            if self._read_only:
                raise EditError("the document is open read-only: Esc leaves")
            if not self._common:
                prompt = self._with_range(prompt)
        except EditError as error:
            self._refused = error.message
            self._say(error.message)
            return
        self.dismiss(prompt)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def _with_range(self, prompt: Prompt) -> Prompt:
        """Raises EditError for what cannot be meant."""
        all_frames = self.query_one("#all", TickBox).value
        start, end = (int(self._number(name, whole=True)) for name in ("start", "end"))
        if start > end and not all_frames:
            raise EditError(f"the range ends at {end}, before it starts at {start}")
        if all_frames:
            start, end = prompt.start, prompt.end
        name = self._text("name") if self._text("name") != plain(prompt.name) else prompt.name
        return replace(
            prompt, name=name, all_frames=all_frames, start=start, end=end, overlap=self._overlap(prompt.overlap)
        )

    def _overlap(self, before: Overlap) -> Overlap:
        fade_in, fade_out, formula = self._number("fade_in"), self._number("fade_out"), self._text("weight")
        if formula and (formula, "custom") == (plain(before.formula), before.kind):
            formula = before.formula
        if formula:
            return replace(before, kind="custom", fade_in=fade_in, fade_out=fade_out, formula=formula)
        if (fade_in, fade_out) == (before.fade_in, before.fade_out) and before.kind != "custom":
            return before
        kind = "linear" if fade_in or fade_out else "none"
        return replace(before, kind=kind, fade_in=fade_in, fade_out=fade_out)

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _number(self, name: str, *, whole: bool = False) -> float:
        """Frames, or what seconds and beats are in frames. Raises EditError."""
        text = self._text(name)
        words = {"start": "from", "end": "to", "fade_in": "fade in", "fade_out": "fade out"}[name]
        try:
            value = float(text.replace(",", ".") or "0") if not whole else float(int(text))
        except ValueError:
            try:
                value = float(frame_of(text, self._options))
            except PositionError:
                value = -1.0
        if not 0 <= value < 1e9:
            raise EditError(f"{words} is a number of frames, seconds (4s or 0:04) or beats (8b), not {text!r}")
        return int(value) if value == int(value) else value
