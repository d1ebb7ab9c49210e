"""Reading formulas with ordinary grouping: what binds tighter, what people may type, and how errors speak."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import Span, SyntaxProblem
from parseq_tui.language.parser import MAX_DEPTH, format_formula, parse
from parseq_tui.language.tokens import MAX_LENGTH, tokenize
from tests.language.formula_texts import any_formula, meaningful_formula


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("10-5-2", "((10 - 5) - 2)"),
        ("8/4/2", "((8 / 4) / 2)"),
        ("2^3^2", "(2 ^ (3 ^ 2))"),
        ("2^3*2", "((2 ^ 3) * 2)"),
        ("-2^2", "(-(2 ^ 2))"),
        ("2^-2", "(2 ^ (-2))"),
        ("1 or 0 and 0", "(1 or (0 and 0))"),
        ("1<2 && 3<2", "((1 < 2) && (3 < 2))"),
        ("not a == b", "(not (a == b))"),
        ("not a and b", "((not a) and b)"),
        ('"a":1*2+3', '(("a" : (1 * 2)) + 3)'),
        ("if (c) 2 else 3+4", "(if (c) (2) else ((3 + 4)))"),
        ("if a if b c else d", "(if (a) ((if (b) (c) else (d))))"),
        ("if f>5 1 else if f>2 3 else 4", "(if ((f > 5)) (1) else if ((f > 2)) (3) else (4))"),
    ],
)
def test_operators_group_as_in_mathematics(text: str, meaning: str) -> None:
    assert format_formula(parse(text)) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("if (f>5) -1 else 1", "(if ((f > 5)) ((-1)) else (1))"),
        ("if f -1 2", "(if ((f - 1)) (2))"),
        ("if f (2)", "(if (f) (2))"),
        ("if f (2) 3", "(if (f(2)) (3))"),
        ("if f - 1 -2 else 3", "(if ((f - 1)) ((-2)) else (3))"),
    ],
)
def test_a_condition_ends_where_its_value_can_begin(text: str, meaning: str) -> None:
    assert format_formula(parse(text)) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (".5 + 1e3", "(0.5 + 1000)"),
        ("+5", "5"),
        ("- 5", "(-5)"),
        ("--5", "(-(-5))"),
        ("1 # one\n + 2", "(1 + 2)"),
        ("rand( )", "rand()"),
        ("min(1, 2,)", "min(1, 2)"),
        ("not", "not"),
        ("2b", "2b"),
    ],
)
def test_people_may_type_what_parseq_refuses(text: str, meaning: str) -> None:
    assert format_formula(parse(text)) == meaning


@pytest.mark.parametrize(
    ("text", "message", "span", "hint"),
    [
        ("", "this formula is empty", Span(0, 0), "write a number"),
        ("1 +", "expected a value after '+'", Span(3, 3), "ends too early"),
        ("(1", "this parenthesis is never closed", Span(0, 1), "add a )"),
        ("1)", "the formula is complete before this: ')'", Span(1, 2), "a ) too many"),
        ("f f", "the formula is complete before this: 'f'", Span(2, 3), "put an operator"),
        ("2 ** 3", "expected a value after '*', not '*'", Span(3, 4), "powers are written with ^"),
        ("a = 3", "the formula is complete before this: '='", Span(2, 3), "compare with =="),
        ("'a'", '"\'" means nothing here', Span(0, 1), "double quotes"),
        ("1–2", "'–' means nothing here", Span(1, 2), "plain minus"),
        ('"a', "this text is never closed", Span(0, 2), "double quote"),
        (r'"a\q"', "this escape is unknown in a text", Span(2, 4), r"\n"),
        ("min(1, b=2)", "named and positional arguments cannot be mixed in one call", Span(7, 10), "name all"),
        ("if (1)", "expected the value that this if gives", Span(6, 6), "write if"),
    ],
)
def test_errors_say_what_and_where_and_how_to_mend_it(text: str, message: str, span: Span, hint: str) -> None:
    with pytest.raises(SyntaxProblem) as raised:
        parse(text)
    assert raised.value.message == message
    assert raised.value.span == span
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "-" * 5000 + "1",
        "if " * 3000,
        "1^" * 3000 + "1",
        "f(" * 3000,
        "1" * (MAX_LENGTH + 1),
        "1/" * 9999 + "1",
        '"a"+' * 4999 + "1",
    ],
)
def test_hostile_nesting_is_refused_and_not_a_crash(text: str) -> None:
    with pytest.raises(SyntaxProblem):
        parse(text)


def test_long_chains_within_the_limit_can_be_read() -> None:
    assert parse("+".join("f" * (MAX_DEPTH - 1))).variables == {"f"}
    chain = " ".join(f"if (f<{i}) {i} else" for i in range(500)) + " 7"
    assert parse(chain).variables == {"f"}


@given(st.one_of(any_formula, meaningful_formula))
def test_a_formatted_formula_reads_as_the_same_tree(text: str) -> None:
    try:
        formula = parse(text)
    except SyntaxProblem:
        return
    assert parse(format_formula(formula)).tree == formula.tree


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except SyntaxProblem as problem:
        assert problem.span is not None
        assert problem.message


@given(st.text(alphabet='if else(),+-*/%:^<>=!&|"\\#.0123456789fsbxyz \n\t', max_size=60))
def test_tokens_cover_every_character(text: str) -> None:
    assert "".join(token.text for token in tokenize(text, tolerant=True)) == text
