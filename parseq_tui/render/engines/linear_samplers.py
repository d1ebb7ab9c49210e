"""Samplers that diffusers lacks, or has only with other packages: LMS, some DPM-Solvers, Restart, CFG++.

They are written as their papers write them, over latents that are rows of coefficients (see `scheduler_table`): run
once, they leave their table. The variance-exploding form is used: a latent is `x = x₀ + σ·ε`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from parseq_tui.render.engines import singlestep
from parseq_tui.render.engines.noise_levels import karras_between, times_of

Row = NDArray[np.float64]
"""A latent as coefficients of: clean latent, first noise, outputs, step noises."""
_CLEAN, _NOISE, _FIRST_OUTPUT = 0, 1, 2
_LMS_ORDER = 4
_ORDINARY = 20.0
"""More noise than the models that DPM-Solver was made for begin with."""
_RESTART_FROM, _RESTART_TO = 0.1, 2.0
"""Noise levels between which Restart goes up again (Xu et al. 2023, for Stable Diffusion)."""


class Paper:
    """Where a sampler is written down: what it asks the network, and the noises it draws."""

    def __init__(self, known: Row, prediction: str, calls: int) -> None:
        """`known`: noise levels of the model's timesteps, rising. `calls`: the most that are made."""
        self._known = known
        self._prediction = prediction
        self._calls = calls
        self._drawn = 0
        self._unguided = False
        self.inputs: list[Row] = []
        self.times: list[float] = []
        self.width = _FIRST_OUTPUT + 3 * calls + 2

    @property
    def weakest(self) -> float:
        """The noise level of the model's first timestep."""
        return float(self._known[0])

    def start(self, level: float, *, from_noise: bool) -> Row:
        """The clean latent with noise of this level, or the noise alone."""
        row = np.zeros(self.width)
        row[_CLEAN] = 0.0 if from_noise else 1.0
        row[_NOISE] = level
        return row

    def denoised(self, x: Row, level: float) -> Row:
        """What the network takes for the clean latent, guided by the prompt."""
        self.inputs.append(x / math.sqrt(level**2 + 1))
        self.times.append(float(times_of(self._known, np.array(level))))
        return singlestep.clean(x, self._column(_FIRST_OUTPUT + len(self.inputs) - 1), level, self._prediction)

    def unguided(self, x: Row, level: float) -> Row:
        """What it takes for the clean latent by the negative prompt alone; of the same call as the last `denoised`."""
        self._unguided = True
        answer = self._column(_FIRST_OUTPUT + self._calls + len(self.inputs) - 1)
        return singlestep.clean(x, answer, level, self._prediction)

    def slope(self, x: Row, level: float) -> Row:
        """The noise that the network sees, of strength 1: where x goes as the level falls."""
        return (x - self.denoised(x, level)) / level

    def noise(self) -> Row:
        self._drawn += 1
        return self._column(_FIRST_OUTPUT + 2 * self._calls + self._drawn - 1)

    def rows(self, result: Row) -> Rows:
        """What was written, with no more columns than there are outputs and noises."""
        calls, noises = len(self.inputs), _FIRST_OUTPUT + 2 * self._calls
        kept = [*range(_FIRST_OUTPUT + calls)]
        if self._unguided:
            kept += range(_FIRST_OUTPUT + self._calls, _FIRST_OUTPUT + self._calls + calls)
        kept += range(noises, noises + self._drawn)
        return Rows(np.stack(self.inputs)[:, kept], result[kept], np.array(self.times), self._drawn, self._unguided)

    def _column(self, index: int) -> Row:
        row = np.zeros(self.width)
        row[index] = 1.0
        return row


@dataclass(frozen=True, slots=True)
class Rows:
    """A sampler that was written down; the fields are those of `scheduler_table.Table`."""

    inputs: NDArray[np.float64]
    result: Row
    timesteps: Row
    step_noises: int
    unguided: bool


Rule = Callable[[Paper, Row, Sequence[float]], Row]
"""(paper, latent, noise levels ending in 0) → the finished latent."""


