"""Pictures for the tests: read from tests/data, or made up from a seed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parent.parent / "data"
Image = NDArray[np.uint8]


def read(path: str | Path) -> Image:
    """RGB uint8 from a PNG under tests/data."""
    picture = cv2.imread(str(DATA / path))
    assert picture is not None, path
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def noise(height: int, width: int, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def smooth(height: int, width: int) -> Image:
    """Soft waves in three colours: forgiving to resampling."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [np.sin(x / 9 + c) + np.cos(y / 7 - c) for c in range(3)]
    return np.asarray(127.5 + 60 * np.stack(waves, axis=-1), np.uint8)


def furthest(first: Image, second: Image) -> int:
    """The largest difference of any value, in levels of 255."""
    return int(np.abs(first.astype(int) - second.astype(int)).max())


def mean_difference(first: Image, second: Image) -> float:
    return float(np.abs(first.astype(int) - second.astype(int)).mean())
