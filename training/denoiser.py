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
import torch.distributed as dist
import torch.nn.functional as F
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor

from parseq_tui.render.engines.text_encoding import TextEncoder
from training import autoencoder, progress, text, workers
from training.captions import caption, silence
from training.drawing import Scene, picture, random_scene
from training.muon import Muon
from training.tired import Loops

BATCH = 64
"""Pictures per step and process."""
DRAWINGS = 24000
"""What there is to learn from, unless another number is asked for."""
PART = 500
"""Drawings per file of cached latents."""
EASY = 0.15
"""Share of the time in which only centred subjects of usual size are shown: forms first, places later."""
GHOSTS = 0.12
"""Share of scenes without their subject, or with a pale one: what weights and empty scenes mean."""
WORN = 0.2
"""Share of inputs that look like a tired loop's."""
TIRED = 4
"""Inputs per batch that do come from loops, once the model draws."""
DRAWS = 0.4
"""Share of the time after which it does."""
ROUND = 5
"""Steps between two rounds of those loops."""
FAINTEST = 0.96
"""Share of the picture in the latents (alpha) above which no repair is asked for: its velocity would be huge."""
LOOKS = {"outline": 3.0, "watercolour": 2.5, "neon": 1.6}
"""How often a style is shown, where it is harder than the others: thin lines and pale colours."""
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
    """Latents (n, 4, 16, 16) of the scenes, as half floats in main memory."""
    out = []
    for k in range(0, len(scenes), 64):
        x = autoencoder.to_tensor(np.stack([picture(s) for s in scenes[k : k + 64]]))
        with progress.half_precision():
            out.append(vae.encoder(x.to(progress.DEVICE)).half().cpu())
    return torch.cat(out)


