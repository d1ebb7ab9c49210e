"""Commands that copy, cut and fill. The clipboard is TSV, so that spreadsheets understand it.

Formulas and labels travel as texts, values as numbers, an interpolated cell as nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection

from parseq_tui.errors import counted
from parseq_tui.timeline.edits import FillExpression, SetCells, Several
from parseq_tui.timeline.edits.base import named
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.cells import (
    cleared,
    fitting_values,
    number_in,
    own_or_fitting,
    selected_fields,
    selected_rows,
)
from parseq_tui.ui.commands.registry import Change, Context, Copy, Effect, Say, command
from parseq_tui.ui.drawing.cells import shortest
from parseq_tui.ui.view_state import Column, columns, selected


def to_tsv(context: Context) -> str:
    """The selected cells, a line per row."""
    block = selected(context.document, context.view)
    everything = columns(context.document, context.view)
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    for row in block.rows:
        keyframe = context.document.keyframes[row]
        writer.writerow([cell_text(keyframe, everything[column]) for column in block.columns])
    return out.getvalue()


def cell_text(row: Keyframe, column: Column) -> str:
    """What a cell says, as it travels."""
    if column.part == "frame":
        return str(row.frame)
    if column.part == "label":
        return row.info or ""
    if column.part == "formula":
        return row.formulas.get(column.field, "")
    return shortest(row.values[column.field]) if column.field in row.values else ""


@command("clipboard.copy", "Copy", "Copy the selected cells, also to the terminal's clipboard.", group="copy and fill",
         sweeps="selection")  # fmt: skip
def copy(context: Context, argument: str) -> Effect:
    text = to_tsv(context)
    empty = "" if text.strip('\t\n"') else ", empty: interpolated values are not its own (f k)"
    return Copy(text, f"copied {_size(context)}{empty}")


@command("clipboard.cut", "Cut", "Copy the selected cells and empty them.", group="copy and fill",
         sweeps="selection", edits=True)  # fmt: skip
def cut(context: Context, argument: str) -> Effect:
    edit = cleared(context)
    return Copy(to_tsv(context), f"cut {_size(context)}", then=Change(edit) if edit else None)


def _size(context: Context) -> str:
    rows, across = selected(context.document, context.view).size
    return "1 cell" if rows == across == 1 else f"{rows} × {across} cells"


def _needs_rows(context: Context) -> str | None:
    rows, _ = selected(context.document, context.view).size
    return None if rows > 1 else "select several rows first: Shift+↓ or v"


@command("fill.down", "Fill down", "Copy the first selected row into the others.", group="copy and fill",
         sweeps="selection", edits=True,
         why_not=_needs_rows)  # fmt: skip
def fill_down(context: Context, argument: str) -> Effect:
    return _filled_from(context, selected(context.document, context.view).first_row, "down")


@command("fill.up", "Fill up", "Copy the last selected row into the others.", group="copy and fill",
         sweeps="selection", edits=True,
         why_not=_needs_rows)  # fmt: skip
def fill_up(context: Context, argument: str) -> Effect:
    return _filled_from(context, selected(context.document, context.view).end_row - 1, "up")


def _filled_from(context: Context, source: int, direction: str) -> Effect:
    origin = context.document.keyframes[source]
    values: dict[str, float | None] = {name: origin.values.get(name) for name in selected_fields(context, "value")}
    formulas: dict[str, str | None] = {name: origin.formulas.get(name) for name in selected_fields(context, "formula")}
    frames = [row.frame for row in selected_rows(context)]
    count = len(frames) * (len(values) + len(formulas))
    if not count:
        return Say("select value or formula cells to fill")
    if not any(_holds(row, values, formulas) for row in selected_rows(context)):
        return Say(f"nothing to fill {direction}: these cells are empty")
    return Change(
        SetCells(
            f"fill {direction} {counted(count, 'cell')}", dict.fromkeys(frames, values), dict.fromkeys(frames, formulas)
        )
    )


def _holds(row: Keyframe, values: Collection[str], formulas: Collection[str]) -> bool:
    """Whether a row says anything of these fields."""
    return any(name in row.values for name in values) or any(name in row.formulas for name in formulas)


@command("fill.linear", "Fill linearly", "A straight line from the first to the last selected row, as values.",
         group="copy and fill", sweeps="selection", edits=True, why_not=_needs_rows)  # fmt: skip
def fill_linear(context: Context, argument: str) -> Effect:
    rows = selected_rows(context)
    first, last = rows[0], rows[-1]
    ends: dict[str, tuple[float, float]] = {}
    for name in selected_fields(context, "value"):
        start, end = own_or_fitting(context, first, name), own_or_fitting(context, last, name)
        if start is None or end is None:
            return Say(f"{name} has no value at both ends of the selection", "warning")
        ends[name] = start, end - start
    if not ends:
        return Say("select value cells to fill")
    values: dict[int, dict[str, float | None]] = {}
    for row in rows:
        share = (row.frame - first.frame) / max(1, last.frame - first.frame)
        values[row.frame] = {name: round(start + rise * share, 9) for name, (start, rise) in ends.items()}
    return Change(SetCells(f"fill {counted(len(values) * len(ends), 'cell')} linearly", values))


@command("fill.series", "Fill with a series", "The first value, then plus STEP on every row.", group="copy and fill",
         sweeps="selection",
         edits=True, argument="STEP", why_not=_needs_rows, aliases=("series",))  # fmt: skip
def fill_series(context: Context, argument: str) -> Effect:
    step = number_in(argument)
    if isinstance(step, str):
        return Say(step, "error")
    rows = selected_rows(context)
    starts = {name: own_or_fitting(context, rows[0], name) or 0.0 for name in selected_fields(context, "value")}
    if not starts:
        return Say("select value cells to fill")
    values: dict[int, dict[str, float | None]] = {
        row.frame: {name: round(start + step * index, 9) for name, start in starts.items()}
        for index, row in enumerate(rows)
    }
    return Change(SetCells(f"fill {counted(len(values) * len(starts), 'cell')} with a series of {step:+.10g}", values))


@command("fill.expression", "Fill with an expression", "What a formula gives at each selected row, as values.",
         group="copy and fill", sweeps="document", edits=True, argument="FORMULA", aliases=("fill",))  # fmt: skip
def fill_expression(context: Context, argument: str) -> Effect:
    frames = tuple(row.frame for row in selected_rows(context))
    edits = tuple(FillExpression(frames, name, argument) for name in selected_fields(context, "value"))
    if not edits:
        return Say("select value cells to fill")
    return Change(Several(edits, f"fill {counted(len(edits) * len(frames), 'cell')} with {named(argument)}"))


@command("fill.keys", "Keep interpolated values", "Turn the interpolated values of the selection into keyframes.",
         group="copy and fill", sweeps="selection", edits=True)  # fmt: skip
def fill_keys(context: Context, argument: str) -> Effect:
    names = selected_fields(context, "value")
    values: dict[int, dict[str, float | None]] = {}
    for name in names:
        frames = [row.frame for row in selected_rows(context) if name not in row.values]
        for frame, number in zip(frames, fitting_values(context, name, frames), strict=True):
            if number is not None:
                values.setdefault(frame, {})[name] = round(number, 9)
    count = sum(map(len, values.values()))
    if not count:
        return Say("every cell here has a value of its own")
    return Change(SetCells(f"keep {counted(count, 'interpolated value')}", values))
