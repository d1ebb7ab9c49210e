"""Undo and redo over versions of a document."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import Edit, InsertKeyframe, MoveKeyframes, SetFormula, SetName, SetValue
from parseq_tui.timeline.history import BATCH_SECONDS, History
from parseq_tui.timeline.keyframe import Keyframe

DOCUMENT = Document((Keyframe(0, {"zoom": 1.0}), Keyframe(30)), ("zoom", "angle"))


def history_of(*edits: Edit, apart: float = 10.0) -> History:
    history = History.of(DOCUMENT)
    for number, edit in enumerate(edits, 1):
        history = history.apply(edit, number * apart)
    return history


def test_a_step_has_the_name_of_its_edit() -> None:
    history = history_of(SetValue(0, "zoom", 2), SetFormula(0, "angle", "S"))
    assert history.undo_label == "set angle to =S at 0"
    assert history.redo_label is None
    undone = history.undo()
    assert (undone.undo_label, undone.redo_label) == ("set zoom to 2 at 0", "set angle to =S at 0")
    assert undone.redo().document is history.document


def test_undo_past_the_beginning_stays_there() -> None:
    history = history_of(SetValue(0, "zoom", 2))
    assert history.undo().undo().document is DOCUMENT
    assert history.redo() is history


def test_an_edit_after_undo_drops_what_was_undone() -> None:
    history = history_of(SetValue(0, "zoom", 2), SetName("a")).undo().apply(SetName("b"), 99)
    assert history.redo_label is None
    assert [version.label for version in history.past()] == ["set zoom to 2 at 0", "open"]


def test_like_edits_in_quick_succession_are_one_step() -> None:
    history = history_of(*(SetValue(0, "zoom", value) for value in (1.1, 1.2, 1.3)), apart=BATCH_SECONDS / 2)
    assert history.undo().document is DOCUMENT
    moved = history_of(MoveKeyframes((30,), 1), MoveKeyframes((31,), 1), apart=0.1)
    assert moved.document.last_frame == 32
    assert moved.undo().document is DOCUMENT


def test_other_edits_or_a_pause_start_a_new_step() -> None:
    quick = BATCH_SECONDS / 2
    another = history_of(SetValue(0, "zoom", 2), SetValue(30, "zoom", 2), apart=quick)
    assert another.undo().document.keyframes[0].values["zoom"] == 2
    paused = history_of(SetValue(0, "zoom", 2), SetValue(0, "zoom", 3), apart=BATCH_SECONDS * 2)
    assert paused.undo().document.keyframes[0].values["zoom"] == 2


def test_a_moved_cursor_closes_the_step() -> None:
    history = history_of(SetValue(0, "zoom", 2)).closed().apply(SetValue(0, "zoom", 3), 10.1)
    assert history.undo().document.keyframes[0].values["zoom"] == 2


def test_an_edit_that_changes_nothing_is_no_step() -> None:
    assert history_of(SetValue(0, "zoom", 1.0)).undo_label is None


def test_the_saved_version_is_found_again_by_undo_and_redo() -> None:
    history = history_of(SetValue(0, "zoom", 2)).saved()
    assert not history.dirty
    later = history.apply(SetValue(0, "zoom", 3), 10.1)
    assert later.dirty
    assert not later.undo().dirty, "an edit after a save is a step of its own, however quick"
    assert later.undo().undo().dirty
    assert not History.of(DOCUMENT).dirty
    assert History.of(DOCUMENT, saved=False).dirty


def test_a_long_history_shares_what_did_not_change() -> None:
    history = History.of(DOCUMENT)
    for number in range(3000):
        history = history.apply(SetValue(0, "zoom", number + 2.0), number * 10.0)
    assert len(history.past()) == 3000
    assert {id(version.document.keyframes[1]) for version in history.past()} == {id(DOCUMENT.keyframes[1])}


@given(st.lists(st.tuples(st.sampled_from("eur"), st.integers(0, 3)), max_size=30))
def test_undo_and_redo_walk_one_line_of_versions(steps: list[tuple[str, int]]) -> None:
    history = History.of(DOCUMENT)
    line, place = [DOCUMENT], 0
    for number, (kind, choice) in enumerate(steps):
        if kind == "e":
            edit = InsertKeyframe(100 + number) if choice else SetName(f"name {number}")
            history = history.apply(edit, number * 10.0)
            line = [*line[: place + 1], history.document]
            place += 1
        elif kind == "u":
            history, place = history.undo(), max(0, place - 1)
        else:
            history, place = history.redo(), min(len(line) - 1, place + 1)
        assert history.document is line[place]
