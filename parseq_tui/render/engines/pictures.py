"""Between pictures and latents: uint8 RGB on the host, scaled latents on the device."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.base import Image
from parseq_tui.render.engines.cards import Arriving, fetched, sent
from parseq_tui.render.engines.components import Components


def to_latent(parts: Components, image: Image) -> torch.Tensor:
    """The latent of a picture, float32 (1, channels, height, width).

    An autoencoder that answers with a distribution is taken at its mean: sampling it would add noise that no seed
    controls (the web UI's unseeded draw).
    """
    pixels = sent(torch.from_numpy(np.ascontiguousarray(image)), parts.device)
    # in place: at 512 px a fresh buffer costs as much as the arithmetic
    batch = pixels.permute(2, 0, 1)[None].to(torch.float32).div_(127.5).sub_(1).to(_precision(parts))
    if _is_all_convolutions(parts):
        batch = batch.clone(memory_format=torch.channels_last)
    encoded = parts.vae.encode(batch)
    latent: torch.Tensor = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
    return (latent.float() - _shift(parts)) * float(parts.vae.config.scaling_factor)


class NotNumbers(RenderError):
    """The networks answered with something that is no number."""


@dataclass(frozen=True, slots=True)
class BegunPicture:
    """A picture on its way from the device: the host waits for it only when it is asked for."""

    arriving: Arriving
    """The levels, uint8 (3, height, width), and their sum, which is not a number if any of them is not."""

    def finished(self) -> Image:
        """The picture. Raises NotNumbers."""
        planes, total = self.arriving.waited()
        if not math.isfinite(float(total)):
            raise NotNumbers(
                "the model answered with numbers that are none (NaN)",
                hint="lower the weights of LoRA files and the CFG scale; or is a file damaged?",
            )
        pixels = planes.permute(1, 2, 0)
        if pixels.is_contiguous():
            return np.asarray(pixels.numpy(), np.uint8)
        return np.asarray(cv2.merge(tuple(planes.numpy())), np.uint8)


def begin_picture(parts: Components, latent: torch.Tensor, *, truncated: bool = False) -> BegunPicture:
    """Decodes a latent, (1, channels, height, width), and starts the only copy from the device."""
    scaled = latent / float(parts.vae.config.scaling_factor) + _shift(parts)
    if _is_all_convolutions(parts):
        scaled = scaled.contiguous(memory_format=torch.channels_last)
    decoded = parts.vae.decode(scaled.to(_precision(parts)), return_dict=False)[0]
    levels = decoded[0].float().add(1).mul_(127.5).clamp_(0, 255)
    if not truncated:
        levels.round_()
    return BegunPicture(fetched(levels.to(torch.uint8), levels.sum()))


def _is_all_convolutions(parts: Components) -> bool:
    """Whether the autoencoder is a third faster, on this device, with a pixel's numbers side by side."""
    return parts.device.type == "cpu" and type(parts.vae).__name__ == "AutoencoderTiny"


def _precision(parts: Components) -> torch.dtype:
    """The autoencoder's own: some overflow in half precision."""
    dtype: torch.dtype = next(parts.vae.parameters()).dtype
    return dtype


def _shift(parts: Components) -> float:
    return float(getattr(parts.vae.config, "shift_factor", None) or 0.0)
