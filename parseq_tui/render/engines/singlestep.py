"""DPM-Solver's steps (Lu et al. 2022), for latents and for rows of coefficients alike.

The variance-exploding form: a latent is x = x₀ + σ·ε. Steps go from a noise level σ to a lower one, and h is the
difference of their logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

Latent = TypeVar("Latent", torch.Tensor, NDArray[np.float64])
"""A tensor, or an array of coefficients."""
Slope = Callable[[Latent, float], Latent]
"""(x, σ) → ε, the noise that the network sees in x."""


def clean(x: Latent, output: Latent, level: float, prediction: str) -> Latent:
    """The clean latent, from what a network answered (Salimans and Ho 2022 for velocities)."""
    if prediction == "v_prediction":
        size = math.sqrt(level**2 + 1)
        return x / size**2 - output * (level / size)
    return output if prediction == "sample" else x - level * output


def step(order: int, slope: Slope[Latent], x: Latent, level: float, lower: float) -> Latent:
    """DPM-Solver-1, 2 or 3 from one level to a lower one, with as many calls."""
    first = slope(x, level)
    if order == 1:
        return x + (lower - level) * first
    share = 1 / 2 if order == 2 else 1 / 3
    place, ahead = onward(x, first, level, lower, share)
    second = slope(ahead, place)
    return (
        step_2(x, first, second, level, lower, 1 / 2) if order == 2 else step_3(slope, x, first, second, level, lower)
    )


def onward(x: Latent, first: Latent, level: float, lower: float, share: float) -> tuple[float, Latent]:
    """The level at a share of the way, in log σ, and what is there by the slope here."""
    place = level ** (1 - share) * lower**share
    return place, x + (place - level) * first


def step_2(x: Latent, first: Latent, second: Latent, level: float, lower: float, share: float) -> Latent:
    """DPM-Solver-2: `second` is the slope at a `share` of the way (algorithm 1 with r₁)."""
    return x + (lower - level) * (first + (second - first) / (2 * share))


def step_3(slope: Slope[Latent], x: Latent, first: Latent, second: Latent, level: float, lower: float) -> Latent:
    """DPM-Solver-3 with r₁ = 1/3 and r₂ = 2/3: `second` is the slope at a third of the way (algorithm 2)."""
    h = math.log(level / lower)
    place, ahead = onward(x, first, level, lower, 2 / 3)
    ahead = ahead + 2 * _bend(level, place, 2 * h / 3) * (second - first)
    third = slope(ahead, place)
    return x + (lower - level) * first + 3 / 2 * _bend(level, lower, h) * (third - first)


def _bend(level: float, lower: float, h: float) -> float:
    """-σ·((eʰ - 1)/h - 1) at the lower level: how far a slope that changes evenly leads off the straight way."""
    return (lower - level) / h + lower
