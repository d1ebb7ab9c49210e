"""Parseq's own reading of a formula, and its rewriting into ours with explicit parentheses.

Parseq groups every chain of operators to the right, has four levels of them, and where an `if` has no parentheses
around its last branch the first of several possible readings wins, as its Earley parser happens to find them
(LANGUAGE §3.2). Documents were tuned by eye on the values this gives. Nobody else needs to know: what is opened is
rewritten once.

Three ways in: `_Direct` reads what has only one meaning, in linear time; `_Chart` reproduces the parser's order for the
rest; `_parentheses` says where a tree needs explicit ones so that both programs read it alike.

>>> to_ordinary_grouping("10-5-2"), to_ordinary_grouping("1+2*3"), to_ordinary_grouping("if (f>5) 2 else 3+4")
('10-(5-2)', '1+2*3', '(if (f>5) 2 else 3)+4')
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from parseq_tui.errors import Span, SyntaxProblem
from parseq_tui.language.parseq_chart import chart_tree
from parseq_tui.language.parseq_direct import PARSEQ_LEVELS, Ambiguous, direct_tree
from parseq_tui.language.parser import PRECEDENCE, RIGHT_GROUPING, format_tree, formula_of, parse
from parseq_tui.language.tokens import tokenize
from parseq_tui.language.tree import Binary, If, Node, Unary, walk


@lru_cache(maxsize=4096)
def to_ordinary_grouping(text: str) -> str:
    """`text` itself if both readings agree, else rewritten with explicit parentheses.

    Raises SyntaxProblem where neither Parseq nor we can read it; what only we can read stays as it is.
    """
    ours: Node | None = None
    problem: SyntaxProblem | None = None
    try:
        ours = parse(text).tree
    except SyntaxProblem as error:
        problem = error
    try:
        theirs = parseq_tree(text)
    except SyntaxProblem as error:
        if ours is None:
            raise problem or error from None
        return text
    return text if ours == theirs else _rewritten(text, theirs)


def reads_differently(text: str) -> bool:
    """Whether Parseq would read `text` (which we can read) differently, or refuse it."""
    try:
        return parseq_tree(text) != parse(text).tree
    except SyntaxProblem:
        return True


@lru_cache(maxsize=4096)
def to_shared_grouping(text: str) -> str:
    """A formula of ours with the parentheses that make Parseq read it as we do.

    `text` itself if both do so already, or if Parseq cannot read it at all. Raises SyntaxProblem if we cannot.
    """
    ours = parse(text).tree
    try:
        theirs = parseq_tree(text)
    except SyntaxProblem:
        return text
    return text if ours == theirs else _rewritten(text, ours)


def parseq_tree(text: str) -> Node:
    """The tree that Parseq reads `text` as. Raises SyntaxProblem where it reads none."""
    tokens = tokenize(text)
    for token in tokens:
        if token.kind == "comment" or not token.is_parseq:
            raise SyntaxProblem("Parseq cannot read this", span=token.span)
    try:
        tree = direct_tree(tokens)
    except Ambiguous:
        tree = chart_tree(tokens)
    formula_of(text, tree)
    return tree


def _rewritten(text: str, tree: Node) -> str:
    pairs = _parentheses(tree, text)
    result = text
    for position, mark in sorted([(s.start, "(") for s in pairs] + [(s.end, ")") for s in pairs], reverse=True):
        result = result[:position] + mark + result[position:]
    try:
        if parse(result).tree == tree:
            return result
    except SyntaxProblem:
        return format_tree(tree)  # cannot happen for trees of the grammar; if it does, the plain form is always right
    return format_tree(tree)


def _parentheses(root: Node, text: str) -> list[Span]:
    """Where parentheses must be added so that both groupings read `root`."""
    pieces = [piece for node in walk(root) for piece in _to_wrap(node)]
    return [piece.span for piece in pieces if not _enclosed(piece.span, text)]


def _to_wrap(node: Node) -> Iterator[Node]:
    """The direct parts of a node that need parentheses in one grouping or the other."""
    match node:
        case Binary():
            yield from (
                child
                for side, child in (("left", node.left), ("right", node.right))
                if not _stands_alone(node, side, child)
            )
        case Unary() if not _is_atom(node.operand):
            yield node.operand
        case If():
            yield from (test for test, _ in node.arms)
            values = [value for _, value in node.arms] + ([] if node.otherwise is None else [node.otherwise])
            yield from (value for value in values if not _is_atom(value))
        case _:
            return


def _is_atom(node: Node) -> bool:
    return not isinstance(node, Binary | Unary | If)


def _enclosed(span: Span, text: str) -> bool:
    """Whether parentheses stand directly around a span."""
    return text[: span.start].rstrip()[-1:] == "(" and text[span.end :].lstrip()[:1] == ")"


def _stands_alone(parent: Binary, side: str, child: Node) -> bool:
    """Whether both groupings read an operand without parentheses as this child."""
    if isinstance(child, If):
        return False
    if isinstance(child, Unary):
        return not (side == "left" and parent.operator == "^")
    if not isinstance(child, Binary):
        return True
    ours, here = PRECEDENCE[child.operator], PRECEDENCE[parent.operator]
    theirs, level = PARSEQ_LEVELS[child.operator], PARSEQ_LEVELS[parent.operator]
    groups_right = parent.operator in RIGHT_GROUPING
    if side == "left":
        return (ours > here or (ours == here and not groups_right)) and theirs > level
    return (ours > here or (ours == here and groups_right)) and theirs >= level
