"""What the formula bar shows while something is typed in a cell."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, rows, shows
from rich.cells import cell_len
from textual.geometry import Offset
from textual.pilot import Pilot

from parseq_tui.paths import bundled
from parseq_tui.ui.screens.editor import EditorScreen

PARAMETERS = "= sin(4b, amp=2)"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


def underlined(screen: EditorScreen) -> str:
    """What is underlined in the first line of the bar."""
    line = screen._compositor.render_strips(screen.size)[1]
    return "".join(segment.text for segment in line if segment.style is not None and segment.style.underline)


def test_wide_characters_take_their_two_cells_in_the_bar_and_in_the_table(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "m", "ctrl+u", *"日本語のラベルは広い文字")
        prompt = rows(screen)[1].index("日")
        assert screen.app.cursor_position == Offset(prompt + 24, 1), "the terminal's cursor, for input methods"
        row = next(line for line in rows(screen)[3:] if "広い文字" in line)
        assert "日本" not in row, "the table shows the end that fits"
        await press(pilot, screen, *["left"] * 12)
        assert screen.app.cursor_position == Offset(prompt, 1)
        assert all(cell_len(line) == 120 for line in rows(screen))

    flow(document, steps)


def test_what_is_typed_stays_in_sight_on_a_narrow_terminal(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "m", "ctrl+u", *("広い文字" * 20), "z")
        line = rows(screen)[1]
        assert line.rstrip().endswith("z") and cell_len(line) == 60
        assert screen.app.cursor_position.x < 60

    flow(document, steps, (60, 20))


def test_a_number_is_tried_too_where_a_formula_makes_something_of_it(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "=", "ctrl+u", *"=S*2", "enter", "up")
        await press(pilot, screen, "3")
        await shows(screen, "→ 6.0000", row=1)
        assert "= begins a formula" in rows(screen)[2]

    flow(document, steps)


def test_an_expression_in_a_value_cell_is_computed_once_and_checked(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, *"1/4")
        assert "computed once, to a number" in rows(screen)[2]
        await press(pilot, screen, *"+*")
        assert rows(screen)[2].index("^") == rows(screen)[1].index("*")

    flow(document, steps)


def test_what_is_wrong_is_underlined_and_has_its_caret_where_there_is_room(document: Path) -> None:
    wide, narrow = (150, 40), (70, 24)

    async def with_room(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "=", "ctrl+u", *PARAMETERS, "enter", "up")
        assert "^" in rows(screen)[2] and "cannot be mixed" in rows(screen)[2]
        carets = rows(screen)[2].index("^")
        assert rows(screen)[1][carets:].startswith(underlined(screen)) and underlined(screen)

    async def without(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "=", "ctrl+u", *PARAMETERS, "enter", "up")
        line = rows(screen)[2]
        assert underlined(screen) and line.count("^") == 1 and "named and positional" in line, "one caret"
        assert rows(screen)[1][line.index("^") :].startswith(underlined(screen)[:1])

    flow(document, with_room, wide)
    flow(document, without, narrow)


def test_only_formulas_that_stood_are_recalled_and_in_value_cells_with_their_sign(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "right", "c", *"S+f", "enter")
        await press(pilot, screen, "left", "c", *"bad", "enter", "escape")
        await press(pilot, screen, "c", *"1.5", "enter")
        await press(pilot, screen, "c", "up")
        assert screen.formula.text_edit is not None and screen.formula.text_edit.text == "=S+f"
        await press(pilot, screen, "up", "escape", "m", "up")
        assert screen.formula.text_edit is not None and "S+f" not in screen.formula.text_edit.text

    flow(document, steps)


def test_an_error_goes_with_the_next_key(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "c", *"bad", "enter")
        assert "unknown variable 'bad'" in rows(screen)[-1]
        await press(pilot, screen, "backspace")
        assert "unknown" not in rows(screen)[-1] and "Enter keep" in rows(screen)[-1]

    flow(document, steps)


def test_at_rest_a_narrow_bar_leaves_its_room_to_the_formula(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        line = rows(screen)[1]
        assert "beat" not in line and "0:00.00" in line, "the table says the beat"
        assert line.index("= ") <= 44
        await press(pilot, screen, "z", "t")
        assert "beat 0.00" in rows(screen)[1] and "0:00.00" not in rows(screen)[1]

    flow(document, steps, (80, 24))


@pytest.mark.parametrize(
    ("typed", "words", "at"),
    [
        ("=S + nothere * 2", "unknown variable 'nothere'", "nothere"),
        ("= sni(p=4b)", "unknown function 'sni'", "sni"),
        ("=1 + 2/0", "division by zero", "0"),
        ('=S * info_match("日本語") + sni(3) + 1', "unknown function 'sni'", "sni"),
    ],
)
def test_what_only_shows_when_it_is_tried_is_said_while_it_is_typed(
    document: Path, typed: str, words: str, at: str
) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "=", "ctrl+u", *typed)
        await shows(screen, words, row=2)
        above, below = rows(screen)[1:3]
        wide = sum(cell_len(ch) - 1 for ch in above[: above.rindex(at)])
        assert below.index("^") == above.rindex(at) + wide
        assert underlined(screen).startswith(at)
        await press(pilot, screen, "ctrl+u", *"=S+1")
        await shows(screen, "→ 2.0000", row=1)
        assert "^" not in rows(screen)[2]

    flow(document, steps)


def test_inside_a_call_its_signature_is_shown_and_what_is_wrong_beside_it(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "=", "ctrl+u", *"=sin(p=4b, banana=3")
        assert "sin(period, " in rows(screen)[2] and "!" not in rows(screen)[2], "not closed yet is not wrong"
        await press(pilot, screen, ")", "left")
        await shows(screen, "! ", row=2)
        assert "sin(period, " in rows(screen)[2] and "banana" in rows(screen)[2]

    flow(document, steps)


def test_an_error_out_of_sight_says_on_which_side(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "=", "ctrl+u", *("=nothere" + " + 1" * 30))
        await shows(screen, "← ! unknown variable 'nothere'", row=2)
        await press(pilot, screen, "home")
        assert rows(screen)[2].index("^") == rows(screen)[1].index("nothere")
        await press(pilot, screen, "end", "ctrl+u", *("=" + "1 + " * 30 + "nothere"), "home")
        await shows(screen, "! unknown variable 'nothere'", row=2)
        assert rows(screen)[2].rstrip().endswith("→")

    flow(document, steps, (80, 24))


def test_an_error_of_another_row_has_no_caret_here_and_hides_no_preview(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "down", "=", "ctrl+u", *"=1 +", "enter", "up", "up")
        frame = screen.session.document.keyframes[1].frame
        assert f"! at frame {frame}: expected a value after '+'" in rows(screen)[2] and "^" not in rows(screen)[2]
        await press(pilot, screen, "=", "ctrl+u", *"=S+1")
        await shows(screen, "→ 2.0000", row=1)
        await shows(screen, "? zoom 2")

    flow(document, steps)
