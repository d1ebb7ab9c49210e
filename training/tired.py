"""Pictures that have been through loops of the program, made with the model as it is while it learns.

At a low denoising strength a loop shows the model little but its own frames, warped and redrawn over and over: what
one round does wrong, a hundred make of it. Here some loops run along with the training, and the model is asked for
the drawing that each of them began with, moved as far as the loop has moved it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel

from training import autoencoder, progress
from training.drawing import SIZE, Scene, picture
from training.pen import Picture

KEPT = 96
"""Loops that run along."""
MOVED = 12
"""Loops that go one round at a time."""
AGE = 20
"""Rounds after which a loop starts again with a new drawing."""
REACH = 1.8
"""The zoom at which it starts again: what is asked for is still the thing of its caption."""
STRENGTHS = (0.1, 0.4)
"""Denoising strengths of a round."""

Words = Callable[[list[Scene]], torch.Tensor]
"""Scenes -> what the UNet hears of a caption of each, (n, 77, width)."""


@dataclass
class Loop:
    drawing: Picture
    frame: Picture
    latents: torch.Tensor
    wanted: torch.Tensor
    """Latents of the drawing, moved in one go."""
    states: torch.Tensor
    motion: np.ndarray
    """One round, a 3 x 3 matrix."""
    moved: np.ndarray
    """All rounds so far."""
    strength: float
    guidance: float
    age: int = 0


def random_motion(rng: np.random.Generator) -> np.ndarray:
    """What one round of a loop does: often nothing, usually a slow zoom, sometimes a turn or a pan."""
    zoom = float(rng.choice([1.0, 1.0, 1.01, 1.02, 1.04])) if rng.random() < 0.8 else float(rng.uniform(0.98, 1.05))
    angle = float(rng.uniform(-1.5, 1.5)) if rng.random() < 0.3 else 0.0
    middle = SIZE / 2 - 0.5
    matrix = np.vstack([cv2.getRotationMatrix2D((middle, middle), angle, zoom), (0.0, 0.0, 1.0)])
    if rng.random() < 0.2:
        matrix[:2, 2] += rng.uniform(-1.5, 1.5, 2)
    return matrix


def warp(image: Picture, matrix: np.ndarray) -> Picture:
    """As the program warps, with a mirrored border."""
    size = (SIZE, SIZE)
    flags = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REFLECT}
    return np.asarray(cv2.warpAffine(image, matrix[:2], size, **flags), np.uint8)


class Loops:
    """Loops that go on for as long as the training does."""

    def __init__(
        self, vae: AutoencoderTiny, scenes: Callable[[int], list[Scene]], words: Words, rng: np.random.Generator
    ) -> None:
        self._vae, self._scenes, self._words, self._rng = vae, scenes, words, rng
        self._kept: list[Loop] = []

    def __len__(self) -> int:
        return len(self._kept)

    def batch(self, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tired latents, the latents that they should be, and what the UNet hears: `count` of each."""
        chosen = [self._kept[k] for k in self._rng.permutation(len(self._kept))[:count]]
        return (
            torch.stack([loop.latents for loop in chosen]),
            torch.stack([loop.wanted for loop in chosen]),
            torch.stack([loop.states for loop in chosen]),
        )

    @torch.no_grad()
    def advance(self, unet: UNet2DConditionModel, alphas: torch.Tensor, silent: torch.Tensor) -> None:
        """Take some loops one round further; those that are old or have zoomed far start again."""
        while len(self._kept) < KEPT:
            self._kept += self._begun(MOVED)
        going = []
        for k in self._rng.permutation(KEPT)[:MOVED]:
            if self._kept[k].age >= AGE or np.linalg.det(self._kept[k].moved) > REACH**2:
                self._kept[k : k + 1] = self._begun(1)
            going.append(self._kept[k])
        redrawn = self._redrawn(going, unet, alphas, silent)
        with progress.half_precision():
            frames = autoencoder.to_bytes(self._vae.decoder(redrawn))
        for loop, frame in zip(going, frames, strict=True):
            loop.frame = warp(frame, loop.motion)
            loop.moved = loop.motion @ loop.moved
            loop.age += 1
        latents = self._encoded([loop.frame for loop in going])
        wanted = self._encoded([warp(loop.drawing, loop.moved) for loop in going])
        for loop, now, then in zip(going, latents, wanted, strict=True):
            loop.latents, loop.wanted = now, then

    def _begun(self, count: int) -> list[Loop]:
        scenes = self._scenes(count)
        drawings = [picture(scene) for scene in scenes]
        latents, states = self._encoded(drawings), self._words(scenes)
        return [
            Loop(
                drawing,
                drawing,
                z,
                z,
                heard,
                random_motion(self._rng),
                np.eye(3),
                float(self._rng.uniform(*STRENGTHS)),
                float(self._rng.uniform(1, 5)),
            )
            for drawing, z, heard in zip(drawings, latents, states, strict=True)
        ]

    def _encoded(self, images: list[Picture]) -> torch.Tensor:
        with torch.no_grad(), progress.half_precision():
            z: torch.Tensor = self._vae.encoder(autoencoder.to_tensor(np.stack(images)).to(progress.DEVICE))
        return z.float()

    def _redrawn(
        self, loops: list[Loop], unet: UNet2DConditionModel, alphas: torch.Tensor, silent: torch.Tensor
    ) -> torch.Tensor:
        """Two guided DDIM steps from each loop's strength down to the picture."""
        z = torch.stack([loop.latents for loop in loops])
        heard = torch.cat([silent.expand(len(loops), -1, -1), torch.stack([loop.states for loop in loops])])
        guidance = torch.tensor([loop.guidance for loop in loops], device=z.device).view(-1, 1, 1, 1)
        t = torch.tensor([int(1000 * loop.strength) for loop in loops], device=z.device)
        a = alphas[t].view(-1, 1, 1, 1)
        x = a.sqrt() * z + (1 - a).sqrt() * torch.randn_like(z)
        for later in (t // 2, torch.zeros_like(t)):
            with progress.half_precision():
                both = unet(torch.cat([x, x]), torch.cat([t, t]), heard, return_dict=False)[0].float()
            nothing, something = both.chunk(2)
            velocity = nothing + guidance * (something - nothing)
            clean, noise = a.sqrt() * x - (1 - a).sqrt() * velocity, a.sqrt() * velocity + (1 - a).sqrt() * x
            t = later
            a = alphas[t].view(-1, 1, 1, 1)
            x = a.sqrt() * clean + (1 - a).sqrt() * noise
        tidy: torch.Tensor = clean
        return tidy
