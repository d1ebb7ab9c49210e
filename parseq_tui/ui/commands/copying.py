"""Commands that copy, cut, paste and fill. The clipboard is TSV, so that spreadsheets understand it.

Formulas and labels travel as texts, values as numbers, an interpolated cell as nothing. Pasting repeats the clipboard
to fill the selection; what falls outside the table is left out and said.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from parseq_tui.timeline.edits import FillExpression, SetCells, Several
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.cells import cells, cleared, number_in
from parseq_tui.ui.commands.registry import Change, Context, Copy, Effect, Say, command
from parseq_tui.ui.drawing.cells import plain, shortest
from parseq_tui.ui.drawing.grid import value_at
from parseq_tui.ui.view_state import Column, columns, selected

MAXIMUM_PASTE = 2_000_000
"""Characters; more is refused."""


def to_tsv(context: Context) -> str:
    """The selected cells, a line per row."""
    block = selected(context.document, context.view)
    everything = columns(context.document, context.view)
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    for row in block.rows:
        keyframe = context.document.keyframes[row]
        writer.writerow([_text(keyframe, everything[column]) for column in block.columns])
    return out.getvalue()


def _text(row: Keyframe, column: Column) -> str:
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


@command("clipboard.paste", "Paste", "Paste cells here; repeats to fill the selection.", group="copy and fill",
         edits=True, why_not=lambda context: None if context.clipboard else "nothing was copied yet")  # fmt: skip
def paste(context: Context, argument: str) -> Effect:
    return pasted(context, context.clipboard)


@dataclass(slots=True)
class _Paste:
    """What a paste comes to, collected cell by cell."""

    values: dict[tuple[int, str], float | None] = field(default_factory=dict)
    formulas: dict[tuple[int, str], str | None] = field(default_factory=dict)
    infos: dict[int, str | None] = field(default_factory=dict)
    left_out: int = 0

    @property
    def count(self) -> int:
        return len(self.values) + len(self.formulas) + len(self.infos)

    def put(self, row: Keyframe, column: Column, text: str) -> None:
        text = plain(text.strip())
        if column.part == "label":
            self.infos[row.frame] = text or None
        elif column.part == "formula" or (column.part == "value" and text.startswith("=")):
            self.formulas[row.frame, column.field] = text.removeprefix("=") or None
        elif column.part == "value":
            value = number_in(text) if text else None
            if isinstance(value, str):
                self.left_out += 1
            else:
                self.values[row.frame, column.field] = value
        else:
            self.left_out += bool(text) and text != str(row.frame)


def pasted(context: Context, text: str) -> Effect:
    """The effect of pasting TSV at the cursor, or over the selection."""
    if len(text) > MAXIMUM_PASTE:
        return Say(f"that is too much to paste ({len(text):,} characters)", "error")
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter="\t"))
    except csv.Error as error:
        return Say(f"the clipboard cannot be read as cells: {error}", "error")
    if not lines:
        return Say("the clipboard is empty")
    block = selected(context.document, context.view)
    height, width = max(len(lines), block.size[0]), max(max(len(line) for line in lines), block.size[1])
    everything, rows, result = columns(context.document, context.view), context.document.keyframes, _Paste()
    for down in range(height):
        line = lines[down % len(lines)]
        for across in range(width if block.size[1] > len(line) else len(line)):
            row, column = block.first_row + down, block.first_column + across
            if row >= len(rows) or column >= len(everything):
                result.left_out += 1
            else:
                result.put(rows[row], everything[column], line[across % len(line)])
    if not result.count:
        return Say("nothing of the clipboard fits here", "warning")
    left_out = f"; {result.left_out} did not fit and were left out" if result.left_out else ""
    edit = SetCells(f"paste {result.count} cells", result.values, result.formulas, result.infos)
    return Change(edit, say=f"pasted {result.count} cells{left_out}")


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
    origin, result = context.document.keyframes[source], _Paste()
    for row, column in cells(context):
        if column.part == "value":
            result.values[row.frame, column.field] = origin.values.get(column.field)
        elif column.part == "formula":
            result.formulas[row.frame, column.field] = origin.formulas.get(column.field)
    if not result.count:
        return Say("select value or formula cells to fill")
    return Change(SetCells(f"fill {direction} {result.count} cells", result.values, result.formulas))


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
