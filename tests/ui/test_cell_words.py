"""What the formula bar says about the cursor's cell."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from editor_flow import flow, press, rows
from textual.pilot import Pilot

from parseq_tui.paths import bundled, views_file
from parseq_tui.ui.remembered import FORMULAS, formulas, remember_formulas
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.view_state import columns


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


def test_a_label_is_read_in_full_where_the_cursor_is(document: Path) -> None:
    label = json.loads(document.read_text())["keyframes"][0]["info"]

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert rows(screen)[2].strip() == label  # its column cuts it off
        await press(pilot, screen, "2")
        assert "scale factor" in rows(screen)[2]  # what is typed counts now
        await press(pilot, screen, "escape", "left")
        assert rows(screen)[2].strip() == label

    flow(document, steps)


def test_a_value_beyond_its_range_says_what_the_range_is(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line("bulk.set strength 1.5")
        column = [place.field for place in columns(screen.session.document, screen.desk.view)].index("strength")
        screen.desk.look(replace(screen.desk.view, column=column))
        await pilot.pause()
        assert "! 1.5 makes no sense for strength: keep it from 0 to 1" in rows(screen)[2]
        assert "!1.5" in "".join(rows(screen))
        screen.desk.run_line("bulk.set strength 5.416799999999999")
        await pilot.pause()
        assert "! 5.4168 makes no sense for strength" in rows(screen)[2]

    flow(document, steps)


def test_formulas_of_earlier_runs_are_recalled(document: Path) -> None:
    async def entering(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "right", "c", *"2+f", "enter")
        await press(pilot, screen, "left", "c", *"1.25", "enter")

    async def recalling(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "right", "c", "up")
        assert screen.formula.text_edit is not None and screen.formula.text_edit.text == "2+f"

    flow(document, entering)
    flow(document, recalling)
    remember_formulas([f"{number} * f" for number in range(2 * FORMULAS)] + ["3 * f", "x" * 10_000])
    assert len(formulas()) == FORMULAS and formulas()[-1] == "3 * f"
    views_file().with_name("formulas.json").write_text("[[[")
    assert formulas() == []


def test_a_number_that_its_formula_does_not_use_says_so(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert "does not use this number" not in rows(screen)[2]
        await press(pilot, screen, "right", "c", *"2+f", "enter", "up", "left")
        assert "does not use this number" in rows(screen)[2]
        await press(pilot, screen, "right", "c", *"S+f", "enter", "up", "left")
        assert "does not use this number" not in rows(screen)[2]

    flow(document, steps)


def test_escape_leaves_a_pane_for_the_table_where_numbers_are_typed(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space", "e")
        await press(pilot, screen, "9")
        assert screen.focused is not screen.table
        assert any("Esc goes there" in line for line in rows(screen))
        await press(pilot, screen, "escape")
        await press(pilot, screen, "9", "enter")
        assert screen.session.document.keyframes[0].values["zoom"] == 9

    flow(document, steps)


@pytest.mark.parametrize("pane", ["t", "c", "p", "rr"])
def test_escape_takes_the_screen_back_from_a_maximised_pane(document: Path, pane: str) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        before = {name: screen.query_one(f"#{name}").region for name in ("table", "curves", "render", "prompts")}
        await press(pilot, screen, "space", *pane, "space", "m")
        assert screen.has_class("one")
        if pane == "t":
            await press(pilot, screen, "v", "down", "escape")
            assert screen.has_class("one"), "the selection ends first"
        await press(pilot, screen, "escape")
        assert not screen.has_class("one")
        assert screen.focused is screen.table
        await pilot.pause()
        assert {name: screen.query_one(f"#{name}").region for name in before} == before

    flow(document, steps)


@pytest.mark.parametrize("size", [(20, 5), (80, 6), (30, 8)])
def test_on_hardly_any_rows_the_current_keyframe_is_seen(document: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "down")
        frame = screen.session.document.keyframes[1].frame
        here = screen.table.cursor_screen_offset
        assert str(frame) in rows(screen)[here.y]
        assert screen.query_one("#formula").region.bottom <= here.y < screen.status.region.y

    flow(document, steps, size)


def test_what_was_typed_before_the_terminal_was_taken_over_ends_in_a_line_feed(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "2", "ctrl+j")
        assert screen.session.document.keyframes[0].values["zoom"] == 2

    flow(document, steps)
