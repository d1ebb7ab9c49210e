"""Two takes side by side: which of their frames differ, by how much, and both in one picture. Reads, never writes.

The invariant: frame numbers are the document's; only frames that both takes have are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from parseq_tui.errors import RenderError
from parseq_tui.render.cache import FrameCache
from parseq_tui.render.dependencies import changes
from parseq_tui.render.engines.base import Image
from parseq_tui.render.messages import Started
from parseq_tui.render.plan import rational_rate
from parseq_tui.render.take import Take
from parseq_tui.video.annotate import overlay
from parseq_tui.video.images import fit

_AMPLIFIED = 4
"""Differences are shown so many times as large."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much two takes have in common."""

    frames: range
    """Frames that both have; the range may hold others."""
    same: int
    differing: tuple[int, ...]
    changes: Mapping[str, tuple[Any, Any]]
    """What differs in the recipes of the first differing frame: name → in the first take, in the second."""


class Pair:
    """Two takes whose frames are looked at together."""

    def __init__(self, first: Take, second: Take) -> None:
        """Raises RenderError if they have no frame in common."""
        self.takes = (first, second)
        self._keys = tuple(take.frame_keys() for take in self.takes)
        self._caches = tuple(FrameCache(take.render_folder / "cache") for take in self.takes)
        self.frames = sorted(self._keys[0].keys() & self._keys[1].keys())
        if not self.frames:
            raise RenderError(
                f"the takes {first.name} and {second.name} have no frames in common",
                hint="render the same frames in both; parseq-tui takes DOC lists what there is",
            )

    @property
    def fps(self) -> Fraction:
        """Frames per second of the second take."""
        starts = [event for event in self.takes[1].tail().poll() if isinstance(event, Started)]
        return rational_rate(starts[-1].fps) if starts else Fraction(20)

    def likeness(self) -> Likeness:
        """Compares what made the frames; no picture is read."""
        differing = self.differing
        found = self.changes(differing[0]) if differing else {}
        frames = range(self.frames[0], self.frames[-1] + 1)
        return Likeness(frames, len(self.frames) - len(differing), differing, found)

    @property
    def differing(self) -> tuple[int, ...]:
        """The frames whose pictures are not the same."""
        one, other = self._keys
        return tuple(frame for frame in self.frames if one[frame] != other[frame])

    def changes(self, frame: int) -> Mapping[str, tuple[Any, Any]]:
        """What differs in the recipes of a frame: name → in the first take, in the second; {} if one has none."""
        one, other = (cache.recipe(keys[frame]) for cache, keys in zip(self._caches, self._keys, strict=True))
        return {} if one is None or other is None else changes(one, other)

    def pictures(self, frame: int) -> tuple[Image, Image]:
        """Both pictures of a frame, in the size of the second. Raises DamagedFrame if one is no longer there."""
        one, other = (cache.load(keys[frame]) for cache, keys in zip(self._caches, self._keys, strict=True))
        return fit(one, other.shape[1], other.shape[0]), other

    def seen(self, layout: str) -> Iterator[tuple[int, Image]]:
        """Every common frame with both takes in one picture, as one of LAYOUTS says, and words on it."""
        half_second = max(1, round(self.fps / 2))
        for frame in self.frames:
            pictures, later = self.pictures(frame), bool(frame // half_second % 2)
            if layout in ("side", "flicker"):
                named = zip(pictures, "AB", self.takes, strict=True)
                one, other = (overlay(image, [f"{frame}  {letter} {take.name}"]) for image, letter, take in named)
                yield frame, LAYOUTS[layout](one, other, later)
            else:
                yield frame, overlay(LAYOUTS[layout](*pictures, later), [f"{frame}  A | B"])


def difference(one: Image, other: Image) -> float:
    """How far two pictures of one size are from each other: mean over pixels and channels, 0…255."""
    return float(np.abs(one.astype(np.int16) - other).mean())


def _side(one: Image, other: Image, _later: bool) -> Image:
    return np.concatenate([one, other], axis=1)


def _flicker(one: Image, other: Image, later: bool) -> Image:
    return other if later else one


def _wipe(one: Image, other: Image, _later: bool) -> Image:
    middle = one.shape[1] // 2
    return np.concatenate([one[:, :middle], other[:, middle:]], axis=1)


def _difference(one: Image, other: Image, _later: bool) -> Image:
    apart = np.abs(one.astype(np.int16) - other) * _AMPLIFIED
    return np.asarray(np.minimum(apart, 255), np.uint8)


LAYOUTS: Mapping[str, Callable[[Image, Image, bool], Image]] = {
    "side": _side,
    "flicker": _flicker,
    "wipe": _wipe,
    "difference": _difference,
}
"""How two pictures become one: beside each other; in turn, half a second each; left half of one, right half of the
other; how far they are apart, made visible."""
