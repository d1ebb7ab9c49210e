"""What is being typed is kept with the unsaved work, though it was not entered yet."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press
from textual.pilot import Pilot
from textual.widgets import TextArea

from parseq_tui.formats import native
from parseq_tui.paths import bundled, recovery_folder
from parseq_tui.timeline.edits import AddPrompt, SetFormula, SetPromptText, SetValue
from parseq_tui.ui.half_typed import half_typed
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.screens.prompt_editor import PromptEditor
from parseq_tui.ui.widgets.prompts import PromptsPane


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


def journal() -> str:
    """What the next start would be offered, if this process died now."""
    [draft] = recovery_folder().glob("*.draft")
    return draft.read_text().partition("\n")[2]


def test_a_half_typed_cell_is_in_the_journal_until_it_is_left(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "7", ".", "2", "5")
        assert half_typed(screen) == SetValue(0, "zoom", 7.25)
        await screen.files.autosave.tick()
        assert native.loads(journal()).keyframes[0].values["zoom"] == 7.25
        assert not screen.session.dirty, "nothing was entered"
        await press(pilot, screen, "escape")
        assert half_typed(screen) is None
        await screen.files.autosave.tick()
        assert not list(recovery_folder().glob("*.draft"))

    flow(document, steps)


def test_a_formula_that_cannot_be_read_yet_is_kept_as_it_is(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "right", "c", *"S+sin(")
        assert half_typed(screen) == SetFormula(0, "zoom", "S+sin(")
        screen.files.keep_safe()
        assert native.loads(journal()).keyframes[0].formulas["zoom"] == "S+sin("

    flow(document, steps)


def test_an_entry_that_was_only_opened_is_no_unsaved_work(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "enter")
        assert screen.formula.editing
        assert half_typed(screen) is None

    flow(document, steps)


def test_a_prompt_that_is_being_written_is_kept(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space", "p")
        screen.query_one(PromptsPane).action_edit()
        await pilot.pause()
        assert isinstance(pilot.app.screen, PromptEditor)
        assert half_typed(screen) is None
        pilot.app.screen.query_one("#positive", TextArea).text = "a cat that"
        assert half_typed(screen) == SetPromptText(0, positive="a cat that")
        screen.files.keep_safe()
        assert "a cat that" in journal()

    flow(document, steps)


def test_a_new_prompt_and_the_common_one_take_no_others_place(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        pane, before = screen.query_one(PromptsPane), screen.session.document.prompts.entries
        await press(pilot, screen, "space", "p")
        for action, made in ((pane.action_add, AddPrompt), (pane.action_edit_common, SetPromptText)):
            action()
            await pilot.pause()
            assert half_typed(screen) is None
            pilot.app.screen.query_one("#positive", TextArea).text = "a fish that"
            edit = half_typed(screen)
            assert isinstance(edit, made)
            prompts = edit.apply(screen.session.document).prompts
            assert prompts.entries[: len(before)] == before, "the selected one stays as it is"
            assert "a fish that" in (prompts.entries[-1].positive, prompts.common.positive)
            await pilot.press("escape")

    flow(document, steps)
