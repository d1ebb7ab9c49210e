"""Stand-ins for the tests of rendering: a frame table from plain numbers, an engine that any machine computes alike."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from parseq_tui.render.engines.base import DiffusionRequest, Image, Plain
from parseq_tui.timeline.frame_table import FrameTable


def table_of(
    count: int,
    columns: Mapping[str, Any] | None = None,
    *,
    prompts: Sequence[Sequence[str]] = (("a cat", ""),),
    first_frame: int = 0,
    fps: float = 20,
    cadence: int = 1,
) -> FrameTable:
    """A baked timeline. A column is a number (constant) or one number per frame; prompts repeat their last entry."""
    arrays = {
        name: np.broadcast_to(np.asarray(values, np.float64), (count,)) for name, values in (columns or {}).items()
    }

    def texts(index: int) -> tuple[str, str]:
        positive, negative = prompts[min(index, len(prompts) - 1)]
        return positive, negative

    return FrameTable(first_frame, count, fps, 120, cadence, arrays, texts)


class GoldenDiffusion(Plain):
    """The model the golden frames were made with: an integer pattern and a float64 blend, exact on any machine.

    It depends on everything a request says about the picture, and rolls its input a little, so that a wrong order of
    stages shows.
    """

    name = "golden"

    def __init__(self) -> None:
        self.requests: list[DiffusionRequest] = []

    def load(self) -> None: ...

    def fingerprint(self) -> str:
        return "golden 1"

    def close(self) -> None: ...

    def generate(self, request: DiffusionRequest, image: Image | None) -> Image:
        self.requests.append(request)
        strength = request.denoising_strength
        if image is None:
            image, strength = np.full((request.height, request.width, 3), 96, np.uint8), 1.0
        words = zlib.crc32(f"{request.positive}|{request.negative}".encode())
        share = request.subseed_strength
        pattern = _pattern(image, words, request.seed) * (1.0 - share) + _pattern(image, words, request.subseed) * share
        rolled = np.roll(image.astype(np.float64), (request.seed % 3, request.seed % 5), axis=(0, 1))
        mixed = rolled * (1.0 - strength) + pattern * strength
        scaled = 128.0 + (mixed - 128.0) * (1.0 + (request.cfg_scale - 7.5) / 50.0)
        return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _pattern(image: Image, words: int, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    key = (words ^ (seed * 2654435761)) & 0xFFFFFFFF
    y, x, channel = np.indices(image.shape)
    across, down, between = 1 + (key & 7), 1 + ((key >> 3) & 7), 16 + ((key >> 6) & 63)
    return ((x * across + y * down + channel * between + (key >> 12)) % 256).astype(np.float64)
