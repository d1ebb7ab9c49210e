"""What each edit does to a document, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import EditError
from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.edits import (
    AddPrompt,
    AddTimeSeries,
    BulkDelete,
    BulkExpression,
    BulkLabel,
    BulkReplace,
    BulkSet,
    ClearCells,
    DeleteKeyframes,
    Edit,
    FillDown,
    FillExpression,
    FillLinear,
    FillSeries,
    ImportPrompts,
    InsertKeyframe,
    KeyframesAt,
    KeyframesAtIntervals,
    MoveKeyframes,
    MovePrompt,
    PasteBlock,
    RemovePrompt,
    RemoveTimeSeries,
    RowFilter,
    SetCells,
    SetCommonPosition,
    SetDisplayedFields,
    SetFormula,
    SetInfo,
    SetLock,
    SetManagedFields,
    SetName,
    SetOption,
    SetPromptName,
    SetPromptOverlap,
    SetPromptRange,
    SetPromptsEnabled,
    SetPromptText,
    SetRates,
    SetRenderSetting,
    SetReverse,
    SetValue,
    Several,
    SplitPrompt,
    SpreadPromptsEvenly,
    StretchKeyframes,
    copy_block,
)
from parseq_tui.timeline.history import History
from parseq_tui.timeline.keyframe import MAX_FRAME, Keyframe
from parseq_tui.timeline.prompts import Overlap, Prompt, Prompts
from parseq_tui.timeline.time_series import TimeSeries

SERIES = TimeSeries("loud", np.array([0.0, 1.0]), np.array([0.0, 1.0]))
DOCUMENT = Document(
    keyframes=(
        Keyframe(0, {"zoom": 1.0, "angle": 0.0}, {"zoom": "S"}, "start"),
        Keyframe(10, {"zoom": 2.0}, {"zoom": "sin(p=10)"}, "beat 1"),
        Keyframe(20, {}, {"angle": "L"}, "beat 2"),
        Keyframe(40, {"zoom": 4.0, "angle": 90.0}),
    ),
    managed_fields=("zoom", "angle"),
    prompts=Prompts((Prompt("a", "cat"), Prompt("b", "dog", all_frames=False, start=10, end=30))),
    options=Options(fps=20, bpm=120),
    time_series=(SERIES,),
)


def table(document: Document, field: str = "zoom") -> dict[int, float | str | None]:
    """Frame → value and formula of a field, for reading."""
    shown: dict[int, float | str | None] = {}
    for row in document.keyframes:
        value, formula = row.values.get(field), row.formulas.get(field)
        shown[row.frame] = value if formula is None else f"{'' if value is None else f'{value:g} '}{formula}"
    return shown


def ranges(document: Document) -> list[tuple[int, int] | None]:
    return [None if entry.all_frames else (entry.start, entry.end) for entry in document.prompts.entries]


def test_cells() -> None:
    assert table(SetValue(20, "zoom", 3).apply(DOCUMENT)) == {0: "1 S", 10: "2 sin(p=10)", 20: 3.0, 40: 4.0}
    assert table(SetValue(40, "zoom", None).apply(DOCUMENT))[40] is None
    assert table(SetFormula(10, "zoom", "").apply(DOCUMENT))[10] == 2.0
    assert table(ClearCells(((0, "zoom"), (10, "zoom"))).apply(DOCUMENT)) == {0: None, 10: None, 20: None, 40: 4.0}
    assert table(ClearCells(((0, "zoom"),), "formula").apply(DOCUMENT))[0] == 1.0
    assert table(ClearCells(((0, "zoom"),), "value").apply(DOCUMENT))[0] == "S"
    several = SetCells("nudge", {0: {"zoom": 5}, 40: {"zoom": None}}, {10: {"zoom": "C"}}, {20: "drop"})
    assert table(several.apply(DOCUMENT)) == {0: "5 S", 10: "2 C", 20: None, 40: None}
    assert several.apply(DOCUMENT).keyframes[2].info == "drop"
    assert SetInfo(10, None).apply(DOCUMENT).keyframes[1].info is None


def test_rows() -> None:
    inserted = InsertKeyframe(30, values={"zoom": 3}, info="new").apply(DOCUMENT)
    assert [row.frame for row in inserted.keyframes] == [0, 10, 20, 30, 40]
    assert InsertKeyframe(99).apply(DOCUMENT).last_frame == 99
    assert [row.frame for row in DeleteKeyframes((10, 40)).apply(DOCUMENT).keyframes] == [0, 20]
    assert [row.frame for row in MoveKeyframes((10, 20), 15).apply(DOCUMENT).keyframes] == [0, 25, 35, 40]
    assert [row.frame for row in MoveKeyframes((10,), 15).apply(DOCUMENT).keyframes] == [0, 20, 25, 40]
    assert [row.frame for row in StretchKeyframes((10, 20, 40), 0, 1.5).apply(DOCUMENT).keyframes] == [0, 15, 30, 60]


@given(st.sets(st.integers(0, 500), min_size=3, max_size=20), st.sampled_from([0.5, 1.0, 1.5, 2.0, 7.0]), st.data())
def test_rows_behind_a_stretched_section_can_go_along(frames: set[int], factor: float, data: st.DataObject) -> None:
    rows = sorted(2 * frame for frame in frames)
    first = data.draw(st.integers(0, len(rows) - 2))
    last = data.draw(st.integers(first + 1, len(rows) - 1))
    document = replace(DOCUMENT, keyframes=tuple(Keyframe(frame) for frame in rows))
    edit = StretchKeyframes(tuple(rows[first : last + 1]), rows[first], factor, push=True)
    after = [row.frame for row in edit.apply(document).keyframes]
    assert after[: first + 1] == rows[: first + 1], "what lies before it stays"
    assert np.diff(after[first : last + 1]).tolist() == (np.diff(rows[first : last + 1]) * factor).tolist()
    assert np.diff(after[last:]).tolist() == np.diff(rows[last:]).tolist(), "what lies behind keeps its distances"


@pytest.mark.parametrize(
    ("edit", "frames"),
    [
        (KeyframesAt((7, 10, 25, 7)), [0, 7, 10, 20, 25, 40]),
        (KeyframesAtIntervals(0, 40, 15), [0, 10, 15, 20, 30, 40]),
        (KeyframesAtIntervals(0.25, 1.3, 0.5, "seconds"), [0, 5, 10, 15, 20, 25, 40]),
        (KeyframesAtIntervals(0, 4, 1, "beats"), [0, 10, 20, 30, 40]),
        (KeyframesAtIntervals(-5, 3, 2), [0, 1, 10, 20, 40]),
    ],
)
def test_keyframes_at_intervals(edit: Edit, frames: list[int]) -> None:
    """Start inclusive, end exclusive; negative and taken frames are skipped."""
    assert [row.frame for row in edit.apply(DOCUMENT).keyframes] == frames


def test_fills() -> None:
    frames = (0, 10, 20, 40)
    assert table(FillDown((0, 20), ("zoom",)).apply(DOCUMENT))[20] == "1 S"
    assert table(FillLinear(frames, "zoom").apply(DOCUMENT)) == {0: "1 S", 10: "1.75 sin(p=10)", 20: 2.5, 40: 4.0}
    assert table(FillSeries(frames, "angle", 5, 2).apply(DOCUMENT), "angle") == {0: 5, 10: 7, 20: "9 L", 40: 11}
    assert table(FillExpression(frames, "zoom", "f*2+S").apply(DOCUMENT)) == {
        0: "1 S",
        10: "22 sin(p=10)",
        20: 42,
        40: 84,
    }


def test_a_copied_block_is_put_down_elsewhere() -> None:
    block = copy_block(DOCUMENT, (0, 10), ("zoom", "angle"))
    assert table(PasteBlock(block, 20).apply(DOCUMENT)) == {
        0: "1 S",
        10: "2 sin(p=10)",
        20: "1 S",
        30: "2 sin(p=10)",
        40: 4.0,
    }
    renamed = PasteBlock(block, 100, ("seed", "scale")).apply(DOCUMENT)
    assert table(renamed, "seed")[110] == "2 sin(p=10)"
    whole = copy_block(DOCUMENT, (0,), ("zoom",), whole_rows=True)
    assert PasteBlock(whole, 50).apply(DOCUMENT).keyframes[-1].info == "start"


def test_rates_keep_what_is_locked() -> None:
    seconds = SetRates(fps=40, lock="seconds").apply(DOCUMENT)
    assert [row.frame for row in seconds.keyframes] == [0, 20, 40, 80]
    assert ranges(seconds) == [None, (20, 60)]
    assert seconds.options.fps == 40
    beats = SetRates(bpm=60, lock="beats").apply(DOCUMENT)
    assert [row.frame for row in beats.keyframes] == [0, 20, 40, 80]
    assert SetRates(fps=40).apply(DOCUMENT).keyframes == DOCUMENT.keyframes, "locked to frames"
    both = SetRates(fps=40, bpm=240, lock="beats").apply(DOCUMENT)
    assert [row.frame for row in both.keyframes] == [0, 10, 20, 40]


def test_prompts_that_met_still_meet_after_a_change_of_rates() -> None:
    prompts = tuple(Prompt(str(start), all_frames=False, start=start, end=start + 9) for start in (0, 10, 20))
    slower = SetRates(fps=13, lock="seconds").apply(replaced(DOCUMENT, prompts=Prompts(prompts)))
    assert ranges(slower) == [(0, 6), (7, 12), (13, 19)]


@given(
    st.lists(st.floats(1, 240), min_size=1, max_size=8),
    st.sampled_from(["seconds", "beats"]),
    st.sampled_from(["fps", "bpm"]),
)
def test_changing_rates_and_coming_back_moves_nothing(rates: list[float], lock: Any, which: str) -> None:
    """However often, and through however few frames per second."""
    document = DOCUMENT
    for rate in rates:
        document = SetRates(**{which: rate, "lock": lock}).apply(document)  # type: ignore[arg-type]
    document = SetRates(fps=20, bpm=120, lock=lock).apply(document)
    assert document == DOCUMENT


def replaced(document: Document, **parts: Any) -> Document:
    from dataclasses import replace

    return replace(document, **parts)


def test_prompts() -> None:
    def names(document: Document) -> list[str]:
        return [entry.name for entry in document.prompts.entries]

    assert SetPromptText(0, negative="blur").apply(DOCUMENT).prompts.entries[0].negative == "blur"
    assert SetPromptText("common", "photo").apply(DOCUMENT).prompts.common.positive == "photo"
    assert SetPromptName(1, "dogs").apply(DOCUMENT).prompts.entries[1].name == "dogs"
    assert ranges(SetPromptRange(0, 5, 9).apply(DOCUMENT))[0] == (5, 9)
    assert ranges(SetPromptRange(1, all_frames=True).apply(DOCUMENT))[1] is None
    assert SetPromptOverlap(0, Overlap("linear", 5, 5)).apply(DOCUMENT).prompts.entries[0].overlap.fade_in == 5
    assert names(AddPrompt(Prompt("c"), 0).apply(DOCUMENT)) == ["c", "a", "b"]
    assert names(RemovePrompt(0).apply(DOCUMENT)) == ["b"]
    assert names(MovePrompt(0, 1).apply(DOCUMENT)) == ["b", "a"]
    assert names(ImportPrompts((Prompt("x"),)).apply(DOCUMENT)) == ["a", "b", "x"]
    assert names(ImportPrompts((Prompt("x"),), replace_all=True).apply(DOCUMENT)) == ["x"]
    assert not SetPromptsEnabled(False).apply(DOCUMENT).prompts.enabled
    assert SetCommonPosition("prepend").apply(DOCUMENT).prompts.common_position == "prepend"


def test_a_split_prompt_says_the_same_on_every_frame() -> None:
    split = SplitPrompt(1, 20).apply(DOCUMENT)
    assert ranges(split) == [None, (10, 19), (20, 30)]
    assert [entry.name for entry in split.prompts.entries] == ["a", "b", "b 2"]
    assert ranges(SplitPrompt(0, 1).apply(DOCUMENT))[:2] == [(0, 0), (1, 40)]


@given(st.integers(1, 7), st.integers(0, 6), st.integers(1, 200))
def test_evenly_spread_prompts_leave_no_frame_out(count: int, fade: int, last: int) -> None:
    prompts = Prompts(tuple(Prompt(str(number)) for number in range(count)))
    document = replaced(DOCUMENT, keyframes=(Keyframe(0), Keyframe(last)), prompts=prompts)
    spread = SpreadPromptsEvenly(fade).apply(document)
    shown = [entry for entry in spread.prompts.entries if entry.start <= entry.end]
    assert {frame for entry in shown for frame in range(entry.start, entry.end + 1)} == set(range(last + 1))
    if fade == 0:
        assert sum(entry.end - entry.start + 1 for entry in shown) == last + 1, "each frame has one prompt"


def test_bulk_edits_find_rows_by_what_they_say() -> None:
    beats = RowFilter(label="^beat [0-9]$")
    assert table(BulkSet(beats, "zoom", value=7).apply(DOCUMENT)) == {0: "1 S", 10: "7 sin(p=10)", 20: 7, 40: 4}
    assert table(BulkSet(RowFilter(first=20), "zoom", formula="C").apply(DOCUMENT))[40] == "4 C"
    assert table(BulkExpression(beats, "zoom", "S*10").apply(DOCUMENT))[10] == "20 sin(p=10)"
    assert (
        table(BulkReplace(RowFilter(field="zoom", formula="sin"), "zoom", "sin", "tri").apply(DOCUMENT))[10]
        == "2 tri(p=10)"
    )
    assert BulkLabel(RowFilter(field="angle", value=90), "end").apply(DOCUMENT).keyframes[-1].info == "end"
    assert [row.frame for row in BulkDelete(beats).apply(DOCUMENT).keyframes] == [0, 40]


def test_settings() -> None:
    assert SetManagedFields(("angle", "mine")).apply(DOCUMENT).managed_fields == ("angle", "mine")
    assert SetDisplayedFields(("angle",)).apply(DOCUMENT).displayed_fields == ("angle",)
    assert SetOption("cadence", 3).apply(DOCUMENT).options.cadence == 3
    assert SetRenderSetting("steps", 3).apply(DOCUMENT).render == {"steps": 3}
    assert SetRenderSetting("steps", None).apply(SetRenderSetting("steps", 3).apply(DOCUMENT)).render == {}
    assert SetName("dance").apply(DOCUMENT).name == "dance"
    assert SetLock("beats").apply(DOCUMENT).lock == "beats"
    assert SetReverse(True).apply(DOCUMENT).reverse
    other = TimeSeries("loud", SERIES.x, SERIES.y * 2)
    assert AddTimeSeries(other).apply(DOCUMENT).time_series == (other,)
    assert RemoveTimeSeries("loud").apply(DOCUMENT).time_series == ()


@pytest.mark.parametrize(
    ("edit", "message", "hint"),
    [
        (SetValue(5, "zoom", 1), "no keyframe at 5", "insert one"),
        (SetValue(0, "zoom_i", 1), "'zoom_i' cannot be the name", "letters"),
        (SetValue(0, "frame", 1), "'frame' cannot be the name", "letters"),
        (SetValue(0, "zoom", float("nan")), "cannot be the value", "finite"),
        (SetValue(0, "zoom", 10**400), "cannot be the value", "finite"),
        (InsertKeyframe(10), "already a keyframe at 10", "next free frame is 11"),
        (InsertKeyframe(-1), "outside the timeline", "from 0"),
        (InsertKeyframe(MAX_FRAME + 1), "outside the timeline", "to 5000000"),
        (DeleteKeyframes((0,)), "first keyframe cannot be deleted", "clear its cells"),
        (DeleteKeyframes((10, 20, 40)), "needs two keyframes", "keep one"),
        (DeleteKeyframes(()), "no keyframe is selected", "select"),
        (MoveKeyframes((10,), 10), "would land on the keyframe at 20", "move that one"),
        (MoveKeyframes((10,), -11), "outside the timeline", "from 0"),
        (StretchKeyframes((10, 20), 0, 0.01), "would land on the keyframe at 0", "move that one"),
        (StretchKeyframes((10, 20), 15, 0.01), "would land on", "move that one"),
        (StretchKeyframes((0, 10), 0, 2), "would land on the keyframe at 20", "2 push"),
        (StretchKeyframes((10,), 0, 0), "stretched by 0", "above 0"),
        (KeyframesAtIntervals(0, 10, 0), "cannot be 0 frames apart", "above 0"),
        (KeyframesAtIntervals(0, 1e9, 1), "too many", "go up to"),
        (FillLinear((10, 20), "zoom"), "a value of zoom at both ends", "first and last"),
        (FillExpression((0,), "zoom", "sni(p=1)"), "sni", "sin"),
        (FillExpression((0,), "zoom", "_log(0-1)"), "no finite number at 0", "finite"),
        (SetPromptText(7, "x"), "no prompt 8", "has 2 prompts"),
        (SetPromptRange(0, 9, 5), "from 9 to 5", "after the start"),
        (AddPrompt(Prompt(), 5), "no place 5", "at the end"),
        (MovePrompt(0, 5), "no place 6", "from 1 to 2"),
        (SplitPrompt(1, 10), "does not cut", "between 11 and 30"),
        (SpreadPromptsEvenly(-1), "fade over -1", "0 or more"),
        (ImportPrompts(()), "holds no prompts", "one prompt a line"),
        (SetManagedFields(("zoom", "zoom")), "listed twice", "once"),
        (SetOption("fps", 0), "fps cannot be 0", "above 0"),
        (SetOption("cadence", 1.5), "cadence cannot be 1.5", "whole number"),
        (SetOption("speed", 1), "no option called 'speed'", "fps"),
        (SetRates(fps=-1), "fps cannot be -1", "above 0"),
        (SetRates(fps=1e8, lock="seconds"), "would land on frame", "go up to"),
        (SetRenderSetting("steps", "many"), "'steps' cannot be 'many'", "whole number"),
        (SetRenderSetting("speed", 1), "no render setting called 'speed'", "did you mean seed"),
        (RemoveTimeSeries("x"), "no time series called 'x'", "loud"),
        (BulkSet(RowFilter(label="nobody"), "zoom", 1), "no keyframe answers", "loosen"),
        (BulkSet(RowFilter(label="("), "zoom", 1), "cannot be read", "escape"),
        (BulkReplace(RowFilter(), "zoom", "", "x"), "nothing to search", "replaced"),
        (BulkDelete(RowFilter()), "needs two keyframes", "narrow"),
    ],
)
def test_an_edit_that_does_not_fit_says_why_and_what_would(edit: Edit, message: str, hint: str) -> None:
    with pytest.raises(EditError) as caught:
        edit.apply(DOCUMENT)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_several_edits_apply_together_or_not_at_all() -> None:
    good, bad = SetValue(0, "zoom", 9), SetValue(5, "zoom", 9)
    assert table(Several((good, SetInfo(0, "x")), "both").apply(DOCUMENT))[0] == "9 S"
    with pytest.raises(EditError):
        Several((good, bad), "both").apply(DOCUMENT)


@st.composite
def some_edit(draw: st.DrawFn) -> Edit:
    frame, other = draw(st.sampled_from([0, 10, 20, 40, 55])), draw(st.integers(0, 60))
    field = draw(st.sampled_from(["zoom", "angle", "mine"]))
    value = draw(st.floats(-10, 10))
    choices: list[Edit] = [
        SetValue(frame, field, value),
        SetFormula(frame, field, "S"),
        SetInfo(frame, "x"),
        ClearCells(((frame, field),)),
        InsertKeyframe(other),
        DeleteKeyframes((frame,)),
        MoveKeyframes((frame,), other - 30),
        StretchKeyframes((frame,), 0, 2),
        KeyframesAtIntervals(0, other, 7),
        FillSeries((0, 10), field, value, 1),
        SetRates(fps=other + 1.0, lock="seconds"),
        SplitPrompt(0, other),
        RemovePrompt(0),
        SpreadPromptsEvenly(3),
        SetManagedFields((field,)),
        BulkSet(RowFilter(first=other), field, value),
        PasteBlock(copy_block(DOCUMENT, (0, 10), ("zoom",)), other),
    ]
    return draw(st.sampled_from(choices))


@given(st.lists(some_edit(), max_size=8))
def test_edit_then_undo_is_the_identity_and_documents_stay_sound(edits: list[Edit]) -> None:
    history = History.of(DOCUMENT)
    for number, edit in enumerate(edits):
        before = history.document
        try:
            after = history.apply(edit, number * 10.0)
        except EditError:
            assert history.document is before
            continue
        assert edit.label
        assert after is history or after.undo().document is before
        history = after
        frames = [row.frame for row in history.document.keyframes]
        assert frames
        assert frames == sorted(frames)
        assert len(set(history.document.managed_fields)) == len(history.document.managed_fields)
    while history.undo_label:
        history = history.undo()
    assert history.document is DOCUMENT
