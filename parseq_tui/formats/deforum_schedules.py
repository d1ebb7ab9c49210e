"""Deforum's schedule texts, in: `0: (1.02), 50: (1+0.1*sin(t/9))` → the cells of a column (PIPELINE B1).

A key with a plain number is a point of straight lines; a key with an expression rules until the next key. Expressions
are numexpr's, whose grammar is Python's: they are read with Python's own parser, which runs nothing, and written in the
words of our language.

>>> [(cell.frame, cell.value, cell.formula) for cell in read_schedule("0:(1), 50:(2*t)", 99, seed=0)]
[(0, 1.0, 'L'), (50, 100.0, '2*f')]
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parseq_tui.errors import EvaluationProblem, SyntaxProblem
from parseq_tui.formats.parseq import explicit_formula
from parseq_tui.language.evaluate import evaluate_over
from parseq_tui.language.numbers_as_text import number_text

MAX_KEYS = 20_000
MAX_EXPRESSION = 2000
"""Characters."""

_FUNCTIONS: Mapping[str, str] = {
    **{name: f"_{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1", "sqrt")},
    **{name: f"_{name}" for name in ("log", "log10", "log1p")},
    **{f"arc{name}": f"_a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: name for name in ("abs", "floor", "ceil")},
}
"""numexpr's functions of one value → ours. Its `sin` takes radians; ours without the dash is a wave with a period."""
_OPERATORS: Mapping[type[ast.AST], tuple[str, int]] = {
    ast.BitOr: ("or", 1),
    ast.BitAnd: ("and", 2),
    ast.Add: ("+", 4),
    ast.Sub: ("-", 4),
    ast.Mult: ("*", 5),
    ast.Div: ("/", 5),
    ast.Mod: ("%", 5),
    ast.Pow: ("^", 7),
}
"""Operator → ours, and how tightly it binds."""
_COMPARISONS: Mapping[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_COMPARISON, _SIGN, _ATOM = 3, 6, 9


@dataclass(frozen=True, slots=True)
class Cell:
    """What a column holds at a frame."""

    frame: int
    value: float | None
    """None where the expression has no finite value."""
    formula: str | None
    """None where the formula of the cell before goes on."""


def read_schedule(text: str, last_frame: int, *, seed: float, whole: bool = False) -> list[Cell]:
    """The cells of a schedule over frames 0 … `last_frame`; there always is one at frame 0.

    `seed` is what `s` stands for; `whole`: values between keys are cut to whole numbers, as Deforum cuts seeds.
    Keys behind the last frame have no effect, as in Deforum. Raises FormulaError.
    """
    keys: dict[int, str] = {}
    for key, value in _keys(text):
        frame = key_frame(key, last_frame, seed=seed)
        if frame <= last_frame:
            keys[frame] = value
    cells: list[Cell] = []
    ruling = None
    for frame in sorted(keys):
        plain = _plain(keys[frame])
        formula = "L" if plain is not None else translated(keys[frame], seed)
        if plain is None:
            plain = _number(keys[frame], {"t": frame, "max_f": last_frame, "s": seed})
        if whole:
            formula = f"floor({formula})"
        cells.append(Cell(frame, plain if math.isfinite(plain) else None, formula if formula != ruling else None))
        ruling = formula
    if not cells:
        raise SyntaxProblem("the schedule has no key within the animation", hint="write 0: (1.02), 50: (1)")
    if cells[0].frame:
        cells.insert(0, Cell(0, cells[0].value, "S"))  # flat before the first key
    return cells


def key_frame(key: str, last_frame: int, *, seed: float) -> int:
    """The frame of a key, which may be an expression: `max_f/2`. Raises SyntaxProblem for one below 0."""
    frame = _number(key, {"max_f": last_frame, "s": seed})
    if not 0 <= frame < math.inf:
        raise SyntaxProblem(f"{key[:60]!r} is not the frame of a key", hint="keys are whole numbers from 0 on")
    return int(frame)


def translated(expression: str, seed: float) -> str:
    """An expression of numexpr as a formula of ours that any program groups alike. Raises SyntaxProblem."""
    names = {"t": "f", "max_f": "last_frame", "s": number_text(seed)}
    return explicit_formula(_Printer(expression, names).text)


def _number(expression: str, names: Mapping[str, float]) -> float:
    formula = _Printer(expression, {name: number_text(value) for name, value in names.items()}).text
    try:
        value = evaluate_over(formula, 1)[0]
    except EvaluationProblem:  # a division by zero at this frame; others may be well
        return math.nan
    if isinstance(value, str):
        raise SyntaxProblem(f"{expression[:60]!r} is no number")
    return float(value)


def _plain(value: str) -> float | None:
    """The number, if it is one: Deforum takes `(1.02)` and `"1.02"` too."""
    try:
        return float(value.strip("\"'() "))
    except ValueError:
        return None


def _keys(text: str) -> Iterator[tuple[str, str]]:
    """Key and value of each entry; commas and colons inside brackets belong to the value."""
    entries = _split(text, ",")
    if len(entries) > MAX_KEYS:
        raise SyntaxProblem(f"the schedule has {len(entries)} keys; up to {MAX_KEYS} are read")
    for entry in entries:
        if not entry.strip():
            continue  # a comma at the end
        key, *value = _split(entry, ":")
        if len(value) != 1 or not value[0].strip():
            hint = "write FRAME: (VALUE), as in 0: (1.02), 50: (1)"
            raise SyntaxProblem(f"{entry.strip()[:60]!r} is not a key of a schedule", hint=hint)
        yield key.strip(), value[0].strip()


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that are not inside round brackets."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        if character in "()":
            depth += 1 if character == "(" else -1
        elif character == separator and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


class _Printer:
    """A numexpr expression, written as a formula of ours: `text`."""

    def __init__(self, expression: str, names: Mapping[str, str]) -> None:
        self.names = names
        self.shown = repr(expression.strip()[:60])
        if len(expression) > MAX_EXPRESSION:
            raise SyntaxProblem(f"an expression of {len(expression)} characters; up to {MAX_EXPRESSION} are read")
        try:
            with warnings.catch_warnings(action="ignore"):
                tree = ast.parse(expression.strip(" \t\r\n\"'"), mode="eval")
            self.text = self.write(tree.body)[0]
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            raise SyntaxProblem(f"{self.shown} cannot be read as an expression of Deforum's") from problem

    def write(self, node: ast.expr) -> tuple[str, int]:
        """The text of a node and how tightly its outermost operator binds."""
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return number_text(float(value)), _ATOM
            case ast.Name(id=name) if name in self.names:
                meant = self.names[name]
                return (f"({meant})" if meant.startswith("-") else meant), _ATOM
            case ast.Call(func=ast.Name(id="where"), args=[condition, yes, no], keywords=[]):
                parts = [self.write(part)[0] for part in (condition, yes, no)]
                return "(if ({}) {} else {})".format(*parts), _ATOM
            case ast.Call(func=ast.Name(id=name), args=[value], keywords=[]) if name in _FUNCTIONS:
                return f"{_FUNCTIONS[name]}({self.write(value)[0]})", _ATOM
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=value):
                inner = self.within(value, _SIGN)
                return (f"-{inner}" if isinstance(sign, ast.USub) else inner), _SIGN
            case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=value):
                return f"(not {self.within(value, _ATOM)})", _ATOM
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
                return self.binary(left, operator, right)
            case ast.Compare(left=left, ops=[comparison], comparators=[right]) if type(comparison) in _COMPARISONS:
                sign_text = _COMPARISONS[type(comparison)]
                return f"{self.within(left, _SIGN)} {sign_text} {self.within(right, _SIGN)}", _COMPARISON
        raise SyntaxProblem(
            f"{self.shown} holds {ast.unparse(node)[:40]!r}, which has no counterpart here",
            hint="expressions may hold t, max_f, s, + - * / ** %, comparisons, where, and functions of one value",
        )

    def binary(self, left: ast.expr, operator: ast.operator, right: ast.expr) -> tuple[str, int]:
        symbol, binding = _OPERATORS[type(operator)]
        if symbol == "^":  # towers and signs under a power are read differently here and there
            return f"{self.within(left, _ATOM)}^{self.within(right, _ATOM)}", binding
        space = " " if binding < _COMPARISON else ""
        return f"{self.within(left, binding)}{space}{symbol}{space}{self.within(right, binding + 1)}", binding

    def within(self, node: ast.expr, binding: int) -> str:
        """A part's text, in brackets where it binds less tightly than what it is part of."""
        text, own = self.write(node)
        return text if own >= binding and not text.startswith("-") else f"({text})"
