"""Every function and variable is documented, and its example works."""

from __future__ import annotations

import numpy as np
import pytest

from parseq_tui.language.evaluate import evaluate_example
from parseq_tui.language.long_chains import GIVE_TEXT
from parseq_tui.language.parser import parse
from parseq_tui.language.registry import FUNCTIONS, VARIABLES, Function, Variable
from parseq_tui.language.traits import traits_of

ENTRIES: list[Function | Variable] = [*dict.fromkeys(FUNCTIONS.values()), *VARIABLES.values()]
PARSEQ = """
min max abs round floor ceil _sin _cos _tan _asin _acos _atan _log _exp _sqrt _cbrt _clz32 _expm1 _log1p _log10 _log2
_sign _sinh _cosh _tanh _asinh _acosh _atanh f2b f2s b2f s2f sin sq saw tri pulse bez slide rand smrand perlin vibe
info_match info_match_count info_match_prev info_match_last info_match_next info_match_gap info_match_progress
info_match_since info_match_until computed_at start_of_beat recompute_if dangerous is_generation posneg posneg_lora"""
PARSEQ_VARIABLES = """L S C P f k b wb s active_keyframe prev_keyframe next_keyframe active_keyframe_value
 prev_keyframe_value next_keyframe_value prev_computed_value final_frame last_frame fps bpm cadence PI E SQRT2 SQRT1_2
 LN2 LN10 LOG2E LOG10E"""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_everything_is_explained(entry: Function | Variable) -> None:
    assert entry.help and entry.category
    assert not entry.help.endswith(".")
    if isinstance(entry, Function):
        assert entry.signature().startswith(entry.name + "(")
        assert all(parameter.help for parameter in entry.parameters)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_example_uses_its_subject_and_gives_a_curve_or_a_text(entry: Function | Variable) -> None:
    formula = parse(entry.example)
    assert entry.name in formula.calls | formula.variables
    values = evaluate_example(entry.example)
    if isinstance(values, np.ndarray):
        assert np.isfinite(values).all()
    else:
        assert any(values)


def test_the_whole_of_parseqs_language_is_here() -> None:
    assert set(PARSEQ.split()) == {name for name, entry in FUNCTIONS.items() if not entry.ours}
    assert set(PARSEQ_VARIABLES.split()) == set(VARIABLES)


def test_long_chains_know_the_functions_that_give_texts() -> None:
    assert {entry.name for entry in ENTRIES if not isinstance(evaluate_example(entry.example), np.ndarray)} == GIVE_TEXT


def test_traits_tell_what_a_formula_needs() -> None:
    traits = traits_of(parse('prev_computed_value + field("zoom") + info_match("a") + levels'))
    assert traits.steps
    assert traits.fields == {"zoom"}
    assert traits.reads_labels
    assert traits.names == {"levels"}
    assert traits_of(parse("rand(s=1)")).remembers_anything
    assert not traits_of(parse("smrand(s=1) + perlin()")).remembers_anything
    assert traits_of(parse("smrand(s=f)")).remembers_anything
