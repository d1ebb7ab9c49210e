"""The formula bar: what the cursor's cell says and comes to, where its formula goes wrong, and where it is edited.

First line: field, frame, value, result at the playhead, the formula in effect. Second line: the first error under its
caret, or the signature of the call being typed, or what the field means; on request how the formula is grouped, with
every parenthesis that the order of its operators implies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.style import Style
from textual import events

from parseq_tui.errors import FormulaError, Span
from parseq_tui.language.completion import signature_at
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.highlight import highlight
from parseq_tui.language.parser import format_formula, parse
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.theme import Palette
from parseq_tui.ui.widgets.line_entry import LineEntry
from parseq_tui.ui.widgets.styled_line import Part

_ROLES = {
    "number": "text",
    "text": "success",
    "keyword": "accent",
    "function": "accent",
    "constant": "text",
    "parameter": "dim",
    "error": "error",
}
"""Token kind → colour; whatever is not named is a formula's ordinary colour."""


@dataclass(frozen=True, slots=True)
class CellView:
    """What the bar shows of the cursor's cell. Texts are ready to print."""

    title: str
    """Field, or "frame", "label"."""
    frame: int
    position: str
    """The playhead's time and beat."""
    value: str = ""
    result: str = ""
    """The baked value at the playhead."""
    formula: str = ""
    """The formula in effect."""
    since: int | None = None
    """Frame of the keyframe that states it, if it is another one."""
    help: str = ""
    """What the field means."""
    problem: Diagnostic | None = None
    is_formula: bool = False
    """Whether what is edited here is a formula."""
    takes_formula: bool = False
    """Whether `=` begins one."""
    grouping: bool = False
    """Whether it is shown how the formula is grouped."""
    warning: str = ""
    """What is strange about the value, though it is no error."""
    label: str = ""
    """The row's label where its column cuts it off: at rest it says more about the row than what the field means."""


EMPTY = CellView("", 0, "")
_FRAME_WIDTH, _POSITION_WIDTH = 5, 21


def coloured(text: str, palette: Palette, on: str) -> list[Part]:
    """A formula in coloured parts that together are exactly `plain(text)`."""
    parts: list[Part] = []
    ordinary = palette.style("formula", on)
    at = 0
    shown = plain(text)
    for span, kind in highlight(text):
        if span.start > at:
            parts.append((shown[at : span.start], ordinary))
        style: Style = palette.style(_ROLES.get(kind, "formula"), on)
        parts.append((shown[span.start : span.end], style))
        at = span.end
    parts.append((shown[at:], ordinary))
    return parts


