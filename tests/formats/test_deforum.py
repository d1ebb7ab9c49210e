"""Deforum's settings, in: what its own render loop was asked to draw, the documents made of them ask for too."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import DocumentError, FormulaError
from parseq_tui.formats.checking import check_file
from parseq_tui.formats.deforum import read_settings
from parseq_tui.formats.deforum_schedules import read_schedule, translated
from parseq_tui.formats.native import dumps, loads
from parseq_tui.formats.schedules import schedule
from parseq_tui.language.evaluate import evaluate_over
from parseq_tui.render.plan import plan_frames
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.render_settings import resolve

RUNS = json.loads((Path(__file__).parents[1] / "data" / "deforum" / "runs.json").read_text())
"""Settings, and every diffusion call that Deforum's unmodified loop made of them."""
SETTINGS = {"max_frames": 100, "animation_mode": "2D", "strength_schedule": "0:(0.65)"}


def made(**settings: Any) -> Document:
    document, _ = read_settings(json.dumps({**SETTINGS, **settings}))
    return loads(dumps(document))


def values(text: str, last_frame: int, **options: Any) -> list[float]:
    """A schedule, frame by frame, by way of a document."""
    document = made(max_frames=last_frame + 1, strength_schedule=text, **options)
    return bake(document)["strength"].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run["name"])
def test_the_same_pictures_are_asked_for(run: dict[str, Any]) -> None:
    document, _ = read_settings(json.dumps(run["settings"]))
    document = loads(dumps(document))
    table = bake(document)
    assert check_file(document, table) == []
    plans = plan_frames(
        table, resolve(document.render), document.options, document.dialect, input_frames=len(run["calls"])
    )
    requests = [plan.request for plan in plans if plan.request is not None]
    assert len(requests) >= len(run["calls"])  # Deforum loses the last frames of a cadence
    for request, call in zip(requests, run["calls"], strict=False):
        assert (request.seed, request.positive, request.negative) == (
            call["seed"],
            call["prompt"].strip(),
            call["negative_prompt"].strip(),
        )
        assert request.cfg_scale == pytest.approx(call["cfg_scale"])
        assert request.denoising_strength == pytest.approx(1 if call["denoise"] is None else call["denoise"])
        assert request.subseed_strength == pytest.approx(call["subseed_strength"])


@given(st.dictionaries(st.integers(0, 60), st.floats(0, 2).map(lambda x: round(x, 4)), min_size=1, max_size=9))
def test_numbers_are_points_of_straight_lines(keys: dict[int, float]) -> None:
    text = ", ".join(f"{frame}: ({value})" for frame, value in keys.items())
    known = sorted(keys)
    expected = np.interp(range(61), known, [keys[frame] for frame in known])
    assert values(text, 60) == pytest.approx(expected.tolist())


@given(st.lists(st.sampled_from([0.0, 1.0, 0.25, 1e-7]), min_size=2, max_size=12))
def test_what_export_writes_is_read_back(curve: list[float]) -> None:
    assert values(schedule(range(len(curve)), curve), len(curve) - 1) == pytest.approx(curve)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1.0025+0.002*sin(1.25*3.14*t/30)", lambda t: 1.0025 + 0.002 * math.sin(1.25 * 3.14 * t / 30)),
        ("10-5-2", lambda t: 3),
        ("-t**2", lambda t: -(t**2)),
        ("2**-1*8/2/2", lambda t: 1),
        ("t%7-(t-3)", lambda t: t % 7 - (t - 3)),
        ("where(t>=5, max_f, s)", lambda t: 99 if t >= 5 else -3),
        ("(t>2)&~(t>8)", lambda t: float(2 < t <= 8)),
        ("arctan(t)+abs(s)*s-s", lambda t: math.atan(t) + 3 * -3 + 3),
    ],
)
def test_expressions_keep_their_values(expression: str, expected: Any) -> None:
    formula = translated(expression, seed=-3).replace("last_frame", "99")
    assert np.asarray(evaluate_over(formula, 12)).tolist() == pytest.approx([float(expected(t)) for t in range(12)])


def test_an_expression_rules_until_the_next_key() -> None:
    got = values("0:(0.5), 4:(t/100), 'max_f-1':(1)", 9)
    assert got == pytest.approx([0.5, 0.385, 0.27, 0.155, 0.04, 0.05, 0.06, 0.07, 1, 1])


def test_seeds_are_cut_to_whole_numbers() -> None:
    document = made(seed=5, seed_behavior="schedule", seed_schedule="0:(7), 3:(s*10), 5:(2.9)", max_frames=7)
    assert bake(document)["seed"].tolist() == [7, 21, 35, 50, 50, 2, 2]


@pytest.mark.parametrize(
    "text",
    ["0 1", "0:", "5:(t.real)", "0:(__import__('os'))", "0:(" + "-" * 1900 + "1)", "0:(open(t))", "-4:(1)", "900:(1)"],
)
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        read_schedule(text, 99, seed=0)
    assert caught.value.message.isprintable()
    with pytest.raises(DocumentError, match="strength_schedule: "):
        made(strength_schedule=text)


@pytest.mark.parametrize(
    ("key", "value"), [("fps", 0), ("max_frames", None), ("W", [512]), ("steps", "many"), ("fps", "-2")]
)
def test_a_setting_that_is_no_number_is_named(key: str, value: object) -> None:
    with pytest.raises(DocumentError, match=f"{key} cannot be"):
        made(**{key: value})


def test_numbers_may_be_kept_as_text() -> None:
    """As the notebook did, and programs that follow it do."""
    assert made(max_frames="30", diffusion_cadence="2", fps="12.5") == made(
        max_frames=30, diffusion_cadence=2, fps=12.5
    )


def test_what_moves_nothing_makes_no_column() -> None:
    document = made(angle="0:(0)", zoom="0:(1.02)", translation_z="0:(5)", noise_schedule="0:(0)")
    assert document.managed_fields == ("strength", "zoom")
    assert document.render["motion"] == "absolute"


def test_prompts_start_on_their_keys_with_their_formulas() -> None:
    document = made(
        prompts={"0": "a cat:`where(t>50, 1, 0.5)` --neg dull", "max_f/3": "a dog"}, positive_prompts="fine,"
    )
    table = bake(document)
    assert table.prompt_texts(0) == ("fine, a cat:0.50000", "dull")
    assert table.prompt_texts(33) == ("fine, a dog", "")


def test_prompts_of_the_interpolation_fade_into_each_other() -> None:
    document = made(animation_mode="Interpolation", max_frames=21, prompts={"0": "a cat", "10": "a dog", "20": "a sun"})
    positive, _ = bake(document).prompt_texts(15)
    assert document.render["mode"] == "txt2img"
    assert "a dog" in positive and "a sun" in positive and positive.count("0.5") == 2
    assert "a cat" not in positive


def test_what_is_not_taken_over_is_said() -> None:
    _, notes = read_settings(
        json.dumps({**SETTINGS, "cn_1_enabled": True, "hybrid_motion": "None", "use_parseq": True})
    )
    assert [note.code for note in notes] == ["deforum-use_parseq", "deforum-cn_1_enabled"]


def test_opening_settings_says_what_to_do() -> None:
    with pytest.raises(DocumentError) as caught:
        loads(json.dumps(SETTINGS), "run_settings.txt")
    assert "parseq-tui new FILE.json --from run_settings.txt" in caught.value.hint
