"""Small pictures for readers without an image library: binary PPM (P6), made by the worker, read by anyone.

numpy only: the editor imports this.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import RenderError

MAX_WIDTH = 96
"""Pixels, where nobody asks for more (`Job.preview_width`): half blocks in a terminal are never more."""

_HEADER = re.compile(rb"P6\s+(?:#[^\n]*\n\s*)*(\d{1,5})\s+(\d{1,5})\s+255\s")


def thumbnail(image: NDArray[np.uint8], max_width: int = MAX_WIDTH) -> NDArray[np.uint8]:
    """The picture (height, width, 3) shrunk by a whole factor, each pixel the mean of a square block."""
    factor = max(1, -(-image.shape[1] // max_width), -(-image.shape[0] // (4 * max_width)))
    if factor == 1:
        return image
    height, width = max(1, image.shape[0] // factor), max(1, image.shape[1] // factor)
    block_height, block_width = min(factor, image.shape[0]), min(factor, image.shape[1])
    # row by row and column by column: numpy's mean over two axes of blocks takes ten times as long
    whole = image[: height * block_height, : width * block_width].astype(np.uint32)
    rows = np.add.reduce([whole[row::block_height] for row in range(block_height)])
    total = np.add.reduce([rows[:, column::block_width] for column in range(block_width)])
    return np.asarray(total // (block_height * block_width), np.uint8)


def encode_ppm(image: NDArray[np.uint8]) -> bytes:
    """The bytes of a P6 file for a picture of shape (height, width, 3)."""
    height, width = image.shape[:2]
    return b"P6\n%d %d\n255\n" % (width, height) + np.ascontiguousarray(image).tobytes()


def read_ppm(path: Path) -> NDArray[np.uint8]:
    """The picture of a P6 file: uint8, shape (height, width, 3), RGB. Raises RenderError if it is not one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RenderError(f"the preview {path.name} cannot be read: {error.strerror}") from error
    header = _HEADER.match(content)
    if header is None:
        raise RenderError(f"{path.name} is not a binary PPM picture")
    width, height = int(header[1]), int(header[2])
    if width * height == 0 or len(content) - header.end() < width * height * 3:
        raise RenderError(f"the preview {path.name} is cut off")
    pixels = np.frombuffer(content, np.uint8, count=width * height * 3, offset=header.end())
    return pixels.reshape(height, width, 3)