class FormulaBar(LineEntry):
    """Two lines; becomes an entry while a cell is edited."""

    DEFAULT_CSS = "FormulaBar { height: 2; background: $panel; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._cell = EMPTY

    def show(self, cell: CellView) -> None:
        """Another cell, or the same one after a bake."""
        if cell != self._cell:
            self._cell = cell
            self.draw()

    def show_result(self, text: str) -> None:
        """The live result of what is being typed."""
        if self.editing:
            self._cell = replace(self._cell, result=text)
            self.draw()

    @property
    def prompt_width(self) -> int:
        """Screen column at which the entry begins."""
        return len(self._prompt())

    def take_key(self, event: events.Key) -> bool:
        if self.editing and event.key == "ctrl+g":
            self._cell = replace(self._cell, grouping=not self._cell.grouping)
            self.draw()
            return True
        return super().take_key(event)

    def draw(self) -> None:
        if self.size.width:
            self.set_parts(self._editing_lines() if self.editing else self._resting_lines(), on="panel")

    # -- at rest ---------------------------------------------------------------------------------------------------

    def _resting_lines(self) -> list[list[Part]]:
        cell, style = self._cell, self.palette.style
        dim, text = style("dim", "panel"), style("text", "panel")
        line: list[Part] = [
            (f" {cell.title}", style("accent", "panel", "bold")),
            # fixed widths: what follows stays where it is, and only digits are sent
            (f" @{cell.frame:<{_FRAME_WIDTH}}", text),
            (f" {cell.position:<{_POSITION_WIDTH}}", dim),
        ]
        if cell.result:
            line += [(f"{cell.value:>9} ", text), ("→", dim), (f"{cell.result:>10}", style("accent", "panel"))]
            line += [("  ", dim)]
        start = sum(len(part) for part, _ in line)
        if cell.formula:
            line += [("= ", dim), *coloured(cell.formula, self.palette, "panel")]
            start += 2
            if cell.since is not None:
                line += [(f"  since {cell.since}", dim)]
        return [line, self._second_line(start)]

    def _second_line(self, formula_start: int) -> list[Part]:
        problem = self._cell.problem
        formula = self._cell.formula
        if problem is None and self._cell.grouping and formula and _problem(formula) is None:
            return self._grouped(formula)
        if problem is None and self._cell.warning:
            return [(f" ! {self._cell.warning}", self.palette.style("warning", "panel"))]
        if problem is None and self._cell.label:
            return [(f" {self._cell.label}", self.palette.style("text", "panel"))]
        if problem is None:
            return [(f" {self._cell.help}", self.palette.style("dim", "panel"))]
        return self._caret(problem.span, formula_start, problem.message, problem.hint, "error")

    def _grouped(self, formula: str) -> list[Part]:
        """The formula with every parenthesis that is implied; it can be read."""
        return [(" grouped: ", self.palette.style("dim", "panel")), *coloured(grouped(formula), self.palette, "panel")]

    def _caret(self, span: Span | None, start: int, message: str, hint: str, role: str) -> list[Part]:
        """The caret under a span and the words; words come first where the caret leaves them no room."""
        words = f"{message}{'; ' + hint if hint else ''}"
        style = self.palette.style(role, "panel")
        if span is None:
            return [(f" ! {words}", style)]
        indent, carets = start + span.start, "^" * max(1, span.end - span.start)
        width = self.size.width
        if indent + len(carets) + 1 + len(words) <= width:
            return [(" " * indent + carets + " " + words, style)]
        if len(words) + 3 <= indent:
            return [(f" ! {words}".ljust(indent)[:indent] + carets, style)]
        return [(f" ! {words}", style)]

    # -- while editing ---------------------------------------------------------------------------------------------

    def _prompt(self) -> str:
        kind = "= " if self._cell.is_formula else ""
        return f" {self._cell.title} @{self._cell.frame} ▸ {kind}"

    def _editing_lines(self) -> list[list[Part]]:
        assert self.text_edit is not None
        style = self.palette.style
        prompt, text = self._prompt(), self.text_edit.text
        is_formula = self._cell.is_formula or text.startswith("=")
        result = f" → {self._cell.result} " if self._cell.result and is_formula else " "
        room = max(10, self.size.width - len(prompt) - len(result))
        colours = coloured(text, self.palette, "surface") if is_formula else [(text, style("text", "surface"))]
        parts, cut = self.entry_parts(room, colours)
        used = sum(len(part) for part, _ in parts)
        line = [(prompt, style("accent", "panel", "bold")), *parts, (" " * (room - used), style("text", "surface"))]
        line.append((result, style("accent", "panel")))
        return [line, self._typing_line(len(prompt) - cut, is_formula)]

    def _typing_line(self, start: int, is_formula: bool) -> list[Part]:
        assert self.text_edit is not None
        dim = self.palette.style("dim", "panel")
        text = self.text_edit.text
        if not is_formula:
            formula = "= begins a formula   " if self._cell.takes_formula else ""
            return [(f" {formula}{self._cell.help}", dim)]
        shift = 1 if text.startswith("=") else 0
        problem = _problem(text[shift:])
        if self._cell.grouping and problem is None and text[shift:].strip():
            return self._grouped(text[shift:])
        call = signature_at(text[shift:], self.text_edit.cursor - shift)
        if call is not None:
            strong = self.palette.style("accent", "panel", "bold")
            return [
                (f" {call.text[: call.start]}", dim),
                (call.text[call.start : call.end], strong),
                (f"{call.text[call.end :]}  {call.help}", dim),
            ]
        if problem is None:
            return [(f" {self._cell.help}", dim)]
        return self._caret(problem.span, start + shift, problem.message, problem.hint, "dim")


def grouped(formula: str) -> str:
    """A formula that can be read, with every parenthesis that the order of its operators implies.

    >>> grouped("1+2*3-4")
    '(1 + (2 * 3)) - 4'
    """
    text = format_formula(parse(formula))
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def _problem(text: str) -> FormulaError | None:
    if not text.strip():
        return None
    try:
        parse(text)
    except FormulaError as error:
        return error
    return None
