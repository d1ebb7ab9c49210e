"""From values to dots: the range of a curve, round numbers for its axis, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_SMALLEST = 1e-300
"""A range this small is none: its reciprocal overflows."""
_LONGEST, _MOST_DECIMALS = 7, 5
"""Digits of the longest labels that are not written with a power of ten, the point counted in."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high`; low < high."""

    low: float
    high: float

    def fraction(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """0 at `low`, 1 at `high`; halved on the way, so that the widest ranges do not overflow."""
        half_range = self.high / 2 - self.low / 2
        return (values / 2 - self.low / 2) / half_range


def scale_of(columns: Iterable[NDArray[np.float64]]) -> Scale:
    """The range of all finite values; a constant is put in the middle of a range around it."""
    low, high = math.inf, -math.inf
    for values in columns:
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        return Scale(0.0, 1.0)
    if high / 2 - low / 2 <= max(1e-12 * max(abs(low), abs(high)), _SMALLEST):
        around = 0.1 * abs(low) if abs(low) > 100 * _SMALLEST else 1.0
        return Scale(low - around, high + around)
    return Scale(low, high)


def round_numbers(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten in [low, high]; `whole`: whole numbers only."""
    span = high - low
    if most < 1 or not math.isfinite(span) or span <= 0:
        return [low] if most >= 1 and math.isfinite(low) else []
    exponent = math.floor(math.log10(span / most))
    for step in (factor * 10.0**power for power in range(exponent, exponent + 3) for factor in (1, 2, 5)):
        if whole and step < 1:
            continue
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [index * step for index in range(first, last + 1)]
    return []


def labels(numbers: list[float]) -> list[str]:
    """The numbers as text, all with the same decimals where that is short, and so exact that none misleads."""
    if not numbers:
        return []
    largest = max(abs(number) for number in numbers)
    step = min((b - a for a, b in pairwise(numbers)), default=largest)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if 0 < step < math.inf else 0
    if decimals <= _MOST_DECIMALS and largest < 10.0 ** (_LONGEST - decimals - bool(decimals)):
        return [f"{number + 0.0:.{decimals}f}" for number in numbers]
    for digits in range(3, 18):
        texts = [f"{number + 0.0:.{digits}g}" for number in numbers]
        if all(abs(float(text) - number) <= step / 20 for text, number in zip(texts, numbers, strict=True)):
            break
    return texts
