"""Parseq's parser, reproduced with the order in which it finds readings. Part of `parseq_grouping`.

An Earley chart without de-duplication (LANGUAGE §3.2): the first complete reading in the last column wins. Where
Parseq multiplies its states with every ambiguity, this keeps the work polynomial: of the readings of one symbol over
one stretch of tokens only the first and the last found can ever come first later (everything that happens to such a
group of states keeps or reverses its order), so those between them are dropped as soon as a later one is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from parseq_tui.errors import Span, SyntaxProblem
from parseq_tui.language.tokens import Token, number_value, text_value
from parseq_tui.language.tree import Argument, Binary, Boolean, Call, Name, Number, Text, Unary, make_if

MAX_STATES = 150_000
"""States of one chart; formulas that need more are refused. Parseq, whose states double with every `else if`, never
comes to an end with those either, so no document can depend on how it reads them."""

Build: TypeAlias = "Callable[[tuple[Any, ...], Span], Any]"


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    name: str
    symbols: tuple[str, ...]
    """Nonterminals by name; terminals as "'text" (this very text), "kind:…" (any token of a kind)."""
    build: Build


class _State:
    """A rule read up to `dot`, begun in column `origin`; `waiting` is who needs its result."""

    __slots__ = ("children", "dead", "dot", "origin", "products", "rule", "value", "waiting")

    def __init__(self, rule: _Rule, dot: int, origin: int, waiting: list[_State], children: tuple[Any, ...]) -> None:
        self.rule = rule
        self.dot = dot
        self.origin = origin
        self.waiting = waiting
        self.children = children
        self.value: Any = None
        self.dead = False
        self.products: list[_State] = []


def _first(parts: tuple[Any, ...], _: Span) -> Any:
    return parts[0]


def _token(parts: tuple[Any, ...], _: Span) -> Any:
    return parts[0].text


def _nothing(_: tuple[Any, ...], __: Span) -> Any:
    return None


def _binary(parts: tuple[Any, ...], span: Span) -> Any:
    return Binary(parts[2], parts[0], parts[4], span)


def _call(parts: tuple[Any, ...], span: Span) -> Any:
    name: Name = parts[0]
    return Call(name.name, parts[3], span, name.span)


def _argument(value: Any) -> Argument:
    return Argument(None, value, value.span)


def _named(parts: tuple[Any, ...], span: Span) -> tuple[Argument, ...]:
    return (Argument(parts[1].name, parts[5], span), *(parts[8] if len(parts) > 8 else ()))


def _rules() -> list[_Rule]:
    """The grammar of LANGUAGE §3, in the order of §3.3: the order decides between readings."""
    grammar: list[tuple[str, str, Build]] = [
        ("input", "_ expr _", lambda p, _: p[1]),
        ("call", "ident _ '( named ')", _call),
        ("call", "ident _ '( args ')", _call),
        ("if", "'if __ expr __ expr", lambda p, s: make_if(((p[2], p[4]),), None, s)),
        ("if", "'if __ expr _ expr _ 'else __ expr", lambda p, s: make_if(((p[2], p[4]),), p[8], s)),
        ("if", "'if __ expr _ expr _ 'else __ if", lambda p, s: make_if(((p[2], p[4]),), p[8], s)),
        ("args", "", lambda _, __: ()),
        ("args", "_ expr _", lambda p, _: (_argument(p[1]),)),
        ("args", "_ expr _ ', args", lambda p, _: (_argument(p[1]), *p[4])),
        ("named", "_ ident _ '= _ expr _", _named),
        ("named", "_ ident _ '= _ expr _ ', named", lambda p, s: _named((*p[:7], None, p[8]), s)),
        ("expr", "bool", _first),
        ("bool", "cmp", _first),
        ("bool", "cmp _ boolop _ bool", _binary),
        *(("boolop", f"'{op}", _token) for op in ("and", "or")),
        ("cmp", "add", _first),
        ("cmp", "add _ cmpop _ cmp", _binary),
        *(("cmpop", f"'{op}", _token) for op in (">", ">=", "<", "<=", "==", "!=", "&&", "||")),
        ("add", "mul", _first),
        ("add", "mul _ any:+- _ add", lambda p, s: Binary(p[2].text, p[0], p[4], s)),
        ("mul", "neg", _first),
        ("mul", "neg _ any:*/%:^ _ mul", lambda p, s: Binary(p[2].text, p[0], p[4], s)),
        ("neg", "unary", _first),
        ("neg", "'- unary", lambda p, s: Unary("-", p[1], s)),
        *(("unary", symbol, _first) for symbol in ("number", "ident", "call", "string", "if", "boolean")),
        ("unary", "'( _ expr _ ')", lambda p, _: p[2]),
        ("boolean", "'true", lambda p, s: Boolean(True, s)),
        ("boolean", "'false", lambda p, s: Boolean(False, s)),
        ("number", "kind:number", lambda p, s: Number(*number_value(p[0]), s)),
        ("string", "kind:text", lambda p, s: Text(text_value(p[0]), s)),
        ("ident", "kind:name", lambda p, s: Name(p[0].text, s)),
        ("__", "W1", _nothing),
        ("W1", "kind:space", _nothing),
        ("W1", "W1 kind:space", _nothing),
        ("_", "W0", _nothing),
        ("W0", "", _nothing),
        ("W0", "W0 kind:space", _nothing),
    ]
    return [_Rule(name, tuple(symbols.split()), build) for name, symbols, build in grammar]


_BY_NAME: dict[str, list[_Rule]] = {}
for _rule in _rules():
    _BY_NAME.setdefault(_rule.name, []).append(_rule)


def chart_tree(tokens: list[Token]) -> Any:
    """The reading that Parseq's parser finds first. Raises SyntaxProblem if there is none."""
    return _Chart(tokens[:-1]).read()


