"""What two sides did to one document, together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.formats.native import dumps, loads
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import (
    AddPrompt,
    DeleteKeyframes,
    Edit,
    InsertKeyframe,
    RemovePrompt,
    SetFormula,
    SetInfo,
    SetManagedFields,
    SetName,
    SetOption,
    SetPromptText,
    SetRenderSetting,
    SetValue,
)
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.merge import Conflict, Side, merge
from parseq_tui.timeline.prompts import Prompt, Prompts
from parseq_tui.timeline.time_series import TimeSeries

BASE = Document(
    (Keyframe(0, {"zoom": 1.0}, {"zoom": "S"}, "start"), Keyframe(10, {"zoom": 2.0}), Keyframe(30)),
    ("zoom", "angle"),
    prompts=Prompts((Prompt("a", "cat"), Prompt("b", "dog"))),
)


def edited(*edits: Edit, base: Document = BASE) -> Document:
    for edit in edits:
        base = edit.apply(base)
    return base


def places(conflicts: tuple[Conflict, ...]) -> list[str]:
    return [conflict.where for conflict in conflicts]


def test_changes_of_both_sides_are_in_the_result() -> None:
    ours = edited(SetValue(0, "zoom", 9), SetFormula(10, "angle", "C"), SetOption("bpm", 90), SetPromptText(0, "puma"))
    theirs = edited(
        SetInfo(0, "begin"),
        InsertKeyframe(20),
        SetName("dance"),
        SetPromptText(0, negative="blur"),
        SetRenderSetting("steps", 4),
    )
    merged = merge(BASE, ours, theirs)
    assert merged.conflicts == ()
    first = merged.document.keyframes[0]
    assert (first.values["zoom"], first.info) == (9, "begin")
    assert [row.frame for row in merged.document.keyframes] == [0, 10, 20, 30]
    assert merged.document.keyframes[1].formulas == {"angle": "C"}
    assert (merged.document.options.bpm, merged.document.name, merged.document.render) == (90, "dance", {"steps": 4})
    prompt = merged.document.prompts.entries[0]
    assert (prompt.positive, prompt.negative) == ("puma", "blur")


def test_a_conflict_keeps_ours_and_tells_theirs() -> None:
    merged = merge(BASE, edited(SetValue(0, "zoom", 9)), edited(SetValue(0, "zoom", 8)))
    assert merged.conflicts == (Conflict("zoom at 0", 1.0, 9.0, 8.0, 0, "zoom"),)
    assert merged.document.keyframes[0].values["zoom"] == 9


def test_what_one_side_deleted_and_the_other_changed_stays() -> None:
    changed, deleted = edited(SetValue(10, "zoom", 9)), edited(DeleteKeyframes((10,)))
    for ours, theirs in ((changed, deleted), (deleted, changed)):
        merged = merge(BASE, ours, theirs)
        assert places(merged.conflicts) == ["keyframe 10"]
        assert merged.document.keyframe_at(10) == changed.keyframe_at(10)


def test_rows_added_on_one_frame_by_both_sides_are_one_row() -> None:
    ours = edited(InsertKeyframe(20, values={"zoom": 3, "angle": 1}))
    theirs = edited(InsertKeyframe(20, values={"zoom": 4}, formulas={"zoom": "C"}))
    merged = merge(BASE, ours, theirs)
    row = merged.document.keyframe_at(20)
    assert row is not None
    assert (row.values, row.formulas) == ({"zoom": 3, "angle": 1}, {"zoom": "C"})
    assert places(merged.conflicts) == ["zoom at 20"]


def test_lists_take_additions_and_removals_of_both_sides() -> None:
    merged = merge(
        BASE, edited(SetManagedFields(("seed", "zoom", "angle"))), edited(SetManagedFields(("zoom", "scale")))
    )
    assert merged.document.managed_fields == ("seed", "zoom", "scale")
    prompts = merge(BASE, edited(RemovePrompt(0)), edited(AddPrompt(Prompt("c", "owl")))).document.prompts
    assert [entry.name for entry in prompts.entries] == ["b", "c"]


def test_a_renamed_prompt_is_still_the_same_prompt() -> None:
    renamed = replace(BASE.prompts, entries=(replace(BASE.prompts.entries[0], name="cats"), BASE.prompts.entries[1]))
    merged = merge(BASE, replace(BASE, prompts=renamed), edited(SetPromptText(0, "puma")))
    assert merged.conflicts == ()
    assert merged.document.prompts.entries[0] == Prompt("cats", "puma")


def test_time_series_compare_by_their_points() -> None:
    def with_series(*values: float) -> Document:
        return replace(BASE, time_series=(TimeSeries("loud", np.arange(2.0), np.array(values)),))

    assert merge(with_series(1, 2), with_series(1, 2), with_series(1, 3)).conflicts == ()
    assert places(merge(with_series(1, 2), with_series(4, 2), with_series(1, 3)).conflicts) == ["time series loud"]


def test_the_merged_document_is_written_into_their_file() -> None:
    text = '{"managedFields": ["zoom"],  "keyframes": [\n {"frame": 0, "zoom": 1.0},\n {"frame": 9, "zoom": 2.0}]}'
    base = loads(text)
    theirs = loads(text.replace("2.0", "2.50").replace("{", "{ ", 1))
    merged = merge(base, SetValue(0, "zoom", 7).apply(base), theirs)
    assert dumps(merged.document) == text.replace("2.0", "2.50").replace("1.0", "7").replace("{", "{ ", 1)


@st.composite
def changes(draw: st.DrawFn) -> Document:
    document = BASE
    for _ in range(draw(st.integers(0, 4))):
        frame = draw(st.sampled_from([row.frame for row in document.keyframes]))
        value: Any = draw(st.sampled_from([None, 1.0, 5.0]))
        free = draw(st.integers(50, 52))
        choices: list[Edit] = [
            SetValue(frame, draw(st.sampled_from(["zoom", "angle"])), value),
            SetFormula(frame, "zoom", draw(st.sampled_from(["", "C", "L"]))),
            SetInfo(frame, draw(st.sampled_from([None, "x", "y"]))),
            SetOption("bpm", draw(st.sampled_from([90, 100]))),
            SetName(draw(st.sampled_from(["m", "n"]))),
            SetManagedFields(tuple(draw(st.permutations(["zoom", "angle", "seed"]))[: draw(st.integers(1, 3))])),
            SetRenderSetting("steps", draw(st.sampled_from([None, 3, 4]))),
            AddPrompt(Prompt(draw(st.sampled_from("acd")), "new"), 0),
        ]
        if document.keyframe_at(free) is None:
            choices.append(InsertKeyframe(free, values={"zoom": 3}))
        if frame and len(document.keyframes) > 2:
            choices.append(DeleteKeyframes((frame,)))
        if document.prompts.entries:
            choices += [RemovePrompt(0), SetPromptText(0, draw(st.sampled_from("xy")))]
        document = draw(st.sampled_from(choices)).apply(document)
    return document


@given(changes())
def test_one_side_alone_is_the_result(changed: Document) -> None:
    for merged in (merge(BASE, BASE, changed), merge(BASE, changed, BASE), merge(BASE, changed, changed)):
        assert merged.document == changed
        assert merged.conflicts == ()


@given(changes(), changes())
def test_swapping_the_sides_swaps_the_conflicts_and_nothing_else(ours: Document, theirs: Document) -> None:
    one, other = merge(BASE, ours, theirs), merge(BASE, theirs, ours)
    swapped = sorted(f"{c.where} {c.base} {c.theirs} {c.ours}" for c in other.conflicts)
    assert sorted(f"{c.where} {c.base} {c.ours} {c.theirs}" for c in one.conflicts) == swapped
    contested = {(c.frame, c.field) for c in one.conflicts}
    for row, twin in zip(one.document.keyframes, other.document.keyframes, strict=True):
        assert row.frame == twin.frame
        for field in {*row.values, *twin.values} - {name for frame, name in contested if frame == row.frame}:
            assert row.values.get(field) == twin.values.get(field)
    assert set(one.document.managed_fields) == set(other.document.managed_fields)


@given(changes(), changes())
def test_nothing_that_one_side_did_is_lost_without_a_conflict(ours: Document, theirs: Document) -> None:
    merged = merge(BASE, ours, theirs)
    conflicts = " ".join(places(merged.conflicts))
    for side in (ours, theirs):
        for row in side.keyframes:
            was = BASE.keyframe_at(row.frame)
            for field, value in row.values.items():
                if was is not None and was.values.get(field) == value:
                    continue
                kept = merged.document.keyframe_at(row.frame)
                assert (kept is not None and kept.values.get(field) == value) or f"{field} at {row.frame}" in conflicts


@given(changes(), changes(), st.sampled_from(["ours", "theirs"]))
def test_choosing_one_side_for_all_leaves_nothing_to_argue_about(ours: Document, theirs: Document, side: Side) -> None:
    conflicts = merge(BASE, ours, theirs).conflicts
    settled = merge(BASE, ours, theirs, {conflict.key: side for conflict in conflicts})
    assert settled.conflicts == conflicts, "what was chosen is still told"
    assert len({conflict.key for conflict in conflicts}) == len(conflicts)
    if all(names_differ(one.prompts) for one in (ours, theirs)):  # else they are told apart by their place
        assert merge(BASE, settled.document, ours if side == "ours" else theirs).conflicts == ()


def names_differ(prompts: Prompts) -> bool:
    return len({prompt.name for prompt in prompts.entries}) == len(prompts.entries)


def test_each_conflict_is_chosen_on_its_own() -> None:
    ours = edited(SetValue(0, "zoom", 2), SetPromptText(0, "puma"))
    theirs = edited(SetValue(0, "zoom", 3), SetPromptText(0, "lynx"))
    zoom, prompt = merge(BASE, ours, theirs).conflicts
    document = merge(BASE, ours, theirs, {zoom.key: "theirs", prompt.key: "ours"}).document
    assert document.keyframes[0].values["zoom"] == 3
    assert document.prompts.entries[0].positive == "puma"


def test_an_order_that_both_changed_can_be_chosen() -> None:
    base = edited(SetManagedFields(("zoom", "angle", "seed")))
    ours = edited(SetManagedFields(("angle", "zoom", "seed")), base=base)
    theirs = edited(SetManagedFields(("seed", "zoom", "angle")), base=base)
    merged = merge(base, ours, theirs)
    (conflict,) = merged.conflicts
    assert conflict.where == "order of managed fields"
    assert merged.document.managed_fields == ours.managed_fields
    assert merge(base, ours, theirs, {conflict.key: "theirs"}).document.managed_fields == theirs.managed_fields


def test_where_each_side_deleted_what_the_other_left_rows_remain_and_it_is_told() -> None:
    base = replace(BASE, keyframes=BASE.keyframes[:2])
    ours, theirs = (replace(base, keyframes=(row,)) for row in base.keyframes)
    merged = merge(base, ours, theirs)
    (conflict,) = merged.conflicts
    assert conflict.where == "keyframes"
    assert merged.document.keyframes == ours.keyframes
    assert merge(base, ours, theirs, {conflict.key: "theirs"}).document.keyframes == theirs.keyframes


def test_a_row_that_one_side_deleted_can_be_let_go() -> None:
    ours, theirs = edited(DeleteKeyframes((10,))), edited(SetValue(10, "zoom", 7))
    (conflict,) = merge(BASE, ours, theirs).conflicts
    assert merge(BASE, ours, theirs).document.keyframe_at(10) is not None
    assert merge(BASE, ours, theirs, {conflict.key: "ours"}).document.keyframe_at(10) is None
    assert merge(BASE, ours, theirs, {conflict.key: "theirs"}).document.keyframe_at(10) is not None
