"""Prompts as the web UI reads them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import DATA

from parseq_tui.render.conditioning import (
    LARGEST_WEIGHT,
    Moment,
    extract_networks,
    parse_emphasis,
    split_terms,
    text_at,
    timeline,
)

GOLDEN: list[dict[str, Any]] = json.loads((DATA / "webui" / "prompt_parser.json").read_text())
"""81 prompts, read by the web UI's own parser."""
prompts = st.text("ab ,.:()[]|\\<>lora0.5-ANDBREAK\n", max_size=60)


def emphasis(text: str) -> list[list[Any]]:
    """Stretches and weights, BREAK as an entry of its own."""
    stretches: list[list[Any]] = []
    for index, chunk in enumerate(parse_emphasis(text)):
        stretches += [["BREAK", None]] if index else []
        stretches += [[part.text, part.weight] for part in chunk]
    return stretches


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: repr(case["prompt"]))
def test_reads_as_the_web_ui(case: dict[str, Any]) -> None:
    prompt = case["prompt"]
    if "attention" in case:  # "(a:.)" stops the web UI
        expected = [[text, None if text == "BREAK" else weight] for text, weight in case["attention"]]
        assert emphasis(prompt) == [[text, weight and pytest.approx(weight)] for text, weight in expected]
        chunks = parse_emphasis(prompt, breaks_weigh=True)
        words = [[part.text, part.weight] for chunk in chunks for part in chunk]
        weighing = [[text, weight] for text, weight in case["attention"] if [text, weight] != ["BREAK", -1]]
        assert words == [[text, pytest.approx(weight)] for text, weight in weighing]
    assert [[moment.end, moment.text] for moment in timeline(prompt, 10)] == case["schedule_10"]
    assert [[term.text, term.weight] for term in split_terms(prompt)] == case["composable"]


@pytest.mark.parametrize(
    "text",
    [
        "a | b [c:d:4]",
        "[a|b] and c | d",
        "[a|(b|c)]",
        "[a:b|c:3] [d:e:4]",
        "([a:b:3]|c)",
        "[a:b:3] \\",
        "[a:b:3] c\\\nd",
    ],
)
def test_what_the_web_ui_s_grammar_has_no_place_for_ends_all_schedules(text: str) -> None:
    """WEBUI §4.3: a bar that takes no turns, or a backslash before nothing, and the whole text is kept."""
    assert timeline(text, 10) == (Moment(10, text),)


@pytest.mark.parametrize("text", ["a \\| b [c:d:4]", "[a:b:4] \\\\"])
def test_escaped_bars_and_backslashes_are_text(text: str) -> None:
    assert [moment.end for moment in timeline(text, 10)] == [4, 10]


def test_what_stops_the_web_ui_is_text() -> None:
    assert emphasis("(a:.)") == [["a:.", 1.1]]


def test_networks_are_taken_out() -> None:
    text, networks = extract_networks("a <lora:ink:0.7> cat <lora:wash:te=0.5:unet=1.2> <hypernet:x:1>")
    assert text == "a  cat  "
    assert [(network.kind, network.name, network.weights()) for network in networks] == [
        ("lora", "ink", (0.7, 0.7)),
        ("lora", "wash", (0.5, 1.2)),
        ("hypernet", "x", (1.0, 1.0)),
    ]
    assert extract_networks("<lora:bare>")[1][0].weights() == (1.0, 1.0)
    assert extract_networks("<lora:odd:much>")[1][0].weights() == (1.0, 1.0)
    assert extract_networks("a < b and <c>")[0] == "a < b and <c>"


def test_a_timeline_answers_for_every_call() -> None:
    moments = timeline("[a:b:3]", 8)
    assert moments == (Moment(3, "a"), Moment(8, "b"))
    assert [text_at(moments, call) for call in (0, 3, 4, 99)] == ["a", "a", "b", "b"]


@given(prompts)
def test_every_text_reads_as_something(text: str) -> None:
    assert parse_emphasis(text)
    assert timeline(text, 7)[-1].end == 7
    assert len(split_terms(text)) >= 1
    extract_networks(text)


@given(st.text("abc ,.", min_size=1, max_size=30), st.floats(0.1, 3))
def test_text_without_syntax_is_kept_and_weighted(text: str, weight: float) -> None:
    assert emphasis(text) == [[text, 1.0]]
    assert emphasis(f"({text}:{weight:.6f})") == [[text, pytest.approx(weight, abs=1e-6)]]


@given(st.integers(1, 6), st.integers(0, 6))
def test_brackets_multiply(round_pairs: int, square_pairs: int) -> None:
    text = "(" * round_pairs + "[" * square_pairs + "x" + "]" * square_pairs + ")" * round_pairs
    assert emphasis(text) == [["x", pytest.approx(1.1 ** (round_pairs - square_pairs))]]


@given(prompts, st.integers(1, 30))
def test_moments_come_in_order(text: str, steps: int) -> None:
    ends = [moment.end for moment in timeline(text, steps)]
    assert ends == sorted(set(ends)) and ends[0] >= 1 and ends[-1] == steps


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 8000 + "a",
        "[" * 8000,
        "[a:" * 3000 + "b:3]" * 3000,
        "[a|b]" * 3000,
        " :" * 10000,
        "<lora:" * 5000,
        "\\" * 9999,
    ],
    ids=lambda text: text[:6],
)
def test_hostile_text_costs_little(hostile: str) -> None:
    started = time.process_time()
    parse_emphasis(hostile)
    timeline(hostile, 20)
    split_terms(hostile)
    extract_networks(hostile)
    assert time.process_time() - started < 10


def test_weights_stay_finite() -> None:
    for text in ("(" * 4000 + "x", "(x:" + "9" * 400 + ")", "[" * 4000 + "x"):
        assert all(abs(part.weight) <= LARGEST_WEIGHT for part in parse_emphasis(text)[0])
    assert split_terms("a :" + "9" * 400)[0].weight == LARGEST_WEIGHT


def test_long_runs_of_white_space_are_read_once() -> None:
    """Read anew from every character, these would take minutes."""
    text = "a" + " " * 40_000 + "b"
    assert split_terms(text)[0].text == text
    assert parse_emphasis(text)[0][0].text == text
    assert [chunk[0].text for chunk in parse_emphasis("a  BREAK  BREAK b")] == ["a", "", "b"]
