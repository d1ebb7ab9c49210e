"""What a frame costs beside the networks: the stock img2img pipeline ÷ our engine, with networks that answer at once.

    python tests/bench/sampling_overhead.py [--frames 20] [--evaluations 10] [--size 512]

CPU milliseconds per frame (process time, one thread), both in one run; the networks are replaced by constants, so what
remains is the host's work: prompts, noise, scheduler, conversion of pixels. The random model counts as a large one: how
the networks of small ones are shared out among threads is `naive_loop.py`'s to measure. Also counts how often texts are
encoded in a morph of two prompts over 1,000 frames.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "render"))

from small_models import random_model, request

from parseq_tui.render.engines.base import Image, Task
from parseq_tui.render.engines.components import load_components, quiet_libraries
from parseq_tui.render.engines.models import find_model
from parseq_tui.render.engines.picture_maker import PictureMaker
from parseq_tui.render.engines.schedulers import find


def constant(shape: Callable[[torch.Tensor], tuple[int, ...]]) -> Callable[..., Any]:
    """A network that answers with zeros of a shape, kept from call to call."""
    answers: dict[tuple[int, ...], torch.Tensor] = {}

    def forward(given: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor]:
        size = shape(given)
        if size not in answers:
            answers[size] = torch.zeros(size)
        return (answers[size],)

    return forward


def milliseconds(frame: Callable[[int], Any], frames: int) -> float:
    for index in range(3):  # what happens once: tables, text encodings, the trace of a small network
        frame(index)
    started = time.process_time()
    for index in range(1, frames + 1):
        frame(index)
    return (time.process_time() - started) * 1000 / frames


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--frames", type=int, default=20)
    options.add_argument("--evaluations", type=int, default=10)
    options.add_argument("--size", type=int, default=512)
    asked = options.parse_args()
    torch.set_num_threads(1)
    with quiet_libraries():
        for name in ("ddim", "euler", "dpmpp_2m"):
            ours, theirs = (side(name, asked) for side in (engine, stock))
            print(f"{name:10} stock {theirs:6.2f} ms  ours {ours:6.2f} ms  ratio {theirs / ours:5.1f}")
        passes, without = morph(1000)
        print(f"1000 frames of a morph: {passes} prompts encoded, of which {without} for the negative one")


def morph(frames: int) -> tuple[int, int]:
    """How often texts are encoded while one prompt turns into another, in all and for the negative prompt."""
    maker = PictureMaker(parts(), "guarded", report=str)
    maker.make(Task(request(width=64, height=64, steps=1, scheduler="ddim", positive="", negative="blurry")))
    before, negative = maker.text_passes, 1
    for index in range(frames):
        share = index / (frames - 1)
        positive = f"a cat :{1 - share:.4f} AND a dog :{share:.4f}"
        asked = request(width=64, height=64, steps=1, scheduler="ddim", positive=positive, negative="blurry")
        maker.make(Task(asked))
    return maker.text_passes - before + negative, negative


def parts() -> Any:
    loaded = replace(load_components(find_model(str(random_model())), "cpu"), small=False)
    torch.set_num_threads(1)
    latent, picture = (
        (lambda x: (1, 4, x.shape[2] // 8, x.shape[3] // 8)),
        (lambda x: (1, 3, *(8 * s for s in x.shape[2:]))),
    )
    loaded.unet.forward = constant(lambda x: tuple(x.shape))
    encode = constant(latent)
    loaded.vae.encode = lambda pixels, **_: type("Encoded", (), {"latents": encode(pixels)[0]})
    loaded.vae.decode = constant(picture)
    return loaded


def given(size: int) -> Image:
    return np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)


def engine(name: str, asked: argparse.Namespace) -> float:
    loaded = parts()
    maker = PictureMaker(loaded, "guarded", report=str)
    image = given(asked.size)

    def frame(index: int) -> None:
        share = index / asked.frames
        wanted = request(
            width=asked.size,
            height=asked.size,
            steps=asked.evaluations,
            scheduler=name,
            seed=index,
            positive=f"a (cat:{1 + share:.3f}) in the snow",
        )
        maker.make(Task(wanted, image, 0.6))

    return milliseconds(frame, asked.frames)


def stock(name: str, asked: argparse.Namespace) -> float:
    import diffusers
    from PIL import Image as Pil

    pipeline = diffusers.AutoPipelineForImage2Image.from_pretrained(random_model(), local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    entry, loaded = find(name), parts()
    scheduler = getattr(diffusers, entry.diffusers_class)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **entry.options)
    pipeline.unet.forward, pipeline.vae.encode, pipeline.vae.decode = (
        loaded.unet.forward,
        loaded.vae.encode,
        loaded.vae.decode,
    )
    image = Pil.fromarray(given(asked.size))
    # as many evaluations as ours: the pipeline runs the share `strength` of its steps
    steps = round(asked.evaluations / 0.5)

    def frame(index: int) -> None:
        pipeline(
            prompt="a cat in the snow",
            negative_prompt="blurry",
            image=image,
            strength=0.5,
            num_inference_steps=steps,
            guidance_scale=5.0,
            generator=torch.Generator().manual_seed(index),
        )

    return milliseconds(frame, asked.frames)


if __name__ == "__main__":
    main()
