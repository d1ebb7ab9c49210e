"""What every fuzz command shares: damaging texts, following coverage, counting and telling.

Guided by coverage: an input that reaches a line no other did joins those that are damaged further. Whatever ends in an
exception or takes over two seconds of CPU is a finding.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

SLOW_SECONDS = 2.0
MOST_FAILURES = 10


@dataclass(frozen=True)
class Target:
    """What is fed with what."""

    seeds: Sequence[str]
    pieces: Sequence[str]
    """Put into texts at random places."""
    attempt: Callable[[str], None]
    """Raises whatever should not happen."""
    watched: tuple[str, ...]
    """Parts of the file names whose lines count as coverage."""
    longest: int = 20_000
    """Longer inputs are not damaged further."""


class Coverage:
    """Lines of the watched modules that have run."""

    def __init__(self, watched: tuple[str, ...]) -> None:
        self.lines: set[tuple[str, int]] = set()
        self._watched = watched

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not any(part in frame.f_code.co_filename for part in self._watched):
            return None
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self


def damaged(text: str, chance: random.Random, target: Target, others: list[str]) -> str:
    """The text with a few pieces put in, taken out, doubled, or exchanged with another text's."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 1, 3, 20, 200)))
        kind = chance.randrange(4)
        if kind == 0:
            piece = chance.choice(target.pieces)
        elif kind == 1:
            piece = text[start:end] * 2
        elif kind == 2:
            other = chance.choice(others)
            place = chance.randrange(len(other) + 1)
            piece = other[place : place + chance.choice((1, 10, 100))]
        else:
            piece = ""
        text = text[:start] + piece + text[end:]
    return text


def tried_once(target: Target, text: str, coverage: Coverage | None) -> tuple[str, float]:
    """What went wrong ("" if nothing), and the CPU seconds it took."""
    begin = time.process_time()
    sys.settrace(coverage)
    try:
        target.attempt(text)
    except Exception as error:  # noqa: BLE001 - anything at all is a finding here
        return f"{type(error).__name__}: {error}", time.process_time() - begin
    finally:
        sys.settrace(None)
    return "", time.process_time() - begin


def fuzz(target: Target, duration: float = math.inf, seed: int = 0, most: float = math.inf) -> tuple[int, list[str]]:
    """How many inputs were tried in that much processor time, or as many as are wanted, and what went wrong."""
    chance, coverage = random.Random(seed), Coverage(target.watched)
    corpus, failures = list(target.seeds), []
    given = len(corpus)
    tried, end = 0, time.process_time() + duration
    while tried < most and time.process_time() < end and len(failures) < MOST_FAILURES:
        text = corpus[tried] if tried < given else damaged(chance.choice(corpus), chance, target, corpus)
        known, traced = len(coverage.lines), tried % 4 == 0
        # every fourth input is traced: tracing costs more than it finds
        problem, seconds = tried_once(target, text, coverage if traced else None)
        if not problem and traced and seconds > SLOW_SECONDS:
            problem, seconds = tried_once(target, text, None)
        if problem or seconds > SLOW_SECONDS:
            failures.append(f"{problem or f'took {seconds:.1f} s'}\n  {text[:2000]!r}")
        if len(coverage.lines) > known and len(text) < target.longest:
            corpus.append(text)
        tried += 1
    return tried, failures


def main(target: Target, description: str | None) -> int:
    """The command around a target: `SECONDS [--seed N]`; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("seconds", type=float, nargs="?", default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tried, failures = fuzz(target, arguments.seconds, arguments.seed)
    for failure in failures:
        print(failure)
    print(f"{tried} inputs tried, {len(failures)} failures")
    return 1 if failures else 0
