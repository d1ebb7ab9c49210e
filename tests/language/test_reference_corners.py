"""Corners of the reference that its corpus does not show: each case was worked out from the clause it names."""

from __future__ import annotations

import json
import math
import warnings
from typing import Any

import numpy as np
import pytest

from parseq_tui.formats.frames import export_frames
from parseq_tui.formats.native import loads
from parseq_tui.language.prompt_template import fixed_texts
from parseq_tui.timeline.bake import bake

NAN = math.nan


def frames_of(rows: list[dict[str, Any]], fields: list[str], **more: Any) -> list[dict[str, Any]]:
    """The frames of a document made by Parseq."""
    document = loads(
        json.dumps(
            {
                "meta": {"generated_by": "sd_parseq"},
                "options": {"output_fps": 20, "bpm": 120},
                "managedFields": fields,
                "keyframes": rows,
                "prompts": {"format": "v2", "enabled": False, "promptList": []},
                **more,
            }
        )
    )
    frames: list[dict[str, Any]] = json.loads(export_frames(document, bake(document)))["rendered_frames"]
    return frames


def curve(formula: str, *points: tuple[float, float], end: int = 6) -> list[float | None]:
    rows: list[dict[str, Any]] = [{"frame": frame, "zoom": value} for frame, value in points]
    rows[0]["zoom_i"] = formula
    if rows[-1]["frame"] < end:
        rows.append({"frame": end})
    return [frame["zoom"] for frame in frames_of(rows, ["zoom"])]


def test_a_result_at_no_frame_at_all_is_undefined() -> None:
    """§6.7: computed_at() of what is no whole frame is "undefined", which a field shows as NaN."""
    assert curve("computed_at(5%0)", (0, 1)) == [None] * 7
    assert curve("if (f>0) (5+computed_at(0.5)) else 1", (0, 1)) == [1] + [None] * 6


def test_frames_come_into_being_with_the_first_field() -> None:
    """§6.7: dangerous("frame") reads what was rendered: of the first field's frames, only those before."""
    rows = [{"frame": 0, "zoom_i": 'dangerous("frame")', "angle_i": 'dangerous("frame",f+1)'}, {"frame": 3}]
    frames = frames_of(rows, ["zoom", "angle"])
    assert [frame["zoom"] for frame in frames] == [-1, -1, -1, -1]
    assert [frame["angle"] for frame in frames] == [1, 2, 3, -1]
    rows[0]["zoom_i"] = 'dangerous("frame",f-1)'
    assert [frame["zoom"] for frame in frames_of(rows, ["zoom"])] == [-1, -1, 1, 2]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (((0, 1), (1, 2), (1, 3), (4, 0), (6, 5)), [None, None, 20 / 9, 7 / 9, 0, 2.5, 5]),
        (((0, 1), (0, 4), (3, 2), (6, 5)), [None, None, None, None, 25 / 9, 38 / 9, 5]),
        (((0, 1), (2, 3), (4, 0), (6, 5), (6, 2)), [None] * 7),
        (
            ((0, 1), (1, 3), (2, 1), (5, 3), (5, 9), (6, 4), (8, 1), (9, 3)),
            [None, None, None, None, None, None, 4, 2.5, 1, 3],
        ),
    ],
)
def test_a_smooth_curve_has_no_numbers_around_two_rows_on_one_frame(
    points: tuple[tuple[float, float], ...], expected: list[float | None]
) -> None:
    """§7.3: C is NaN around them; farther on it has the values that Parseq's elimination gives."""
    assert curve("C", *points) == pytest.approx(expected)


def test_infinite_numbers_in_prompts_warn_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fixed_texts(np.array([np.inf, -np.inf, NAN, 1 / 64])) == ["Infinity", "-Infinity", "NaN", "0.01563"]


def test_a_series_out_of_order_is_looked_up_from_its_first_point_on() -> None:
    """§12.2: the first point at or beyond the position counts, wherever the others lie."""
    points = [{"x": 3, "y": 1}, {"x": 1, "y": 2}, {"x": 5, "y": 4}]
    series = [{"alias": "a", "ts": {"data": points, "timestampType": 0}}]
    frames = frames_of([{"frame": 0, "zoom_i": "a"}, {"frame": 6}], ["zoom"], timeSeries=series)
    assert [frame["zoom"] for frame in frames] == [1, 1, 1, 1, 2, 2, 4]


