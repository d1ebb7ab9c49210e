"""Commands that copy, cut and fill. The clipboard is TSV, so that spreadsheets understand it.

Formulas and labels travel as texts, values as numbers, an interpolated cell as nothing.
"""

from __future__ import annotations

import csv
import io

from parseq_tui.timeline.edits import FillExpression, SetCells, Several
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.cells import cells, cleared, number_in
from parseq_tui.ui.commands.registry import Change, Context, Copy, Effect, Say, command
from parseq_tui.ui.drawing.cells import shortest
from parseq_tui.ui.drawing.grid import value_at
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


@command("clipboard.copy", "Copy", "Copy the selected cells, also to the terminal's clipboard.", group="copy and fill")
def copy(context: Context, argument: str) -> Effect:
    return Copy(to_tsv(context), f"copied {_size(context)}")


@command("clipboard.cut", "Cut", "Copy the selected cells and empty them.", group="copy and fill", edits=True)
def cut(context: Context, argument: str) -> Effect:
    edit = cleared(context)
    return Copy(to_tsv(context), f"cut {_size(context)}", then=Change(edit) if edit else None)


def _size(context: Context) -> str:
    rows, across = selected(context.document, context.view).size
    return "1 cell" if rows == across == 1 else f"{rows} × {across} cells"


def _needs_rows(context: Context) -> str | None:
    rows, _ = selected(context.document, context.view).size
    return None if rows > 1 else "select several rows first: Shift+↓ or v"


@command("fill.down", "Fill down", "Copy the first selected row into the others.", group="copy and fill", edits=True,
         why_not=_needs_rows)  # fmt: skip
def fill_down(context: Context, argument: str) -> Effect:
    return _filled_from(context, selected(context.document, context.view).first_row, "down")


@command("fill.up", "Fill up", "Copy the last selected row into the others.", group="copy and fill", edits=True,
         why_not=_needs_rows)  # fmt: skip
def fill_up(context: Context, argument: str) -> Effect:
    return _filled_from(context, selected(context.document, context.view).end_row - 1, "up")


def _filled_from(context: Context, source: int, direction: str) -> Effect:
    origin = context.document.keyframes[source]
    values: dict[tuple[int, str], float | None] = {}
    formulas: dict[tuple[int, str], str | None] = {}
    for row, column in cells(context):
        if column.part == "value":
            values[row.frame, column.field] = origin.values.get(column.field)
        elif column.part == "formula":
            formulas[row.frame, column.field] = origin.formulas.get(column.field)
    count = len(values) + len(formulas)
    if not count:
        return Say("select value or formula cells to fill")
    return Change(SetCells(f"fill {direction} {count} cells", values, formulas))


def _value_columns(context: Context) -> list[str]:
    everything = columns(context.document, context.view)
    block = selected(context.document, context.view)
    return [everything[index].field for index in block.columns if everything[index].part == "value"]


@command("fill.linear", "Fill linearly", "A straight line from the first to the last selected row, as values.",
         group="copy and fill", edits=True, why_not=_needs_rows)  # fmt: skip
def fill_linear(context: Context, argument: str) -> Effect:
    rows = [context.document.keyframes[row] for row in selected(context.document, context.view).rows]
    values: dict[tuple[int, str], float | None] = {}
    first, last = rows[0], rows[-1]
    for name in _value_columns(context):
        start, end = _shown(context, first, name), _shown(context, last, name)
        if start is None or end is None:
            return Say(f"{name} has no value at both ends of the selection", "warning")
        for row in rows:
            share = (row.frame - first.frame) / max(1, last.frame - first.frame)
            values[row.frame, name] = round(start + (end - start) * share, 9)
    if not values:
        return Say("select value cells to fill")
    return Change(SetCells(f"fill {len(values)} cells linearly", values))


@command("fill.series", "Fill with a series", "The first value, then plus STEP on every row.", group="copy and fill",
         edits=True, argument="STEP", why_not=_needs_rows, aliases=("series",))  # fmt: skip
def fill_series(context: Context, argument: str) -> Effect:
    step = number_in(argument)
    if isinstance(step, str):
        return Say(step, "error")
    rows = [context.document.keyframes[row] for row in selected(context.document, context.view).rows]
    values: dict[tuple[int, str], float | None] = {}
    for name in _value_columns(context):
        start = _shown(context, rows[0], name) or 0.0
        for index, row in enumerate(rows):
            values[row.frame, name] = round(start + step * index, 9)
    if not values:
        return Say("select value cells to fill")
    return Change(SetCells(f"fill {len(values)} cells with a series", values))


@command("fill.expression", "Fill with an expression", "What a formula gives at each selected row, as values.",
         group="copy and fill", edits=True, argument="FORMULA", aliases=("fill",))  # fmt: skip
def fill_expression(context: Context, argument: str) -> Effect:
    rows = selected(context.document, context.view).rows
    frames = tuple(context.document.keyframes[row].frame for row in rows)
    edits = tuple(FillExpression(frames, name, argument) for name in _value_columns(context))
    if not edits:
        return Say("select value cells to fill")
    return Change(Several(edits, f"fill {len(edits) * len(frames)} cells with {argument}"))


@command("fill.keys", "Keep interpolated values", "Turn the interpolated values of the selection into keyframes.",
         group="copy and fill", edits=True)  # fmt: skip
def fill_keys(context: Context, argument: str) -> Effect:
    values: dict[tuple[int, str], float | None] = {}
    for row, column in cells(context):
        if column.part == "value" and column.field not in row.values:
            baked = value_at(context.table, column.field, row.frame)
            if baked is not None and baked == baked:
                values[row.frame, column.field] = round(baked, 9)
    if not values:
        return Say("every cell here has a value of its own")
    return Change(SetCells(f"keep {len(values)} interpolated values", values))


def _shown(context: Context, row: Keyframe, name: str) -> float | None:
    return row.values[name] if name in row.values else value_at(context.table, name, row.frame)
