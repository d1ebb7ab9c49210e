"""One field's column of the table: the points that define it and the formulas stated for it (LANGUAGE §7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from parseq_tui.language.moment import Points
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


def field_column(document: Document, name: str, stating: Sequence[Keyframe], default: float) -> FieldColumn:
    """The column of `name`. Rows at both ends without a value get that of the nearest row that has one."""
    rows = document.keyframes
    # a value that is not a number (NaN) counts as none
    defining = [(row.frame, value) for row in rows if (value := row.values.get(name)) is not None and value == value]
    ends = [rows[0], rows[-1]]
    missing = [(value := row.values.get(name)) is None or value != value for row in ends]
    if missing[0]:
        defining.insert(0, (rows[0].frame, defining[0][1] if defining else default))
    if missing[1] and len(rows) > 1:
        defining.append((rows[-1].frame, defining[-1][1] if len(defining) > missing[0] else default))
    points = np.array(defining, dtype=np.float64).reshape(-1, 2)
    statements = tuple((row.frame, text) for row in stating if (text := row.formulas.get(name)))
    return FieldColumn(Points(points[:, 0].copy(), points[:, 1].copy()), statements)
