"""One formula over frames, outside any document: what `parseq-tui eval` and the documentation show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import FormulaError
from parseq_tui.language.execution import execute, prepared
from parseq_tui.language.moment import Labels, Points, Run, Surroundings
from parseq_tui.language.values import as_text, spread


def evaluate_over(
    expr: str, frames: int, *, fps: float = 20, bpm: float = 140, cadence: int = 1
) -> NDArray[np.float64] | list[str]:
    """The value of `expr` at frames 0 … frames−1: float64 (frames,), or texts where any result is one.

    It stands in a field with two keyframes: 0 at the first frame and 1 at the last. Raises FormulaError.
    """
    last = float(max(frames - 1, 0))
    formula, traits = prepared(expr, "", "native")
    points = Points(np.array([0.0, last]), np.array([0.0, 1.0])) if last else Points(np.zeros(1), np.zeros(1))
    around = Surroundings(
        fps=float(fps),
        bpm=float(bpm),
        cadence=float(cadence),
        final_frame=last,
        labels=Labels(points.x, (None,) * len(points.x)),
    )
    run = Run(around, points)
    every = np.arange(frames, dtype=np.float64)
    value, failure = execute(formula, traits, run, every, points.active_at(every))
    if failure is not None:
        raise at_frame(failure.error, failure.frame)
    column = spread(value, frames)
    if column.dtype == np.float64:
        return np.ascontiguousarray(column)
    return [as_text(item) for item in column.tolist()]


def at_frame(error: FormulaError, frame: float) -> FormulaError:
    """The error, its message saying at which frame."""
    error.args = (f"{error.message} (at frame {frame:g})",)
    error.message = str(error.args[0])
    return error
