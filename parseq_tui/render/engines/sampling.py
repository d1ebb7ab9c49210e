"""The sampling loop: multiply, ask the network, combine, remember (RENDER.md §2.2, §3.3b).

Nothing here knows a sampler or a guidance rule by name: a sampler is a Table, guidance and AND are one list of
coefficients. The invariant: all of it runs on the device, and the host waits for nothing inside the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from parseq_tui.render.conditioning import Term
from parseq_tui.render.engines.adaptive import AdaptiveSolver, solve
from parseq_tui.render.engines.cards import sent
from parseq_tui.render.engines.scheduler_table import CLEAN, FIRST_OUTPUT, NOISE, Table

NEGLIGIBLE = 1e-6
"""Network calls that weigh less are not made."""
GUIDANCE = "timestep_cond"
"""The condition through which distilled networks (LCM) are told the CFG scale."""


@dataclass(frozen=True, slots=True)
class Combination:
    """What one evaluation asks the network: rows of one text length at a time, and the weight of each row."""

    embeddings: tuple[torch.Tensor, ...]
    """(rows, tokens, width) each."""
    weights: tuple[torch.Tensor, ...]
    """(rows,) each, float32."""
    conditions: tuple[Mapping[str, torch.Tensor], ...] = ()
    """What else the network is told of each group, by name: tensors of (rows, …). Empty for most models."""
    unguided: tuple[torch.Tensor, ...] = ()
    """(rows,) each, float32: the weights of the answer to the negative prompt alone, for samplers that use it."""

    @property
    def rows(self) -> tuple[int, ...]:
        """How many rows each group has."""
        return tuple(len(weights) for weights in self.weights)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture to sample: everything its latent follows from."""

    table: Table | AdaptiveSolver
    combinations: Sequence[Combination]
    """One per evaluation."""
    noise: torch.Tensor
    """(1, channels, height, width)."""
    step_noises: Sequence[torch.Tensor] = ()
    clean: torch.Tensor | None = None
    """The latent of the picture it starts from, for tables that start from one."""

    @property
    def shape(self) -> Hashable:
        """Drawings of equal shape can be sampled together."""
        asked = tuple(tuple(tuple(group.shape) for group in one.embeddings) for one in self.combinations)
        return (type(self.table), tuple(self.noise.shape), asked)


def coefficients(
    terms: Sequence[Term], negative: str, cfg_scale: float, *, unguided: bool = False
) -> Mapping[str, float]:
    """How much of the network's answer to each text enters the combined one; the numbers add up to 1.

    `uncond + scale · Σ wᵢ (condᵢ - uncond)` written as one sum (RENDER.md §2.2). Equal texts are asked once, and
    texts of no weight not at all: a CFG scale of 1 costs no negative pass, unless its answer is wanted (`unguided`).
    """
    weights: dict[str, float] = {negative: 1 - cfg_scale * sum(term.weight for term in terms)}
    for term in terms:
        weights[term.text] = weights.get(term.text, 0.0) + cfg_scale * term.weight
    kept = {
        text: weight for text, weight in weights.items() if abs(weight) >= NEGLIGIBLE or (unguided and text == negative)
    }
    return kept or weights


def normalized(terms: Sequence[Term]) -> Mapping[str, float]:
    """The share of each text for networks that know no negative prompt: the terms' weights, adding up to 1.

    Terms that cancel out (weights that add up to nothing) count equally.
    """
    total = sum(term.weight for term in terms)
    shares: dict[str, float] = {}
    for term in terms:
        share = term.weight / total if abs(total) >= NEGLIGIBLE else 1 / len(terms)
        shares[term.text] = shares.get(term.text, 0.0) + share
    kept = {text: share for text, share in shares.items() if abs(share) >= NEGLIGIBLE}
    return kept or shares


def combination(
    encoded: Sequence[tuple[torch.Tensor, float]],
    conditions: Sequence[Mapping[str, torch.Tensor]] = (),
    unguided: Sequence[float] = (),
) -> Combination:
    """Groups (text tensor, weight) pairs by length, so that every group is one batch.

    `conditions`: what else belongs to each text, by name, without a rows' axis; none, or one per text. `unguided`:
    the texts' weights in the answer to the negative prompt alone; none where no sampler asks for it.
    """
    groups: dict[int, list[int]] = {}
    for index, (tensor, _) in enumerate(encoded):
        groups.setdefault(tensor.shape[0], []).append(index)
    device = encoded[0][0].device
    return Combination(
        tuple(torch.stack([encoded[index][0] for index in group]) for group in groups.values()),
        tuple(_numbers([encoded[index][1] for index in group], device) for group in groups.values()),
        tuple(
            {name: torch.stack([conditions[index][name] for index in group]) for name in conditions[0]}
            for group in groups.values()
        )
        if conditions
        else (),
        tuple(_numbers([unguided[index] for index in group], device) for group in groups.values()) if unguided else (),
    )


def _numbers(values: Sequence[float], device: torch.device) -> torch.Tensor:
    return sent(torch.tensor(values, dtype=torch.float32), device)


