"""Random models of every family, as folders in diffusers' layout and as single files with the original code's names."""

from __future__ import annotations

import functools
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from small_models import TOKENIZER, VOCABULARY, _original_unet, _original_vae, temporary

SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "timestep_spacing": "leading",
}


@functools.cache
def family_model(family: str, **options: Any) -> Path:
    """`family`: sd2 (velocity, padded with "!"), sdxl, lcm, turbo. Options go to the UNet."""
    import diffusers
    import transformers

    torch.manual_seed(1)
    is_xl = family in ("sdxl", "turbo")
    narrow, wide = 32, 64
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        cross_attention_dim=narrow + wide if is_xl else narrow,
        attention_head_dim=(2, 4) if family != "lcm" else 4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D") if is_xl else ("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D") if is_xl else ("UpBlock2D", "CrossAttnUpBlock2D"),
        use_linear_projection=family != "lcm",
        **(_XL_CONDITIONS if is_xl else {}),
        **({"time_cond_proj_dim": 32} if family == "lcm" else {}),
        **options,
    )
    for weights in unet.parameters():  # random networks of this size nearly ignore what they are told
        weights.data.mul_(1.5)
    vae = diffusers.AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        sample_size=64,
    )
    shared = {
        "unet": unet,
        "vae": vae,
        "text_encoder": transformers.CLIPTextModel(_clip(narrow)),
        "tokenizer": transformers.CLIPTokenizer.from_pretrained(
            TOKENIZER, **({"pad_token": "!"} if family == "sd2" else {})
        ),
    }
    folder = temporary(family) / f"tiny-{family}"
    if is_xl:
        spacing = {"timestep_spacing": "trailing"} if family == "turbo" else {}
        made = diffusers.StableDiffusionXLPipeline(
            **shared,
            text_encoder_2=transformers.CLIPTextModelWithProjection(_clip(wide)),
            tokenizer_2=transformers.CLIPTokenizer.from_pretrained(TOKENIZER, pad_token="!"),
            scheduler=diffusers.EulerDiscreteScheduler(**SCHEDULER | spacing),
            add_watermarker=False,
        )
    else:
        prediction = {"prediction_type": "v_prediction"} if family == "sd2" else {}
        made = diffusers.StableDiffusionPipeline(
            **shared,
            scheduler=diffusers.DDIMScheduler(**SCHEDULER, set_alpha_to_one=False, clip_sample=False, **prediction),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    made.save_pretrained(folder)
    return folder


_NOT_SHIPPED = ("*.safetensors", "vocab.json", "merges.txt", "tokenizer.json")
_XL_CONDITIONS: dict[str, Any] = {
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 64 + 6 * 8,
}


def _clip(width: int) -> Any:
    import transformers

    return transformers.CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=3,
        num_attention_heads=2,
        projection_dim=width,
        hidden_act="gelu",
        bos_token_id=49406,
        eos_token_id=49407,
    )


def original_file(folder: Path, file: Path, family: str) -> Path:
    """The model of a folder as one checkpoint: `family` says which text encoders it has, and how they are called."""
    tensors = {f"model.diffusion_model.{_unet_name(name)}": array for name, array in arrays(folder, "unet").items()}
    for name, array in arrays(folder, "vae").items():
        linear = "attentions" in name and name.endswith("weight") and array.ndim == 2
        tensors[f"first_stage_model.{_original_vae(name)}"] = array[..., None, None] if linear else array
    text = arrays(folder, "text_encoder")
    if family == "sd2":
        tensors |= _open_clip(text, "cond_stage_model.model.")
    else:
        prefix = "cond_stage_model" if family == "lcm" else "conditioner.embedders.0"
        tensors |= {f"{prefix}.transformer.text_model.{name}": array for name, array in text.items()}
    if family in ("sdxl", "turbo"):
        tensors |= _open_clip(arrays(folder, "text_encoder_2"), "conditioner.embedders.1.model.")
    save_arrays({name: np.ascontiguousarray(array) for name, array in tensors.items()}, file)
    return file


def arrays(folder: Path, part: str) -> dict[str, Any]:
    return load_arrays(next((folder / part).glob("*.safetensors")))


def configuration(folder: Path) -> Path:
    """What the package ships for a family: the folder without its weights, nor the vocabulary."""
    copy = temporary("layout") / folder.name
    shutil.copytree(
        folder, copy, ignore=shutil.ignore_patterns("*.safetensors", "vocab.json", "merges.txt", "tokenizer.json")
    )
    for part in copy.glob("tokenizer*"):
        pad = json.loads((part / "tokenizer_config.json").read_text())["pad_token"]
        (part / "tokenizer_config.json").write_text(
            json.dumps({"pad_token": pad if isinstance(pad, str) else pad["content"]})
        )
    return copy


def _unet_name(name: str) -> str:
    for ours, original in {
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "time_embedding.cond_proj": "time_embed.cond_proj",
        "down_blocks.1.attentions.0": "input_blocks.3.1",
    }.items():
        name = name.replace(ours, original)
    return _original_unet(name)


def _open_clip(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Hugging Face's names of a CLIP text model as OpenCLIP's, its three attention weights joined."""
    renamed: dict[str, Any] = {}
    joined: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        name = name.removeprefix("text_model.")
        attention = re.fullmatch(r"encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)", name)
        if attention:
            joined.setdefault(f"transformer.resblocks.{attention[1]}.attn.in_proj_{attention[3]}", {})[attention[2]] = (
                array
            )
            continue
        for ours, original in {
            "encoder.layers": "transformer.resblocks",
            "self_attn": "attn",
            "layer_norm1": "ln_1",
            "layer_norm2": "ln_2",
            "fc1": "c_fc",
            "fc2": "c_proj",
            "final_layer_norm": "ln_final",
            "embeddings.token_embedding": "token_embedding",
            "embeddings.position_embedding.weight": "positional_embedding",
            "text_projection.weight": "text_projection",
        }.items():
            name = name.replace(ours, original)
        renamed[prefix + name] = array.T if name == "text_projection" else array
    return renamed | {prefix + name: np.concatenate([parts[of] for of in "qkv"]) for name, parts in joined.items()}
