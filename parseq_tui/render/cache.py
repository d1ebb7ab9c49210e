"""The frame cache: every picture ever made for a document, by its key (`cache/3f/3fa9….png`).

An entry is written beside its place and moved there, so it is whole or absent; a checksum of the pixels inside it
notices the rest (a damaged disk, a copy that was cut off). The recipe of a picture travels in its PNG.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import RenderError, VideoError
from parseq_tui.render.dependencies import Recipe
from parseq_tui.render.storage import CacheFolder, unwritable
from parseq_tui.video.images import decode_png, encode_png, png_texts

_CHECKSUM = "parseq-tui checksum"
_RECIPE = "parseq-tui recipe"
_HEAD = 1 << 16


class DamagedFrame(RenderError):
    """A cache entry that is not what was written, or that vanished. It is gone now and can be made again."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message, hint="render again: it will be made anew")
        self.key = key


class FrameCache(CacheFolder):
    """Pictures by key."""

    def store(self, key: str, image: NDArray[np.uint8], recipe: Recipe | None = None) -> Path:
        """Keep a picture. Raises DiskFull or RenderError if it cannot be written; then nothing has changed."""
        texts = {_CHECKSUM: _checksum(image)}
        if recipe is not None:
            texts[_RECIPE] = json.dumps(recipe, ensure_ascii=False)
        path = self.path(key)
        temporary = path.with_name(f".{key}.{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(encode_png(image, texts))
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return path

    def load(self, key: str) -> NDArray[np.uint8]:
        """The picture of a key. Raises DamagedFrame if it is missing or not what was stored; the entry is then gone."""
        path = self.path(key)
        try:
            content = path.read_bytes()
            image = decode_png(content)
        except FileNotFoundError:
            raise DamagedFrame(f"the cached frame {key[:8]} is missing", key) from None
        except (OSError, VideoError) as error:
            path.unlink(missing_ok=True)
            raise DamagedFrame(f"the cached frame {key[:8]} cannot be read: {error}", key) from error
        if png_texts(content[:_HEAD]).get(_CHECKSUM) != _checksum(image):
            path.unlink(missing_ok=True)
            raise DamagedFrame(f"the cached frame {key[:8]} is damaged", key)
        return image

    def recipe(self, key: str) -> Recipe | None:
        """What made a picture, from its file; None if it is not there or says nothing."""
        try:
            with self.path(key).open("rb") as file:
                recipe = json.loads(png_texts(file.read(_HEAD)).get(_RECIPE, "null"))
        except (OSError, ValueError):
            return None
        return recipe if isinstance(recipe, dict) else None


def _checksum(image: NDArray[np.uint8]) -> str:
    digest = hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16)
    return f"{image.shape[1]}x{image.shape[0]} {digest.hexdigest()}"
