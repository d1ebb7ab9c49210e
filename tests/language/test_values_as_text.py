"""How numbers print and texts become numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.language.numbers_as_text import fixed_text, number_text, precise_text, text_number
from parseq_tui.language.prompt_template import fixed_texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.0, "5"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e20, "100000000000000000000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-2.5e-9, "-2.5e-9"),
        (123456789012345680000.0, "123456789012345680000"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
    ],
)
def test_numbers_print_in_javascripts_shortest_form(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0.0),
        (" \ufeff\xa0\n", 0.0),
        (" 3 ", 3.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e1", 10.0),
        ("-1", -1.0),
        ("0x10", 16.0),
        ("0b11", 3.0),
        ("-Infinity", -math.inf),
        ("infinity", math.nan),
        ("-0x10", math.nan),
        ("1_0", math.nan),
        ("inf", math.nan),
        ("0x" + "f" * 400, math.nan),
    ],
)
def test_texts_become_numbers_as_in_javascript(text: str, value: float) -> None:
    assert text_number(text) == pytest.approx(value, nan_ok=True)


def test_ties_go_away_from_zero() -> None:
    assert fixed_text(1 / 64, 5) == "0.01563"
    assert fixed_text(-1 / 64, 5) == "-0.01563"
    assert fixed_text(-1e-9, 5) == "-0.00000"
    assert fixed_text(-0.0, 5) == "0.00000"
    assert fixed_text(1e21, 5) == "1e+21"
    assert fixed_text(0.125, 2) == "0.13"
    assert [precise_text(v, 4) for v in (0, 1 / 3, 0.75, 1 / 3e6, 12345.6)] == [
        "0.000",
        "0.3333",
        "0.7500",
        "3.333e-7",
        "1.235e+4",
    ]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_shortest_form_reads_back(value: float) -> None:
    assert text_number(number_text(value)) == value


@given(st.lists(st.one_of(st.floats(), st.integers(-999, 999).map(lambda m: m / 64)), max_size=20))
def test_many_numbers_print_as_each_does(values: list[float]) -> None:
    with np.errstate(all="ignore"):
        assert fixed_texts(np.array(values, dtype=np.float64)) == [fixed_text(value, 5) for value in values]
