"""Cuts a formula into tokens.

Every character of the text belongs to exactly one token: white space and comments are tokens too, because Parseq's
reading depends on them (see `parseq_grouping`).

>>> [token.text for token in tokenize("2b + S") if token.kind != "space"]
['2b', '+', 'S', '']
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from parseq_tui.errors import Span, SyntaxProblem

TokenKind = Literal["number", "text", "name", "keyword", "operator", "comment", "space", "error", "end"]

MAX_LENGTH = 20_000
"""Characters in one formula."""

EMBEDDED = re.compile(r"\$\{([^}]*)\}")
"""A formula in a prompt: up to the next brace, so none can hold one. Line breaks are allowed."""

KEYWORDS = frozenset({"if", "else", "and", "or", "true", "false"})

_PATTERN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<operator><=|<|>=|>|==|!=|&&|\|\||[(),=+\-*^/%:])
      | (?P<comment>\#[^\n]*)
      | (?P<text>"(?:[^"\\\n\x00-\x1f]|\\["\\ntbfr])*")
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fsb]?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)""",
    re.VERBOSE,
)
_PARSEQ_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?[fsb]?")
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "b": "\b", "f": "\f", "r": "\r"}
_HINTS = {
    "'": 'texts stand in double quotes: "…"',
    "“": 'texts stand in plain double quotes: "…"',
    "”": 'texts stand in plain double quotes: "…"',
    "!": "write not x, or != to compare",
    "?": "write if (condition) a else b",
    "[": "group with round parentheses: ( )",
    "]": "group with round parentheses: ( )",
    "{": "group with round parentheses: ( )",
    "}": "group with round parentheses: ( )",
    "–": "use the plain minus sign: -",
    "−": "use the plain minus sign: -",
    "×": "multiply with *",
    "÷": "divide with /",
    "&": "write and, or &&",
    "|": "write or, or ||",
    ";": "arguments are separated by commas",
    ".": "a dot stands only inside a number: 0.5",
    "$": "${…} surrounds a formula in a prompt; inside a formula write the name alone",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. `text[start:end]` is `text` of the token."""

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next token begins."""
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)

    @property
    def is_parseq(self) -> bool:
        """Whether Parseq knows this spelling (it lacks `.5`, `5.` and `1e3`)."""
        return self.kind != "number" or _PARSEQ_NUMBER.fullmatch(self.text) is not None


def tokenize(text: str, *, tolerant: bool = False) -> list[Token]:
    """All tokens of `text`, with an empty "end" token last.

    Raises SyntaxProblem at the first character that belongs nowhere, or gives it an "error" token if `tolerant`.
    """
    if len(text) > MAX_LENGTH:
        if tolerant:
            return [Token("error", text, 0), Token("end", "", len(text))]
        raise SyntaxProblem(
            f"this formula has {len(text)} characters; {MAX_LENGTH} are allowed",
            span=Span(MAX_LENGTH, len(text)),
            hint="split it over several fields, or use a time series",
        )
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None:
            if not tolerant:
                raise _unreadable(text, position)
            tokens.append(Token("error", text[position], position))
            position += 1
            continue
        kind = match.lastgroup or "error"
        piece = match.group()
        if kind == "name" and piece in KEYWORDS:
            kind = "keyword"
        tokens.append(Token(kind, piece, position))  # type: ignore[arg-type]
        position = match.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def text_value(token: Token) -> str:
    """What a text token stands for, escapes resolved."""
    body = token.text[1:-1]
    if "\\" not in body:
        return body
    return re.sub(r"\\(.)", lambda match: _ESCAPES[match.group(1)], body)


def number_value(token: Token) -> tuple[float, str]:
    """The number and its unit: "", "f" (frames), "s" (seconds) or "b" (beats)."""
    unit = token.text[-1] if token.text[-1] in "fsb" else ""
    return float(token.text[: -1 if unit else None]), unit


def _unreadable(text: str, position: int) -> SyntaxProblem:
    character = text[position]
    if character == '"':
        return _unreadable_text(text, position)
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return SyntaxProblem(
        f"{shown!r} means nothing here",
        span=Span(position, position + 1),
        hint=_HINTS.get(character, "formulas are made of numbers, names, operators and texts in double quotes"),
    )


def _unreadable_text(text: str, start: int) -> SyntaxProblem:
    position = start + 1
    while position < len(text):
        character = text[position]
        if character == "\\":
            if text[position + 1 : position + 2] not in _ESCAPES:
                return SyntaxProblem(
                    "this escape is unknown in a text",
                    span=Span(position, min(position + 2, len(text))),
                    hint=r"known: \" \\ \n \t \b \f \r",
                )
            position += 1
        elif character == "\n" or character < " ":
            return SyntaxProblem(
                "a text cannot hold a raw line break or control character",
                span=Span(start, position + 1),
                hint=r"close it with a double quote, or write \n or \t",
            )
        position += 1
    return SyntaxProblem("this text is never closed", span=Span(start, len(text)), hint='end it with a double quote: "')