def lms(paper: Paper, x: Row, levels: Sequence[float]) -> Row:
    """Linear multistep of order 4: the slopes so far, as a polynomial, integrated over the step."""
    slopes: list[Row] = []
    for index, level in enumerate(levels[:-1]):
        slopes.insert(0, (x - paper.denoised(x, level)) / level)
        del slopes[_LMS_ORDER:]
        places = [levels[index - back] for back in range(len(slopes))]
        for back, slope in enumerate(slopes):
            x = x + _lagrange_integral(places, back, level, levels[index + 1]) * slope
    return x


def dpmpp_2s_a(paper: Paper, x: Row, levels: Sequence[float]) -> Row:
    """DPM-Solver++(2S) (Lu et al. 2022, algorithm 1) to a lower level, and noise back up to the next one."""
    for level, following in pairwise(levels):
        denoised = paper.denoised(x, level)
        down, up = ancestral(level, following)
        if down == 0:
            x = denoised
        else:
            middle = math.sqrt(level * down)
            denoised = paper.denoised(_towards(x, denoised, level, middle), middle)
            x = _towards(x, denoised, level, down)
        if following > 0:
            x = x + up * paper.noise()
    return x


def dpmpp_sde(paper: Paper, x: Row, levels: Sequence[float]) -> Row:
    """DPM-Solver++ (SDE) with two calls per step; both noises of a step belong to one Brownian motion."""
    for level, following in pairwise(levels):
        denoised = paper.denoised(x, level)
        if following == 0:
            return denoised
        middle = math.sqrt(level * following)
        first, rest = paper.noise(), paper.noise()
        down, up = ancestral(level, middle)
        halfway = _towards(x, denoised, level, down) + up * first
        denoised = paper.denoised(halfway, middle)
        share = (level - middle) / (level - following)  # of the motion from here to the next level
        whole = math.sqrt(share) * first + math.sqrt(1 - share) * rest
        down, up = ancestral(level, following)
        x = _towards(x, denoised, level, down) + up * whole
    return x


def dpmpp_3m_sde(paper: Paper, x: Row, levels: Sequence[float]) -> Row:
    """DPM-Solver++ (SDE) of order 3 that looks back: what the last three calls say is a parabola in λ = -log σ.

    As in k-diffusion and so in the web UI: the curvature counts half. (diffusers' own has the sign of it wrong.)
    """
    earlier: list[tuple[float, Row]] = []
    for level, following in pairwise(levels):
        denoised = paper.denoised(x, level)
        if following == 0:
            return denoised
        span = math.log(level / following)
        fade = math.exp(-2 * span)
        rise = 1 - (1 - fade) / (2 * span)
        x = fade * x + (1 - fade) * denoised
        earlier.insert(0, (-math.log(level), denoised))
        places = [(place - earlier[0][0]) / span for place, _ in earlier]
        if len(earlier) > 1:
            slope = (earlier[1][1] - denoised) / places[1]
            x = x + rise * slope
        if len(earlier) > 2:
            before = (earlier[2][1] - earlier[1][1]) / (places[2] - places[1])
            curve = (before - slope) / places[2]
            x = x + (-places[1] * rise + 0.5 - rise / (2 * span)) * curve
            del earlier[2:]
        x = x + following * math.sqrt(1 - fade) * paper.noise()
    return x


