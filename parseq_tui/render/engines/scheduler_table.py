"""Samplers as tables of numbers: what the sampling loop needs of a scheduler, and nothing else (RENDER.md §3.3b).

Every latent a linear sampler sees is a linear combination of few columns: the clean latent, the first noise, the
network outputs so far and the step noises so far. So the stock diffusers scheduler is run once on basis vectors and
its coefficients are written down; the loop then only multiplies. The invariant: a table gives what the scheduler it
was compiled from would have given, to rounding.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from parseq_tui.errors import RenderError, counted
from parseq_tui.render.engines.adaptive import AdaptiveSolver
from parseq_tui.render.engines.linear_samplers import RULES, Paper
from parseq_tui.render.engines.noise_levels import PLACINGS, Levels, times_of
from parseq_tui.render.engines.schedulers import Scheduler

CLEAN, NOISE, FIRST_OUTPUT = 0, 1, 2
"""Columns: the clean latent (zero for txt2img), the first noise, then the outputs (the unguided ones after the guided
ones, if the sampler uses them), then the step noises."""

Walk = Callable[[Levels, int], Levels]
"""(noise levels of the model's timesteps, rising; steps) → the levels to walk down, the one to end at included."""


@dataclass(frozen=True, slots=True)
class Table:
    """A compiled sampler: E evaluations, S step noises, C = 2 + E + S columns; 2 + 2E + S if it is `unguided`."""

    inputs: NDArray[np.float64]
    """(E, C): the network's input at every evaluation, as coefficients of the columns."""
    result: NDArray[np.float64]
    """(C,): the finished latent."""
    timesteps: NDArray[np.float64]
    """(E,): the network's timestep, between 0 and 999, fractions allowed."""
    step_noises: int
    """S."""
    unguided: bool = False
    """Whether it also uses what the network answers to the negative prompt alone (CFG++)."""

    @property
    def evaluations(self) -> int:
        return len(self.inputs)

    @property
    def first_unguided(self) -> int:
        return FIRST_OUTPUT + self.evaluations

    @property
    def first_step_noise(self) -> int:
        return FIRST_OUTPUT + self.evaluations * (2 if self.unguided else 1)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a picture enters a schedule of n steps that is cut short instead of stretched."""

    step: int
    """The first step that runs, 0…n-1."""
    noised_at: int
    """The step whose noise level the picture is given; usually the same."""


def compile_table(
    scheduler: Scheduler,
    model_config: Mapping[str, Any],
    steps: int,
    *,
    strength: float | None = None,
    start: Start | None = None,
    walk: Walk | None = None,
) -> Table:
    """The table of `scheduler` for a model whose scheduler is configured by `model_config`.

    Without `strength` and `start`: from pure noise (txt2img). With `strength` in (0, 1): the whole schedule shrunk onto
    that share of the noise, so that the number of evaluations does not depend on it (RENDER.md §3.5). With `start`: the
    last steps of the full schedule, as the stock pipelines and the web UI do. `walk`: where the steps lie, instead of
    where the scheduler puts them. Raises RenderError if the scheduler cannot run with these settings.
    """
    walk = walk or _own_walk(scheduler)
    try:
        stock = _stock(scheduler, model_config, strength, placed=walk is not None)
        if walk is None:
            stock.set_timesteps(steps)
        else:
            known = _noise_levels(stock)
            _set_levels(stock, known, walk(known, steps))
        if scheduler.rule:
            return _written(scheduler.rule, stock, start, from_noise=strength is None and start is None, share=strength)
        return _recorded(stock, start, from_noise=strength is None and start is None, share=strength or 1.0)
    except (ValueError, ArithmeticError, ImportError, IndexError, NotImplementedError) as problem:
        reason = " ".join(str(problem).split())[:200]
        raise RenderError(f"the scheduler {scheduler.name} cannot make {counted(steps, 'step')}: {reason}") from problem


def adaptive_solver(
    scheduler: Scheduler, model_config: Mapping[str, Any], strength: float | None, begun_at: float | None = None
) -> AdaptiveSolver:
    """DPM adaptive for such a model: from noise, from a share of it, or from the noise of a timestep `begun_at`."""
    stock = _stock(scheduler, model_config, strength)
    known = _noise_levels(stock)
    strongest = known[-1] if begun_at is None else np.exp(np.interp(begun_at, np.arange(len(known)), np.log(known)))
    from_noise = strength is None and begun_at is None
    return AdaptiveSolver(known, float(strongest), stock.config.prediction_type, strength or 1.0, from_noise)


def _own_walk(scheduler: Scheduler) -> Walk | None:
    if not scheduler.placing:
        return None
    placing = PLACINGS[scheduler.placing]
    return lambda known, steps: np.append(placing(known, steps), 0.0)


def _noise_levels(stock: Any) -> Levels:
    """σ of every timestep, rising."""
    signal = np.asarray(stock.alphas_cumprod, np.float64)
    return np.asarray(np.sqrt((1 - signal) / signal), np.float64)


_SPACED = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")
"""How stock schedulers are told to place steps elsewhere than evenly."""


def _stock(
    scheduler: Scheduler, model_config: Mapping[str, Any], strength: float | None, *, placed: bool = False
) -> Any:
    """A fresh diffusers scheduler, its noise schedule shrunk to `strength` if given.

    `placed`: it will be given its levels, through the place where it asks for those of Karras et al.
    """
    cls = getattr(importlib.import_module("diffusers"), scheduler.diffusers_class)
    config = dict(model_config)
    if scheduler.spacing or placed:  # the one that is asked for, not the model's own
        config = {name: value for name, value in config.items() if name not in _SPACED}
    if placed:  # then noise alone is as strong as the first level
        config |= {"timestep_spacing": "linspace"}
    # clipping and thresholding are for pictures, not for latents, and would not be linear
    options = {**scheduler.options, "clip_sample": False, "thresholding": False}
    if placed and hasattr(cls, "_convert_to_karras"):
        options |= dict.fromkeys(_SPACED[1:], False) | {_SPACED[0]: True}
    stock = cls.from_config(config, **options)
    if strength is None:
        return stock
    kept = _shrunk(np.asarray(stock.alphas_cumprod, np.float64), strength)
    betas = 1 - kept / np.concatenate([[1.0], kept[:-1]])
    stock = cls.from_config(config, **options, trained_betas=betas.tolist(), rescale_betas_zero_snr=False)
    # single precision of a thousand multiplied betas is coarse where there is little noise: put the exact ones in
    stock.alphas_cumprod = torch.from_numpy(kept)
    return stock


def _set_levels(stock: Any, known: Levels, walk: Levels) -> None:
    """Makes a stock scheduler step down `walk`, whose last level is where it ends."""
    levels, times = walk[:-1], times_of(known, walk[:-1])
    stock._convert_to_karras = lambda in_sigmas, num_inference_steps: levels
    stock.set_timesteps(len(levels))
    if len(stock.timesteps) == len(levels):  # not rounded, as some do
        end = walk[-1] if stock.sigmas[-1] == 0 else stock.sigmas[-1]  # DEIS does not know how to reach 0
        stock.sigmas = torch.from_numpy(np.append(levels, end))
        stock.timesteps = torch.from_numpy(times)


def _shrunk(alphas_cumprod: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    """The signal shares of the first `strength` of the schedule, resampled to its full length."""
    count = len(alphas_cumprod)
    amplitude = np.interp(np.arange(count) * strength, np.arange(count), np.sqrt(alphas_cumprod))
    return np.asarray(amplitude**2, np.float64)


def _recorded(stock: Any, start: Start | None, *, from_noise: bool, share: float) -> Table:
    """Runs `stock` on basis vectors. `share` maps its timesteps back to the model's."""
    begin = start or Start(0, 0)
    timesteps = stock.timesteps[begin.step :]
    outputs = len(timesteps)
    width = FIRST_OUTPUT + 3 * outputs  # at most two step noises per evaluation
    basis = torch.eye(width, dtype=torch.float64).reshape(width, 1, width, 1, 1)
    if from_noise:
        sample = basis[NOISE] * float(stock.init_noise_sigma)
    else:
        _begin(stock, begin.noised_at)
        sample = stock.add_noise(basis[CLEAN], basis[NOISE], stock.timesteps[begin.noised_at : begin.noised_at + 1])
    _begin(stock, begin.step)
    inputs: list[torch.Tensor] = []
    with _numbered_noises(type(stock).__module__, basis[FIRST_OUTPUT + outputs :]) as drawn:
        for index, timestep in enumerate(timesteps):
            inputs.append(stock.scale_model_input(sample, timestep))
            sample = stock.step(basis[FIRST_OUTPUT + index], timestep, sample, **_extra(stock), return_dict=False)[0]
    rows = torch.cat([*inputs, sample]).reshape(outputs + 1, width).to(torch.float64).numpy()
    if not np.isfinite(rows).all():
        raise ValueError("its coefficients are not finite")
    used = _used_noises(rows[:, FIRST_OUTPUT + outputs : FIRST_OUTPUT + outputs + len(drawn)])
    rows = np.ascontiguousarray(rows[:, : FIRST_OUTPUT + outputs + used])
    return Table(rows[:-1], rows[-1], timesteps.to(torch.float64).numpy() * share, used)


def _written(rule: str, stock: Any, start: Start | None, *, from_noise: bool, share: float | None) -> Table:
    """Runs one of our own samplers over the noise levels of `stock`."""
    levels = [float(level) for level in stock.sigmas]
    begin = start or Start(0, 0)
    paper = Paper(_noise_levels(stock), stock.config.prediction_type, 2 * len(levels))
    # a step that was moved is given the noise of where it begins: these samplers have no other place
    latent = paper.start(levels[begin.noised_at], from_noise=from_noise)
    rows = paper.rows(RULES[rule](paper, latent, levels[begin.step :]))
    if not (np.isfinite(rows.inputs).all() and np.isfinite(rows.result).all()):
        raise ValueError("its coefficients are not finite")
    return Table(rows.inputs, rows.result, rows.timesteps * (share or 1.0), rows.step_noises, rows.unguided)


def _used_noises(columns: NDArray[np.float64]) -> int:
    """How many step noises must be drawn: all up to the last one that matters."""
    mattering = np.flatnonzero(np.abs(columns).max(axis=0, initial=0.0) > 0)
    return int(mattering[-1]) + 1 if len(mattering) else 0


def _begin(stock: Any, step: int) -> None:
    if hasattr(stock, "set_begin_index"):  # the others find their place by the timestep
        stock.set_begin_index(step)


def _extra(stock: Any) -> dict[str, Any]:
    # the stock pipelines hand eta=0 to every scheduler that takes one
    return {"eta": 0.0} if "eta" in stock.step.__code__.co_varnames[: stock.step.__code__.co_argcount] else {}


_PATCHING = threading.Lock()


@contextmanager
def _numbered_noises(module_name: str, noises: torch.Tensor) -> Iterator[list[int]]:
    """While open, the schedulers of a diffusers module draw `noises` one after another; yields the list of draws."""
    module: Any = importlib.import_module(module_name)
    drawn: list[int] = []

    def next_noise(*_: Any, **__: Any) -> torch.Tensor:
        drawn.append(len(drawn))
        return noises[drawn[-1]]

    with _PATCHING:
        original = getattr(module, "randn_tensor", None)
        module.randn_tensor = next_noise
        try:
            yield drawn
        finally:
            if original is None:
                del module.randn_tensor
            else:
                module.randn_tensor = original
