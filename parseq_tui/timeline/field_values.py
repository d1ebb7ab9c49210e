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
from parseq_tui.language.values import Floats, Scalar, Value, is_numeric, spread
from parseq_tui.timeline.field_column import FieldColumn

MAX_REPORTS = 50
"""Problems reported per field; more are only counted."""

_LINES = "L"
_NOWHERE = np.iinfo(np.int64).min
"""In `stated_at`: no row states this run."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A formula text of a field, read."""

    text: str
    formula: Formula | None
    traits: Traits | None
    """None, with `formula`: it cannot be read."""
    problem: FormulaError | None = None

    @property
    def is_pure(self) -> bool:
        """Whether its results depend on the frame alone, not on where it was stated or what came before."""
        traits = self.traits
        return traits is not None and not (traits.steps or traits.traces or traits.remembers_anything)


@dataclass(frozen=True, slots=True)
class FormulaRun:
    """A formula in force over frames begin … end−1 (counted from the first frame)."""

    begin: int
    end: int
    reading: Reading
    stated_at: int | None
    """Frame of the row that states it; None before any does."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldPlan:
    """A field's formulas, read: what there is to compute, and what it depends on. Runs are held as arrays."""

    name: str
    column: FieldColumn
    readings: tuple[Reading, ...]
    """Every distinct text."""
    which: NDArray[np.int64]
    """Which of the readings each run has in force, shape (runs,)."""
    begins: NDArray[np.int64]
    """First frame of each run, counted from the document's first."""
    ends: NDArray[np.int64]
    stated_at: NDArray[np.int64]
    """Frame of the row that states each run; _NOWHERE before any does."""
    problems: tuple[Diagnostic, ...] = ()
    """Formulas that cannot be read."""

    @property
    def traits(self) -> Iterator[Traits]:
        """What each readable formula needs."""
        return (reading.traits for reading in self.readings if reading.traits is not None)

    @property
    def work(self) -> float:
        """About how long computing it takes, in units of a few nanoseconds."""
        weights = np.array([reading.traits.weight if reading.traits else 1.0 for reading in self.readings])
        return float((weights[self.which] * (self.ends - self.begins)).sum())

    def run(self, index: int) -> FormulaRun:
        """A run by its place among the runs."""
        stated = int(self.stated_at[index])
        return FormulaRun(
            int(self.begins[index]),
            int(self.ends[index]),
            self.readings[int(self.which[index])],
            stated if stated != _NOWHERE else None,
        )

    def run_at(self, frame: int) -> FormulaRun:
        """The run in force at a frame, counted from the first."""
        return self.run(int(np.searchsorted(self.begins, frame, side="right")) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class FieldValues:
    """A field's values, and what was wrong."""

    values: Floats
    """Shape (frames,), read-only."""
    diagnostics: tuple[Diagnostic, ...] = ()
    failed: bool = False


def plan_field(name: str, column: FieldColumn, first: int, count: int, rules: Rules) -> FieldPlan:
    """Reads the formulas of a column."""
    stated, texts = column.stated_at, column.texts
    if not len(stated) or stated[0] != first:
        stated, texts = np.insert(stated, 0, _NOWHERE), (_LINES, *texts)
    begins = np.where(stated == _NOWHERE, 0, stated - first)
    inside = int(np.searchsorted(begins, count))
    begins, stated, texts = begins[:inside], stated[:inside], texts[:inside]
    place: dict[str, int] = {}
    which = np.array([place.setdefault(text, len(place)) for text in texts], dtype=np.int64)
    readings = tuple(_read(text, name, rules) for text in place)
    unreadable = np.flatnonzero([readings[reading].problem is not None for reading in which.tolist()])
    problems = tuple(
        _diagnostic(problem, name, texts[index], int(stated[index]), first + int(begins[index]))
        for index in unreadable[: MAX_REPORTS + 1].tolist()
        if (problem := readings[which[index]].problem) is not None
    )
    if rules == "2022" and len(unreadable):
        readings = (*readings, _read(_LINES, name, "native"))
        for index in unreadable.tolist():  # that program went on with the formula before
            which[index] = which[index - 1] if index else len(readings) - 1
    return FieldPlan(name, column, readings, which, begins, np.append(begins[1:], count), stated, problems)


def _read(text: str, name: str, rules: Rules) -> Reading:
    try:
        return Reading(text, *prepared(text, name, rules))
    except FormulaError as problem:
        return Reading(text, None, None, problem)


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
        plan = self.plan
        together = _frames_by_reading(plan, len(self.frames))
        for number, reading in enumerate(plan.readings):
            if reading.formula is None:
                chosen = together.get(number, slice(0, 0))
                self.values[chosen] = self.fallback()[chosen]
            elif reading.is_pure and number in together:
                self.compute_together(number, together[number])
        self.compute_in_order()
        self.values.flags.writeable = False
        self.problems.sort(key=lambda problem: problem.frame or 0)
        if self.failures > MAX_REPORTS:
            more = "more formulas of this field fail"
            self.problems[MAX_REPORTS:] = [Diagnostic("error", more, "mend those above first", field=plan.name)]
        return FieldValues(self.values, (*self.problems, *self.warnings()), failed=self.failures > 0)

    def compute_together(self, number: int, chosen: slice | NDArray[np.int64]) -> None:
        """All runs of a pure formula, in a single evaluation if none of their frames fails."""
        runs = np.flatnonzero(self.plan.which == number)
        if len(runs) > 1:
            value, failure = self.executed(self.plan.run(int(runs[0])), chosen)
            if failure is None and is_numeric(value):
                self.values[chosen] = value  # type: ignore[assignment]
                return
        for index in runs.tolist():
            run = self.plan.run(index)
            if self.failures > MAX_REPORTS:  # enough is known: the rest is not worth the time
                self.values[run.begin : run.end] = self.fallback()[run.begin : run.end]
            else:
                self.compute(run)

    def compute(self, run: FormulaRun, history: list[Scalar] | None = None) -> None:
        """One run by itself."""
        value, failure = self.executed(run, slice(run.begin, run.end), history)
        good = run.end - run.begin if failure is None else round(failure.frame - self.frames[run.begin])
        self.values[run.begin : run.begin + good] = as_column(value, good)
        if not is_numeric(value):
            self.raw[run.begin] = value
            self.report_words(run, value)
        if failure is not None:
            self.fail(run, failure, run.begin + good, history)

    def executed(
        self, run: FormulaRun, chosen: slice | NDArray[np.int64], history: list[Scalar] | None = None
    ) -> tuple[Value, Failure | None]:
        state = Run(
            self.around,
            self.plan.column.points,
            self.plan.name,
            self.default,
            stated_at=int(self.frames[0]) if run.stated_at is None else run.stated_at,
            history=[] if history is None else history,
        )
        assert run.reading.formula is not None and run.reading.traits is not None
        return execute(
            run.reading.formula,
            run.reading.traits,
            state,
            self.frames[chosen],
            self.active[chosen],
            self.before[chosen],
        )

    def compute_in_order(self) -> None:
        """The runs that remember or look back, after the others, each seeing all results before it."""
        plan = self.plan
        impure = np.array([reading.formula is not None and not reading.is_pure for reading in plan.readings])
        if not impure.any():
            return
        looks_back = any(traits.steps for traits in plan.traits)
        history: list[Scalar] = []
        for index in range(len(plan.which)) if looks_back else np.flatnonzero(impure[plan.which]).tolist():
            run = plan.run(index)
            if looks_back:
                history += self.values[len(history) : run.begin].tolist()
            if impure[plan.which[index]]:
                self.compute(run, history)
            elif looks_back and run.begin in self.raw:
                history += spread(self.raw[run.begin], run.end - run.begin).tolist()

    def fail(self, run: FormulaRun, failure: Failure, at: int, history: list[Scalar] | None) -> None:
        """Reports a failed run and fills the rest of it."""
        self.failures += 1
        if self.failures <= MAX_REPORTS:
            stated = run.stated_at
            self.problems.append(
                _diagnostic(failure.error, self.plan.name, run.reading.text, stated, int(failure.frame))
            )
        if self.around.rules == "2022":
            self.go_on_with_zeros(run, at, history)
        else:
            self.values[at : run.end] = self.fallback()[at : run.end]

    def go_on_with_zeros(self, run: FormulaRun, at: int, history: list[Scalar] | None) -> None:
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
                    text=run.reading.text,
                )
            )

    def warnings(self) -> list[Diagnostic]:
        """A word on values that are no numbers, unless there is worse to say."""
        if (
            self.failures
            or np.isfinite(self.values).all()
            or any(problem.code == "text-value" for problem in self.problems)
        ):
            return []
        at = int(np.argmin(np.isfinite(self.values)))
        run = self.plan.run_at(at)
        shown = "undefined" if np.isnan(self.values[at]) else "infinite"
        return [
            Diagnostic(
                "warning",
                f"the value is {shown} here",
                "exports write null for it, and a render cannot use it",
                "not-finite",
                field=self.plan.name,
                frame=int(self.frames[at]),
                keyframe=run.stated_at,
                text=run.reading.text,
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


def _frames_by_reading(plan: FieldPlan, count: int) -> dict[int, slice | NDArray[np.int64]]:
    """For each reading, the frames it is in force at."""
    if len(plan.which) == 1:
        return {int(plan.which[0]): slice(0, count)}
    if len(plan.readings) == 1:
        return {0: slice(0, count)}
    narrow = np.uint16 if len(plan.readings) < 2**16 else np.int64  # narrow integers sort in linear time
    in_force = np.repeat(plan.which.astype(narrow), plan.ends - plan.begins)
    order = np.argsort(in_force, kind="stable")
    bounds = np.searchsorted(in_force[order], np.arange(len(plan.readings) + 1))
    return {
        number: order[begin:end]
        for number, (begin, end) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
        if end > begin
    }


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
