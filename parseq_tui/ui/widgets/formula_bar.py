"""The formula bar: what the cursor's cell says and comes to, where its formula goes wrong, and where it is edited.

First line: field, frame, value, result at the playhead, the formula in effect. Second line: the first error under its
caret, or the signature of the call being typed, or what the field means; on request how the formula is grouped, with
every parenthesis that the order of its operators implies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.style import Style
from textual import events

from parseq_tui.errors import FormulaError, Span
from parseq_tui.language.completion import ActiveSignature, signature_at
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.highlight import highlight
from parseq_tui.language.parser import format_formula, parse
from parseq_tui.ui.drawing.cells import fitted, plain
from parseq_tui.ui.theming.theme import Palette
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
_UNDERLINED = Style(underline=True)


@dataclass(frozen=True, slots=True)
class CellView:
    """What the bar shows of the cursor's cell. Texts are ready to print."""

    title: str
    """Field, or "frame", "label"."""
    frame: int
    position: str
    """The playhead's frame, time and beat; as wide at every frame of the document."""
    brief: str = ""
    """Of these the frame and what the table does not show, for where there is little room."""
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
_NARROW = 100
"""On fewer columns than this the formula gets what room can be spared."""
_NUMBER_SO_FAR = re.compile(r"[-+\d.,\s]*(\d\.?e[-+]?\d*)?")


def coloured(text: str, palette: Palette, on: str, wrong: Span | None = None) -> list[Part]:
    """A formula in coloured parts that together are exactly `plain(text)`; what is `wrong` is underlined."""
    parts = _coloured(text, palette, on)
    if wrong is None:
        return parts
    marked: list[Part] = []
    at = 0
    for part, style in parts:
        first, end = (min(max(place - at, 0), len(part)) for place in (wrong.start, wrong.end))
        marked += [(part[:first], style), (part[first:end], style + _UNDERLINED), (part[end:], style)]
        at += len(part)
    return [(part, style) for part, style in marked if part]


