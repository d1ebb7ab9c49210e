"""DPM adaptive: a sampler that chooses its steps by what it sees, so it cannot be a table (Lu et al. 2022, appendix C).

Every step is taken with DPM-Solver-2 and -3; where they differ too much it is taken again, shorter. The numbers (error
bounds, the controller of the step length, noise as ancestral samplers add it) are k-diffusion's, as the web UI runs it.
The invariant: no more evaluations than EVALUATIONS, whatever the network answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from parseq_tui.render.engines import singlestep
from parseq_tui.render.engines.linear_samplers import ancestral
from parseq_tui.render.engines.noise_levels import times_of

EVALUATIONS = 300
"""The most that are made for one picture; what is left then is done in one step."""
_PER_STEP = 3
_ABSOLUTE, _RELATIVE = 0.0078, 0.05
"""How far the two solutions of a step may lie apart."""
_FIRST_STEP = 0.05
"""In log σ."""
_EAGERNESS = 1 / 1.5
"""How the step's length follows the error: the order of a solver whose errors are noise as well."""
_FORGIVEN = 0.81
"""A step whose successor would be this much shorter is still accepted."""

Ask = Callable[[torch.Tensor, float, int], torch.Tensor]
"""(network input, timestep, number of the call) → the guided answer, all shaped like the latent."""


@dataclass(frozen=True, slots=True)
class AdaptiveSolver:
    """What DPM adaptive must know beside the network."""

    known: NDArray[np.float64]
    """Noise levels of the timesteps it works on, rising."""
    strongest: float
    """The level it begins at."""
    prediction: str
    share: float
    """What its timesteps are multiplied by to be the model's."""
    from_noise: bool
    evaluations: int = EVALUATIONS
    step_noises: int = EVALUATIONS // _PER_STEP

    def timestep(self, level: float) -> float:
        return float(times_of(self.known, np.array(level))) * self.share


def solve(
    solver: AdaptiveSolver,
    ask: Ask,
    noise: torch.Tensor,
    step_noises: Sequence[torch.Tensor],
    clean: torch.Tensor | None,
) -> torch.Tensor:
    """The finished latent, shaped like `noise`. What noise the weakest level has stays in it."""
    way = _Way(solver, ask)
    x = noise * solver.strongest
    x = x if clean is None or solver.from_noise else clean + x
    level, weakest, before = solver.strongest, min(float(solver.known[0]), solver.strongest), x
    noises = iter(step_noises)
    length, first = _FIRST_STEP, None
    while math.log(level / weakest) > 1e-5:
        first = way.slope(x, level) if first is None else first
        following = max(level * math.exp(-length), weakest)
        if way.left < _PER_STEP:
            return x + (weakest - level) * first
        down = max(ancestral(level, following)[0], weakest)
        place, ahead = singlestep.onward(x, first, level, down, 1 / 3)
        second = way.slope(ahead, place)
        coarse = singlestep.step_2(x, first, second, level, down, 1 / 3)
        fine = singlestep.step_3(way.slope, x, first, second, level, down)
        factor = _longer(_error(coarse, fine, before))
        length *= factor
        if factor >= _FORGIVEN:
            before, first = coarse, None
            x = fine + math.sqrt(max(following**2 - down**2, 0.0)) * next(noises)
            level = following
    return x


class _Way:
    """The network as slopes, counting how often it is asked."""

    def __init__(self, solver: AdaptiveSolver, ask: Ask) -> None:
        self._solver, self._ask, self._calls = solver, ask, 0

    @property
    def left(self) -> int:
        return self._solver.evaluations - self._calls

    def slope(self, x: torch.Tensor, level: float) -> torch.Tensor:
        answer = self._ask(x / math.sqrt(level**2 + 1), self._solver.timestep(level), self._calls)
        self._calls += 1
        return (x - singlestep.clean(x, answer, level, self._solver.prediction)) / level


def _error(coarse: torch.Tensor, fine: torch.Tensor, before: torch.Tensor) -> float:
    """How many times the allowed difference two solutions lie apart, root mean square."""
    allowed = torch.clamp(torch.maximum(coarse.abs(), before.abs()) * _RELATIVE, min=_ABSOLUTE)
    return float(torch.linalg.vector_norm((coarse - fine) / allowed) / coarse.numel() ** 0.5)


def _longer(error: float) -> float:
    """By how much the next step may be longer: by the closeness of this one, and never by much at once."""
    return 1 + math.atan((1 / (error + 1e-8)) ** _EAGERNESS - 1)
