"""A save writes what changed and nothing else."""

from __future__ import annotations

import difflib
import json
from dataclasses import replace
from typing import Any

import pytest
from document_texts import FIELDS, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from parseq_tui.formats.native import dumps, loads, locate
from parseq_tui.formats.parseq import grouping_of
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import (
    AddPrompt,
    ClearCells,
    DeleteKeyframes,
    Edit,
    InsertKeyframe,
    MovePrompt,
    RemovePrompt,
    SetFormula,
    SetInfo,
    SetManagedFields,
    SetName,
    SetOption,
    SetPromptText,
    SetRenderSetting,
    SetValue,
    SplitPrompt,
)
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Overlap, Prompt

INDENTED = """{
  "meta": {
    "generated_by": "parseq-tui",
    "docName": "dance"
  },
  "mine": [1.50, {"deep":  true}],
  "managedFields": ["zoom", "angle"],
  "keyframes": [
    {
      "frame": 0,
      "zoom": 1.00,
      "unknown": 1e2,
      "angle_i": "S"
    },
    {
      "frame": 30,
      "zoom": 1.50
    },
    {
      "frame": 60,
      "zoom": 2
    }
  ],
  "options": {"output_fps": 20, "bpm": 120}
}
"""

ONE_LINE_ROWS = """{
 "managedFields": ["zoom"],
 "keyframes": [
  {"frame": 0,  "zoom": 1.0},
  {"frame": 10, "zoom": 2.0},
  {"frame": 99, "zoom": 3.0}
 ]
}
"""


def changed_lines(before: str, after: str) -> list[str]:
    """Removed and added lines, marked - and +."""
    diff = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in diff if line[0] in "+-"]


@settings(max_examples=40, deadline=None)
@given(texts())
def test_a_save_that_changes_nothing_changes_no_byte(text: str) -> None:
    assert dumps(loads(text)) == text


@st.composite
def edits(draw: st.DrawFn, document: Document) -> Edit:
    frame = draw(st.sampled_from([row.frame for row in document.keyframes]))
    name = draw(st.sampled_from([*FIELDS, "brand_new"]))
    number = draw(st.floats(-100, 100))
    word = draw(st.text('abc "\\\n{}[],:é', max_size=8))
    free = next(number for number in range(1000) if document.keyframe_at(number) is None)
    choices: list[Edit] = [
        SetValue(frame, name, number),
        SetValue(frame, name, None),
        SetFormula(frame, name, draw(st.sampled_from(["S", "(10-5)-2", "1+2", ""]))),
        ClearCells(((frame, name),)),
        SetInfo(frame, draw(st.none() | st.just(word))),
        InsertKeyframe(free, values={name: number}, formulas={name: "C"}),
        SetPromptText("common", positive=word),
        SetPromptText(0, negative=word),
        AddPrompt(Prompt("new", word, overlap=Overlap(formula="prompt_weight_1")), 0),
        RemovePrompt(0),
        MovePrompt(0, len(document.prompts.entries) - 1),
        SetName(word),
        SetOption("fps", abs(number) + 1),
        SetManagedFields((name,)),
        SetRenderSetting("steps", 7),
        SetRenderSetting("mode", None),
    ]
    if len(document.keyframes) > 2:
        choices.append(DeleteKeyframes((document.keyframes[-1].frame,)))
    return draw(st.sampled_from([edit for edit in choices if _fits(edit, document)]))


def _fits(edit: Edit, document: Document) -> bool:
    needs_prompt = isinstance(edit, RemovePrompt | MovePrompt) or getattr(edit, "which", None) == 0
    return bool(document.prompts.entries) or not needs_prompt


