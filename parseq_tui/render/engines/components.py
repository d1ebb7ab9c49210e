"""The parts of a model, loaded: UNet, VAE, text encoders, tokenizers, and the scheduler's configuration.

Owns what diffusers and transformers need to be told; the rest of the engine sees tensors only. The invariant: nothing
is fetched, no pickle is opened, and the libraries print nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from parseq_tui.errors import OutOfMemory, RenderError
from parseq_tui.render.engines.base import Report
from parseq_tui.render.engines.descriptions import read_json
from parseq_tui.render.engines.devices import (
    choose_device,
    free_memory,
    is_small,
    keep_freed_memory,
    out_of_memory_explained,
    quiet_libraries,
    set_threads,
)
from parseq_tui.render.engines.loading import Networks, from_folder, from_single_file, tokenizer
from parseq_tui.render.engines.models import ModelDescription, scheduler_config

__all__ = ["Components", "choose_device", "load_components", "out_of_memory_explained", "quiet_libraries"]

_log = logging.getLogger(__name__)
_SUPPORTED_PARTS = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL", "AutoencoderTiny"),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
_SUPPORTED_XL_PARTS = {
    **_SUPPORTED_PARTS,
    "text_encoder_2": ("CLIPTextModelWithProjection",),
    "tokenizer_2": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
_TEXT_TIME_IDS = 6
"""Numbers that Stable Diffusion XL is told beside its text: original size, crop, target size."""


@dataclass(frozen=True, slots=True)
class Components:
    """Everything loaded, in evaluation mode."""

    unet: Any
    vae: Any
    text_encoders: tuple[Any, ...]
    """One, or two for Stable Diffusion XL, which reads them side by side."""
    tokenizers: tuple[Any, ...]
    scheduler_config: Mapping[str, Any]
    device: torch.device
    """Where networks work, wherever they wait."""
    channels: int
    """Of a latent."""
    factor: int
    """Pixels per latent cell, along each side."""
    small: bool = False
    """Whether the UNet is so small that one thread serves each of its operations best on a CPU."""
    empty_is_zero: bool = False
    """Whether a text without a word is told as zeros instead of being encoded (Stable Diffusion XL)."""

    @property
    def dtype(self) -> torch.dtype:
        """Of the UNet and of the text encoders."""
        dtype: torch.dtype = next(self.unet.parameters()).dtype
        return dtype

    @property
    def told_sizes(self) -> bool:
        """Whether the UNet is told the size of the picture, and the text as one vector."""
        return bool(self.unet.config.addition_embed_type == "text_time")

    @property
    def guidance_width(self) -> int:
        """Width of the CFG scale's embedding, for networks that take it as a condition (LCM); 0 for others."""
        return int(getattr(self.unet.config, "time_cond_proj_dim", None) or 0)

    @property
    def networks(self) -> Mapping[str, Any]:
        """Part → network."""
        names = ("text_encoder", "text_encoder_2")
        encoders = dict(zip(names, self.text_encoders, strict=False))
        return {"unet": self.unet, "vae": self.vae, **encoders}


def load_components(model: ModelDescription, device_name: str, report: Report = _log.info) -> Components:
    """Loads a model into main memory; whoever samples with it brings it to `device`. `report`: see `choose_device`.

    Raises ModelNotFound, BackendUnavailable, OutOfMemory, or RenderError naming what cannot be done with it.
    """
    classes = _part_classes(model)
    device = choose_device(device_name, report)
    _check_room(model)
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    with quiet_libraries(), out_of_memory_explained(f"loading {model.name}", "use a smaller model, or --device cpu"):
        networks = _networks(model, dtype)
        tokenizers = tuple(tokenizer(model.folder, part) for part in classes if part.startswith("tokenizer"))
    unet, vae = networks["unet"], networks["vae"]
    check_unet(model, unet.config, vae.config, len(tokenizers))
    if dtype == torch.float16 and model.is_xl and getattr(vae.config, "force_upcast", False):
        vae.to(torch.float32)  # it would overflow; others say so as well, since diffusers writes it by default
    set_threads(device, unet)
    small = is_small(unet)
    if small:
        if device.type == "cpu":
            keep_freed_memory()
        for network in networks.values():
            _lay_out(network)
    return Components(
        unet=unet,
        vae=vae,
        text_encoders=tuple(networks[part] for part in classes if part.startswith("text_encoder")),
        tokenizers=tokenizers,
        scheduler_config=_prediction_known(model, unet, scheduler_config(model)),
        device=device,
        channels=int(vae.config.latent_channels),
        factor=2 ** (len(vae.config.block_out_channels) - 1),
        small=small,
        empty_is_zero=bool(read_json(model.folder / "model_index.json").get("force_zeros_for_empty_prompt")),
    )


