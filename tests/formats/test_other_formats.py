"""Schedule strings, CSV and prompt lists."""

from __future__ import annotations

import csv
import io
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import DocumentError
from parseq_tui.formats.csv import export_csv, read_series
from parseq_tui.formats.native import loads
from parseq_tui.formats.prompt_lists import read_prompt_list
from parseq_tui.formats.schedules import export_schedules, schedule
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.prompts import Prompt

TEXT = """{"managedFields": ["zoom", "scale"], "keyframes": [
 {"frame": 0, "zoom": 1, "scale": 7}, {"frame": 4, "zoom": 2, "scale": 7}],
 "prompts": [
 {"positive": "cat, \\"fat\\"", "negative": "dull", "from": 0, "to": 1}, {"positive": "dog", "from": 2, "to": 4}]}"""


def document() -> Document:
    return loads(TEXT)


def test_csv_has_a_line_per_frame() -> None:
    lines = list(csv.reader(io.StringIO(export_csv(document(), bake(document())))))
    assert lines[0] == ["frame", "zoom", "scale", "positive", "negative"]
    assert lines[1] == ["0", "1", "7", 'cat, "fat"', "dull"]
    assert lines[-1] == ["4", "2", "7", "dog", ""]
    assert len(lines) == 6


def test_schedules_have_a_block_per_box() -> None:
    """Motion is the change per frame; runs of equal values keep their ends; prompts stand where they change."""
    blocks = dict(block.split("\n", 1) for block in export_schedules(document(), bake(document())).split("\n\n"))
    assert blocks["zoom"] == "0: (1), 1: (1.25), 4: (1.25)"
    assert blocks["cfg_scale_schedule"] == "0: (7), 4: (7)"
    assert json.loads(blocks["prompts"]) == {"0": 'cat, "fat" --neg dull', "2": "dog"}


def test_motion_that_stands_in_the_values_is_written_as_it_is() -> None:
    """As in a document made of Deforum's settings: its schedules come out as they went in."""
    absolute = loads('{"render": {"motion": "absolute"},' + TEXT[1:])
    blocks = dict(block.split("\n", 1) for block in export_schedules(absolute, bake(absolute)).split("\n\n"))
    assert blocks["zoom"].startswith("0: (1), 1: (1.25), 2: (1.5)")


@given(st.lists(st.sampled_from([0.0, 1.0, 1e-7, 2.5, math.nan]), min_size=1, max_size=12))
def test_interpolating_a_schedule_gives_the_curve_back(values: list[float]) -> None:
    keys = re.findall(r"(\d+): \(([^)]*)\)", schedule(range(len(values)), values))
    known = [frame for frame, value in enumerate(values) if not math.isnan(value)]
    if known:
        again = np.interp(known, [int(frame) for frame, _ in keys], [float(value) for _, value in keys])
        assert again.tolist() == [values[frame] for frame in known]


def test_a_series_is_read_from_csv() -> None:
    series = read_series("time,loudness\n0,0.5\n\n10, 1\n5,0.25\n10,2\n", "loud")
    assert (series.x.tolist(), series.y.tolist()) == ([0, 5, 10], [0.5, 0.25, 2])
    assert (series.alias, series.unit) == ("loud", "frames")


@pytest.mark.parametrize(
    ("text", "line"), [("0,1\nx,2", 2), ("0,1\n5", 2), ("", None), ("a,b", None), ("0,1\n1,inf", 2)]
)
def test_a_series_that_cannot_be_read_says_where(text: str, line: int | None) -> None:
    with pytest.raises(DocumentError) as caught:
        read_series(text, "loud")
    assert caught.value.line == line
    assert caught.value.hint


def shown(prompts: tuple[Prompt, ...]) -> list[tuple[str, str, int, int]]:
    return [(prompt.positive, prompt.negative, prompt.start, prompt.end) for prompt in prompts]


def test_a_prompt_list_with_frames() -> None:
    listed = [("cat", "dull", 0, 2), ("dog", "", 3, 4)]
    assert shown(read_prompt_list('{"0": "cat --neg dull", "3": "dog"}', document())) == listed
    assert shown(read_prompt_list('{"3": "dog", "0": "cat --neg dull",}', document())) == listed
    assert shown(read_prompt_list('"0": "cat --neg dull",\n"3": "dog"', document())) == listed
    assert shown(read_prompt_list('{"9": "late"}', document())) == [("late", "", 9, 9)]


def test_a_prompt_list_of_lines_shares_the_timeline() -> None:
    assert shown(read_prompt_list("cat\n\n dog --neg dull \n", document())) == [
        ("cat", "", 0, 2),
        ("dog", "dull", 3, 4),
    ]
    assert read_prompt_list("", document()) == ()


@pytest.mark.parametrize("text", ['{"a": "cat"}', '{"0": 5}', '{"0": "cat"', '{"99999999999999999999999": "x"}'])
def test_a_prompt_list_that_cannot_be_read(text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_prompt_list(text, document())
    assert caught.value.hint
