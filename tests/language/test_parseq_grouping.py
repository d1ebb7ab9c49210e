"""Parseq's reading of formulas, and the explicit parentheses that make it ours."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given

from parseq_tui.errors import SyntaxProblem
from parseq_tui.language.parseq_chart import chart_tree
from parseq_tui.language.parseq_direct import Ambiguous, direct_tree
from parseq_tui.language.parseq_grouping import parseq_tree, reads_differently, to_ordinary_grouping
from parseq_tui.language.parser import format_tree, parse
from parseq_tui.language.tokens import tokenize
from tests.language.formula_texts import any_formula


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("10-5-2", "10-(5-2)"),
        ("10-5+2", "10-(5+2)"),
        ("8/4*2", "8/(4*2)"),
        ("2^3*2", "2^(3*2)"),
        ("-2^2", "(-2)^2"),
        ("3>2>1", "3>(2>1)"),
        ("1<2 && 3<2", "1<(2 && 3<2)"),
        ("1 or 0 and 0", "1 or 0 and 0"),
        ("1 and 0 or 0", "1 and (0 or 0)"),
        ("L*2 + sin(p=10)", "L*2 + sin(p=10)"),
        ("-x + 3", "-x + 3"),
        (' "a":1*2 + 3', ' "a":1*2 + 3'),
        ("if (f>5) 1 else 2", "if (f>5) 1 else 2"),
        ("if (f>5) 2 else 3+4", "(if (f>5) 2 else 3)+4"),
        ("if (c) S else S+0.1*sin(p=10)", "(if (c) S else (S+0.1))*sin(p=10)"),
    ],
)
def test_only_what_reads_differently_is_rewritten(text: str, rewritten: str) -> None:
    assert to_ordinary_grouping(text) == rewritten
    assert reads_differently(text) == (text != rewritten)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("if (c) 2 else 3+4", "((if (c) (2) else (3)) + 4)"),
        ("if (c) 2 else 3+4 ", "(if (c) (2) else ((3 + 4)))"),
        ("(if (c) 2 else 3+4)", "(if (c) (2) else ((3 + 4)))"),
        ("(if (c) 2 else 3+4 )", "((if (c) (2) else (3)) + 4)"),
        ("g(if (c) 2 else 3+4, 1)", "g((if (c) (2) else ((3 + 4))), 1)"),
        ("if (c) 2 else 3-4*5", "((if (c) (2) else ((3 - 4))) * 5)"),
        ("if (c) 2 else 3+4 and 5", "(((if (c) (2) else (3)) + 4) and 5)"),
        ("if (c) 2 else 3+4and 5", "((if (c) (2) else ((3 + 4))) and 5)"),
        ("if (c) 2+3", "((if (c) (2)) + 3)"),
        ("1+if (c) 2 else 3*4", "(1 + ((if (c) (2) else (3)) * 4))"),
        ("if a if b c else d", "(if (a) ((if (b) (c))) else (d))"),
        ("if a if b c else d else e", "(if (a) ((if (b) (c) else (d))) else (e))"),
    ],
)
def test_ambiguous_ifs_read_as_parseq_happens_to(text: str, reading: str) -> None:
    assert format_tree(parseq_tree(text)) == reading


@pytest.mark.parametrize("text", [".5", "1e3", "- 5", "1 # one", "--5", "if (1)2"])
def test_what_only_we_can_read_stays(text: str) -> None:
    assert to_ordinary_grouping(text) == text
    assert reads_differently(text)


def test_what_nobody_can_read_is_an_error() -> None:
    with pytest.raises(SyntaxProblem):
        to_ordinary_grouping("1 +")


@given(any_formula)
def test_the_rewritten_text_means_the_same_to_both(text: str) -> None:
    try:
        theirs = parseq_tree(text)
    except SyntaxProblem:
        return
    rewritten = to_ordinary_grouping(text)
    assert parse(rewritten).tree == theirs
    assert parseq_tree(rewritten) == theirs
    assert to_ordinary_grouping(rewritten) == rewritten


@given(any_formula)
def test_dropping_states_finds_the_reading_that_dropping_none_does(text: str) -> None:
    tokens = tokenize(text)
    if len(tokens) < 40:
        pruned = reading(tokens)
        with patch("parseq_tui.language.parseq_chart._drop"):
            assert reading(tokens) == pruned


@given(any_formula)
def test_the_direct_way_agrees_with_the_chart(text: str) -> None:
    tokens = tokenize(text)
    try:
        direct: object = direct_tree(tokens)
    except Ambiguous:
        return
    except SyntaxProblem:
        direct = None
    assert direct == reading(tokens)


def reading(tokens: list) -> object:  # type: ignore[type-arg]
    try:
        return chart_tree(tokens)
    except SyntaxProblem:
        return None


def test_a_long_else_if_chain_needs_no_chart() -> None:
    chain = " ".join(f"if (f<{i}) -{i} else" for i in range(200)) + " 7"
    assert to_ordinary_grouping(chain) == chain
    assert direct_tree(tokenize(chain)) == parse(chain).tree
