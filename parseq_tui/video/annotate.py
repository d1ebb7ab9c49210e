"""Words on pictures: parameters drawn on a copy of a frame, and contact sheets. The font is Pillow's own.

The invariant: a picture that is handed in is never changed.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from parseq_tui.errors import VideoError

SHEET_FRAMES = 64
"""How many frames a contact sheet shows at most."""
_SHEET_WIDTH = 160
"""Pixels of one picture on a sheet."""
_SMALLEST = 9
"""Pixels: letters smaller than that cannot be read."""


def overlay(image: NDArray[np.uint8], lines: Sequence[str]) -> NDArray[np.uint8]:
    """A copy of the picture with these lines at its lower left, as many and as much of them as fit."""
    height, width = image.shape[:2]
    size = max(_SMALLEST, height // 32)
    font = ImageFont.load_default(size)
    picture = Pillow.fromarray(image.copy())
    draw = ImageDraw.Draw(picture)
    step = size + 2
    shown = list(lines)[: max(1, (height - 4) // step)]
    top = height - 2 - step * len(shown)
    for number, line in enumerate(shown):
        place = (3, top + number * step)
        draw.text(place, _fitting(line, width - 6, font), "white", font, stroke_width=1, stroke_fill="black")
    return np.array(picture)


def spread(first: int, count: int, limit: int = SHEET_FRAMES) -> set[int]:
    """Up to `limit` of the numbers from `first` on, evenly spread, both ends included.

    >>> sorted(spread(10, 100, 4))
    [10, 43, 76, 109]
    """
    if count <= limit:
        return set(range(first, first + count))
    return {first + round(number * (count - 1) / (limit - 1)) for number in range(limit)}


def small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as it goes onto a sheet."""
    height, width = image.shape[:2]
    size = (_SHEET_WIDTH, max(1, round(height * _SHEET_WIDTH / width)))
    return np.array(Pillow.fromarray(image).resize(size, Pillow.Resampling.LANCZOS))


def write_sheet(path: Path, pictures: Mapping[int, NDArray[np.uint8]]) -> None:
    """Write a contact sheet of pictures of one size, each with its number. Raises VideoError."""
    temporary = path.with_name(f".{path.stem}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        _sheet(pictures).save(content, "JPEG" if path.suffix.lower() == ".jpg" else path.suffix[1:].upper())
        try:
            temporary.write_bytes(content.getvalue())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise VideoError(
            f"the contact sheet {path} cannot be written: {error.strerror or error}",
            hint="is its folder there, and may you write in it?",
        ) from error


def _sheet(pictures: Mapping[int, NDArray[np.uint8]]) -> Pillow.Image:
    height, width = next(iter(pictures.values())).shape[:2]
    columns = math.ceil(math.sqrt(len(pictures)))
    caption, gap = 14, 4
    rows = math.ceil(len(pictures) / columns)
    sheet = Pillow.new("RGB", (gap + columns * (width + gap), gap + rows * (height + caption + gap)), (24, 24, 24))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for place, (number, picture) in enumerate(sorted(pictures.items())):
        row, column = divmod(place, columns)
        left, top = gap + column * (width + gap), gap + row * (height + caption + gap)
        sheet.paste(Pillow.fromarray(picture), (left, top))
        draw.text((left + 1, top + height + 1), str(number), (220, 220, 220), font)
    return sheet


def _fitting(line: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of a line as fits."""
    line = "".join(letter if letter.isprintable() else " " for letter in line)[:500]
    while line and font.getlength(line) > width:
        line = line[: -max(1, len(line) // 16)]
    return line
