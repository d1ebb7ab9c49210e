"""Where the steps lie: the web UI's schedule types as noise levels, strongest first (WEBUI.md §2, §6).

Every function takes the noise levels σ of a model's timesteps, rising, float64 (timesteps,), and a number of steps. It
returns that many falling levels, float64 (steps,); what comes after the last one is no noise at all. The first is the
model's own strongest level: a picture drawn from noise starts from nothing but noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float64]
Placing = Callable[[Levels, int], Levels]

_KARRAS_RHO = 7.0
_BETA_SHAPE = 0.6
"""Both parameters of the beta distribution (Lee et al. 2024, and every program that offers it)."""
_ALIGNED = (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029)
_ALIGNED_XL = (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029)
"""Align Your Steps (Sabour et al. 2024), as published for ten steps of Stable Diffusion 1.5 and XL."""
_PUBLISHED_STRONGEST, _PUBLISHED_WEAKEST = 14.61464, 0.0291672
"""The noise levels of those models' last and first timestep."""


def uniform(known: Levels, steps: int) -> Levels:
    """Evenly spaced timesteps, from the last one to the first; interpolated in the logarithm of their noise."""
    return at_times(known, np.linspace(len(known) - 1, 0, steps))


def sgm_uniform(known: Levels, steps: int) -> Levels:
    """Evenly spaced timesteps that stop one step short of the first, as few-step models are taught."""
    return at_times(known, np.linspace(len(known) - 1, 0, steps + 1)[:-1])


def simple(known: Levels, steps: int) -> Levels:
    """Every so many-th timestep from the last one down, rounded towards it."""
    return known[[len(known) - 1 - int(index * len(known) / steps) for index in range(steps)]]


def ddim(known: Levels, steps: int) -> Levels:
    """Every so many-th timestep from the second one up (Song et al. 2020), the highest `steps` of them reversed."""
    stride = max(len(known) // steps, 1)
    times = np.arange(steps) * stride + 1
    return known[np.minimum(times, len(known) - 1)][::-1]


def karras(known: Levels, steps: int) -> Levels:
    """Evenly spaced seventh roots (Karras et al. 2022, equation 5)."""
    return karras_between(known[-1], known[0], steps)


def karras_between(strongest: float, weakest: float, steps: int) -> Levels:
    """`karras` between any two levels, both included."""
    high, low = strongest ** (1 / _KARRAS_RHO), weakest ** (1 / _KARRAS_RHO)
    return np.asarray((high + np.linspace(0, 1, steps) * (low - high)) ** _KARRAS_RHO, np.float64)


def exponential(known: Levels, steps: int) -> Levels:
    """Evenly spaced logarithms."""
    return np.asarray(np.exp(np.linspace(np.log(known[-1]), np.log(known[0]), steps)), np.float64)


def kl_optimal(known: Levels, steps: int) -> Levels:
    """Evenly spaced arc tangents: the best for a network that knows one Gaussian (Sabour et al. 2024, theorem 3.1)."""
    return np.asarray(np.tan(np.linspace(np.arctan(known[-1]), np.arctan(known[0]), steps)), np.float64)


def align_your_steps(known: Levels, steps: int) -> Levels:
    """The published levels for Stable Diffusion 1.5, interpolated in their logarithm to any number of steps.

    They are stretched onto the levels the model has, so that less denoising strength is the same schedule of less
    noise. Noise beyond what the published models know (of models made for zero signal) is left to the first step.
    """
    return _aligned(_ALIGNED, known, steps)


def align_your_steps_xl(known: Levels, steps: int) -> Levels:
    """`align_your_steps` for Stable Diffusion XL."""
    return _aligned(_ALIGNED_XL, known, steps)


def beta(known: Levels, steps: int) -> Levels:
    """Timesteps where a beta distribution has evenly spaced shares: dense at both ends (Lee et al. 2024)."""
    return at_times(known, _beta_shares(steps) * (len(known) - 1))


def beta_of_noise(known: Levels, steps: int) -> Levels:
    """`beta` as the web UI and diffusers have it: the shares are of the noise level, not of the timestep."""
    return np.asarray(known[0] + _beta_shares(steps) * (known[-1] - known[0]), np.float64)


PLACINGS: Mapping[str, Placing] = {
    "uniform": uniform,
    "sgm_uniform": sgm_uniform,
    "simple": simple,
    "ddim": ddim,
    "karras": karras,
    "exponential": exponential,
    "kl_optimal": kl_optimal,
    "align_your_steps": align_your_steps,
    "align_your_steps_xl": align_your_steps_xl,
    "beta": beta,
    "beta_of_noise": beta_of_noise,
}


def at_times(known: Levels, times: Levels) -> Levels:
    """The noise levels of timesteps, fractions allowed."""
    return np.asarray(np.exp(np.interp(times, np.arange(len(known)), np.log(known))), np.float64)


def times_of(known: Levels, levels: Levels) -> Levels:
    """The timesteps of noise levels, fractions allowed."""
    return np.asarray(np.interp(np.log(levels), np.log(known), np.arange(len(known))), np.float64)


def _aligned(published: tuple[float, ...], known: Levels, steps: int) -> Levels:
    places = np.linspace(0, len(published) - 1, steps)
    logarithms = np.interp(places, np.arange(len(published)), np.log(published))
    share = (logarithms - math.log(_PUBLISHED_WEAKEST)) / math.log(_PUBLISHED_STRONGEST / _PUBLISHED_WEAKEST)
    weakest, strongest = math.log(known[0]), math.log(min(known[-1], _PUBLISHED_STRONGEST))
    levels = np.exp(weakest + share * (strongest - weakest))
    levels[0] = known[-1]
    return np.asarray(levels, np.float64)


@lru_cache(maxsize=16)
def _beta_shares(steps: int) -> Levels:
    """Where the beta distribution's cumulative share is 1, …, 0: falling, float64 (steps,).

    By bisection in the angle asin √x, in which the distribution's density is bounded.
    """
    shares = np.linspace(1, 0, steps)
    low, high = np.zeros(steps), np.full(steps, math.pi / 2)
    for _ in range(60):
        middle = (low + high) / 2
        beyond = _beta_cumulative(np.sin(middle) ** 2) < shares
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    return np.asarray(np.sin(high) ** 2, np.float64)


def _beta_cumulative(x: Levels) -> Levels:
    """The regularised incomplete beta function of two equal parameters, by its power series (DLMF 8.17.7)."""
    lower = np.minimum(x, 1 - x)  # the series is short there, and the other half its mirror
    total, term = np.zeros_like(x), np.ones_like(x)
    for number in range(60):
        total += term / (_BETA_SHAPE + number)
        term *= lower * (number + 1 - _BETA_SHAPE) / (number + 1)
    whole = math.gamma(_BETA_SHAPE) ** 2 / math.gamma(2 * _BETA_SHAPE)
    below = lower**_BETA_SHAPE * total / whole
    return np.asarray(np.where(x <= 0.5, below, 1 - below), np.float64)
