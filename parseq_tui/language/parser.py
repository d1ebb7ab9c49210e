"""Reads a formula with ordinary mathematical grouping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that has been read."""

    text: str
    tree: Any
    variables: frozenset[str]
    """Names used as variables."""
    calls: frozenset[str]
    """Names called as functions."""


def parse(text: str) -> Formula:
    """The formula of `text`. Raises SyntaxProblem with a span and a hint."""
    raise NotImplementedError


def format_formula(formula: Formula) -> str:
    """The formula written out with explicit parentheses."""
    raise NotImplementedError
