"""Which table a request needs: exact strength, or the step counting of the stock pipelines and of the web UI.

Ours shrinks the whole schedule onto the asked share of noise (RENDER.md §3.5). The other two cut it short, each with
its own rounding; the web UI also has its own places for the steps (WEBUI.md §6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parseq_tui.errors import RenderError, counted
from parseq_tui.render.engines import noise_levels
from parseq_tui.render.engines.adaptive import AdaptiveSolver
from parseq_tui.render.engines.compatibility import Compatibility
from parseq_tui.render.engines.noise_levels import PLACINGS, Levels, Placing
from parseq_tui.render.engines.scheduler_table import Start, Table, Walk, adaptive_solver, compile_table
from parseq_tui.render.engines.schedulers import ADAPTIVE, Scheduler

_STRONGEST = 0.999
_OVER_SIGMAS = (
    "euler", "euler_a", "heun", "dpm2", "dpm2_a", "dpmpp_2m", "dpmpp_2m_sde", "lms", "dpmpp_2s_a", "dpmpp_sde",
    "dpm_fast", "restart", "dpmpp_2m_sde_heun", "dpmpp_3m_sde",
)  # fmt: skip
"""Samplers whose steps are a list of noise levels, which the web UI chooses itself."""
_AUTOMATIC = dict.fromkeys(
    ("dpmpp_2m", "dpmpp_sde", "dpmpp_2s_a", "dpm2", "dpm2_a", "restart"), "karras"
) | dict.fromkeys(("dpmpp_2m_sde", "dpmpp_2m_sde_heun", "dpmpp_3m_sde"), "exponential")
"""Where the web UI puts the steps of a sampler that was named alone; the others' lie at even timesteps."""
_SHORTENED = ("dpm2", "dpm2_a", "dpmpp_3m_sde")
"""Samplers for which it leaves out the last level but one."""


def choose_table(
    scheduler: Scheduler,
    config: Mapping[str, Any],
    steps: int,
    strength: float | None,
    choices: Compatibility,
    *,
    xl: bool = False,
) -> Table | AdaptiveSolver:
    """The compiled sampler for a picture from noise (`strength` None) or from another picture.

    `xl`: whether the model is a Stable Diffusion XL, which has its own aligned steps.
    """
    if xl and scheduler.placing == "align_your_steps":
        scheduler = replace(scheduler, placing="align_your_steps_xl")
    quantised = choices.web_ui_schedule or choices.quantised_strength
    if scheduler.rule == ADAPTIVE and quantised and strength is not None:
        last = int(config.get("num_train_timesteps", 1000)) - 1
        return adaptive_solver(scheduler, config, None, begun_at=min(strength, _STRONGEST) * last)
    if scheduler.rule == ADAPTIVE:
        return adaptive_solver(scheduler, config, strength)
    if choices.web_ui_schedule:
        return _web_ui(scheduler, config, steps, strength, choices.fixed_steps)
    if strength is None or not choices.quantised_strength:
        return compile_table(scheduler, config, steps, strength=strength)
    kept = min(int(steps * strength), steps)
    if kept == 0:
        raise RenderError(
            f"a denoising strength of {strength:g} with {counted(steps, 'step')} runs none of them",
            hint="raise one of them",
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
    if scheduler.base in _OVER_SIGMAS:
        start = None if strength is None else _at_step((steps - run - 1) * scheduler.entries_per_step)
        return compile_table(scheduler, config, steps, start=start, walk=_web_ui_walk(scheduler))
    if scheduler.name != "ddim":
        raise RenderError(
            f"the web UI's own steps are not known for {scheduler.name}",
            hint=f"with web UI compatibility use ddim, {', '.join(_OVER_SIGMAS)}",
        )
    placed = {**config, "timestep_spacing": "leading", "steps_offset": 1, "set_alpha_to_one": False}
    # DDIM is given the noise of the step before the first one it runs
    start = None if strength is None else Start(steps - run, max(0, steps - run - 1))
    return compile_table(scheduler, placed, steps, start=start)


def _at_step(step: int) -> Start:
    return Start(step, step)


def _web_ui_walk(scheduler: Scheduler) -> Walk:
    """Where the web UI puts the steps, and where it ends."""
    spacing = scheduler.placing or scheduler.spacing or _AUTOMATIC.get(scheduler.base, "uniform")
    walk = _WEB_UI_WALKS.get(spacing) or _to_nothing(PLACINGS[spacing])
    if scheduler.base not in _SHORTENED:
        return walk
    return lambda known, steps: np.delete(walk(known, steps + 1), -2)


def _to_nothing(placing: Placing) -> Walk:
    return lambda known, steps: np.append(placing(known, steps), 0.0)


def _every_stride(known: Levels, steps: int) -> Levels:
    """As many levels as there are strides, which need not be as many as steps."""
    return np.append(known[1 :: max(len(known) // steps, 1)][::-1], 0.0)


_WEB_UI_WALKS: Mapping[str, Callable[[Levels, int], Levels]] = {
    "kl_optimal": lambda known, steps: noise_levels.kl_optimal(known, steps + 1),
    "ddim": _every_stride,
    "beta": _to_nothing(noise_levels.beta_of_noise),
}
"""Schedule types that are not ours: one ends with noise, one has its own count, one is of noise and not of time."""
