"""Prompts per frame: which entries are active, how they are joined, and what stands in their `${…}`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompt_frames import BLOCK
from parseq_tui.timeline.prompts import Overlap, Prompt, Prompts

ROWS = (Keyframe(0, {"w": 0.0}, {}, "kick"), Keyframe(8, {"w": 1.0}), Keyframe(16, {"w": -1.0}))


def baked(*entries: Prompt, rows: tuple[Keyframe, ...] = ROWS, dialect: Any = "native", **parts: Any) -> FrameTable:
    return bake(Document(rows, ("w",), prompts=Prompts(entries, **parts), dialect=dialect))


def positive(text: str, frame: int = 4) -> str:
    table = baked(Prompt("one", text))
    assert not [one for one in table.diagnostics if one.severity == "error"], table.diagnostics
    return table.prompt_texts(frame)[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a ${w} b", "a 0.50000 b"),
        ("${f/256}", "0.01563"),
        ("${-0*w}", "0.00000"),
        ('${"n"+1/3}', "n0.3333333333333333"),
        ("line one\nline ${\n  f\n}", "line one line 4.00000"),
        ('${ if (f>3) "late" else "early" }', "late"),
        ("an unfinished ${w", "an unfinished ${w"),
        ("${k} ${active_keyframe} ${next_keyframe}", "0.00000 4.00000 8.00000"),
        ("${L}", "NaN"),
        ('${field("w", 8)}', "1.00000"),
        ('${info_match("kick")}', "1.00000"),
        ('${dangerous("w")}', "-1.00000"),
        ("${computed_at(f)}", "undefined"),
        ("${slide(from=2, to=4, in=8)}", "2.00000"),
        ("${bez(from=2, to=4, in=8, os=0.5)}", "3.00000"),
        ("${rand(s=1)}", "0.26945"),
        ("${1 # why\n}", "1.00000"),
    ],
)
def test_formulas_print_their_value(text: str, shown: str) -> None:
    assert positive(text) == shown


def test_entries_are_active_over_their_range_ends_included() -> None:
    table = baked(
        Prompt("a", "one", all_frames=False, start=2, end=4), Prompt("b", "two", all_frames=False, start=5, end=9)
    )
    assert [table.prompt_texts(frame)[0] for frame in (1, 2, 4, 5, 9, 10)] == ["", "one", "one", "two", "two", ""]


def test_overlapping_entries_are_joined_with_their_weights() -> None:
    fading = Overlap("linear", fade_in=4, fade_out=4)
    table = baked(
        Prompt("a", "one", "n1", all_frames=False, start=0, end=8, overlap=replace(fading, fade_in=0)),
        Prompt("b", "two", "n2", all_frames=False, start=5, end=16, overlap=fading),
        Prompt("c", "three", "n3", all_frames=False, start=8, end=8, overlap=Overlap("custom", formula="w*2")),
    )
    assert table.prompt_texts(3) == ("one", "n1")
    assert table.prompt_texts(6) == ("one: 0.5000 AND two: 0.2500", "n1: 0.5000 AND n2: 0.2500")
    assert table.prompt_texts(8)[0] == "one: 0.000 AND two: 0.7500 AND three: 2.00000"


def test_several_without_negatives_leave_no_stump() -> None:
    assert baked(Prompt("a", "one"), Prompt("b", "two")).prompt_texts(0) == ("one: 1 AND two: 1", "")
    assert baked(Prompt("a", "one", "n"), Prompt("b", "two")).prompt_texts(0)[1] == "n: 1 AND : 1"


@pytest.mark.parametrize(
    ("position", "common", "result"),
    [
        ("append", "art", "cat art"),
        ("prepend", "art", "art cat"),
        ("template", "<[prompt]> [prompt] $& ", "<cat> cat $& "),
        ("template", " ", "cat"),
        ("append", "${w}", "cat 0.50000"),
    ],
)
def test_the_common_prompt_goes_with_every_entry(position: str, common: str, result: str) -> None:
    table = baked(Prompt("a", "cat"), common=Prompt("common", common), common_position=position)
    assert table.prompt_texts(4)[0] == result


def test_terms_move_to_the_other_half_with_the_sign_of_their_weight() -> None:
    table = baked(Prompt("a", 's ${posneg("a", w)} ${posneg_lora("b", -w, 3)} e', 'n ${posneg("c", w)}'))
    assert table.prompt_texts(4) == ("s (a:0.5000)  e", " <lora:b:0.5000> n (c:0.5000)")
    assert table.prompt_texts(16) == (" (c:1.0000) s  <lora:b:3.0000> e", " (a:1.0000) n ")


def test_disabled_prompts_are_empty() -> None:
    assert baked(Prompt("a", "cat"), enabled=False).prompt_texts(0) == ("", "")


@pytest.mark.parametrize(
    ("text", "code", "frame"),
    [
        ("${}", "syntax", 0),
        ("${1 +}", "syntax", 0),
        ("${S}", "no-keyframe-values", 0),
        ("${bez()}", "no-keyframe-values", 0),
        ("${prev_computed_value}", "unknown-variable", 0),
        ("${1/(7-f)}", "divide-by-zero", 7),
        ("${bogus}", "unknown-variable", 0),
    ],
)
def test_mistakes_are_told_and_the_rest_stands(text: str, code: str, frame: int) -> None:
    table = baked(Prompt("mine", f"a {text} b ${{f}}"))
    (problem,) = (one for one in table.diagnostics if one.severity == "error")
    assert (problem.code, problem.frame, problem.prompt, problem.field) == (code, frame, "mine", None)
    assert problem.text == text[2:-1]
    assert table.prompt_texts(frame)[0] == f"a {text} b {frame}.00000"


def test_an_overlap_weight_is_a_formula_of_its_own() -> None:
    weighted = Overlap("custom", formula='posneg("a", 1)')
    table = baked(Prompt("mine", "a", overlap=weighted))
    assert [one.code for one in table.diagnostics] == ["only-in-prompt"]


def test_mistakes_late_in_a_long_document_are_found_at_their_first_frame() -> None:
    rows = (Keyframe(0), Keyframe(40_000))
    table = baked(Prompt("mine", "${1/min(0, f-30000)}"), rows=rows)
    assert [(one.code, one.frame) for one in table.diagnostics] == [("divide-by-zero", 30_000)]
    assert baked(Prompt("mine", "${f}"), rows=rows).prompt_texts(3 * BLOCK + 1)[0] == f"{3 * BLOCK + 1}.00000"


def test_prompts_of_2022_hold_names_only() -> None:
    table = baked(Prompt("a", "A :${w} ${frame} ${nothing} ${1+1}\n", "${w}"), dialect="2022")
    assert table.prompt_texts(4) == ("A :0.5 4 undefined undefined\n", "0.5")


def test_frames_outside_have_no_prompt() -> None:
    table = baked(Prompt("a", "cat"))
    assert table.prompt_texts(-1) == table.prompt_texts(17) == ("", "")
    assert list(table.positive) == ["cat"] * 17
