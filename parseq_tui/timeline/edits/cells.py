"""Edits of cells: a value, a formula, a row's label; many of them in one step."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Set
from dataclasses import dataclass, field, replace
from types import MappingProxyType, NoneType
from typing import Literal, TypeVar, cast

from parseq_tui.errors import counted
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.base import (
    Edit,
    changed_row,
    changed_rows,
    checked_field,
    checked_number,
    index_at,
    named,
)
from parseq_tui.timeline.keyframe import EMPTY, Keyframe

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
        if self.value is None:
            return f"clear {self.field} at {self.frame}"
        return f"set {self.field} to {self.value:.10g} at {self.frame}"

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
        if not self.formula:
            return f"clear formula of {self.field} at {self.frame}"
        return f"set {self.field} to ={named(self.formula)} at {self.frame}"

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
        return f"label keyframe {self.frame} {named(self.info)}" if self.info else f"clear label at {self.frame}"

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


Values = Mapping[int, Mapping[str, "float | None"]]
Formulas = Mapping[int, Mapping[str, "str | None"]]
"""A keyframe's frame → field → what its cell shall hold; None: nothing."""


@dataclass(frozen=True, slots=True)
class SetCells:
    """Set or (None) clear any number of values, formulas and labels; rows may share one mapping of fields."""

    label: str
    values: Values = field(default_factory=dict)
    formulas: Formulas = field(default_factory=dict)
    infos: Mapping[int, str | None] = field(default_factory=dict)
    target: Hashable = field(default=None, compare=False)
    """What it does to what, where that is known without looking at every cell: ("nudge", a selection), say."""

    def continues(self, earlier: Edit) -> bool:
        if not isinstance(earlier, SetCells):
            return False
        if self.target is not None or earlier.target is not None:
            return self.target == earlier.target
        return (
            earlier.label == self.label
            and _places(earlier.values) == _places(self.values)
            and _places(earlier.formulas) == _places(self.formulas)
        )

    def apply(self, document: Document) -> Document:
        for name in _names(self.values) | _names(self.formulas):
            checked_field(name)
        values = {frame: _numbers(cells) for frame, cells in self.values.items()}
        if not (values or self.formulas or self.infos):
            return document
        rows = list(document.keyframes)
        for frame in {**values, **self.formulas, **self.infos}:
            index = index_at(document, frame)
            rows[index] = _row_with(
                rows[index], values.get(frame), self.formulas.get(frame), self.infos.get(frame, rows[index].info)
            )
        return replace(document, keyframes=tuple(rows))


def _places(cells: Mapping[int, Mapping[str, object]]) -> dict[int, Set[str]]:
    return {frame: row.keys() for frame, row in cells.items()}


def _names(cells: Mapping[int, Mapping[str, object]]) -> set[str]:
    names: set[str] = set()
    for row in cells.values():
        names.update(row)
    return names


def _numbers(cells: Mapping[str, float | None]) -> Mapping[str, float | None]:
    """A row's new values as finite floats. Raises EditError."""
    contents = cells.values()
    if {float, NoneType}.issuperset(map(type, contents)) and math.isfinite(sum(filter(None, contents))):
        return cells
    return {name: checked_number(value) for name, value in cells.items()}


def _row_with(
    row: Keyframe,
    values: Mapping[str, float | None] | None,
    formulas: Mapping[str, str | None] | None,
    info: str | None,
) -> Keyframe:
    """A row with some cells set; itself if that changes nothing."""
    new_values, new_formulas = _merged(row.values, values), _merged(row.formulas, formulas)
    if new_values is row.values and new_formulas is row.formulas and info == row.info:
        return row
    return Keyframe(row.frame, new_values, new_formulas, info, row.origin, row.exact, row.offset)


def _merged(cells: Mapping[str, Content], changes: Mapping[str, Content | None] | None) -> Mapping[str, Content]:
    """A row's cells with some of them set, or (None, or an empty text) cleared; shared where nothing changes."""
    if not changes or changes.items() <= cells.items():
        return cells
    if all(content is not None and content != "" for content in changes.values()):
        return MappingProxyType(cast("dict[str, Content]", {**cells, **changes}))
    gone = {name for name, content in changes.items() if content is None or content == ""}
    if len(gone) == len(changes) and gone.isdisjoint(cells):
        return cells
    merged = {name: content for name, content in {**cells, **changes}.items() if name not in gone}
    return MappingProxyType(cast("dict[str, Content]", merged)) if merged else EMPTY
