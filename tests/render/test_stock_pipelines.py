"""The lean loop against diffusers' own pipelines, from the same folder, prompt and seed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from pictures import furthest, smooth
from small_models import random_model, request

from parseq_tui import paths
from parseq_tui.render.conditioning import split_terms
from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.compatibility import Compatibility
from parseq_tui.render.engines.diffusers import DiffusersEngine
from parseq_tui.render.engines.sampling import Combination, coefficients, combination, sample
from parseq_tui.render.engines.scheduler_table import compile_table
from parseq_tui.render.engines.schedulers import find
from parseq_tui.render.engines.text_encoding import TextEncoder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet")]  # torch, diffusers

SCHEDULERS = [
    "euler_a",
    "euler",
    "ddim",
    "dpmpp_2m",
    "dpmpp_2m_sde_karras",
    "unipc",
    "heun",
    "pndm",
    "lcm",
    "ddpm",
    "tcd",
]
STEPS = 6


@cache
def engine() -> DiffusersEngine:
    return DiffusersEngine(str(random_model()), "cpu", Compatibility(quantised_strength=True))


@cache
def stock(kind: str, double: bool) -> Any:
    """A stock pipeline: "Text2Image" or "Image2Image"."""
    import diffusers

    made = getattr(diffusers, f"AutoPipelineFor{kind}").from_pretrained(
        random_model(), torch_dtype=torch.float64 if double else torch.float32, local_files_only=True
    )
    made.set_progress_bar_config(disable=True)
    return made


def with_scheduler(pipeline: Any, name: str) -> Any:
    import diffusers

    entry = find(name)
    config = engine_config() | {"clip_sample": False}
    pipeline.scheduler = getattr(diffusers, entry.diffusers_class).from_config(config, **entry.options)
    return pipeline


@cache
def engine_config() -> dict[str, Any]:
    return dict(stock("Text2Image", double=False).scheduler.config)


def call(pipeline: Any, asked: DiffusionRequest, **extra: Any) -> Any:
    return pipeline(
        prompt=asked.positive,
        negative_prompt=asked.negative,
        guidance_scale=asked.cfg_scale,
        num_inference_steps=asked.steps,
        generator=torch.Generator().manual_seed(asked.seed),
        **extra,
    ).images[0]


@pytest.mark.parametrize("name", SCHEDULERS)
def test_txt2img_draws_the_same_picture(name: str) -> None:
    asked = request(scheduler=name, steps=STEPS)
    theirs = call(with_scheduler(stock("Text2Image", double=False), name), asked, width=64, height=64)
    assert furthest(engine().generate(asked, None), np.asarray(theirs)) <= 1


@pytest.mark.parametrize("name", SCHEDULERS)
def test_img2img_draws_the_same_picture(name: str) -> None:
    from PIL import Image

    asked = request(scheduler=name, steps=STEPS, denoising_strength=0.67)
    given = smooth(64, 64)
    pipeline = with_scheduler(stock("Image2Image", double=False), name)
    theirs = call(pipeline, asked, image=Image.fromarray(given), strength=asked.denoising_strength)
    assert furthest(engine().generate(asked, given), np.asarray(theirs)) <= 1


@pytest.mark.parametrize("name", ["euler", "ddim", "dpmpp_2m", "unipc", "heun", "pndm"])
def test_latents_agree_to_rounding_in_double_precision(name: str) -> None:
    pipeline = with_scheduler(stock("Text2Image", double=True), name)
    asked = request(scheduler=name, steps=STEPS, cfg_scale=5.5)
    noise = torch.randn(1, pipeline.unet.config.in_channels, 8, 8, generator=torch.Generator().manual_seed(1)).double()
    theirs = call(pipeline, asked, latents=noise, width=64, height=64, output_type="latent")
    combined = combined_for(pipeline, asked)
    table = compile_table(find(name), engine_config(), STEPS)
    with torch.inference_mode():
        ours = sample(pipeline.unet, table, [combined] * table.evaluations, noise, [], None)
    assert float((ours[0] - theirs).abs().max()) < 1e-4 * max(1.0, float(theirs.abs().max()))


@pytest.mark.parametrize(
    "prompt",
    [
        "a (red:1.4) cat :0.7 AND blue dog :-0.35 AND [sun]:1.9",
        "a cat AND a dog",
        "one thing :0.4",
        "a cat :0.5 AND a cat :0.5",
    ],
)
def test_and_is_composable_diffusion(prompt: str) -> None:
    """Against the formula written out: D = D_u + Σ wᵢ · scale · (Dᵢ - D_u), one network call per text."""
    pipeline = stock("Text2Image", double=True)
    asked = request(positive=prompt, scheduler="ddim", steps=STEPS, cfg_scale=5.5)
    scheduler = with_scheduler(pipeline, "ddim").scheduler
    scheduler.set_timesteps(STEPS)
    noise = torch.randn(1, pipeline.unet.config.in_channels, 8, 8, generator=torch.Generator().manual_seed(1)).double()
    encoder = TextEncoder(pipeline.tokenizer, pipeline.text_encoder, emphasis="no norm")
    latent = noise
    table = compile_table(find("ddim"), engine_config(), STEPS)
    with torch.inference_mode():
        for timestep in scheduler.timesteps:

            def answer(text: str, latent: torch.Tensor = latent, timestep: Any = timestep) -> torch.Tensor:
                return pipeline.unet(latent, timestep, encoder_hidden_states=encoder.encode(text)[None]).sample

            unconditional = answer(asked.negative)
            total = unconditional.clone()
            for term in split_terms(prompt):
                total += term.weight * asked.cfg_scale * (answer(term.text) - unconditional)
            latent = scheduler.step(total, timestep, latent).prev_sample
        combined = combined_for(pipeline, asked)
        ours = sample(pipeline.unet, table, [combined] * table.evaluations, noise, [], None)
    assert float((ours - latent).abs().max()) < 1e-4


def test_calls_that_weigh_nothing_are_not_made() -> None:
    def texts(prompt: str, scale: float) -> Sequence[str]:
        return list(coefficients(split_terms(prompt), "bad", scale))

    assert texts("a cat", 1) == ["a cat"]  # as Turbo and LCM models are used: no negative pass
    assert texts("a cat :0.3 AND a dog :0.7", 1) == ["a cat", " a dog"]
    assert texts("a cat :0 AND a dog", 7) == ["bad", " a dog"]
    assert texts("a cat AND bad :-1", 7) == ["bad", "a cat", " bad"]
    assert texts("a cat", 0) == ["bad"]
    for prompt in ("a :0.4 AND b :-2 AND c", "a", "bad AND a :0"):
        assert sum(coefficients(split_terms(prompt), "bad", 6.5).values()) == pytest.approx(1)


def test_texts_are_encoded_as_the_pipeline_does() -> None:
    pipeline = stock("Text2Image", double=False)
    encoder = TextEncoder(pipeline.tokenizer, pipeline.text_encoder, emphasis="guarded")
    with torch.inference_mode():
        for text in ("", "a photo of a cat", "a red fox, blue whale in the snow"):
            theirs, _ = pipeline.encode_prompt(text, "cpu", 1, do_classifier_free_guidance=False)
            assert torch.equal(encoder.encode(text), theirs[0])


def test_a_break_inside_brackets_is_a_word_where_the_web_ui_is_asked_for() -> None:
    pipeline = stock("Text2Image", double=False)
    ours, theirs = (
        TextEncoder(pipeline.tokenizer, pipeline.text_encoder, emphasis=mode) for mode in ("guarded", "original")
    )
    assert [len(encoder.chunks("(a BREAK b:1.3)")) for encoder in (ours, theirs)] == [2, 1]
    assert -1.3 in theirs.chunks("(a BREAK b:1.3)")[0].weights
    assert [len(encoder.chunks("(a BREAK b:1.0)")) for encoder in (ours, theirs)] == [2, 2]


def combined_for(pipeline: Any, asked: DiffusionRequest) -> Combination:
    encoder = TextEncoder(pipeline.tokenizer, pipeline.text_encoder, emphasis="no norm")
    with torch.inference_mode():
        weights = coefficients(split_terms(asked.positive), asked.negative, asked.cfg_scale)
        return combination([(encoder.encode(text), weight) for text, weight in weights.items()])


def test_the_bundled_model_draws_what_stock_diffusers_draws() -> None:
    import diffusers

    folder = paths.bundled("models") / "tiny"
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(
        folder, torch_dtype=torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = diffusers.EulerAncestralDiscreteScheduler.from_config(pipeline.scheduler.config)
    asked = request(positive="a red cat", negative="", scheduler="euler_a", width=128, height=128, steps=5)
    theirs = call(pipeline, asked, width=128, height=128)
    assert furthest(DiffusersEngine("tiny", "cpu").generate(asked, None), np.asarray(theirs)) <= 1
