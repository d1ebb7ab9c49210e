"""The parts of a model, loaded: UNet, VAE, text encoder, tokenizer, and the scheduler's configuration.

Owns what torch, diffusers and transformers need to be told; the rest of the engine sees tensors only. The invariant:
nothing is fetched, no pickle is opened, and the libraries print nothing.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from parseq_tui.errors import BackendUnavailable, ModelNotFound, OutOfMemory, RenderError
from parseq_tui.render.engines.models import SUPPORTED_CLASSES, ModelDescription, read_json, weight_files

_SUPPORTED_PARTS = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL", "AutoencoderTiny"),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}

_SMALL_NETWORK = 20_000_000
"""Parameters of a UNet below which one thread serves it best."""


@dataclass(frozen=True, slots=True)
class Components:
    """Everything loaded, on one device, in evaluation mode."""

    unet: Any
    vae: Any
    text_encoder: Any
    tokenizer: Any
    scheduler_config: Mapping[str, Any]
    device: torch.device
    dtype: torch.dtype
    channels: int
    """Of a latent."""
    factor: int
    """Pixels per latent cell, along each side."""


def load_components(model: ModelDescription, device_name: str) -> Components:
    """Loads a model folder.

    Raises ModelNotFound, BackendUnavailable, OutOfMemory, or RenderError naming what cannot be done with it.
    """
    classes = _part_classes(model)
    device = choose_device(device_name)
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    with quiet_libraries(), out_of_memory_explained(f"loading {model.name}", "use a smaller model, or --device cpu"):
        import diffusers
        import transformers

        unet_class, vae_class = getattr(diffusers, classes["unet"]), getattr(diffusers, classes["vae"])
        if model.checkpoint is not None:
            networks = _from_checkpoint(model.checkpoint, model.folder, unet_class, vae_class, dtype)
        else:
            networks = (
                _weights(unet_class, model.folder, "unet", dtype),
                _weights(vae_class, model.folder, "vae", dtype),
                _weights(transformers.CLIPTextModel, model.folder, "text_encoder", dtype),
            )
        unet, vae, text_encoder = (network.requires_grad_(False).eval().to(device) for network in networks)
        tokenizer = transformers.CLIPTokenizer.from_pretrained(model.folder / "tokenizer", local_files_only=True)
    _check_unet(model, unet, vae)
    _set_threads(device, unet)
    return Components(
        unet=unet,
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        scheduler_config=read_json(model.folder / "scheduler" / "scheduler_config.json"),
        device=device,
        dtype=dtype,
        channels=int(vae.config.latent_channels),
        factor=2 ** (len(vae.config.block_out_channels) - 1),
    )


def choose_device(name: str) -> torch.device:
    """The device a name means; "auto" is the first CUDA card, else the CPU. Raises BackendUnavailable."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as problem:
        cards = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
        raise BackendUnavailable(
            f"there is no device {name!r} here", hint=f"available: {', '.join(['auto', 'cpu', *cards])}"
        ) from problem
    return device


