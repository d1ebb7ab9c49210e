"""Commands on cells: edit, clear, compute, nudge, cycle the interpolation; and what committing an entry does.

Every verb acts on the selection, and on the cursor's cell where there is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from parseq_tui.errors import EditError, FormulaError, counted
from parseq_tui.language.evaluate import evaluate_over
from parseq_tui.timeline.edits import Edit, MoveKeyframes, SetCells, SetFormula, SetInfo, SetValue, StretchKeyframes
from parseq_tui.timeline.edits.base import named, tidied
from parseq_tui.timeline.fields import field_named
from parseq_tui.timeline.fitting import fitting_numbers, reads_numbers
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.collected import number
from parseq_tui.ui.commands.positions import PositionError, frame_of
from parseq_tui.ui.commands.registry import Change, Context, Do, Effect, Enter, Say, command
from parseq_tui.ui.drawing.cells import fixed, shortest
from parseq_tui.ui.view_state import LABEL, Part, column_at, columns, fields_of, row_at, selected

CYCLE = ("L", "S", "C", "P")
"""What `i` goes through: linear, step, cubic, polynomial."""
CYCLE_NAMES = {"L": "linear", "S": "step", "C": "cubic spline", "P": "polynomial"}


def current_row(context: Context) -> Keyframe:
    return context.document.keyframes[context.view.row]


def formula_in_effect(context: Context, field: str) -> tuple[str, int | None]:
    """The formula that a field follows at the cursor, and the frame of the row that states it (None: nobody does)."""
    for keyframe in reversed(context.document.keyframes[: context.view.row + 1]):
        if keyframe.formulas.get(field):
            return keyframe.formulas[field], keyframe.frame
    return "L", None


def entry_text(context: Context) -> str:
    """What an edit of the cursor's cell begins with; an empty value cell offers the interpolated value."""
    row, column = current_row(context), column_at(context.document, context.view)
    if column.part == "frame":
        return str(row.frame)
    if column.part == "label":
        return row.info or ""
    if column.part == "formula":
        return row.formulas.get(column.field, "")
    if column.field in row.values:
        return shortest(row.values[column.field])
    number = own_or_fitting(context, row, column.field)
    if number is None or not math.isfinite(number):
        return ""
    return fixed(number, 4).rstrip("0").rstrip(".") if abs(number) >= 0.001 else shortest(round(number, 9))


def own_or_fitting(context: Context, row: Keyframe, name: str) -> float | None:
    """The number in a cell; of an empty one the number that would leave the curve as it is."""
    own = row.values.get(name)
    return fitting_values(context, name, (row.frame,))[0] if own is None else own


def fitting_values(context: Context, name: str, frames: Sequence[int]) -> list[float | None]:
    """For each frame (ascending) the number that a cell must hold to leave the curve as it is; None: there is none."""
    if context.table is None or name not in context.table:
        return [None] * len(frames)
    found = fitting_numbers(context.document, context.table, name, frames)
    return [None if math.isnan(number) else tidied(round(number, 12)) for number in found.tolist()]


@command("cell.edit", "Edit the cell", "Edit in place; an empty value cell offers the interpolated value.",
         group="edit", edits=True)  # fmt: skip
def edit_cell(context: Context, argument: str) -> Effect:
    return Enter(entry_text(context))


@command("cell.formula", "Edit the formula", "In a value cell: type its field's formula, = begins it; elsewhere: edit "
         "the cell.", group="edit", edits=True)  # fmt: skip
def edit_formula(context: Context, argument: str) -> Effect:
    column = column_at(context.document, context.view)
    if column.part != "value":
        return Enter(entry_text(context))
    return Enter(f"={current_row(context).formulas.get(column.field, '')}")


@command("cell.retype", "Type the cell anew", "Edit the cell, beginning with nothing.", group="edit", edits=True)
def retype_cell(context: Context, argument: str) -> Effect:
    return Enter("")


@command("cell.set", "Set the cell", "Put this into the cursor's cell.", group="edit",
         sweeps="selection", edits=True, argument="TEXT",
         aliases=("set",))  # fmt: skip
def set_cell(context: Context, argument: str) -> Effect:
    return committed(context, argument)


