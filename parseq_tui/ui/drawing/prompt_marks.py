"""What each part of a prompt is, for colouring: formulas, emphasis, AND, extra networks.

Tolerant: text that is not finished yet is coloured as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from parseq_tui.errors import Span

MarkKind = Literal["formula", "emphasis", "and", "network", "open"]
"""`open`: a `${` without its `}`, which stays text."""
ROLES: Mapping[MarkKind, tuple[str, str]] = {
    "formula": ("formula", ""),
    "emphasis": ("warning", "bold"),
    "and": ("accent", "bold"),
    "network": ("success", ""),
    "open": ("error", "underline"),
}
"""The theme's role that each is shown in, and its attributes."""

_MARKS = re.compile(
    r"""(?P<formula>\$\{[^}]*\})
      | (?P<open>\$\{[^}]*\Z)
      | \\[()\[\]\\]
      | (?P<network><[a-z]+:[^<>]*>)
      | (?P<emphasis>:\s*[-+]?[\d.]+\s*(?=\))|[()\[\]])
      | (?P<and>\bAND\b|:\s*[-+]?[\d.]+\s*(?=AND\b|\Z))
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=8)
def prompt_marks(text: str) -> tuple[tuple[Span, MarkKind], ...]:
    """Spans in order, never overlapping; everything between them is plain text. Kept, as each row of an editor asks."""
    found: list[tuple[Span, MarkKind]] = []
    for match in _MARKS.finditer(text):
        kind = match.lastgroup
        if kind is not None:
            found.append((Span(*match.span()), kind))  # type: ignore[arg-type]
    return tuple(found)


def marked(text: str) -> list[tuple[str, str, str]]:
    """The text in pieces: each with the role it is shown in and its attributes."""
    pieces, at = [], 0
    for span, kind in prompt_marks(text):
        pieces += [(text[at : span.start], "text", ""), (text[span.start : span.end], *ROLES[kind])]
        at = span.end
    return [piece for piece in (*pieces, (text[at:], "text", "")) if piece[0]]
