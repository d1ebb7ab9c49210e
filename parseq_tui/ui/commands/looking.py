"""Commands that change what is shown: formula columns, curves, panes. None of it is saved."""

from __future__ import annotations

from dataclasses import replace

from parseq_tui.ui.commands.registry import Context, Do, Effect, Look, Say, command
from parseq_tui.ui.drawing.curve_view import MAX_CURVES
from parseq_tui.ui.view_state import HEADS, clamped, column_at, columns


@command("view.formulas", "Show or hide formula columns", "Values only, or values and formulas.", group="view")
def toggle_formulas(context: Context, argument: str) -> Effect:
    view = context.view
    here = column_at(context.document, view)
    changed = replace(view.without_selection(), formulas=not view.formulas)
    everything = columns(context.document, changed)
    same_field = [index for index, column in enumerate(everything) if column.field == here.field]
    place = everything.index(here) if here in everything else same_field[0]
    return Look(clamped(context.document, replace(changed, column=place)))


@command("view.position", "Beats or seconds", "What stands beside the frame number.", group="view")
def toggle_position(context: Context, argument: str) -> Effect:
    return Look(replace(context.view, position="seconds" if context.view.position == "beats" else "beats"))


@command("view.column_curves", "Curves in the heads", "The small curve under the head of each column: where the "
         "terminal is tall, always, or never.", group="view")  # fmt: skip
def toggle_column_curves(context: Context, argument: str) -> Effect:
    following = HEADS[(HEADS.index(context.view.curves) + 1) % len(HEADS)]
    words = {"tall": "on tall terminals", "always": "always", "never": "never"}[following]
    return Look(replace(context.view, curves=following), f"curves in the heads: {words}")


@command("view.grouping", "Show how formulas are grouped", "Every parenthesis that the order of operators implies, in "
         "the formula bar; Ctrl+G does it while typing.", group="view", aliases=("grouping",))  # fmt: skip
def toggle_grouping(context: Context, argument: str) -> Effect:
    shown = not context.view.grouping
    words = "how formulas are grouped is shown; again: what fields mean" if shown else "what fields mean is shown"
    return Look(replace(context.view, grouping=shown), words)


@command("view.glyphs", "Braille, blocks or ASCII", "What curves are drawn with: braille, block, ascii or auto; alone "
         "the next one. With ascii nothing else is sent to the terminal.", group="view", argument="[KIND]",
         aliases=("glyphs",))  # fmt: skip
def choose_glyphs(context: Context, argument: str) -> Effect:
    return Do("view.glyphs", argument)


@command("view.plot", "Plot this field", "Add the field to the curves, or take it out; :plot NAME a time series too.",
         group="view", argument="[FIELD or SERIES]", aliases=("plot",))  # fmt: skip
def plot_field(context: Context, argument: str) -> Effect:
    name = argument or column_at(context.document, context.view).field
    if not name:
        return Say("move to a field first")
    series = [one.alias for one in context.document.time_series]
    if name not in (*context.document.managed_fields, *series):
        return Say(f"there is no field and no time series called {name!r}", "warning")
    plotted = context.view.plotted
    if name in plotted:
        return Look(
            replace(context.view, plotted=tuple(one for one in plotted if one != name)), f"{name} is not pinned"
        )
    if len(plotted) >= MAX_CURVES:
        return Say(f"{MAX_CURVES} curves are shown already; t in the column of one takes it out", "warning")
    return Look(replace(context.view, plotted=(*plotted, name)), f"{name} stays in the curves; t again takes it out")


def _pane(name: str, title: str, help_text: str) -> None:
    @command(name, title, help_text, group="panes")
    def run(context: Context, argument: str) -> Effect:
        return Do(name)


_pane("view.centre", "Centre the row", "Scroll so that the cursor's row is in the middle.")
_pane("pane.next", "Next pane", "Move the focus to the next pane.")
_pane("pane.previous", "Previous pane", "Move the focus to the previous pane.")
_pane("pane.table", "Table", "Go to the keyframe table.")
_pane("pane.curves", "Curves", "Show the curves and go there.")
_pane("pane.prompts", "Prompts", "Show the prompts and go there.")
_pane("pane.render", "Render pane", "Show the render pane and go there.")
_pane("pane.problems", "Problems", "Show every problem of the document and go there.")
_pane("pane.maximise", "Maximise the pane", "Give the pane the whole screen, or take it back, as Esc does.")
