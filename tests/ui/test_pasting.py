"""Pasting: (table before, clipboard, keys, table after), and clipboards that nobody should trust."""

from __future__ import annotations

import pytest
from keystrokes import Fingers, check, read, written

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.pasting import MAXIMUM_CHARACTERS


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


def test_pasting_over_the_table_from_the_terminal_answers_too_much_text() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.desk.paste("9" * (MAXIMUM_CHARACTERS + 1))
    assert "too much to paste" in fingers.host.said[-1]
    assert not fingers.session.dirty


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
