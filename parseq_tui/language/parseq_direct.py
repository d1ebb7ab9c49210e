"""Reads, in linear time, the formulas that have only one meaning in Parseq's grammar. Part of `parseq_grouping`.

Without `if` the grammar has one meaning. An `if` has one when nothing could belong either to it or to what is around
it: its last branch is a single operand that no operator follows, and only one place can separate condition from
value. Anything else raises Ambiguous, and the chart decides.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from parseq_tui.errors import Span, SyntaxProblem
from parseq_tui.language.long_chains import Placed, evenly_grouped
from parseq_tui.language.parser import MAX_NESTING
from parseq_tui.language.tokens import Token, number_value, text_value
from parseq_tui.language.tree import (
    Argument,
    Binary,
    Boolean,
    Call,
    If,
    Name,
    Node,
    Number,
    Text,
    Unary,
    make_if,
)

PARSEQ_LEVELS: dict[str, int] = {
    **dict.fromkeys(("and", "or"), 1),
    **dict.fromkeys((">", ">=", "<", "<=", "==", "!=", "&&", "||"), 2),
    **dict.fromkeys("+-", 3),
    **dict.fromkeys("*/%:^", 4),
}
"""Parseq's four levels of binary operators, loosest first. All group to the right."""

_LOOSEST = 1


class Ambiguous(Exception):
    """The formula may have several readings (or none, if it has an `if`)."""


def direct_tree(tokens: list[Token]) -> Node:
    """The only reading of the tokens. Raises Ambiguous, or SyntaxProblem if there is certainly none."""
    reader = _Direct(tokens)
    try:
        node = reader.chain()
        if reader.token.kind != "end":
            raise reader.refusal()
    except SyntaxProblem:
        if any(token.text == "if" for token in tokens):
            raise Ambiguous from None
        raise
    return node