class _Chart:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.budget = MAX_STATES
        self.column: list[_State] = []
        self.scan: list[_State] = []
        self.position = 0

    def read(self) -> Any:
        self.column = [_State(rule, 0, 0, [], ()) for rule in _BY_NAME["input"]]
        self.process()
        for position, token in enumerate(self.tokens, start=1):
            self.position = position
            self.column = [
                self.advanced(state, token)
                for state in reversed(self.scan)
                if not state.dead and _accepts(state, token)
            ]
            self.process()
            if not self.column:
                raise SyntaxProblem(f"Parseq does not expect {token.text!r} here", span=token.span)
        for state in self.column:
            if (
                not state.dead
                and state.rule.name == "input"
                and state.dot == len(state.rule.symbols)
                and state.origin == 0
            ):
                return state.value
        end = self.tokens[-1].end if self.tokens else 0
        raise SyntaxProblem("Parseq expects more", span=Span(end, end))

    def process(self) -> None:
        """Completes and predicts in the current column until nothing is added."""
        self.scan = []
        waiting: dict[str, list[_State]] = {}
        empties: dict[str, list[_State]] = {}
        found: dict[tuple[str, int], list[_State]] = {}
        for state in self.column:  # grows while it is walked
            if state.dead:
                continue
            if state.dot == len(state.rule.symbols):
                self.complete(state, empties, found)
                continue
            symbol = state.rule.symbols[state.dot]
            if symbol not in _BY_NAME:
                self.scan.append(state)
            elif symbol in waiting:
                waiting[symbol].append(state)
                for empty in empties.get(symbol, ()):
                    self.column.append(self.advanced(state, empty))
            else:
                waiting[symbol] = [state]
                self.column += [_State(rule, 0, self.position, waiting[symbol], ()) for rule in _BY_NAME[symbol]]
        for state in self.column:  # nothing of a finished column is dropped later
            state.products.clear()

    def complete(
        self, state: _State, empties: dict[str, list[_State]], found: dict[tuple[str, int], list[_State]]
    ) -> None:
        name = state.rule.name
        state.value = state.rule.build(state.children, self.span(state.origin))
        readings = found.setdefault((name, state.origin), [])
        readings.append(state)
        if len(readings) > 2:
            _drop(readings.pop(1))
        for waiting in reversed(state.waiting):
            if not waiting.dead:
                self.column.append(self.advanced(waiting, state))
        if state.origin == self.position:
            empties.setdefault(name, []).append(state)

    def advanced(self, state: _State, by: _State | Token) -> _State:
        self.budget -= 1
        if self.budget < 0:
            raise SyntaxProblem(
                "this formula has too many possible readings", hint="put parentheses around each if and its branches"
            )
        if isinstance(by, Token):
            return _State(state.rule, state.dot + 1, state.origin, state.waiting, (*state.children, by))
        result = _State(state.rule, state.dot + 1, state.origin, state.waiting, (*state.children, by.value))
        by.products.append(result)
        if by.origin == self.position:  # `state` is of this column too, and may yet be dropped
            state.products.append(result)
        return result

    def span(self, origin: int) -> Span:
        """The text from column `origin` to here, without white space around it."""
        first, last = origin, self.position - 1
        if first <= last and self.tokens[first].kind == "space":  # a run of white space is one token
            first += 1
        if first <= last and self.tokens[last].kind == "space":
            last -= 1
        return Span(self.tokens[first].start, self.tokens[last].end) if first <= last else Span(0, 0)


def _drop(state: _State) -> None:
    """Drops a state and everything that came of it."""
    pending = [state]
    while pending:
        dropped = pending.pop()
        if not dropped.dead:
            dropped.dead = True
            pending += dropped.products


def _accepts(state: _State, token: Token) -> bool:
    symbol = state.rule.symbols[state.dot]
    if symbol[0] == "'":
        return token.kind in ("operator", "keyword") and token.text == symbol[1:]
    kind, _, what = symbol.partition(":")
    if kind == "kind":
        return token.kind == what
    return token.kind == "operator" and token.text in what
