"""What formulas give: laziness, coercions, errors at the right frame; all frames at once or one after the other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from parseq_tui.errors import FormulaError, SyntaxProblem
from parseq_tui.language.evaluate import evaluate_over
from parseq_tui.language.execution import execute
from parseq_tui.language.moment import Failure, Labels, Moment, Points, Rules, Run, Series, Surroundings
from parseq_tui.language.parser import Formula, parse
from parseq_tui.language.stepper import step_through
from parseq_tui.language.traits import traits_of
from parseq_tui.language.values import Scalar, spread
from tests.language.formula_texts import meaningful_formula

FRAMES = np.arange(0, 24.0)
POINTS = Points(np.array([0.0, 6.0, 15.0, 23.0]), np.array([1.0, 4.0, 0.0, 2.0]))


def a_run(rules: Rules = "native") -> Run:
    around = Surroundings(
        fps=20,
        bpm=120,
        cadence=3,
        final_frame=23,
        labels=Labels(np.array([0.0, 4, 9, 15, 23]), ("a", None, "ab", "x", "b")),
        series={"beat_levels": Series(np.array([0.0, 5, 10]), np.array([1.0, 2, 0]))},
        columns={"zoom": np.linspace(0, 1, 24)},
        rules=rules,
        random_seed=5,
    )
    return Run(around, POINTS, "angle", 2.5)


def results(text: str, rules: Rules = "native") -> tuple[list[Scalar], Failure | None]:
    formula = parse(text)
    run = a_run(rules)
    value, failure = execute(formula, traits_of(formula, "angle", rules), run, FRAMES, POINTS.active_at(FRAMES))
    count = len(FRAMES) if failure is None else int(failure.frame)
    return spread(value, count).tolist(), failure


def failing(text: str, rules: Rules = "native") -> tuple[str, float, str]:
    """(kind, frame, the text that is marked)."""
    _, failure = results(text, rules)
    assert failure is not None
    span = failure.error.span
    assert span is not None
    return failure.error.kind, failure.frame, text[span.start : span.end]


def test_a_branch_that_is_not_taken_never_fails() -> None:
    assert results("if (f>3) 1/(f-3) else 7")[1] is None
    assert results("if (0) nonsense else if (1) 2 else gibberish(3)")[0] == [2.0] * 24


def test_the_first_failing_frame_is_reported_whichever_part_fails() -> None:
    assert failing("1/(9-f) + 1/(5-f)") == ("divide-by-zero", 5.0, "5-f")
    assert failing("if (f<4) 1 else bez(x1=2)") == ("bezier-x-range", 4.0, "bez(x1=2)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sni(p=4)", ("unknown-function", 0.0, "sni")),
        ("1 + bogus", ("unknown-variable", 0.0, "bogus")),
        ("sin()", ("missing-argument", 0.0, "sin")),
        ("sin(p=4, q=5)", ("unknown-argument", 0.0, "q=5")),
        ("sin(p=4, period=5)", ("duplicate-argument", 0.0, "period=5")),
        ("abs(1, 2, 3)", ("too-many-arguments", 0.0, "2")),
        ('abs("x")', ("argument-type", 0.0, '"x"')),
        ('bez(c="easy")', ("unknown-curve", 0.0, 'bez(c="easy")')),
        ('start_of_beat(r="x")', ("rounding-mode", 0.0, 'start_of_beat(r="x")')),
        ("computed_at(f+1)", ("future-frame", 0.0, "computed_at(f+1)")),
        ('posneg("a", 1)', ("only-in-prompt", 0.0, 'posneg("a", 1)')),
        ('info_match("[")', ("bad-regex", 0.0, 'info_match("[")')),
        ('field("zom")', ("unknown-variable", 0.0, 'field("zom")')),
        ("if (f>9) prev_computed_value/0 else 1", ("divide-by-zero", 10.0, "0")),
    ],
)
def test_errors_have_a_kind_a_frame_and_a_place(text: str, expected: tuple[str, float, str]) -> None:
    assert failing(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [("sni(p=4)", "sin"), ("zom", "zoom"), ("Min(1,2)", "min"), ("sin", "sin(period"), ("zoom", 'field("zoom")')],
)
def test_unknown_names_come_with_the_nearest_valid_one(text: str, hint: str) -> None:
    with pytest.raises(FormulaError) as raised:
        _, failure = results(text)
        assert failure is not None
        raise failure.error
    assert hint in raised.value.hint or text == "zom"


def test_texts_and_numbers_convert_as_documents_expect() -> None:
    assert results('"a" + 1/3')[0][0] == "a0.3333333333333333"
    assert results('"2" == 2')[0][0] == 1.0
    assert results('"10" < "9"')[0][0] == 1.0
    assert results('"0x10" * 1')[0][0] == 16.0
    assert results('"cat" : 0.5 + 1')[0][0] == "(cat:0.5)1"
    assert results('if (f>1) f else "early"')[0][:3] == ["early", "early", 2.0]


def test_mathematics_never_raises() -> None:
    for text in ("_log(-1)", "_sqrt(-1)", "_acosh(0)", "7 % 0", "(-8)^(1/3)", "_exp(1000) - _exp(1000)"):
        value = results(text)[0][0]
        assert isinstance(value, float)
        assert math.isnan(value), text
    assert results("2^1024")[0][0] == math.inf
    assert results("0^0")[0][0] == 1.0


def test_native_documents_get_the_sane_meaning_of_quirks() -> None:
    assert results("next_keyframe_value")[0][23] == 2.0
    assert results("recompute_if(f%4==0, if (f>5) 1 else 2)")[0][:9] == [2.0] * 8 + [1.0]
    assert results("recompute_if(f%4==0, if (f>5) 1 else 2)", "parseq")[0][:9] == [2.0] * 6 + [-1.0, -1.0, 1.0]
    assert results('dangerous("zoom")')[0][0] == 0.0
    assert results('dangerous("zoom")', "parseq")[0][0] == -1.0
    assert results("computed_at()")[0][0] == 2.5
    steps = np.abs(np.diff(results("vibe(seed=1, pmin=8, pmax=12)")[0]))
    assert steps.max() < 0.4, "it eases instead of jumping at every frame"


def test_other_fields_are_read_at_any_frame() -> None:
    here = results('field("zoom")')[0]
    assert here == pytest.approx(np.linspace(0, 1, 24))
    assert results('field("zoom", f-1)')[0] == [here[0], *here[:-1]]
    assert results('field("zoom", f+0.5)')[0][0] == pytest.approx((here[0] + here[1]) / 2)


def test_the_same_seed_gives_the_same_curve_and_other_calls_others() -> None:
    assert results("rand()") == results("rand()")
    assert results("rand()")[0] != results("rand() + 0*rand()")[0] or results("rand() - rand()")[0][0] != 0
    assert results("smrand() - smrand(seed=3)")[0][5] != 0


@given(meaningful_formula, st.sampled_from(["native", "parseq"]))
def test_all_frames_at_once_and_one_by_one_agree(text: str, rules: Rules) -> None:
    try:
        formula = parse(text)
    except SyntaxProblem:
        return
    traits = traits_of(formula, "angle", rules)
    assume(not traits.traces and not traits.steps)
    together, failure = results(text, rules)
    run = a_run(rules)
    with np.errstate(all="ignore"):
        moment = Moment(run, FRAMES, POINTS.active_at(FRAMES))
        one_by_one, found = step_through(formula.tree, traits, moment, ahead=False)
    assert same_failure(failure, found)
    assert len(together) == len(one_by_one)
    assert all(agree(a, b) for a, b in zip(together, one_by_one, strict=True))


@given(meaningful_formula)
def test_looking_back_changes_nothing_that_does_not_look_back(text: str) -> None:
    try:
        plain, looking = parse(text), parse(f"({text}) + 0*prev_computed_value")
    except SyntaxProblem:
        return
    stepped = [run_of(looking, ahead=ahead) for ahead in (True, False)]
    assert same_failure(stepped[0][1], stepped[1][1])
    assert all(agree(a, b) for a, b in zip(stepped[0][0], stepped[1][0], strict=True))
    assert plain.variables <= looking.variables


def run_of(formula: Formula, *, ahead: bool) -> tuple[list[Scalar], Failure | None]:
    moment = Moment(a_run(), FRAMES, POINTS.active_at(FRAMES))
    with np.errstate(all="ignore"):
        return step_through(formula.tree, traits_of(formula, "angle"), moment, ahead=ahead)


def same_failure(one: Failure | None, other: Failure | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.frame, one.error.kind, one.error.span) == (other.frame, other.error.kind, other.error.span)


def agree(one: Scalar, other: Scalar) -> bool:
    if not isinstance(one, float) or not isinstance(other, float):
        return one == other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))


def test_one_formula_outside_any_document() -> None:
    numbers = evaluate_over("L", 5)
    assert isinstance(numbers, np.ndarray)
    assert numbers.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert evaluate_over('"frame " + f', 2) == ["frame 0", "frame 1"]
    assert np.asarray(evaluate_over("2b", 1, fps=30, bpm=90)).tolist() == [40]
    with pytest.raises(FormulaError, match=r"division by zero \(at frame 3\)"):
        evaluate_over("1/(3-f)", 9)