@command("cell.repeat", "Repeat the last entry", "Put what was entered last into every selected cell.", group="edit",
         sweeps="selection",
         edits=True, why_not=lambda context: None if context.last_entry is not None else "nothing was entered yet",
         )  # fmt: skip
def repeat_entry(context: Context, argument: str) -> Effect:
    return committed(context, context.last_entry or "")


def committed(context: Context, text: str) -> Effect:
    """The effect of entering `text` in the cursor's cell, or in every selected cell of its kind."""
    column = column_at(context.document, context.view)
    row = current_row(context)
    text = text.strip()
    if column.part == "frame":
        return _moved_row(context, row, text)
    if column.part == "label":
        return _all_labelled(context, text)
    if column.part == "formula" or text.startswith("="):
        return _all_formulas(context, column.field, text.removeprefix("=").strip())
    if not text:
        return _all_values(context, column.field, None)
    value = number_in(text)
    if isinstance(value, str):
        return Say(f"{value}; = begins a formula that runs over time", "error")
    return _all_values(context, column.field, value)


def number_in(text: str) -> float | str:
    """The number a text means: a literal, or arithmetic evaluated once ("1/3"); else words saying why not."""
    value = number(text)
    if value is None:
        try:
            result = evaluate_over(text, 1)
        except FormulaError as error:
            return error.message
        if isinstance(result, list):
            return "a cell holds a number, this is a text"
        value = tidied(float(result[0]))
    return value if math.isfinite(value) else "a cell holds a finite number"


def _moved_row(context: Context, row: Keyframe, text: str) -> Effect:
    try:
        frame = frame_of(text, context.document.options, relative_to=row.frame)
    except PositionError as error:
        return Say(str(error), "warning")
    context = replace(context, view=context.view.without_selection())
    return moved_rows(context, MoveKeyframes((row.frame,), frame - row.frame))


def moved_rows(context: Context, edit: MoveKeyframes | StretchKeyframes) -> Effect:
    """The effect of moving the selected rows: cursor and selection go along; if others come between, only the cursor.

    An edit that cannot be done is left to whoever carries it out: he says why.
    """
    document, view = context.document, context.view
    known = {id(row) for row in document.keyframes}
    try:
        rows = edit.apply(document).keyframes
    except EditError:
        return Change(edit)
    landed = [index for index, row in enumerate(rows) if id(row) not in known]
    if view.reach in ("columns", "all"):
        return Change(edit, view)
    first = selected(document, view).first_row
    together = landed[-1] - landed[0] + 1 == len(landed)
    if view.anchor is None or not together:
        return Change(edit, replace(view.without_selection(), row=landed[view.row - first], playhead=None))
    anchor = (landed[view.anchor[0] - first], view.anchor[1])
    return Change(edit, replace(view, row=landed[view.row - first], anchor=anchor, playhead=None))


def _all_labelled(context: Context, text: str) -> Effect:
    frames = [context.document.keyframes[row].frame for row in selected(context.document, context.view).rows]
    if len(frames) == 1:
        return Change(SetInfo(frames[0], text or None))
    label = f"label {counted(len(frames), 'keyframe')} {named(text)}" if text else "clear labels"
    return Change(SetCells(label, infos=dict.fromkeys(frames, text or None)))


def selected_rows(context: Context) -> Sequence[Keyframe]:
    """The selected rows; the cursor's alone where there is no selection."""
    block = selected(context.document, context.view)
    return context.document.keyframes[block.first_row : block.end_row]


def selected_fields(context: Context, part: Part) -> list[str]:
    """The fields whose value or formula columns are selected."""
    everything, block = columns(context.document, context.view), selected(context.document, context.view)
    return [everything[index].field for index in block.columns if everything[index].part == part]


def selection(context: Context) -> Hashable:
    """What is selected, to tell whether the next edit acts on the same."""
    return selected(context.document, context.view), columns(context.document, context.view)


def _all_values(context: Context, field: str, value: float | None) -> Effect:
    rows, names = selected_rows(context), selected_fields(context, "value")
    if len(rows) * len(names) < 2:
        return Change(SetValue(current_row(context).frame, names[0] if names else field, value))
    cells = dict.fromkeys(names, value)
    count = counted(len(rows) * len(names), "cell")
    label = f"clear {count}" if value is None else f"set {count} to {value:.10g}"
    return Change(SetCells(label, values={row.frame: cells for row in rows}, target=("set", selection(context))))


