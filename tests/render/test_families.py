"""SDXL, SD 2.x, LCM and Turbo: drawn as diffusers' own pipelines draw them, from folders and from single files."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from families import arrays, configuration, family_model, original_file
from pictures import furthest, smooth
from small_models import request, temporary

from parseq_tui import paths
from parseq_tui.errors import RenderError
from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.checkpoint import Checkpoint
from parseq_tui.render.engines.compatibility import Compatibility
from parseq_tui.render.engines.components import predicts_noise
from parseq_tui.render.engines.descriptions import read_json
from parseq_tui.render.engines.diffusers import DiffusersEngine
from parseq_tui.render.engines.models import find_model
from parseq_tui.render.engines.prompt_encoding import guidance_embedding

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet")]  # torch, diffusers

SAMPLERS = {"sd2": "DDIMScheduler", "sdxl": "EulerDiscreteScheduler", "turbo": "EulerDiscreteScheduler"}


@cache
def engine(family: str) -> DiffusersEngine:
    return DiffusersEngine(str(family_model(family)), "cpu", Compatibility(quantised_strength=True))


@cache
def stock(family: str, kind: str) -> Any:
    import diffusers

    made = getattr(diffusers, f"AutoPipelineFor{kind}").from_pretrained(family_model(family), local_files_only=True)
    made.set_progress_bar_config(disable=True)
    return made


def asked_of(family: str, **changes: Any) -> DiffusionRequest:
    sampler = {"sd2": "ddim", "lcm": "lcm"}.get(family, "euler")
    return request(**{"scheduler": sampler, "steps": 3, "cfg_scale": 1.0 if family == "turbo" else 4.0} | changes)


def theirs(family: str, asked: DiffusionRequest, kind: str = "Text2Image", **extra: Any) -> Any:
    pipeline = stock(family, kind)
    if family == "lcm":
        import diffusers

        pipeline.scheduler = diffusers.LCMScheduler.from_config(pipeline.scheduler.config, clip_sample=False)
    drawn = pipeline(
        prompt=asked.positive,
        negative_prompt=asked.negative or None,
        guidance_scale=asked.cfg_scale,
        num_inference_steps=asked.steps,
        generator=torch.Generator().manual_seed(asked.seed),
        **extra,
    )
    return np.asarray(drawn.images[0])


@pytest.mark.parametrize("family", ["sd2", "sdxl", "turbo", "lcm"])
def test_a_folder_draws_what_its_pipeline_draws(family: str) -> None:
    asked = asked_of(family)
    assert furthest(engine(family).generate(asked, None), theirs(family, asked, width=64, height=64)) <= 1


def test_pictures_of_another_shape_are_told_their_size() -> None:
    asked = asked_of("sdxl", width=96)
    assert furthest(engine("sdxl").generate(asked, None), theirs("sdxl", asked, width=96, height=64)) <= 1


def test_an_empty_negative_prompt_of_sdxl_is_zeros() -> None:
    asked = asked_of("sdxl", negative="")
    assert furthest(engine("sdxl").generate(asked, None), theirs("sdxl", asked, width=64, height=64)) <= 1


def test_sdxl_begins_from_pictures_as_its_pipeline_does() -> None:
    from PIL import Image

    asked, given = asked_of("sdxl", denoising_strength=0.67), smooth(64, 64)
    pipeline = stock("sdxl", "Image2Image")
    pipeline.vae.encode = _at_its_mean(pipeline.vae)
    drawn = theirs("sdxl", asked, "Image2Image", image=Image.fromarray(given), strength=asked.denoising_strength)
    assert furthest(engine("sdxl").generate(asked, given), drawn) <= 1


def _at_its_mean(vae: Any) -> Any:
    """The stock pipeline draws from the posterior with the generator the noise comes from."""
    from diffusers.models.modeling_outputs import AutoencoderKLOutput

    encode = type(vae).encode

    class Mean:
        def __init__(self, posterior: Any) -> None:
            self.posterior = posterior

        def sample(self, *_: Any, **__: Any) -> Any:
            return self.posterior.mode()

    return lambda x, **_: AutoencoderKLOutput(latent_dist=Mean(encode(vae, x).latent_dist))  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["sd2", "sdxl", "lcm"])
def test_a_single_file_draws_what_its_folder_draws(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = original_file(family_model(family), tmp_path / "model.safetensors", family)
    found = find_model(str(file))
    assert found.checkpoint is not None and found.checkpoint.family == {"lcm": "sd1"}.get(family, family)
    assert found.checkpoint.guidance_width == (32 if family == "lcm" else 0)
    monkeypatch.setattr(Checkpoint, "layout", configuration(family_model(family)))
    one = DiffusersEngine(str(file), "cpu", Compatibility(quantised_strength=True))
    asked = asked_of(family)
    if family == "sd2":  # what a random network predicts cannot be measured
        monkeypatch.setattr("parseq_tui.render.engines.components.predicts_noise", lambda _: False)
    assert furthest(one.generate(asked, None), engine(family).generate(asked, None)) == 0


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_the_shipped_configurations_are_those_of_the_families(family: str) -> None:
    """Parameters of the published models: counted on networks without memory."""
    import diffusers
    import transformers
    from accelerate import init_empty_weights

    folder = paths.bundled("models") / family
    counts = {"unet": {"sd1": 859_520_964, "sd2": 865_910_724, "sdxl": 2_567_463_684}[family], "vae": 83_653_863}
    with init_empty_weights():
        for part, cls in (("unet", diffusers.UNet2DConditionModel), ("vae", diffusers.AutoencoderKL)):
            network = cls.from_config(read_json(folder / part / "config.json"))
            assert sum(weights.numel() for weights in network.parameters()) == counts[part]
        encoders = {"text_encoder": transformers.CLIPTextModel}
        if family == "sdxl":
            encoders["text_encoder_2"] = transformers.CLIPTextModelWithProjection
        for part, cls in encoders.items():
            network = cls(transformers.CLIPTextConfig.from_pretrained(folder / part))
            wanted = {"sd1": 123_060_480, "sd2": 340_387_840, "sdxl": 123_060_480}[family]
            total = sum(weights.numel() for weights in network.parameters())
            assert total == (694_659_840 if part == "text_encoder_2" else wanted)


def test_lcm_terms_share_one_whole_and_hear_the_scale() -> None:
    morph = asked_of("lcm", positive="a cat :0.6 AND a dog :0.2", negative="")
    doubled = asked_of("lcm", positive="a cat :1.2 AND a dog :0.4", negative="")
    assert furthest(engine("lcm").generate(morph, None), engine("lcm").generate(doubled, None)) <= 1
    assert (
        furthest(
            engine("lcm").generate(asked_of("lcm", cfg_scale=9), None), engine("lcm").generate(asked_of("lcm"), None)
        )
        > 0
    )


def test_the_embedding_of_a_guidance_scale_is_diffusers_own() -> None:
    reference = stock("lcm", "Text2Image").get_guidance_scale_embedding(torch.tensor([6.5]), embedding_dim=32)
    torch.testing.assert_close(guidance_embedding(6.5, 32)[None], reference)


def test_turbo_asks_the_network_once_per_step() -> None:
    rows: list[int] = []
    drawing = DiffusersEngine(str(family_model("turbo")), "cpu")
    drawing.load()
    unet = drawing._maker._parts.unet  # type: ignore[union-attr]
    unet.register_forward_pre_hook(lambda _, given: rows.append(len(given[0])))
    drawing.generate(asked_of("turbo", steps=1), smooth(64, 64))
    assert rows == [1]


def test_what_a_network_predicts_is_measured() -> None:
    class Network(torch.nn.Module):
        config = type("Config", (), {"in_channels": 4, "cross_attention_dim": 8})

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = torch.nn.Parameter(torch.tensor(share))

        def forward(self, noise: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor]:
            return (noise * self.share + torch.randn(noise.shape) * 0.5,)

    torch.manual_seed(0)
    assert predicts_noise(Network(0.95))
    assert not predicts_noise(Network(0.07))


def test_a_file_that_lacks_a_tensor_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.numpy import load_file, save_file

    file = original_file(family_model("sdxl"), tmp_path / "model.safetensors", "sdxl")
    tensors = load_file(file)
    del tensors["model.diffusion_model.middle_block.1.norm.weight"]
    save_file(tensors, file)
    monkeypatch.setattr(Checkpoint, "layout", configuration(family_model("sdxl")))
    with pytest.raises(RenderError, match=r"lacks 1 of \d+ tensors, mid_block.attentions.0.norm.weight"):
        DiffusersEngine(str(file), "cpu").load()


def test_a_refiner_is_refused() -> None:
    folder = temporary("refiner") / "refiner"
    shutil.copytree(family_model("sdxl"), folder)
    index = json.loads((folder / "model_index.json").read_text())
    index["text_encoder"] = index["tokenizer"] = [None, None]
    (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(RenderError, match="text_encoder of model") as caught:
        DiffusersEngine(str(folder), "cpu").load()
    assert "refiner" in caught.value.hint


def test_text_weights_do_not_move_the_pooled_text() -> None:
    made = engine("sdxl")
    made.load()
    encoder = made._maker._prompts.encoders[1]  # type: ignore[union-attr]
    with torch.inference_mode():
        assert torch.equal(encoder.pooled("a (red:1.4) cat"), encoder.pooled("a red cat"))
    assert arrays(family_model("sdxl"), "text_encoder_2")["text_projection.weight"].shape == (64, 64)
