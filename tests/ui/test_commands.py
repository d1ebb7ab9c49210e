"""What keys do to a document: (table before, keys, table after)."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from keystrokes import Fingers, check, read, written

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.time_series import TimeSeries
from parseq_tui.ui.commands import COMMANDS
from parseq_tui.ui.commands.registry import Group
from parseq_tui.ui.completing import complete_cell, complete_command, usage
from parseq_tui.ui.keymap import DEFAULT_KEYS, PREFIX_TITLES
from parseq_tui.ui.view_state import ViewState


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        # a digit starts a value, Enter keeps it and goes down, Escape keeps nothing
        ("0:[1] 60:2", "0 . 8 enter", "0:0.8 60:[2]"),
        ("0:[1] 60:2", "0 . 8 escape", "0:[1] 60:2"),
        ("0:[1] 60:2", "- 3 tab", "0:-3=[] 60:2"),
        ("0:[1] 60:2", "1 / 4 enter", "0:0.25 60:[2]"),
        ("0:[1] 60:2", "0 , 5 enter", "0:0.5 60:[2]"),
        # Enter on an empty cell offers the interpolated value
        ("0:1 30:[] 60:2", "enter enter", "0:1 30:1.5 60:[2]"),
        # … that is the number which leaves the curve as it is, whatever the formula makes of it
        ("0:1=S+1 30:[] 60:2", "enter enter", "0:1=S+1 30:1 60:[2]"),
        ("0:1=S*2 30:[] 60:2", ">", "0:1=S*2 30:[1.01] 60:2"),
        ("0:1=L*2 30:[] 60:2", "f k", "0:1=L*2 30:[1.5] 60:2"),
        ("0:1=2+f 30:[] 60:2", "enter enter", "0:1=2+f 30:32 60:[2]"),
        # = in a value cell is a formula
        ("0:[1] 60:2", "c = S enter", "0:1=S 60:[2]"),
        ("0:[1] 60:2", "= S * 2 enter", "0:1=S*2 60:[2]"),
        ("0:[1]=S 60:2", "= * 2 enter", "0:1=S*2 60:[2]"),
        ("0:1=[S] 60:2", "= * 2 enter", "0:1=S*2 60:2=[]"),
        ("0:[1] 30:5 60:2", "v down = S enter escape", "0:1=S 30:[5]=S 60:2"),
        # digits begin an entry in any column
        ("0:1=[S] 60:2", "2 * S enter", "0:1=2*S 60:2=[]"),
        ("0:1 60:[2]", "d", "0:1 60:[]"),
        ("0:1 60:[2]", "c enter", "0:1 60:[]"),
        # the interpolation goes round: linear is in effect until something else is said
        ("0:[1] 60:2", "i", "0:[1]=S 60:2"),
        ("0:[1] 60:2", "i i i", "0:[1]=P 60:2"),
        ("0:[1] 60:2", "i i i i", "0:[1]=L 60:2"),
        # nudging, by the field's step, ten of it, and back
        ("0:[1] 60:2", "> >", "0:[1.02] 60:2"),
        ("0:[1] 60:2", "}", "0:[1.1] 60:2"),
        ("0:[1] 60:2", "> > u", "0:[1.01] 60:2"),
        ("0:1 30:[] 60:2", ">", "0:1 30:[1.51] 60:2"),
        ("0:[1] 60:2", ") ) (", "0:[1.001] 60:2"),
        ("0:[1] 60:2", "* x * 2 + 0 . 5 enter", "0:[2.5] 60:2"),
        # rows
        ("0:[1] 60:2", "o", "0:1 30:[] 60:2"),
        ("0:1 60:[2]", "O", "0:1 30:[] 60:2"),
        ("0:[1] 60:2", "a 1 2 enter", "0:1 12:[] 60:2"),
        ("0:1 30:[5] 60:2", "D", "0:1 60:[2]"),
        ("0:1 30:[5] 60:2", "T + 8 enter", "0:1 38:[5] 60:2"),
        ("0:1 30:[5] 60:2", "T + 4 0 enter >", "0:1 60:2 70:[5.01]"),
        ("0:1 10:[5] 20:6 60:2", "V down T + 5 2 enter > escape", "0:1 60:2 62:5.01 72:[6.01]"),
        ("0:1 10:[5] 20:6 60:2", "V down T + 4 5 enter >", "0:1 55:5 60:2 65:[6.01]"),
        ("0:1 30:[5] 60:2", "left left 7 5 enter >", "0:1 60:2 76:5"),
        ("0:1 30:[5] 60:2", "D u", "0:1 30:[5] 60:2"),
        ("0:1 30:[5] 60:2", "D u U", "0:1 60:[2]"),
        ("0:[1] 60:2", "r", "0:[1] 60:2"),
        ("0:[1] 30:5 60:2", "7 enter r", '0:7 30:[7] 60:2'),
        # copy and paste, one cell over a selection
        ("0:[1] 30:5 60:2", "y down p", "0:1 30:[1] 60:2"),
        ("0:[1] 30:5 60:6", "y down v down p", "0:1 30:1 60:[1]"),
        ("0:[1] 30:5 60:2", "x", "0:[] 30:5 60:2"),
        ("0:[1] 30:5 60:2", "shift+right y down p", "0:1 30:[1] 60:2"),
        # fills act on the selection
        ("0:[1] 15: 30: 60:3", "v G f d", "0:1 15:1 30:1 60:[1]"),
        ("0:1 15:[] 30: 60:3", "v down f d", "0:1 15: 30:[] 60:3"),
        ("0:[1] 15: 30: 60:3", "v G f l", "0:1 15:1.5 30:2 60:[3]"),
        ("0:[1] 15: 30: 60:3", "v G f s 2 enter", "0:1 15:3 30:5 60:[7]"),
        ("0:1 15:[] 60:3", "f k", "0:1 15:[1.5] 60:3"),
        ("0:[1] 15: 60:3", "v G f e f / 3 0 enter", "0:0 15:0.5 60:[2]"),
        ("0:[1] 15:2 60:3", "V down d", "0: 15:[] 60:3"),
        # everything is selected from wherever the cursor is, and it stays there
        ("0:1=S 30:[5] 60:2", "% d", "0: 30:[] 60:"),
        ("0:1 30:[5] 60:2", "% shift+down d", "0:1 30: 60:[]"),
        # what was done to a selection is taken back, and another thing tried on it
        ("0:[1] 15: 30: 60:3", "v G f d u f l", "0:1 15:1.5 30:2 60:[3]"),
    ],
)  # fmt: skip
def test_keys(before: str, keys: str, after: str) -> None:
    check(before, keys, after)


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        ("0:[1] 30:5 60:2", "j j", "0:1 30:5 60:[2]"),
        ("0:[1] 30: 60:2", "ctrl+down", "0:1 30: 60:[2]"),
        ("0:1 30: 60:[2]", "ctrl+up", "0:[1] 30: 60:2"),
        ("0:[1] 30:5 60:2", "G", "0:1 30:5 60:[2]"),
        ("0:1 30:5 60:[2]", "g g", "0:[1] 30:5 60:2"),
        ("0:[1] 30:5 60:2", "g f 4 0 enter", "0:1 30:[5] 60:2"),
        ('0:[1] 30:5"drop" 60:2', "]", '0:1 30:[5]"drop" 60:2'),
        ('0:[1] 30:5"drop" 60:2', "/ D R enter", '0:1 30:5"drop" 60:2'),
        ("0:[1] 30:5 60:2", "l", "0:1=[] 30:5 60:2"),
        ("0:[1] 30:5 60:2", ": 3 0 enter", "0:1 30:[5] 60:2"),
        # beats, 8.6 frames long here: the cursor stands on the keyframe at or before them
        ("0:[1] 17:5 60:2", "w w", "0:1 17:[5] 60:2"),
        ("0:[1] 17:5 60:2", "w w w W", "0:1 17:[5] 60:2"),
        ("0:[1] 17:5 60:2", "g n g n W", "0:[1] 17:5 60:2"),
        ("0:1 17:[5] 60:2", "W", "0:[1] 17:5 60:2"),
        ('0:[1] 30:5"drop" 60:2"dr"', "/ / ^ d r $ / enter", '0:1 30:5"drop" 60:2"dr"'),
    ],
)
def test_moves(before: str, keys: str, after: str) -> None:
    check(before, keys, after)


@pytest.mark.parametrize(
    ("before", "line", "after", "said"),
    [
        # rows are described behind `where`; without it the selection is meant, or everything
        ('0:[1] 30:5"drop" 60:2', "bulk.set zoom 9 where drop", '0:[1] 30:9"drop" 60:2', "zoom set on 1 row"),
        ('0:[1] 30:5"drop" 60:2', "bulk zoom =S where label~^d", '0:[1] 30:5=S"drop" 60:2', "zoom set on 1 row"),
        ('0:[1] 30:5"d.p" 60:2"drp"', "bulk zoom 9 where label=d.p", '0:[1] 30:9"d.p" 60:2"drp"', "1 row"),
        ("0:[1] 30:5 60:2", "bulk.set zoom 1/4", "0:[0.25] 30:0.25 60:0.25", "zoom set on 3 rows"),
        ("0:[1] 20:5 40:2", "bulk.set zoom 9 where 1s..2s", "0:[1] 20:9 40:9", "zoom set on 2 rows"),
        ("0:[1] 30:5 60:2", "bulk.set zoom 9 where zoom=5", "0:[1] 30:9 60:2", "zoom set on 1 row"),
        ("0:[1] 30: 60:2", "bulk.set zoom 9 where zoom=*", "0:[9] 30: 60:9", "zoom set on 2 rows"),
        ("0:[1]=sin(p=4b) 30:5=L 60:2", "bulk zoom 9 where zoom~sin", "0:[9]=sin(p=4b) 30:5=L 60:2", "1 row"),
        ("0:[1] 30:5 60:2", "bulk.compute zoom S*2 where 30..", "0:[1] 30:10 60:4", "zoom computed on 2 rows"),
        ("0:[1]=sin(p=4b) 30:5=L 60:2", "replace /4b/8b/", "0:[1]=sin(p=8b) 30:5=L 60:2", "replaced in 1 cell"),
        ('0:[1]=S 30:5"a S" 60:2=S', "s S bez()", '0:[1]=bez() 30:5"a bez()" 60:2=bez()', "replaced in 3 cells"),
        ("0:[1]=sin(p=4b) 30:5=L 60:2", "s /[0-9]+b/8b/r", "0:[1]=sin(p=8b) 30:5=L 60:2", "replaced in 1 cell"),
        ('0:[1]"d 1" 30:5 60:2"d 22"', "s /d [0-9]+/<$&>/r", '0:[1]"<d 1>" 30:5 60:2"<d 22>"', "2 cells"),
        ('0:[1]=S"S" 30:5"S" 60:2', 's S "" where 30..60', '0:[1]=S"S" 30:5 60:2', "replaced in 1 cell"),
        ("0:[1] 30:5 60:2", "bulk.label new verse where 30..", '0:[1] 30:5"new verse" 60:2"new verse"', "2 rows"),
        ('0:[1]"a" 30:5"b" 60:2', 'bulk.label "" where .', "0:[1] 30:5 60:2", "labelled 2 rows"),
        ('0:[1]"drop" 30:5"drop" 60:2', "bulk.delete drop", '0:[1]"drop" 60:2', "deleted 1 row"),
        ("0:[1] 30:5 60:2", "row.every 1s", "0:[1] 20: 30:5 40: 60:2", "added 2 rows"),
        ("0:[1] 30:5 60:2", "every 2b", "0:[1] 17: 30:5 34: 51: 60:2", "added 3 rows"),
    ],
)  # fmt: skip
def test_bulk_commands_change_described_rows_in_one_step(before: str, line: str, after: str, said: str) -> None:
    fingers = Fingers(*read(before))
    fingers.desk.run_line(line)
    assert written(fingers.session.document, fingers.desk.view) == after
    assert fingers.host.said[-1].endswith(said)
    fingers.press("u")
    assert fingers.session.document == read(before)[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bulk.set zom 1", "no field 'zom'"),
        ("bulk.set zoom nonsense", "nonsense"),
        ("bulk.set zoom 1 where nowhere", "no keyframe answers to that"),
        ("bulk.set zoom 1 where frame > 500", "a range of frames is 0..120"),
        ("bulk.delete frame>500", "a range of frames is 0..120"),
        (r"bulk.replace /(\d)b/\1s/r", "$& stands for all that it found"),
        ("bulk.set zoom 1 where label~(", "cannot be read"),
        ("bulk.set zoom 1 where angle=2", "no field 'angle'"),
        ("bulk.set zoom 1 where zoom=many", "zoom~PATTERN"),
        ("bulk.set zoom 1 where early..late", "no position"),
        ("bulk.compute zoom sni(2)", "did you mean"),
        ("bulk.replace nothing", "/old/new/"),
        ("bulk.replace /4b/8b/", "in no label and no formula"),
        ("bulk.delete drop", "the first keyframe is where"),
        ("row.every nan", "longer than nothing"),
        ("row.stretch 2", "select the rows"),
        ("fields 1st", "cannot be the name of a field"),
    ],
)
def test_bulk_commands_say_what_is_wrong(line: str, words: str) -> None:
    fingers = Fingers(*read('0:[1]"drop" 60:2'))
    fingers.desk.run_line(line)
    assert words in fingers.host.said[-1]
    assert not fingers.session.dirty


def test_another_tempo_says_what_keyframes_keep() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.desk.run_line("bpm 90")
    assert (
        fingers.host.said[-1] == "90 bpm: keyframes keep their frames; undo and `:lock beats` first to keep their beats"
    )
    fingers.desk.run_line("lock beats")
    fingers.desk.run_line("bpm 60")
    assert fingers.host.said[-1] == "60 bpm: keyframes keep their beats"


def test_who_goes_beyond_the_end_is_told_where_it_is() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.desk.run_line("100")
    assert fingers.host.said[-1] == "the last frame is 60; a and a position make a keyframe beyond it"
    told = len(fingers.host.said)
    fingers.desk.run_line("60")
    assert not any(fingers.host.said[told:])


def test_a_selection_says_which_rows_are_meant() -> None:
    check("0:[1] 30:5 60:2", "down shift+down b s 9 enter", "0:1 30:9 60:[9]")
    check("0:[1]=S 30:5=S 60:2=S", "down V b r / S / L / enter escape", "0:1=S 30:[5]=L 60:2=S")
    check("0:[1] 20:5 40:2 80:2", "shift+down shift+down b k 1 0 enter escape", "0:1 10: 20:5 30: 40:[2] 80:2")
    check("0:[1] 20:5 40:2 80:2", "V down b t 0 . 5 enter escape", "0:1 10:[5] 40:2 80:2")
    check("0:1 20:[5] 40:2 60:2", "V down b t 2 space p u s h enter escape", "0:1 20:5 60:[2] 80:2")


def test_a_bake_that_ends_later_leaves_the_cursor_on_the_row_just_made() -> None:
    check("0:1 30:[5] 60:2 90:3", "o escape", "0:1 30:5 45:[] 60:2 90:3")


def test_a_command_that_wants_more_begins_with_the_field_at_hand() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.press("b s")
    assert fingers.host.command_line is not None
    assert fingers.host.command_line.text == "bulk.set zoom "
    assert usage("bulk.set zoom ").startswith("FIELD NUMBER where ROWS")
    assert "ROWS: chorus" in usage("bulk.set zoom "), "what is meant by that is said nowhere else in the editor"
    assert usage("listen ").startswith("EVENT [EVERY] [FILE] ")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("bulk.s", "bulk.set"), ("w", "document.save"), ("bulk.set z", "zoom"), ("bulk.set zoom 1 where z", "zoom"),
        ("fields tra", "transform_center_x"), ("go.column om", "zoom"), ("bulk.set zoom z", None),
        ("row.every z", None), ("th", "application.theme"), ("sav", "document.save"),
    ],
)  # fmt: skip
def test_commands_and_the_fields_they_want_are_completed(typed: str, first: str | None) -> None:
    context = Fingers(*read("0:[1] 60:2")).desk.context()
    names = [one.text for one in complete_command(context, typed, len(typed))]
    assert (names[0] if names else None) == first


def test_what_cannot_be_done_says_why() -> None:
    fingers = check("0:[1] 60:2", "D", "0:[1] 60:2")
    assert "the first keyframe is where the animation starts" in fingers.host.said[-1]
    assert "nothing has been changed yet" in check("0:[1] 60:2", "u", "0:[1] 60:2").host.said[-1]
    assert "select several rows first" in check("0:[1] 60:2", "f d", "0:[1] 60:2").host.said[-1]


def test_a_text_in_a_value_cell_stays_open_and_says_how_to_write_a_formula() -> None:
    fingers = check("0:[1] 60:2", "c b a d enter", "0:[1] 60:2")
    assert fingers.host.entry is not None
    assert "= begins a formula" in fingers.host.said[-1]


def test_computed_numbers_have_no_noise_in_their_last_digits() -> None:
    fingers = check("0:[1] 60:2", "0 . 1 + 0 . 2 enter", "0:0.3 60:[2]")
    assert fingers.session.document.keyframes[0].values == {"zoom": 0.3}
    fingers = check("0:[1] 60:2", "f e 3 + _ s i n ( P I ) enter", "0:[3] 60:2")
    assert fingers.session.document.keyframes[0].values == {"zoom": 3.0}


def test_what_was_said_of_something_else_does_not_stay() -> None:
    """`said` holds what is shown; a command that has nothing to say shows nothing."""
    fingers = Fingers(*read("0:[1] 60:2"))
    shown: list[str] = []
    fingers.host.say = lambda text, severity="information": shown.append(text)  # type: ignore[method-assign]
    fingers.press("f d o")
    assert "select several rows first" in shown[-2] and shown[-1] == ""


def test_a_prefix_key_shows_what_may_follow() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.press("f")
    assert any("Fill down" in line for line in fingers.host.menu)
    fingers.press("escape")
    assert fingers.host.menu == ()
    assert fingers.desk.in_sequence is False


def test_read_only_refuses_edits_and_lets_look() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.session.read_only = True
    fingers.press("i j y")
    assert fingers.host.said[0].endswith("the document is open read-only")
    assert fingers.desk.view.row == 1
    assert fingers.host.copied == "2\n"


def test_an_unknown_command_names_near_ones() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.press(": f i l enter")
    assert "did you mean fill.down" in fingers.host.said[-1]


def test_pasting_a_spreadsheet_is_one_step() -> None:
    fingers = Fingers(*read("0:[1] 30:5 60:2"))
    fingers.desk.paste("0,5\tbez()\n0.75\t\n")
    assert [row.values["zoom"] for row in fingers.session.document.keyframes] == [0.5, 0.75, 2]
    assert fingers.session.document.keyframes[0].formulas["zoom"] == "bez()"
    fingers.press("u")
    assert [row.values["zoom"] for row in fingers.session.document.keyframes] == [1, 5, 2]


def test_escape_sequences_in_pasted_text_are_made_harmless() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.press("left")
    fingers.desk.paste("\x1b]52;c;ZXZpbA==\x07intro")
    info = fingers.session.document.keyframes[0].info
    assert info is not None
    assert info.isprintable()


def test_quick_nudges_are_one_step_and_moving_closes_it() -> None:
    fingers = Fingers(*read("0:[1] 60:2"))
    fingers.clock = 0.0
    fingers.session._clock = lambda: 0.0
    fingers.press("> > >")
    fingers.press("u")
    assert fingers.session.document.keyframes[0].values["zoom"] == 1
    fingers.press("> down up > u")
    assert fingers.session.document.keyframes[0].values["zoom"] == pytest.approx(1.01)


def test_every_key_names_a_command_and_every_prefix_has_a_title() -> None:
    assert set(DEFAULT_KEYS) <= set(COMMANDS)
    sequences = [key.split() for keys in DEFAULT_KEYS.values() for key in keys]
    prefixes = {" ".join(keys[:length]) for keys in sequences for length in range(1, len(keys))}
    assert prefixes == set(PREFIX_TITLES)
    single = {keys[0] for keys in sequences if len(keys) == 1}
    assert single.isdisjoint(prefixes), "a prefix key cannot be a command too"


def test_no_key_does_two_things() -> None:
    keys = [key for keys in DEFAULT_KEYS.values() for key in keys]
    assert len(keys) == len(set(keys))


def test_help_begins_with_moving_and_editing() -> None:
    groups = list(dict.fromkeys(command.group for command in COMMANDS.values()))
    assert groups == [group for group in get_args(Group) if group in groups]
    assert groups[:3] == ["move", "edit", "rows"]
    edits = [name for name, command in COMMANDS.items() if command.group == "edit"]
    assert edits[:2] == ["cell.edit", "cell.formula"]


def test_every_command_explains_itself() -> None:
    for entry in COMMANDS.values():
        assert entry.title
        assert entry.help.endswith(".") or entry.help.endswith("…")
        assert entry.name.count(".") == 1


def test_the_documents_own_names_are_proposed_with_what_they_mean() -> None:
    document = Document(
        (Keyframe(0), Keyframe(60)),
        ("zoom", "mine"),
        ("zoom",),
        time_series=(TimeSeries("loud", np.zeros(3), np.zeros(3)),),
    )
    context = Fingers(document, ViewState(column=3)).desk.context()
    helps = {one.text: one.help for text in ("zo", "mi", "lou") for one in complete_cell(context, text, len(text))}
    assert helps["zoom"] == "scale factor"
    assert helps["mine"] == "a number of your own"
    assert helps["loud"] == "time series of 3 points"


def test_a_few_words_that_a_command_may_have_are_proposed() -> None:
    context = Fingers(*read("0:[1] 60:2")).desk.context()
    assert [one.text for one in complete_command(context, "glyphs b", 8)] == ["braille", "block"]
    assert [one.text for one in complete_command(context, "lock ", 5)] == ["frames", "seconds", "beats"]
