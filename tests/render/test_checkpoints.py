"""Models as single files: what they are is told from the header, and they draw what their folder draws."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui import paths
from parseq_tui.errors import ModelNotFound, RenderError
from parseq_tui.render.engines.checkpoint import Checkpoint, read_checkpoint
from parseq_tui.render.engines.models import describe, find_model, fingerprint

SD1_NAMES = {
    "model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3],
    "first_stage_model.encoder.conv_in.weight": [128, 3, 3, 3],
    "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": [49408, 768],
}


def written(file: Path, names: dict[str, list[int]]) -> Path:
    """A safetensors file of which only the header is there."""
    header = json.dumps(
        {name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 0]} for name, shape in names.items()}
    ).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    return file


def test_stable_diffusion_1_is_known_by_its_header(tmp_path: Path) -> None:
    file = written(tmp_path / "model.safetensors", SD1_NAMES)
    assert read_checkpoint(file).layout == paths.bundled("models") / "sd1"
    assert find_model(str(file)).file == file.resolve()
    assert describe(str(file)).startswith("Stable Diffusion 1.x")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"conditioner.embedders.0.model.ln_final.weight": [1280]}, "the refiner of Stable Diffusion XL"),
        ({"model.diffusion_model.joint_blocks.0.x": [1]}, "Stable Diffusion 3"),
        ({"double_blocks.0.img_mlp.0.weight": [1]}, "Flux"),
        ({"lora_unet_mid_block_attentions_0.alpha": []}, "LoRA"),
        ({"model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3]}, "without its text encoder"),
        (SD1_NAMES | {"model.diffusion_model.input_blocks.0.0.weight": [320, 9, 3, 3]}, "inpainting"),
        ({"weight": [1]}, "not a Stable Diffusion checkpoint"),
        ({}, "not a Stable Diffusion checkpoint"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_families_are_named(tmp_path: Path, names: dict[str, list[int]], words: str) -> None:
    with pytest.raises(RenderError, match=words):
        read_checkpoint(written(tmp_path / "model.safetensors", names))


@given(st.binary(max_size=64))
def test_files_of_another_kind_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("broken") / "model.safetensors"
    file.write_bytes(content)
    with pytest.raises(RenderError, match=r"model\.safetensors"):
        read_checkpoint(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="there is no file"):
        find_model(str(tmp_path / "model.safetensors"))


def test_a_hub_model_is_found_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--someone--paints" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    found = find_model("someone/paints")
    assert found.folder == snapshot and not found.supported
    assert "FluxPipeline" in describe("someone/paints") and "its own pipeline" in describe("someone/paints")


def test_a_model_may_recommend_settings(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    (tmp_path / "parseq.json").write_text('{"steps": 8, "cfg_scale": 4.5}')
    assert describe(str(tmp_path)).endswith("best with steps 8, CFG scale 4.5")
    (tmp_path / "parseq.json").write_text("[")
    with pytest.raises(RenderError, match=r"parseq\.json"):
        describe(str(tmp_path))


@pytest.mark.slow
def test_a_single_file_draws_what_its_folder_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pictures import furthest, smooth
    from small_models import golden_model, request, single_file

    from parseq_tui.render.engines.diffusers import DiffusersEngine

    file = single_file(golden_model(), tmp_path / "model.safetensors")

    assert read_checkpoint(file).family == "sd1"  # told from the header, size aside
    monkeypatch.setattr(Checkpoint, "layout", golden_model())
    one, other = DiffusersEngine(str(file), "cpu"), DiffusersEngine(str(golden_model()), "cpu")
    asked: Any = request(scheduler="euler_a")
    assert furthest(one.generate(asked, None), other.generate(asked, None)) == 0
    assert furthest(one.generate(asked, smooth(64, 64)), other.generate(asked, smooth(64, 64))) == 0
    assert fingerprint(find_model(str(file))) != fingerprint(find_model(str(golden_model())))


@pytest.mark.slow
def test_a_torn_checkpoint_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from small_models import golden_model, single_file

    from parseq_tui.render.engines.diffusers import DiffusersEngine

    file = single_file(golden_model(), tmp_path / "model.safetensors")
    file.write_bytes(file.read_bytes()[:-5000])
    monkeypatch.setattr(Checkpoint, "layout", golden_model())
    with pytest.raises(RenderError, match=r"model\.safetensors is torn"):
        DiffusersEngine(str(file), "cpu").load()