class _Direct:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = [token for token in tokens if token.kind != "space"]
        self.spaced = {token.end for token in tokens if token.kind == "space"}
        """Where a token begins that has white space before it."""
        self.index = 0
        self.nesting = 0
        self.inside_if = 0
        """Conditions and values (not last branches) around this place, within the same parentheses."""
        self.junctures: list[int] = []
        """Tokens that continue a condition but could as well begin its value."""
        self.stops: set[int] = set()

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        self.index += 1
        return self.tokens[self.index - 1]

    def at(self, *texts: str) -> bool:
        return self.token.kind in ("operator", "keyword") and self.token.text in texts

    def gap(self) -> bool:
        return self.token.start in self.spaced

    def span_from(self, start: int) -> Span:
        return Span(start, self.tokens[self.index - 1].end)

    def refusal(self) -> SyntaxProblem:
        return SyntaxProblem(f"Parseq does not expect {self.token.text!r} here", span=self.token.span)

    def expect(self, text: str) -> Token:
        if not self.at(text):
            raise self.refusal()
        return self.advance()

    def chain(self) -> Node:
        """Operands joined by operators, each level of which groups to the right."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise SyntaxProblem("this formula nests too deeply", span=self.token.span, hint="split it up")
        operands = [self.placed_operand()]
        operators: list[str] = []
        while self.at_operator():
            operators.append(self.advance().text)
            operands.append(self.placed_operand())
        self.nesting -= 1
        return _grouped(operands, operators, _LOOSEST)[2]

    def placed_operand(self) -> Placed:
        start = self.token.start
        node = self.signed()
        return start, self.tokens[self.index - 1].end, node

    def at_operator(self) -> bool:
        if self.token.kind not in ("operator", "keyword") or self.token.text not in PARSEQ_LEVELS:
            return False
        if self.token.text == "-":
            if self.index in self.stops:
                return False
            after = self.tokens[self.index + 1]
            if after.start not in self.spaced:
                self.junctures.append(self.index)
        return True

    def signed(self) -> Node:
        if not self.at("-"):
            return self.operand()
        start = self.advance().start
        if self.gap() or self.at("-"):
            raise self.refusal()
        operand = self.operand()
        return Unary("-", operand, self.span_from(start))

    def operand(self) -> Node:
        token = self.token
        if token.kind == "number":
            return Number(*number_value(self.advance()), token.span)
        if token.kind == "text":
            return Text(text_value(self.advance()), token.span)
        if token.kind == "name":
            self.advance()
            if not self.at("(") or self.index in self.stops:
                return Name(token.text, token.span)
            self.junctures.append(self.index)
            return self.in_parentheses(lambda: self.call(token))
        if self.at("true", "false"):
            return Boolean(self.advance().text == "true", token.span)
        if self.at("("):
            return self.in_parentheses(self.group)
        if self.at("if"):
            return self.conditional()
        raise self.refusal()

    def in_parentheses(self, read: Callable[[], Node]) -> Node:
        """What stands in parentheses has its own ifs and junctures."""
        outer = self.junctures, self.inside_if
        self.junctures, self.inside_if = [], 0
        node = read()
        self.junctures, self.inside_if = outer
        return node

    def group(self) -> Node:
        self.expect("(")
        node = self.chain()
        self.expect(")")
        return node

    def call(self, name: Token) -> Call:
        self.expect("(")
        arguments: list[Argument] = []
        if self.token.kind == "name" and self.tokens[self.index + 1].text == "=":
            arguments.append(self.named())
            while self.at(","):
                self.advance()
                arguments.append(self.named())
        else:
            while not (self.at(")") and not self.gap()):
                value = self.chain()
                arguments.append(Argument(None, value, value.span))
                if not self.at(","):
                    break
                self.advance()
        self.expect(")")
        return Call(name.text, tuple(arguments), self.span_from(name.start), name.span)

    def named(self) -> Argument:
        if self.token.kind != "name":
            raise self.refusal()
        name = self.advance()
        self.expect("=")
        value = self.chain()
        return Argument(name.text, value, self.span_from(name.start))

    def conditional(self) -> Node:
        start = self.token.start
        arms: list[tuple[Node, Node]] = []
        otherwise: Node | None = None
        while True:
            self.expect("if")
            if not self.gap():
                raise self.refusal()
            self.inside_if += 1
            test = self.condition()
            spaced = self.gap()
            begin = self.index
            value = self.chain()
            self.inside_if -= 1
            arms.append((test, value))
            if not self.at("else"):
                if not spaced or self.inside_if or isinstance(value, If) or not self.single_operand(begin):
                    raise Ambiguous
                break
            self.advance()
            if not self.gap():
                raise self.refusal()
            if not self.at("if"):
                otherwise = self.signed()
                break
        followed = self.at("else") and self.inside_if
        if not (self.token.kind == "end" or self.at(")", ",") or followed):
            raise Ambiguous
        return make_if(tuple(arms), otherwise, self.span_from(start))

    def single_operand(self, begin: int) -> bool:
        """Whether what was read since token `begin` is one operand: reading one more gets as far."""
        end, self.index = self.index, begin
        outer, self.junctures = self.junctures, []
        self.signed()
        same = self.index == end
        self.index, self.junctures = end, outer
        return same

    def condition(self) -> Node:
        """The condition of an `if`, whose end only one place can be."""
        begin, outer = self.index, self.junctures
        self.junctures = []
        test = self.chain()
        if not self.starts_value():
            if len(self.junctures) != 1:
                raise Ambiguous
            self.stops.add(self.junctures[0])
            self.index = begin
            test = self.chain()
            if not self.starts_value():
                raise Ambiguous
        self.junctures = outer
        return test

    def starts_value(self) -> bool:
        return self.token.kind in ("number", "text", "name") or self.at("(", "-", "if", "true", "false")


def _grouped(operands: list[Placed], operators: list[str], level: int) -> Placed:
    """The tree of a chain: split at the operators of `level`, tighter ones first, then folded rightwards."""
    if not operators:
        return operands[0]
    splits = [index for index, operator in enumerate(operators) if PARSEQ_LEVELS[operator] == level]
    bounds = [0, *(index + 1 for index in splits), len(operands)]
    parts = [_grouped(operands[a:b], operators[a : b - 1], level + 1) for a, b in pairwise(bounds)]
    even = evenly_grouped(parts, [operators[index] for index in splits], to_the_right=True)
    if even is not None:
        return even
    start, end, node = parts.pop()
    while parts:
        start, _, left = parts.pop()
        node = Binary(operators[splits.pop()], left, node, Span(start, end))
    return start, end, node
