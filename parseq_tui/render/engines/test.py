"""The `test` engine: everything but diffusion. Motion, colour, history and timing can be watched at full speed.

A frame that starts from a picture comes back as it is; one that starts from noise becomes a drawn picture, chosen by
its prompt and seed, with enough lines in it to see where it goes.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from parseq_tui.render.engines.base import DiffusionRequest, Image, Plain
from parseq_tui.timeline.render_settings import RenderSettings

_VERSION = "test 1"


class TestEngine(Plain):
    """All processing, no diffusion."""

    __test__ = False  # for pytest, which collects every class whose name starts like this one
    name = "test"

    def load(self) -> None:
        """Nothing to load."""

    def fingerprint(self) -> str:
        return _VERSION

    def generate(self, request: DiffusionRequest, image: Image | None) -> Image:
        return _drawn(request) if image is None else image

    def close(self) -> None:
        """Nothing to give back."""


def make(settings: RenderSettings, device: str) -> TestEngine:
    """This engine; it asks for nothing."""
    return TestEngine()


def _drawn(request: DiffusionRequest) -> Image:
    """A disc on a chequered gradient; subseeds move it from one picture to the next."""
    key = f"{request.positive}|{request.negative}|".encode("utf-8", "surrogatepass")
    first = _numbers(key, request.seed)
    second = _numbers(key, request.subseed)
    share = request.subseed_strength
    hue, across, down, radius = (1 - share) * first + share * second
    y, x = np.mgrid[0 : request.height, 0 : request.width].astype(np.float64)
    x, y = x / max(1, request.width), y / max(1, request.height)
    chequered = ((x * 8).astype(int) + (y * 8).astype(int)) % 2 * 0.15
    inside = np.hypot(x - 0.25 - across / 2, y - 0.25 - down / 2) < 0.1 + radius * 0.15
    light = np.where(inside, 0.95, 0.25 + 0.4 * y + chequered)
    tint = 0.5 + 0.5 * np.cos(2 * np.pi * (hue + np.array([0.0, 1 / 3, 2 / 3])))
    colors = light[..., None] * np.where(inside[..., None], tint[::-1], 0.4 + 0.6 * tint)
    return np.asarray(np.rint(np.clip(colors, 0, 1) * 255), np.uint8)


def _numbers(key: bytes, seed: int) -> NDArray[np.float64]:
    """Four numbers in 0…1 for a text and a seed."""
    mixed = [zlib.crc32(key + f"{seed}|{turn}".encode()) / 2**32 for turn in range(4)]
    return np.array(mixed, np.float64)