def _lay_out(network: torch.nn.Module) -> None:
    """Copies weights out of the file they are mapped from, to addresses that products of matrices like.

    The last bits of a product of few rows follow from where its factors lie, and that from the length of a header.
    """
    for weights in network.parameters():
        weights.data = weights.data.clone()


def _check_room(model: ModelDescription) -> None:
    """Refuses what main memory cannot hold: the system would end this process without a word."""
    free = free_memory(torch.device("cpu"))
    if free is not None and model.bytes > free:
        needed, left = f"{model.bytes / 2**30:.1f}", f"{free / 2**30:.1f}"
        raise OutOfMemory(
            f"{model.name} needs {needed} GiB of main memory to be loaded, {left} are free",
            hint="close other programs, or use a smaller model",
        )


def predicts_noise(unet: Any) -> bool:
    """Whether a network predicts the noise (or else the velocity), told from what it makes of nothing but noise.

    At the last timestep nearly all is noise, so a noise prediction is nearly its input, and a velocity is not
    (v = √ᾱ·ε - √(1-ᾱ)·x₀, and √ᾱ ≈ 0.07).
    """
    weights = next(unet.parameters())
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1, unet.config.in_channels, 16, 16, generator=generator).to(weights)
    text = torch.zeros(1, 77, unet.config.cross_attention_dim).to(weights)
    with torch.inference_mode():
        answer = unet(noise, torch.tensor(999.0), encoder_hidden_states=text, return_dict=False)[0]
    both = torch.stack([noise.flatten(), answer.flatten()]).double()
    return bool(torch.corrcoef(both)[0, 1] > 0.5)


def check_unet(model: ModelDescription, unet: Any, vae: Any, encoders: int) -> None:
    """Refuses configurations of networks that expect more than a latent, a time, a text and a size."""
    reason = ""
    if unet.addition_embed_type == "text_time":
        aside = unet.projection_class_embeddings_input_dim - _TEXT_TIME_IDS * unet.addition_time_embed_dim
        if encoders != 2 or aside <= 0:
            reason = "its UNet wants sizes and scores (the refiner of Stable Diffusion XL)"
    elif unet.addition_embed_type not in (None, "text"):
        reason = f"its UNet wants {unet.addition_embed_type!r} conditions"
    if unet.in_channels != vae.latent_channels:
        reason = f"its UNet takes {unet.in_channels} channels (inpainting or depth)"
    elif unet.class_embed_type is not None or unet.encoder_hid_dim_type is not None:
        reason = "its UNet takes conditions other than text"
    if reason:
        raise RenderError(
            f"the model {model.name!r} cannot be rendered with: {reason}",
            hint="text-to-image models of Stable Diffusion 1.x, 2.x and XL work",
        )


def import_classes(model: ModelDescription) -> Mapping[str, Any]:
    """Part → class, of the parts that hold weights; brings in the libraries. Raises as `load_components` does."""
    names = {part: name for part, name in _part_classes(model).items() if not part.startswith("tokenizer")}
    with quiet_libraries():
        import diffusers
        import transformers

        return {
            part: getattr(transformers if part.startswith("text_encoder") else diffusers, name)
            for part, name in names.items()
        }


def _networks(model: ModelDescription, dtype: torch.dtype) -> Networks:
    classes = import_classes(model)
    if model.file is not None and model.checkpoint is not None:
        return from_single_file(model.file, model.checkpoint, model.folder, classes, dtype)
    return from_folder(model.folder, classes, dtype)


def _part_classes(model: ModelDescription) -> Mapping[str, str]:
    """Class names of the parts. Raises RenderError naming the first one that is not supported."""
    index = read_json(model.folder / "model_index.json")
    classes: dict[str, str] = {}
    for part, known in (_SUPPORTED_XL_PARTS if model.is_xl else _SUPPORTED_PARTS).items():
        entry = index.get(part)
        named = str(entry[1]) if isinstance(entry, list) and len(entry) == 2 else "missing"
        if named not in known:
            raise RenderError(
                f"the {part} of model {model.name!r} is {named}, which this version cannot render with",
                hint=_part_hint(part, known, named),
            )
        classes[part] = named
    return classes


def _part_hint(part: str, known: Sequence[str], named: str) -> str:
    if part == "text_encoder" and named == "None":
        return "this is the refiner of Stable Diffusion XL, which only finishes pictures: use the base model"
    return f"it can be {' or '.join(known)}"


def _prediction_known(model: ModelDescription, unet: Any, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The scheduler's configuration with what the network predicts, measured where a single file does not say."""
    if model.checkpoint is None or model.checkpoint.prediction:
        return config
    return {**config, "prediction_type": "epsilon" if predicts_noise(unet) else "v_prediction"}