@given(st.data())
def test_what_is_written_after_edits_reads_back_as_the_edited_document(data: st.DataObject) -> None:
    document = loads(data.draw(texts()))
    for _ in range(data.draw(st.integers(1, 4))):
        document = data.draw(edits(document)).apply(document)
    written = dumps(document)
    again = loads(written)
    assert again == document
    assert dumps(again) == written


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_an_edit_leaves_every_unknown_key_alone(data: st.DataObject) -> None:
    text = data.draw(texts())
    document = loads(text)
    row = document.keyframes[-1]
    edited = SetValue(row.frame, "zoom", 12.5).apply(document)
    before, after = (json.loads(one.removeprefix("\ufeff")) for one in (text, dumps(edited)))
    assert {key: value for key, value in before.items() if key != "keyframes"} == {
        key: value for key, value in after.items() if key != "keyframes"
    }
    for old, new in zip(before["keyframes"], after["keyframes"], strict=True):
        if old["frame"] == row.frame:
            new = {**new, "zoom": 0}
            old = {**old, "zoom": 0}
        assert old == new


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        (SetValue(30, "zoom", 1.25), ['-       "zoom": 1.50', '+       "zoom": 1.25']),
        (SetValue(0, "zoom", 3), ['-       "zoom": 1.00,', '+       "zoom": 3,']),
        (SetFormula(0, "angle", "C"), ['-       "angle_i": "S"', '+       "angle_i": "C"']),
        (SetFormula(0, "zoom", "C"), ['+       "zoom_i": "C",']),
        (SetInfo(30, "beat"), ['+       "info": "beat",']),
        (
            SetOption("bpm", 90),
            ['-   "options": {"output_fps": 20, "bpm": 120}', '+   "options": {"output_fps": 20, "bpm": 90}'],
        ),
        (SetName("waltz"), ['-     "docName": "dance"', '+     "docName": "waltz"']),
    ],
)
def test_one_edit_is_one_line_of_difference(edit: Edit, lines: list[str]) -> None:
    edited = edit.apply(loads(INDENTED))
    assert [line for line in changed_lines(INDENTED, dumps(edited)) if line[0] != "?"] == lines


def test_a_new_row_is_written_like_its_neighbours() -> None:
    edited = InsertKeyframe(20, values={"zoom": 1.5}).apply(loads(ONE_LINE_ROWS))
    assert changed_lines(ONE_LINE_ROWS, dumps(edited)) == ['+   {"frame": 20, "zoom": 1.5},']
    spread = dumps(InsertKeyframe(20, values={"zoom": 1.5}).apply(loads(INDENTED)))
    assert '    {\n      "frame": 20,\n      "zoom": 1.5\n    },\n' in spread


def test_a_deleted_row_leaves_the_others_as_they_are() -> None:
    edited = DeleteKeyframes((10,)).apply(loads(ONE_LINE_ROWS))
    assert changed_lines(ONE_LINE_ROWS, dumps(edited)) == ['-   {"frame": 10, "zoom": 2.0},']


def test_rows_of_an_unsorted_file_stay_where_they_are() -> None:
    text = '{"keyframes": [{"frame": 60}, {"frame": 0, "zoom": 1}, {"frame": 30}]}'
    edited = InsertKeyframe(10).apply(SetValue(0, "zoom", 2).apply(loads(text)))
    assert dumps(edited) == '{"keyframes": [{"frame": 60}, {"frame": 0, "zoom": 2}, {"frame": 10}, {"frame": 30}]}'


def test_undone_edits_write_the_old_bytes() -> None:
    document = loads(INDENTED)
    edited = SetValue(30, "zoom", 9).apply(document)
    undone = SetValue(30, "zoom", 1.5).apply(edited)
    assert dumps(undone) == INDENTED


def test_a_document_of_our_own_has_a_line_per_keyframe() -> None:
    rows = (Keyframe(0, {"zoom": 1.0}, {"zoom": "S"}, "start"), Keyframe(30, {"zoom": 2.0}))
    document = Document(rows, ("zoom",), ("zoom",), name="dance")
    text = dumps(document)
    assert '    {"frame": 0, "info": "start", "zoom": 1, "zoom_i": "S"},\n    {"frame": 30, "zoom": 2}\n' in text
    again = loads(text)
    assert replace(again, prompts=document.prompts) == document


