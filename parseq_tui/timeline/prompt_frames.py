"""The resolved positive and negative prompt of every frame (LANGUAGE §8).

Texts are made when somebody asks, a block of frames at a time, and kept. Problems are looked for at once: every formula
is read, and evaluated at all frames where that is cheap, else at a sample of them (rows, ends, and evenly between).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import FormulaError
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.language.functions.prompt_text import MOVE_BEGIN, MOVE_END
from parseq_tui.language.moment import Points, Surroundings
from parseq_tui.language.numbers_as_text import BLANKS, number_text, precise_text
from parseq_tui.language.prompt_template import (
    MAX_FORMULAS,
    Embedded,
    PromptScene,
    Template,
    embedded,
    fill,
    first_failure,
    template_of,
    texts,
)
from parseq_tui.language.tokens import EMBEDDED
from parseq_tui.language.values import Floats
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.prompts import Prompt, Prompts

BLOCK = 2048
"""Frames resolved at a time, of a few entries; of many entries, fewer."""
MAX_PARTS = 40_000
MAX_WRITTEN = 10_000_000
"""Entries, and characters of their texts, times frames of a block."""
MAX_KEPT = 64
"""Blocks of texts kept."""
MAX_CHECKS = 2000
"""Formulas of one document that are checked; the problems of others show as formulas left standing."""
CHECKED = 2048
"""Up to so many frames every formula is evaluated at each of them when it is checked."""
SAMPLE = 256
SLOW_SAMPLE = 32
"""Frames checked where a formula has memory, and so costs a call per frame."""

_MOVED = re.compile(f"{MOVE_BEGIN}(.*?){MOVE_END}", re.DOTALL)
_HALVES = ("positive", "negative")

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One entry of the prompt list, common prompt included."""

    prompt: Prompt
    halves: tuple[Template, Template]
    scenes: tuple[PromptScene, PromptScene]
    weight: Embedded | None
    """The formula of a custom overlap."""
    weight_scene: PromptScene
    start: float
    """First and last frame it is active at."""
    end: float


