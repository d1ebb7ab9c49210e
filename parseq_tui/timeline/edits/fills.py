"""Fill a column over selected keyframes: downwards, in a line, in a series, or with what an expression gives there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from parseq_tui.errors import EditError, counted
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.base import changed_rows, checked_field, checked_number, indices_at, tidied
from parseq_tui.timeline.keyframe import Keyframe


@dataclass(frozen=True, slots=True)
class FillDown:
    """Copy the topmost selected row's cells into the other selected rows."""

    frames: tuple[int, ...]
    fields: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"fill {', '.join(self.fields)} down {counted(len(self.frames), 'row')}"

    def apply(self, document: Document) -> Document:
        first, *others = indices_at(document, self.frames)
        top = document.keyframes[first]

        def filled(row: Keyframe) -> Keyframe:
            for field in self.fields:
                checked_field(field)
                row = row.with_value(field, top.values.get(field)).with_formula(field, top.formulas.get(field))
            return row

        return changed_rows(document, dict.fromkeys(others, filled))


@dataclass(frozen=True, slots=True)
class FillLinear:
    """Values in a straight line over time, from the topmost selected value to the lowest one."""

    frames: tuple[int, ...]
    field: str

    @property
    def label(self) -> str:
        return f"fill {self.field} linearly"

    def apply(self, document: Document) -> Document:
        rows = [document.keyframes[index] for index in indices_at(document, self.frames)]
        start, end = rows[0].values.get(self.field), rows[-1].values.get(self.field)
        if start is None or end is None or rows[0].frame == rows[-1].frame:
            raise EditError(
                f"a line needs a value of {self.field} at both ends", hint="give the first and last selected row one"
            )
        span = rows[-1].frame - rows[0].frame
        shares = [(row.frame - rows[0].frame) / span for row in rows]
        # Weighted like this, both ends are met exactly.
        return _with_values(document, self.frames, self.field, [start * (1 - share) + end * share for share in shares])


@dataclass(frozen=True, slots=True)
class FillSeries:
    """`start`, `start + step`, `start + 2 · step`, … down the selected rows."""

    frames: tuple[int, ...]
    field: str
    start: float
    step: float

    @property
    def label(self) -> str:
        return f"fill {self.field} in steps of {self.step:g}"

    def apply(self, document: Document) -> Document:
        values = [self.start + self.step * place for place in range(len(indices_at(document, self.frames)))]
        return _with_values(document, self.frames, self.field, values)


@dataclass(frozen=True, slots=True)
class FillExpression:
    """What a formula gives at each selected row, as a value. It may use all the language: `S * 2`, `sin(p=4b)`."""

    frames: tuple[int, ...]
    field: str
    expression: str

    @property
    def label(self) -> str:
        return f"fill {self.field} with {self.expression}"

    def apply(self, document: Document) -> Document:
        frames = [document.keyframes[index].frame for index in indices_at(document, self.frames)]
        return _with_values(document, self.frames, self.field, values_of(document, self.field, self.expression, frames))


def values_of(document: Document, field: str, expression: str, frames: Sequence[int]) -> list[float]:
    """What `expression` would give as the field's formula at these frames. Raises EditError."""
    from parseq_tui.timeline.bake import bake  # brings the whole language along, which other edits do without

    checked_field(field)
    rows = [_without_formula(row, field) for row in document.keyframes]
    rows[0] = rows[0].with_formula(field, expression)
    managed = document.managed_fields if field in document.managed_fields else (*document.managed_fields, field)
    table = bake(replace(document, keyframes=tuple(rows), managed_fields=managed))
    wrong = next((found for found in table.errors if found.field == field), None)
    if wrong is not None:
        raise EditError(f"{expression}: {wrong.message}", hint=wrong.hint)
    values = [tidied(table[field][frame - table.first_frame]) for frame in frames]
    for frame, value in zip(frames, values, strict=True):
        if not math.isfinite(value):
            raise EditError(f"{expression} gives no finite number at {frame}", hint="a cell holds a finite number")
    return values


def _without_formula(row: Keyframe, field: str) -> Keyframe:
    return row.with_formula(field, None) if field in row.formulas else row


def _with_values(document: Document, frames: Sequence[int], field: str, values: Sequence[float]) -> Document:
    checked_field(field)
    rows = list(document.keyframes)
    for index, value in zip(indices_at(document, frames), values, strict=True):
        rows[index] = rows[index].with_value(field, checked_number(value))
    return replace(document, keyframes=tuple(rows))