def collection(work: Path, rank: int, drawings: int) -> Collection:
    """The drawings to learn from, made once per autoencoder; every process makes as many parts as it has time for."""
    folder = work / f"latents-{autoencoder.steps(work)}"
    folder.mkdir(exist_ok=True)
    parts = [folder / f"{k}.pt" for k in range(max(1, drawings // PART))]
    if rank == 0:
        for claim in folder.glob("*.claim"):  # of a run that was interrupted
            claim.unlink()
    dist.barrier()
    vae = autoencoder.load(work).to(progress.DEVICE)
    for k, path in enumerate(parts):
        if not path.exists() and _claimed(path):
            progress.save(path, latents=encode(vae, part(k)))
    dist.barrier()
    scenes = [scene for k in range(len(parts)) for scene in part(k)]
    return Collection(scenes, torch.cat([torch.load(path, weights_only=True)["latents"] for path in parts]))


def part(index: int, seed: int = 4) -> list[Scene]:
    """The scenes of one part of the collection."""
    rng = np.random.default_rng((seed, index))
    return [random_scene(rng, GHOSTS) for _ in range(PART)]


def centred(count: int, rng: np.random.Generator) -> list[Scene]:
    """Scenes whose caption stays true when a loop zooms into them."""
    scenes: list[Scene] = []
    while len(scenes) < count:
        scene = random_scene(rng)
        if scene.position == "center" and scene.size == "medium":
            scenes.append(scene)
    return scenes


def _claimed(path: Path) -> bool:
    """True for the one process that may make this file."""
    try:
        path.with_suffix(".claim").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@dataclass
class Batch:
    latents: torch.Tensor
    states: torch.Tensor
    starts: torch.Tensor | None = None
    """What the model is shown where that is not the picture asked for, for the last entries of the batch."""

    def with_tired(self, starts: torch.Tensor, wanted: torch.Tensor, states: torch.Tensor) -> Batch:
        """The same batch with latents of loops in the place of its last entries."""
        kept = len(self.latents) - len(starts)
        return Batch(torch.cat([self.latents[:kept], wanted]), torch.cat([self.states[:kept], states]), starts)


class Listener:
    """Captions -> what the UNet hears, weights in brackets included (exactly as the program does it)."""

    def __init__(self, work: Path, rng: np.random.Generator) -> None:
        self._rng = rng
        self._tokenizer, model = text.load(work)
        self._model = model.to(progress.DEVICE)
        self._weighted = TextEncoder(self._tokenizer, self._model, emphasis="guarded")

    @torch.no_grad()
    def states(self, texts: list[str]) -> torch.Tensor:
        """(n, 77, width) float32."""
        ids = text.token_ids(self._tokenizer, texts).to(progress.DEVICE)
        with progress.half_precision():
            states: torch.Tensor = self._model(ids).last_hidden_state.float()
        for k, words in enumerate(texts):
            if "(" in words:
                states[k] = self._weighted.encode(words)[: text.LENGTH].float()
        return states

    @property
    def silence(self) -> torch.Tensor:
        """(1, 77, width): what guidance steers away from."""
        return self.states([""])

    def captions(self, scenes: list[Scene]) -> torch.Tensor:
        """(n, 77, width) of a caption of each scene."""
        return self.states([caption(scene, self._rng)[0] for scene in scenes])


def batches(data: Collection, listener: Listener, seed: int, size: int, easy: bool = False) -> Iterator[Batch]:
    """Endless batches; every drawing gets a new caption each time it is seen."""
    rng = np.random.default_rng(seed)
    plain = [s.position == "center" and s.size in ("medium", "large") and s.presence == 1 for s in data.scenes]
    allowed = np.flatnonzero(plain) if easy else np.arange(len(data.scenes))
    looks = np.array([LOOKS.get(data.scenes[k].style, 1.0) for k in allowed])
    while True:
        picks = rng.choice(allowed, size, p=looks / looks.sum())
        texts = [silence(rng) if rng.random() < SILENT else caption(data.scenes[k], rng)[0] for k in picks]
        latents = data.latents[torch.from_numpy(picks)].float().to(progress.DEVICE)
        yield Batch(latents, listener.states(texts))


def random_times(count: int) -> torch.Tensor:
    """Timesteps with more mass where form is decided: the middle and the noisy end."""
    u = torch.rand(count, device=progress.DEVICE)
    return (1000 * (1 - u**1.35)).long().clamp(0, 999)


def worn(latents: torch.Tensor) -> torch.Tensor:
    """Latents as a loop wears them: paler or harder, tinted, mixed with another picture, mottled."""
    count, channels = latents.shape[:2]

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(count, *shape, device=latents.device)

    out = latents * (1 + 0.15 * normal(1, 1, 1)) + 0.12 * normal(channels, 1, 1)
    share = 0.4 * torch.rand(count, 1, 1, 1, device=latents.device) * (normal(1, 1, 1) > 0)
    out = out + share * (latents.roll(1, 0) - out)
    mottling = F.interpolate(normal(channels, 4, 4), size=latents.shape[-2:], mode="bilinear")
    return out + 0.2 * torch.rand(count, 1, 1, 1, device=latents.device) * mottling


def loss_of(unet: torch.nn.Module, batch: Batch, alphas: torch.Tensor) -> torch.Tensor:
    """Mean squared error of the predicted velocity.

    Some inputs are worn, and the clean picture is asked for: in a loop the model repairs what the last round did to
    the picture, instead of adding to it. At little noise such a velocity is large, and counts less for that.
    """
    clean = batch.latents
    t = random_times(len(clean))
    chosen = torch.rand(len(clean), 1, 1, 1, device=clean.device) < WORN
    start = torch.where(chosen, worn(clean), clean)
    if batch.starts is not None:
        tired = len(batch.starts)
        chosen[-tired:], start[-tired:] = True, batch.starts
        t[-tired:] = (500 * torch.rand(tired, device=t.device)).long()
    noise = torch.randn_like(clean)
    a = alphas[t].view(-1, 1, 1, 1)
    chosen &= a < FAINTEST
    noisy = a.sqrt() * torch.where(chosen, start, clean) + (1 - a).sqrt() * noise
    wanted = torch.where(chosen, (a.sqrt() * noisy - clean) / (1 - a).sqrt(), a.sqrt() * noise - (1 - a).sqrt() * clean)
    weight = torch.where(chosen, ((1 - a) / 0.15).clamp(max=1), 1.0)
    if batch.starts is not None:  # half of what a loop has lost cannot be known: do not let it drown the rest
        weight[-tired:] = (2 * (1 - a[-tired:])).clamp(max=1)
    with progress.half_precision():
        guess = unet(noisy, t, batch.states, return_dict=False)[0]
    return F.mse_loss(guess.float() * weight.sqrt(), wanted * weight.sqrt())


def train(work: Path, minutes: float, count: int = 2, drawings: int = DRAWINGS) -> None:
    """Train for `minutes` in all in `count` processes; a second call continues."""
    workers.run(_work, work, count, minutes, drawings)


def _work(
    rank: int, count: int, work: Path, minutes: float, drawings: int, peak: float = 2.5e-3, seed: int = 5
) -> None:
    data = collection(work, rank, drawings)
    torch.manual_seed(seed)
    unet = build().to(progress.DEVICE)
    unet.set_attn_processor(AttnProcessor())  # plain products: the fused kernel's backward pass is slow on CPUs
    optimizer = Muon(unet.parameters(), peak)
    average = progress.Average(unet, 0.998)
    path = work / "denoiser.pt"
    step, spent = progress.resume(path, unet, optimizer, average)
    seed = 1000 * seed + 10 * step + rank
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    listener = Listener(work, rng)
    easy, full = (batches(data, listener, seed, BATCH, flag) for flag in (True, False))
    alphas = scheduler().alphas_cumprod.to(progress.DEVICE)
    budget = progress.Budget(minutes, spent)
    loops = Loops(autoencoder.load(work).to(progress.DEVICE), lambda n: centred(n, rng), listener.captions, rng)
    saved, share, meetings, losses = time.monotonic(), budget.share, workers.Meetings(), [0.0]
    while share < 1:
        progress.set_rate(optimizer, progress.rate_at(share, peak, step, hold=0.3))
        batch = next(easy if share < EASY else full)
        if share > DRAWS:
            if step % ROUND == 0 or not loops:
                loops.advance(unet, alphas, listener.silence)
            batch = batch.with_tired(*loops.batch(TIRED))
        loss = loss_of(unet, batch, alphas)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        average.update(unet, step)
        step += 1
        losses.append(loss.item())
        if not meetings.due():
            continue
        share, mean_loss = meetings.meet(unet, budget.share, float(np.mean(losses)))
        losses.clear()
        if rank == 0:
            print(f"denoiser {step} {budget.seconds:.0f}s loss {mean_loss:.4f}", flush=True)
        if rank == 0 and (share >= 1 or time.monotonic() - saved > 120):
            saved = time.monotonic()
            progress.keep(path, unet, optimizer, average, step, budget.seconds)


def load(work: Path) -> UNet2DConditionModel:
    """The averaged UNet of a finished (or interrupted) stage."""
    state = progress.load(work / "denoiser.pt")
    if state is None:
        raise FileNotFoundError(f"no denoiser.pt in {work}: run the denoiser stage first")
    unet = build()
    unet.load_state_dict(state["average"])
    return unet.eval()