def _all_formulas(context: Context, field: str, text: str) -> Effect:
    rows, names = selected_rows(context), selected_fields(context, "formula") or selected_fields(context, "value")
    if len(rows) * len(names) < 2:
        return Change(SetFormula(current_row(context).frame, names[0] if names else field, text or None))
    cells = dict.fromkeys(names, text or None)
    count = counted(len(rows) * len(names), "formula")
    label = f"set {count} to ={named(text)}" if text else f"clear {count}"
    return Change(SetCells(label, formulas={row.frame: cells for row in rows}, target=("formula", selection(context))))


@command("cell.clear", "Clear", "Empty the selected cells: values are interpolated again, formulas end.", group="edit",
         sweeps="selection",
         edits=True)  # fmt: skip
def clear_cells(context: Context, argument: str) -> Effect:
    edit = cleared(context)
    return Change(edit) if edit else Say("nothing to clear here; D deletes rows")


def cleared(context: Context) -> Edit | None:
    """The edit that empties the selected cells; None where all are empty or cannot be."""
    value_fields, formula_fields = set(selected_fields(context, "value")), set(selected_fields(context, "formula"))
    labels = LABEL in columns(context.document, context.view)[slice(*_across(context))]
    values: dict[int, dict[str, float | None]] = {}
    formulas: dict[int, dict[str, str | None]] = {}
    infos: dict[int, str | None] = {}
    for row in selected_rows(context):
        if row.values and (full := value_fields & row.values.keys()):
            values[row.frame] = dict.fromkeys(full)
        if row.formulas and (stated := formula_fields & row.formulas.keys()):
            formulas[row.frame] = dict.fromkeys(stated)
        if labels and row.info is not None:
            infos[row.frame] = None
    count = sum(map(len, values.values())) + sum(map(len, formulas.values())) + len(infos)
    if not count:
        return None
    row, column = current_row(context), column_at(context.document, context.view)
    what = f"{column.title} at {row.frame}" if count == 1 else f"{count} cells"
    return SetCells(f"clear {what}", values, formulas, infos)


def _across(context: Context) -> tuple[int, int]:
    block = selected(context.document, context.view)
    return block.first_column, block.end_column


@command("interpolation.cycle", "Cycle the interpolation", "From here on: linear, step, cubic, polynomial, and round.",
         group="edit", sweeps="selection", edits=True)  # fmt: skip
def cycle_interpolation(context: Context, argument: str) -> Effect:
    block = selected(context.document, context.view)
    fields = fields_of(context.document, context.view, block.columns)
    if not fields:
        return Say("move to a field first: interpolation belongs to a field")
    column = column_at(context.document, context.view)
    first = column.field or fields[0]
    now, _ = formula_in_effect(context, first)
    following = CYCLE[(CYCLE.index(now) + 1) % len(CYCLE)] if now in CYCLE else CYCLE[0]
    cells: dict[str, str | None] = dict.fromkeys(fields, following)
    formulas = {row.frame: cells for row in selected_rows(context)}
    count = len(formulas) * len(cells)
    where = f"{first} from {current_row(context).frame}" if count == 1 else f"{count} cells"
    label = f"interpolation of {where}: {CYCLE_NAMES[following]}"
    replaced = f" (instead of {now})" if now not in CYCLE else ""
    return Change(
        SetCells(label, formulas=formulas, target=("interpolation", selection(context))),
        say=f"{where}: {CYCLE_NAMES[following]}{replaced}",
    )


def _size(factor: float) -> str:
    return {1: "", 0.1: "a tenth of "}.get(abs(factor), f"{abs(factor):g} times ")


def _nudge(name: str, title: str, factor: float) -> None:
    @command(name, title, f"Change values by {_size(factor)}the field's step, rows by frames.", group="edit",
             edits=True, sweeps="selection")  # fmt: skip
    def run(context: Context, argument: str) -> Effect:
        return nudged(context, factor)


