"""The noise added to a looped-back frame so that diffusion finds something to work on (Deforum, PIPELINE.md B8).

The numbers come from torch's CPU generator, so a seed means the same on every device and the same as in Deforum; torch
is imported on the first call only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.base import Image

Numbers = NDArray[np.float32]

KINDS = ("perlin", "uniform", "none")
_CELLS = 8
_OCTAVES = 4
_PERSISTENCE = 0.5
_BLOCK = 64


def add_noise(image: Image, amount: float, seed: int, kind: str) -> Image:
    """`image` mixed with coloured noise: (1-amount)·image + amount·noise. `amount` 0 returns `image` itself.

    `kind`: perlin (noise in patches, Deforum's default), uniform (even grain) or none. Sizes that are not multiples of
    64 get the noise of the next smaller multiple, stretched; the original fails there with uniform noise.
    """
    if kind not in KINDS:
        raise RenderError(f"there is no noise called {kind!r}", hint=f"known: {', '.join(KINDS)}")
    if amount == 0 or kind == "none":
        return image
    if not math.isfinite(amount):
        raise RenderError("the noise of this frame is not finite", hint="look for a division by zero in its formula")
    height, width = image.shape[:2]
    grain = _grain(max(_BLOCK, height - height % _BLOCK), max(_BLOCK, width - width % _BLOCK), seed, kind)
    if grain.shape != image.shape:
        grain = np.asarray(cv2.resize(grain, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.asarray(cv2.addWeighted(image, 1 - amount, grain, amount, 0), np.uint8)


def _grain(height: int, width: int, seed: int, kind: str) -> Image:
    """The noise as a picture around mid-grey, uint8 (height, width, 3); both sides multiples of 64."""
    import torch

    generator = torch.Generator(device="cpu").manual_seed(int(seed) % 2**64)
    noise = torch.randn(3, height, width, generator=generator).numpy()
    if kind == "perlin":
        octaves = [_CELLS * 2**octave for octave in range(_OCTAVES)]
        angles = [torch.rand(cells + 1, cells + 1, generator=generator).numpy() for cells in octaves]
        noise *= (_perlin(height, width, angles) + 1) / 2
    noise /= 2
    noise += 0.5
    grain = (np.clip(noise, 0, 1, out=noise) * 255).astype(np.uint8)
    # the channels are drawn blue first: Deforum's pictures are BGR
    return np.asarray(cv2.merge(tuple(grain[::-1])), np.uint8)


def _perlin(height: int, width: int, angles: Sequence[Numbers]) -> Numbers:
    """Gradient noise in octaves of more and more cells; (height, width). `angles`: turns 0…1 at the cells' corners."""
    total = np.zeros((height, width), np.float32)
    for octave, turns in enumerate(angles):
        total += np.float32(_PERSISTENCE**octave) * _gradient_noise(height, width, turns)
    return total


def _gradient_noise(height: int, width: int, turns: Numbers) -> Numbers:
    """One octave: slopes at the corners of square cells, smoothly interpolated; (height, width)."""
    rows, columns = turns.shape[0] - 1, turns.shape[1] - 1
    down = _within_cell(height // rows)[None, :, None, None]
    across = _within_cell(width // columns)[None, None, None, :]
    angles = np.float32(2 * math.pi) * turns
    steep_down, steep_across = np.cos(angles), np.sin(angles)

    def corner(below: int, right: int) -> Numbers:
        """What the slope at one corner of every cell gives its pixels: (rows, pixels, columns, pixels)."""
        here = np.s_[below : rows + below, right : columns + right]
        rise_down = steep_down[here][:, None, :, None] * (down - below)
        rise_across = steep_across[here][:, None, :, None] * (across - right)
        return np.asarray(rise_down + rise_across, np.float32)

    left = corner(0, 0) + _fade(down) * (corner(1, 0) - corner(0, 0))
    right = corner(0, 1) + _fade(down) * (corner(1, 1) - corner(0, 1))
    blended = left + _fade(across) * (right - left)
    return np.float32(math.sqrt(2)) * blended.reshape(height, width)


def _within_cell(pixels: int) -> Numbers:
    return np.arange(pixels, dtype=np.float32) / np.float32(pixels)


def _fade(share: Numbers) -> Numbers:
    return np.asarray(6 * share**5 - 15 * share**4 + 10 * share**3, np.float32)
