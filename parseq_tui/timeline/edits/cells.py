"""Edits of single cells: a value, a formula, a row's label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.base import (
    Edit,
    changed_row,
    changed_rows,
    checked_field,
    checked_number,
    counted,
    index_at,
)
from parseq_tui.timeline.keyframe import Keyframe

Part = Literal["value", "formula", "both"]


@dataclass(frozen=True, slots=True)
class SetValue:
    """Give a field a value at a keyframe, or (None) let it be interpolated there."""

    frame: int
    field: str
    value: float | None

    @property
    def label(self) -> str:
        return f"{'clear' if self.value is None else 'set'} {self.field} at {self.frame}"

    def continues(self, earlier: Edit) -> bool:
        return isinstance(earlier, SetValue) and (earlier.frame, earlier.field) == (self.frame, self.field)

    def apply(self, document: Document) -> Document:
        field, value = checked_field(self.field), checked_number(self.value)
        return changed_row(document, self.frame, lambda row: row.with_value(field, value))


@dataclass(frozen=True, slots=True)
class SetFormula:
    """Give a field a formula from a keyframe on, or (None or empty) let the earlier one go on.

    Whether the formula can be read is not asked here: a half-typed one must be storable. `bake` reports it.
    """

    frame: int
    field: str
    formula: str | None

    @property
    def label(self) -> str:
        return f"{'set' if self.formula else 'clear'} formula of {self.field} at {self.frame}"

    def continues(self, earlier: Edit) -> bool:
        return isinstance(earlier, SetFormula) and (earlier.frame, earlier.field) == (self.frame, self.field)

    def apply(self, document: Document) -> Document:
        field = checked_field(self.field)
        return changed_row(document, self.frame, lambda row: row.with_formula(field, self.formula))


@dataclass(frozen=True, slots=True)
class SetInfo:
    """Label a keyframe, or (None) take its label away."""

    frame: int
    info: str | None

    @property
    def label(self) -> str:
        return f"label keyframe {self.frame}"

    def continues(self, earlier: Edit) -> bool:
        return isinstance(earlier, SetInfo) and earlier.frame == self.frame

    def apply(self, document: Document) -> Document:
        return changed_row(document, self.frame, lambda row: replace(row, info=self.info))


@dataclass(frozen=True, slots=True)
class ClearCells:
    """Empty cells: (frame, field) pairs; values, formulas, or both."""

    cells: tuple[tuple[int, str], ...]
    part: Part = "both"

    @property
    def label(self) -> str:
        if len(self.cells) == 1:
            frame, field = self.cells[0]
            return f"clear {field} at {frame}"
        return f"clear {counted(len(self.cells), 'cell')}"

    def apply(self, document: Document) -> Document:
        by_row: dict[int, list[str]] = {}
        for frame, field in self.cells:
            by_row.setdefault(frame, []).append(field)
        return changed_rows(
            document,
            {index_at(document, frame): _Cleared(tuple(fields), self.part) for frame, fields in by_row.items()},
        )


@dataclass(frozen=True, slots=True)
class _Cleared:
    fields: tuple[str, ...]
    part: Part

    def __call__(self, row: Keyframe) -> Keyframe:
        for field in self.fields:
            if self.part != "formula":
                row = row.with_value(field, None)
            if self.part != "value":
                row = row.with_formula(field, None)
        return row
