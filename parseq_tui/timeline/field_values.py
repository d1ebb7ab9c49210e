"""Computes the values of one field over all frames, run by run.

A run is a formula in force from the row that states it to the next row that states one. Runs of the same text whose
results depend on nothing but the frame are computed together. A run that fails keeps its good frames; the rest of it
takes the field's values from the bake before, or straight lines between its keyframes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import FormulaError
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.execution import as_column, execute, prepared
from parseq_tui.language.moment import Failure, Points, Rules, Run, Surroundings
from parseq_tui.language.parser import Formula
from parseq_tui.language.traits import Traits
from parseq_tui.language.values import Floats, Value, spread
from parseq_tui.timeline.field_column import FieldColumn

MAX_REPORTS = 50
"""Problems reported per field; more are only counted."""

_LINES = "L"


@dataclass(frozen=True, slots=True, eq=False)
class FormulaRun:
    """A formula in force over frames begin … end−1 (counted from the first frame)."""

    begin: int
    end: int
    text: str
    stated_at: int | None
    """Frame of the row that states it; None before any does."""
    formula: Formula
    traits: Traits

    @property
    def is_pure(self) -> bool:
        """Whether its results depend on the frame alone, not on where it was stated or what came before."""
        return not (self.traits.steps or self.traits.traces or self.traits.remembers_anything)


@dataclass(frozen=True, slots=True, eq=False)
class FieldPlan:
    """A field's formulas, read: what there is to compute, and what it depends on."""

    name: str
    column: FieldColumn
    runs: tuple[FormulaRun, ...]
    problems: tuple[Diagnostic, ...]
    """Formulas that cannot be read."""
    unreadable: tuple[tuple[int, int], ...] = ()
    """Frames (from the first) that have no formula because of those."""

    @property
    def traits(self) -> Iterator[Traits]:
        return (run.traits for run in self.runs)


@dataclass(frozen=True, slots=True, eq=False)
class FieldValues:
    """A field's values, and what was wrong."""

    values: Floats
    """Shape (frames,), read-only."""
    diagnostics: tuple[Diagnostic, ...] = ()
    failed: bool = False


def plan_field(name: str, column: FieldColumn, first: int, count: int, rules: Rules) -> FieldPlan:
    """Reads the formulas of a column."""
    runs: list[FormulaRun] = []
    problems: list[Diagnostic] = []
    unreadable: list[tuple[int, int]] = []
    statements: list[tuple[int | None, str]] = [*column.statements]
    if not statements or statements[0][0] != first:
        statements.insert(0, (None, _LINES))
    begins = [0 if frame is None else frame - first for frame, _ in statements]
    for (stated_at, text), begin, end in zip(statements, begins, [*begins[1:], count], strict=True):
        if begin >= count:
            break
        end = min(end, count)
        try:
            formula, traits = prepared(text, name, rules)
        except FormulaError as problem:
            problems.append(_diagnostic(problem, name, text, stated_at, first + begin))
            if rules == "2022" and runs:  # that program went on with the formula before
                before = runs.pop()
                runs.append(FormulaRun(before.begin, end, before.text, before.stated_at, before.formula, before.traits))
            elif rules == "2022":
                runs.append(FormulaRun(begin, end, _LINES, None, *prepared(_LINES, name, "2022")))
            else:
                unreadable.append((begin, end))
            continue
        runs.append(FormulaRun(begin, end, text, stated_at, formula, traits))
    return FieldPlan(name, column, tuple(runs), tuple(problems), tuple(unreadable))


def compute_field(
    plan: FieldPlan, around: Surroundings, frames: Floats, default: float, previous: Floats | None
) -> FieldValues:
    """The values of a planned field at `frames`; `previous` are those of the bake before, if of the same frames."""
    return _Computation(plan, around, frames, default, previous).result()