def _coloured(text: str, palette: Palette, on: str) -> list[Part]:
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
        self._entry_start = 0
        """Screen column at which the entry's text begins, as if nothing of it were cut."""
        self._in_sight = (0, 0)
        """Screen columns between which the entry's text is seen."""
        self._tried: tuple[str, Diagnostic | None] = ("", None)
        """What was tried of what is typed, and what went wrong with it."""

    def show(self, cell: CellView) -> None:
        """Another cell, or the same one after a bake."""
        if cell != self._cell:
            self._cell = cell
            self.draw()

    def show_result(self, result: str, of: str = "", problem: Diagnostic | None = None) -> None:
        """The live result of what is being typed, or what went wrong when that was tried."""
        if self.editing:
            self._cell = replace(self._cell, result=result)
            self._tried = (of, problem)
            self.draw()

    def column_of(self, index: int) -> int:
        """Screen column of a character of the entry; it may lie beyond either edge."""
        assert self.text_edit is not None
        return self._entry_start + self.text_edit.column(index)

    def kept(self, text: str) -> str:
        """Formulas are, without `=`."""
        return text.removeprefix("=").strip() if self._cell.is_formula or text.startswith("=") else ""

    def recalled(self, text: str) -> str:
        if self._cell.takes_formula:
            return f"={text}"
        assert self.text_edit is not None
        return text if self._cell.is_formula else self.text_edit.text

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
        narrow = self.size.width < _NARROW
        # fixed widths: what follows stays where it is, and only digits are sent
        value, result = (7, 8) if narrow else (9, 10)
        line: list[Part] = [
            (f" {cell.title}", style("accent", "panel", "bold")),
            (f" @{cell.brief if narrow else cell.position} ", text),
        ]
        if cell.result:
            line += [(f"{cell.value:>{value}} ", text), ("→", dim)]
            line += [(f"{cell.result:>{result}}  ", style("accent", "panel"))]
        start = sum(cell_len(plain(part)) for part, _ in line)
        if cell.formula:
            wrong = cell.problem.span if cell.problem is not None else None
            line += [("= ", dim), *coloured(cell.formula, self.palette, "panel", wrong)]
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
        return self._pointed(problem, formula, formula_start, (formula_start, self.size.width - 1), "error")

    def _grouped(self, formula: str) -> list[Part]:
        """The formula with every parenthesis that is implied; it can be read."""
        return [(" grouped: ", self.palette.style("dim", "panel")), *coloured(grouped(formula), self.palette, "panel")]

    def _pointed(
        self, problem: Diagnostic | FormulaError, formula: str, start: int, in_sight: tuple[int, int], role: str
    ) -> list[Part]:
        """Carets under what is wrong in a formula that begins at `start`, and the words: behind them, else before them.

        Where there is room for neither, there is one caret, then no hint, at last words that are cut. An arrow says on
        which side of what is `in_sight` it lies otherwise.
        """
        style, width, span = self.palette.style(role, "panel"), self.size.width, problem.span
        message = plain(problem.message)
        words = f"{message}; {plain(problem.hint)}" if problem.hint else message
        if span is None:
            return [(f" ! {words}", style)]
        first = start + cell_len(plain(formula[: span.start]))
        end = max(first + 1, start + cell_len(plain(formula[: span.end])))
        if end <= in_sight[0]:
            return [(f" ← ! {words}", style)]
        if first >= in_sight[1]:
            return [(fitted(f" ! {words}", width - 3) + " → ", style)]
        first, end = max(first, in_sight[0]), min(end, in_sight[1])
        for said in (words, message):
            for carets in ("^" * (end - first), "^"):
                if first + len(carets) + 1 + cell_len(said) <= width:
                    return [(f"{' ' * first}{carets} {said}", style)]
                if cell_len(said) + 4 <= first:
                    return [(f"{fitted(f' ! {said}', first)}{carets}", style)]
        if width - first > first:
            return [(f"{' ' * first}^ {fitted(message, width - first - 2)}", style)]
        return [(f"{fitted(f' ! {message}', first - 1)} ^", style)]

    # -- while editing ---------------------------------------------------------------------------------------------

    def _prompt(self) -> str:
        kind = "= " if self._cell.is_formula else ""
        return f" {self._cell.title} @{self._cell.frame} ▸ {kind}"

    def _editing_lines(self) -> list[list[Part]]:
        assert self.text_edit is not None
        style = self.palette.style
        prompt, text = self._prompt(), self.text_edit.text
        left = cell_len(plain(prompt))
        result = f" → {self._cell.result} " if self._cell.result else " "
        room = max(10, self.size.width - left - len(result))
        wrong = self._wrong(text)
        span = wrong.span if wrong is not None else None
        colours: list[Part] = [(plain(text), style("text", "surface"))]
        if self._is_expression(text):
            colours = coloured(text, self.palette, "surface", span)
        parts, cut = self.entry_parts(left, room, colours)
        self._entry_start, self._in_sight = left - cut, (left, left + room)
        used = sum(cell_len(part) for part, _ in parts)
        line = [(prompt, style("accent", "panel", "bold")), *parts, (" " * (room - used), style("text", "surface"))]
        line.append((result, style("accent", "panel")))
        return [line, self._typing_line(wrong)]

    def _is_expression(self, text: str) -> bool:
        """Whether what is typed is more than a number or a text."""
        if self._cell.takes_formula:
            return text.startswith("=") or _NUMBER_SO_FAR.fullmatch(text) is None
        return self._cell.is_formula

    def _wrong(self, text: str) -> FormulaError | Diagnostic | None:
        """What is wrong with the expression that is typed, in terms of the whole text: it cannot be read, or what it
        names does not exist, or it came to nothing when it was tried."""
        if not self._is_expression(text):
            return None
        unread = _problem(f" {text[1:]}" if text.startswith("=") else text)
        tried, problem = self._tried
        if unread is not None or problem is None or tried != text:
            return unread
        if problem.span is None:
            return problem
        shift = len(text) - len(text.removeprefix("=").lstrip())
        return replace(problem, span=Span(problem.span.start + shift, problem.span.end + shift))

    def _typing_line(self, wrong: FormulaError | Diagnostic | None) -> list[Part]:
        assert self.text_edit is not None
        cell, dim = self._cell, self.palette.style("dim", "panel")
        text, cursor = self.text_edit.text, self.text_edit.cursor
        if not self._is_expression(text):
            return [(f" {'= begins a formula   ' if cell.takes_formula else ''}{cell.help}", dim)]
        shift = text.startswith("=")
        if cell.grouping and wrong is None and text[shift:].strip():
            return self._grouped(text[shift:])
        if wrong is not None and self._is_being_typed(wrong):
            wrong = None
        call = signature_at(text[shift:], cursor - shift)
        if call is not None and (wrong is None or _unfinished(wrong, text.rstrip())):
            return self._signature(call, call.help, dim)
        if call is not None and wrong is not None:
            both = self._signature(call, f"! {wrong.message}", self.palette.style("error", "panel"))
            if sum(cell_len(part) for part, _ in both) <= self.size.width:
                return both
        if wrong is not None:
            return self._pointed(wrong, text, self._entry_start, self._in_sight, "error")
        once = "" if cell.is_formula or shift else "computed once, to a number; = in front makes it a formula   "
        return [(f" {once}{cell.help}", dim)]

    def _is_being_typed(self, wrong: FormulaError | Diagnostic) -> bool:
        """Whether what is wrong is the word at the cursor, for which there are proposals."""
        at_cursor = self.text_edit is not None and wrong.span is not None and wrong.span.end == self.text_edit.cursor
        return at_cursor and bool(self.proposals)

    def _signature(self, call: ActiveSignature, words: str, style: Style) -> list[Part]:
        """The call around the cursor, its parameter there standing out, and some words behind it."""
        dim, strong = self.palette.style("dim", "panel"), self.palette.style("accent", "panel", "bold")
        return [
            (f" {call.text[: call.start]}", dim),
            (call.text[call.start : call.end], strong),
            (f"{call.text[call.end :]}  ", dim),
            (plain(words), style),
        ]


def grouped(formula: str) -> str:
    """A formula that can be read, with every parenthesis that the order of its operators implies.

    >>> grouped("1+2*3-4")
    '(1 + (2 * 3)) - 4'
    """
    text = format_formula(parse(formula))
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def _unfinished(wrong: FormulaError | Diagnostic, text: str) -> bool:
    """Whether it is only that the text goes on: something is missing at its end, or is not closed yet."""
    return wrong.span is not None and (wrong.span.start >= len(text) or text[wrong.span.start] in '("')


def _problem(text: str) -> FormulaError | None:
    if not text.strip():
        return None
    try:
        parse(text)
    except FormulaError as error:
        return error
    return None
