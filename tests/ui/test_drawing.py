"""Cells, columns and lines as text: exact widths, marks that need no colour, nothing that moves a terminal's cursor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Overlap, Prompt
from parseq_tui.ui.drawing.cells import decimals_needed, ending, fitted, number, plain, shortest
from parseq_tui.ui.drawing.grid import Errors, clock, field_cell, lay_out
from parseq_tui.ui.drawing.line_edit import LineEdit
from parseq_tui.ui.drawing.ranges import lanes, range_bar
from parseq_tui.ui.view_state import LABEL, Column, ViewState, columns

numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(numbers, st.integers(6, 14), st.integers(0, 4), st.booleans())
def test_a_number_always_fills_its_column(value: float, width: int, decimals: int, interpolated: bool) -> None:
    assert len(number(value, width, decimals, interpolated=interpolated)) == width


@given(st.text(), st.integers(0, 20))
def test_a_text_always_fills_its_column_and_is_harmless(text: str, width: int) -> None:
    shown = fitted(text, width)
    assert cell_len(shown) == width
    assert shown.isprintable()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_a_cell_is_prefilled_with_reads_back(value: float) -> None:
    assert float(shortest(value)) == value


def test_decimal_points_stand_above_each_other() -> None:
    lines = [number(value, 10, 3) for value in (1, 0.5, 0.125, -12.25)]
    assert lines == ["    1     ", "    0.5   ", "    0.125 ", "  -12.25  "]


@pytest.mark.parametrize(("values", "decimals"), [([1, 2], 0), ([0.5], 1), ([1 / 3], 4), ([math.nan, 2.25], 2)])
def test_a_column_has_the_decimals_it_needs(values: list[float], decimals: int) -> None:
    assert decimals_needed(np.array(values)) == decimals


def test_control_characters_are_replaced() -> None:
    assert plain("a\x1b[2Jb\nc") == "a\N{REPLACEMENT CHARACTER}[2Jb↵c"


def test_a_time_is_minutes_and_seconds() -> None:
    assert (clock(128, 20), clock(1300, 20), clock(0, 24), clock(5, 0)) == ("0:06.40", "1:05.00", "0:00.00", "-")


def _table(failed: frozenset[str] = frozenset()) -> FrameTable:
    problem = Diagnostic("error", "no such function", field="zoom", keyframe=0)
    return FrameTable(
        0, 61, 20, 120, 1, {"zoom": np.linspace(1, 2, 61)}, lambda index: ("", ""),
        diagnostics=(problem,) if failed else (), failed_fields=failed,
    )  # fmt: skip


DOCUMENT = Document(
    (Keyframe(0, {"zoom": 1.0}, {"zoom": "sni()"}), Keyframe(30), Keyframe(60, {"zoom": 2.0})), ("zoom",), ("zoom",)
)


def test_interpolated_values_and_errors_are_marked_by_a_character() -> None:
    value, formula = Column("zoom", "value"), Column("zoom", "formula")
    good, bad = _table(), _table(frozenset({"zoom"}))

    def cell(row: int, column: Column, table: FrameTable) -> tuple[str, str]:
        text, role = field_cell(DOCUMENT.keyframes[row], column, 10, table, Errors.of(table, DOCUMENT), {"zoom": 1})
        return text.strip(), role

    assert cell(0, value, good) == ("1", "text")
    assert cell(1, value, good) == ("·1.5", "interpolated")
    assert cell(1, value, bad) == ("!err", "error")
    assert cell(0, formula, bad) == ("!sni()", "error")
    assert cell(0, formula, good) == ("sni()", "formula")


@given(st.integers(30, 200), st.booleans())
def test_columns_lie_side_by_side(width: int, formulas: bool) -> None:
    view = ViewState(formulas=formulas)
    grid = lay_out(DOCUMENT, view, width)
    assert grid.columns == columns(DOCUMENT, view)
    for column in range(2, len(grid.columns) - 1):
        assert grid.lefts[column] + grid.widths[column] == grid.lefts[column + 1]
    assert grid.frozen + grid.scrolled_width <= max(width, grid.frozen + 23)


def test_a_line_is_edited_by_words_and_never_breaks() -> None:
    line = LineEdit.of("sin(p=4b) + bez()")
    assert line.at(line.word_left()).text[line.word_left() :] == "bez()"
    assert line.key("ctrl+u") == LineEdit("", 0)
    assert line.at(3).key("ctrl+k") == LineEdit("sin", 3)
    assert LineEdit.of("a").inserted("b\nc\x1b").text == "ab c "
    assert line.key("f7") is None


@given(st.text(max_size=20), st.lists(st.sampled_from(["left", "right", "backspace", "delete", "ctrl+w", "home"])))
def test_the_cursor_stays_in_the_line(text: str, keys: list[str]) -> None:
    line = LineEdit.of(text)
    for key in keys:
        after = line.key(key)
        assert after is not None
        line = after
        assert 0 <= line.cursor <= len(line.text)


@given(
    st.text(alphabet=st.sampled_from("ab +日本e\u0301🎬\x1b\n"), max_size=30), st.integers(0, 30), st.integers(3, 12)
)
def test_what_is_seen_of_a_line_fits_and_holds_the_cursor(text: str, cursor: int, width: int) -> None:
    line = LineEdit(text, min(cursor, len(text)))
    first, end = line.window(width)
    seen = cell_len(plain(text[first:end])) + (line.cursor == len(text))
    assert first <= line.cursor < end and seen <= width
    if first:  # nothing is cut without need
        assert seen + cell_len(plain(text[first - 1])) > width or line.column(line.cursor) >= width - 2
    assert line.column(line.cursor) - line.column(first) < width


@given(st.text(), st.integers(0, 20))
def test_the_end_of_a_text_always_fills_its_cell(text: str, width: int) -> None:
    assert cell_len(ending(text, width)) == width and ending(text, width).isprintable()


def spoken(start: int, end: int, **overlap: Any) -> Prompt:
    return Prompt(all_frames=False, start=start, end=end, overlap=Overlap(**overlap))


def test_prompts_that_do_not_overlap_share_a_row() -> None:
    prompts = [spoken(50, 100), spoken(0, 60), spoken(101, 150), spoken(55, 58)]
    assert lanes(prompts, 150, 3) == [[0], [1, 2], [3]]
    assert lanes(prompts, 150, 2) == [[0], [1, 3, 2]], "what has no room lies over what ends first"
    assert lanes([spoken(0, 60), spoken(0, 150)], 150, 1) == [[1, 0]], "the longer one hides none"
    assert lanes(prompts, 150, 0) == lanes([], 150, 3) == []


def test_the_weight_of_a_formula_is_drawn_as_it_is() -> None:
    prompt = spoken(0, 3, kind="custom", formula="f/3")
    bar = range_bar(prompt, 0, 6, 6, 5, "braille", lambda frame: str(frame / 3))
    assert bar == "░▒▓█··"
    assert range_bar(prompt, 0, 6, 6, 5, "braille") == "████··", "not known yet"
    assert range_bar(prompt, 0, 6, 6, 5, "ascii", lambda frame: "a word") == "####  "


def test_values_that_make_no_sense_are_marked_whether_stored_or_not() -> None:
    rows = (Keyframe(0, {"strength": 0.5, "own": 9.0}), Keyframe(10), Keyframe(20, {"strength": 1.5}), Keyframe(30))
    document = Document(rows, ("strength", "own"))
    table = bake(document)
    errors = Errors.of(table, document)
    shown = [field_cell(row, Column("strength", "value"), 10, table, errors, {"strength": 1}) for row in rows]
    assert [(text.strip(), role) for text, role in shown] == [
        ("0.5", "text"),
        ("·1.0", "interpolated"),
        ("!1.5", "warning"),
        ("!·1.5", "warning"),
    ]
    assert field_cell(rows[0], Column("own", "value"), 10, table, errors, {})[1] == "text", "a number of your own"


def test_values_that_no_error_concerns_are_shown() -> None:
    wrong = {20: "sni(1)", 60: "1/(f-70)", 40: "L"}
    rows = (Keyframe(at, {"zoom": 1.0} if not at else {}, {"zoom": wrong[at]} if at in wrong else {})
            for at in range(0, 100, 10))  # fmt: skip
    document = Document(tuple(rows), ("zoom",))
    table = bake(document)
    errors, column = Errors.of(table, document), Column("zoom", "value")
    shown = [field_cell(row, column, 10, table, errors, {})[0].strip() for row in document.keyframes]
    assert [index * 10 for index, text in enumerate(shown) if text == "!err"] == [20, 30, 70, 80, 90]


def test_a_field_that_reads_itself_in_a_circle_has_no_values_at_all() -> None:
    rows = (
        Keyframe(0),
        Keyframe(10, {}, {"zoom": 'field("angle")'}),
        Keyframe(20, {}, {"angle": 'field("zoom")'}),
        Keyframe(30),
    )
    document = Document(rows, ("zoom", "angle"))
    errors = Errors.of(bake(document), document)
    assert errors.doubts("zoom", 0) and errors.doubts("angle", 30)


def test_labels_take_the_room_that_is_left() -> None:
    row = Keyframe(0, {"zoom": 1.0}, {"zoom": "S + 0.25*sin(p=4b)"}, "a label of thirty characters .")
    document = Document((row, Keyframe(9)), ("zoom",), ("zoom",))
    assert [lay_out(document, ViewState(), width).widths[1:] for width in (50, 70, 80, 200)] == [
        (15, 10, 13), (24, 10, 20), (31, 10, 20), (31, 10, 20),
    ]  # fmt: skip
    assert lay_out(document, ViewState(widths=((LABEL, 9),)), 200).widths[1] == 9, "chosen by hand"


def test_columns_are_as_wide_as_wide_characters_need() -> None:
    row = Keyframe(0, {"ズーム係数": 1.0}, {"ズーム係数": "1"}, "日本語のラベル")
    grid = lay_out(Document((row, Keyframe(9)), ("ズーム係数",), ("ズーム係数",)), ViewState(), 80)
    assert grid.widths[1:3] == (15, 12)
