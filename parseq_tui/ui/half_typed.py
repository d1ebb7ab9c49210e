"""What is being typed and was not entered yet, as the edit it would be.

The journal of unsaved work keeps it, so that a dropped link costs no half-written formula or prompt.
"""

from __future__ import annotations

from dataclasses import replace

from parseq_tui.timeline.edits import AddPrompt, Edit
from parseq_tui.ui.commands.cells import committed, entry_text
from parseq_tui.ui.commands.registry import Change
from parseq_tui.ui.pane_edits import prompt_edit
from parseq_tui.ui.workbench import Workbench


def half_typed(screen: Workbench) -> Edit | None:
    """What entering it now would change; None where nothing is typed that could stand in a document."""
    if not screen.is_mounted:
        return None
    entry = screen.formula.text_edit
    return _in_dialog(screen) if entry is None else _in_cell(screen, entry.text)


def _in_cell(screen: Workbench, text: str) -> Edit | None:
    context = screen.desk.context()
    if text.strip() == entry_text(context).strip():
        return None
    effect = committed(replace(context, view=context.view.without_selection()), text)
    return effect.edit if isinstance(effect, Change) else None


def _in_dialog(screen: Workbench) -> Edit | None:
    over = screen.app.screen
    if over is screen:
        return None
    from parseq_tui.ui.screens.prompt_editor import PromptEditor  # with a text area, which nothing else needs

    if not isinstance(over, PromptEditor):
        return None
    typed = over.as_typed()
    if over.which is None:
        return AddPrompt(typed) if typed != over.prompt else None
    return prompt_edit(over.which, over.prompt, typed)
