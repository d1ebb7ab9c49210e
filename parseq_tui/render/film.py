"""Diffused pictures while a render runs: the newest in memory, all of them in the cache."""

from __future__ import annotations

from collections import OrderedDict

from parseq_tui.render.cache import FrameCache
from parseq_tui.render.dependencies import FrameKeys
from parseq_tui.render.engines.base import Image

MEMORY = 256 << 20
"""Bytes of pictures kept in memory."""


class Film:
    """Pictures by frame number: what is put in is stored at once, what is asked for is loaded if it must be."""

    def __init__(self, cache: FrameCache, keys: FrameKeys, memory: int = MEMORY) -> None:
        self._cache = cache
        self._keys = keys
        self._memory = memory
        self._recent: OrderedDict[int, Image] = OrderedDict()
        self._bytes = 0

    def __getitem__(self, frame: int) -> Image:
        """The diffused picture of a frame. Raises DamagedFrame if the cache has lost it."""
        if frame in self._recent:
            self._recent.move_to_end(frame)
            return self._recent[frame]
        image = self._cache.load(self._keys.pictures[frame])
        self._remember(frame, image)
        return image

    def __setitem__(self, frame: int, image: Image) -> None:
        key = self._keys.pictures[frame]
        self._cache.store(key, image, self._keys.recipes[key])
        self._remember(frame, image)

    def _remember(self, frame: int, image: Image) -> None:
        image.flags.writeable = False  # stages share pictures; none may change what another still needs
        self._recent[frame] = image
        self._bytes += image.nbytes
        while self._bytes > self._memory and len(self._recent) > 1:
            _, forgotten = self._recent.popitem(last=False)
            self._bytes -= forgotten.nbytes
