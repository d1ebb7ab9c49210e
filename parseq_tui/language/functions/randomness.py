"""Random and noise functions, bit for bit those that existing documents were made with (LANGUAGE §6.6).

A function without a seed takes one from the document (`options.random_seed`), its field and its place in the formula,
so that the same document always gives the same curve.
"""

from __future__ import annotations

import math
import zlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parseq_tui.language.functions.easing import (
    CONTROL_PARAMETERS,
    CURVE,
    bezier,
    check_control_points,
    control_points,
    ease,
)
from parseq_tui.language.functions.interpolators import step_value
from parseq_tui.language.functions.permutation import PERMUTATION
from parseq_tui.language.moment import Moment, Site
from parseq_tui.language.numbers_as_text import number_text
from parseq_tui.language.registry import Parameter, function, number
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
_MIN = number("min", "n", help="the smallest value", default=0)
_MAX = number("max", "x", help="the greatest value", default=1)


@function(
    "rand",
    _MIN,
    _MAX,
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


_SMOOTH = number("smooth", "sm", help="how slowly it moves: 1 is ragged, 100 smooth", default=10)
_Y = number("y", help="second coordinate: another path through the same noise", default=0)

_GRADIENTS = np.array(
    [(1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (0, 1), (0, -1)],
    dtype=np.float64,
)
_SKEW = 0.5 * (math.sqrt(3) - 1)
_UNSKEW = (3 - math.sqrt(3)) / 6


class NoiseField:
    """Two-dimensional gradient noise (noisejs 2) for one seed."""

    def __init__(self, bits: int) -> None:
        permutation = np.frombuffer(PERMUTATION, np.uint8).astype(np.int64)
        permutation ^= np.where(np.arange(256) & 1, bits & 255, bits >> 8)
        self.permutation: NDArray[np.int64] = np.concatenate((permutation, permutation)).astype(np.int64)
        self.across, self.down = np.ascontiguousarray(_GRADIENTS[self.permutation % 12].T)

    def _corner(self, i: NDArray[np.int64], j: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        """The gradient of a grid corner times the way to it."""
        place = i + self.permutation[j]
        product: Floats = self.across[place] * x + self.down[place] * y
        return product

    def simplex(self, x: Floats, y: Floats) -> Floats:
        """Simplex noise, about −1 to 1 (Gustavson, "Simplex noise demystified", 2005)."""
        skew = (x + y) * _SKEW
        i, j = np.floor(x + skew), np.floor(y + skew)
        t = (i + j) * _UNSKEW
        x0, y0 = x - i + t, y - j + t
        right = x0 > y0
        corners = (
            (x0, y0, 0, 0),
            (x0 - right + _UNSKEW, y0 - ~right + _UNSKEW, right, ~right),
            (x0 - 1 + 2 * _UNSKEW, y0 - 1 + 2 * _UNSKEW, 1, 1),
        )
        column, row = _cell(i), _cell(j)
        total = np.zeros(np.shape(x))
        for dx, dy, di, dj in corners:
            falloff = 0.5 - dx * dx - dy * dy
            total = total + np.where(
                falloff < 0, 0.0, (falloff * falloff) ** 2 * self._corner(column + di, row + dj, dx, dy)
            )
        return 70 * total

    def perlin(self, x: Floats, y: Floats) -> Floats:
        """Classic gradient noise with the improved fade (Perlin 2002)."""
        i, j = np.floor(x), np.floor(y)
        x, y = x - i, y - j
        column, row = _cell(i), _cell(j)
        u, v = _fade(x), _fade(y)
        top = (1 - u) * self._corner(column, row, x, y) + u * self._corner(column + 1, row, x - 1, y)
        bottom = (1 - u) * self._corner(column, row + 1, x, y - 1) + u * self._corner(column + 1, row + 1, x - 1, y - 1)
        result: Floats = (1 - v) * top + v * bottom
        return result


def _cell(index: Any) -> NDArray[np.int64]:
    return np.where(np.isfinite(index), index, 0.0).astype(np.int64) & 255


def _fade(t: Floats) -> Floats:
    faded: Floats = t * t * t * (t * (t * 6 - 15) + 10)
    return faded


@lru_cache(maxsize=64)
def noise_field(bits: int) -> NoiseField:
    return NoiseField(bits)


def _noise_bits(seed: float) -> int:
    """The 16 bits of a seed that noise depends on."""
    if not math.isfinite(seed):
        return 0
    if 0 < seed < 1:
        seed *= 65536
    whole = math.floor(seed)
    return (whole | whole << 8 if whole < 256 else whole) & 0xFFFF


def _noise(moment: Moment, site: Site, smooth: Numbers, seed: Any, y: Numbers) -> tuple[NoiseField, Floats, Floats]:
    """The call's noise, fixed at its first frame, and where in it each frame is."""
    if site.kept is None:
        bits = zlib.crc32(site.seed_text.encode()) & 0xFFFF if seed is None else _noise_bits(float(np.ravel(seed)[0]))
        site.kept = noise_field(bits)
    x = moment.frames / np.where((np.asarray(smooth) == 0) | np.isnan(smooth), 1.0, smooth)
    x, ys = np.broadcast_arrays(x, np.asarray(y, dtype=np.float64))
    return site.kept, x, ys


@function(
    "smrand",
    _SMOOTH,
    _MIN,
    _MAX,
    SEED,
    _Y,
    category=CATEGORY,
    help="smooth randomness (simplex noise)",
    example="smrand(seed=1, sm=20)",
    memory="seed",
)
def smooth_random(
    moment: Moment, site: Site, smooth: Numbers, low: Numbers, high: Numbers, seed: Any, y: Numbers
) -> Any:
    field, x, ys = _noise(moment, site, smooth, seed, y)
    return field.simplex(x, ys) * (high - low) / 2 + (high + low) / 2


@function(
    "perlin",
    _SMOOTH,
    _MIN,
    _MAX,
    SEED,
    _Y,
    category=CATEGORY,
    help="smooth randomness (Perlin noise)",
    example="perlin(seed=1, sm=20)",
    memory="seed",
)
def perlin(moment: Moment, site: Site, smooth: Numbers, low: Numbers, high: Numbers, seed: Any, y: Numbers) -> Any:
    field, x, ys = _noise(moment, site, smooth, seed, y)
    return field.perlin(x, ys) * (high - low) + (high + low) / 2


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
