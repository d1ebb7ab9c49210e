"""What an exported model does with words, weights, seeds and its own frames: samples and numbers, no opinions.

Everything goes through stock diffusers as a user's own script would, weights in brackets through the program's reader.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image

from parseq_tui.render.engines.text_encoding import TextEncoder
from training import judge
from training.autoencoder import CHANNELS
from training.drawing import Scene
from training.progress import DEVICE

Images = NDArray[np.uint8]
CFG = 4.0
STEPS = 8
SIDE = 128


def load(folder: Path) -> StableDiffusionPipeline:
    """The exported folder, exactly as a user's stock diffusers would load it."""
    pipeline: StableDiffusionPipeline = StableDiffusionPipeline.from_pretrained(
        folder, torch_dtype=torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(DEVICE)


def noise(seed: int) -> torch.Tensor:
    """The start of the picture with this seed (1, channels, 16, 16), the same on every device."""
    return torch.randn(1, CHANNELS, SIDE // 8, SIDE // 8, generator=torch.Generator().manual_seed(seed))


def _bytes(pictures: NDArray[np.floating[Any]]) -> Images:
    return np.asarray((pictures * 255).round(), np.uint8)


def sample(
    pipeline: StableDiffusionPipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    steps: int = STEPS,
    cfg: float = CFG,
    negative: str = "",
) -> Images:
    """Pictures (n, 128, 128, 3) of the prompts."""
    out = []
    for k in range(0, len(prompts), 32):
        part = list(prompts[k : k + 32])
        result = pipeline(
            part,
            negative_prompt=[negative] * len(part),
            latents=torch.cat([noise(s) for s in seeds[k : k + 32]]).to(DEVICE),
            height=SIDE,
            width=SIDE,
            num_inference_steps=steps,
            guidance_scale=cfg,
            output_type="np",
        )
        out.append(_bytes(result.images))
    return np.concatenate(out)


def weighted(pipeline: StableDiffusionPipeline, text: str, seed: int) -> Images:
    """One picture (128, 128, 3) of a prompt with weights in brackets, as the program reads it."""
    encoder = TextEncoder(pipeline.tokenizer, pipeline.text_encoder, emphasis="guarded")
    with torch.no_grad():
        states = encoder.encode(text)[None]
        silent = encoder.encode("")[None]
    result = pipeline(
        prompt_embeds=states,
        negative_prompt_embeds=silent,
        latents=noise(seed).to(DEVICE),
        height=SIDE,
        width=SIDE,
        num_inference_steps=STEPS,
        guidance_scale=CFG,
        output_type="np",
    )
    return np.asarray(_bytes(result.images)[0])


@torch.no_grad()
def morph(pipeline: StableDiffusionPipeline, first: str, second: str, share: float, seed: int) -> Images:
    """One picture (128, 128, 3) of `first :1-share AND second :share`: guidance terms added up."""
    states = torch.cat([pipeline.encode_prompt(t, DEVICE, 1, False)[0] for t in ("", first, second)])
    pipeline.scheduler.set_timesteps(STEPS)
    x = noise(seed).to(DEVICE) * pipeline.scheduler.init_noise_sigma
    for t in pipeline.scheduler.timesteps:
        nothing, one, other = pipeline.unet(x.expand(3, -1, -1, -1), t, states).sample.split(1)
        guided = nothing + CFG * ((1 - share) * (one - nothing) + share * (other - nothing))
        x = pipeline.scheduler.step(guided, t, x).prev_sample
    y = pipeline.vae.decode(x / pipeline.vae.config.scaling_factor).sample
    return _bytes((y[0].permute(1, 2, 0).clamp(-1, 1).cpu().numpy() + 1) / 2)


def travel(pipeline: StableDiffusionPipeline, prompt: str, count: int = 16) -> Images:
    """Pictures on the way between the noises of two seeds (spherical interpolation)."""
    a, b = noise(1), noise(2)
    angle = torch.acos((a * b).sum() / (a.norm() * b.norm()))
    out = []
    for share in np.linspace(0, 1, count):
        start = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)
        result = pipeline(
            prompt,
            latents=start.to(DEVICE),
            height=SIDE,
            width=SIDE,
            num_inference_steps=STEPS,
            guidance_scale=CFG,
            output_type="np",
        )
        out.append(_bytes(result.images)[0])
    return np.stack(out)


def loop(
    pipeline: StableDiffusionPipeline,
    prompt: str,
    frames: int,
    strength: float,
    zoom: float = 1.02,
    cfg: float = CFG,
    steps: int = STEPS,
) -> Images:
    """What the program does in loopback mode: zoom the last frame, redraw it with a new seed, repeat."""
    redraw = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    redraw.set_progress_bar_config(disable=True)
    frame = sample(pipeline, [prompt], [1], steps, cfg)[0]
    out = [frame]
    matrix = cv2.getRotationMatrix2D((SIDE / 2 - 0.5, SIDE / 2 - 0.5), 0, zoom)
    for k in range(1, frames):
        moved = cv2.warpAffine(frame, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        result = redraw(
            prompt,
            image=Image.fromarray(moved),
            strength=strength,
            num_inference_steps=max(steps, round(steps / strength)),
            guidance_scale=cfg,
            generator=torch.Generator().manual_seed(k),
            output_type="np",
        )
        frame = _bytes(result.images)[0]
        out.append(frame)
    return np.stack(out)


def round_trips(pipeline: StableDiffusionPipeline, image: Images, count: int = 50) -> tuple[Images, list[float]]:
    """The picture after `count` encode-decode rounds, and its PSNR to the original on the way."""
    x = torch.from_numpy(image).permute(2, 0, 1)[None].float().to(DEVICE) / 127.5 - 1
    y, quality = x, []
    with torch.no_grad():
        for _ in range(count):
            y = pipeline.vae.decode(pipeline.vae.encode(y).latents).sample.clamp(-1, 1)
            y = ((y + 1) * 127.5).round() / 127.5 - 1
            quality.append(float(-10 * torch.log10((y - x).square().mean() / 4)))
    return _bytes((y[0].permute(1, 2, 0).cpu().numpy() + 1) / 2), quality


def speed(pipeline: StableDiffusionPipeline, steps: int = STEPS, repeats: int = 5) -> float:
    """Milliseconds per text-to-image frame with guidance."""
    sample(pipeline, ["a cat"], [0], steps)
    started = time.perf_counter()
    for k in range(repeats):
        sample(pipeline, ["a cat"], [k], steps)
    return (time.perf_counter() - started) / repeats * 1000


def right(work: Path, images: Images, scenes: Sequence[Scene]) -> dict[str, NDArray[np.bool_]]:
    """Per attribute and picture, whether the judge sees what was asked for."""
    found = judge.opinions(judge.load(work), images) == judge.labels(list(scenes))
    return {name: found[:, k].numpy() for k, name in enumerate(judge.ASKED)}


def liveliness(frames: Images) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Contrast (deviation of brightness) and mean saturation (0..255) of every frame: grey falls, burn rises."""
    values = frames.astype(np.float64)
    return values.mean(3).std((1, 2)), (values.max(3) - values.min(3)).mean((1, 2))
