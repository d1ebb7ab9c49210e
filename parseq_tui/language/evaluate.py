"""One formula over frames, outside any document: what `parseq-tui eval` and the documentation show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import FormulaError
from parseq_tui.language.execution import execute, prepared
from parseq_tui.language.moment import Labels, Points, Run, Surroundings
from parseq_tui.language.parser import parse
from parseq_tui.language.registry import FUNCTIONS
from parseq_tui.language.values import as_text, spread


def evaluate_over(expr: str, frames: int, *, fps: float = 20, bpm: float = 140) -> NDArray[np.float64] | list[str]:
    """The value of `expr` at frames 0 … frames−1: float64 (frames,), or texts where any result is one.

    It stands in a field with two keyframes: 0 at the first frame and 1 at the last. Raises FormulaError.
    """
    last = float(max(frames - 1, 0))
    points = Points(np.array([0.0, last]), np.array([0.0, 1.0])) if last else Points(np.zeros(1), np.zeros(1))
    labels = Labels(points.x, (None,) * len(points.x))
    around = Surroundings(fps=float(fps), bpm=float(bpm), final_frame=last, labels=labels)
    return _values(expr, Run(around, points), frames)


def evaluate_example(expr: str, frames: int = 120) -> NDArray[np.float64] | list[str]:
    """The value of an example of the documentation, in a made-up document that has what examples speak of.

    Four keyframes (0, 4, 1, 3), two of them labelled "a", and another field, zoom. Raises FormulaError.
    """
    x = np.round(np.linspace(0, frames - 1, 4))
    labels = Labels(x, (None, "a", None, "a"))
    zoom = 1 + np.sin(np.linspace(0, 6, frames)) / 2
    around = Surroundings(cadence=4.0, final_frame=float(x[-1]), labels=labels, columns={"zoom": zoom}, random_seed=1)
    # prompt functions show what they would print; fields do not have them
    half = "positive" if FUNCTIONS.keys() & parse(expr).calls & _IN_PROMPTS else ""
    return _values(expr, Run(around, Points(x, np.array([0.0, 4.0, 1.0, 3.0])), half=half), frames)


_IN_PROMPTS = frozenset(name for name, function in FUNCTIONS.items() if function.in_prompts_only)


def _values(expr: str, run: Run, frames: int) -> NDArray[np.float64] | list[str]:
    formula, traits = prepared(expr, "", "native")
    every = np.arange(frames, dtype=np.float64)
    value, failure = execute(formula, traits, run, every, run.points.active_at(every))
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
