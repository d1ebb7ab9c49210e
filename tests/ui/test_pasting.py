"""Pasting: (table before, clipboard, keys, table after), and clipboards that nobody should trust."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keystrokes import Fingers, check, read, written

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.pasting import MAXIMUM_CELLS, MAXIMUM_CHARACTERS, pasting_here


def pasting(before: str, clipboard: str, keys: str) -> Fingers:
    fingers = Fingers(*read(before))
    fingers.session.clipboard = clipboard
    fingers.press(keys)
    return fingers


@pytest.mark.parametrize(
    ("before", "clipboard", "keys", "after"),
    [
        ("0:[1] 30:5 60:2", "7\tS\n8\tL\n", "p", "0:[7]=S 30:8=L 60:2"),
        ("0:[1]=C 30:5 60:2", "7\tS\n8\tL\n", "P v", "0:[7]=C 30:8 60:2"),
        ("0:[1] 30:5 60:2", "7\tS\n8\tL\n", "P f", "0:[1]=S 30:5=L 60:2"),
        ("0:[1] 30:5 60:2", "7\t8\t9\n", "P t", "0:[7] 30:8 60:9"),
        ("0:[1] 30:5 60:2", "7\n8\n", "P n", "0:[7] 30:8 60:2"),
        # whole rows keep their distances, wherever they are put down
        ("0:[1] 30:5 60:2", '0\tintro\t7\tS\n10\t\t8\t\n', "down P r", '0:1 30:[7]=S"intro" 40:8 60:2'),
        ("0:[1]=S 10:5 60:2", "", "V down y down down P r", "0:1=S 10:5 60:1=S 70:5"),
        ("0:[1] 30:5 60:2", "7\n", "v down p escape", "0:7 30:[7] 60:2"),
        ("0:[1] 30:5 60:2", "1,5\n", "p", "0:[1.5] 30:5 60:2"),
        # terminals and other systems end lines in their own ways
        ("0:[1] 30:5 60:2", "7\tS\r8\tL\r", "p", "0:[7]=S 30:8=L 60:2"),
        ("0:[1] 30:5 60:2", "7\tS\r\n8\tL\r\n", "p", "0:[7]=S 30:8=L 60:2"),
    ],
)  # fmt: skip
def test_pastes(before: str, clipboard: str, keys: str, after: str) -> None:
    fingers = pasting(before, clipboard, keys)
    assert written(fingers.session.document, fingers.desk.view) == after
    fingers.press("u")
    assert fingers.session.document == read(before)[0]


@pytest.mark.parametrize(
    ("clipboard", "keys", "words"),
    [
        ("", "p", "nothing was copied yet"),
        ("7\n8\n9\n10\n", "p", "pasted 2 cells; 2 did not fit"),
        ("7\nmany\n", "p", "pasted 1 cell; 1 did not fit"),
        ("nan\ninf\n", "p", "nothing of the clipboard fits"),
        ("1,5\n", "p", "commas were read as decimal points"),
        ("7\n8\n", "P r", "no whole rows"),
        ("9" * (MAXIMUM_CHARACTERS + 1), "p", "too much to paste"),
        ("\n\n", "p", "no cells"),
        ('"' + "9" * 200_000, "p", "cannot be read as cells"),
    ],
)
def test_what_is_left_out_or_refused_is_said(clipboard: str, keys: str, words: str) -> None:
    fingers = pasting("0:[1] 60:2", clipboard, keys)
    assert words in fingers.host.said[-1]


def two_fields() -> Fingers:
    rows = (Keyframe(0, {"zoom": 1.0, "angle": 2.0}, {"zoom": "S"}), Keyframe(60, {"zoom": 3.0, "angle": 4.0}))
    return Fingers(Document(rows, ("zoom", "angle"), ("zoom", "angle")))


def test_columns_of_numbers_from_a_spreadsheet_go_into_values_side_by_side() -> None:
    fingers = two_fields()
    fingers.desk.paste("5\t6\r7\t8")
    assert [dict(row.values) for row in fingers.session.document.keyframes] == [
        {"zoom": 5, "angle": 6},
        {"zoom": 7, "angle": 8},
    ]
    assert fingers.session.document.keyframes[0].formulas == {"zoom": "S"}
    assert fingers.host.said[-1] == "pasted 4 cells; side by side, formulas stay"


def test_a_spreadsheets_gaps_and_words_do_not_make_numbers_formulas() -> None:
    fingers = two_fields()
    fingers.desk.paste("5\t\nx\t8\n")
    assert [dict(row.values) for row in fingers.session.document.keyframes[:2]] == [
        {"zoom": 5.0}, {"zoom": 3.0, "angle": 8.0},
    ]  # fmt: skip
    assert fingers.host.said[-1] == "pasted 3 cells; 1 did not fit and were left out; side by side, formulas stay"


@pytest.mark.parametrize("text", ["5\tL\n7\t8\n"])
def test_what_may_hold_formulas_goes_into_formula_columns_too(text: str) -> None:
    fingers = two_fields()
    fingers.desk.paste(text)
    assert fingers.session.document.keyframes[1].formulas == {"zoom": "8"}


def test_what_was_copied_here_comes_back_by_way_of_the_terminal_as_it_was() -> None:
    fingers = two_fields()
    fingers.session.clipboard = "5\t6\n7\t8\n"
    fingers.desk.paste("5\t6\r7\t8\r")
    assert fingers.session.document.keyframes[0].formulas == {"zoom": "6"}


def test_pasting_over_the_table_from_the_terminal_answers_too_much_text() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.desk.paste("9" * (MAXIMUM_CHARACTERS + 1))
    assert "too much to paste" in fingers.host.said[-1]
    assert not fingers.session.dirty


@pytest.mark.slow
def test_a_megabyte_of_cells_is_one_step() -> None:
    rows = tuple(Keyframe(index * 10, {"zoom": 1.0}) for index in range(3000))
    names = tuple(f"own_{index}" for index in range(40))
    fingers = Fingers(Document(rows, names, names))
    fingers.desk.paste("\n".join("\t".join(["0.12345", "sin(p=4b)"] * 30) for _ in range(2500)))
    assert fingers.session.document.keyframes[2499].formulas["own_29"] == "sin(p=4b)"
    assert fingers.session.history.undo_label == "paste 150000 cells"
    fingers.desk.paste("1\n" * 700_000)
    assert "did not fit" in fingers.host.said[-1]


def test_copying_and_pasting_elsewhere_keeps_texts_with_tabs_and_quotes() -> None:
    check('0:[1]"a" 30:5 60:2', "home left y down p", '0:1"a" 30:5"a" 60:2')


@pytest.mark.parametrize(
    ("before", "clipboard", "after", "said"),
    [
        # rows go to the frames they say, and are made where there are none
        ("0:[1] 60:2", "frame\tzoom\n0\t7\n30\t8\n", "0:[7] 30:8 60:2", "pasted 2 cells; made 1 row"),
        ("0:[1] 60:2", "Zoom\tframe\tlabel\n7\t60\tend\n", '0:[1] 60:7"end"', "pasted 2 cells"),
        ("0:[1] 60:2=L", "frame\tzoom\tzoom formula\n60\t\tS\n", "0:[1] 60:=S", "pasted 2 cells"),
        ("0:[1] 60:2", "frame\tzoom_i\n0\tsin(p=4b)\n", "0:[1]=sin(p=4b) 60:2", "pasted 1 cell"),
        # a spreadsheet's own columns, decimal commas, other separators
        ("0:[1] 60:2", "frame\tnotes\tzoom\n0\tsoft\t1,5\n", "0:[1.5] 60:2",
         "pasted 1 cell; commas were read as decimal points; left out: notes"),
        ("0:[1] 60:2", "frame;zoom\n0;1,5\n60;3\n", "0:[1.5] 60:3", "pasted 2 cells; commas"),
        ("0:[1] 60:2", "frame,zoom\n0,1.5\n60,3\n", "0:[1.5] 60:3", "pasted 2 cells"),
        # without frames, downwards from the cursor
        ("0:1 30:[5] 60:2", "zoom\n8\n9\n10\n", "0:1 30:[8] 60:9", "pasted 2 cells; 1 did not fit"),
        # nonsense
        ("0:[1] 60:2", "frame\tzoom\nmany\t3\n1.5\t4\n-1\t2\n0\t9\n", "0:[9] 60:2", "3 did not fit"),
    ],
)  # fmt: skip
def test_a_table_with_heads_finds_its_columns_and_rows(before: str, clipboard: str, after: str, said: str) -> None:
    fingers = pasting(before, clipboard, "p")
    assert written(fingers.session.document, fingers.desk.view) == after
    assert said in fingers.host.said[-1]
    fingers.press("u")
    assert fingers.session.document == read(before)[0]


def test_fields_that_are_not_managed_yet_are_added() -> None:
    fingers = pasting("0:[1] 60:2", "frame\tzoom\tangle\n0\t2\t5\n", "p")
    document = fingers.session.document
    assert document.managed_fields == document.displayed_fields == ("zoom", "angle")
    assert document.keyframes[0].values == {"zoom": 2, "angle": 5}
    assert "added angle" in fingers.host.said[-1]


@pytest.mark.parametrize("clipboard", ["zoom\n", "7\tzoom\n8\tS\n", "one\ttwo\n7\t8\n"])
def test_what_only_looks_like_heads_is_pasted_as_it_is(clipboard: str) -> None:
    fingers = pasting("0:[1] 60:2", clipboard, "p")
    assert "left out:" not in fingers.host.said[-1]


def test_what_is_copied_with_heads_comes_back_as_it_was() -> None:
    fingers = Fingers(*read('0:[1]=S"intro" 30:5 60:2'))
    fingers.press("Y")
    assert fingers.host.copied == "frame\tlabel\tzoom\tzoom formula\n0\tintro\t1\tS\n30\t\t5\t\n60\t\t2\t\n"
    before = fingers.session.document
    fingers.press("down D p")
    assert fingers.session.document == before
    fingers.press("g g down V Y")
    assert fingers.host.copied == "frame\tlabel\tzoom\tzoom formula\n30\t\t5\t\n"


@given(st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=5))
def test_no_clipboard_breaks_anything(cells: list[list[str]]) -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.desk.paste("frame\tzoom\n" + "\n".join("\t".join(line) for line in cells))
    assert fingers.session.document.keyframes[0].frame == 0


def test_what_is_copied_says_whether_it_can_be_pasted_here() -> None:
    assert pasting_here("1\t2\n" * (MAXIMUM_CELLS // 2)) == "pasting in here works"
    assert "200,002 cells, at most 200,000" in pasting_here("1\t2\n" * (MAXIMUM_CELLS // 2 + 1))
