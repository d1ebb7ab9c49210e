"""Stage 1: AutoencoderTiny, 128 x 128 x 3 <-> 16 x 16 x 4, stable when a frame goes round and round."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from numpy.typing import NDArray

from training import progress, workers
from training.augment import varied
from training.drawing import SIZE, picture, random_scene
from training.muon import Muon

CHANNELS = 8
BATCH = 12
CROPPED = 0.35
"""Share of the time spent on quarter pictures: four times as many steps while most is still to be learnt."""


def build() -> AutoencoderTiny:
    """Factor 8; shallow where pixels are many, deep where they are few."""
    return AutoencoderTiny(
        encoder_block_out_channels=(32,) * 4,
        decoder_block_out_channels=(32,) * 4,
        num_encoder_blocks=(0, 1, 3, 6),
        num_decoder_blocks=(7, 4, 2, 1),
        latent_channels=CHANNELS,
        scaling_factor=1.0,
    )


def drawings(count: int, seed: int) -> NDArray[np.uint8]:
    """`count` random drawings, (count, 128, 128, 3)."""
    rng = np.random.default_rng(seed)
    out = np.empty((count, SIZE, SIZE, 3), np.uint8)
    for k in range(count):
        out[k] = picture(random_scene(rng))
    return out


def to_tensor(images: NDArray[np.uint8]) -> torch.Tensor:
    """RGB bytes (n, h, w, 3) -> floats -1..1 (n, 3, h, w)."""
    x = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
    return (x.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def to_bytes(x: torch.Tensor) -> NDArray[np.uint8]:
    """Floats -1..1 (n, 3, h, w) -> RGB bytes (n, h, w, 3)."""
    y = ((x.detach().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return np.ascontiguousarray(y.permute(0, 2, 3, 1).cpu().numpy())


def cropped(x: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """One random quarter (half the height, half the width) of every picture of a batch."""
    side = x.shape[-1] // 2
    top, left = (int(v) for v in rng.integers(0, side + 1, 2))
    return x[..., top : top + side, left : left + side].contiguous(memory_format=torch.channels_last)


def edge_loss(y: torch.Tensor, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Differences between neighbours: what makes an outline look crisp."""
    across = ((y.diff(dim=-1) - x.diff(dim=-1)).abs() * weight[..., 1:]).mean()
    return across + ((y.diff(dim=-2) - x.diff(dim=-2)).abs() * weight[..., 1:, :]).mean()


def busyness(x: torch.Tensor) -> torch.Tensor:
    """Weight per pixel (n, 1, h, w), 1 where the picture is smooth, up to about 4 round eyes, windows and lines.

    Small details are few pixels, and a plain mean forgets them.
    """
    contrast = (x - F.avg_pool2d(x, 5, 1, 2, count_include_pad=False)).abs().mean(1, keepdim=True)
    return 1 + 6 * F.avg_pool2d(contrast, 7, 1, 3, count_include_pad=False)


def rebuilding_error(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """How far the pictures `y` are from `x`: values and edges, details counted more than plain areas."""
    weight = busyness(x)
    return ((y - x).abs() * weight).mean() + 0.5 * (y - x).square().mean() + 0.5 * edge_loss(y, x, weight)


def loss_of(model: AutoencoderTiny, x: torch.Tensor, source: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss of rebuilding `x` from `source` (x itself, or an earlier rebuilding of it), and the rebuilt pictures.

    Noise on the latents makes the decoder forgive the denoiser; unit variance per channel is what the noise
    schedule expects; the tanh inside the decoder wants values within about 3; a rebuilt picture that encodes to the
    latents it came from keeps a loop from drifting.
    """
    with progress.half_precision():
        z = model.encoder(source)
        y = model.decoder(z + 0.12 * torch.rand(len(z), 1, 1, 1, device=z.device) * torch.randn_like(z))
        back = model.encoder(y.clamp(-1, 1))
    z, y, back = z.float(), y.float(), back.float()
    mean, deviation = z.mean((0, 2, 3)), z.std((0, 2, 3))
    tidy = mean.square().mean() + (deviation - 1).square().mean() + (z.abs() - 2.5).clamp(min=0).square().mean()
    return rebuilding_error(y, x) + 0.02 * tidy + 0.15 * (back - z.detach()).abs().mean(), y


@torch.no_grad()
def start(model: AutoencoderTiny, x: torch.Tensor) -> None:
    """Give untrained latents unit deviation, or the latent noise would drown them for hundreds of steps."""
    model.encoder.layers[-1].weight.div_(model.encoder(x).std())


def train(work: Path, minutes: float, count: int = 2) -> None:
    """Train for `minutes` in all on `count` cores; a second call continues."""
    workers.run(_train, work, count, minutes)


def fresh(rng: np.random.Generator, count: int) -> torch.Tensor:
    """New drawings, some of them worn by `varied`, as floats (count, 3, 128, 128)."""
    images = [picture(random_scene(rng)) for _ in range(count)]
    return to_tensor(np.stack([varied(image, images[k - 1], rng) for k, image in enumerate(images)])).to(
        progress.DEVICE
    )


def _train(rank: int, count: int, work: Path, minutes: float, peak: float = 2e-3, seed: int = 1) -> None:
    torch.manual_seed(seed)
    model = build()
    start(model, to_tensor(drawings(32, seed)))
    model.to(progress.DEVICE)
    path = work / "autoencoder.pt"
    optimizer = Muon(model.parameters(), peak)
    average = progress.Average(model, 0.998)
    step, spent = progress.resume(path, model, optimizer, average)
    torch.manual_seed(10 * step + rank)
    budget = progress.Budget(minutes, spent)
    rng = np.random.default_rng(10 * step + rank)
    saved, share, meetings, errors = time.monotonic(), budget.share, workers.Meetings(), [0.0]
    again: tuple[torch.Tensor, torch.Tensor] | None = None
    while share < 1:
        progress.set_rate(optimizer, progress.rate_at(share, peak, step))
        if (
            again is not None and share > CROPPED and step % 5 > 2
        ):  # two more rounds on what came out: loops must stay stable
            source, x = again
        else:
            x = fresh(rng, BATCH)
            source = x = cropped(x, rng) if share < CROPPED else x
        loss, y = loss_of(model, x, source)
        again = (y.detach().clamp(-1, 1), x)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update(model, step)
        step += 1
        errors.append(F.mse_loss(again[0], x).item())
        if not meetings.due():
            continue
        share, error = meetings.meet(model, budget.share, float(np.mean(errors)))
        errors.clear()
        if rank == 0:
            print(f"autoencoder {step} {budget.seconds:.0f}s psnr {-10 * np.log10(error / 4):.2f}", flush=True)
        if rank == 0 and (share >= 1 or time.monotonic() - saved > 60):
            saved = time.monotonic()
            progress.keep(path, model, optimizer, average, step, budget.seconds)


def load(work: Path, polished: bool = True) -> AutoencoderTiny:
    """The averaged autoencoder of a finished (or interrupted) stage, with the polished decoder where there is one."""
    state = progress.load(work / "autoencoder.pt")
    if state is None:
        raise FileNotFoundError(f"no autoencoder.pt in {work}: run the autoencoder stage first")
    model = build()
    model.load_state_dict(state["average"])
    finer = progress.load(work / "polished.pt") if polished else None
    if finer is not None:
        model.decoder.load_state_dict(finer["average"])
    return model.eval()


def steps(work: Path) -> int:
    """How many steps the encoder has learnt for; latents of an earlier one are of no use."""
    state = progress.load(work / "autoencoder.pt")
    return int(state["step"]) if state else 0
