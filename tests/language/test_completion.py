"""What is offered while a formula is typed, and how its parts are coloured."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.language.completion import completions, signature_at
from parseq_tui.language.highlight import highlight

NAMES = ("zoom", "angle", "loudness")


def offered(text_with_cursor: str) -> list[str]:
    cursor = text_with_cursor.index("|")
    return [found.text for found in completions(text_with_cursor.replace("|", ""), cursor, NAMES)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("1 + si|", "sin("),
        ("next_keyframe_|", "next_keyframe_value"),
        ("sin(p|", "period="),
        ("sin(p=2b, amp=1, c|", "centre="),
        ('bez(curve="easeInOutB|', "easeInOutBack"),
        ('field("zo|', "zoom"),
        ("lou|", "loudness"),
        ("el|", "else"),
        ("|", "zoom"),
    ],
)
def test_the_likeliest_comes_first(typed: str, first: str) -> None:
    assert offered(typed)[0] == first


def test_a_parameter_is_offered_once_and_not_behind_one_without_a_name() -> None:
    assert "phase=" in offered("sin(p=2b, |") and "period=" not in offered("sin(p=2b, |")
    assert not [text for text in offered("sin(2b, |") if text.endswith("=")]


@pytest.mark.parametrize("typed", ["12|", "sin(p=2b|", "1.5s|", 'posneg("ca|', "1 # si|", '"text|'])
def test_nothing_is_offered_where_nothing_fits(typed: str) -> None:
    assert offered(typed) == []


@pytest.mark.parametrize(
    ("typed", "parameter"),
    [
        ("sin(|", "period"),
        ("sin(2b, |", "phase=0"),
        ("sin(2b, amp=|", "amp=1"),
        ("sin(max(1, 2), |", "phase=0"),
        ("sin(max(1, |", "b"),
        ("max((1+2), |", "b"),
        ("max(1, 2, |", ""),
    ],
)
def test_the_current_parameter_is_marked(typed: str, parameter: str) -> None:
    signature = signature_at(typed.replace("|", ""), typed.index("|"))
    assert signature is not None
    assert signature.text[signature.start : signature.end] == parameter


def test_no_call_no_signature() -> None:
    assert signature_at("1 + (2", 6) is None
    assert signature_at("sin(p=2) + 1", 12) is None


def test_colours_of_a_formula() -> None:
    text = 'if (f>2) sin(p=2b)*PI else "x" + zoom # why'
    parts = [(text[span.start : span.end], kind) for span, kind in highlight(text)]
    assert ("sin", "function") in parts
    assert ("p", "parameter") in parts
    assert ("2b", "number") in parts
    assert ("PI", "constant") in parts
    assert ("f", "variable") in parts
    assert ("zoom", "name") in parts
    assert ('"x"', "text") in parts
    assert parts[-1] == ("# why", "comment")


@given(st.text(max_size=40), st.integers(0, 40))
def test_no_text_disturbs(text: str, cursor: int) -> None:
    cursor = min(cursor, len(text))
    completions(text, cursor, NAMES)
    signature_at(text, cursor)
    spans = [span for span, _ in highlight(text)]
    assert all(a.end <= b.start for a, b in pairwise(spans))
