"""Documents of October 2022, and from before."""

from __future__ import annotations

import json

from parseq_tui.formats.frames import export_frames
from parseq_tui.formats.native import dumps, loads
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.edits import InsertKeyframe, SetManagedFields, SetValue
from parseq_tui.timeline.fields import SEED_ERA_FIELDS

ENDS = {name: field.default for name, field in SEED_ERA_FIELDS.items()}
ROWS = [{"frame": 0, **ENDS, "denoise_i": "L+tri(10,0,0.1)*2-S"}, {"frame": 5, "denoise": 0.2}, {"frame": 20, **ENDS}]
TEXT = json.dumps(
    {
        "meta": {"version": "0.02"},
        "prompts": {"positive": "cat :${prompt_weight_1}", "negative": ""},
        "options": {"input_fps": "", "output_fps": "", "bpm": 140},
        "keyframes": ROWS,
    }
)
ANCIENT = json.dumps(
    {
        "prompts": [{"positive": text, "negative": ""} for text in ("cat", "", "dog", "")],
        "keyframes": [
            {"frame": 0, **ENDS, "prompt_1_weight": 0.5, "prompt_1_weight_i": "sin(1, 0, 20, 3)"},
            {"frame": 9, **ENDS},
        ],
    }
)


def test_it_keeps_its_fields_and_its_frames() -> None:
    document = loads(TEXT)
    assert document.dialect == "2022"
    assert document.options.fps == 20, "a blank rate is the default"
    frame = json.loads(export_frames(document, bake(document)))["rendered_frames"][0]
    derived = ["positive_prompt", "negative_prompt", "subseed", "subseed_strength"]
    assert list(frame) == ["frame", *SEED_ERA_FIELDS, *derived]
    assert frame["positive_prompt"] == "cat :1"


def test_the_format_before_that_is_upgraded_only_when_it_is_changed() -> None:
    document = loads(ANCIENT)
    assert dumps(document) == ANCIENT
    assert document.prompts.entries[0].positive == "cat :${prompt_weight_1} AND dog :${prompt_weight_3}"
    row = document.keyframes[0]
    assert row.formulas["prompt_weight_1"] == "sin(period= 20, phase= 0, amp= 3, centre=1)"
    edited = SetValue(0, "scale", 9).apply(document)
    again = loads(dumps(edited))
    assert again == edited
    assert '"meta": {"version": "0.02"}' in dumps(edited)


def test_a_keyframe_behind_the_last_one_can_be_saved_and_opened_before_it_is_complete() -> None:
    edited = InsertKeyframe(30).apply(loads(TEXT))
    again = loads(dumps(edited))
    assert again == edited
    (problem,) = [found for found in bake(again).diagnostics if found.severity == "error"]
    assert (problem.code, problem.frame) == ("missing-first-or-last", 30)


def test_it_stays_a_document_of_2022_when_it_manages_fewer_fields() -> None:
    rows_tell = TEXT.replace('"meta": {"version": "0.02"}', '"meta": {"version": "0.01"}')
    edited = SetManagedFields(("seed", "zoom")).apply(loads(rows_tell))
    assert loads(dumps(edited)) == edited
