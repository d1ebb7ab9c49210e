"""The number that a cell must hold for a new keyframe to lie on the curve as it is.

`S + 0.1*sin(p=4b)` adds to the numbers in its field's cells: a keyframe made on such a curve takes less than the
curve's value, or the formula would be added twice. The number is found by trying: formulas may do anything with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import FormulaError
from parseq_tui.language.execution import as_column, execute, prepared
from parseq_tui.language.moment import Points, Run
from parseq_tui.language.parser import parse
from parseq_tui.language.values import Floats, is_numeric
from parseq_tui.timeline.bake import surroundings
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.field_column import field_column, stating_rows
from parseq_tui.timeline.fields import field_named
from parseq_tui.timeline.frame_table import FrameTable

_WAYS = frozenset({"L", "S", "C", "P"})
"""Formulas that go through the numbers themselves."""
_READERS = _WAYS | {
    "active_keyframe_value", "prev_keyframe_value", "next_keyframe_value", "bez", "slide", "vibe",
}  # fmt: skip
_TRIES = 12
_EXACT = 1e-9


def reads_numbers(formula: str) -> bool:
    """Whether a formula uses the numbers in its field's cells; one that cannot be read might."""
    try:
        read = parse(formula)
    except FormulaError:
        return True
    return not _READERS.isdisjoint(read.variables | read.calls)


def fitting_numbers(document: Document, table: FrameTable, field: str, frames: Sequence[int]) -> Floats:
    """What the cells of `field` at these frames (ascending) must hold for the curve to keep its values there.

    Shape (frames,). The curve's own value where nothing else is found: the formula does not use the numbers, or looks
    back at frames before; NaN where the table has no value. `table` is the bake of `document`.
    """
    at = np.asarray(frames, dtype=np.float64)
    wanted = _values(table, field, at)
    found = wanted.copy()
    around = replace(surroundings(document), columns=table.columns)
    default = field_named(field, document.dialect).default
    column = field_column(document, field, around.labels.frames, stating_rows(document.keyframes), default)
    stated = np.searchsorted(column.stated_at, at, side="right") - 1
    for index in np.unique(stated[stated >= 0]).tolist():
        text = column.texts[index]
        if text in _WAYS or not reads_numbers(text):
            continue
        chosen = (stated == index) & np.isfinite(wanted)

        def curve(numbers: Floats, text: str = text, index: int = index, here: Floats = at[chosen]) -> Floats | None:
            points = _with(column.points, here, numbers)
            run = Run(around, points, field, default, stated_at=int(column.stated_at[index]))
            return _computed(text, run, here)

        found[chosen] = _solved(curve, wanted[chosen])
    return found


def _values(table: FrameTable, field: str, at: Floats) -> Floats:
    """The curve's values at these frames."""
    found = np.full(len(at), np.nan)
    places = at.astype(np.int64) - table.first_frame
    inside = (places >= 0) & (places < table.frame_count)
    if field in table:
        found[inside] = table[field][places[inside]]
    return found


def _with(points: Points, frames: Floats, numbers: Floats) -> Points:
    """The keyframes of a field with others among them, or in their place."""
    kept: NDArray[np.bool_] = ~np.isin(points.x, frames)
    x, y = np.concatenate((points.x[kept], frames)), np.concatenate((points.y[kept], numbers))
    order = np.argsort(x, kind="stable")
    return Points(x[order], y[order])


def _computed(text: str, run: Run, frames: Floats) -> Floats | None:
    """A formula's values at these keyframes of its field; None where it fails, or depends on the frames before."""
    try:
        formula, traits = prepared(text, run.name, run.around.rules)
    except FormulaError:
        return None
    if traits.steps or traits.traces or not len(frames):
        return None
    value, failure = execute(formula, traits, run, frames, frames)
    return as_column(value, len(frames)) if failure is None and is_numeric(value) else None


def _solved(curve: Callable[[Floats], Floats | None], wanted: Floats) -> Floats:
    """Numbers for which `curve` gives what is wanted, by the secant method; `wanted` itself where none is found."""
    numbers, others = wanted, wanted + 1
    here, there = curve(numbers), curve(others)
    if here is None or there is None:
        return wanted
    for _ in range(_TRIES):
        off = wanted - here
        if np.all(np.abs(off) <= _EXACT * np.maximum(1, np.abs(wanted))):
            break
        with np.errstate(all="ignore"):
            step = off * (numbers - others) / (here - there)
        others, there, numbers = numbers, here, numbers + np.where(np.isfinite(step), step, 0)
        again = curve(numbers)
        if again is None:
            return wanted
        here = again
    good = np.isfinite(numbers) & (np.abs(wanted - here) <= 1e-6 * np.maximum(1, np.abs(wanted)))
    return np.where(good, numbers, wanted)
