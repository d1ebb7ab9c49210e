"""Edits of all rows that answer a description: a label, a frame range, a value, a formula's text.

Patterns are searched with the language's own `patterns`, which cannot be made to run for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from parseq_tui.errors import EditError
from parseq_tui.language.patterns import Pattern, PatternError
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits.base import changed_rows, checked_field, checked_number, named
from parseq_tui.timeline.edits.fills import values_of
from parseq_tui.timeline.keyframe import Keyframe


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows are meant: those that answer to everything that is given."""

    first: int | None = None
    last: int | None = None
    label: str | None = None
    """A regular expression that the row's label contains."""
    field: str | None = None
    """The field that `value` and `formula` are about; alone: rows with anything in that field."""
    value: float | None = None
    formula: str | None = None
    """A regular expression that the field's formula contains."""

    def indices(self, document: Document) -> list[int]:
        """Positions of the rows that are meant. Raises EditError where there are none."""
        label, formula = (None if text is None else compiled(text) for text in (self.label, self.formula))
        try:
            found = [index for index, row in enumerate(document.keyframes) if self._answers(row, label, formula)]
        except PatternError as error:
            raise EditError(f"this pattern costs too much: {error}", hint="make it simpler") from error
        if not found:
            raise EditError("no keyframe answers to that", hint="loosen the search")
        return found

    def _answers(self, row: Keyframe, label: Pattern | None, formula: Pattern | None) -> bool:
        if (self.first is not None and row.frame < self.first) or (self.last is not None and row.frame > self.last):
            return False
        if label is not None and (row.info is None or not label.found_in(row.info)):
            return False
        if self.field is None:
            return True
        if self.value is not None and row.values.get(self.field) != self.value:
            return False
        text = row.formulas.get(self.field)
        if formula is not None:
            return text is not None and formula.found_in(text)
        return self.value is not None or self.field in row.values or text is not None


@dataclass(frozen=True, slots=True)
class BulkSet:
    """Give a field the same value, the same formula, or both, on all rows that are meant."""

    where: RowFilter
    field: str
    value: float | None = None
    formula: str | None = None

    @property
    def label(self) -> str:
        number = [] if self.value is None else [f"{self.value:.10g}"]
        formula = [f"={named(self.formula)}"] if self.formula else []
        return f"set {self.field} to {' and '.join(number + formula) or 'nothing'} on matching rows"

    def apply(self, document: Document) -> Document:
        field, value = checked_field(self.field), checked_number(self.value)

        def change(row: Keyframe) -> Keyframe:
            row = row if value is None else row.with_value(field, value)
            return row if self.formula is None else row.with_formula(field, self.formula)

        return _changed(document, self.where, change)


@dataclass(frozen=True, slots=True)
class BulkExpression:
    """Give a field, on all rows that are meant, the value an expression has there: `S * 2` doubles what it had."""

    where: RowFilter
    field: str
    expression: str

    @property
    def label(self) -> str:
        return f"set {self.field} to {named(self.expression)} on matching rows"

    def apply(self, document: Document) -> Document:
        indices = self.where.indices(document)
        frames = [document.keyframes[index].frame for index in indices]
        values = values_of(document, self.field, self.expression, frames)
        pairs = zip(indices, values, strict=True)
        return changed_rows(document, {index: _setting(self.field, value) for index, value in pairs})


@dataclass(frozen=True, slots=True)
class BulkReplace:
    """Replace text in a field's formulas, on all rows that are meant."""

    where: RowFilter
    field: str
    old: str
    new: str

    @property
    def label(self) -> str:
        return f"replace {self.old} in {self.field}"

    def apply(self, document: Document) -> Document:
        checked_field(self.field)
        if not self.old:
            raise EditError("nothing to search for", hint="give the text that shall be replaced")

        def change(row: Keyframe) -> Keyframe:
            text = row.formulas.get(self.field)
            return row.with_formula(self.field, text.replace(self.old, self.new)) if text else row

        return _changed(document, self.where, change)


@dataclass(frozen=True, slots=True)
class BulkLabel:
    """Label all rows that are meant, or (None) take their labels away."""

    where: RowFilter
    info: str | None

    @property
    def label(self) -> str:
        return f"label matching rows {named(self.info)}" if self.info else "clear labels of matching rows"

    def apply(self, document: Document) -> Document:
        return _changed(document, self.where, lambda row: replace(row, info=self.info))


@dataclass(frozen=True, slots=True)
class BulkDelete:
    """Delete all rows that are meant, but never the first."""

    where: RowFilter

    label = "delete matching rows"

    def apply(self, document: Document) -> Document:
        gone = set(self.where.indices(document)) - {0}
        kept = tuple(row for index, row in enumerate(document.keyframes) if index not in gone)
        if not gone or len(kept) < 2:
            raise EditError("a document needs two keyframes, a first and a last", hint="narrow the search")
        return replace(document, keyframes=kept)


def compiled(pattern: str) -> Pattern:
    """A pattern that somebody typed. Raises EditError."""
    try:
        return Pattern(pattern)
    except PatternError as error:
        raise EditError(f"this pattern cannot be read: {error}", hint="escape special characters with \\") from error


def _changed(document: Document, where: RowFilter, change: Callable[[Keyframe], Keyframe]) -> Document:
    return changed_rows(document, dict.fromkeys(where.indices(document), change))


def _setting(field: str, value: float) -> Callable[[Keyframe], Keyframe]:
    return lambda row: row.with_value(field, value)