def test_numeric_texts_and_other_spellings_survive_until_they_are_edited() -> None:
    text = '{"managedFields": ["zoom"], "keyframes": [{"frame": "0", "zoom": "1.50"}, {"frame": 9, "zoom": null}]}'
    document = loads(text)
    assert [row.values for row in document.keyframes] == [{"zoom": 1.5}, {"zoom": 0}]
    assert '{"frame": "0", "zoom": 2}' in dumps(SetValue(0, "zoom", 2).apply(document))


@pytest.mark.parametrize("shape", ["v0", "v1", "v2"])
def test_prompts_are_written_in_the_shape_they_came_in(shape: str) -> None:
    entry = {"positive": "cat", "negative": "", "name": "P", "allFrames": True, "own": 1}
    prompts: Any = {
        "v0": {"positive": "cat", "negative": ""},
        "v1": [entry],
        "v2": {"format": "v2", "enabled": True, "promptList": [entry], "commonPromptPos": "append"},
    }[shape]
    text = json.dumps({"prompts": prompts, "keyframes": [{"frame": 0}, {"frame": 9}]})
    edited = SetPromptText(0, positive="dog").apply(loads(text))
    assert dumps(edited) == text.replace("cat", "dog")
    split = SplitPrompt(0, 5).apply(edited)
    assert loads(dumps(split)) == split


def test_formulas_of_parseq_stay_as_written_until_they_are_edited() -> None:
    rows = '[{"frame": 0, "zoom": 1, "zoom_i": "10-5-2"}, {"frame": 9}]'
    text = '{"meta": {"generated_by": "sd_parseq"}, "keyframes": ' + rows + "}"
    document = loads(text)
    assert document.keyframes[0].formulas["zoom"] == "10-(5-2)"
    assert dumps(SetValue(0, "zoom", 2).apply(document)) == text.replace('"zoom": 1', '"zoom": 2')
    typed = SetFormula(0, "zoom", "1-2-3").apply(document)
    assert '"zoom_i": "(1-2)-3"' in dumps(typed)  # what Parseq, and we, read as was meant
    assert loads(dumps(typed)).keyframes[0].formulas["zoom"] == "(1-2)-3"


def test_prompts_of_parseq_are_regrouped_inside_their_formulas_only() -> None:
    read = grouping_of("parseq").read_prompt
    assert read("a 10-5-2 cat (${10-5-2}) ${1 +} ${L}") == "a 10-5-2 cat (${10-(5-2)}) ${1 +} ${L}"


def test_stale_frames_are_not_kept_with_a_changed_document() -> None:
    text = '{"keyframes": [{"frame": 0, "zoom": 1}, {"frame": 9}], "rendered_frames": [{"frame": 0}], "z": 1}'
    document = loads(text)
    assert dumps(document) == text
    assert dumps(SetValue(0, "zoom", 2).apply(document)) == text.replace(": 1}", ": 2}").replace(
        ', "rendered_frames": [{"frame": 0}]', ""
    ).replace('"z": 2', '"z": 1')


def test_where_a_cell_stands_in_the_file() -> None:
    document = loads(INDENTED)
    assert locate(document, 0, "angle") == (13, 18)
    assert locate(document, 30, "zoom") == (17, 15)
    assert locate(document, 60) == (19, 5)
    assert locate(InsertKeyframe(20).apply(document), 20) is None


def test_half_a_character_is_not_written() -> None:
    """A paste of broken bytes must not make a file that cannot be opened again."""
    edited = SetInfo(30, "a\ud800b").apply(loads(INDENTED))
    assert loads(dumps(edited)).keyframes[1].info == "a\ufffdb"


def test_a_row_between_two_frames_stays_where_it_is() -> None:
    text = '{"keyframes": [{"frame": 0, "zoom": 1}, {"frame": 2.5, "zoom": 2}, {"frame": 4, "zoom": 3}]}'
    document = loads(text)
    assert [row.position for row in document.keyframes] == [0, 2.5, 4]
    assert dumps(document) == text
    edited = SetValue(document.keyframes[1].frame, "zoom", 9.0).apply(document)
    assert dumps(edited) == text.replace('2.5, "zoom": 2', '2.5, "zoom": 9')
    assert '"frame": 2.5' in dumps(replace(edited, origin=None))
