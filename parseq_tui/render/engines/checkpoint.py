"""Single-file checkpoints: which family a `.safetensors` file holds, told from its header alone. No torch.

The header lists names, types and shapes; reading it costs kilobytes of a file of gigabytes, and runs nothing.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parseq_tui import paths
from parseq_tui.errors import RenderError

LARGEST_HEADER = 100 << 20
"""Bytes; safetensors' own limit."""
_UNET = "model.diffusion_model."
_OTHER_FAMILIES = {
    "conditioner.embedders.1.": "Stable Diffusion XL",
    "conditioner.embedders.0.": "Stable Diffusion XL (refiner)",
    "joint_blocks.": "Stable Diffusion 3",
    "double_blocks.": "Flux",
    "lora_unet_": "LoRA",
    "lora_te": "LoRA",
    "lora_A.": "LoRA",
    "cond_stage_model.model.transformer.": "Stable Diffusion 2",
}


def read_header(file: Path) -> Mapping[str, Any]:
    """Names → {"dtype", "shape", …} of a safetensors file. Raises RenderError if it is none."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if not 2 <= length <= min(LARGEST_HEADER, file.stat().st_size - 8):
                raise ValueError("its header is of an impossible length")
            header = json.loads(stream.read(length))
    except (OSError, ValueError, struct.error, RecursionError) as problem:
        raise RenderError(
            f"{file} is not a safetensors file: {problem}", hint="it may be damaged: copy it again"
        ) from problem
    if not isinstance(header, dict):
        raise RenderError(f"{file} is not a safetensors file: its header is no object")
    header.pop("__metadata__", None)
    return header


def layout(file: Path) -> Path:
    """The folder with the configuration that a checkpoint's weights fit into. Raises RenderError if there is none."""
    header = read_header(file)
    entrance = _shape(header, f"{_UNET}input_blocks.0.0.weight")
    other = next((family for part, family in _OTHER_FAMILIES.items() if any(part in name for name in header)), "")
    if other or len(entrance) != 4 or "cond_stage_model." not in " ".join(header):
        found = other or ("a model without its text encoder" if entrance else "not a Stable Diffusion checkpoint")
        raise RenderError(
            f"{file.name} cannot be rendered with: it is {found}",
            hint="single files of Stable Diffusion 1.x work, 2.x as a folder in diffusers' layout",
        )
    if entrance[1] != 4:
        raise RenderError(f"{file.name} cannot be rendered with: its UNet takes {entrance[1]} channels (inpainting)")
    return paths.bundled("models") / "sd1"


def _shape(header: Mapping[str, Any], name: str) -> list[int]:
    entry = header.get(name)
    shape = entry.get("shape") if isinstance(entry, dict) else None
    return shape if isinstance(shape, list) and all(isinstance(side, int) for side in shape) else []
