"""The language of October 2022 (LANGUAGE §14.3), brought into today's terms.

It knew numbers, `L S P C f`, `+ - * / %`, five oscillators, `min` and `max`. Whatever else a formula says, it refused
and went on with the formula before: so do we, for documents of that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from parseq_tui.errors import SyntaxProblem, UnknownName
from parseq_tui.language.calls import arranged
from parseq_tui.language.parseq_grouping import parseq_tree
from parseq_tui.language.parser import Formula, formula_of
from parseq_tui.language.registry import FUNCTIONS
from parseq_tui.language.tree import Argument, Binary, Boolean, Call, If, Name, Node, Number, Text, Unary

_OPERATORS = frozenset("+-*/%")
_VARIABLES = frozenset("LSPCf")
_WAVE: Mapping[str, str] = {"pulsewidth": "pulse"}
_PAIR: Mapping[str, str] = {"left": "a", "l": "a", "right": "b", "r": "b"}
_POSITIONS = ("period", "phase", "amp", "centre", "pulse")
_PAIR_POSITIONS = ("a", "b")
_WAVE_NAMES = frozenset((*_POSITIONS, "p", "ps", "a", "c", "pw"))
_RENAMED: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("sin", "sq", "tri", "saw", "pulse"), _WAVE),
    **dict.fromkeys(("min", "max"), _PAIR),
}


def seed_era_formula(formula: Formula) -> Formula:
    """The formula with today's parameters. Raises FormulaError where the program of 2022 refused it."""
    try:
        parseq_tree(formula.text)
    except SyntaxProblem as problem:
        hint = "it knew no comments, and no numbers like .5 or 1e3"
        raise SyntaxProblem("the program of 2022 cannot read this", span=problem.span, hint=hint) from None
    return formula_of(formula.text, _translated(formula.tree))


def _translated(node: Node) -> Node:
    match node:
        case Number():
            return node
        case Name() if node.name in _VARIABLES:
            return node
        case Unary() if node.operator == "-":
            return replace(node, operand=_translated(node.operand))
        case Binary() if node.operator in _OPERATORS:
            return replace(node, left=_translated(node.left), right=_translated(node.right))
        case Call() if node.name in _RENAMED:
            return _call(node)
        case Name() | Call():
            known = ", ".join((*sorted(_VARIABLES), *_RENAMED))
            raise UnknownName(f"the language of 2022 has no {node.name!r}", span=node.span, hint=f"it has {known}")
        case If() | Boolean() | Text() | Unary() | Binary():
            raise SyntaxProblem("the language of 2022 has no such operation", span=node.span, hint="it has + - * / %")


def _call(node: Call) -> Call:
    """The call with today's names. What nobody asked for was passed over; a value missing in its place gave 0."""
    renamed = _RENAMED[node.name]
    positions, known = (_POSITIONS, _WAVE_NAMES) if renamed is _WAVE else (_PAIR_POSITIONS, frozenset(_PAIR_POSITIONS))
    if not node.arguments or node.arguments[0].name is None:
        values = [_translated(argument.value) for argument in node.arguments]
        placed = zip(positions, values, node.arguments, strict=False)
        return replace(node, arguments=tuple(Argument(name, value, given.span) for name, value, given in placed))
    arguments = []
    for argument in node.arguments:
        name = renamed.get(argument.name or "", argument.name if renamed is _WAVE else None)
        if name in known:
            arguments.append(Argument(name, _translated(argument.value), argument.span))
    call = replace(node, arguments=tuple(arguments))
    arranged(call, FUNCTIONS[node.name])
    return call
