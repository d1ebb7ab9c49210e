"""Samplers that diffusers lacks, or has only with further packages: LMS, DPM++ 2S a, DPM++ SDE.

They are written as their papers write them, over latents that are rows of coefficients (see `scheduler_table`): run
once, they leave their table. The variance-exploding form is used: a latent is `x = x₀ + σ·ε`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]
"""A latent as coefficients of: clean latent, first noise, outputs, step noises."""
_CLEAN, _NOISE, _FIRST_OUTPUT = 0, 1, 2
_LMS_ORDER = 4


class Paper:
    """Where a sampler is written down: what it asks the network, and the noises it draws."""

    def __init__(self, known: Row, prediction: str, calls: int) -> None:
        """`known`: noise levels of the model's timesteps, rising. `calls`: the most that are made."""
        self._known = known
        self._prediction = prediction
        self._calls = calls
        self._drawn = 0
        self.inputs: list[Row] = []
        self.times: list[float] = []
        self.width = _FIRST_OUTPUT + 2 * calls + 2

    def start(self, level: float, *, from_noise: bool) -> Row:
        """The clean latent with noise of this level, or the noise alone."""
        row = np.zeros(self.width)
        row[_CLEAN] = 0.0 if from_noise else 1.0
        row[_NOISE] = level
        return row

    def denoised(self, x: Row, level: float) -> Row:
        """What the network takes for the clean latent (Salimans and Ho 2022 for velocities)."""
        output = np.zeros(self.width)
        output[_FIRST_OUTPUT + len(self.inputs)] = 1.0
        size = math.sqrt(level**2 + 1)
        self.inputs.append(x / size)
        self.times.append(float(np.interp(math.log(level), np.log(self._known), np.arange(len(self._known)))))
        if self._prediction == "v_prediction":
            return x / size**2 - output * (level / size)
        return output if self._prediction == "sample" else x - level * output

    def noise(self) -> Row:
        row = np.zeros(self.width)
        row[_FIRST_OUTPUT + self._calls + self._drawn] = 1.0
        self._drawn += 1
        return row

    def rows(self, result: Row) -> tuple[NDArray[np.float64], Row, Row, int]:
        """Inputs and result with no more columns than there are outputs and noises; timesteps; count of noises."""
        first_noise, calls = _FIRST_OUTPUT + self._calls, len(self.inputs)
        kept = [*range(_FIRST_OUTPUT + calls), *range(first_noise, first_noise + self._drawn)]
        return np.stack(self.inputs)[:, kept], result[kept], np.array(self.times), self._drawn


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
        down, up = _ancestral(level, following)
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
        down, up = _ancestral(level, middle)
        halfway = _towards(x, denoised, level, down) + up * first
        denoised = paper.denoised(halfway, middle)
        share = (level - middle) / (level - following)  # of the motion from here to the next level
        whole = math.sqrt(share) * first + math.sqrt(1 - share) * rest
        down, up = _ancestral(level, following)
        x = _towards(x, denoised, level, down) + up * whole
    return x


RULES: Mapping[str, Rule] = {"lms": lms, "dpmpp_2s_a": dpmpp_2s_a, "dpmpp_sde": dpmpp_sde}


def _towards(x: Row, denoised: Row, level: float, lower: float) -> Row:
    """Exponential integration: what would be there at `lower` if `denoised` were right all the way."""
    return (lower / level) * x + (1 - lower / level) * denoised


def _ancestral(level: float, following: float) -> tuple[float, float]:
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
