"""What each part of a formula is, for colouring; tolerant of errors."""

from __future__ import annotations

from typing import Literal

from parseq_tui.errors import Span
from parseq_tui.language.registry import FUNCTIONS, VARIABLES
from parseq_tui.language.tokens import Token, tokenize

HighlightKind = Literal[
    "number", "text", "keyword", "function", "variable", "constant", "parameter", "name", "operator", "comment", "error"
]


def highlight(text: str) -> list[tuple[Span, HighlightKind]]:
    """Spans in order, never overlapping; text between them is white space."""
    tokens = [token for token in tokenize(text, tolerant=True) if token.kind not in ("space", "end")]
    return [
        (token.span, _kind(token, tokens[index + 1].text if index + 1 < len(tokens) else ""))
        for index, token in enumerate(tokens)
    ]


def _kind(token: Token, following: str) -> HighlightKind:
    match token.kind:
        case "number" | "text" | "keyword" | "operator" | "comment" | "error":
            return token.kind
        case _:
            return _name_kind(token.text, following)


def _name_kind(name: str, following: str) -> HighlightKind:
    """A name: `following` is the text of the token after it."""
    if name == "not":
        return "keyword"
    if following == "=":
        return "parameter"
    if following == "(" and name in FUNCTIONS:
        return "function"
    if name in VARIABLES:
        return "constant" if VARIABLES[name].constant else "variable"
    return "name"
