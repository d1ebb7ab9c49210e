"""Many cells at once, as one step: what a paste, a fill or a nudge of a selection does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.base import Edit, checked_field, checked_number, index_at
from parseq_tui.timeline.keyframe import EMPTY, Keyframe

Cell = tuple[int, str]
"""A keyframe's frame, and a field."""


@dataclass(frozen=True, slots=True)
class SetCells:
    """Set or (None) clear any number of values, formulas and labels."""

    label: str
    values: Mapping[Cell, float | None] = field(default_factory=lambda: EMPTY)
    formulas: Mapping[Cell, str | None] = field(default_factory=lambda: EMPTY)
    infos: Mapping[int, str | None] = field(default_factory=lambda: EMPTY)

    def continues(self, earlier: Edit) -> bool:
        return (
            isinstance(earlier, SetCells)
            and earlier.label == self.label
            and earlier.values.keys() == self.values.keys()
            and earlier.formulas.keys() == self.formulas.keys()
        )

    def apply(self, document: Document) -> Document:
        changed: dict[int, Keyframe] = {}

        def row_at(frame: int) -> tuple[int, Keyframe]:
            index = index_at(document, frame)
            return index, changed.get(index, document.keyframes[index])

        for (frame, name), value in self.values.items():
            index, row = row_at(frame)
            changed[index] = row.with_value(checked_field(name), checked_number(value))
        for (frame, name), formula in self.formulas.items():
            index, row = row_at(frame)
            changed[index] = row.with_formula(checked_field(name), formula)
        for frame, info in self.infos.items():
            index, row = row_at(frame)
            changed[index] = replace(row, info=info)
        if not changed:
            return document
        rows = list(document.keyframes)
        for index, row in changed.items():
            rows[index] = row
        return replace(document, keyframes=tuple(rows))
