"""What an engine is: a way of making one picture. Motion, colour and history around it are not its business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture: uint8, shape (height, width, 3), RGB."""


@dataclass(frozen=True, slots=True)
class DiffusionRequest:
    """All numbers and texts of one diffusion call."""

    width: int
    height: int
    """Pixels; multiples of 8."""
    positive: str
    negative: str
    """Web UI syntax: emphasis, AND with weights (positive only), `<lora:…>`."""
    seed: int
    subseed: int
    subseed_strength: float
    """0 = the seed's noise, 1 = the subseed's; between them slerp."""
    cfg_scale: float
    denoising_strength: float
    """Share of noise, 0…1. Ignored by txt2img."""
    steps: int
    scheduler: str
    """A name from `scheduler_names()` of the engine ("euler_a", "ddim", …)."""
    noise_multiplier: float = 1.0
    clip_skip: int = 1


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can honour; shown before rendering."""

    negative_prompt: bool = True
    weighted_prompts: bool = True
    loopback: bool = True
    notes: tuple[str, ...] = ()


class Engine(Protocol):
    """An engine. Construction is cheap; `load` does the slow part."""

    name: str

    def load(self) -> None:
        """Make ready. Raises ModelNotFound, BackendUnavailable, OutOfMemory."""

    def fingerprint(self) -> str:
        """Identifies model and code: two engines with the same fingerprint make the same picture from the same request.

        Available before `load`, so that frame keys can be computed without it.
        """

    def capabilities(self) -> Capabilities: ...

    def generate(self, request: DiffusionRequest, image: Image | None) -> Image:
        """The picture for this request: txt2img without `image`, img2img with it (already of the requested size)."""

    def close(self) -> None:
        """Give memory back."""
