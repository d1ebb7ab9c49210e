"""A prompt text with `${formula}`s: read once, filled for many frames at once (LANGUAGE §8.4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np

from parseq_tui.errors import SyntaxProblem
from parseq_tui.language.evaluator import evaluate, number_sites, value_of
from parseq_tui.language.execution import prepared
from parseq_tui.language.moment import Failure, Moment, Points, Run, Surroundings
from parseq_tui.language.numbers_as_text import fixed_text
from parseq_tui.language.parser import Formula
from parseq_tui.language.tokens import EMBEDDED
from parseq_tui.language.traits import Traits
from parseq_tui.language.values import Floats, Scalar, Value, as_text, spread

DECIMALS = 5
MAX_FORMULAS = 500
"""Formulas in one text; what follows the last of them is left as it is written."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """One `${formula}`, or the formula of an overlap weight."""

    text: str
    formula: Formula | None
    traits: Traits | None
    problem: SyntaxProblem | None = None

    @property
    def source(self) -> str:
        """What stands in the prompt."""
        return "${" + self.text + "}"


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A prompt text, taken apart."""

    parts: tuple[str | Embedded, ...]
    is_cut: bool = False
    """It holds more formulas than are evaluated."""

    @property
    def formulas(self) -> tuple[Embedded, ...]:
        """The formulas in it, in reading order."""
        return tuple(part for part in self.parts if isinstance(part, Embedded))


@dataclass(frozen=True, slots=True, eq=False)
class PromptScene:
    """Where prompt formulas are evaluated: the document, and its rows as keyframes without values."""

    around: Surroundings
    points: Points
    name: str = ""
    half: str = ""


@lru_cache(maxsize=1024)
def embedded(text: str) -> Embedded:
    """The formula of a text, or what is wrong with it. Remembered."""
    try:
        formula, traits = prepared(text, "", "native")
    except SyntaxProblem as problem:
        return Embedded(text, None, None, problem)
    return Embedded(text, formula, traits)


@lru_cache(maxsize=1024)
def template_of(text: str) -> Template:
    """The parts of a prompt. Line breaks become spaces, as they do in what formulas give."""
    parts: list[str | Embedded] = []
    end = 0
    for match in islice(EMBEDDED.finditer(text), MAX_FORMULAS):
        parts += [text[end : match.start()].replace("\n", " "), embedded(match[1])]
        end = match.end()
    parts.append(text[end:].replace("\n", " "))
    return Template(tuple(parts), is_cut=EMBEDDED.search(text, end) is not None)


def fill(template: Template, scene: PromptScene, frames: Floats) -> list[str]:
    """The prompt's text at each frame. A formula that fails there is left standing as it is written."""
    if not template.formulas:
        return ["".join(part for part in template.parts if isinstance(part, str))] * len(frames)
    columns = [
        [part] * len(frames) if isinstance(part, str) else texts(part, scene, frames)
        for part in template.parts
        if part != ""
    ]
    return list(map("".join, zip(*columns, strict=True)))


def texts(part: Embedded, scene: PromptScene, frames: Floats) -> list[str]:
    """What a formula prints at each frame: numbers with five decimals, texts as they are."""
    if part.formula is None:
        return [part.source.replace("\n", " ")] * len(frames)
    value, failure = evaluated(part, scene, frames)
    if failure is not None:
        return [_text_at(part, scene, frame) for frame in frames.tolist()]
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return fixed_texts(value)
    if not isinstance(value, np.ndarray):
        return [printed(value)] * len(frames)
    return [printed(item) for item in value.tolist()]


def printed(value: Scalar) -> str:
    """One result as it stands in a prompt."""
    return fixed_text(value, DECIMALS) if isinstance(value, float) else as_text(value).replace("\n", " ")


def fixed_texts(values: Floats) -> list[str]:
    """Numbers with five decimals, ties away from zero."""
    # exact ties are odd multiples of 1/64; those, and what has no plain decimal form, take the slow way
    with np.errstate(invalid="ignore"):
        scaled = values * 2.0 ** (DECIMALS + 1)
        odd = (np.abs(values) < 1e21) & ((scaled != np.floor(scaled)) | (np.fmod(scaled, 2) == 0))
    plain = [f"{value:.5f}" for value in (values + 0.0).tolist()]  # + 0.0 turns −0 into 0
    for index in np.flatnonzero(~odd).tolist():
        plain[index] = fixed_text(float(values[index]), DECIMALS)
    return plain


def evaluated(part: Embedded, scene: PromptScene, frames: Floats) -> tuple[Value, Failure | None]:
    """A formula's results at `frames` as far as the first that fails. Nothing is remembered between frames."""
    assert part.formula is not None and part.traits is not None
    if not part.traits.remembers_anything:
        with np.errstate(all="ignore"):
            return evaluate(part.formula.tree, Moment(_run(scene), frames, frames))
    results: list[Scalar] = []
    for frame in frames.tolist():
        try:
            results.append(_value_at(part.formula, scene, frame))
        except Failure as failure:
            return spread(0.0, 0), failure
    mixed = np.empty(len(results), dtype=object)
    mixed[:] = results
    return mixed, None


def _run(scene: PromptScene) -> Run:
    return Run(scene.around, scene.points, scene.name, in_prompt=True, half=scene.half)


def _value_at(formula: Formula, scene: PromptScene, frame: float) -> Scalar:
    """The result at a single frame, with a fresh memory."""
    run = _run(scene)
    number_sites(formula.tree, run)
    with np.errstate(all="ignore"):
        value = value_of(formula.tree, Moment(run, frame, frame))
    return value.item() if isinstance(value, np.ndarray) else value


def _text_at(part: Embedded, scene: PromptScene, frame: float) -> str:
    assert part.formula is not None
    try:
        return printed(_value_at(part.formula, scene, frame))
    except Failure:
        return part.source.replace("\n", " ")


def first_failure(part: Embedded, scene: PromptScene, frames: Floats) -> Failure | None:
    """The first of `frames` at which a formula fails, or None."""
    assert part.formula is not None
    return evaluated(part, scene, frames)[1]
