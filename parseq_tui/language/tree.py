"""The syntax tree of a formula: frozen values that compare by meaning, not by where they stand.

`else if` chains are one flat `If`, so that a chain of any length has the depth of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from parseq_tui.errors import Span

NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, perhaps in seconds ("s") or beats ("b")."""

    value: float
    unit: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`: 1 or 0 to whoever calculates."""

    value: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in double quotes, its escapes resolved."""

    value: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, constant, field or time series."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """An operation on one value."""

    operator: str
    """`-` or `not`."""
    operand: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """An operation on two values; `parser.PRECEDENCE` lists the operators."""

    operator: str
    left: Node
    right: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class If:
    """The first arm whose condition is above 0 gives the value; `otherwise` (or 0) if none does."""

    arms: tuple[tuple[Node, Node], ...]
    """(condition, value) in order."""
    otherwise: Node | None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call."""

    name: str | None
    """None for a positional one. A call's arguments are all named or all positional."""
    value: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function or a time series, called."""

    name: str
    arguments: tuple[Argument, ...]
    span: Span = field(default=NOWHERE, compare=False)
    name_span: Span = field(default=NOWHERE, compare=False)


Node = Number | Boolean | Text | Name | Unary | Binary | If | Call


def make_if(arms: tuple[tuple[Node, Node], ...], otherwise: Node | None, span: Span) -> If:
    """An If, with an If in its `else` folded into its own arms."""
    if isinstance(otherwise, If):
        return If(arms + otherwise.arms, otherwise.otherwise, span)
    return If(arms, otherwise, span)


def children(node: Node) -> tuple[Node, ...]:
    """The direct parts of a node, in source order."""
    match node:
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case If():
            parts = tuple(part for arm in node.arms for part in arm)
            return parts if node.otherwise is None else (*parts, node.otherwise)
        case Call():
            return tuple(argument.value for argument in node.arguments)
        case _:
            return ()


def walk(root: Node) -> Iterator[Node]:
    """Every node, parents before children, in source order."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))


def depth(root: Node) -> int:
    """How many nodes the longest path from the root holds."""
    deepest = 0
    pending = [(root, 1)]
    while pending:
        node, level = pending.pop()
        deepest = max(deepest, level)
        pending.extend((child, level + 1) for child in children(node))
    return deepest
