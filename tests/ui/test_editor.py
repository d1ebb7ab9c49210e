"""Flows through the whole application, without a terminal."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, rows, settled, shows, until
from textual import events
from textual.pilot import Pilot

from parseq_tui.hot_reload import Follower
from parseq_tui.paths import bundled
from parseq_tui.session import Session
from parseq_tui.settings import Settings
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.widgets.prompts import PromptsPane

EXAMPLE = bundled("examples") / "bouncy_cuts.json"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLE, tmp_path / "song.json"))


def test_an_edit_is_typed_seen_undone_and_saved(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "1", "full_stop", "5", "enter")
        assert screen.session.document.keyframes[0].values["zoom"] == 1.5
        assert "song.json *" in rows(screen)[0]
        assert "1.5" in rows(screen)[5]
        await press(pilot, screen, "ctrl+z")
        assert not screen.session.dirty
        await press(pilot, screen, "U", "ctrl+s")
        assert '"zoom": 1.5, "zoom_i"' in document.read_text()

    flow(document, steps)


def test_an_error_is_shown_under_its_caret_and_can_be_jumped_to(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "l", "c", *"1+sni(p=4b)", "enter")
        await press(pilot, screen, "g", "e")
        await pilot.pause()
        first, second = rows(screen)[1:3]
        assert first.index("sni") == second.index("^^^")
        assert "did you mean" in second
        assert "!1+sni(" in "\n".join(rows(screen)), "the cell is marked by a character"

    flow(document, steps)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 14)])
def test_every_size_shows_the_table_and_says_how_to_get_help(document: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        text = rows(screen)
        assert "song.json" in text[0]
        assert "zoom" in text[3]
        assert "? help" in text[-1]
        assert all(len(row) >= size[0] - 1 for row in text)

    flow(document, steps, size)


def test_small_terminals_show_one_other_pane_at_a_time(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert screen.query_one("#curves").display
        assert not screen.query_one("#right").display
        await press(pilot, screen, "space", "p")
        assert isinstance(screen.focused, PromptsPane)
        assert not screen.query_one("#curves").display
        await press(pilot, screen, "space", "t", "space", "m")
        assert not screen.query_one("#right").display
        await press(pilot, screen, "space", "m")
        assert screen.query_one("#right").display

    flow(document, steps, (80, 24))


def test_a_prefix_key_opens_a_menu_and_escape_leaves_it(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space")
        await pilot.pause()
        assert "Add a field" in "\n".join(rows(screen))
        await press(pilot, screen, "escape")
        assert not screen.query_one("#menu").display
        assert screen.focused is screen.table

    flow(document, steps)


def test_the_command_line_runs_commands_and_completes_them(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "colon", *"row.ev", "tab", "space", *"4b", "enter")
        assert [row.frame for row in screen.session.document.keyframes][:3] == [0, 32, 64]

    flow(document, steps)


def test_proposals_say_how_many_more_there_are(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "right", "c", *"s")
        many = len(screen.formula.proposals)
        assert many > 8 and any(f"↓ {many - 8} " in line for line in rows(screen))
        await press(pilot, screen, "up")
        assert not any(" ↓ " in line for line in rows(screen)[3:13]), "the last one is chosen"

    flow(document, steps)


def test_a_document_from_outside_is_taken_over(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        document.write_text(document.read_text().replace('"zoom": 1,', '"zoom": 3,'))
        await shows(screen, "reloaded song.json", -1)
        assert screen.session.document.keyframes[0].values["zoom"] == 3
        assert not screen.session.dirty

    flow(document, steps)


def test_a_click_moves_the_cursor_and_a_double_click_edits(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await pilot.click("#table", offset=(38, 3))
        assert screen.desk.view.row == 1
        await pilot.click("#table", offset=(38, 2), times=2)
        assert screen.formula.editing
        await press(pilot, screen, "escape")
        assert screen.focused is screen.table

    flow(document, steps)


def test_help_and_the_palette_open_and_close(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "question_mark")
        await pilot.pause()
        assert pilot.app.screen is not screen
        await pilot.press("escape")
        assert pilot.app.screen is screen
        await press(pilot, screen, "ctrl+p")
        assert pilot.app.screen is not screen
        await pilot.press("escape")

    flow(document, steps)


def test_without_a_document_one_is_chosen(tmp_path: Path) -> None:
    async def run() -> None:
        from parseq_tui.ui.opening import blank_session

        app = EditorApp(
            blank_session(), settings=Settings(), follow=Follower, open_session=Session.open, choose_first=True
        )
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            await pilot.press(*"bouncy", "enter")
            await pilot.pause()
            assert app.editor is not None
            assert app.editor.session.document.name == "bouncy cuts"
            assert app.editor.session.path is None
            app.editor.desk.run_line(f"w {tmp_path / 'mine'}")
            await settled(app)
            assert (tmp_path / "mine.json").is_file()

    asyncio.run(run())


def test_a_theme_is_switched_and_unknown_ones_are_named(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line("theme paper")
        await pilot.pause()
        assert pilot.app.theme == "paper"
        screen.desk.run_line("theme nonsense")
        await pilot.pause()
        assert "no theme called 'nonsense'" in rows(screen)[-1]

    flow(document, steps)


def test_a_dragged_keyframe_is_drawn_before_it_is_dropped_and_is_one_step(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        curves, before = screen.query_one(CurvesPane), screen.session.document
        held = CurvesPane.KeyframeDragged("zoom", 0, 0, 1.4, "held")
        screen.on_curves_pane_keyframe_dragged(held)
        await until(pilot.app, lambda: curves._view is not None and curves._view.trial is not None, "the trial")
        assert curves._view is not None
        assert screen.session.document is before
        screen.on_curves_pane_keyframe_dragged(CurvesPane.KeyframeDragged("zoom", 0, 0, 1.4, "given up"))
        assert curves._view.trial is None
        screen.on_curves_pane_keyframe_dragged(held)
        screen.on_curves_pane_keyframe_dragged(CurvesPane.KeyframeDragged("zoom", 0, 0, 1.4, "dropped"))
        assert screen.session.document.keyframes[0].values["zoom"] == 1.4
        await press(pilot, screen, "u")
        assert screen.session.document == before
        assert "undone: " in rows(screen)[-1]
        screen.on_curves_pane_nudged(CurvesPane.Nudged("zoom", 0, by=0.1, step=0.1))
        await settled(pilot.app)
        assert "undone: " not in rows(screen)[-1], "what was said of another step goes"

    flow(document, steps)


def test_the_grouping_of_a_formula_is_shown_on_request_at_rest_and_while_typing(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "z", "p")
        assert " grouped: S + (0.3 * abs(sin(p=4b)))" in rows(screen)[2]
        await press(pilot, screen, "z", "p", "c", *"=1-2-3")
        assert "grouped" not in rows(screen)[2]
        screen.formula.take_key(events.Key("ctrl+g", None))
        await pilot.pause()
        assert " grouped: (1 - 2) - 3" in rows(screen)[2]
        await press(pilot, screen, "+")
        assert "grouped" not in rows(screen)[2], "half a formula is not grouped yet"

    flow(document, steps)


def test_what_does_not_fit_a_bar_ends_in_an_ellipsis(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert rows(screen)[1].endswith("…")
        assert not rows(screen)[0].rstrip().endswith("…")

    flow(document, steps, (60, 20))


def test_the_mouse_resizes_and_moves_columns_and_scrolls_sideways(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        table = screen.table
        left, width = table._grid.span(2, 0)
        edge = left + width - 1
        await pilot.mouse_down("#table", offset=(edge, 0))
        await pilot.hover("#table", offset=(edge + 7, 0))
        await pilot.mouse_up("#table", offset=(edge + 7, 0))
        assert table._grid.widths[2] == width + 7
        first = screen.session.document.displayed_fields
        left, width = table._grid.span(4, 0)
        await pilot.mouse_down("#table", offset=(left + 2, 0))
        await pilot.mouse_up("#table", offset=(table._grid.span(2, 0)[0] + 2, 0))
        assert screen.session.document.displayed_fields[:2] == (first[1], first[0])
        table.on_mouse_scroll_right()
        await pilot.pause()
        assert table.scroll_offset.x > 0
        table.on_mouse_scroll_left()
        await pilot.pause()
        assert table.scroll_offset.x == 0

    flow(document, steps, (80, 24))
