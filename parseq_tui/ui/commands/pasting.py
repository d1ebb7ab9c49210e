"""Commands that paste, from the editor's own clipboard or from a spreadsheet: TSV in, one edit out.

Pasting repeats the clipboard to fill the selection; what falls outside the table, or is no number where a number must
be, is left out and said. A clipboard is foreign text: its size is limited before anything is read, and only literal
numbers are read as values, so that a megabyte of it costs a moment.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from parseq_tui.errors import EditError, counted
from parseq_tui.timeline.edits import Block, PasteBlock
from parseq_tui.timeline.edits.blocks import BlockRow, Cell
from parseq_tui.ui.commands.collected import Collected, number
from parseq_tui.ui.commands.registry import Change, Context, Effect, Say, command
from parseq_tui.ui.commands.tables import headed, paste_headed
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.view_state import LABEL, Column, column_at, columns, selected

MAXIMUM_CHARACTERS = 4_000_000
MAXIMUM_CELLS = 200_000
"""Of one paste; more is refused."""
_WHOLE_ROW = 3
"""Columns that a copied row has at least: frame, label, a value."""

Lines = list[list[str]]


def lines_of(text: str) -> Lines:
    """The cells of a text, a list per line. Raises EditError where there are too many, or none.

    Terminals paste the ends of lines as carriage returns.
    """
    if len(text) > MAXIMUM_CHARACTERS:
        raise EditError(
            f"that is too much to paste: {len(text):,} characters", hint=f"at most {MAXIMUM_CHARACTERS:,}; use parts"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        lines = [line for line in csv.reader(io.StringIO(text), delimiter="\t") if line]
    except csv.Error as error:
        raise EditError(f"the clipboard cannot be read as cells: {error}", hint="copy cells or plain text") from error
    if not lines:
        raise EditError("there are no cells in the clipboard", hint="copy some first")
    return lines


def pasting_here(text: str) -> str:
    """What pasting a copied text into the table comes to, for whoever cannot paste it elsewhere."""
    cells = sum(line.count("\t") + 1 for line in text.splitlines())
    if cells <= MAXIMUM_CELLS and len(text) <= MAXIMUM_CHARACTERS:
        return "pasting in here works"
    return f"in here too: {cells:,} cells, at most {MAXIMUM_CELLS:,} are pasted at once"


Accepts = Callable[[Column], bool]


def pasted(context: Context, text: str, accepts: Accepts = lambda column: True) -> Effect:
    """The effect of pasting TSV at the cursor, or over the selection, into the columns that are accepted."""
    lines = lines_of(text)
    table = headed(context, lines)
    if table is not None:
        return paste_headed(context, table)
    if _from_a_spreadsheet(context, lines):
        return _side_by_side(context, lines)
    return _over(context, lines, columns(context.document, context.view), accepts)


def _from_a_spreadsheet(context: Context, lines: Lines) -> bool:
    """Whether these are columns of numbers that nobody copied here: a spreadsheet knows nothing of formula columns.

    There may be gaps, and words where a value would go; what would become formulas is numbers and nothing else.
    """
    here = column_at(context.document, context.view)
    if here.part != "value" or context.view.anchor is not None:
        return False
    places = columns(context.document, context.view)[context.view.column :]
    formulas = [index for index, place in enumerate(places) if place.part == "formula"]
    would_be = [line[index].strip() for line in lines for index in formulas if index < len(line)]
    numbers = [text for text in would_be if text]
    return (
        bool(numbers)
        and all(number(text) is not None for text in numbers)
        and (not context.clipboard or lines != lines_of(context.clipboard))
    )


def _side_by_side(context: Context, lines: Lines) -> Effect:
    """Into the value columns from the cursor's on; formulas stay."""
    everything = columns(context.document, context.view)
    first = selected(context.document, context.view).first_column
    places = [*everything[:first], *(column for column in everything[first:] if column.part == "value")]
    effect = _over(context, lines, places)
    return replace(effect, say=f"{effect.say}; side by side, formulas stay") if isinstance(effect, Change) else effect


def _over(context: Context, lines: Lines, places: Sequence[Column], accepts: Accepts = lambda column: True) -> Effect:
    result = Collected()
    rows = context.document.keyframes
    for row, column, text in _spread(context, lines, len(places), result):
        if accepts(places[column]):
            result.put(rows[row], places[column], text)
    return result.change()


