"""What a change would come to while it is being made: tried on a copy of the document, drawn beside the old curve.

Typing into a cell and dragging a keyframe are tried the same way. Nothing here changes the document. A trial of typing
starts a moment after the last key; one that was overtaken is not shown.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from parseq_tui.errors import ParseqError
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import Edit
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.baking import is_small
from parseq_tui.ui.commands.cells import committed
from parseq_tui.ui.commands.registry import Change, Say
from parseq_tui.ui.drawing.cells import fixed
from parseq_tui.ui.drawing.grid import value_at
from parseq_tui.ui.view_state import column_at, playhead
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.workbench import Workbench

REST_SECONDS = 0.12
"""Typing pauses this long before something is tried."""


class Trial:
    """The trials of one editor screen: one at a time."""

    def __init__(self, screen: Workbench) -> None:
        self._screen = screen
        self._newest: object | None = None
        """What was typed or dragged last; None: nothing is being tried."""

    def typed(self, text: str) -> None:
        """The cursor's cell says this now, unsaved."""
        self._newest = text
        self._screen.set_timer(REST_SECONDS, lambda: self._try_text(text))

    def dragged(self, field: str, edit: Edit) -> None:
        """A keyframe of `field` is held where dropping it would be this edit."""
        self._newest = edit
        self._start(field, edit, edit)

    def end(self) -> None:
        """Nothing is being typed or dragged any more."""
        if self._newest is not None:
            self._newest = None
            self._screen.query_one(CurvesPane).show_trial("", None)

    def _try_text(self, text: str) -> None:
        if text != self._newest:
            return
        context = self._screen.desk.context()
        field = column_at(context.document, context.view).field
        effect = committed(context, text) if field else None
        if isinstance(effect, Change):
            self._start(field, effect.edit, text)
            return
        self._screen.query_one(CurvesPane).show_trial(field, None)
        if isinstance(effect, Say):
            self._screen.formula.show_result("", text, Diagnostic("error", effect.text))

    def _start(self, field: str, edit: Edit, of: str | Edit) -> None:
        self._screen.run_worker(self._tried(field, edit, of), group="trial", exclusive=True, exit_on_error=False)

    async def _tried(self, field: str, edit: Edit, of: str | Edit) -> None:
        context = self._screen.desk.context()
        try:
            document = edit.apply(context.document)
        except ParseqError:
            return  # the entry itself says what is wrong with it
        table = await asyncio.to_thread(_baked, document, field)
        if of is not self._newest:
            return
        # what is wrong with other formulas of the field is no reason not to show what this one makes of it
        problem = _problem_of(of, field, table) if isinstance(of, str) else None
        shown = problem is None and field in table
        self._screen.query_one(CurvesPane).show_trial(field, table[field] if shown else None)
        if isinstance(of, str):
            value = value_at(table, field, playhead(context.document, context.view)) if shown else None
            self._screen.formula.show_result("" if value is None else fixed(value, 4), of, problem)


def _problem_of(typed: str, field: str, table: FrameTable) -> Diagnostic | None:
    """The first error of the formula that was typed."""
    formula = typed.removeprefix("=").strip()
    return next((each for each in table.errors if each.field == field and each.text == formula), None)


def _baked(document: Document, field: str) -> FrameTable:
    """The bake; of a large document only this field, which costs no second copy of the whole table."""
    return bake(document if is_small(document) else replace(document, managed_fields=(field,)))
