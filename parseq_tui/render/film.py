"""Diffused pictures while a render runs: the newest in memory, all of them in the cache or on their way there."""

from __future__ import annotations

from collections import OrderedDict

from parseq_tui.render.cache import FrameCache
from parseq_tui.render.delivery import Delivery
from parseq_tui.render.dependencies import FrameKeys
from parseq_tui.render.engines.base import Image

MEMORY = 256 << 20
"""Bytes of pictures kept in memory."""


class Film:
    """Pictures by frame number: what is put in is handed on to be stored, what is asked for is loaded if it must be."""

    def __init__(self, cache: FrameCache, keys: FrameKeys, delivery: Delivery) -> None:
        self._cache, self._keys, self._delivery = cache, keys, delivery
        self._recent: OrderedDict[str, Image] = OrderedDict()
        self._bytes = 0

    def __getitem__(self, frame: int) -> Image:
        """The diffused picture of a frame. Raises DamagedFrame if the cache has lost it."""
        return self.by_key(self._keys.pictures[frame])

    def __setitem__(self, frame: int, image: Image) -> None:
        self.keep(self._keys.pictures[frame], image)

    def __contains__(self, key: str) -> bool:
        """Whether the picture of this key is here, on its way to the cache, or in it."""
        return key in self._recent or key in self._delivery.unsaved or key in self._cache

    def by_key(self, key: str) -> Image:
        if key in self._recent:
            self._recent.move_to_end(key)
            return self._recent[key]
        image = self._delivery.unsaved.get(key)
        if image is None:
            image = self._cache.load(key)
        self._remember(key, image)
        return image

    def keep(self, key: str, image: Image) -> None:
        image.flags.writeable = False  # stages and threads share pictures; none may change what another still needs
        self._delivery.keep(key, image, self._keys.recipes[key])
        self._remember(key, image)

    def _remember(self, key: str, image: Image) -> None:
        if key not in self._recent:
            self._bytes += image.nbytes
        self._recent[key] = image
        while self._bytes > MEMORY and len(self._recent) > 1:
            _, forgotten = self._recent.popitem(last=False)
            self._bytes -= forgotten.nbytes
