"""Frame JSON: exported for other programs, and read from them."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parseq_tui.errors import DocumentError
from parseq_tui.formats.frames import export_frames, is_frame_json, read_frames
from parseq_tui.formats.native import loads
from parseq_tui.timeline.bake import bake


def exported(text: str) -> dict[str, Any]:
    document = loads(text)
    content = json.loads(export_frames(document, bake(document)))
    assert isinstance(content, dict)
    return content


def document_of(rows: str, more: str = "", fields: str = '"zoom"') -> str:
    return f'{{"managedFields": [{fields}], "keyframes": [{rows}]{more}}}'


MOVING = '{"frame": 0, "zoom": 1}, {"frame": 2, "zoom": 2}'


def test_keys_come_in_parseqs_order() -> None:
    content = exported(document_of(MOVING, ', "own": 1', '"seed", "zoom"'))
    assert list(content) == ["managedFields", "keyframes", "own", "rendered_frames", "rendered_frames_meta"]
    assert list(content["rendered_frames"][0]) == [
        "frame", "seed", "zoom", "deforum_prompt", "subseed", "subseed_strength",
        "seed_delta", "seed_pc", "zoom_delta", "zoom_pc",
    ]  # fmt: skip
    assert content["rendered_frames_meta"]["zoom"] == {"max": 2, "min": 1, "isFlat": False}


def test_a_subseed_of_the_documents_own_is_kept() -> None:
    rows = '{"frame": 0, "seed": 1.5, "subseed": 7}, {"frame": 2}'
    frames = exported(document_of(rows, fields='"seed", "subseed"'))["rendered_frames"]
    assert [(frame["subseed"], frame["subseed_strength"]) for frame in frames] == [(7, 0.5)] * 3


def test_prompts_that_are_off_leave_no_key() -> None:
    frames = exported(document_of(MOVING, ', "prompts": {"promptList": [], "enabled": false}'))["rendered_frames"]
    assert "deforum_prompt" not in frames[0]


def test_frames_that_were_in_the_file_are_replaced() -> None:
    old = ', "rendered_frames": [{"frame": 0, "zoom": 99}], "rendered_frames_meta": {}'
    frames = exported(document_of(MOVING, old))["rendered_frames"]
    assert [frame["zoom"] for frame in frames] == [1, 1.5, 2]


def test_an_empty_object_takes_frames_too() -> None:
    content = exported('{"keyframes": [{"frame": 0}, {"frame": 1}]}')
    assert [frame["frame"] for frame in content["rendered_frames"]] == [0, 1]
    assert content["rendered_frames_meta"] == []


def test_numbers_read_back_to_the_same_double_and_others_are_null() -> None:
    rows = '{"frame": 0, "zoom": 0.1, "zoom_i": "_sqrt(1-f)*0.1"}, {"frame": 2}'
    text = document_of(rows)
    table = bake(loads(text))
    frames = exported(text)["rendered_frames"]
    for value, frame in zip(table["zoom"], frames, strict=True):
        assert (frame["zoom"] is None) if math.isnan(value) else frame["zoom"] == value
    assert frames[2]["zoom"] is None


def test_a_reversed_export_turns_time_and_motion_round() -> None:
    frames = exported(document_of(MOVING, ', "reverseRender": true'))["rendered_frames"]
    assert [(frame["frame"], frame["zoom"]) for frame in frames] == [(0, 2), (1, 1.5), (2, 1)]
    assert [frame["zoom_delta"] for frame in frames] == pytest.approx([1 / 1.5, 1 / 1.5, 1])


def test_a_late_start_holds_its_first_values() -> None:
    frames = exported(document_of('{"frame": 2, "zoom": 5}, {"frame": 4, "zoom": 7}'))["rendered_frames"]
    assert [frame["zoom"] for frame in frames] == [5, 5, 5, 6, 7]
    assert [frame["zoom_delta"] for frame in frames] == [5, 1, 1, 2, 2]


def test_formulas_are_exported_so_that_parseq_groups_them_as_we_do() -> None:
    text = document_of(
        '{"frame": 0, "zoom_i": "10-5-2"}, {"frame": 1}', ', "prompts": {"positive": "${10-5-2}", "negative": ""}'
    )
    content = exported(text)
    assert content["keyframes"][0]["zoom_i"] == "(10-5)-2"
    assert content["prompts"]["positive"] == "${(10-5)-2}"
    assert content["rendered_frames"][0]["zoom"] == 3
    assert content["rendered_frames"][0]["deforum_prompt"] == "3.00000"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=2, max_size=6))
def test_what_is_exported_reads_back_to_the_same_values(values: list[float]) -> None:
    rows = ", ".join(f'{{"frame": {frame}, "mine": {value!r}, "mine_i": "S"}}' for frame, value in enumerate(values))
    document = loads(document_of(rows, fields='"mine"'))
    table = bake(document)
    text = export_frames(document, table)
    frames_only = json.dumps({key: value for key, value in json.loads(text).items() if key != "keyframes"})
    again, _ = read_frames(frames_only)
    np.testing.assert_array_equal(again["mine"], table["mine"])


def test_differences_beyond_the_largest_number_are_null() -> None:
    rows = '{"frame": 0, "zoom": -1.7e308}, {"frame": 1, "zoom": 1.7e308, "zoom_i": "S"}'
    assert exported(document_of(rows))["rendered_frames"][1]["zoom_delta"] is None


# -- in ------------------------------------------------------------------------------------------------------------

DEFORUM = {
    "options": {"input_fps": "", "bpm": 120, "output_fps": 24, "cadence": 2},
    "rendered_frames": [
        {"frame": 0, "zoom": 1.0, "zoom_delta": 1.0, "zoom_pc": 50, "deforum_prompt": "cat --neg ugly",
         "subseed": 4, "subseed_strength": 0.5},
        {"frame": 1, "zoom": 1.5, "zoom_delta": 1.5, "zoom_pc": 75, "deforum_prompt": "dog",
         "subseed": 5, "subseed_strength": 0},
    ],
}  # fmt: skip
SEED_ERA = {
    "options": {"input_fps": "5", "output_fps": "", "cc_window_width": "5", "cc_use_input": False},
    "rendered_frames": [
        {"frame": frame, "denoise": 0.5, "zoom": 1, "positive_prompt": f"cat {frame}", "negative_prompt": "dull"}
        for frame in (3, 0, 2, 1, 2)
    ],
}


def test_deforums_frames_are_read() -> None:
    table, document = read_frames(json.dumps(DEFORUM))
    assert table.fields == ("zoom", "zoom_delta", "subseed", "subseed_strength")
    assert table["zoom_delta"].tolist() == [1.0, 1.5]
    assert [table.prompt_texts(index) for index in range(2)] == [("cat", "ugly"), ("dog", "")]
    assert (document.dialect, document.managed_fields) == ("parseq", ("zoom",))
    assert (table.fps, document.options.cadence, document.last_frame) == (24, 2, 1)


def test_frames_of_2022_are_read_in_any_order() -> None:
    table, document = read_frames(json.dumps(SEED_ERA))
    assert document.dialect == "2022"
    assert table.frame_count == 4
    assert table.positive == ["cat 0", "cat 1", "cat 2", "cat 3"]
    assert (document.options.fps, document.options.input_fps, document.options.color_window_width) == (5, 5, 5)


def test_frames_behind_a_gap_are_left_out_and_that_is_said() -> None:
    frames = [frame for frame in SEED_ERA["rendered_frames"] if frame["frame"] != 1]  # type: ignore[index]
    table, _ = read_frames(json.dumps({"options": {}, "rendered_frames": frames}))
    assert table.frame_count == 1
    assert [found.code for found in table.diagnostics] == ["missing-frame"]


def test_what_is_frames_and_what_is_a_document() -> None:
    assert is_frame_json(json.dumps(DEFORUM))
    assert not is_frame_json(json.dumps({**DEFORUM, "keyframes": []}))
    assert not is_frame_json('{"keyframes": [], "x": "rendered_frames"}')
    assert not is_frame_json('{"rendered_frames": [')
    assert is_frame_json('{"rendered_frames": [], "meta": {"docName": "keyframes"}}')


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ("[]", "no frames"),
        ("5", "not a list"),
        ("[5]", "not an object"),
        ('[{"frame": -1}]', "without a frame number"),
        ('[{"frame": 0.5}]', "without a frame number"),
        ('[{"frame": 0, "zoom": 1}, {"frame": 1}]', 'no "zoom"'),
        ('[{"frame": 0, "zoom": [1]}]', '"zoom" cannot be this'),
        ('[{"frame": 0, "zoom": 1}', "a comma or a closing bracket"),
    ],
)
def test_bad_frames_are_located(frames: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_frames('{\n"rendered_frames": ' + frames + "}", "frames.json")
    assert message in caught.value.message
    assert caught.value.line is not None
    assert caught.value.hint or "list" in message


def test_frames_with_a_seed_and_no_subseed_take_none() -> None:
    """PIPELINE B2: a seed's fraction is read where documents are baked; frames say a subseed or have none."""
    table, _ = read_frames('{"options": {}, "rendered_frames": [{"frame": 0, "seed": 4.5}, {"frame": 1, "seed": 5}]}')
    assert table["subseed_strength"].tolist() == [0, 0]
    assert table["seed"].tolist() == [4.5, 5]
