"""Random functions, bit for bit those that existing documents were made with (LANGUAGE §6.6).

A function without a seed takes one from the document (`options.random_seed`), its field and its place in the formula,
so that the same document always gives the same curve.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from parseq_tui.language.declarations import Parameter, function, number
from parseq_tui.language.functions.easing import (
    CONTROL_PARAMETERS,
    CURVE,
    bezier,
    check_control_points,
    control_points,
    ease,
)
from parseq_tui.language.functions.interpolators import step_value
from parseq_tui.language.moment import Moment, Site
from parseq_tui.language.numbers_as_text import number_text
from parseq_tui.language.values import Floats, Numbers

CATEGORY = "randomness"


class RandomSequence:
    """The numbers of an ARC4 generator (seedrandom 3) for one seed text; drawn once, kept for the next bake."""

    def __init__(self, seed: str) -> None:
        self._state = _key_schedule(seed)
        self._i = self._j = 0
        self._bytes = bytearray()
        self._at = 0
        self._drawn: list[float] = []
        self._generate()
        self._at = 256  # the generator's first 256 bytes are discarded

    def _generate(self) -> None:
        """Adds 4096 bytes."""
        state, i, j, out = self._state, self._i, self._j, self._bytes
        for _ in range(4096):
            i = (i + 1) & 255
            a = state[i]
            j = (j + a) & 255
            b = state[j]
            state[i] = b
            state[j] = a
            out.append(state[(a + b) & 255])
        self._i, self._j = i, j

    def first(self, count: int) -> list[float]:
        """The first `count` (or more) numbers, each from 0 up to 1."""
        while len(self._drawn) < count:
            self._drawn.append(self._draw())
        return self._drawn

    def _draw(self) -> float:
        """A double of 52 or 53 random bits, from bytes most significant first."""
        if len(self._bytes) - self._at < 16:
            del self._bytes[: self._at]
            self._at = 0
            self._generate()
        n: float = int.from_bytes(self._bytes[self._at : self._at + 6], "big")
        self._at += 6
        d, extra = 2.0**48, 0
        while n < 2**52:
            n = (n + extra) * 256
            d *= 256
            extra = self._bytes[self._at]
            self._at += 1
            if self._at >= len(self._bytes):
                self._generate()
        while n >= 2**53:
            n /= 2
            d /= 2
            extra >>= 1
        return (n + extra) / d


def _key_schedule(seed: str) -> list[int]:
    key: list[int] = []
    smear = 0
    for position, unit in enumerate(seed):
        slot = position & 255
        smear ^= (key[slot] if slot < len(key) else 0) * 19
        value = (smear + ord(unit)) & 255
        if slot < len(key):
            key[slot] = value
        else:
            key.append(value)
    key = key or [0]
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + key[i % len(key)] + state[i]) & 255
        state[i], state[j] = state[j], state[i]
    return state


@lru_cache(maxsize=256)
def random_sequence(seed: str) -> RandomSequence:
    """The generator's numbers for a seed text."""
    return RandomSequence(seed)


def _seed_text(moment: Moment, site: Site, seed: Any) -> str:
    """The text that seeds a generator: the first value of the seed argument, or one of the document's own."""
    if seed is None:
        # a formula stated again starts with other numbers, as it would with Parseq's clock
        return f"{site.seed_text}/{moment.run.stated_at}"
    return number_text(float(np.ravel(seed)[0]))


SEED = number("seed", "s", help="a number that fixes the sequence", default=lambda _: None, shown="document's")  # type: ignore[arg-type,return-value]
MINIMUM = number("min", "n", help="the smallest value", default=0)
MAXIMUM = number("max", "x", help="the greatest value", default=1)


@function(
    "rand",
    MINIMUM,
    MAXIMUM,
    SEED,
    number("hold", "h", help="frames that a value is held", default=1),
    category=CATEGORY,
    help="a random number, drawn again every `hold` frames and at each keyframe",
    example="rand(seed=1, hold=10)",
    memory="call",
)
def rand(moment: Moment, site: Site, low: Numbers, high: Numbers, seed: Any, hold: Numbers) -> Any:
    if site.kept is None:
        site.kept = _Held(random_sequence(_seed_text(moment, site, seed)))
    held: _Held = site.kept
    if moment.count is None:
        return held.at(float(moment.frames), float(moment.active), float(low), float(high), float(hold))
    if held.drawn or not isinstance(hold, float) or not 0 < hold < math.inf:
        rows = zip(
            *(np.broadcast_to(v, moment.count).tolist() for v in (moment.frames, moment.active, low, high, hold)),
            strict=True,
        )
        return np.array([held.at(*row) for row in rows])
    return held.over(moment, low, high, hold)


