"""Stage 1b: the decoder alone, taught by a critic to be crisp. The encoder, and with it every latent, stays as it is.

A mean error makes the decoder draw the average of what it is unsure of: soft eyes, soft windows. A critic that looks
at small patches sees at once that no drawing has those. The same stage makes loops steady: what is drawn must encode
to the latents it came from, and latents that went round once must give the same drawing.
"""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from training import autoencoder, progress, workers
from training.muon import Muon

BATCH = 8
ROUNDS = 20
"""How often latents go round at most."""
KEPT = 64
"""Tired latents at hand."""
CRITICAL = 0.02
"""Weight of the critic's verdict against the error of the picture."""
LIKENESS = 0.25
"""Weight of the difference of what the critic sees in the drawing and in its rebuilding."""


class Critic(nn.Module):
    """Drawing or rebuilding? One answer per patch of about 46 pixels, and what it was drawn from."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 48, 72)
        self.layers = nn.ModuleList(spectral_norm(nn.Conv2d(a, b, 4, 2, 1)) for a, b in pairwise(widths))
        self.middle = spectral_norm(nn.Conv2d(widths[-1], widths[-1], 3, 1, 1))
        self.answer = spectral_norm(nn.Conv2d(widths[-1], 1, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        seen = []
        for layer in (*self.layers, self.middle):
            x = F.leaky_relu(layer(x), 0.2)
            seen.append(x)
        return self.answer(x), seen


class Rounds:
    """Latents that have been through decoder and encoder some times, with the drawings they come from.

    Half of every batch is taken from here: a decoder that gives the drawing back from tired latents keeps a loop from
    drifting, however long it is.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._kept: list[tuple[torch.Tensor, torch.Tensor, int]] = []

    def batch(self, model: AutoencoderTiny) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
        """Latents, drawings, and how often each has been round."""
        tired = [self._kept[k] for k in self._rng.permutation(len(self._kept))[: BATCH // 2]]
        x = autoencoder.fresh(self._rng, BATCH - len(tired))
        with torch.no_grad(), progress.half_precision():
            z: torch.Tensor = model.encoder(x).float()
        z = torch.cat([z, *(item[0][None] for item in tired)])
        x = torch.cat([x, *(item[1][None] for item in tired)])
        return z, x, [0] * (BATCH - len(tired)) + [item[2] for item in tired]

    def keep(self, z: torch.Tensor, x: torch.Tensor, ages: list[int]) -> None:
        """Put away what came back from one more round."""
        new = [(z[k], x[k], age + 1) for k, age in enumerate(ages) if age < ROUNDS]
        self._kept = [*self._kept, *new]
        while len(self._kept) > KEPT:
            self._kept.pop(int(self._rng.integers(len(self._kept))))


def loss_of(
    model: AutoencoderTiny, critic: Critic, x: torch.Tensor, z: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Loss of the decoder, what it drew, and the latents of that. A little noise stands for the denoiser's."""
    with progress.half_precision():
        y = model.decoder(z + 0.14 * torch.rand(len(z), 1, 1, 1, device=z.device) * torch.randn_like(z))
        back = model.encoder(y.clamp(-1, 1))
        verdict, seen = critic(y)
        with torch.no_grad():
            first = model.encoder(x)
            _, wanted = critic(x)
    likeness = sum(((a - b).abs().mean() for a, b in zip(seen, wanted, strict=True)), torch.zeros((), device=x.device))
    error = autoencoder.rebuilding_error(y.float(), x) + 0.15 * (back.float() - first.float()).abs().mean()
    loss = error - CRITICAL * verdict.float().mean() + LIKENESS * likeness.float()
    return loss, y.detach().float().clamp(-1, 1), back.detach().float()


def critic_loss(critic: Critic, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Hinge loss: drawings above 1, rebuildings below -1."""
    with progress.half_precision():
        real, fake = critic(x)[0], critic(y)[0]
    return F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()


def train(work: Path, minutes: float, count: int = 2) -> None:
    """Train for `minutes` in all in `count` processes; a second call continues."""
    workers.run(_train, work, count, minutes)


def _train(rank: int, count: int, work: Path, minutes: float, peak: float = 6e-4, seed: int = 7) -> None:
    torch.manual_seed(seed)
    model, critic = autoencoder.load(work, polished=False).to(progress.DEVICE), Critic().to(progress.DEVICE)
    model.encoder.requires_grad_(False)
    pair = nn.ModuleList([model.decoder, critic])
    optimizer, judge = Muon(model.decoder.parameters(), peak), torch.optim.AdamW(critic.parameters(), 1e-3, (0.5, 0.9))
    average = progress.Average(model.decoder, 0.996)
    path = work / "polished.pt"
    step, spent = 0, 0.0
    if state := progress.load(path):
        pair.load_state_dict(state["pair"])
        optimizer.load_state_dict(state["optimizer"])
        judge.load_state_dict(state["judge"])
        average.weights, step, spent = state["average"], state["step"], state["spent"]
    torch.manual_seed(10 * step + rank)
    rng = np.random.default_rng(10 * step + rank + 5)
    rounds = Rounds(rng)
    budget = progress.Budget(minutes, spent)
    saved, share, meetings, errors = time.monotonic(), budget.share, workers.Meetings(), [0.0]
    while share < 1:
        progress.set_rate(optimizer, progress.rate_at(share, peak, step, hold=0.3))
        z, x, ages = rounds.batch(model)
        loss, y, back = loss_of(model, critic, x, z)
        rounds.keep(back, x, ages)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.decoder.parameters(), 1.0)
        optimizer.step()
        judge.zero_grad()
        critic_loss(critic, x, y).backward()  # type: ignore[no-untyped-call]
        judge.step()
        average.update(model.decoder, step)
        step += 1
        errors.append(F.mse_loss(y, x).item())
        if not meetings.due():
            continue
        share, error = meetings.meet(pair, budget.share, float(np.mean(errors)))
        errors.clear()
        if rank == 0:
            print(f"polish {step} {budget.seconds:.0f}s psnr {-10 * np.log10(error / 4):.2f}", flush=True)
        if rank == 0 and (share >= 1 or time.monotonic() - saved > 60):
            saved = time.monotonic()
            parts = {"pair": pair.state_dict(), "optimizer": optimizer.state_dict(), "judge": judge.state_dict()}
            progress.save(path, **parts, average=average.weights, step=step, spent=budget.seconds)
