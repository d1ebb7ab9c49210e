"""Commands that select: with Shift and arrows, as a growing block, rows, columns, everything."""

from __future__ import annotations

from dataclasses import replace

from parseq_tui.ui.commands.registry import Context, Effect, Look, command
from parseq_tui.ui.view_state import Reach, clamped


def _extend(name: str, title: str, rows: int, across: int) -> None:
    @command(name, title, f"Grow the selection: {title.lower()}.", group="select")
    def run(context: Context, argument: str) -> Effect:
        view = context.view
        return Look(clamped(context.document, view.extended_to(view.row + rows, view.column + across)))


_extend("select.up", "Select up", -1, 0)
_extend("select.down", "Select down", 1, 0)
_extend("select.left", "Select left", 0, -1)
_extend("select.right", "Select right", 0, 1)


def _toggled(context: Context, reach: Reach, say: str) -> Effect:
    view = context.view
    if view.sticky and view.reach == reach:
        return Look(view.without_selection(), "selection ended")
    anchor = (view.anchor if view.reach != "all" else None) or (view.row, view.column)
    return Look(replace(view, anchor=anchor, reach=reach, sticky=True), say)


@command("select.block", "Select a block", "Begin or end a block that grows as the cursor moves.", group="select")
def select_block(context: Context, argument: str) -> Effect:
    return _toggled(context, "block", "selecting a block: move, then a verb; Esc ends")


@command("select.rows", "Select rows", "Begin or end a selection of whole rows.", group="select")
def select_rows(context: Context, argument: str) -> Effect:
    return _toggled(context, "rows", "selecting rows: move, then a verb; Esc ends")


@command("select.columns", "Select columns", "Begin or end a selection of whole columns.", group="select")
def select_columns(context: Context, argument: str) -> Effect:
    return _toggled(context, "columns", "selecting columns: move, then a verb; Esc ends")


@command("select.all", "Select all", "Select every cell of every field; the cursor stays.", group="select")
def select_all(context: Context, argument: str) -> Effect:
    return _toggled(context, "all", "everything selected: now a verb; Esc ends")


@command("select.none", "End the selection", "Forget the selection; the cursor stays.", group="select")
def select_none(context: Context, argument: str) -> Effect:
    return Look(context.view.without_selection())
