"""Runs one formula over consecutive frames, by whichever way gives its values."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from parseq_tui.language.evaluator import evaluate
from parseq_tui.language.moment import Failure, Moment, Rules, Run
from parseq_tui.language.parser import Formula, parse
from parseq_tui.language.seed_era import seed_era_formula
from parseq_tui.language.stepper import step_through
from parseq_tui.language.traits import Traits, traits_of
from parseq_tui.language.values import Floats, Value, to_numbers


@lru_cache(maxsize=4096)
def prepared(text: str, name: str, rules: Rules) -> tuple[Formula, Traits]:
    """The formula of a cell and what it needs. Raises FormulaError. Remembered: a cell is read once."""
    formula = parse(text) if rules != "2022" else seed_era_formula(parse(text))
    return formula, traits_of(formula, name, rules)


def execute(
    formula: Formula,
    traits: Traits,
    run: Run,
    frames: Floats,
    active: Floats,
    before: NDArray[np.int64] | None = None,
) -> tuple[Value, Failure | None]:
    """The raw results at `frames` (ascending), as far as the first that fails, and that failure.

    `active` is the active keyframe of each frame, `before` (if known) the index of the point at or before it. Results
    are one value for all frames, or an array.
    """
    moment = Moment(run, frames, active, before)
    with np.errstate(all="ignore"):
        if not (traits.steps or traits.traces):
            return evaluate(formula.tree, moment)
        results, failure = step_through(formula.tree, traits, moment)
    if all(type(result) is float for result in results):
        return np.array(results, dtype=np.float64), failure
    mixed = np.empty(len(results), dtype=object)
    mixed[:] = results
    return mixed, failure


def as_column(value: Value, count: int) -> NDArray[np.float64]:
    """Raw results as the numbers of a field, shape (count,): texts convert, words and "undefined" become NaN."""
    numbers = to_numbers(value)
    return numbers if isinstance(numbers, np.ndarray) else np.full(count, numbers)
