"""What each part of a formula is, for colouring; tolerant of errors."""

from __future__ import annotations

from typing import Literal

from parseq_tui.errors import Span

TokenKind = Literal["number", "text", "keyword", "function", "variable", "constant", "parameter", "name", "operator", "comment", "error"]


def highlight(text: str) -> list[tuple[Span, TokenKind]]:
    """Spans in order, never overlapping; text between them is white space."""
    raise NotImplementedError
