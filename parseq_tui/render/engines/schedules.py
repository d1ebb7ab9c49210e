"""Which table a request needs: exact strength, or the step counting of the stock pipelines and of the web UI.

Ours shrinks the whole schedule onto the asked share of noise (RENDER.md §3.5). The other two cut it short, each with
its own rounding; the web UI also has its own places for the steps (WEBUI.md §6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.compatibility import Compatibility
from parseq_tui.render.engines.scheduler_table import Prepare, Start, Table, compile_table
from parseq_tui.render.engines.schedulers import Scheduler

_STRONGEST = 0.999
_KARRAS_RHO = 7.0
_OVER_SIGMAS = ("euler", "euler_a", "heun", "dpmpp_2m", "dpmpp_2m_sde", "lms", "dpmpp_2s_a", "dpmpp_sde")
"""Samplers whose steps are a list of noise levels, which the web UI chooses itself."""


def choose_table(
    scheduler: Scheduler, config: Mapping[str, Any], steps: int, strength: float | None, choices: Compatibility
) -> Table:
    """The compiled sampler for a picture from noise (`strength` None) or from another picture."""
    if choices.web_ui_schedule:
        return _web_ui(scheduler, config, steps, strength, choices.fixed_steps)
    if strength is None or not choices.quantised_strength:
        return compile_table(scheduler, config, steps, strength=strength)
    kept = min(int(steps * strength), steps)
    if kept == 0:
        raise RenderError(
            f"a denoising strength of {strength:g} with {steps} steps runs no step at all", hint="raise one of them"
        )
    begin = (steps - kept) * scheduler.entries_per_step
    return compile_table(scheduler, config, steps, start=Start(begin, begin))


def _web_ui(
    scheduler: Scheduler, config: Mapping[str, Any], steps: int, strength: float | None, fixed_steps: bool
) -> Table:
    asked, share = steps, min(strength or 0.0, _STRONGEST)
    if strength is not None and fixed_steps:
        steps = int(steps / share) if share > 0 else 0
    run = asked - 1 if fixed_steps else int(share * steps)
    if scheduler.name.removesuffix("_karras").removesuffix("_exponential") in _OVER_SIGMAS:
        begin = 0 if strength is None else (steps - run - 1) * scheduler.entries_per_step
        placed = {**config, "timestep_spacing": "linspace"}
        return compile_table(scheduler, placed, steps, start=Start(begin, begin), prepare=_web_ui_levels(scheduler))
    if scheduler.name != "ddim":
        raise RenderError(
            f"the web UI's own steps are not known for {scheduler.name}",
            hint=f"with web UI compatibility use ddim, {', '.join(_OVER_SIGMAS)}",
        )
    placed = {**config, "timestep_spacing": "leading", "steps_offset": 1, "set_alpha_to_one": False}
    # DDIM is given the noise of the step before the first one it runs
    start = None if strength is None else Start(steps - run, max(0, steps - run - 1))
    return compile_table(scheduler, placed, steps, start=start)


def _web_ui_levels(scheduler: Scheduler) -> Prepare:
    place = next((place for suffix, place in _PLACES.items() if scheduler.name.endswith(suffix)), _uniform)

    def prepare(stock: Any, steps: int) -> None:
        known = np.asarray(((1 - stock.alphas_cumprod) / stock.alphas_cumprod) ** 0.5, np.float64)
        levels = place(known, steps)
        times = np.interp(np.log(levels), np.log(known), np.arange(len(known)))
        if scheduler.entries_per_step == 2:  # every step but the first is listed twice
            levels, times = np.repeat(levels, 2)[1:], np.repeat(times, 2)[1:]
        stock.set_timesteps(steps)
        stock.sigmas = torch.from_numpy(np.append(levels, 0.0))
        stock.timesteps = torch.from_numpy(times)

    return prepare


def _uniform(known: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Noise levels at evenly spaced times, from the strongest down; interpolated in their logarithm."""
    times = np.linspace(len(known) - 1, 0, steps)
    return np.asarray(np.exp(np.interp(times, np.arange(len(known)), np.log(known))), np.float64)


def _karras(known: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Noise levels spaced after Karras et al. 2022, between the strongest and the weakest."""
    share = np.linspace(0, 1, steps)
    strongest, weakest = known[-1] ** (1 / _KARRAS_RHO), known[0] ** (1 / _KARRAS_RHO)
    return np.asarray((strongest + share * (weakest - strongest)) ** _KARRAS_RHO, np.float64)


def _exponential(known: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Noise levels evenly spaced in their logarithm."""
    return np.asarray(np.exp(np.linspace(np.log(known[-1]), np.log(known[0]), steps)), np.float64)


_PLACES = {"_karras": _karras, "_exponential": _exponential}
