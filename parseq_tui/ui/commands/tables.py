"""Tables with heads, to a spreadsheet and back: columns are found by name, rows by their frame.

    frame   label   zoom    zoom formula
    0       intro   1       sin(p=4b)
    30              1.5

Copying gives such a text. A pasted text whose first line names fields is read so: rows go to the frames they say, and
are made where there are none; without a `frame` column they go downwards from the cursor. Fields that the document does
not manage yet are added; columns that name nothing are left out and said.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parseq_tui.errors import counted
from parseq_tui.timeline.edits import Block, Edit, PasteBlock, SetCells, SetDisplayedFields, SetManagedFields, Several
from parseq_tui.timeline.edits.base import MAX_FRAME
from parseq_tui.timeline.edits.blocks import BlockRow
from parseq_tui.timeline.fields import FIELDS, SEED_ERA_FIELDS
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.collected import Collected, number
from parseq_tui.ui.commands.copying import cell_text
from parseq_tui.ui.commands.registry import Change, Context, Copy, Effect, Say, command
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.view_state import FRAME, LABEL, Column, columns, displayed, selected

Lines = list[list[str]]
_SPECIAL = {"frame": FRAME, "frames": FRAME, "label": LABEL, "labels": LABEL, "info": LABEL}
_FORMULA_ENDS = (" formula", "_formula", "_i")


@dataclass(frozen=True, slots=True)
class Headed:
    """A text that is a table with heads."""

    columns: tuple[Column | None, ...]
    """What each column holds; None: nothing that is known here."""
    unknown: tuple[str, ...]
    lines: Lines
    """Below the heads."""

    @property
    def frame_place(self) -> int | None:
        return self.columns.index(FRAME) if FRAME in self.columns else None


def headed(context: Context, lines: Lines) -> Headed | None:
    """The table, if the first line names fields; else None."""
    lines = _parted(lines)
    if len(lines) < 2:
        return None
    names = [cell.strip() for cell in lines[0]]
    found = tuple(_column(context, name) for name in names)
    unknown = tuple(name for name, column in zip(names, found, strict=True) if column is None and name)
    fields = sum(column is not None and column.field != "" for column in found)
    sure = not unknown or (fields and FRAME in found) or fields >= 2
    if not fields or not sure or any(number(name) is not None for name in unknown):
        return None
    return Headed(found, unknown, lines[1:])


def _parted(lines: Lines) -> Lines:
    """Lines that have no tabs, but commas or semicolons in the first of them, in parts."""
    if any(len(line) > 1 for line in lines[:2]):
        return lines
    for mark in ";,":
        if mark in lines[0][0]:
            return list(csv.reader((line[0] if line else "" for line in lines), delimiter=mark))
    return lines


def _column(context: Context, name: str) -> Column | None:
    lowered = name.casefold()
    if lowered in _SPECIAL:
        return _SPECIAL[lowered]
    document = context.document
    era = SEED_ERA_FIELDS if document.dialect == "2022" else FIELDS
    known = {*document.managed_fields, *displayed(document), *era}
    if name in known or lowered in known:
        return Column(name if name in known else lowered, "value")
    for end in _FORMULA_ENDS:
        field = name[: -len(end)]
        if lowered.endswith(end) and field in known:
            return Column(field, "formula")
    return None


def paste_headed(context: Context, table: Headed) -> Effect:
    """The effect of pasting a table with heads."""
    collected = Collected()
    made: list[BlockRow] = []
    rows = _rows_meant(context, table, made, collected)
    for row, line in rows:
        for column, text in zip(table.columns, line, strict=False):
            if column is not None and column != FRAME:
                collected.put(row, column, text)
    if not collected.count and not made:
        return Say("nothing of the clipboard fits here", "warning")
    new = tuple(dict.fromkeys(one.field for one in table.columns if one and one.field and not _managed(context, one)))
    said = [collected.said()]
    said += [f"made {counted(len(made), 'row')}"] if made else []
    said += [f"added {', '.join(new)}"] if new else []
    said += [f"left out: {plain(', '.join(table.unknown))}"] if table.unknown else []
    label = f"paste {counted(collected.count, 'cell')}"
    return Change(Several(tuple(_edits(context, collected, made, new, label)), label), say="; ".join(said))


def _managed(context: Context, column: Column) -> bool:
    return column.field in context.document.managed_fields


def _edits(
    context: Context, collected: Collected, made: Sequence[BlockRow], new: tuple[str, ...], label: str
) -> Sequence[Edit]:
    document = context.document
    edits: list[Edit] = []
    if new:
        shown = displayed(document)
        edits += [
            SetManagedFields((*document.managed_fields, *new)),
            SetDisplayedFields((*shown, *(name for name in new if name not in shown))),
        ]
    if made:
        edits.append(PasteBlock(Block((), tuple(made)), 0))
    return [*edits, SetCells(label, collected.values, collected.formulas, collected.infos)]


def _rows_meant(
    context: Context, table: Headed, made: list[BlockRow], collected: Collected
) -> Sequence[tuple[Keyframe, list[str]]]:
    """Each line and the row it goes to; rows that have to be made are put into `made`."""
    keyframes = context.document.keyframes
    place = table.frame_place
    if place is None:
        first = selected(context.document, context.view).first_row
        below = keyframes[first : first + len(table.lines)]
        collected.left_out += sum(map(len, table.lines[len(below) :]))
        return list(zip(below, table.lines, strict=False))
    there: Mapping[int, Keyframe] = {row.frame: row for row in reversed(keyframes)}
    found: dict[int, tuple[Keyframe, list[str]]] = {}
    for line in table.lines:
        frame = number(line[place]) if place < len(line) else None
        if frame is None or frame != int(frame) or not 0 <= frame <= MAX_FRAME:
            collected.left_out += any(cell.strip() for cell in line)
            continue
        if int(frame) not in there and int(frame) not in found:
            made.append(BlockRow(int(frame), ()))
        found[int(frame)] = (there.get(int(frame), Keyframe(int(frame))), line)
    return list(found.values())


@command("clipboard.copy_table", "Copy with heads", "The selected rows (all, where nothing is selected) with frame, "
         "label and the names of fields: edit them in a spreadsheet and paste them back.", group="copy and fill",
         sweeps="document",
         aliases=("copy_table",))  # fmt: skip
def copy_table(context: Context, argument: str) -> Effect:
    document, view = context.document, context.view
    everything, block = columns(document, view), selected(document, view)
    alone = view.anchor is None
    fields = [one for one in everything if one.field] if alone else [everything[index] for index in block.columns]
    chosen = [FRAME, LABEL, *(column for column in fields if column.field)]
    rows = document.keyframes if alone else [document.keyframes[index] for index in block.rows]
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow([f"{one.field} formula" if one.part == "formula" else one.title for one in chosen])
    writer.writerows([cell_text(row, column) for column in chosen] for row in rows)
    return Copy(out.getvalue(), f"copied {counted(len(rows), 'row')} with heads")
