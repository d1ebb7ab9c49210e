"""Label patterns: JavaScript's regular expressions, in bounded time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.language.patterns import Pattern, PatternError


@pytest.mark.parametrize(
    ("pattern", "label", "found"),
    [
        ("", "", True),
        ("kick", "a kick", True),
        ("^kick", "a kick", False),
        ("kick$", "a kick", True),
        ("kick$", "a kick\n", False),
        ("k.ck", "k\nck", False),
        ("[a-c]+[^a-c]", "xxabd", True),
        (r"\d{2,3}!", "a 1234!", True),
        (r"^\d{2}$", "123", False),
        (r"\w\b\W", "a b", True),
        (r"\d", "٣", False),
        (r"\w", "é", False),
        (r"\s", "\ufeff", True),
        ("(?:ab|cd)*e", "ababcde", True),
        ("(?<name>x)y", "xy", True),
        ("a(?=b)", "ab", True),
        ("a(?!b)", "ab", False),
        ("(?<=a)b", "ab", True),
        ("(?<!a)b", "ab", False),
        ("a{,2}", "a{,2}", True),
        ("a{2}{", "aa{", True),
        (r"\(loud\)", "(loud)", True),
        ("Kick", "kick", False),
        ("x*?y", "xxy", True),
        (r"[\d-]z", "-z", True),
        ("[]]", "x", False),
    ],
)
def test_patterns_match_as_in_javascript(pattern: str, label: str, found: bool) -> None:
    if pattern == "[]]":  # an empty class and a bracket: matches nothing
        assert not Pattern(pattern).found_in("]")
    assert Pattern(pattern).found_in(label) is found


@pytest.mark.parametrize(
    "pattern", ["[", "(", ")", "*", "a**", "a{2,1}", "[z-a]", "\\", "(?x)", r"(a)\1", "(?<1>a)", "(" * 99]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "(a*)*b", "(.*)*x", "^((a+)+)+$", "^(a{1,90}){1,90}$"])
def test_patterns_that_would_backtrack_for_ever_come_to_an_end(pattern: str) -> None:
    label = "a" * 300 + "!"
    try:
        assert not Pattern(pattern).found_in(label)
    except PatternError as error:
        assert "too long" in str(error)


_simple = st.recursive(
    st.sampled_from(["a", "b", "c", ".", "[ab]", r"\w", "^", "$"]),
    lambda parts: st.one_of(
        st.builds(lambda a, b: a + b, parts, parts),
        st.builds(lambda a, b: f"(?:{a}|{b})", parts, parts),
        st.builds(lambda a, q: f"(?:{a}){q}", parts, st.sampled_from("*+?")),
    ),
    max_leaves=6,
)


@given(_simple, st.text(alphabet="abc ", max_size=8))
def test_the_common_subset_agrees_with_pythons(pattern: str, label: str) -> None:
    assert Pattern(pattern).found_in(label) == (re.search(pattern.replace("$", r"\Z"), label) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("b", "abcb", ["b", "b"]),
        ("[0-9]+", "p=4b, ps=12b", ["4", "12"]),
        ("a|ab", "abab", ["ab", "ab"]),
        ("x*", "axxb", ["xx"]),
        ("^a", "aa", ["a"]),
        ("", "abc", []),
    ],
)
def test_every_match_from_left_to_right_as_long_as_it_gets(pattern: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in Pattern(pattern).spans(text)] == found
