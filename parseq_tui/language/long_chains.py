"""Long chains of one kind of operator, `a + b - c + …`, as trees of little depth.

A chain grouped one by one is as deep as it is long, and everyone who visits a tree goes down to its bottom. A chain of
more than LONG operands is therefore grouped in halves, and those in halves again. That is done only where it changes
nothing but the last bits: sums and differences of numbers, products, and chains of one logical operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TypeAlias

from parseq_tui.errors import Span
from parseq_tui.language.tree import Binary, Boolean, Call, If, Name, Node, Number, Text, Unary

LONG = 48
"""Operands of a chain that is still grouped one by one."""

Placed: TypeAlias = "tuple[int, int, Node]"
"""A node and where it stands, parentheses around it included."""

_KINDS = {"+": "sum", "-": "sum", "*": "*", "and": "and", "&&": "&&", "or": "or", "||": "||"}
GIVE_TEXT = frozenset({"posneg", "posneg_lora"})
"""Functions whose result is a text: a chain of + over them is a text as well."""


def evenly_grouped(parts: Sequence[Placed], operators: Sequence[str], *, to_the_right: bool) -> Placed | None:
    """The chain grouped in halves; None if it is short, or if that could change its value.

    `to_the_right`: the chain means a - (b - (c …)), so every minus turns all signs behind it.
    """
    kinds = {_KINDS.get(operator) for operator in operators}
    if len(parts) <= LONG or len(kinds) > 1 or None in kinds:
        return None
    if kinds != {"sum"}:
        return _halves(parts, [operators[0]] * len(parts), 0, len(parts))
    if not all(gives_number(node) for _, _, node in parts):
        return None
    signs = ["+"]
    for operator in operators:
        turned = operator == "-" if not to_the_right else (operator == "-") != (signs[-1] == "-")
        signs.append("-" if turned else "+")
    return _halves(parts, signs, 0, len(parts))


def _halves(parts: Sequence[Placed], signs: Sequence[str], begin: int, end: int) -> Placed:
    """The operands begin … end−1; of a sum, with the sign that the first of them has taken out."""
    if end - begin == 1:
        return parts[begin]
    middle = (begin + end) // 2
    start, _, left = _halves(parts, signs, begin, middle)
    _, stop, right = _halves(parts, signs, middle, end)
    operator = signs[begin]
    if operator in "+-":
        operator = "+" if signs[middle] == signs[begin] else "-"
    return start, stop, Binary(operator, left, right, Span(start, stop))


def evened(chain: Node, length: int) -> Node:
    """The last `length` operators of a chain grouped to the left, runs of one kind grouped in halves."""
    spine: list[Binary] = []
    node = chain
    for _ in range(length):
        assert isinstance(node, Binary)
        spine.append(node)
        node = node.left
    for _, run in groupby(reversed(spine), key=lambda binary: _KINDS.get(binary.operator)):
        links = list(run)
        parts = [(node.span.start, node.span.end, node)]
        parts += [(link.right.span.start, link.right.span.end, link.right) for link in links]
        even = evenly_grouped(parts, [link.operator for link in links], to_the_right=False)
        if even is not None:
            node = even[2]
            continue
        for link in links:
            node = Binary(link.operator, node, link.right, link.span)
    return node


def gives_number(node: Node) -> bool:
    """Whether a node never gives a text of its own making.

    The field's own results are taken for numbers: no document is known that builds texts in a field with a chain of so
    many terms.
    """
    match node:
        case Text():
            return False
        case Number() | Boolean() | Name():
            return True
        case Unary():
            return node.operator == "not" or gives_number(node.operand)
        case Binary():
            if node.operator == "+":
                return gives_number(node.left) and gives_number(node.right)
            return node.operator != ":"
        case If():
            values = [value for _, value in node.arms]
            return all(map(gives_number, values)) and (node.otherwise is None or gives_number(node.otherwise))
        case Call():
            return node.name not in GIVE_TEXT
