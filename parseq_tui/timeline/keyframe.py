"""One row of the table: a frame, an optional label, and per field a value, a formula, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

EMPTY: Mapping[str, Any] = MappingProxyType({})

MAX_FRAME = 5_000_000
"""The last frame a document may reach: more is a slip of the finger, and would not fit in memory baked."""


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A keyframe. Rows are shared between versions of a document: an edit replaces only the rows it changes."""

    frame: int
    values: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    """Field name → value. A field without a value here is interpolated. Read-only."""
    formulas: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """Field name → the formula that takes over from this frame on (the file's `FIELD_i`). Read-only."""
    info: str | None = None
    """The row's label, which `info_match` and its relatives search."""
    origin: Any = field(default=None, compare=False, repr=False)
    """Where `formats` keeps what it needs to write this row back as it was read. Nobody else looks inside."""
    exact: Fraction | None = field(default=None, compare=False, repr=False)
    """The position that `frame` rounds, where a change of rates put the row between two frames (`edits.timing`)."""
    offset: float = 0.0
    """How far beyond `frame` the row stands, 0 up to 1: a file may say 2.5. Such a row shapes curves, but no frame
    meets it, so its formulas never begin (LANGUAGE §7.2)."""

    @property
    def position(self) -> float:
        """Where the row stands, between two frames perhaps."""
        return self.frame + self.offset

    def with_value(self, name: str, value: float | None) -> Keyframe:
        """The row with this value of a field, or (None) without one."""
        return replace(self, values=_changed(self.values, name, value))

    def with_formula(self, name: str, formula: str | None) -> Keyframe:
        """The row with this formula of a field, or (None or empty) without one."""
        return replace(self, formulas=_changed(self.formulas, name, formula or None))


def _changed(mapping: Mapping[str, Any], name: str, value: Any) -> Mapping[str, Any]:
    changed = dict(mapping)
    if value is None:
        changed.pop(name, None)
    else:
        changed[name] = value
    return MappingProxyType(changed)
