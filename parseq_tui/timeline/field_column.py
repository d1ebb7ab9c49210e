"""One field's column of the table: the points that define it and the formulas stated for it (LANGUAGE §7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parseq_tui.language.moment import Points
from parseq_tui.language.values import Floats
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe


@dataclass(frozen=True, slots=True, eq=False)
class FieldColumn:
    """What the rows say about one field."""

    points: Points
    """Its keyframes. There is always one on the first and one on the last row."""
    stated_at: NDArray[np.int64]
    """Frames of the rows that state a formula, ascending; each is in force until the next."""
    texts: tuple[str, ...]
    """What they state."""


@dataclass(frozen=True, slots=True, eq=False)
class StatingRows:
    """The rows that may state formulas, and their frames."""

    rows: tuple[Keyframe, ...]
    frames: NDArray[np.int64]


def stating_rows(rows: Iterable[Keyframe]) -> StatingRows:
    """The rows that state any formula: of several rows on one frame, only the first counts."""
    first: dict[int, Keyframe] = {}
    for row in rows:
        if not row.offset:
            first.setdefault(row.frame, row)
    stating = tuple(row for row in first.values() if row.formulas)
    return StatingRows(stating, np.array([row.frame for row in stating], dtype=np.int64))


def field_column(document: Document, name: str, frames: Floats, stating: StatingRows, default: float) -> FieldColumn:
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
    texts = [row.formulas.get(name) for row in stating.rows]
    if all(texts):
        stated_at = stating.frames
    else:
        stated_at = stating.frames[np.array([bool(text) for text in texts], dtype=bool)]
    # where every row has a value, all fields share one array of frames
    points = Points(frames, y) if has_value.all() else Points(frames[has_value], y[has_value])
    return FieldColumn(points, stated_at, tuple(text for text in texts if text))
