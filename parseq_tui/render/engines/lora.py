"""LoRA files: names of every dialect to layers, and weights merged into the layers they change.

A LoRA says for each layer a change of low rank (Hu et al. 2021): `ΔW = weight · alpha/rank · up · down`; LoHa and LoKr
say it as products of Hadamard and Kronecker. It is merged, so it costs nothing at a network call, and merged anew only
when its weight changes. The invariant: a layer is always its original plus the changes, never a change undone, so the
order in which frames are made leaves no trace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.checkpoint import read_header
from parseq_tui.render.engines.extra_networks import Use

Pieces = dict[str, torch.Tensor]
"""Role ("up", "down", "mid", "alpha", "hada_w1_a", …) → tensor, of one layer."""

_ROLES = re.compile(
    r"\.(?P<role>lora_up\.weight|lora_down\.weight|lora_mid\.weight|lora_A(?:\.default)?\.weight"
    r"|lora_B(?:\.default)?\.weight|lora\.up\.weight|lora\.down\.weight|lora_linear_layer\.(?:up|down)\.weight"
    r"|up\.weight|down\.weight|alpha|hada_[tw][12](?:_[ab])?|lokr_[tw][12](?:_[ab])?|lokr_t2)$"
)
_SAME: Mapping[str, str] = {
    "lora_up.weight": "up",
    "lora_B.weight": "up",
    "lora_B.default.weight": "up",
    "lora.up.weight": "up",
    "lora_linear_layer.up.weight": "up",
    "lora_down.weight": "down",
    "lora_A.weight": "down",
    "lora_A.default.weight": "down",
    "lora.down.weight": "down",
    "lora_linear_layer.down.weight": "down",
    "lora_mid.weight": "mid",
    "up.weight": "up",
    "down.weight": "down",
}
_LARGEST = 8 << 30
"""Bytes of a file that is still read as a LoRA."""


class Lora:
    """One file's changes, by part ("unet", "text_encoder", …) and layer."""

    def __init__(self, file: Path, layers: Mapping[str, Mapping[str, torch.nn.Module]], per_level: int) -> None:
        """`layers`: part → layer name → layer. Raises RenderError if nothing in the file fits, or something cannot."""
        self.file = file
        self._names = {part: LayerNames(part, known, per_level) for part, known in layers.items()}
        self.changes: dict[str, dict[str, Pieces]] = {part: {} for part in layers}
        strangers, stated = 0, _stated_alphas(file)
        for name, pieces in _read(file).items():
            place = self._place(name)
            if place is None:
                strangers += 1
                continue
            part, layer = place
            if part in stated and "alpha" not in pieces:
                pieces["alpha"] = torch.tensor(stated[part])
            self._check(name, pieces, layers[part][layer])
            self.changes[part].setdefault(layer, {}).update(pieces)
        if not any(self.changes.values()):
            raise RenderError(
                f"{file.name} does not fit this model: none of its {strangers} layers is there",
                hint="use a LoRA that was made for the model's family",
            )

    def _place(self, name: str) -> tuple[str, str] | None:
        for part, names in self._names.items():
            if (layer := names.find(name)) is not None:
                return part, layer
        return None

    def _check(self, name: str, pieces: Pieces, layer: torch.nn.Module) -> None:
        weight = layer.get_parameter("weight")
        try:
            shape = difference(pieces, weight.shape, torch.device("meta")).shape
        except (RuntimeError, KeyError, ValueError) as problem:
            raise self._misfit(name, str(problem)) from problem
        if shape != weight.shape:
            raise self._misfit(name, f"it is made for {tuple(shape)}, the model has {tuple(weight.shape)}")

    def _misfit(self, name: str, reason: str) -> RenderError:
        text = " ".join(reason.split())[:200]
        return RenderError(
            f"{self.file.name} does not fit this model: {name}: {text}",
            hint="use a LoRA that was made for the model's family",
        )


class LayerNames:
    """How the files of the world call the layers of one part of a model."""

    def __init__(self, part: str, layers: Mapping[str, torch.nn.Module], per_level: int) -> None:
        """`per_level`: layers in each level of the UNet."""
        self._exact: dict[str, str] = {}
        unet = part == "unet"
        prefixes = {
            "unet": ("unet.", "base_model.model.unet.", "lora_unet_"),
            "text_encoder": ("text_encoder.", "lora_te_", "lora_te1_"),
            "text_encoder_2": ("text_encoder_2.", "lora_te2_"),
        }[part]
        for layer in layers:
            names = [layer, *([original_name(layer, per_level)] if unet else _text_names(layer))]
            for name in names:
                for prefix in prefixes:
                    flat = prefix.startswith("lora_")
                    self._exact.setdefault(prefix + (name.replace(".", "_") if flat else name), layer)
        if unet:  # a file without any prefix is of the UNet
            self._exact.update({layer: layer for layer in layers})

    def find(self, name: str) -> str | None:
        """The layer a name of a file means; None if it is none of this part's."""
        plain = re.sub(r"\.processor\.(to_[qkv]|to_out)(_lora)?$", r".\1", name)
        plain = re.sub(r"\.to_out$", ".to_out.0", plain)
        return self._exact.get(name) or self._exact.get(plain)


