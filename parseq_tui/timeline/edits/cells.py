"""Edits of cells: a value, a formula, a row's label; many of them in one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, TypeVar, cast

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
Content = TypeVar("Content", float, str)


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
        name, value = checked_field(self.field), checked_number(self.value)
        return changed_row(document, self.frame, lambda row: row.with_value(name, value))


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
        name = checked_field(self.field)
        return changed_row(document, self.frame, lambda row: row.with_formula(name, self.formula))


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
            frame, name = self.cells[0]
            return f"clear {name} at {frame}"
        return f"clear {counted(len(self.cells), 'cell')}"

    def apply(self, document: Document) -> Document:
        by_row: dict[int, list[str]] = {}
        for frame, name in self.cells:
            by_row.setdefault(frame, []).append(name)
        return changed_rows(
            document,
            {index_at(document, frame): _Cleared(frozenset(fields), self.part) for frame, fields in by_row.items()},
        )


@dataclass(frozen=True, slots=True)
class _Cleared:
    fields: frozenset[str]
    part: Part

    def __call__(self, row: Keyframe) -> Keyframe:
        values = row.values if self.part == "formula" else _without(row.values, self.fields)
        formulas = row.formulas if self.part == "value" else _without(row.formulas, self.fields)
        return replace(row, values=values, formulas=formulas)


def _without(cells: Mapping[str, Content], fields: frozenset[str]) -> Mapping[str, Content]:
    """A row's cells but those of some fields; shared where there is nothing to take out."""
    if fields.isdisjoint(cells):
        return cells
    return MappingProxyType({name: content for name, content in cells.items() if name not in fields})


Place = tuple[int, str]
"""A keyframe's frame, and a field."""


@dataclass(frozen=True, slots=True)
class SetCells:
    """Set or (None) clear any number of values, formulas and labels."""

    label: str
    values: Mapping[Place, float | None] = field(default_factory=dict)
    formulas: Mapping[Place, str | None] = field(default_factory=dict)
    infos: Mapping[int, str | None] = field(default_factory=dict)

    def continues(self, earlier: Edit) -> bool:
        return (
            isinstance(earlier, SetCells)
            and earlier.label == self.label
            and earlier.values.keys() == self.values.keys()
            and earlier.formulas.keys() == self.formulas.keys()
        )

    def apply(self, document: Document) -> Document:
        for name in {name for _, name in (*self.values, *self.formulas)}:
            checked_field(name)
        values: dict[int, dict[str, float | None]] = {}
        for (frame, name), value in self.values.items():
            values.setdefault(frame, {})[name] = checked_number(value)
        formulas: dict[int, dict[str, str | None]] = {}
        for (frame, name), formula in self.formulas.items():
            formulas.setdefault(frame, {})[name] = formula or None
        if not (values or formulas or self.infos):
            return document
        rows = list(document.keyframes)
        for frame in {**values, **formulas, **self.infos}:
            index = index_at(document, frame)
            row = rows[index]
            rows[index] = replace(
                row,
                values=_merged(row.values, values.get(frame)),
                formulas=_merged(row.formulas, formulas.get(frame)),
                info=self.infos.get(frame, row.info),
            )
        return replace(document, keyframes=tuple(rows))


def _merged(cells: Mapping[str, Content], changes: Mapping[str, Content | None] | None) -> Mapping[str, Content]:
    """A row's cells with some of them set, or (None) cleared."""
    if not changes:
        return cells
    merged = {**cells, **changes}
    if None not in changes.values():
        return MappingProxyType(cast("dict[str, Content]", merged))
    return MappingProxyType({name: content for name, content in merged.items() if content is not None})
