"""Copy and paste: a rectangle of cells as a value, and the edit that puts it down elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from parseq_tui.errors import EditError, counted
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.base import checked_field, checked_frame, indices_at, with_rows
from parseq_tui.timeline.keyframe import Keyframe


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell holds."""

    value: float | None = None
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One row of a copied rectangle."""

    offset: int
    """Frames behind the first copied row."""
    cells: tuple[Cell, ...]
    """One per copied field."""
    info: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of cells: rows relative to the first, fields in column order."""

    fields: tuple[str, ...]
    rows: tuple[BlockRow, ...]
    whole_rows: bool = False
    """Whether labels were copied too."""


def copy_block(document: Document, frames: Sequence[int], fields: Sequence[str], *, whole_rows: bool = False) -> Block:
    """The cells of `fields` at the keyframes on `frames`. Raises EditError."""
    rows = [document.keyframes[index] for index in indices_at(document, frames)]
    first = rows[0].frame
    copied = (
        BlockRow(
            row.frame - first,
            tuple(Cell(row.values.get(field), row.formulas.get(field)) for field in fields),
            row.info if whole_rows else None,
        )
        for row in rows
    )
    return Block(tuple(fields), tuple(copied), whole_rows)


@dataclass(frozen=True, slots=True)
class PasteBlock:
    """Put a copied rectangle down with its first row on `frame`, adding rows where there are none.

    Cells of the block take the place of what was there, empty ones too. `fields` renames its columns, left to right.
    """

    block: Block
    frame: int
    fields: tuple[str, ...] | None = None

    @property
    def label(self) -> str:
        return f"paste {counted(len(self.block.rows), 'row')} at {self.frame}"

    def apply(self, document: Document) -> Document:
        fields = self.block.fields if self.fields is None else self.fields
        if len(fields) < len(self.block.fields):
            raise EditError(
                f"the copied block is {counted(len(self.block.fields), 'column')} wide, the room is {len(fields)}",
                hint="start further left, or show more fields",
            )
        for field in fields:
            checked_field(field)
        rows = list(document.keyframes)
        places: dict[int, int] = {}
        for index, row in enumerate(rows):
            places.setdefault(row.frame, index)
        for pasted in self.block.rows:
            frame = checked_frame(self.frame + pasted.offset)
            if frame not in places:
                places[frame] = len(rows)
                rows.append(Keyframe(frame))
            place = places[frame]
            row = _pasted(rows[place], dict(zip(fields, pasted.cells, strict=False)))
            rows[place] = replace(row, info=pasted.info) if self.block.whole_rows else row
        return with_rows(document, rows)


def _pasted(row: Keyframe, cells: Mapping[str, Cell]) -> Keyframe:
    for field, cell in cells.items():
        row = row.with_value(field, cell.value).with_formula(field, cell.formula)
    return row
