"""Weights into networks: from a folder in diffusers' layout, or from a single file with the original code's names.

The invariant: only safetensors are opened, and a network that lacks a tensor is an error that names it, never a
network that was left half random.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from parseq_tui import paths
from parseq_tui.errors import ModelNotFound, RenderError
from parseq_tui.render.engines.checkpoint import Checkpoint, read_header
from parseq_tui.render.engines.descriptions import read_json
from parseq_tui.render.engines.models import weight_files

Networks = dict[str, Any]
"""Part (unet, vae, text_encoder, …) → torch module, in evaluation mode, on the CPU."""


def from_folder(folder: Path, classes: Mapping[str, Any], dtype: torch.dtype) -> Networks:
    """`classes`: part → class. Raises RenderError or ModelNotFound naming the part."""
    for part in classes:  # a copy that is not complete is told in a moment, not after loading what is
        for file in _weights(folder, part):
            read_header(file)
    return {part: _from_folder(cls, folder, part, dtype) for part, cls in classes.items()}


def from_single_file(file: Path, known: Checkpoint, layout: Path, classes: Mapping[str, Any], dtype: Any) -> Networks:
    """Networks out of a single file, shaped by the configuration in `layout`. Raises RenderError naming the file."""
    from diffusers.loaders import single_file_utils as convert
    from safetensors.torch import load_file

    try:
        tensors = load_file(file)
        unet = read_json(layout / "unet" / "config.json")
        if known.guidance_width:
            unet["time_cond_proj_dim"] = known.guidance_width
        converted = convert.convert_ldm_unet_checkpoint(dict(tensors), unet)
        if known.guidance_width:
            converted["time_embedding.cond_proj.weight"] = tensors[_GUIDANCE]
        networks = {"unet": _filled(lambda: classes["unet"].from_config(unet), converted, dtype)}
        vae = read_json(layout / "vae" / "config.json")
        converted = convert.convert_ldm_vae_checkpoint(dict(tensors), vae)
        networks["vae"] = _filled(lambda: classes["vae"].from_config(vae), converted, dtype)
        for part in (part for part in classes if part.startswith("text_encoder")):
            networks[part] = _text_encoder(tensors, layout / part, classes[part], dtype)
    except (OSError, ValueError, KeyError, IndexError, RuntimeError, SafetensorError) as problem:
        raise cannot_load(file, problem) from problem
    return networks


def tokenizer(folder: Path, part: str) -> Any:
    """A CLIP tokenizer; folders of configuration without a vocabulary share that of Stable Diffusion 1.x."""
    from transformers import CLIPTokenizer

    own = folder / part
    if (own / "vocab.json").is_file() or (own / "tokenizer.json").is_file():
        return CLIPTokenizer.from_pretrained(own, local_files_only=True)
    shared = paths.bundled("models") / "sd1" / "tokenizer"
    settings = read_json(own / "tokenizer_config.json")
    return CLIPTokenizer.from_pretrained(shared, local_files_only=True, pad_token=settings["pad_token"])


def cannot_load(place: Path, problem: Exception) -> RenderError:
    """What to say of files that cannot be read."""
    reason = " ".join(str(problem).split())[:300]
    return RenderError(f"cannot load {place}: {reason}", hint="the file may be damaged: copy it again")


_GUIDANCE = "model.diffusion_model.time_embed.cond_proj.weight"
_CLIP = {"cond_stage_model.transformer.": 0, "conditioner.embedders.0.transformer.": 0}
_OPEN_CLIP = ("conditioner.embedders.1.model.", "cond_stage_model.model.")


def _text_encoder(tensors: Mapping[str, Any], config: Path, cls: Any, dtype: torch.dtype) -> Any:
    from accelerate import init_empty_weights
    from diffusers.loaders import single_file_utils as convert

    second = config.name.endswith("_2")

    def make() -> Any:
        return cls(cls.config_class.from_pretrained(config, local_files_only=True))

    prefix = next((name for name in _OPEN_CLIP if any(key.startswith(name) for key in tensors)), "")
    if prefix and (second or prefix == _OPEN_CLIP[1]):
        with init_empty_weights():
            shaped = make()  # its width decides how the converter cuts the joined attention weights
        converted = convert.convert_open_clip_checkpoint(shaped, dict(tensors), prefix=prefix)
    else:
        first = {name: tensor for name, tensor in tensors.items() if name.startswith(tuple(_CLIP))}
        converted = convert.convert_ldm_clip_checkpoint(first)
    return _filled(make, converted, dtype)


def _filled(make: Any, tensors: Mapping[str, Any], dtype: torch.dtype) -> Any:
    """A network that holds these tensors. Raises ValueError naming what is missing or of another shape."""
    from accelerate import init_empty_weights

    with init_empty_weights():
        network = make()
    wanted = network.state_dict()
    if any(name.startswith("text_model.") for name in tensors) and not any(n.startswith("text_model.") for n in wanted):
        # transformers 5 made CLIPTextModel flat
        tensors = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    missing = [name for name in wanted if name not in tensors and not name.endswith("position_ids")]
    if missing:
        raise ValueError(f"it lacks {len(missing)} of {len(wanted)} tensors, {missing[0]} among them")
    for name, tensor in wanted.items():
        if name in tensors and tensors[name].shape != tensor.shape:
            raise ValueError(f"{name} is {tuple(tensors[name].shape)}, and {tuple(tensor.shape)} in models of its kind")
    network.load_state_dict({name: tensors[name].to(dtype) for name in wanted if name in tensors}, assign=True)
    return network.requires_grad_(False).eval()


def _weights(folder: Path, part: str) -> list[Path]:
    """The files of one network. Raises RenderError or ModelNotFound where there are none that may be opened."""
    files = weight_files(folder, part)
    if files:
        return files
    unsafe = [file.name for pattern in ("*.bin", "*.ckpt", "*.pt") for file in (folder / part).glob(pattern)]
    if unsafe:
        named = shlex.quote(str(folder / part / unsafe[0]))
        raise RenderError(
            f"{folder / part} holds {unsafe[0]}, a pickled file, which may run code when it is opened: it is not",
            hint=f"copy its weights once, which runs nothing: parseq-tui convert {named}",
        )
    raise ModelNotFound(f"{folder / part} holds no weights", hint="look for a .safetensors file that was not copied")


def _from_folder(cls: Any, folder: Path, part: str, dtype: torch.dtype) -> Any:
    """One network, loaded from safetensors only."""
    pieces = _weights(folder, part)[0].name.split(".")
    options = {"variant": pieces[1].split("-")[0]} if len(pieces) == 3 else {}
    try:
        loaded = cls.from_pretrained(
            folder, subfolder=part, torch_dtype=dtype, use_safetensors=True, local_files_only=True, **options
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as problem:
        raise cannot_load(folder / part, problem) from problem
    return loaded.requires_grad_(False).eval()
