"""The noise added to a looped-back frame so that diffusion finds something to work on (Deforum, PIPELINE.md B8).

The numbers come from torch's CPU generator, so a seed means the same on every device and the same as in Deforum; torch
is imported on the first call only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.base import Image

if TYPE_CHECKING:
    import torch

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
    """The noise as a picture around mid-grey, uint8 (height, width, 3)."""
    import torch

    generator = torch.Generator(device="cpu").manual_seed(int(seed))
    noise = torch.randn(3, height, width, generator=generator)
    if kind == "perlin":
        noise = noise * ((_perlin(height, width, generator) + 1) / 2)
    grain = (noise.div(2).add(0.5).clamp(0, 1) * 255).to(torch.uint8)
    # the channels are drawn blue first: Deforum's pictures are BGR
    return np.ascontiguousarray(grain.flip(0).permute(1, 2, 0).numpy())


def _perlin(height: int, width: int, generator: torch.Generator) -> torch.Tensor:
    """Gradient noise in octaves, float32 (height, width)."""
    import torch

    total = torch.zeros(height, width)
    for octave in range(_OCTAVES):
        cells = _CELLS * 2**octave
        total += _PERSISTENCE**octave * _gradient_noise(height, width, cells, cells, generator)
    return total


def _gradient_noise(height: int, width: int, rows: int, columns: int, generator: torch.Generator) -> torch.Tensor:
    """One octave: random slopes at the corners of `rows` × `columns` cells, smoothly interpolated; (height, width)."""
    import torch

    angles = 2 * math.pi * torch.rand(rows + 1, columns + 1, generator=generator)
    slopes = torch.stack((torch.cos(angles), torch.sin(angles)), dim=-1)
    down = (torch.arange(height) * (rows / height))[:, None].expand(height, width)
    across = (torch.arange(width) * (columns / width))[None, :].expand(height, width)
    row, column = down.long(), across.long()
    down, across = down - row, across - column

    def corner(step_down: int, step_across: int) -> torch.Tensor:
        slope = slopes[row + step_down, column + step_across]
        return slope[..., 0] * (down - step_down) + slope[..., 1] * (across - step_across)

    fade_down, fade_across = _fade(down), _fade(across)
    top = torch.lerp(corner(0, 0), corner(1, 0), fade_down)
    bottom = torch.lerp(corner(0, 1), corner(1, 1), fade_down)
    return math.sqrt(2) * torch.lerp(top, bottom, fade_across)


def _fade(share: torch.Tensor) -> torch.Tensor:
    return 6 * share**5 - 15 * share**4 + 10 * share**3
