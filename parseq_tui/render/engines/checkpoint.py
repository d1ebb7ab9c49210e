"""Single-file checkpoints: which family a `.safetensors` file holds, told from its header alone. No torch.

The header lists names, types and shapes; reading it costs kilobytes of a file of gigabytes, and runs nothing. What a
header cannot say (Turbo and Lightning have the names and shapes of the model they were distilled from) is taken from
the file's own metadata, or else from its name.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from parseq_tui import paths
from parseq_tui.errors import RenderError

LARGEST_HEADER = 100 << 20
"""Bytes; safetensors' own limit."""
Variant = Literal["", "turbo", "lightning", "hyper", "lcm"]
VARIANTS: tuple[Variant, ...] = ("turbo", "lightning", "hyper", "lcm")
FEW_STEPS: Mapping[str, Mapping[str, Any]] = {
    "turbo": {"steps": 4, "cfg_scale": 1.0, "scheduler": "euler_a"},
    "lightning": {"steps": 4, "cfg_scale": 1.0, "scheduler": "euler"},
    "hyper": {"steps": 4, "cfg_scale": 1.0, "scheduler": "ddim"},
    "lcm": {"steps": 4, "cfg_scale": 1.0, "scheduler": "lcm"},
}
"""What the makers of models distilled to few steps recommend."""
_UNET = "model.diffusion_model."
_LCM = f"{_UNET}time_embed.cond_proj.weight"
_MARKS: Mapping[str, str] = {
    "cond_stage_model.transformer.": "sd1",
    "cond_stage_model.model.transformer.": "sd2",
    "conditioner.embedders.1.model.transformer.": "sdxl",
}
"""What only a text encoder of this family is called."""
_LORA = "a LoRA, which changes a model: name it in a prompt as <lora:NAME:1>"
_OTHER_FAMILIES: Mapping[str, str] = {
    "lora_unet_": _LORA,
    "lora_te": _LORA,
    "lora_A.": _LORA,
    "lora.down.": _LORA,
    "conditioner.embedders.0.model.": "the refiner of Stable Diffusion XL, which only finishes pictures",
    "joint_blocks.": "Stable Diffusion 3",
    "double_blocks.": "Flux",
    "emb_params": "an embedding (textual inversion): name it in a prompt",
    "control_model.": "a ControlNet",
    "down_blocks.0.": "one network out of a model folder",
}
_INPUTS: Mapping[int, str] = {9: "inpainting", 8: "editing by instruction", 5: "depth"}
_PREDICTIONS = {"v": "v_prediction", "v_prediction": "v_prediction", "epsilon": "epsilon", "eps": "epsilon"}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a single file says about itself."""

    family: str
    """sd1, sd2 or sdxl."""
    variant: Variant = ""
    prediction: str = ""
    """epsilon or v_prediction; "" if the file does not say and it must be measured."""
    zero_snr: bool = False
    """Whether its noise schedule was rescaled to end in pure noise."""
    guidance_width: int = 0
    """Width of the CFG scale's embedding, for networks that take it as a condition (LCM)."""
    bytes: int = 0

    @property
    def layout(self) -> Path:
        """The folder with the configuration that its weights fit into."""
        return paths.bundled("models") / self.family

    @property
    def scheduler_changes(self) -> Mapping[str, Any]:
        """What its scheduler's configuration has other than its family's."""
        changes: dict[str, Any] = {}
        if self.prediction:
            changes["prediction_type"] = self.prediction
        if self.zero_snr:
            changes |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
        if self.variant in ("turbo", "lightning", "hyper"):
            changes["timestep_spacing"] = "trailing"
        return changes


def read_header(file: Path) -> dict[str, Any]:
    """Names → {"dtype", "shape", …} of a safetensors file, and "__metadata__". Raises RenderError if it is none.

    A file that is shorter than its header says was not copied to its end.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if not 2 <= length <= min(LARGEST_HEADER, size - 8):
                raise ValueError("its header is of an impossible length")
            header = json.loads(stream.read(length))
    except (OSError, ValueError, struct.error, RecursionError) as problem:
        raise RenderError(
            f"{file} is not a safetensors file: {problem}", hint="it may be damaged: copy it again"
        ) from problem
    if not isinstance(header, dict):
        raise RenderError(f"{file} is not a safetensors file: its header is no object")
    end = 8 + length + max((_end(entry) for entry in header.values()), default=0)
    if end > size:
        raise RenderError(
            f"{file} is torn: it holds {size:,} bytes of {end:,}", hint="it was not copied to its end: copy it again"
        )
    return header


def read_checkpoint(file: Path) -> Checkpoint:
    """What a single file holds. Raises RenderError for what cannot be rendered with, saying what it is."""
    header = read_header(file)
    stated = header.pop("__metadata__", {})
    metadata = stated if isinstance(stated, dict) else {}
    entrance = shape(header, f"{_UNET}input_blocks.0.0.weight")
    family = next((family for mark, family in _MARKS.items() if any(name.startswith(mark) for name in header)), "")
    if len(entrance) != 4 or not family:
        raise _refused(file, header, entrance)
    if entrance[1] != 4:
        kind = _INPUTS.get(entrance[1], "an unknown kind")
        raise RenderError(
            f"{file.name} cannot be rendered with: its UNet takes {entrance[1]} channels ({kind})",
            hint="use the text-to-image model of the same family",
        )
    if not any(name.startswith("first_stage_model.") for name in header):
        raise RenderError(f"{file.name} cannot be rendered with: it has no autoencoder", hint="use a full checkpoint")
    guidance = shape(header, _LCM)
    return Checkpoint(
        family=family,
        variant="lcm" if guidance else variant(f"{metadata.get('modelspec.title', '')} {file.stem}"),
        prediction=_prediction(family, header, metadata),
        zero_snr="ztsnr" in header,
        guidance_width=guidance[1] if len(guidance) == 2 else 0,
        bytes=file.stat().st_size,
    )


def variant(name: str) -> Variant:
    """Which kind of few-step model a name speaks of; "" for none."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    return next((kind for kind in VARIANTS if kind in words), "")


def shape(header: Mapping[str, Any], name: str) -> list[int]:
    """The shape of a tensor; empty if there is none of this name, or for a scalar."""
    entry = header.get(name)
    found = entry.get("shape") if isinstance(entry, dict) else None
    return found if isinstance(found, list) and all(isinstance(side, int) for side in found) else []


def _prediction(family: str, header: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """What the network predicts, as far as the file says; Stable Diffusion 2.x comes both ways."""
    stated = _PREDICTIONS.get(str(metadata.get("modelspec.prediction_type", "")).lower(), "")
    if stated or "v_pred" in header:
        return stated or "v_prediction"
    return "" if family == "sd2" else "epsilon"


def _refused(file: Path, header: Mapping[str, Any], entrance: list[int]) -> RenderError:
    other = next((family for part, family in _OTHER_FAMILIES.items() if any(part in name for name in header)), "")
    found = other or ("a model without its text encoder" if entrance else "not a Stable Diffusion checkpoint")
    return RenderError(
        f"{file.name} cannot be rendered with: it is {found}",
        hint="single files of Stable Diffusion 1.x, 2.x and XL work; others as a folder in diffusers' layout",
    )


def _end(entry: Any) -> int:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    return offsets[1] if isinstance(offsets, list) and len(offsets) == 2 and isinstance(offsets[1], int) else 0