class _Held:
    """The memory of a `rand` call: how many numbers were drawn, when the last was, and the value it gave."""

    def __init__(self, sequence: RandomSequence) -> None:
        self.sequence = sequence
        self.drawn = 0
        self.drawn_at = math.nan
        self.value = 0.0

    def at(self, frame: float, active: float, low: float, high: float, hold: float) -> float:
        """The value at the next frame."""
        if not self.drawn or _period(self.drawn_at - active, hold) < _period(frame - active, hold):
            self.value = self.sequence.first(self.drawn + 1)[self.drawn] * (high - low) + low
            self.drawn += 1
            self.drawn_at = frame
        return self.value

    def over(self, moment: Moment, low: Numbers, high: Numbers, hold: float) -> Floats:
        """The values of the first frames of a run, for a constant hold: `at` without a loop."""
        frames, active = np.asarray(moment.frames), np.asarray(moment.active)
        # a draw happens where the frame is in a later hold period than the frame before it, seen from its own keyframe
        draws = np.ones(len(frames), dtype=bool)
        draws[1:] = np.floor((frames[:-1] - active[1:]) / hold) < np.floor((frames[1:] - active[1:]) / hold)
        at = np.flatnonzero(draws)
        numbers = np.array(self.sequence.first(len(at))[: len(at)])
        lows, highs = (v if isinstance(v, float) else v[at] for v in (low, high))
        values: Floats = numbers * (highs - lows) + lows
        self.drawn, self.drawn_at, self.value = len(at), float(frames[at[-1]]), float(values[-1])
        return np.repeat(values, np.diff(np.append(at, len(frames))))


def _period(since: float, hold: float) -> float:
    """Which hold period a frame is in."""
    if 0 < hold < math.inf:
        return math.floor(since / hold)
    return float(np.floor(np.divide(since, hold)))


_VIBE: tuple[Parameter, ...] = (
    *CONTROL_PARAMETERS,
    number("offset", "os", help="not used", default=2),
    number("pmin", help="shortest way, in frames", default=1),
    number("pmax", help="longest way, in frames", default=20),
    number("p", help="length of every way, in frames, instead of pmin and pmax", default=math.nan),
    number("min", help="the smallest value", default=0),
    number("max", help="the greatest value", default=1),
    SEED,
    CURVE,
)


@function(
    "vibe",
    *_VIBE,
    category=CATEGORY,
    help="eases from one random value to the next",
    example="vibe(seed=1, p=15)",
    memory="call",
)
def vibe(
    moment: Moment,
    site: Site,
    x1: Numbers,
    y1: Numbers,
    x2: Numbers,
    y2: Numbers,
    _: Numbers,
    pmin: Numbers,
    pmax: Numbers,
    p: Numbers,
    low: Numbers,
    high: Numbers,
    seed: Any,
    curve: Any,
) -> Any:
    if site.kept is None:
        site.kept = _Ways(random_sequence(_seed_text(moment, site, seed)))
    count = moment.count or 1
    columns = [np.broadcast_to(value, count) for value in (pmin, pmax, p, low, high)]
    begun, length, start, end = site.kept.over(moment, columns)
    if moment.count is None:
        begun, length, start, end = (float(part[0]) for part in (begun, length, start, end))
    control = control_points(moment, (x1, y1, x2, y2), curve)
    travelled = np.divide(moment.frames - begun, length)
    if moment.around.as_parseq:
        return bezier(moment, control, start, end, length, travelled)
    check_control_points(moment, control)
    shape = np.atleast_1d(travelled)
    height = ease(np.clip(np.nan_to_num(shape, nan=1.0), 0.0, 1.0), control).reshape(np.shape(travelled))
    return start + height * (np.asarray(end) - start)


class _Ways:
    """The memory of a `vibe` call: the way it is on, from one random value to the next."""

    def __init__(self, sequence: RandomSequence) -> None:
        self.sequence = sequence
        self.drawn = 0
        self.begun = self.length = self.start = self.end = math.nan

    def draw(self) -> float:
        self.drawn += 1
        return self.sequence.first(self.drawn)[self.drawn - 1]

    def over(self, moment: Moment, columns: list[Floats]) -> tuple[Floats, Floats, Floats, Floats]:
        """For each frame: when its way began, how long it is, and the values at its ends."""
        frames = np.atleast_1d(moment.frames)
        ways: list[tuple[float, float, float, float]] = []
        firsts: list[int] = []
        at = 0
        while at < len(frames):
            if math.isnan(self.length) or frames[at] > self.begun + self.length:
                self.set_out(moment, at, float(frames[at]), [float(column[at]) for column in columns])
            firsts.append(at)
            ways.append((self.begun, self.length, self.start, self.end))
            after = (
                at + 1 if math.isnan(self.length) else int(np.searchsorted(frames, self.begun + self.length, "right"))
            )
            at = max(at + 1, after)
        counts = np.diff([*firsts, len(frames)])
        begun, length, start, end = np.repeat(np.array(ways), counts, axis=0).T
        return begun, length, start, end

    def set_out(self, moment: Moment, at: int, frame: float, arguments: list[float]) -> None:
        """Begins a new way at this frame."""
        pmin, pmax, p, low, high = arguments
        self.begun = frame
        self.start = float(np.atleast_1d(step_value(moment))[at]) if math.isnan(self.end) else self.end
        self.end = self.draw() * (high - low) + low
        if not math.isnan(p):
            self.length = p
        elif moment.around.as_parseq:
            # Parseq has the bounds the wrong way round: the length is usually negative, so every frame begins a way
            self.length = float(np.floor(self.draw() * (pmin - pmax) + pmin))
        else:
            self.length = float(np.floor(self.draw() * (pmax - pmin) + pmin))
