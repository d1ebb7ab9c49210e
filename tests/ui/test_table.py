"""The keyframe table in the whole editor: what its edges show, what the mouse ends, what comes of keys elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from editor_flow import flow, press, rows, shows
from textual import events
from textual.pilot import Pilot

from parseq_tui.ui.drawing.line_edit import MAXIMUM_LENGTH
from parseq_tui.ui.screens.editor import EditorScreen

FIELDS = ("zoom", "angle", "translation_x", "strength", "rotation_3d_y", "noise", "scale", "seed", "contrast")


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A document of more columns than a screen shows; zoom adds to its numbers, angle does not use them."""
    ends = [{"frame": frame, **dict.fromkeys(FIELDS, 123.4567)} for frame in (0, 60)]
    ends[0] |= {"zoom": 1, "zoom_i": "S + 0.5*sin(p=4b)", "angle_i": "2*f"}
    document = {
        "meta": {"generated_by": "parseq-tui"},
        "options": {"output_fps": 20, "bpm": 120, "cadence": 1},
        "prompts": {"format": "v2", "enabled": True, "promptList": []},
        "managedFields": FIELDS,
        "displayedFields": FIELDS,
        "keyframes": ends,
    }
    path = tmp_path / "wide.json"
    path.write_text(json.dumps(document))
    return path


def test_k_puts_a_keyframe_on_the_curve_whatever_its_formula_adds(wide: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert screen.session.table is not None
        before = screen.session.table["zoom"].copy()
        await press(pilot, screen, "space", "c")
        screen.desk.look_at(7)
        await pilot.press("k")
        await shows(screen, "zoom is 1 at 7: its formula makes")
        made = screen.session.document.keyframe_at(7)
        assert made is not None and made.values["zoom"] == pytest.approx(1, abs=1e-6)
        assert screen.session.table["zoom"] == pytest.approx(before, abs=1e-5)

    flow(wide, steps)


def test_a_number_that_moves_no_curve_says_so_when_it_is_nudged(wide: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "L", "greater_than_sign")
        await shows(screen, "no effect: the formula of angle does not use this number")
        await press(pilot, screen, "H", "greater_than_sign")
        assert "no effect" not in "\n".join(rows(screen))

    flow(wide, steps)


@pytest.mark.parametrize("width", (78, 80, 83, 86, 90))
def test_no_number_is_seen_in_part(wide: Path, width: int) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        for _ in FIELDS:
            line = next(line for line in rows(screen) if line.lstrip("▸ ").startswith("60 "))
            values = line[screen.table._grid.frozen :].split()
            assert {value.lstrip("!") for value in values} <= {"123.4567", "…"}
            heads = rows(screen)[3][screen.table._grid.frozen :].split()
            assert {head for head in heads if not head.endswith("…")} <= {*FIELDS, "formula"}
            await press(pilot, screen, "L")

    flow(wide, steps, size=(width, 24))


def test_everything_is_selected_from_where_the_cursor_is(wide: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "percent_sign")
        assert (screen.desk.view.row, screen.desk.view.column) == (0, 2)
        assert "all 2 × 18 selected" in rows(screen)[-1]
        await press(pilot, screen, "d")
        assert not any(row.values or row.formulas for row in screen.session.document.keyframes)

    flow(wide, steps)


def test_a_paste_that_a_line_cannot_hold_is_refused_in_words(wide: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "1")
        screen.formula.on_paste(events.Paste("9" * MAXIMUM_LENGTH))
        await shows(screen, f"nothing was pasted: that is {MAXIMUM_LENGTH:,} characters")
        assert screen.formula.text_edit is not None and screen.formula.text_edit.text == "1"

    flow(wide, steps)


def test_a_click_on_another_cell_ends_the_entry_and_its_keys_leave_the_status_line(wide: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "7")
        await shows(screen, "Enter keep")
        await pilot.click(screen.table, offset=(40, 3))
        await shows(screen, "Enter edit", row=-1)
        assert screen.session.document.keyframes[0].values["zoom"] == 7

    flow(wide, steps)


def test_a_click_puts_a_question_off_so_that_escape_is_for_the_entry(wide: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.questions.ask("Shall it be?", [("y", "yes", lambda: None)])
        await shows(screen, "Shall it be?")
        await pilot.click(screen.table, offset=(40, 3), times=2)
        assert screen.formula.editing
        await pilot.press("escape")
        assert not screen.formula.editing and not any("Shall it be?" in line for line in rows(screen))

    flow(wide, steps)


def test_a_column_that_has_taken_free_room_gets_wider_and_narrower_from_there(wide: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "right")
        taken = screen.table._grid.widths[3]
        await press(pilot, screen, "z", "plus")
        assert screen.table._grid.widths[3] == taken + 2
        await press(pilot, screen, "z", "minus", "z", "minus")
        assert screen.table._grid.widths[3] == taken - 2

    flow(wide, steps, size=(220, 40))
