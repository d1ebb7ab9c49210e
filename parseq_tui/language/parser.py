"""Reads a formula with ordinary mathematical grouping.

How tightly operators bind, loosest first (`:` makes weighted prompt text and groups to the right, as does `^`):

    or ||  ·  and &&  ·  not  ·  < <= > >= == !=  ·  + -  ·  :  ·  * / %  ·  unary - +  ·  ^

`if c a else b` is a value; its last branch reaches as far as it can, and `else` belongs to the nearest `if`.

>>> format_formula(parse("10-5-2^2"))
'((10 - 5) - (2 ^ 2))'
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from parseq_tui.errors import Span, SyntaxProblem
from parseq_tui.language.long_chains import LONG, evened
from parseq_tui.language.numbers_as_text import number_text
from parseq_tui.language.tokens import Token, number_value, text_value, tokenize
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
    depth,
    make_if,
    walk,
)

MAX_NESTING = 100
"""Expressions inside each other: bounds the recursion of the parser."""
MAX_DEPTH = 250
"""Nodes on the longest path of a tree: bounds the recursion of everyone who visits one."""

LOOSEST, COMPARISON, UNARY, POWER = 1, 4, 8, 9
PRECEDENCE: dict[str, int] = {
    **dict.fromkeys(("or", "||"), LOOSEST),
    **dict.fromkeys(("and", "&&"), 2),
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARISON),
    **dict.fromkeys("+-", 5),
    ":": 6,
    **dict.fromkeys("*/%", 7),
    "^": POWER,
}
RIGHT_GROUPING = frozenset(":^")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that has been read."""

    text: str
    tree: Node
    variables: frozenset[str]
    """Names used as variables."""
    calls: frozenset[str]
    """Names called as functions."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Formula:
    """The formula of `text`. Raises SyntaxProblem with a span and a hint. Readings are remembered."""
    return formula_of(text, _Parser(text).whole())


def formula_of(text: str, tree: Node) -> Formula:
    """A formula from a tree that has already been read, checked for depth."""
    if depth(tree) > MAX_DEPTH:
        raise SyntaxProblem(
            f"this formula nests more than {MAX_DEPTH} operations", span=Span(0, len(text)), hint="split it up"
        )
    nodes = list(walk(tree))
    return Formula(
        text,
        tree,
        frozenset(node.name for node in nodes if isinstance(node, Name)),
        frozenset(node.name for node in nodes if isinstance(node, Call)),
    )


def format_formula(formula: Formula) -> str:
    """The formula written out with explicit parentheses: reading it gives the same tree."""
    return format_tree(formula.tree)


def format_tree(node: Node) -> str:
    """A tree written out with explicit parentheses around every operation."""
    match node:
        case Number():
            return ("1e999" if node.value == float("inf") else number_text(node.value)) + node.unit
        case Boolean():
            return "true" if node.value else "false"
        case Text():
            return quoted(node.value)
        case Name():
            return node.name
        case Unary():
            return f"({node.operator}{' ' if node.operator == 'not' else ''}{format_tree(node.operand)})"
        case Binary():
            return f"({format_tree(node.left)} {node.operator} {format_tree(node.right)})"
        case If():
            arms = " else ".join(f"if ({format_tree(test)}) ({format_tree(value)})" for test, value in node.arms)
            rest = "" if node.otherwise is None else f" else ({format_tree(node.otherwise)})"
            return f"({arms}{rest})"
        case Call():
            parts = (f"{a.name}={format_tree(a.value)}" if a.name else format_tree(a.value) for a in node.arguments)
            return f"{node.name}({', '.join(parts)})"


def quoted(text: str) -> str:
    """`text` as the language writes it."""
    for character, escape in (("\\", r"\\"), ('"', r"\""), ("\n", r"\n"), ("\t", r"\t"), ("\r", r"\r")):
        text = text.replace(character, escape)
    return '"' + text.replace("\b", r"\b").replace("\f", r"\f") + '"'


class _Parser:
    """Precedence climbing over the tokens, one method per form."""

    def __init__(self, text: str) -> None:
        self.tokens = [token for token in tokenize(text) if token.kind not in ("space", "comment")]
        self.index = 0
        self.nesting = 0
        self.junctures: list[int] | None = None
        """Inside a condition: tokens that continue it but could as well begin the value (`if (c) -1`, `if f (2)`)."""
        self.stops: set[int] = set()
        """Those junctures at which the condition has been found to end."""

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def at(self, text: str) -> bool:
        return self.token.text == text and self.token.kind in ("operator", "keyword")

    def whole(self) -> Node:
        node = self.expression(LOOSEST)
        if self.token.kind != "end":
            raise self.unexpected("the formula is complete before this")
        return node

    def expression(self, loosest: int) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise SyntaxProblem("this formula nests too deeply", span=self.token.span, hint="split it up")
        start = self.token.start
        left = self.operand(loosest)
        length = 0
        while (level := self.operator_level()) >= loosest:
            if self.junctures is not None and self.token.text in "+-":
                self.junctures.append(self.index)
            operator = self.advance().text
            right = self.expression(level if operator in RIGHT_GROUPING else level + 1)
            left = Binary(operator, left, right, self.span_from(start))
            length += 1
        self.nesting -= 1
        return evened(left, length) if length >= LONG else left

    def span_from(self, start: int) -> Span:
        """From `start` to the end of what was read last."""
        return Span(start, self.tokens[self.index - 1].end)

    def operator_level(self) -> int:
        """How tightly the operator at hand binds; 0 if there is none."""
        token = self.token
        if token.kind not in ("operator", "keyword") or self.index in self.stops:
            return 0
        return PRECEDENCE.get(token.text, 0)

    def operand(self, loosest: int) -> Node:
        token = self.token
        if token.kind == "operator":
            if token.text in ("-", "+"):
                self.advance()
                inner = self.expression(UNARY)
                return inner if token.text == "+" else Unary("-", inner, self.span_from(token.start))
            if token.text == "(":
                return self.parenthesised()
            raise self.missing_value()
        if token.kind == "number":
            value, unit = number_value(self.advance())
            return Number(value, unit, token.span)
        if token.kind == "text":
            return Text(text_value(self.advance()), token.span)
        if token.kind == "name":
            return self.name(loosest)
        if token.text in ("true", "false"):
            return Boolean(self.advance().text == "true", token.span)
        if token.text == "if":
            return self.conditional()
        raise self.missing_value()

    def parenthesised(self) -> Node:
        opening = self.advance()
        outer, self.junctures = self.junctures, None
        inner = self.expression(LOOSEST)
        self.junctures = outer
        self.close(opening)
        return inner

    def close(self, opening: Token) -> Token:
        if self.at(")"):
            return self.advance()
        if self.token.kind == "end":
            raise SyntaxProblem("this parenthesis is never closed", span=opening.span, hint="add a )")
        raise self.unexpected("expected an operator, a comma or )" if opening.text == "(" else "expected )")

    def name(self, loosest: int) -> Node:
        token = self.advance()
        if token.text == "not" and self.starts_value():
            return self.negation(token, loosest)
        if self.at("(") and self.index not in self.stops:
            if self.junctures is not None:
                self.junctures.append(self.index)
            return self.call(token)
        return Name(token.text, token.span)

    def negation(self, token: Token, loosest: int) -> Node:
        if loosest > COMPARISON:
            raise SyntaxProblem(
                "not binds more loosely than the operator before it", span=token.span, hint="write (not …)"
            )
        operand = self.expression(COMPARISON)
        return Unary("not", operand, self.span_from(token.start))

    def call(self, name: Token) -> Call:
        outer, self.junctures = self.junctures, None
        opening = self.advance()
        arguments: list[Argument] = []
        while not self.at(")"):
            arguments.append(self.argument())
            if not self.at(","):
                break
            self.advance()
            if self.at(")") and arguments[0].name is not None:
                raise self.unexpected("expected another named argument after the comma")
        if len({argument.name is None for argument in arguments}) == 2:
            odd = next(a for a in arguments if (a.name is None) != (arguments[0].name is None))
            raise SyntaxProblem(
                "named and positional arguments cannot be mixed in one call",
                span=odd.span,
                hint="name all of them or none of them",
            )
        closing = self.close(opening)
        self.junctures = outer
        return Call(name.text, tuple(arguments), Span(name.start, closing.end), name.span)

    def argument(self) -> Argument:
        token = self.token
        following = self.tokens[self.index + 1] if token.kind == "name" else token
        if token.kind == "name" and following.kind == "operator" and following.text == "=":
            self.index += 2
            value = self.expression(LOOSEST)
            return Argument(token.text, value, self.span_from(token.start))
        value = self.expression(LOOSEST)
        return Argument(None, value, value.span)

    def conditional(self) -> Node:
        start = self.token.start
        arms: list[tuple[Node, Node]] = []
        otherwise: Node | None = None
        while True:
            self.advance()
            test = self.condition()
            arms.append((test, self.expression(LOOSEST)))
            if not self.at("else"):
                break
            self.advance()
            if not self.at("if"):
                otherwise = self.expression(LOOSEST)
                break
        return make_if(tuple(arms), otherwise, self.span_from(start))

    def condition(self) -> Node:
        """The condition of an `if`: as long as it can be while a value still follows it."""
        begin, outer = self.index, self.junctures
        self.junctures = []
        test = self.expression(LOOSEST)
        if not self.starts_value() and self.junctures:
            self.stops.add(self.likeliest_end(self.junctures))
            self.index, self.junctures = begin, []
            test = self.expression(LOOSEST)
        if outer is not None:
            outer.extend(self.junctures)
        self.junctures = outer
        if not self.starts_value():
            raise SyntaxProblem(
                "expected the value that this if gives",
                span=self.token.span,
                hint="write if (condition) value else other",
            )
        return test

    def likeliest_end(self, junctures: list[int]) -> int:
        """The last sign written like a sign (` -1`) or call; failing that, the last juncture."""
        for index in reversed(junctures):
            before, here, after = self.tokens[index - 1 : index + 2]
            if here.text == "(" or (before.end < here.start and here.end == after.start):
                return index
        return junctures[-1]

    def starts_value(self) -> bool:
        token = self.token
        if token.kind == "operator":
            return token.text in ("(", "-", "+")
        return token.kind in ("number", "text", "name") or token.text in ("if", "true", "false")

    def missing_value(self) -> SyntaxProblem:
        token = self.token
        before = self.tokens[self.index - 1].text if self.index else ""
        after = f" after {before!r}" if before else ""
        if token.kind == "end":
            if not self.index:
                return SyntaxProblem("this formula is empty", span=token.span, hint="write a number, L, S or C")
            return SyntaxProblem(f"expected a value{after}", span=token.span, hint="the formula ends too early")
        hint = {"*": "powers are written with ^", "else": "else needs its if before it", "=": "compare with =="}
        return SyntaxProblem(
            f"expected a value{after}, not {token.text!r}",
            span=token.span,
            hint=hint.get(token.text, "a value is a number, a name, a call, a text or something in parentheses"),
        )

    def unexpected(self, message: str) -> SyntaxProblem:
        token = self.token
        if token.kind in ("number", "text", "name"):
            hint = "put an operator between the two values"
        elif token.text == ")":
            hint = "there is a ) too many"
        elif token.text == "=":
            hint = "compare with =="
        else:
            hint = "remove it, or put an operator before it"
        found = "the end" if token.kind == "end" else repr(token.text)
        return SyntaxProblem(f"{message}: {found}", span=token.span, hint=hint)
