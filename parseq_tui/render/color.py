"""Keeping colours: histogram matching, contrast and sharpening (PIPELINE.md A6, B7, B8).

Every function takes and returns uint8 RGB (height, width, 3) and leaves its arguments alone. A picture matched with
itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.base import Image

_SPACES: Mapping[str, tuple[int, int] | None] = {
    "rgb": None,
    "hsv": (cv2.COLOR_RGB2HSV, cv2.COLOR_HSV2RGB),
    "lab": (cv2.COLOR_RGB2LAB, cv2.COLOR_LAB2RGB),
}
LARGEST_KERNEL = 1001
"""Pixels: wider blurs take minutes and show nothing else."""


def match(image: Image, reference: Image, space: str) -> Image:
    """`image` with the colour histogram of `reference`, taken in `space`: rgb, hsv or lab (Deforum, PIPELINE.md B7).

    The sizes may differ. Red and blue enter the conversion swapped, as in the original, whose pictures are BGR and
    whose conversions are RGB: the values agree with it, and a picture still matches itself exactly in rgb.
    """
    if space not in _SPACES:
        raise RenderError(f"there is no colour space called {space!r}", hint=f"known: {', '.join(_SPACES)}")
    codes = _SPACES[space]
    if codes is None:
        return _match_histograms(image, reference)
    forth, back = codes
    matched = _match_histograms(cv2.cvtColor(_swapped(image), forth), cv2.cvtColor(_swapped(reference), forth))
    return _swapped(cv2.cvtColor(matched, back))


def mean_lab_match(image: Image, targets: Sequence[Image]) -> Image:
    """`image` with the LAB histogram of the mean of `targets` (the 2022 script, PIPELINE.md A6).

    The targets are averaged per pixel in LAB, in float64, and truncated; they must be of one size. Without targets
    `image` itself is returned.
    """
    if not targets:
        return image
    shapes = {target.shape for target in targets}
    if len(shapes) > 1:
        raise RenderError(
            "pictures of different sizes cannot be averaged for colour correction", hint="resize them first"
        )
    total = np.zeros(targets[0].shape, np.float64)
    for target in targets:
        total += cv2.cvtColor(target, cv2.COLOR_RGB2LAB).astype(np.float64) / len(targets)
    matched = _match_histograms(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), total.astype(np.uint8))
    return np.asarray(cv2.cvtColor(matched, cv2.COLOR_LAB2RGB), np.uint8)


def contrast(image: Image, factor: float) -> Image:
    """Every value times `factor`, rounded half to even (PIPELINE.md B8). 1 returns `image` itself.

    Above 255 it stays white; in the original it rolls over to black, which is a fault.
    """
    if factor == 1:
        return image
    levels = np.clip(np.rint(np.arange(256) * factor), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, levels), np.uint8)


def gray(image: Image) -> Image:
    """Every pixel as grey as it is bright (ITU-R 601, as Deforum's forced greyscale)."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def antiblur(image: Image, kernel: int, sigma: float, amount: float, threshold: float) -> Image:
    """Unsharp mask (PIPELINE.md B8): (1+a)·x - a·blur(x), only where the picture differs enough from its blur.

    `kernel` is the blur's width in pixels (odd; an even one is widened by 1), `sigma` its spread in pixels. `amount` of
    0 or less returns `image` itself. Raises RenderError for a kernel beyond LARGEST_KERNEL.
    """
    if amount <= 0:
        return image
    if kernel > LARGEST_KERNEL:
        raise RenderError(
            f"the anti-blur's kernel is {kernel:.3g} pixels wide", hint=f"antiblur_kernel is at most {LARGEST_KERNEL}"
        )
    width = max(1, int(kernel)) | 1
    blurred = cv2.GaussianBlur(image, (width, width), sigma)
    sharpened = (amount + 1) * image.astype(np.float64) - amount * blurred.astype(np.float64)
    result = np.rint(np.clip(sharpened, 0, 255)).astype(np.uint8)
    if threshold > 0:
        # the original subtracts in uint8 and wraps, so a pixel darker than its blur is always sharpened: values kept
        result = np.where(np.abs(image - blurred) < threshold, image, result)
    return np.asarray(result, np.uint8)


def _match_histograms(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each channel of `image` mapped so that its cumulative histogram follows the reference's (A6), truncated.

    The method of scikit-image's match_histograms on uint8: only values that occur in the reference enter the table.
    """
    tables = np.empty((256, 1, 3), np.uint8)
    for channel, (plane, wanted) in enumerate(zip(cv2.split(image), cv2.split(reference), strict=True)):
        counts = np.bincount(wanted.ravel(), minlength=256)
        values = np.flatnonzero(counts)
        shares = np.cumsum(np.bincount(plane.ravel(), minlength=256)) / plane.size
        tables[:, 0, channel] = np.interp(shares, np.cumsum(counts[values]) / wanted.size, values)
    return np.asarray(cv2.LUT(image, tables), np.uint8)


def _swapped(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(image[..., ::-1])
