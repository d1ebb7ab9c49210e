"""Models of other families: drawn through diffusers' own pipelines, with what they leave out told beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pictures import furthest, smooth
from small_models import TOKENIZER, request, temporary

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.devices import quiet_libraries
from parseq_tui.render.engines.diffusers import DiffusersEngine
from parseq_tui.render.engines.pipeline_maker import nearest_seed, plain_text

pytestmark = pytest.mark.slow  # torch, diffusers

NONE = dict.fromkeys(["text_encoder_3", "tokenizer_3"])


@cache
def stable_diffusion_3() -> Path:
    """A random model of Stable Diffusion 3's shape: a transformer, two text encoders of three, 16 channels."""
    import diffusers
    import transformers

    torch.manual_seed(0)
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=8,
        patch_size=1,
        in_channels=4,
        out_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=64,
        caption_projection_dim=32,
        pooled_projection_dim=64,
    )
    config = transformers.CLIPTextConfig(
        hidden_size=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        projection_dim=32,
        vocab_size=49408,
        bos_token_id=49406,
        eos_token_id=49407,
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=(32, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
        shift_factor=0.06,
        scaling_factor=1.5,
    )
    tokenizer = transformers.CLIPTokenizer.from_pretrained(TOKENIZER)
    made = diffusers.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=transformers.CLIPTextModelWithProjection(config),
        tokenizer=tokenizer,
        text_encoder_2=transformers.CLIPTextModelWithProjection(config),
        tokenizer_2=tokenizer,
        text_encoder_3=None,
        tokenizer_3=None,
    )
    folder = temporary("sd3") / "tiny-sd3"
    made.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def engine() -> Iterator[DiffusersEngine]:
    made = DiffusersEngine(str(stable_diffusion_3()), "cpu")
    yield made
    made.close()


def stock(kind: str) -> Any:
    import diffusers

    with quiet_libraries():
        made = getattr(diffusers, f"AutoPipelineFor{kind}").from_pretrained(
            stable_diffusion_3(), local_files_only=True, **NONE
        )
    made.set_progress_bar_config(disable=True)
    return made


def test_pictures_are_the_pipelines_own(engine: DiffusersEngine) -> None:
    asked = request(width=32, height=32, steps=2)
    how: dict[str, Any] = {"guidance_scale": 5.0, "num_inference_steps": 2, "output_type": "np"}
    texts = {"prompt": "a photo of a cat", "negative_prompt": "blurry"}
    generator = torch.Generator().manual_seed(1)
    theirs = stock("Text2Image")(**texts, **how, width=32, height=32, generator=generator).images[0]
    assert furthest(engine.generate(asked, None), np.rint(theirs * 255).astype(np.uint8)) == 0
    given = smooth(32, 32)
    again = engine.generate(asked, given)
    assert again.shape == (32, 32, 3) and furthest(again, engine.generate(asked, given)) == 0
    assert engine.generate(request(width=32, height=32, denoising_strength=0), given) is given
    faint = engine.generate(request(width=32, height=32, steps=2, denoising_strength=0.1), given)  # one step, not none
    assert faint.shape == (32, 32, 3)


def test_what_is_left_out_is_told(engine: DiffusersEngine) -> None:
    plain = request(width=16, height=16, denoising_strength=0.5)
    rich = request(positive="a (red:1.2) cat AND a dog <lora:ink:1>", subseed_strength=0.5, width=16, height=16)
    (said,) = engine.problems([plain])
    assert said.severity == "warning" and "StableDiffusion3Pipeline" in said.message
    assert "scheduler" in said.message and "AND" not in said.message
    (said,) = engine.problems([plain, rich])
    for words in ("AND (the heaviest term is drawn)", "emphasis", "LoRA", "seeds between seeds"):
        assert words in said.message


def test_prompts_are_read_as_plain_text() -> None:
    asked = request(positive="a (red:1.4) [cat:dog:0.5] <lora:x:1> :0.7 AND a mouse :0.3", subseed_strength=0.6)
    assert plain_text(asked, asked.positive) == "a red dog"
    assert nearest_seed(asked) == asked.subseed and nearest_seed(request()) == request().seed


def test_what_it_cannot_do_is_said(engine: DiffusersEngine) -> None:
    with pytest.raises(RenderError, match="multiples of"):
        engine.generate(request(width=33, height=32), None)


def test_what_diffusers_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "NobodysPipeline", "_diffusers_version": "0.42.0"}')
    with pytest.raises(RenderError, match="NobodysPipeline"):
        DiffusersEngine(str(tmp_path), "cpu").load()
