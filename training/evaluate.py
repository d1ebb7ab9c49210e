"""Measures of an exported model: does it obey, how fast is it, does it survive the loop?

python -m training evaluate        prints a table and writes contact sheets into the work folder
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image

from training import judge
from training.backgrounds import BACKGROUNDS, PLACES
from training.captions import COLOR_WORDS, PLACE_WORDS
from training.drawing import Scene
from training.palette import COLORS
from training.subjects import SUBJECTS

Images = NDArray[np.uint8]
CFG = 4.0


def load(folder: Path) -> StableDiffusionPipeline:
    """The exported folder, exactly as a user's stock diffusers would load it."""
    pipeline: StableDiffusionPipeline = StableDiffusionPipeline.from_pretrained(
        folder, torch_dtype=torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def sample(
    pipeline: StableDiffusionPipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    steps: int = 8,
    cfg: float = CFG,
    negative: str = "",
) -> Images:
    """Pictures (n, 128, 128, 3) of the prompts."""
    out = []
    for k in range(0, len(prompts), 32):
        part = list(prompts[k : k + 32])
        generators = [torch.Generator().manual_seed(s) for s in seeds[k : k + 32]]
        result = pipeline(
            part,
            negative_prompt=[negative] * len(part),
            height=128,
            width=128,
            num_inference_steps=steps,
            guidance_scale=cfg,
            generator=generators,
            output_type="np",
        )
        out.append((result.images * 255).round().astype(np.uint8))
    return np.concatenate(out)


def plain_prompt(scene: Scene) -> str:
    """The shortest natural caption of subject, colour and background."""
    place = (
        PLACE_WORDS[scene.background][0]
        if scene.background in PLACES
        else f"{COLOR_WORDS[scene.background][0]} background"
    )
    return f"a {scene.color} {scene.subject}, {place}"


def test_scenes(count: int, seed: int = 77) -> list[Scene]:
    """Every subject equally often, colours and backgrounds at random."""
    rng = np.random.default_rng(seed)
    scenes = []
    for k in range(count):
        subject = list(SUBJECTS)[k % len(SUBJECTS)]
        color = str(rng.choice(list(COLORS)))
        background = str(rng.choice([b for b in BACKGROUNDS if b != color]))
        scenes.append(Scene(subject, color, background, seed=k))
    return scenes


def sheet(images: Images, columns: int) -> Images:
    """A contact sheet."""
    rows = [np.concatenate(list(images[k : k + columns]), 1) for k in range(0, len(images), columns)]
    return np.concatenate([r for r in rows if r.shape == rows[0].shape])


def write(path: Path, image: Images) -> None:
    Image.fromarray(image).save(path)


def obedience(
    pipeline: StableDiffusionPipeline, work: Path, count: int = 195, steps: int = 8, cfg: float = CFG
) -> dict[str, float]:
    """Share of plain prompts whose subject, colour, background the judge recognises; and of whole prompts."""
    scenes = test_scenes(count)
    images = sample(pipeline, [plain_prompt(s) for s in scenes], [s.seed for s in scenes], steps, cfg)
    model = judge.load(work)
    right = (judge.opinions(model, images) == judge.labels(scenes)).float()[:, :3]
    by_subject = {name: round(float(right[k :: len(SUBJECTS), 0].mean()), 2) for k, name in enumerate(SUBJECTS)}
    print("subjects", by_subject, flush=True)
    names = list(judge.ASKED)[:3]
    result = {name: round(float(v), 3) for name, v in zip(names, right.mean(0), strict=True)}
    result["all three"] = round(float(right.all(1).float().mean()), 3)
    write(work / "obedience.png", sheet(images[: 13 * 8], 13))
    return result


def speed(pipeline: StableDiffusionPipeline, steps: int = 8, repeats: int = 5) -> float:
    """Milliseconds per text-to-image frame with guidance, two threads."""
    sample(pipeline, ["a cat"], [0], steps)
    started = time.perf_counter()
    for k in range(repeats):
        sample(pipeline, ["a cat"], [k], steps)
    return (time.perf_counter() - started) / repeats * 1000


def round_trips(pipeline: StableDiffusionPipeline, image: Images, count: int = 50) -> tuple[Images, list[float]]:
    """The picture after `count` encode-decode rounds, and its PSNR to the original on the way."""
    x = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1
    y, quality = x, []
    with torch.no_grad():
        for _ in range(count):
            y = pipeline.vae.decode(pipeline.vae.encode(y).latents).sample.clamp(-1, 1)
            y = ((y + 1) * 127.5).round() / 127.5 - 1
            quality.append(float(-10 * torch.log10((y - x).square().mean() / 4)))
    return ((y[0].permute(1, 2, 0).numpy() + 1) * 127.5).round().astype(np.uint8), quality


def loop(
    pipeline: StableDiffusionPipeline,
    prompt: str,
    frames: int,
    strength: float,
    zoom: float = 1.02,
    steps: int = 8,
    cfg: float = CFG,
    fixed: bool = False,
) -> Images:
    """What the program does in loopback mode: zoom the last frame, redraw it, repeat."""
    redraw = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    redraw.set_progress_bar_config(disable=True)
    frame = sample(pipeline, [prompt], [1], steps, cfg)[0]
    out = [frame]
    matrix = cv2.getRotationMatrix2D((64, 64), 0, zoom)
    for k in range(1, frames):
        moved = cv2.warpAffine(frame, matrix, (128, 128), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        total = max(steps, round(steps / strength))
        result = redraw(
            prompt,
            image=Image.fromarray(moved),
            strength=strength,
            num_inference_steps=total,
            guidance_scale=cfg,
            generator=torch.Generator().manual_seed(1 if fixed else k),
            output_type="np",
        )
        frame = (result.images[0] * 255).round().astype(np.uint8)
        out.append(frame)
    return np.stack(out)


def report(work: Path, folder: Path) -> None:
    """Print everything that the model card states, and write the sheets that a person should look at."""
    pipeline = load(folder)
    for steps, cfg in ((8, CFG), (12, CFG), (20, CFG), (8, 2.0), (8, 7.0)):
        print(f"obedience at {steps} steps, CFG {cfg}:", obedience(pipeline, work, steps=steps, cfg=cfg), flush=True)
    print(f"{speed(pipeline):.0f} ms per frame (8 steps, guidance, {torch.get_num_threads()} threads)")
    frame = sample(pipeline, ["an orange cat in a meadow"], [3])[0]
    last, quality = round_trips(pipeline, frame)
    print("round trips 1, 10, 50: PSNR", [round(quality[k], 1) for k in (0, 9, 49)])
    write(work / "round-trips.png", np.concatenate([frame, last], 1))
    for strength in (0.4, 0.6):
        frames = loop(pipeline, "a red cat, night sky", 60, strength)
        write(work / f"loop-{strength}.png", sheet(frames[::5], 6))
