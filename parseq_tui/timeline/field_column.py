"""One field's column of the table: the points that define it and the formulas stated for it (LANGUAGE §7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from parseq_tui.language.moment import Points
from parseq_tui.language.values import Floats
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe


@dataclass(frozen=True, slots=True, eq=False)
class FieldColumn:
    """What the rows say about one field."""

    points: Points
    """Its keyframes. There is always one on the first and one on the last row."""
    statements: tuple[tuple[int, str], ...]
    """(frame, formula) in frame order, at most one per frame: each is in force until the next."""


def stating_rows(rows: Iterable[Keyframe]) -> list[Keyframe]:
    """The rows that may state formulas: of several rows on one frame, only the first counts."""
    first: dict[int, Keyframe] = {}
    for row in rows:
        first.setdefault(row.frame, row)
    return [row for row in first.values() if row.formulas]


def field_column(
    document: Document, name: str, frames: Floats, stating: Sequence[Keyframe], default: float
) -> FieldColumn:
    """The column of `name`; `frames` are those of all rows, shape (rows,).

    Rows at both ends without a value get that of the nearest row that has one.
    """
    rows = document.keyframes
    y = np.array([row.values.get(name) for row in rows], dtype=np.float64)  # None becomes NaN, which counts as none too
    defining = np.flatnonzero(~np.isnan(y))
    first, last = (y[defining[0]], y[defining[-1]]) if len(defining) else (default, default)
    for place, value in ((0, first), (len(rows) - 1, last)):
        if np.isnan(y[place]):
            y[place] = value
    has_value = ~np.isnan(y)
    statements = tuple((row.frame, text) for row in stating if (text := row.formulas.get(name)))
    return FieldColumn(Points(frames[has_value], y[has_value]), statements)