class Merger:
    """Brings the layers of a model to the LoRA weights of a frame, and back."""

    def __init__(self, networks: Mapping[str, torch.nn.Module], device: torch.device) -> None:
        """`networks`: part → network. `device`: where changes are computed."""
        self._layers = {
            part: {name: layer for name, layer in network.named_modules() if _has_weight(layer)}
            for part, network in networks.items()
            if part != "vae"
        }
        self._device = device
        self._per_level = int(getattr(getattr(networks["unet"], "config", None), "layers_per_block", 2))
        self._loaded: dict[Path, Lora] = {}
        self._originals: dict[tuple[str, str], torch.Tensor] = {}
        self._current: dict[str, tuple[tuple[Path, float], ...] | None] = dict.fromkeys(self._layers, ())

    @staticmethod
    def wanted(part: str, uses: Iterable[Use]) -> tuple[tuple[Path, float], ...]:
        """Which files at which weights concern a part; the identity of its state."""
        weights = [(use.file, use.unet if part == "unet" else use.encoder) for use in uses]
        return tuple(sorted((file, weight) for file, weight in weights if weight))

    def is_changed(self, part: str) -> bool:
        """Whether a part's weights are now others than the model's own."""
        return self._current[part] != ()

    def settle(self, part: str, uses: Iterable[Use], away: Callable[[], None]) -> None:
        """Brings one part to the weights asked. `away` is called first if anything changes: it sends networks home.

        Raises RenderError if a file does not fit the model.
        """
        wanted = self.wanted(part, uses)
        if wanted == self._current[part]:
            return
        away()
        loras = [(self._lora(file), weight) for file, weight in wanted]
        touched = {layer for (of, layer) in self._originals if of == part}
        touched |= {layer for lora, _ in loras for layer in lora.changes[part]}
        self._current[part] = None  # should this be broken off in the middle
        with torch.inference_mode(False), torch.no_grad():
            for layer in sorted(touched):
                self._merge(part, layer, loras)
        self._current[part] = wanted

    def send_originals_home(self) -> None:
        """Frees the device of what layers were before they were changed."""
        self._originals = {key: weight.cpu() for key, weight in self._originals.items()}

    def _merge(self, part: str, name: str, loras: Sequence[tuple[Lora, float]]) -> None:
        weight = self._layers[part][name].get_parameter("weight")
        key = (part, name)
        if key not in self._originals:
            self._originals[key] = weight.detach().clone()
        merged = self._originals[key].to(self._device, torch.float32)
        for lora, share in loras:
            if pieces := lora.changes[part].get(name):
                merged = merged + share * difference(pieces, weight.shape, self._device)
        weight.data.copy_(merged.to(weight.dtype))
        if not any(name in lora.changes[part] for lora, _ in loras):
            del self._originals[key]  # it is the original again

    def _lora(self, file: Path) -> Lora:
        if file not in self._loaded:
            self._loaded[file] = Lora(file, self._layers, self._per_level)
        return self._loaded[file]


def difference(pieces: Pieces, shape: Sequence[int], device: torch.device) -> torch.Tensor:
    """What a file adds to a weight of this shape, at weight 1; float32. Raises KeyError for a piece that is missing."""
    held = {role: tensor.to(device, torch.float32) for role, tensor in pieces.items() if role != "alpha"}
    if "up" in held:
        change, rank = _low_rank(held), held["down"].shape[0]
    elif "hada_w1_a" in held:
        change, rank = _hadamard(held), held["hada_w1_b"].shape[0]
    else:
        change, rank = _kronecker(held)
        if rank == 0:
            return change.reshape(tuple(shape)) if change.numel() == _count(shape) else change
    alpha = float(pieces["alpha"]) if "alpha" in pieces else float(rank)
    scaled = change * (alpha / rank)
    return scaled.reshape(tuple(shape)) if scaled.numel() == _count(shape) else scaled


def taught_vectors(file: Path) -> tuple[torch.Tensor, ...]:
    """The vectors of an embedding file, one tensor (vectors, width) per text encoder. Raises RenderError."""
    tensors = _loaded(file)
    both = [tensors[name] for name in ("clip_l", "clip_g") if name in tensors]
    vectors = both or [tensors["emb_params"] if "emb_params" in tensors else next(iter(tensors.values()))]
    return tuple(tensor if tensor.dim() == 2 else tensor[None] for tensor in vectors)


