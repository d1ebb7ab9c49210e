"""The sampling loop: multiply, ask the network, combine, remember (RENDER.md §2.2, §3.3b).

Nothing here knows a sampler or a guidance rule by name: a sampler is a Table, guidance and AND are one list of
coefficients. The invariant: all of it runs on the device, and the host waits for nothing inside the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from parseq_tui.render.conditioning import Term
from parseq_tui.render.engines.scheduler_table import CLEAN, FIRST_OUTPUT, NOISE, Table

NEGLIGIBLE = 1e-6
"""Network calls that weigh less are not made."""


@dataclass(frozen=True, slots=True)
class Combination:
    """What one evaluation asks the network: rows of one text length at a time, and the weight of each row."""

    embeddings: tuple[torch.Tensor, ...]
    """(rows, tokens, width) each."""
    weights: tuple[torch.Tensor, ...]
    """(rows,) each, float32."""


def coefficients(terms: Sequence[Term], negative: str, cfg_scale: float) -> Mapping[str, float]:
    """How much of the network's answer to each text enters the combined one; the numbers add up to 1.

    `uncond + scale · Σ wᵢ (condᵢ - uncond)` written as one sum (RENDER.md §2.2). Equal texts are asked once, and
    texts of no weight not at all: a CFG scale of 1 costs no negative pass.
    """
    weights: dict[str, float] = {negative: 1 - cfg_scale * sum(term.weight for term in terms)}
    for term in terms:
        weights[term.text] = weights.get(term.text, 0.0) + cfg_scale * term.weight
    kept = {text: weight for text, weight in weights.items() if abs(weight) >= NEGLIGIBLE}
    return kept or weights


def combination(encoded: Sequence[tuple[torch.Tensor, float]]) -> Combination:
    """Groups (text tensor, weight) pairs by length, so that every group is one batch."""
    groups: dict[int, list[tuple[torch.Tensor, float]]] = {}
    for tensor, weight in encoded:
        groups.setdefault(tensor.shape[0], []).append((tensor, weight))
    return Combination(
        tuple(torch.stack([tensor for tensor, _ in group]) for group in groups.values()),
        tuple(
            torch.tensor([weight for _, weight in group], dtype=torch.float32, device=group[0][0].device)
            for group in groups.values()
        ),
    )


def sample(
    unet: Callable[..., Any],
    table: Table,
    combinations: Sequence[Combination],
    noise: torch.Tensor,
    step_noises: Sequence[torch.Tensor],
    clean: torch.Tensor | None,
) -> torch.Tensor:
    """The finished latent, shaped like `noise`: (1, channels, height, width), in noise's dtype and on its device.

    `combinations`: one per evaluation. `clean`: the picture's latent, for tables that start from one.
    """
    columns = torch.zeros(table.inputs.shape[1], noise.numel(), dtype=noise.dtype, device=noise.device)
    columns[NOISE] = noise.flatten()
    if clean is not None:
        columns[CLEAN] = clean.flatten()
    for index, step_noise in enumerate(step_noises):
        columns[table.first_step_noise + index] = step_noise.flatten()
    inputs = torch.from_numpy(table.inputs).to(columns)
    timesteps = torch.from_numpy(table.timesteps).to(noise.device, torch.float32)
    for index, asked in enumerate(combinations):
        latent = (inputs[index] @ columns).view_as(noise)
        columns[FIRST_OUTPUT + index] = _answer(unet, latent, timesteps[index], asked)
    return (torch.from_numpy(table.result).to(columns) @ columns).view_as(noise)


def _answer(unet: Callable[..., Any], latent: torch.Tensor, timestep: torch.Tensor, asked: Combination) -> torch.Tensor:
    """The weighted sum of the network's answers, flat, in the latent's dtype."""
    parts: list[torch.Tensor] = []
    for embeddings, weights in zip(asked.embeddings, asked.weights, strict=True):
        batch = latent.to(embeddings.dtype).expand(len(embeddings), -1, -1, -1)
        answers = unet(batch, timestep, encoder_hidden_states=embeddings, return_dict=False)[0]
        parts.append(weights.to(latent.dtype) @ answers.to(latent.dtype).flatten(1))
    return parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)