class PromptFrames:
    """The prompts of one version of a document."""

    def __init__(self, document: Document, around: Surroundings, count: int) -> None:
        self.around = around
        self.count = count
        self.rows = Points(around.labels.frames, np.empty(0))
        self.seed_era = document.dialect == "2022"
        enabled = document.prompts.enabled or self.seed_era
        self.entries = [self.entry(document.prompts, prompt) for prompt in document.prompts.entries] if enabled else []
        self.known: dict[int, list[Pair]] = {}
        written = sum(len(entry.prompt.positive) + len(entry.prompt.negative) for entry in self.entries)
        self.block = max(1, min(BLOCK, MAX_PARTS // max(1, len(self.entries)), MAX_WRITTEN // max(1, written)))
        self.checks = 0
        found = [problem for entry in self.entries for problem in ([] if self.seed_era else self.check(entry))]
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(found, key=lambda problem: problem.frame or 0))

    def entry(self, prompts: Prompts, prompt: Prompt) -> _Entry:
        """An entry with the common prompt put in, read and ready to be filled."""
        first, last = self.around.first_frame, self.around.final_frame
        texts_ = [
            combined(getattr(prompt, half), getattr(prompts.common, half), prompts.common_position) for half in _HALVES
        ]
        scenes = [PromptScene(self.around, self.rows, prompt.name, half) for half in _HALVES]
        return _Entry(
            prompt,
            (template_of(texts_[0]), template_of(texts_[1])),
            (scenes[0], scenes[1]),
            embedded(prompt.overlap.formula) if prompt.overlap.kind == "custom" else None,
            PromptScene(self.around, self.rows, prompt.name),
            first if prompt.all_frames else float(prompt.start),
            last if prompt.all_frames else float(prompt.end),
        )

    def texts_at(self, index: int) -> Pair:
        """The (positive, negative) prompt of a frame, counted from the first. Never raises."""
        if not 0 <= index < self.count or not self.entries:
            return "", ""
        block = index // self.block
        if block not in self.known:
            if len(self.known) >= MAX_KEPT:
                del self.known[next(iter(self.known))]
            self.known[block] = self.resolve(block * self.block, min(self.count, (block + 1) * self.block))
        return self.known[block][index - block * self.block]

    def weight_at(self, entry: int, index: int) -> str:
        """The weight of a custom overlap at a frame, counted from the first; "" for other entries. Never raises."""
        if self.seed_era or not (0 <= entry < len(self.entries) and 0 <= index < self.count):
            return ""
        chosen = self.entries[entry]
        if chosen.weight is None:
            return ""
        return texts(chosen.weight, chosen.weight_scene, np.array([float(index + self.around.first_frame)]))[0]

    def resolve(self, begin: int, end: int) -> list[Pair]:
        """The prompts of frames begin … end−1 (from the first frame)."""
        frames = np.arange(begin, end, dtype=np.float64) + self.around.first_frame
        if self.seed_era:
            return self.seed_era_texts(frames)
        active = [np.flatnonzero((frames >= entry.start) & (frames <= entry.end)) for entry in self.entries]
        counts = np.zeros(len(frames), dtype=np.int64)
        for chosen in active:
            counts[chosen] += 1
        overlapping = counts > 1
        parts: list[list[tuple[str, str, str]]] = [[] for _ in range(len(frames))]
        for entry, chosen in zip(self.entries, active, strict=True):
            if len(chosen):
                positive, negative = self.halves(entry, frames[chosen])
                weighted = overlapping[chosen].any()
                weights = self.weights(entry, frames[chosen]) if weighted else [""] * len(chosen)
                for index, *part in zip(chosen.tolist(), positive, negative, weights, strict=True):
                    parts[index].append((part[0], part[1], part[2]))
        return [_joined(part) for part in parts]

    def halves(self, entry: _Entry, frames: Floats) -> tuple[list[str], list[str]]:
        """Both halves of an entry at `frames`, terms moved to where their sign says."""
        positive, negative = (
            fill(template, scene, frames) for template, scene in zip(entry.halves, entry.scenes, strict=True)
        )
        if not any(MOVE_BEGIN in text for half in (positive, negative) for text in half):
            return positive, negative
        moved = [_moved(one, other) for one, other in zip(positive, negative, strict=True)]
        return [pair[0] for pair in moved], [pair[1] for pair in moved]

    def weights(self, entry: _Entry, frames: Floats) -> list[str]:
        """The weight that each frame shows behind an entry that overlaps another."""
        if entry.weight is not None:
            return texts(entry.weight, entry.weight_scene, frames)
        if entry.prompt.overlap.kind == "linear":
            return [linear_weight(entry, frame) for frame in frames.tolist()]
        return ["1"] * len(frames)

    def check(self, entry: _Entry) -> list[Diagnostic]:
        """The problems of an entry's formulas, one each, at the first frame where it shows."""
        first, last = self.around.first_frame, self.around.first_frame + self.count - 1
        start, end = max(first, np.ceil(entry.start)), min(last, np.floor(entry.end))
        if start > end:
            return []
        parts = [
            (part, scene) for half, scene in zip(entry.halves, entry.scenes, strict=True) for part in half.formulas
        ]
        if entry.weight is not None:
            parts.append((entry.weight, entry.weight_scene))
        found = [self.problem_of(part, scene, start, end) for part, scene in parts]
        if any(half.is_cut for half in entry.halves):
            message = f"a prompt may hold {MAX_FORMULAS} formulas; the others are left as they are written"
            found.append(Diagnostic("error", message, "split it into several prompts", "too-many-formulas"))
        return [replace(problem, prompt=entry.prompt.name or None) for problem in found if problem is not None]

    def problem_of(self, part: Embedded, scene: PromptScene, start: float, end: float) -> Diagnostic | None:
        """What is wrong with a formula that counts from frame `start` to `end`; None also for those not looked at."""
        if part.problem is not None:
            return _diagnostic(part.problem, part, int(start))
        self.checks += 1
        if self.checks > MAX_CHECKS:
            return None
        slow = part.traits is not None and part.traits.remembers_anything
        sample = self.sample(start, end, SLOW_SAMPLE if slow else SAMPLE)
        failure = first_failure(part, scene, sample)
        if failure is None:
            return None
        if len(sample) < end - start + 1 and not slow:
            exact = first_failure(part, scene, np.arange(start, failure.frame + 1))
            failure = exact or failure
        return _diagnostic(failure.error, part, int(failure.frame))

    def sample(self, start: float, end: float, size: int) -> Floats:
        """Frames to check: all if they are few; else the ends, rows, and frames evenly between."""
        if end - start < min(CHECKED, size * 8):
            return np.arange(start, end + 1)
        rows = self.rows.x[(self.rows.x >= start) & (self.rows.x <= end)]
        chosen: NDArray[np.float64] = np.concatenate(
            (np.linspace(start, end, size).round(), rows[:: max(1, len(rows) // size)])
        )
        return np.unique(chosen)

    def seed_era_texts(self, frames: Floats) -> list[Pair]:
        """Prompts of October 2022: `${name}` is the frame's value of that name, unrounded; nothing else is done."""
        index = (frames - self.around.first_frame).astype(np.int64)
        pairs = []
        for frame, at in zip(frames.tolist(), index.tolist(), strict=True):
            values = {name: number_text(float(column[at])) for name, column in self.around.columns.items()}
            values["frame"] = number_text(frame)

            def filled(text: str, values: dict[str, str] = values) -> str:
                return EMBEDDED.sub(lambda match: values.get(match[1], "undefined"), text)

            entry = self.entries[0].prompt
            pairs.append((filled(entry.positive), filled(entry.negative)))
        return pairs


def combined(text: str, common: str, position: str) -> str:
    """A prompt half together with the common one."""
    if position == "template":
        return common.replace("[prompt]", text) if common.strip(BLANKS) else text
    parts = (common, text) if position == "prepend" else (text, common)
    return " ".join(parts).strip(BLANKS)


def linear_weight(entry: _Entry, frame: float) -> str:
    """The weight of a linear overlap, with four significant digits."""
    fade_in, fade_out = entry.prompt.overlap.fade_in, entry.prompt.overlap.fade_out
    if fade_in and frame < entry.start + fade_in:
        return precise_text((frame - entry.start) / fade_in, 4)
    if fade_out and frame > entry.end - fade_out:
        return precise_text(1 - (frame - (entry.end - fade_out)) / fade_out, 4)
    return "1"


def _moved(positive: str, negative: str) -> Pair:
    """Marked terms taken out of their half and put at the start of the other; later ones stand before earlier ones."""
    for term in _MOVED.findall(positive):
        negative = f" {term} {negative}"
    positive = _MOVED.sub("", positive)
    for term in _MOVED.findall(negative):
        positive = f" {term} {positive}"
    return positive, _MOVED.sub("", negative)


def _joined(parts: list[tuple[str, str, str]]) -> Pair:
    """The prompt of a frame from its active entries. Several without any negative have none (Parseq leaves a stump)."""
    if not parts:
        return "", ""
    if len(parts) == 1:
        return parts[0][0], parts[0][1]
    positive = " AND ".join(f"{text}: {weight}" for text, _, weight in parts)
    if not any(negative.strip() for _, negative, _ in parts):
        return positive, ""
    return positive, " AND ".join(f"{text}: {weight}" for _, text, weight in parts)


def _diagnostic(error: FormulaError, part: Embedded, frame: int) -> Diagnostic:
    return Diagnostic("error", error.message, error.hint, error.kind, frame=frame, text=part.text, span=error.span)
