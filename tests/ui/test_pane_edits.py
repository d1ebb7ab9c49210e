"""What panes ask for becomes one edit each."""

from __future__ import annotations

import pytest
from panes_demo import make_document

from parseq_tui.errors import EditError
from parseq_tui.timeline.edits import InsertKeyframe, SetFormula, SetPromptText, SetValue, Several
from parseq_tui.timeline.prompts import Overlap, Prompt
from parseq_tui.ui.pane_edits import NudgeKeyframe, drag_edit, prompt_edit, value_edit


def cells(document, field: str = "strength") -> dict[int, float]:  # type: ignore[no-untyped-def]
    return {row.frame: row.values[field] for row in document.keyframes if field in row.values}


def test_a_value_goes_into_its_keyframe_or_makes_one() -> None:
    document = make_document()
    assert value_edit(document, "strength", 100, 0.7) == SetValue(100, "strength", 0.7)
    made = value_edit(document, "strength", 120, 0.7)
    assert isinstance(made, InsertKeyframe)
    assert cells(made.apply(document)) == {0: 0.5, 100: 0.5, 120: 0.7, 200: 0.5, 399: 0.5}


def test_a_row_that_holds_nothing_else_goes_along() -> None:
    document = make_document()
    moved = drag_edit(document, "strength", 100, 130, 0.9).apply(document)
    assert [row.frame for row in moved.keyframes] == [0, 130, 200, 399]
    assert cells(moved)[130] == 0.9


def test_a_row_that_holds_more_stays_without_the_value() -> None:
    document = SetValue(100, "zoom", 1.1).apply(make_document())
    moved = drag_edit(document, "strength", 100, 130, 0.9).apply(document)
    assert [row.frame for row in moved.keyframes] == [0, 100, 130, 200, 399]
    assert cells(moved) == {0: 0.5, 130: 0.9, 200: 0.5, 399: 0.5}
    assert cells(moved, "zoom") == {100: 1.1}


def test_a_value_dropped_on_a_keyframe_replaces_its_value_there_and_takes_its_formula_along() -> None:
    document = make_document()
    moved = drag_edit(document, "zoom", 0, 200, 1.5).apply(document)
    assert moved.keyframe_at(0) is not None and "zoom" not in moved.keyframes[0].formulas
    row = moved.keyframe_at(200)
    assert row is not None and (row.values["zoom"], row.formulas["zoom"]) == (1.5, "L")


def test_the_last_row_stays_so_that_the_length_does() -> None:
    document = make_document()
    moved = drag_edit(document, "strength", 399, 300, 0.1).apply(document)
    assert moved.last_frame == 399
    assert cells(moved) == {0: 0.5, 100: 0.5, 200: 0.5, 300: 0.1}


def test_without_moving_in_time_it_is_a_plain_value() -> None:
    assert drag_edit(make_document(), "strength", 100, 100, 0.2) == SetValue(100, "strength", 0.2)


@pytest.mark.parametrize("which", [0, "common"])
def test_one_half_of_a_prompt_is_a_plain_edit_and_nothing_is_none(which) -> None:  # type: ignore[no-untyped-def]
    before = Prompt("p", "a cat")
    assert prompt_edit(which, before, before) is None
    assert prompt_edit(which, before, Prompt("p", "a dog")) == SetPromptText(which, positive="a dog")


def test_several_changes_of_a_prompt_are_one_step() -> None:
    document = make_document()
    before = document.prompts.entries[0]
    after = Prompt("kittens", "a kitten", before.negative, False, 5, 50, Overlap("linear", 3, 4))
    edit = prompt_edit(0, before, after)
    assert isinstance(edit, Several) and edit.label == "edit cats"
    changed = edit.apply(document).prompts.entries[0]
    assert changed == after


def test_a_nudge_changes_what_the_cell_says_not_what_its_formula_makes_of_it() -> None:
    document = Several(
        (SetValue(100, "strength", 6.7), SetFormula(100, "strength", "S + 0.25")), "a formula that adds"
    ).apply(make_document())
    nudge = NudgeKeyframe("strength", 100, by=0.3, step=0.1, shown=6.95)
    assert cells(nudge.apply(document))[100] == 7.0
    assert nudge.continues(nudge), "three of them are one step"


def test_a_nudge_in_time_takes_the_keyframe_along_and_stops_before_another() -> None:
    document = make_document()
    later = NudgeKeyframe("strength", 100, frames=1)
    moved = later.apply(document)
    assert [row.frame for row in moved.keyframes] == [0, 101, 200, 399]
    assert NudgeKeyframe("strength", 101, frames=1).continues(later)
    beside = InsertKeyframe(102, values={"strength": 0.1}).apply(moved)
    with pytest.raises(EditError, match="strength has a keyframe at 102 already"):
        NudgeKeyframe("strength", 101, frames=1).apply(beside)
    with pytest.raises(EditError, match="the document ends at 399"):
        NudgeKeyframe("strength", 399, frames=1).apply(document)
    with pytest.raises(EditError, match="strength has no keyframe at 50: k makes one"):
        NudgeKeyframe("strength", 50, by=1, step=1).apply(document)


def test_a_keyframe_that_is_only_a_formula_keeps_its_cell_empty_on_the_way() -> None:
    moved = NudgeKeyframe("zoom", 0, frames=3).apply(make_document())
    row = moved.keyframe_at(3)
    assert row is not None and row.formulas["zoom"] == "L" and "zoom" not in row.values