def _set_threads(device: torch.device, unet: Any) -> None:
    """As many threads as this process may use, or one for a small network; OMP_NUM_THREADS overrides both.

    A small network's operations end before a second thread has started: two are slower than one as soon as anything
    else runs on the machine. The number depends on nothing that changes: the bits of a picture may depend on it.
    """
    if device.type != "cpu" or "OMP_NUM_THREADS" in os.environ:
        return
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    small = sum(weights.numel() for weights in unet.parameters()) < _SMALL_NETWORK
    torch.set_num_threads(1 if small else max(1, min(torch.get_num_threads(), allowed)))


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """While open, diffusers and transformers neither print, warn nor draw progress bars."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers.utils.logging
        import transformers.utils.logging

        for library in (diffusers.utils.logging, transformers.utils.logging):
            library.set_verbosity_error()
            library.disable_progress_bar()
        yield


@contextmanager
def out_of_memory_explained(doing: str, advice: str) -> Iterator[None]:
    """Turns a device that has no room left into OutOfMemory: what was being done, and what to lower."""
    try:
        yield
    except torch.OutOfMemoryError as problem:
        raise OutOfMemory(f"the device's memory is full while {doing}", hint=advice) from problem
    except MemoryError as problem:
        raise OutOfMemory(f"memory is full while {doing}", hint=advice) from problem
    except RuntimeError as problem:
        if "not enough memory" not in str(problem) and "can't allocate memory" not in str(problem):
            raise
        raise OutOfMemory(f"memory is full while {doing}", hint=advice) from problem


def _part_classes(model: ModelDescription) -> Mapping[str, str]:
    """Class names of the parts. Raises RenderError naming the first one that is not supported."""
    if not model.supported:
        raise RenderError(
            f"the model {model.name!r} is a {model.pipeline_class}, which this version cannot render with",
            hint=f"supported so far: Stable Diffusion 1.x and 2.x folders ({SUPPORTED_CLASSES[0]})",
        )
    index = read_json(model.folder / "model_index.json")
    classes: dict[str, str] = {}
    for part, known in _SUPPORTED_PARTS.items():
        entry = index.get(part)
        named = str(entry[1]) if isinstance(entry, list) and len(entry) == 2 else "missing"
        if named not in known:
            raise RenderError(
                f"the {part} of model {model.name!r} is {named}, which this version cannot render with",
                hint=f"it can be {' or '.join(known)}",
            )
        classes[part] = named
    return classes


def _from_checkpoint(file: Path, layout: Path, unet: Any, vae: Any, dtype: torch.dtype) -> tuple[Any, Any, Any]:
    """UNet, VAE and text encoder out of a single file, shaped by the configuration in `layout`."""
    from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm
    from safetensors.torch import load_file
    from transformers import CLIPTextModel

    how: dict[str, Any] = {"config": str(layout), "torch_dtype": dtype, "local_files_only": True}
    try:
        tensors = load_file(file)
        return (
            unet.from_single_file(dict(tensors), subfolder="unet", **how),
            vae.from_single_file(dict(tensors), subfolder="vae", **how),
            create_diffusers_clip_model_from_ldm(CLIPTextModel, dict(tensors), subfolder="text_encoder", **how),
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as problem:
        raise _cannot_load(file, problem) from problem


def _cannot_load(place: Path, problem: Exception) -> RenderError:
    reason = " ".join(str(problem).split())[:300]
    return RenderError(f"cannot load {place}: {reason}", hint="the file may be damaged: copy it again")


def _weights(cls: Any, folder: Path, part: str, dtype: torch.dtype) -> Any:
    """One network, loaded from safetensors only."""
    files = weight_files(folder, part)
    if not files:
        unsafe = [file.name for pattern in ("*.bin", "*.ckpt", "*.pt") for file in (folder / part).glob(pattern)]
        if unsafe:
            raise RenderError(
                f"{folder / part} holds {unsafe[0]}, a pickled file, which may run code when it is opened: it is not",
                hint="use a copy of the model that has .safetensors files",
            )
        raise ModelNotFound(
            f"{folder / part} holds no weights", hint="look for a .safetensors file that was not copied"
        )
    pieces = files[0].name.split(".")
    options = {"variant": pieces[1]} if len(pieces) == 3 else {}
    try:
        return cls.from_pretrained(
            folder, subfolder=part, torch_dtype=dtype, use_safetensors=True, local_files_only=True, **options
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as problem:
        raise _cannot_load(folder / part, problem) from problem


def _check_unet(model: ModelDescription, unet: Any, vae: Any) -> None:
    """Refuses networks that expect more than a latent, a time and a text."""
    config, reason = unet.config, ""
    if config.addition_embed_type not in (None, "text"):
        reason = f"its UNet wants {config.addition_embed_type!r} conditions (Stable Diffusion XL)"
    elif config.in_channels != vae.config.latent_channels:
        reason = f"its UNet takes {config.in_channels} channels (inpainting or depth)"
    elif config.time_cond_proj_dim is not None:
        reason = "its UNet takes the CFG scale as a condition (distilled LCM)"
    elif config.class_embed_type is not None or config.encoder_hid_dim_type is not None:
        reason = "its UNet takes conditions other than text"
    if reason:
        raise RenderError(
            f"the model {model.name!r} cannot be rendered with: {reason}",
            hint="supported so far: Stable Diffusion 1.x and 2.x text-to-image models",
        )
