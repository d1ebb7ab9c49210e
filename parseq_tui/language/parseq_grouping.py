"""Parseq's own reading of a formula, and its rewriting into ours with explicit parentheses."""

from __future__ import annotations


def to_ordinary_grouping(text: str) -> str:
    """`text` itself if both readings agree, else rewritten with explicit parentheses.

    Raises SyntaxProblem where neither Parseq nor we can read it.
    """
    raise NotImplementedError


def reads_differently(text: str) -> bool:
    """Whether Parseq would read `text` (which we can read) differently, or refuse it."""
    raise NotImplementedError


def prompt_to_ordinary_grouping(text: str) -> str:
    """A prompt with every `${formula}` rewritten by to_ordinary_grouping; unreadable ones stay as they are."""
    raise NotImplementedError
