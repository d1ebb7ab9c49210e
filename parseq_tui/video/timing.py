"""When the pictures of a moving picture are shown, and which of them is the n-th at another rate.

Picking follows an fps filter: at a rate r the n-th picture is the last one whose time, rounded to slots of 1/r, is n
(PIPELINE A1, A9.5).

>>> timing = Timing([0, 1, 2, 3], 4, Fraction(1, 10))
>>> [timing.source_index(index, Fraction(5)) for index in range(timing.count(Fraction(5)))]
[0, 2]
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Timing:
    """The time of each picture, rising, and when the last one ends, in units of `time_base` seconds."""

    times: Sequence[int]
    end: int
    time_base: Fraction

    def count(self, rate: Fraction | None = None) -> int:
        """How many pictures there are: its own, or at a rate."""
        if rate is None:
            return len(self.times)
        seconds = (self.end - self.times[0]) * self.time_base
        return max(1, math.floor(seconds * rate + Fraction(1, 2)))

    def source_index(self, index: int, rate: Fraction | None = None) -> int:
        """Which of its own pictures is the `index`-th at a rate; the last one if there are not that many."""
        if rate is None:
            return min(max(index, 0), len(self.times) - 1)
        until = self.times[0] + (index + Fraction(1, 2)) / rate / self.time_base
        return max(0, bisect_left(self.times, until) - 1)
