"""How a model fits into a device's memory: what is measured goes in, a decision in words comes out. No torch.

The order in which room is made is that of its price: networks that wait outside the card cost a copy per frame,
an autoencoder that works in tiles a little more (and, at the seams, some levels of a picture), a UNet that is brought
in block by block costs its whole weight at every evaluation. The invariant: the same numbers give the same decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Offload = Literal["none", "parts", "blocks"]
"""none: all networks stay on the device. parts: only the one at work is there. blocks: of the UNet only the block."""

RESERVE = 512 << 20
"""Bytes left alone: the context of CUDA, fragments, and what other programs take meanwhile."""
_UNET_BYTES_PER_CELL = 40_000
"""What a UNet of 320 channels needs beside its weights, per row and latent cell, in half precision.

Its tensors take 16,640 of Stable Diffusion 1.x and 2.x, 10,080 of XL; ComfyUI reckons with 21,000 and 16,800.
"""
_VAE_BYTES_PER_PIXEL = 2_200
"""What an autoencoder of 128 channels needs to decode one pixel, per byte of its type.

As InvokeAI measured it (ComfyUI: 2,178); a third of it is tensors, the rest the workspace of cuDNN.
"""
TILE = 512
"""Pixels along a side of the tiles an autoencoder works in."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the networks are, and how they work."""

    offload: Offload = "none"
    tiles: bool = False
    """Whether the autoencoder works in tiles."""

    def __str__(self) -> str:
        words = {
            "none": "everything stays on the device",
            "parts": "networks wait in main memory until it is their turn",
            "blocks": "the UNet is brought in block by block",
        }
        return words[self.offload] + (", the autoencoder works in tiles" if self.tiles else "")


LADDER = (
    Placement("none"),
    Placement("parts"),
    Placement("parts", tiles=True),
    Placement("blocks", tiles=True),
)
"""From the fastest to the smallest."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a model and a picture ask of a device."""

    weights: Mapping[str, int]
    """Bytes of every network, as loaded: "unet", "vae", and the text encoders."""
    pixels: int
    """Of one picture."""
    vae_bytes: int = 2
    """Of one number inside the autoencoder: 2, or 4 where half precision overflows."""
    rows: int = 2
    """Latents a UNet call works on: 2 with a negative prompt."""
    factor: int = 8
    """Pixels per latent cell along each side."""

    @property
    def unet_work(self) -> int:
        """Bytes that a call of the UNet needs beside its weights; a recording of the call keeps as many."""
        return self.rows * self.pixels // self.factor**2 * _UNET_BYTES_PER_CELL

    def peak(self, placement: Placement) -> int:
        """The most bytes that are on the device at once."""
        seen = min(self.pixels, TILE * TILE) if placement.tiles else self.pixels
        vae_work = seen * _VAE_BYTES_PER_PIXEL * self.vae_bytes
        if placement.offload == "none":
            return sum(self.weights.values()) + max(self.unet_work, vae_work)
        others = max((size for part, size in self.weights.items() if part not in ("unet", "vae")), default=0)
        unet = self.weights.get("unet", 0) // (12 if placement.offload == "blocks" else 1)
        return max(unet + self.unet_work, self.weights.get("vae", 0) + vae_work, others)


def choose_placement(need: Need, free: int | None, *, on_host: bool = False) -> Placement:
    """The fastest placement that fits into `free` bytes; the smallest if none does, or the fastest if nobody knows.

    `on_host`: the device is the CPU itself, where nothing can wait elsewhere; tiles are all there is.
    """
    if free is None:
        return LADDER[0]
    ladder = (Placement(), Placement(tiles=True)) if on_host else LADDER
    return next((step for step in ladder if need.peak(step) + RESERVE <= free), ladder[-1])


def has_room_to_record(need: Need, free: int | None) -> bool:
    """Whether calls of the UNet can be recorded beside everything that is on the device."""
    return free is not None and need.peak(LADDER[0]) + need.unet_work + RESERVE <= free


def next_smaller(placement: Placement, *, on_host: bool = False) -> Placement | None:
    """What to try when this placement did not fit after all; None if it is the smallest."""
    if on_host:
        return None if placement.tiles else replace(placement, tiles=True)
    later = LADDER[LADDER.index(placement) + 1 :] if placement in LADDER else LADDER[-1:]
    return next(iter(later), None)