def _spread(context: Context, lines: Lines, width: int, result: Collected) -> Iterator[tuple[int, int, str]]:
    """(row, column, text) of every cell inside a table `width` columns wide; the others are counted as left out."""
    block = selected(context.document, context.view)
    height = max(len(lines), block.size[0])
    rows = min(height, len(context.document.keyframes) - block.first_row)
    widest = min(max(map(len, lines)) if block.size[1] == 1 else block.size[1], width)
    if rows * max(widest, 1) > MAXIMUM_CELLS:
        raise EditError(f"that would be {rows * widest:,} cells", hint=f"paste at most {MAXIMUM_CELLS:,} at once")
    result.left_out += sum(map(len, lines[rows:]))
    for down in range(rows):
        line = lines[down % len(lines)]
        across = max(len(line), block.size[1])
        inside = max(0, min(across, width - block.first_column))
        result.left_out += across - inside
        for place in range(inside):
            yield block.first_row + down, block.first_column + place, line[place % len(line)]


def _empty(context: Context) -> str | None:
    return None if context.clipboard else "nothing was copied yet"


@command("clipboard.paste", "Paste", "Paste cells here; repeats to fill the selection. "
         "Where the first line names fields, columns and frames are found by it.", group="copy and fill",
         sweeps="clipboard",
         edits=True, why_not=_empty)  # fmt: skip
def paste(context: Context, argument: str) -> Effect:
    return pasted(context, context.clipboard)


@command("clipboard.paste_values", "Paste values only", "As paste, but formulas and labels stay as they are.",
         group="copy and fill", sweeps="clipboard", edits=True, why_not=_empty)  # fmt: skip
def paste_values(context: Context, argument: str) -> Effect:
    return pasted(context, context.clipboard, lambda column: column.part == "value")


@command("clipboard.paste_formulas", "Paste formulas only", "As paste, but values and labels stay as they are.",
         group="copy and fill", sweeps="clipboard", edits=True, why_not=_empty)  # fmt: skip
def paste_formulas(context: Context, argument: str) -> Effect:
    return pasted(context, context.clipboard, lambda column: column.part == "formula")


@command("clipboard.paste_transposed", "Paste transposed", "Rows of the clipboard become columns.",
         group="copy and fill", sweeps="clipboard", edits=True, why_not=_empty)  # fmt: skip
def paste_transposed(context: Context, argument: str) -> Effect:
    lines = lines_of(context.clipboard)
    if max(map(len, lines)) * len(lines) > MAXIMUM_CELLS:
        raise EditError("the clipboard is too large to be transposed", hint=f"copy at most {MAXIMUM_CELLS:,} cells")
    turned = [list(line) for line in zip_longest(*lines, fillvalue="")]
    return _over(context, turned, columns(context.document, context.view))


@command("clipboard.paste_numbers", "Paste side by side", "Columns of numbers, from a spreadsheet, into the value "
         "columns from here on; formula columns are passed over.", group="copy and fill",
         sweeps="clipboard", edits=True,
         why_not=_empty)  # fmt: skip
def paste_numbers(context: Context, argument: str) -> Effect:
    return _side_by_side(context, lines_of(context.clipboard))


@command("clipboard.paste_rows", "Paste as rows in time", "Whole rows that were copied (V y) begin at this frame and "
         "keep their distances; keyframes are made where there are none.", group="copy and fill",
         sweeps="clipboard", edits=True,
         why_not=_empty, aliases=("paste_rows",))  # fmt: skip
def paste_rows(context: Context, argument: str) -> Effect:
    lines = lines_of(context.clipboard)
    everything = columns(context.document, context.view)
    frames = [int(line[0]) if line[0].isascii() and line[0].isdecimal() else -1 for line in lines]
    whole = min(map(len, lines)) >= _WHOLE_ROW and min(frames) >= 0 and frames == sorted(frames)
    if not whole or len(lines) * len(everything) > MAXIMUM_CELLS:
        return Say("the clipboard holds no whole rows: copy some with V, move, y", "warning")
    here = context.document.keyframes[selected(context.document, context.view).first_row].frame
    names = tuple(dict.fromkeys(column.field for column in everything if column.field))
    rows = []
    for frame, line in zip(frames, lines, strict=True):
        there = context.document.keyframe_at(here + frame - frames[0])
        texts = dict(zip(everything, map(plain, line), strict=False))
        rows.append(_block_row(frame - frames[0], texts, names, there.formulas if there is not None else {}))
    edit = PasteBlock(Block(names, tuple(rows), whole_rows=True), here)
    return Change(edit, say=f"pasted {counted(len(rows), 'row')} from {here} on")


def _block_row(offset: int, texts: Mapping[Column, str], names: Sequence[str], formulas: Mapping[str, str]) -> BlockRow:
    """One copied row; `formulas` stay where the clipboard has no column for them."""
    cells = (
        Cell(
            number(texts.get(Column(name, "value"), "")),
            texts.get(Column(name, "formula"), formulas.get(name, "")).removeprefix("=") or None,
        )
        for name in names
    )
    return BlockRow(offset, tuple(cells), texts.get(LABEL) or None)
