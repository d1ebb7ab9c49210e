"""Measures of an exported model: does it obey, how fast is it, does it survive the loop?

python -m training evaluate        prints a report and writes contact sheets into the work folder
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image

from training import judge, measures
from training.backgrounds import BACKGROUNDS, LANDSCAPES, PLACES, TIMES
from training.captions import COLOR_WORDS, PLACE_WORDS, POSITION_WORDS, SIZE_WORDS, STYLE_WORDS, TIME_WORDS
from training.drawing import NEON_COLORS, NEON_GROUNDS, POSITIONS, STYLES, Scene
from training.measures import CFG, STEPS, Images
from training.palette import COLORS
from training.subjects import SUBJECTS

MAIN = ("subject", "color", "background")


def plain_prompt(scene: Scene) -> str:
    """The shortest natural caption of a scene; the default style, size, position and time go unsaid."""
    style = "" if scene.style == "cartoon" else f"{STYLE_WORDS[scene.style][0]}, "
    size = f"{SIZE_WORDS[scene.size][0]} " if scene.size in SIZE_WORDS else ""
    where = "" if scene.position == "center" else f" {POSITION_WORDS[scene.position][0]}"
    if scene.background in PLACES:
        place = PLACE_WORDS[scene.background][0]
    else:
        place = f"{COLOR_WORDS[scene.background][0]} background"
    when = "" if scene.time == "day" else f", {TIME_WORDS[scene.time][0]}"
    return f"{style}a {size}{scene.color} {scene.subject}{where}, {place}{when}"


def test_scenes(count: int, seed: int = 77, style: str = "cartoon") -> list[Scene]:
    """Every subject equally often, colours and backgrounds at random."""
    rng = np.random.default_rng(seed)
    colors, grounds = (NEON_COLORS, NEON_GROUNDS) if style == "neon" else (tuple(COLORS), BACKGROUNDS)
    scenes = []
    for k in range(count):
        color = str(rng.choice(colors))
        background = str(rng.choice([b for b in grounds if b != color]))
        scenes.append(Scene(list(SUBJECTS)[k % len(SUBJECTS)], color, background, style=style, seed=k))
    return scenes


def sheet(images: Images | Sequence[Images], columns: int) -> Images:
    """A contact sheet; an incomplete last row is left out."""
    rows = [np.concatenate(list(images[k : k + columns]), 1) for k in range(0, len(images), columns)]
    return np.concatenate([r for r in rows if r.shape == rows[0].shape])


def write(path: Path, image: Images) -> None:
    Image.fromarray(image).save(path)


def percent(values: Iterable[bool] | NDArray[np.bool_]) -> float:
    return round(100 * float(np.mean(np.asarray(values))), 1)


def obedience(
    pipeline: StableDiffusionPipeline,
    work: Path,
    scenes: list[Scene],
    steps: int = STEPS,
    cfg: float = CFG,
    name: str = "",
) -> dict[str, NDArray[np.bool_]]:
    """What the judge finds as asked in one picture per scene; a contact sheet where there is a `name`."""
    images = measures.sample(pipeline, [plain_prompt(s) for s in scenes], [s.seed for s in scenes], steps, cfg)
    if name:
        write(work / f"{name}.png", sheet(images, len(SUBJECTS)))
    return measures.right(work, images, scenes)


def _shares(found: dict[str, NDArray[np.bool_]], names: Sequence[str] = MAIN) -> str:
    together = np.logical_and.reduce([found[name] for name in names])
    return ", ".join(f"{name} {percent(found[name])}" for name in names) + f", together {percent(together)}"


def _by(scenes: list[Scene], attribute: str, found: NDArray[np.bool_]) -> str:
    """Percent right per value of `attribute`, the perfect ones counted only."""
    values = sorted({getattr(s, attribute) for s in scenes})
    shares = {
        v: percent([bool(r) for s, r in zip(scenes, found, strict=True) if getattr(s, attribute) == v]) for v in values
    }
    weak = ", ".join(f"{v} {share}" for v, share in shares.items() if share < 100)
    return f"{sum(s == 100 for s in shares.values())} of {len(values)} at 100; {weak or 'none below'}"


def words(pipeline: StableDiffusionPipeline, work: Path) -> None:
    """Subject, colour, background; styles, times, sizes, positions; steps and guidance."""
    scenes = test_scenes(13 * len(SUBJECTS))
    for steps, cfg in ((4, CFG), (8, CFG), (12, CFG), (8, 1.0), (4, 1.0), (8, 7.0)):
        found = obedience(pipeline, work, scenes, steps, cfg, f"plain-{steps}-{cfg:.0f}")
        print(f"plain prompts, {steps} steps, CFG {cfg:.0f}: {_shares(found)}", flush=True)
        if (steps, cfg) == (STEPS, CFG):
            for name in MAIN:
                print(f"  {name}: {_by(scenes, name, found[name])}", flush=True)
    for style in STYLES:
        scenes = test_scenes(4 * len(SUBJECTS), 78, style)
        for steps in (4, 8) if style != "cartoon" else ():
            found = obedience(pipeline, work, scenes, steps, CFG, f"style-{style}-{steps}")
            print(f"{style}, {steps} steps: {_shares(found, ('style', *MAIN))}", flush=True)
    scenes = [
        dataclasses.replace(s, background=place, time=time)
        for place in LANDSCAPES
        for time, s in zip(TIMES, test_scenes(len(TIMES), len(place)), strict=True)
    ]
    print("times of day:", _shares(obedience(pipeline, work, scenes, name="times"), ("time", *MAIN)), flush=True)
    scenes = test_scenes(4 * len(SUBJECTS), 79)
    scenes = [dataclasses.replace(s, size=list(SIZE_WORDS)[k % 3]) for k, s in enumerate(scenes)]
    print("sizes:", _shares(obedience(pipeline, work, scenes, name="sizes"), ("size", "subject")), flush=True)
    scenes = [dataclasses.replace(s, size="small", position=list(POSITIONS)[k % 5]) for k, s in enumerate(scenes)]
    print(
        "positions:", _shares(obedience(pipeline, work, scenes, name="positions"), ("position", "subject")), flush=True
    )


def samplers(pipeline: StableDiffusionPipeline, work: Path) -> None:
    """The same prompts with other samplers, and with few steps."""
    scenes = test_scenes(4 * len(SUBJECTS), 80)
    usual = pipeline.scheduler
    kinds: dict[str, tuple[Any, dict[str, Any], int]] = {
        "Euler a": (diffusers.EulerAncestralDiscreteScheduler, {}, 8),
        "DPM++ 2M Karras": (diffusers.DPMSolverMultistepScheduler, {"use_karras_sigmas": True}, 12),
        "DPM++ 2M": (diffusers.DPMSolverMultistepScheduler, {}, 4),
        "UniPC": (diffusers.UniPCMultistepScheduler, {}, 4),
        "LCM": (diffusers.LCMScheduler, {}, 4),
    }
    for name, (kind, options, steps) in kinds.items():
        pipeline.scheduler = kind.from_config(usual.config, **options)
        found = obedience(pipeline, work, scenes, steps, name=f"sampler-{name.replace(' ', '-')}-{steps}")
        print(f"{name}, {steps} steps: {_shares(found)}", flush=True)
    pipeline.scheduler = usual


def _chance(work: Path, images: list[Images], subject: str) -> list[float]:
    """How sure the judge is of a subject, per picture."""
    with torch.no_grad():
        answers = judge.load(work)(judge.tensor(np.stack(images)))[0].softmax(-1)
    return [round(float(v), 2) for v in answers[:, list(SUBJECTS).index(subject)]]


def weights(pipeline: StableDiffusionPipeline, work: Path) -> None:
    """Emphasis, AND, negative prompts, seed travel."""
    rows = []
    for prompt, subject in (("a red {}, night sky", "cat"), ("a blue {}, yellow background", "car"), ("a {}", "house")):
        images = []
        for weight in (1.4, 1.2, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0):
            images.append(measures.weighted(pipeline, prompt.format(f"({subject}:{weight})"), 4))
        print(f"emphasis 1.4 1.2 1 0.8 0.6 0.4 0.2 0, {subject}: {_chance(work, images, subject)}", flush=True)
        rows += images
    write(work / "emphasis.png", sheet(rows, 8))
    images = [
        measures.morph(pipeline, "a red cat, white background", "a blue dog, white background", share, 7)
        for share in np.linspace(0, 1, 9)
    ]
    print(f"AND cat to dog: cat {_chance(work, images, 'cat')} dog {_chance(work, images, 'dog')}", flush=True)
    write(work / "morph.png", sheet(images, 9))
    seeds = range(24)
    plain = judge.opinions(judge.load(work), measures.sample(pipeline, ["a cat"] * 24, list(seeds)))[:, 1]
    orange = list(COLORS).index("orange")
    other = measures.sample(pipeline, ["a cat"] * 24, list(seeds), negative="orange")
    after = judge.opinions(judge.load(work), other)[:, 1]
    print(f"orange cats of 24: {int((plain == orange).sum())}; with negative orange: {int((after == orange).sum())}")
    frames = measures.travel(pipeline, "a green bird, white background")
    steps = np.abs(np.diff(frames.astype(float), axis=0)).mean((1, 2, 3))
    print(f"seed travel in 15 steps: mean change {steps.mean():.1f} of 255, largest {steps.max():.1f}", flush=True)
    write(work / "travel.png", sheet(frames, 16))


def loops(pipeline: StableDiffusionPipeline, work: Path, frames: int = 200) -> None:
    """Loopback over `frames` frames: contrast and saturation at the end against the first ten, and the subject."""
    rows = []
    prompt, scene = "a red cat, night sky", Scene("cat", "red", "night")
    for strength, zoom in (
        (0.2, 1.0),
        (0.2, 1.02),
        (0.3, 1.02),
        (0.4, 1.02),
        (0.5, 1.0),
        (0.5, 1.02),
        (0.65, 1.02),
        (0.9, 1.02),
    ):
        images = measures.loop(pipeline, prompt, frames, strength, zoom)
        contrast, saturation = measures.liveliness(images)
        found = measures.right(work, images[frames // 2 :], [scene] * (frames - frames // 2))
        print(
            f"loop {strength} zoom {zoom}: contrast {contrast[:10].mean():.0f} to {contrast[-20:].mean():.0f},"
            f" saturation {saturation[:10].mean():.0f} to {saturation[-20:].mean():.0f}, {_shares(found)}",
            flush=True,
        )
        rows.append(np.concatenate(list(images[:: max(1, frames // 10)]), 1))
    write(work / "loops.png", np.concatenate(rows))


def technical(pipeline: StableDiffusionPipeline, work: Path) -> None:
    """Speed and round trips through the autoencoder."""
    print(f"{measures.speed(pipeline):.0f} ms per frame (8 steps, guidance, {torch.get_num_threads()} threads)")
    frame = measures.sample(pipeline, ["an orange cat in a meadow"], [3])[0]
    last, quality = measures.round_trips(pipeline, frame)
    print("round trips 1, 10, 50: PSNR", [round(quality[k], 1) for k in (0, 9, 49)], flush=True)
    write(work / "round-trips.png", np.concatenate([frame, last], 1))


PARTS: dict[str, Callable[[StableDiffusionPipeline, Path], None]] = {
    "technical": technical,
    "words": words,
    "samplers": samplers,
    "weights": weights,
    "loops": loops,
}


def report(work: Path, folder: Path, parts: Sequence[str] = tuple(PARTS)) -> None:
    """Print everything that the model card states, and write the sheets that a person should look at."""
    pipeline = measures.load(folder)
    for name in parts:
        PARTS[name](pipeline, work)