def dpm_fast(paper: Paper, x: Row, levels: Sequence[float]) -> Row:
    """DPM-Solver of order 3, as many calls as steps, ancestral (Lu et al. 2022a, §3.4; noise as in the web UI).

    Only the first level counts: the spans between it and the weakest level are even in log σ. What noise is left
    there stays. Models that begin with nothing but noise get to where others begin in one step of order 1: there is
    nothing to bend around, and even spans would leave few for the picture.
    """
    calls, level = len(levels) - 1, levels[0]
    if level > _ORDINARY and calls > 1:
        x, level, calls = x + (_ORDINARY - level) * paper.slope(x, level), _ORDINARY, calls - 1
    whole, rest = divmod(calls, 3)
    orders = [3] * whole + [rest] if rest else [3] * (whole - 1) + [2, 1]
    # the last level is no noise at all, which a logarithm does not reach
    spans = np.exp(np.linspace(math.log(level), math.log(min(paper.weakest, level)), len(orders) + 1))
    for order, (level, following) in zip(orders, pairwise(float(one) for one in spans), strict=True):
        down, _ = ancestral(level, following)
        down = max(down, paper.weakest)
        x = singlestep.step(order, paper.slope, x, level, down)
        up = math.sqrt(max(following**2 - down**2, 0.0))
        if up > 0:
            x = x + up * paper.noise()
    return x


def restart(paper: Paper, x: Row, levels: Sequence[float]) -> Row:
    """Heun, which from 20 steps on goes back up to more noise and down again (Xu et al. 2023, algorithm 1).

    How many steps are spent on that is the web UI's choice; the whole makes as many steps as were asked for.
    """
    reached = levels[0]
    for level, following in _with_restarts(levels):
        if level > reached:
            x = x + math.sqrt(level**2 - reached**2) * paper.noise()
        slope = paper.slope(x, level)
        ahead = x + (following - level) * slope
        if following > 0:
            slope = (slope + paper.slope(ahead, following)) / 2
            ahead = x + (following - level) * slope
        x, reached = ahead, following
    return x


def ddim_cfgpp(paper: Paper, x: Row, levels: Sequence[float]) -> Row:
    """DDIM with CFG++ (Chung et al. 2024, algorithm 2): a guided clean latent, with the unguided noise put back."""
    for level, following in pairwise(levels):
        denoised = paper.denoised(x, level)
        x = denoised + (following / level) * (x - paper.unguided(x, level))
    return x


RULES: Mapping[str, Rule] = {
    "lms": lms,
    "dpmpp_2s_a": dpmpp_2s_a,
    "dpmpp_sde": dpmpp_sde,
    "dpmpp_3m_sde": dpmpp_3m_sde,
    "dpm_fast": dpm_fast,
    "restart": restart,
    "ddim_cfgpp": ddim_cfgpp,
}


def _with_restarts(levels: Sequence[float]) -> list[tuple[float, float]]:
    """The steps of Restart: from which noise level to which."""
    steps = len(levels) - 1
    if steps < 20:
        return list(pairwise(levels))
    length, times = (9, 1) if steps < 36 else (steps // 4, 2)
    main = [*(float(level) for level in karras_between(levels[0], levels[-2], steps - length * times)), 0.0]
    bottom, top = (int(np.argmin(np.abs(np.array(main) - level))) for level in (_RESTART_FROM, _RESTART_TO))
    walk = list(pairwise(main))
    if top < bottom:
        between = karras_between(main[top], main[bottom], length + 1)[1:-1]
        again = [main[top], *(float(level) for level in between), main[bottom]]
        walk[bottom:bottom] = list(pairwise(again)) * times
    return walk


def _towards(x: Row, denoised: Row, level: float, lower: float) -> Row:
    """Exponential integration: what would be there at `lower` if `denoised` were right all the way."""
    return (lower / level) * x + (1 - lower / level) * denoised


def ancestral(level: float, following: float) -> tuple[float, float]:
    """How far to go down, and how much noise leads back up to `following`; together they keep the variance."""
    up = min(following, math.sqrt(following**2 * (level**2 - following**2) / level**2))
    return math.sqrt(max(following**2 - up**2, 0.0)), up


def _lagrange_integral(places: Sequence[float], chosen: int, start: float, stop: float) -> float:
    """∫ of the Lagrange polynomial that is 1 at one place and 0 at the others."""
    polynomial = np.polynomial.Polynomial([1.0])
    for index, place in enumerate(places):
        if index != chosen:
            polynomial *= np.polynomial.Polynomial([-place, 1.0]) / (places[chosen] - place)
    integral = polynomial.integ()
    return float(integral(stop) - integral(start))
