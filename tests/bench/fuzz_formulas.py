"""Feeds the language with damaged formulas: `python -m tests.bench.fuzz_formulas SECONDS`.

Whatever ends in anything but a FormulaError, takes over two seconds, or changes its meaning when it is written out
with parentheses, is printed and ends the run with status 1. Prints how many inputs were tried.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from parseq_tui.errors import FormulaError
from parseq_tui.language.completion import completions, signature_at
from parseq_tui.language.evaluate import evaluate_over
from parseq_tui.language.highlight import highlight
from parseq_tui.language.parseq_grouping import reads_differently, to_ordinary_grouping, to_shared_grouping
from parseq_tui.language.parser import MAX_NESTING, format_formula, parse
from parseq_tui.language.registry import FUNCTIONS, VARIABLES
from parseq_tui.language.tree import depth
from tests.bench.fuzzing import Target, main

PIECES = (
    *"()+-*/%^:=,<>#.\" \t\n", "==", "!=", "<=", ">=", "&&", "||", " and ", " or ", "not ", "if ", " else ",
    "if (f>3) ", "true", "1b", "2s", "3f", ".5", "1e3", "1e999", "0", "-0", "9" * 400, '""', '"(a+)+$"', "é", "𝄞",
    "\u0000", "\ufeff", "(" * 300, "-" * 300, "if 1 " * 100, "1+" * 300, "${", "}", *VARIABLES,
    *(f"{name}(" for name in FUNCTIONS),
)  # fmt: skip


def seeds() -> Iterator[str]:
    """The golden formulas, and the example of every function."""
    yield from dict.fromkeys(entry.example for entry in [*FUNCTIONS.values(), *VARIABLES.values()])
    path = Path(__file__).parent.parent / "data" / "parseq" / "expressions.json"
    yield from (case["expr"] for case in json.loads(path.read_text(encoding="utf-8")))


def attempt(text: str) -> None:
    """Everything that happens to a formula somebody typed or sent. Raises whatever it should not."""
    highlight(text)
    completions(text, len(text))
    signature_at(text, len(text) // 2)
    reads_differently(text)
    for rewrite in (to_ordinary_grouping, to_shared_grouping):
        try:
            rewrite(text)
        except FormulaError as error:
            assert error.message
    try:
        formula = parse(text)
    except FormulaError as error:
        assert error.message and error.span is not None
        assert 0 <= error.span.start <= error.span.end <= len(text)
        return
    if depth(formula.tree) < MAX_NESTING / 2:  # written out, a long chain nests deeper than what may be typed
        assert format_formula(parse(format_formula(formula))) == format_formula(formula)
    try:
        evaluate_over(text, 40)
    except FormulaError as error:
        assert error.message


FORMULAS = Target(tuple(seeds()), PIECES, attempt, ("/language/",), longest=5000)

if __name__ == "__main__":
    sys.exit(main(FORMULAS, __doc__))
