"""What an engine is: a way of making one picture. Motion, colour and history around it are not its business."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from parseq_tui.language.diagnostics import Diagnostic

Image = NDArray[np.uint8]
"""A picture: uint8, shape (height, width, 3), RGB."""
Report = Callable[[str], None]
"""Is told, in words, what a user would want to know."""


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
class Task:
    """One picture to make: from noise, or from a picture at a share of noise of `strength`, more than 0."""

    request: DiffusionRequest
    image: Image | None = None
    strength: float = 1.0


class Engine(Protocol):
    """An engine. Construction is cheap; `load` does the slow part."""

    name: str

    def load(self) -> None:
        """Make ready. Raises ModelNotFound, BackendUnavailable, OutOfMemory."""

    def fingerprint(self) -> str:
        """Identifies model and code: two engines with the same fingerprint make the same picture from the same request.

        Available before `load`, so that frame keys can be computed without it.
        """

    def fetch(self, report: Report) -> None:
        """Bring the model to this machine, if it is elsewhere and a render is to begin; before `fingerprint`."""

    def extras(self, request: DiffusionRequest) -> str:
        """Identifies the files this request names beside the model (LoRA, embeddings); "" if it names none.

        Together with `fingerprint` and the request it decides the picture. Available before `load`.
        """

    def problems(self, requests: Sequence[DiffusionRequest]) -> list[Diagnostic]:
        """What is wrong with these requests, or will be ignored, as far as it can be told before `load`."""

    def listen(self, report: Report) -> None:
        """What the engine decides by itself from now on (where it draws, that memory is scarce) goes to `report`."""

    def generate(self, request: DiffusionRequest, image: Image | None) -> Image:
        """The picture for this request: txt2img without `image`, img2img with it (already of the requested size)."""

    def together(self, width: int, height: int) -> int:
        """How many pictures of this size are best handed to `generate_many` at once; after `load`."""

    def generate_many(self, asked: Sequence[tuple[DiffusionRequest, Image | None]]) -> list[Image]:
        """Pictures that are not made from one another, in the order asked.

        A picture does not depend on which others are made with it, nor on how many. It may differ from `generate`'s in
        the last bits: which of the two makes a frame must follow from its plan alone.
        """

    def current(self) -> bool:
        """Whether it may be asked again later: every file it has read is still what it was."""

    def close(self) -> None:
        """Give memory back."""


class Plain(ABC):
    """What an engine has that needs no files, decides nothing by itself and gains nothing by batches."""

    def fetch(self, report: Report) -> None:  # noqa: B027  # nothing to do is an answer
        """Everything is here."""

    def extras(self, request: DiffusionRequest) -> str:
        return ""

    def problems(self, requests: Sequence[DiffusionRequest]) -> list[Diagnostic]:
        return []

    def listen(self, report: Report) -> None:  # noqa: B027  # and so is nothing to tell
        """There is nothing to tell."""

    def current(self) -> bool:
        return True

    def together(self, width: int, height: int) -> int:
        return 1

    @abstractmethod
    def generate(self, request: DiffusionRequest, image: Image | None) -> Image:
        """As `Engine.generate`: every engine makes pictures its own way."""

    def generate_many(self, asked: Sequence[tuple[DiffusionRequest, Image | None]]) -> list[Image]:
        return [self.generate(request, image) for request, image in asked]
