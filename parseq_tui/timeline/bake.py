"""Turns a document into a value per field and frame, and prompts per frame.

`bake(document)` starts afresh. A `Baker` remembers the document it baked last and computes again only the fields that
an edit can have touched; the editor keeps one. Both give the same table.

A problem never hides anything else: it becomes a diagnostic, and its field keeps its last good values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.moment import Labels, Series, Surroundings
from parseq_tui.language.values import Floats
from parseq_tui.timeline.changes import Changes, changes_between
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.field_column import FieldColumn, StatingRows, field_column, stating_rows
from parseq_tui.timeline.field_values import FieldPlan, FieldValues, compute_field, plan_field
from parseq_tui.timeline.fields import field_named
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.prompt_frames import PromptFrames
from parseq_tui.timeline.seed_era import missing_ends

MAX_FRAMES = 4_000_000
MAX_CELLS = 64_000_000
"""Frames times fields: half a gigabyte of values."""


def bake(document: Document) -> FrameTable:
    """The frame table of `document`, computed afresh. Never raises on what a document says."""
    return Baker().bake(document)


@dataclass(frozen=True, slots=True, eq=False)
class _Baked:
    """One field as it was baked."""

    plan: FieldPlan
    result: FieldValues


class Baker:
    """Bakes versions of one document; computes again only what changed since the last one. Not thread safe.

    What changed is found by comparing the two documents: rows are shared between versions, so that costs a look at each
    row. A field is computed again if its own cells changed, or something its formulas read: labels, time series, other
    fields, the rates, or where the document begins and ends.
    """

    def __init__(self) -> None:
        self._document: Document | None = None
        self._table: FrameTable | None = None
        self._fields: dict[str, _Baked] = {}

    def bake(self, document: Document) -> FrameTable:
        """The frame table of `document`. Never raises on a document's content: problems are in its diagnostics."""
        if self._table is not None and document is self._document:
            return self._table
        changes = changes_between(self._document, document)
        count, problems = _frame_count(document)
        frames = np.arange(count, dtype=np.float64) + document.first_frame
        around = surroundings(document)
        fields = _Fields(document, around, frames, changes, self._fields).baked()
        columns = {name: fields[name].result.values for name in document.managed_fields}
        prompts = PromptFrames(document, replace(around, columns=columns), count)
        found = [diagnostic for baked in fields.values() for diagnostic in baked.result.diagnostics]
        self._table = FrameTable(
            first_frame=document.first_frame,
            frame_count=count,
            fps=document.options.fps,
            bpm=document.options.bpm,
            cadence=document.options.cadence,
            columns=columns,
            prompt_texts=prompts.texts_at,
            prompt_weight=prompts.weight_at,
            diagnostics=(*problems, *missing_ends(document), *found, *prompts.diagnostics),
            failed_fields=frozenset(name for name, baked in fields.items() if baked.result.failed),
        )
        self._document, self._fields = document, fields
        return self._table


def surroundings(document: Document) -> Surroundings:
    """The document as its formulas see it, without any field computed yet."""
    options = document.options
    rows = document.keyframes
    series: dict[str, Series] = {}
    for entry in document.time_series:
        series.setdefault(entry.alias, Series(entry.x, entry.y, entry.unit == "milliseconds"))
    return Surroundings(
        fps=float(options.fps),
        bpm=float(options.bpm),
        cadence=float(options.cadence),
        first_frame=float(document.first_frame),
        final_frame=float(document.last_frame),
        labels=Labels(np.array([row.position for row in rows], dtype=np.float64), tuple(row.info for row in rows)),
        series=series,
        rules=document.dialect,
        random_seed=options.random_seed,
    )


