"""Where the focus goes when something that was typed is over, and where the terminal's own cursor is meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, rows, shows
from textual.geometry import Offset
from textual.pilot import Pilot

from parseq_tui.paths import bundled
from parseq_tui.ui.screens.editor import EditorScreen

PANES = ("table", "curves", "prompts", "render")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "prompt_travel.json", tmp_path / "song.json"))


@pytest.mark.parametrize("pane", PANES)
@pytest.mark.parametrize("leaving", [("escape",), ("ctrl+c",), (*"go.frame 3", "enter"), (*"no.such", "enter")])
def test_the_command_line_gives_the_focus_back(document: Path, pane: str, leaving: tuple[str, ...]) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.panes.go(pane)
        await press(pilot, screen, "colon", *leaving)
        assert screen.open_entry is None
        assert screen.panes.focused() == pane
        assert screen.focused is screen.query_one(f"#{pane}")

    flow(document, steps)


def test_a_command_that_goes_to_a_pane_goes_there(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.panes.go("prompts")
        await press(pilot, screen, "colon", *"pane.curves", "enter")
        assert screen.panes.focused() == "curves"

    flow(document, steps)


def test_a_pane_that_has_the_screen_keeps_it_while_a_command_is_typed(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space", "p", "space", "m")
        await press(pilot, screen, "colon")
        assert screen.query_one("#prompts").display and not screen.table.display
        await press(pilot, screen, "escape")
        assert screen.panes.focused() == "prompts"

    flow(document, steps)


def test_tab_completes_a_command_and_never_runs_it(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "colon", *"prompt.import list.txt", "tab")
        assert screen.command_line.editing
        await press(pilot, screen, "shift+tab")
        assert screen.command_line.editing

    flow(document, steps)


def test_a_click_on_a_pane_keeps_what_was_typed_in_the_cell_it_was_typed_in(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, *"1.5")
        await pilot.click("#curves", offset=(40, 4))
        row = screen.session.document.keyframes[0]
        assert row.values["zoom"] == 1.5
        assert screen.open_entry is None
        assert screen.panes.focused() == "curves"
        assert screen.desk.view.row > 0, "the playhead has followed the mouse"

    flow(document, steps)


def test_a_click_leaves_what_cannot_stand_open(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, *"1.5+")
        before = screen.session.document
        await pilot.click("#prompts", offset=(5, 3))
        assert screen.session.document is before
        assert screen.formula.editing and screen.focused is screen.formula

    flow(document, steps)


def test_a_click_on_a_pane_leaves_the_command_line(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "colon", *"document.quit")
        await pilot.click("#prompts", offset=(5, 3))
        assert screen.open_entry is None
        assert screen.panes.focused() == "prompts"
        await press(pilot, screen, "colon", *"document.quit")
        await pilot.click("#table", offset=(35, 3))
        assert screen.open_entry is None
        assert screen.panes.focused() == "table"

    flow(document, steps)


def test_the_terminals_cursor_follows_the_focus(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        def place() -> Offset:
            return pilot.app.cursor_position

        prompts = screen.prompts
        await pilot.press("space", "p", "down")
        assert place() == prompts.content_region.offset + Offset(0, 2)
        await pilot.press("shift+right")
        assert place() == prompts.cursor_screen_offset, "the playhead moves the table's cursor, not this one"
        await press(pilot, screen, "colon", *"go")
        assert place() == Offset(3, screen.size.height - 1)
        await press(pilot, screen, "escape", "escape")  # the proposals, then the line
        assert place() == prompts.cursor_screen_offset
        await pilot.press("space", "c", "right")
        curves = screen.curves
        marked = [line.index("┃") for line in rows(screen)[curves.content_region.y :] if "┃" in line[:60]]
        assert place() == Offset(marked[0], curves.content_region.y)
        await press(pilot, screen, "space", "t", "enter")
        await shows(screen, "▸", row=1)
        assert place().y == 1

    flow(document, steps)
