"""Stage 3: the UNet. Noisy latents, time, caption states -> velocity (v-prediction).

The words reach it twice: cross-attention at the two inner levels, and an attention-pooled state added to the time
embedding (`addition_embed_type="text"`, which the stock pipeline feeds by itself) that scales and shifts every
residual block.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextModel, CLIPTokenizer

from training import autoencoder, progress, text, workers
from training.captions import caption, silence
from training.drawing import Scene, picture, random_scene
from training.muon import Muon

BATCH = 96
DRAWINGS = 32000
EASY = 0.25
"""Share of the time in which only centred subjects of usual size are shown: forms first, places later."""
SILENT = 0.1
"""Share of captions that say nothing: what guidance steers away from."""


def build() -> UNet2DConditionModel:
    """About four million parameters on 16 x 16 latents."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=autoencoder.CHANNELS,
        out_channels=autoencoder.CHANNELS,
        block_out_channels=(64, 96, 96),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=text.WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        time_embedding_dim=256,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


def scheduler() -> DDIMScheduler:
    """The noise schedule that the model is made for.

    The last step keeps 2 % of the picture: little enough that background colours do not leak in training, and a
    finite sigma (50), so that every sampler of diffusers works from this configuration.
    """
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.0004,
        beta_end=0.02,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=0,
        timestep_spacing="trailing",
    )


@dataclass
class Collection:
    """Drawings as latents, with the scenes that they show."""

    scenes: list[Scene]
    latents: torch.Tensor


@torch.no_grad()
def encode(vae: AutoencoderTiny, scenes: list[Scene]) -> torch.Tensor:
    """Latents (n, 4, 16, 16) of the scenes, as half floats."""
    out = []
    for k in range(0, len(scenes), 64):
        x = autoencoder.to_tensor(np.stack([picture(s) for s in scenes[k : k + 64]]))
        with torch.autocast("cpu", torch.bfloat16):
            out.append(vae.encoder(x).half())
    return torch.cat(out)


def collection(work: Path, count: int, seed: int = 4) -> Collection:
    """The drawings to learn from; made once and kept in `work`."""
    rng = np.random.default_rng(seed)
    scenes = [random_scene(rng) for _ in range(count)]
    path = work / f"latents-{count}-{seed}.pt"
    state = progress.load(path)
    if state is None:
        progress.save(path, latents=encode(autoencoder.load(work), scenes))
        state = progress.load(path)
    assert state is not None
    return Collection(scenes, state["latents"])


@dataclass
class Batch:
    latents: torch.Tensor
    states: torch.Tensor


def batches(
    data: Collection, tokenizer: CLIPTokenizer, encoder: CLIPTextModel, seed: int, size: int, easy: bool = False
) -> Iterator[Batch]:
    """Endless batches; every drawing gets a new caption each time it is seen."""
    rng = np.random.default_rng(seed)
    plain = [s.position == "center" and s.size != "small" for s in data.scenes]
    allowed = np.flatnonzero(plain) if easy else np.arange(len(data.scenes))
    while True:
        picks = rng.choice(allowed, size)
        texts = [silence(rng) if rng.random() < SILENT else caption(data.scenes[k], rng)[0] for k in picks]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            states = encoder(text.token_ids(tokenizer, texts)).last_hidden_state
        yield Batch(data.latents[torch.from_numpy(picks)].float(), states.float())


def random_times(count: int) -> torch.Tensor:
    """Timesteps with more mass where form is decided: the middle and the noisy end."""
    u = torch.rand(count)
    return (1000 * (1 - u**1.35)).long().clamp(0, 999)


def loss_of(unet: torch.nn.Module, batch: Batch, alphas: torch.Tensor) -> torch.Tensor:
    """Mean squared error of the predicted velocity."""
    t = random_times(len(batch.latents))
    noise = torch.randn_like(batch.latents)
    a = alphas[t].view(-1, 1, 1, 1)
    noisy = a.sqrt() * batch.latents + (1 - a).sqrt() * noise
    wanted = a.sqrt() * noise - (1 - a).sqrt() * batch.latents
    with torch.autocast("cpu", torch.bfloat16):
        guess = unet(noisy, t, batch.states, return_dict=False)[0]
    return F.mse_loss(guess.float(), wanted)


def train(work: Path, minutes: float, count: int = 2) -> None:
    """Train for `minutes` in all on `count` cores; a second call continues."""
    workers.run(_work, work, count, minutes)


def _work(rank: int, count: int, work: Path, minutes: float, peak: float = 3e-3, seed: int = 5) -> None:
    data = collection(work, DRAWINGS // count, seed * 100 + rank)
    torch.manual_seed(seed)
    tokenizer, encoder = text.load(work)
    unet = build()
    unet.set_attn_processor(AttnProcessor())  # plain products: the fused kernel's backward pass is slow on CPUs
    optimizer = Muon(unet.parameters(), peak)
    average = progress.Average(unet, 0.999)
    step, spent = 0, 0.0
    path = work / "denoiser.pt"
    if state := progress.load(path):
        unet.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.weights, step, spent = state["average"], state["step"], state["spent"]
    seed = 1000 * seed + 10 * step + rank
    torch.manual_seed(seed)
    easy, full = (batches(data, tokenizer, encoder, seed, BATCH // count, flag) for flag in (True, False))
    alphas = scheduler().alphas_cumprod
    budget = progress.Budget(minutes, spent)
    saved, total, share = time.monotonic(), 0.0, budget.share
    while share < 1:
        progress.set_rate(optimizer, progress.rate_at(share, peak, step, hold=0.3))
        loss = loss_of(unet, next(easy if share < EASY else full), alphas)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        share, mean_loss = workers.agree(unet, budget.share, loss.item())
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        average.update(unet, step)
        step += 1
        total += mean_loss
        if rank == 0 and step % 50 == 0:
            print(f"denoiser {step} {budget.seconds:.0f}s loss {total / 50:.4f}", flush=True)
            total = 0.0
        if rank == 0 and (share >= 1 or time.monotonic() - saved > 150):
            saved = time.monotonic()
            parts = {"model": unet.state_dict(), "optimizer": optimizer.state_dict(), "average": average.weights}
            progress.save(path, **parts, step=step, spent=budget.seconds)


def load(work: Path) -> UNet2DConditionModel:
    """The averaged UNet of a finished (or interrupted) stage."""
    state = progress.load(work / "denoiser.pt")
    if state is None:
        raise FileNotFoundError(f"no denoiser.pt in {work}: run the denoiser stage first")
    unet = build()
    unet.load_state_dict(state["average"])
    return unet.eval()