def test_rows_between_two_frames_shape_curves_and_begin_nothing() -> None:
    """§7.2: no frame equals theirs, so they are never active and their formulas never begin."""
    rows = [{"frame": 0, "zoom": 0}, {"frame": 1.5, "zoom": 3, "zoom_i": "S"}, {"frame": 3, "zoom": 0}]
    assert [frame["zoom"] for frame in frames_of(rows, ["zoom"])] == [0, 2, 2, 0]
    rows[0]["zoom_i"] = "S+k"
    assert [frame["zoom"] for frame in frames_of(rows, ["zoom"])] == [0, 1, 5, 0]
    rows[0]["zoom_i"] = "next_keyframe"
    assert [frame["zoom"] for frame in frames_of(rows, ["zoom"])] == [1.5, 1.5, 3, 3]


def test_the_first_error_of_a_field_and_of_the_prompts_comes_first() -> None:
    """§15: parsing happens when the frame is reached, so a later row's bad formula surfaces after earlier frames."""
    entries = [
        {"positive": positive, "negative": "", "allFrames": False, "from": start, "to": 9}
        for start, positive in ((4, "${nope}"), (2, "${1/0}"))
    ]
    document = loads(
        json.dumps(
            {
                "managedFields": ["zoom"],
                "keyframes": [{"frame": 0, "zoom_i": "1/(f-2)"}, {"frame": 5, "zoom_i": "1+"}, {"frame": 9}],
                "prompts": {"format": "v2", "enabled": True, "promptList": entries},
            }
        )
    )
    found = [(problem.code, problem.frame) for problem in bake(document).diagnostics]
    assert found == [("divide-by-zero", 2), ("syntax", 5), ("divide-by-zero", 2), ("unknown-variable", 4)]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("_sqrt(-1)^0", 1),  # §4: ** of JavaScript
        ('(-1)^("Infinity"*1)', None),
        ('5%("Infinity"*1)', 5),
        ('"0x10"*1', 16),
        ('"-0x10"*1', None),
        ('" .5 "*2', 1),
        ('"\uffff" < "\U0001f600"', 0),  # by UTF-16 units
        ("round(-2.5)", -2),  # §6.2
        ("round(0.49999999999999994)", 0),
        ("round(1.005,2)", 1),
        ("_clz32(-1)", 0),
        ("_clz32(_log(0))", 32),
        ("saw(p=4,ps=-3)", -0.75),  # §6.4
        ("pulse(p=0,c=3)", 3),
        ("sq(p=0,c=3)", 2),
        ("slide(from=0,to=10,in=5,os=0.5)", 5),  # §6.5
        ("is_generation(2)", 1),
        ('info_match_prev("none","-7")', -7),  # §6.7
        ("min(1,2,)", 1),  # §3: a trailing comma
        ("if (0) 2 else 3+4 ", 7),
        ("if 1 if 0 5 else 7", 0),
    ],
)
def test_values_at_the_first_frame(formula: str, expected: float | None) -> None:
    assert curve(formula, (0, 1))[0] == expected


@pytest.mark.parametrize(
    ("prompts", "shown"),
    [
        ({"commonPrompt": {"positive": "b\u2028"}}, "\x1ca b"),  # §8.1: trimmed as JavaScript trims
        ({"commonPrompt": {"positive": "\ufeffb"}, "commonPromptPos": "prepend"}, "b \x1ca"),
        ({"commonPrompt": {"positive": "\ufeff"}, "commonPromptPos": "template"}, "\x1ca"),
        ({"commonPromptPos": None}, "\x1ca"),
        ({"enabled": None}, None),  # §8: falsy
    ],
)
def test_the_common_prompt(prompts: dict[str, Any], shown: str | None) -> None:
    entry = {"positive": "\x1ca", "allFrames": True, "enabled": False}
    whole = {"format": "v2", "promptList": [entry], **prompts}
    frames = frames_of([{"frame": 0}, {"frame": 1}], ["zoom"], prompts=whole)
    assert frames[0].get("deforum_prompt") == shown


def test_a_managed_subseed_is_written_over_as_by_parseq() -> None:
    """Q39: later passes overwrite."""
    frames = frames_of([{"frame": 0, "seed": 1.5, "subseed": 7}, {"frame": 1}], ["seed", "subseed"])
    assert (frames[0]["subseed"], frames[0]["subseed_strength"]) == (2, 0.5)