def _frame_count(document: Document) -> tuple[int, list[Diagnostic]]:
    """How many frames are baked, and what is wrong with the document as a whole."""
    problems: list[Diagnostic] = []
    limit = min(MAX_FRAMES, MAX_CELLS // max(1, len(document.managed_fields)))
    count = document.frame_count
    if count > limit:
        problems.append(
            Diagnostic(
                "error",
                f"the document has {count} frames; only the first {limit} are computed",
                "move its last keyframe, or split it",
                "too-many-frames",
                keyframe=document.last_frame,
            )
        )
        count = limit
    if len(document.keyframes) < 2:
        message = "the document has a single keyframe, so it lasts one frame"
        problems.append(Diagnostic("warning", message, "add a keyframe where it shall end", "need-2-keyframes"))
    for rate, kind, name in ((document.options.fps, "no-fps", "fps"), (document.options.bpm, "no-bpm", "bpm")):
        if not rate > 0:
            problems.append(Diagnostic("error", f"{name} must be above 0", f"set {name} in the options", kind))
    return count, problems


class _Fields:
    """The fields of one bake: reused where nothing they read changed, else computed in order of their references."""

    def __init__(
        self, document: Document, around: Surroundings, frames: Floats, changes: Changes, before: Mapping[str, _Baked]
    ) -> None:
        self.document = document
        self.frames = frames
        self.changes = changes
        self.before = before
        self.columns: dict[str, Floats] = {}
        self.around = replace(around, columns=self.columns)
        self.plans = {name: self.plan(name) for name in document.managed_fields}
        self.done: dict[str, _Baked] = {}
        self.recomputed: set[str] = set()
        self.work = 0.0

    @cached_property
    def stating(self) -> StatingRows:
        return stating_rows(self.document.keyframes)

    def default(self, name: str) -> float:
        return field_named(name, self.document.dialect).default

    def plan(self, name: str) -> FieldPlan:
        known = self.before.get(name)
        if known is not None and not self.changes.touches(name):
            return known.plan
        column: FieldColumn = field_column(
            self.document, name, self.around.labels.frames, self.stating, self.default(name)
        )
        return plan_field(name, column, self.document.first_frame, len(self.frames), self.document.dialect)

    def baked(self) -> dict[str, _Baked]:
        """Every managed field, in managed order."""
        for name in self.document.managed_fields:
            if name not in self.done:
                self.visit(name, ())
        return {name: self.done[name] for name in self.document.managed_fields}

    def reads(self, name: str) -> list[str]:
        """The fields that must be computed before this one."""
        wanted: set[str] = set()
        for traits in self.plans[name].traits:
            wanted |= traits.fields
            if self.document.dialect == "native":
                wanted |= traits.loose_fields - {name}
        return [other for other in self.document.managed_fields if other in wanted and other != name]

    def visit(self, name: str, path: tuple[str, ...]) -> None:
        """Computes what `name` reads, then `name`. The depth is that of the longest chain of references."""
        if name in path:
            cycle = path[path.index(name) :]
            for member in cycle:
                if member not in self.done:
                    self.finish(member, self.refused_cycle(member, cycle))
            return
        if len(path) > MAX_CHAIN:
            message = f"more than {MAX_CHAIN} fields read each other in a row"
            self.finish(name, self.refused(name, message, "read an earlier field directly", "reference-chain"))
            return
        for other in self.reads(name):
            if other not in self.done:
                self.visit(other, (*path, name))
        if name not in self.done:
            self.compute(name)

    def compute(self, name: str) -> None:
        known = self.before.get(name)
        if known is not None and self.is_current(name, known):
            self.done[name] = known
            self.columns[name] = known.result.values
            return
        self.work += self.plans[name].work
        if self.work > MAX_WORK:
            message = "this document asks for more computation than is reasonable: this field is not computed"
            hint = "make it shorter, manage fewer fields, or simplify their formulas"
            self.finish(name, self.refused(name, message, hint, "too-much-work"))
            return
        previous = known.result.values if known is not None and self.changes.same_frames else None
        plan = self.plans[name]
        self.finish(name, compute_field(plan, self.around, self.frames, self.default(name), previous))
        plan.column.points.cache.clear()  # of no use before the field changes, and megabytes in a large document

    def finish(self, name: str, result: FieldValues) -> None:
        self.done[name] = _Baked(self.plans[name], result)
        self.columns[name] = result.values
        self.recomputed.add(name)

    def is_current(self, name: str, known: _Baked) -> bool:
        """Whether nothing that the field reads has changed since it was computed."""
        if self.plans[name] is not known.plan or self.changes.everything:
            return False
        for traits in known.plan.traits:
            read = traits.fields | traits.loose_fields
            if (self.changes.labels and traits.reads_labels) or (self.changes.series and traits.names):
                return False
            if read and (self.changes.managed or "*" in read or not self.recomputed.isdisjoint(read)):
                return False
        return not (known.result.failed and self.changes.managed)

    def refused_cycle(self, name: str, cycle: tuple[str, ...]) -> FieldValues:
        """A field in a circle of references."""
        around = " → ".join((*cycle[:8], *(("…",) if len(cycle) > 8 else ()), cycle[0]))
        message = f"the fields read each other in a circle: {around}"
        hint = "one of them must not read another, or use prev_computed_value"
        return self.refused(name, message, hint, "reference-cycle")

    def refused(self, name: str, message: str, hint: str, code: str) -> FieldValues:
        """A field that is not computed: straight lines, and a word about it at the formula that reads others."""
        plan = self.plans[name]
        reads = [bool(r.traits and (r.traits.fields or r.traits.loose_fields)) for r in plan.readings]
        run = plan.run(int(np.argmax(np.array(reads)[plan.which])))
        problem = Diagnostic(
            "error",
            message,
            hint,
            code,
            field=name,
            frame=int(self.frames[run.begin]),
            keyframe=run.stated_at,
            text=run.reading.text,
        )
        silent = replace(plan.column, stated_at=np.empty(0, np.int64), texts=())
        lines = plan_field(name, silent, self.document.first_frame, len(self.frames), "native")
        straight = compute_field(lines, self.around, self.frames, self.default(name), None)
        return FieldValues(straight.values, (problem,), failed=True)


MAX_WORK = 1e9
"""What one bake may cost, in units of a few nanoseconds: a million frames of ten fields of some functions each."""
MAX_CHAIN = 100
"""Fields that read each other in a row."""