def sample(
    unet: Callable[..., Any],
    table: Table,
    combinations: Sequence[Combination],
    noise: torch.Tensor,
    step_noises: Sequence[torch.Tensor],
    clean: torch.Tensor | None,
) -> torch.Tensor:
    """The finished latent of one Drawing, shaped like `noise`, in noise's dtype and on its device."""
    return sample_together(unet, [Drawing(table, combinations, noise, step_noises, clean)])[0]


def sample_together(unet: Callable[..., Any], drawings: Sequence[Drawing]) -> list[torch.Tensor]:
    """The finished latents of drawings of one shape: one batch per evaluation, whatever they are made of."""
    running: list[_Running] = []
    for drawing in drawings:
        if isinstance(drawing.table, AdaptiveSolver):  # each goes its own way
            return [_solved(unet, one) for one in drawings]
        running.append(_Running(drawing, drawing.table))
    for index in range(len(drawings[0].combinations)):
        latents = [one.latent(index) for one in running]
        times = [one.times[index] for one in running]
        answers = combination_answers(unet, latents, times, [drawing.combinations[index] for drawing in drawings])
        for one, answer in zip(running, answers, strict=True):
            one.keep(index, answer)
    return [one.result() for one in running]


def _solved(unet: Callable[..., Any], drawing: Drawing) -> torch.Tensor:
    """The finished latent of a drawing whose sampler chooses its steps; the host waits for each of them."""
    solver, noise = drawing.table, drawing.noise
    assert isinstance(solver, AdaptiveSolver)

    def ask(latent: torch.Tensor, timestep: float, call: int) -> torch.Tensor:
        time = torch.tensor(timestep, dtype=torch.float32, device=noise.device)
        asked = drawing.combinations[min(call, len(drawing.combinations) - 1)]
        return combination_answers(unet, [latent], [time], [asked])[0].view_as(noise)

    return solve(solver, ask, noise, drawing.step_noises, drawing.clean)


class _Running:
    """One drawing while it is sampled: its columns so far, (columns, cells), and its table on the device."""

    def __init__(self, drawing: Drawing, table: Table) -> None:
        self._table, self._noise = table, drawing.noise
        self.columns = torch.zeros(
            table.inputs.shape[1], self._noise.numel(), dtype=self._noise.dtype, device=self._noise.device
        )
        self.columns[NOISE] = self._noise.flatten()
        if drawing.clean is not None:
            self.columns[CLEAN] = drawing.clean.flatten()
        for index, step_noise in enumerate(drawing.step_noises):
            self.columns[table.first_step_noise + index] = step_noise.flatten()
        device, dtype = self._noise.device, self._noise.dtype
        self._inputs = sent(torch.from_numpy(table.inputs).to(dtype), device)
        self._result = sent(torch.from_numpy(table.result).to(dtype), device)
        self.times = sent(torch.from_numpy(table.timesteps).to(torch.float32), device)

    def latent(self, index: int) -> torch.Tensor:
        """The network's input at this evaluation."""
        return (self._inputs[index] @ self.columns).view_as(self._noise)

    def keep(self, index: int, answer: torch.Tensor) -> None:
        """Remembers an evaluation: the guided answer, and the unguided one after it if there is one."""
        if self._table.unguided:
            self.columns[FIRST_OUTPUT + index], self.columns[self._table.first_unguided + index] = answer
        else:
            self.columns[FIRST_OUTPUT + index] = answer

    def result(self) -> torch.Tensor:
        return (self._result @ self.columns).view_as(self._noise)


def combination_answers(
    unet: Callable[..., Any],
    latents: Sequence[torch.Tensor],
    times: Sequence[torch.Tensor],
    asked: Sequence[Combination],
) -> list[torch.Tensor]:
    """The weighted sum of the network's answers for each latent, flat, in the latents' dtype.

    Where the unguided answer is asked for as well, both: (2, cells).
    """
    sums: list[torch.Tensor | None] = [None] * len(latents)
    dtype = latents[0].dtype
    for group, rows in enumerate(asked[0].rows):
        embeddings = _joined([one.embeddings[group] for one in asked])
        batch = _joined([latent.to(embeddings.dtype).expand(rows, -1, -1, -1) for latent in latents])
        timestep = times[0] if len(times) == 1 else torch.stack(list(times)).repeat_interleave(rows)
        told = _conditions([one.conditions[group] for one in asked]) if asked[0].conditions else {}
        answers = unet(batch, timestep, encoder_hidden_states=embeddings, return_dict=False, **told)[0]
        for index, one in enumerate(asked):
            own = answers if len(asked) == 1 else answers[index * rows : (index + 1) * rows]
            weights = torch.stack([one.weights[group], one.unguided[group]]) if one.unguided else one.weights[group]
            part = weights.to(dtype) @ own.to(dtype).flatten(1)
            before = sums[index]
            sums[index] = part if before is None else before + part
    return [total for total in sums if total is not None]


def _conditions(groups: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, Any]:
    """Keyword arguments of the network: what is added to the time goes in a dictionary of its own."""
    joined = {name: _joined([group[name] for group in groups]) for name in groups[0]}
    guidance = joined.pop(GUIDANCE, None)
    told: dict[str, Any] = {"added_cond_kwargs": joined} if joined else {}
    return told if guidance is None else told | {GUIDANCE: guidance}


def _joined(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(list(tensors))
