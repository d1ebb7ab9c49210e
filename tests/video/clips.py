"""Small real videos for the tests: each picture carries its number as a grey level."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

STEP = 16


def numbered(number: int, width: int = 32, height: int = 24) -> np.ndarray:
    return np.full((height, width, 3), 16 + STEP * (number % 13), np.uint8)


def number_of(image: np.ndarray) -> int:
    return round((float(image.mean()) - 16) / STEP)


def write_clip(
    path: Path,
    count: int = 12,
    *,
    times: Sequence[int] | None = None,
    rate: Fraction = Fraction(10),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    size: tuple[int, int] = (32, 24),
    gop: int = 4,
    rotation: int = 0,
) -> Path:
    """A video of numbered pictures. `times` in milliseconds makes its rate variable."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.codec_context.gop_size = gop
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(numbered(number, *size), format="rgb24")
            frame.pts, frame.time_base = (number, 1 / rate) if times is None else (times[number], Fraction(1, 1000))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