_nudge("nudge.fine_down", "Nudge down a little", -0.1)
_nudge("nudge.fine_up", "Nudge up a little", 0.1)
_nudge("nudge.down", "Nudge down", -1)
_nudge("nudge.up", "Nudge up", 1)
_nudge("nudge.far_down", "Nudge down ×10", -10)
_nudge("nudge.far_up", "Nudge up ×10", 10)


def nudged(context: Context, steps: float) -> Effect:
    """Every value in the selection by `steps` steps of its field; the frame column moves the rows."""
    if column_at(context.document, context.view).part == "frame":
        block = selected(context.document, context.view)
        frames = tuple(context.document.keyframes[row].frame for row in block.rows)
        return moved_rows(context, MoveKeyframes(frames, int(math.copysign(max(1, abs(steps)), steps))))
    values = _nudged_alone(context, steps) if context.view.anchor is None else _nudged_rows(context, steps)
    count = sum(map(len, values.values()))
    if not count:
        return Say("there is no value here to nudge")
    return Change(SetCells(_nudge_label(values), values, target=("nudge", selection(context))), say=unread(context))


def _nudge_label(values: Mapping[int, Mapping[str, float | None]]) -> str:
    if sum(map(len, values.values())) > 1:
        return f"nudge {sum(map(len, values.values()))} cells"
    frame, cells = next(iter(values.items()))
    name, value = next(iter(cells.items()))
    return f"nudge {name} at {frame} to {value:.10g}"


def unread(context: Context, field: str = "", frame: int | None = None) -> str:
    """A word to whoever changes a number and sees no curve move; "" where the formula in effect uses the number.

    Without `field`: about the cursor's cell.
    """
    field = field or column_at(context.document, context.view).field
    row = context.view.row if frame is None else row_at(context.document, frame)
    formula, _ = formula_in_effect(replace(context, view=replace(context.view, row=row)), field)
    if not field or reads_numbers(formula):
        return ""
    return f"no effect: the formula of {field} does not use this number; S is its name"


def _nudged_alone(context: Context, steps: float) -> dict[int, dict[str, float | None]]:
    """The cursor's cell; where it is empty, from the interpolated value."""
    row, column = current_row(context), column_at(context.document, context.view)
    value = own_or_fitting(context, row, column.field) if column.field else None
    if value is None or not math.isfinite(value):
        return {}
    return {row.frame: {column.field: round(value + steps * _step(context, column.field), 9)}}


def _nudged_rows(context: Context, steps: float) -> dict[int, dict[str, float | None]]:
    """The values of the selected cells that have one."""
    by = {name: steps * _step(context, name) for name in selected_fields(context, "value")}
    values: dict[int, dict[str, float | None]] = {}
    for row in selected_rows(context):
        here = row.values
        changed: dict[str, float | None] = {name: round(here[name] + up, 9) for name, up in by.items() if name in here}
        if changed:
            values[row.frame] = changed
    return values


def _step(context: Context, name: str) -> float:
    return field_named(name, context.document.dialect).step


@command("cell.compute", "Compute", "Put each value through an expression of x: x*1.1+0.2.", group="edit",
         sweeps="selection", edits=True,
         argument="EXPRESSION", aliases=("compute",))  # fmt: skip
def compute(context: Context, argument: str) -> Effect:
    names, alone = selected_fields(context, "value"), context.view.anchor is None
    results: dict[float, float | str] = {}
    values: dict[int, dict[str, float | None]] = {}
    for row in selected_rows(context):
        for name in names:
            old = own_or_fitting(context, row, name) if alone else row.values.get(name)
            if old is None:
                continue
            if old not in results:
                results[old] = number_in(re.sub(r"\bx\b", f"({old!r})", argument))
            result = results[old]
            if isinstance(result, str):
                return Say(result, "error")
            values.setdefault(row.frame, {})[name] = result
    count = sum(map(len, values.values()))
    if not count:
        return Say("there is no value here to compute with")
    return Change(SetCells(f"compute {named(argument)} on {counted(count, 'cell')}", values))


@command("cell.outside", "Edit the cell in $EDITOR", "The cell's formula in your own editor.", group="edit", edits=True)
def edit_outside(context: Context, argument: str) -> Effect:
    return Do("cell.outside")
