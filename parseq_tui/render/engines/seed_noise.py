"""The noise a seed stands for: the same numbers on every device, because they are always drawn on the CPU.

`SeedNoise` draws the first noise (mixed with a subseed's, if asked) and then the step noises of ancestral samplers,
which continue the seed's numbers. A fractional seed mixes those too: a travel from one seed to the next would end in a
jump otherwise. The web UI mixes the first noise only, in its own way (WEBUI.md §5): its mixing and its NVIDIA-like
numbers are there for pictures that must equal its own.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

Shape = tuple[int, int, int]
"""Channels, height, width of a latent."""
Mixing = Literal["whole", "rows"]
"""Over what the slerp is taken: the whole noise (its variance is kept), or every column by itself (the web UI's)."""
Source = Literal["cpu", "nv"]

_PARALLEL = 0.9995


class _Numbers(Protocol):
    def draw(self, shape: Shape) -> torch.Tensor: ...


class SeedNoise:
    """Draws noises of one shape for one seed; float32, on the CPU."""

    def __init__(self, seed: int, shape: Shape, *, source: Source = "cpu", mixing: Mixing = "whole") -> None:
        self._numbers = _numbers(seed, source)
        self._other: _Numbers | None = None
        self._share = 0.0
        self._shape = shape
        self._source = source
        self._mixing = mixing

    def first(self, subseed: int, subseed_strength: float) -> torch.Tensor:
        """The starting noise: the seed's, moved towards the subseed's by `subseed_strength` (0…1)."""
        noise = self._numbers.draw(self._shape)
        if subseed_strength == 0:
            return noise
        numbers = _numbers(subseed, self._source)
        other = numbers.draw(self._shape)
        if self._mixing == "rows":
            return _slerp_rows(noise, other, subseed_strength)
        self._other, self._share = numbers, subseed_strength
        return slerp(noise, other, subseed_strength)

    def next(self) -> torch.Tensor:
        """A step noise, moved towards the subseed's as the first one was."""
        noise = self._numbers.draw(self._shape)
        return noise if self._other is None else slerp(noise, self._other.draw(self._shape), self._share)


def slerp(start: torch.Tensor, stop: torch.Tensor, share: float) -> torch.Tensor:
    """From `start` (share 0) to `stop` (share 1) along the arc between them; keeps the variance of noise.

    Ends are exact. Nearly parallel tensors are mixed along the chord.
    """
    if share <= 0:
        return start
    if share >= 1:
        return stop
    first, second = start.double(), stop.double()
    cosine = float((first * second).sum() / (first.norm() * second.norm()))
    if abs(cosine) > _PARALLEL:
        return torch.lerp(first, second, share).to(start.dtype)
    angle = torch.acos(torch.tensor(cosine, dtype=torch.float64))
    mixed = (torch.sin((1 - share) * angle) * first + torch.sin(share * angle) * second) / torch.sin(angle)
    return mixed.to(start.dtype)


def _slerp_rows(start: torch.Tensor, stop: torch.Tensor, share: float) -> torch.Tensor:
    """The web UI's mixing (WEBUI.md §5), its exchanged ends for nearly parallel noises included."""
    cosine = (start / start.norm(dim=1, keepdim=True) * (stop / stop.norm(dim=1, keepdim=True))).sum(1)
    if float(cosine.mean()) > _PARALLEL:
        return start * share + stop * (1 - share)
    angle = torch.acos(cosine).unsqueeze(1)
    return (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * stop) / torch.sin(angle)


def _numbers(seed: int, source: Source) -> _Numbers:
    return _TorchNumbers(seed) if source == "cpu" else _PhiloxNumbers(seed)


class _TorchNumbers:
    """torch's CPU generator."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator(device="cpu").manual_seed(seed % 2**64)

    def draw(self, shape: Shape) -> torch.Tensor:
        return torch.randn(shape, generator=self._generator, device="cpu", dtype=torch.float32)


class _PhiloxNumbers:
    """Philox4x32-10 counting as NVIDIA cards do, so that their noise can be had anywhere (WEBUI.md §5)."""

    _MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
    _WEYL = (0x9E3779B9, 0xBB67AE85)
    _ROUNDS = 10

    def __init__(self, seed: int) -> None:
        self._key = (seed % 2**32, (seed >> 32) % 2**32)
        self._offset = 0

    def draw(self, shape: Shape) -> torch.Tensor:
        count = int(np.prod(shape))
        first, second = self._integers(count)
        self._offset += 1
        unit = np.float32(2.3283064e-10)
        radius = first.astype(np.float32) * unit + unit / np.float32(2)
        turn = np.float32(2.3283064e-10 * 6.2831855)
        angle = second.astype(np.float32) * turn + turn / np.float32(2)
        normal = np.sqrt(np.float32(-2) * np.log(radius)) * np.sin(angle)
        return torch.from_numpy(normal.astype(np.float32).reshape(shape))

    def _integers(self, count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """The first two of the four 32-bit numbers of each counter."""
        low = np.uint64(0xFFFFFFFF)
        counter = [np.zeros(count, np.uint64) for _ in range(4)]
        counter[0] += np.uint64(self._offset)
        counter[2] = np.arange(count, dtype=np.uint64)
        key = list(self._key)
        for _ in range(self._ROUNDS):
            left, right = counter[0] * self._MULTIPLIERS[0], counter[2] * self._MULTIPLIERS[1]
            counter = [
                (right >> np.uint64(32)) ^ counter[1] ^ np.uint64(key[0]),
                right & low,
                (left >> np.uint64(32)) ^ counter[3] ^ np.uint64(key[1]),
                left & low,
            ]
            key = [(value + step) % 2**32 for value, step in zip(key, self._WEYL, strict=True)]
        return counter[0].astype(np.uint32), counter[1].astype(np.uint32)