def original_name(layer: str, per_level: int = 2) -> str:
    """What the original code calls a UNet layer of diffusers.

    It counts through the layers of all levels, a change of size after each: `input_blocks.4.1` is the attention of the
    first layer of the second level of Stable Diffusion 1.x to XL.
    """
    found = re.match(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.*)", layer)
    middle = re.match(r"mid_block\.(resnets|attentions)\.(\d+)\.(.*)", layer)
    if middle:
        place = f"middle_block.{1 if middle[1] == 'attentions' else 2 * int(middle[2])}"
        return f"{place}.{_original_inside(middle[3])}"
    if not found:
        return {"conv_in": "input_blocks.0.0", "conv_out": "out.2"}.get(layer, _original_inside(layer))
    way, level, kind, number, inside = found[1], int(found[2]), found[3], int(found[4]), found[5]
    if way == "down":
        number = per_level if kind == "downsamplers" else number
        slot = {"resnets": "0", "attentions": "1", "downsamplers": "0.op"}[kind]
        block = f"input_blocks.{1 + (per_level + 1) * level + number}.{slot}"
    else:
        number = per_level if kind == "upsamplers" else number
        slot = {"resnets": "0", "attentions": "1", "upsamplers": "2"}[kind]
        block = f"output_blocks.{(per_level + 1) * level + number}.{slot}"
    return block if kind == "downsamplers" else f"{block}.{_original_inside(inside)}"


def _original_inside(inside: str) -> str:
    for ours, theirs in (
        ("time_embedding.linear_1", "time_embed.0"),
        ("time_embedding.linear_2", "time_embed.2"),
        ("add_embedding.linear_1", "label_emb.0.0"),
        ("add_embedding.linear_2", "label_emb.0.2"),
        ("time_emb_proj", "emb_layers.1"),
        ("conv_shortcut", "skip_connection"),
    ):
        inside = inside.replace(ours, theirs)
    return {"conv1": "in_layers.2", "conv2": "out_layers.3"}.get(inside, inside)


def _text_names(layer: str) -> list[str]:
    """transformers 5 made CLIPTextModel flat; files were written before and after."""
    return [f"text_model.{layer}", layer.removeprefix("text_model.")]


def _read(file: Path) -> dict[str, Pieces]:
    """Layer name as the file has it → pieces. Raises RenderError."""
    tensors = _loaded(file)
    layers: dict[str, Pieces] = {}
    for name, tensor in tensors.items():
        if (found := _ROLES.search(name)) is not None:
            layers.setdefault(name[: found.start()], {})[_SAME.get(found["role"], found["role"])] = tensor
    return {name: pieces for name, pieces in layers.items() if set(pieces) != {"alpha"}}


def _stated_alphas(file: Path) -> dict[str, float]:
    """Part → alpha, as files of PEFT state it beside their tensors."""
    metadata = read_header(file).get("__metadata__", {})
    try:
        stated = json.loads(metadata.get("lora_adapter_metadata", "{}")) if isinstance(metadata, dict) else {}
    except (ValueError, TypeError, RecursionError):
        return {}  # what cannot be read states nothing
    found = stated.items() if isinstance(stated, dict) else ()
    ending = ".lora_alpha"
    return {
        name.removesuffix(ending): float(value)
        for name, value in found
        if name.endswith(ending) and isinstance(value, (int, float))
    }


def _loaded(file: Path) -> dict[str, torch.Tensor]:
    try:
        if file.stat().st_size > _LARGEST:
            raise RenderError(f"{file} is too large for a LoRA or an embedding")
        return dict(load_file(file))
    except (OSError, ValueError, SafetensorError) as problem:
        reason = " ".join(str(problem).split())[:200]
        raise RenderError(f"cannot load {file}: {reason}", hint="the file may be damaged: copy it again") from problem


def _low_rank(held: Mapping[str, torch.Tensor]) -> torch.Tensor:
    up, down = held["up"], held["down"]
    if "mid" in held:  # a convolution split in three
        return _tucker(held)
    return up.flatten(1) @ down.flatten(1)


def _tucker(held: Mapping[str, torch.Tensor]) -> torch.Tensor:
    up, down, mid = held["up"].flatten(1), held["down"].flatten(1), held["mid"]
    return torch.einsum("or,rshw,si->oihw", up, mid, down)


def _hadamard(held: Mapping[str, torch.Tensor]) -> torch.Tensor:
    halves = []
    for half in ("1", "2"):
        a, b = held[f"hada_w{half}_a"], held[f"hada_w{half}_b"]
        core = held.get(f"hada_t{half}")
        halves.append(a @ b if core is None else torch.einsum("rshw,ro,si->oihw", core, a, b))
    return halves[0] * halves[1]


def _kronecker(held: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, int]:
    rank = 0
    factors = []
    for half in ("1", "2"):
        if (whole := held.get(f"lokr_w{half}")) is None:
            a, b = held[f"lokr_w{half}_a"], held[f"lokr_w{half}_b"]
            rank = b.shape[0]
            core = held.get(f"lokr_t{half}")
            whole = a @ b.flatten(1) if core is None else torch.einsum("rshw,ro,si->oihw", core, a, b)
        factors.append(whole)
    first, second = factors
    if second.dim() == 4:
        first = first[..., None, None]
    return torch.kron(first, second), rank


def _count(shape: Sequence[int]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _has_weight(layer: Any) -> bool:
    return isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d))
