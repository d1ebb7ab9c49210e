"""Models small enough for tests: the web UI's golden one, and random ones of any shape, in diffusers' layout.

Made once per run, in temporary folders that are removed at the end.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pictures import DATA
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file

from parseq_tui import paths
from parseq_tui.render.engines.base import DiffusionRequest

VOCABULARY = 49408
TOKENIZER = paths.bundled("models") / "sd1" / "tokenizer"
SD1: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "set_alpha_to_one": False,
}
"""How much noise the models of Stable Diffusion 1 were taught with, as their folders say it."""


def temporary(name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"parseq-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def golden_model() -> Path:
    """The model of the web UI's golden pictures. Only the token vectors its prompts use are kept on file."""
    folder = temporary("tiny-sd1") / "tiny-sd1"
    shutil.copytree(DATA / "webui" / "tiny-sd1", folder)
    shutil.copytree(TOKENIZER, folder / "tokenizer")
    weights = folder / "text_encoder" / "model.safetensors"
    tensors = load_file(weights)
    used, rows = tensors.pop("used_token_ids").long(), tensors.pop("embeddings.token_embedding.weight")
    tensors["embeddings.token_embedding.weight"] = torch.zeros(VOCABULARY, rows.shape[1], dtype=rows.dtype)
    tensors["embeddings.token_embedding.weight"][used] = rows
    save_file(tensors, weights, metadata={"format": "pt"})
    return folder


@functools.cache
def random_model(**options: Any) -> Path:
    """A random pipeline with an AutoencoderTiny. Options: `scheduler`, `pooled` (text added to the time), `factor`."""
    import diffusers
    import transformers

    torch.manual_seed(0)
    folder = temporary("random") / "random"
    levels = {4: 3, 8: 4, 16: 5}[options.get("factor", 8)]
    extra: dict[str, Any] = (
        {"addition_embed_type": "text", "addition_embed_type_num_heads": 4} if options.get("pooled") else {}
    )
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        **extra,
    )
    vae = diffusers.AutoencoderTiny(
        encoder_block_out_channels=(16,) * levels,
        decoder_block_out_channels=(16,) * levels,
        num_encoder_blocks=(1,) * levels,
        num_decoder_blocks=(1,) * levels,
    )
    config = transformers.CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        projection_dim=32,
        bos_token_id=49406,
        eos_token_id=49407,
    )
    tokenizer = transformers.CLIPTokenizer.from_pretrained(TOKENIZER)
    scheduler = SD1 | {"clip_sample": False} | dict(options.get("scheduler", ()))
    pipeline = diffusers.StableDiffusionPipeline(
        vae=vae,
        text_encoder=transformers.CLIPTextModel(config),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=diffusers.DDIMScheduler(**scheduler),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return folder


def single_file(folder: Path, file: Path) -> Path:
    """A model of two UNet levels and one layer each, written as one checkpoint with the names of the original code."""

    def arrays(part: str) -> dict[str, Any]:
        return load_arrays(next((folder / part).glob("*.safetensors")))

    tensors = {f"model.diffusion_model.{_original_unet(name)}": array for name, array in arrays("unet").items()}
    for name, array in arrays("vae").items():
        linear = "attentions" in name and name.endswith("weight") and array.ndim == 2
        tensors[f"first_stage_model.{_original_vae(name)}"] = array[..., None, None] if linear else array
    for name, array in arrays("text_encoder").items():
        tensors[f"cond_stage_model.transformer.text_model.{name}"] = array
    save_arrays({name: np.ascontiguousarray(array) for name, array in tensors.items()}, file)
    return file


def _original_unet(name: str) -> str:
    for ours, original in {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
        "mid_block.resnets.0": "middle_block.0",
        "mid_block.attentions.0": "middle_block.1",
        "mid_block.resnets.1": "middle_block.2",
        "down_blocks.0.resnets.0": "input_blocks.1.0",
        "down_blocks.0.attentions.0": "input_blocks.1.1",
        "down_blocks.0.downsamplers.0.conv": "input_blocks.2.0.op",
        "down_blocks.1.resnets.0": "input_blocks.3.0",
        "down_blocks.1.attentions.0": "input_blocks.3.1",
        "up_blocks.0.upsamplers.0.conv": "output_blocks.1.2.conv",
        **{f"up_blocks.{i}.resnets.{j}": f"output_blocks.{2 * i + j}.0" for i in range(2) for j in range(2)},
        **{f"up_blocks.{i}.attentions.{j}": f"output_blocks.{2 * i + j}.1" for i in range(2) for j in range(2)},
        ".norm1.": ".in_layers.0.",
        ".conv1.": ".in_layers.2.",
        ".norm2.": ".out_layers.0.",
        ".conv2.": ".out_layers.3.",
        ".time_emb_proj.": ".emb_layers.1.",
        ".conv_shortcut.": ".skip_connection.",
    }.items():
        if not (ours.startswith(".norm") and "transformer_blocks" in name):
            name = name.replace(ours, original)
    return name


def _original_vae(name: str) -> str:
    for ours, original in {
        "mid_block.resnets.0": "mid.block_1",
        "mid_block.resnets.1": "mid.block_2",
        "mid_block.attentions.0": "mid.attn_1",
        **{f"down_blocks.{i}.resnets": f"down.{i}.block" for i in range(4)},
        **{f"down_blocks.{i}.downsamplers.0": f"down.{i}.downsample" for i in range(4)},
        **{f"up_blocks.{i}.resnets": f"up.{3 - i}.block" for i in range(4)},
        **{f"up_blocks.{i}.upsamplers.0": f"up.{3 - i}.upsample" for i in range(4)},
        "conv_norm_out": "norm_out",
        "conv_shortcut": "nin_shortcut",
        "group_norm": "norm",
        "to_q": "q",
        "to_k": "k",
        "to_v": "v",
        "to_out.0": "proj_out",
    }.items():
        name = name.replace(ours, original)
    return name


def changed(folder: Path, **entries: Any) -> Path:
    """A copy of a model folder whose model_index.json has other entries."""
    copy = temporary("changed") / folder.name
    shutil.copytree(folder, copy)
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps(index | entries))
    return copy


def request(**changes: Any) -> DiffusionRequest:
    """A small request; change what matters."""
    usual: dict[str, Any] = {
        "width": 64,
        "height": 64,
        "positive": "a photo of a cat",
        "negative": "blurry",
        "seed": 1,
        "subseed": 2,
        "subseed_strength": 0.0,
        "cfg_scale": 5.0,
        "denoising_strength": 0.5,
        "steps": 4,
        "scheduler": "euler",
    }
    return DiffusionRequest(**(usual | changes))