@dataclass(eq=False)
class _Computation:
    plan: FieldPlan
    around: Surroundings
    frames: Floats
    default: float
    previous: Floats | None
    values: Floats = field(init=False)
    active: Floats = field(init=False)
    before: NDArray[np.int64] = field(init=False)
    problems: list[Diagnostic] = field(init=False)
    raw: dict[int, Value] = field(default_factory=dict)
    """Raw results of pure runs that are no plain numbers, by their first frame: formulas that look back see them."""
    failures: int = 0
    _fallback: Floats | None = None

    def __post_init__(self) -> None:
        self.values = np.empty(len(self.frames))
        self.before, self.active = keyframes_at(self.plan.column.points, self.frames)
        self.problems = list(self.plan.problems)
        self.failures = len(self.problems)

    def result(self) -> FieldValues:
        for begin, end in self.plan.unreadable:
            self.values[begin:end] = self.fallback()[begin:end]
        together: dict[str, list[FormulaRun]] = {}
        for run in self.plan.runs:
            if run.is_pure:
                together.setdefault(run.text, []).append(run)
        for runs in together.values():
            self.compute_together(runs)
        self.compute_in_order()
        self.values.flags.writeable = False
        if self.failures > MAX_REPORTS:
            more = f"{self.failures - MAX_REPORTS} more formulas of this field fail"
            self.problems[MAX_REPORTS:] = [Diagnostic("error", more, field=self.plan.name)]
        return FieldValues(self.values, (*self.problems, *self.warnings()), failed=self.failures > 0)

    def compute_together(self, runs: list[FormulaRun]) -> None:
        """Pure runs of one text, in a single evaluation if none of their frames fails."""
        if len(runs) == 1:
            self.compute(runs[0])
            return
        chosen = _frames_of(runs, len(self.frames))
        value, failure = self.executed(runs[0], chosen)
        if failure is None and not _is_mixed(value):
            self.values[chosen] = as_column(value, len(chosen))
            return
        for run in runs:
            self.compute(run)

    def compute(self, run: FormulaRun, history: list[float | str] | None = None) -> None:
        """One run by itself."""
        value, failure = self.executed(run, slice(run.begin, run.end), history)
        good = run.end - run.begin if failure is None else round(failure.frame - self.frames[run.begin])
        self.values[run.begin : run.begin + good] = as_column(value, good)
        if _is_mixed(value):
            self.raw[run.begin] = value
            self.report_words(run, value)
        if failure is not None:
            self.fail(run, failure, run.begin + good, history)

    def executed(
        self, run: FormulaRun, chosen: slice | NDArray[np.int64], history: list[float | str] | None = None
    ) -> tuple[Value, Failure | None]:
        state = Run(
            self.around,
            self.plan.column.points,
            self.plan.name,
            self.default,
            stated_at=int(self.frames[0]) if run.stated_at is None else run.stated_at,
            history=[] if history is None else history,  # type: ignore[arg-type]
        )
        return execute(run.formula, run.traits, state, self.frames[chosen], self.active[chosen], self.before[chosen])

    def compute_in_order(self) -> None:
        """The runs that remember or look back, after the others, each seeing all results before it."""
        looks_back = any(run.traits.steps for run in self.plan.runs)
        history: list[float | str] = []
        for run in self.plan.runs:
            if looks_back:
                history += self.values[len(history) : run.begin].tolist()
            if not run.is_pure:
                self.compute(run, history)
            elif looks_back and run.begin in self.raw:
                history += spread(self.raw[run.begin], run.end - run.begin).tolist()

    def fail(self, run: FormulaRun, failure: Failure, at: int, history: list[float | str] | None) -> None:
        """Reports a failed run and fills the rest of it."""
        self.failures += 1
        if self.failures <= MAX_REPORTS:
            stated = run.stated_at
            self.problems.append(_diagnostic(failure.error, self.plan.name, run.text, stated, int(failure.frame)))
        if self.around.rules == "2022":
            self.go_on_with_zeros(run, at, history)
        else:
            self.values[at : run.end] = self.fallback()[at : run.end]

    def go_on_with_zeros(self, run: FormulaRun, at: int, history: list[float | str] | None) -> None:
        """In 2022 a failing frame was 0 and the next one was tried again."""
        end = min(run.end, at + MAX_ZEROS)
        self.values[at : run.end] = 0.0
        for index in range(at + 1, end):
            value, failure = self.executed(run, slice(index, index + 1), history)
            if failure is None:
                self.values[index] = as_column(value, 1)[0]

    def fallback(self) -> Floats:
        """What a failed run shows: the values before, or straight lines between the keyframes."""
        if self._fallback is None:
            if self.previous is not None and len(self.previous) == len(self.frames):
                self._fallback = self.previous
            else:
                lines, traits = prepared(_LINES, self.plan.name, "native")
                state = Run(self.around, self.plan.column.points, self.plan.name)
                value, _ = execute(lines, traits, state, self.frames, self.active)
                self._fallback = as_column(value, len(self.frames))
        return self._fallback

    def report_words(self, run: FormulaRun, value: Value) -> None:
        """Warns where a formula gives a text that is no number."""
        column = as_column(value, run.end - run.begin)
        words = np.flatnonzero(np.isnan(column[: run.end - run.begin]))
        if len(words):
            at = int(self.frames[run.begin + words[0]])
            self.problems.append(
                Diagnostic(
                    "warning",
                    "this formula gives a text, and a field needs a number: its value is undefined here",
                    "texts belong in prompts",
                    "text-value",
                    field=self.plan.name,
                    frame=at,
                    keyframe=run.stated_at,
                    text=run.text,
                )
            )

    def warnings(self) -> list[Diagnostic]:
        """A word on values that are no numbers."""
        if np.isfinite(self.values).all() or any(problem.code == "text-value" for problem in self.problems):
            return []
        at = int(np.argmin(np.isfinite(self.values)))
        run = next((run for run in self.plan.runs if run.begin <= at < run.end), None)
        shown = "undefined" if np.isnan(self.values[at]) else "infinite"
        return [
            Diagnostic(
                "warning",
                f"the value is {shown} here",
                "exports write null for it, and a render cannot use it",
                "not-finite",
                field=self.plan.name,
                frame=int(self.frames[at]),
                keyframe=run.stated_at if run else None,
                text=run.text if run else "",
            )
        ]


MAX_ZEROS = 20_000
"""Frames of a failing 2022 formula that are tried one by one."""


def keyframes_at(points: Points, frames: Floats) -> tuple[NDArray[np.int64], Floats]:
    """For consecutive whole frames: the index of the point at or before each, and its active keyframe."""
    places = np.ceil(points.x - frames[0])
    places = places[(places >= 0) & (places < len(frames))].astype(np.int64)
    before = np.bincount(places, minlength=len(frames)).cumsum() - 1
    if len(points.on_whole_frames) == len(points.x) and before[0] >= 0:
        return before, points.x[before]
    return before, points.active_at(frames)


def _frames_of(runs: list[FormulaRun], count: int) -> NDArray[np.int64]:
    """Indices of all frames of some runs, in order."""
    change = np.zeros(count + 1, dtype=np.int8)
    change[[run.begin for run in runs]] += 1
    np.subtract.at(change, [run.end for run in runs], 1)
    return np.flatnonzero(np.cumsum(change[:-1]))


def _is_mixed(value: Value) -> bool:
    return not (isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype == np.float64))


def _diagnostic(error: FormulaError, name: str, text: str, stated_at: int | None, frame: int) -> Diagnostic:
    return Diagnostic(
        "error",
        error.message,
        error.hint,
        error.kind,
        field=name,
        frame=frame,
        keyframe=stated_at,
        text=text,
        span=error.span,
    )
