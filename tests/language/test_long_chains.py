"""Chains of any length are read, evaluated and written, in both groupings, as trees of little depth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parseq_tui.errors import SyntaxProblem
from parseq_tui.language.evaluate import evaluate_over
from parseq_tui.language.long_chains import LONG
from parseq_tui.language.parseq_grouping import parseq_tree, reads_differently, to_ordinary_grouping, to_shared_grouping
from parseq_tui.language.parser import format_formula, parse
from parseq_tui.language.tree import depth

NUMBERS = st.integers(0, 99)
SUMS = st.lists(st.tuples(st.sampled_from("+-"), NUMBERS), min_size=LONG, max_size=4 * LONG)


def text_of(first: int, rest: list[tuple[str, int]]) -> str:
    return str(first) + "".join(f"{operator}{number}" for operator, number in rest)


def grouped_right(first: int, rest: list[tuple[str, int]]) -> int:
    numbers = [first, *(number for _, number in rest)]
    total = numbers[-1]
    for number, (operator, _) in zip(reversed(numbers[:-1]), reversed(rest), strict=True):
        total = number + total if operator == "+" else number - total
    return total


@settings(max_examples=20)
@given(NUMBERS, SUMS)
def test_long_sums_have_the_value_of_ordinary_grouping(first: int, rest: list[tuple[str, int]]) -> None:
    expected = first + sum(number if operator == "+" else -number for operator, number in rest)
    assert value(text_of(first, rest)) == expected


@settings(max_examples=20)
@given(NUMBERS, SUMS)
def test_long_sums_of_parseq_keep_their_value_when_opened(first: int, rest: list[tuple[str, int]]) -> None:
    text = text_of(first, rest)
    opened = to_ordinary_grouping(text)
    assert value(opened) == grouped_right(first, rest)
    assert not reads_differently(opened)


@settings(max_examples=20)
@given(NUMBERS, SUMS)
def test_long_sums_written_for_parseq_are_what_we_mean(first: int, rest: list[tuple[str, int]]) -> None:
    text = text_of(first, rest)
    assert parseq_tree(to_shared_grouping(text)) == parse(text).tree


@pytest.mark.parametrize("joint", ["+", " + ", "*", " and ", " && ", " or ", " || "])
@pytest.mark.parametrize("count", [LONG + 1, 97, 1000])
def test_chains_that_both_programs_group_alike_stay_as_they_are_written(joint: str, count: int) -> None:
    text = joint.join((["sin(p=8)", "f", "(L-2)"] * count)[:count])
    assert to_ordinary_grouping(text) == text
    assert depth(parse(text).tree) <= LONG + 10


@pytest.mark.parametrize("count", [LONG - 1, LONG, 3 * LONG])
def test_long_chains_are_written_out_and_read_back_as_the_same_tree(count: int) -> None:
    formula = parse("-".join(["f"] * count) + " > 5 and " + "*".join(["L"] * count) + " < 3")
    assert parse(format_formula(formula)).tree == formula.tree


def test_long_chains_of_texts_are_refused_with_advice() -> None:
    """Grouping decides where numbers become text, so these cannot be regrouped."""
    with pytest.raises(SyntaxProblem) as raised:
        parse("+".join(['"a"', "f"] * 200))
    assert raised.value.hint


def value(text: str) -> float:
    return float(np.asarray(evaluate_over(text, frames=1))[0])
