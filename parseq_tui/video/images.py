"""Still pictures: reading what people have, writing PNG. A picture is uint8, shape (height, width, 3), RGB.

Pillow reads (many formats, orientation flags, alpha); OpenCV writes and reads our own PNGs, for it is faster.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from parseq_tui.errors import VideoError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif")
"""File names that are taken for still pictures."""
MAX_PIXELS = 100_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read_image(path: Path) -> NDArray[np.uint8]:
    """The picture of a file: uint8 (height, width, 3), RGB, turned upright, transparency over black.

    Raises VideoError if the file is missing, unreadable or larger than MAX_PIXELS.
    """
    try:
        with Pillow.open(path) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise VideoError(
                    f"the picture {path.name} is too large: {opened.width}x{opened.height} pixels",
                    hint="make it smaller first: frames are scaled to the render's size anyway",
                )
            return rgb(ImageOps.exif_transpose(opened))
    except FileNotFoundError as error:
        raise VideoError(f"there is no picture {path}", hint="look at the path: it starts from the document") from error
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise VideoError(
            f"the picture {path.name} cannot be read: {_one_line(error)}", hint="save it again as PNG or JPEG"
        ) from error


def list_images(folder: Path) -> list[Path]:
    """The still pictures of a folder, in the order people number them: 2.png before 10.png."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    except OSError as error:
        raise VideoError(f"the folder {folder} cannot be read: {error.strerror}") from error
    return sorted(found, key=lambda path: [_ordered(part) for part in re.split(r"(\d+)", path.name)])


def fit(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The picture stretched to a size with Pillow's Lanczos, which does not alias when it shrinks."""
    if image.shape[:2] == (height, width):
        return image
    return np.array(Pillow.fromarray(image).resize((width, height), Pillow.Resampling.LANCZOS))


def shaped(image: NDArray[np.uint8], width: int, height: int, way: str) -> NDArray[np.uint8]:
    """The picture with the proportions of width × height, as far as its own pixels go: no scaling here.

    `way`: stretch returns `image` itself, crop its middle, pad all of it between black bars.

    >>> shaped(np.zeros((9, 16, 3), np.uint8), 1, 1, "crop").shape
    (9, 9, 3)
    """
    high, wide = image.shape[:2]
    if way == "stretch" or wide * height == high * width:
        return image
    if way == "crop":
        kept_wide = min(wide, max(1, round(high * width / height)))
        kept_high = min(high, max(1, round(wide * height / width)))
        top, left = (high - kept_high) // 2, (wide - kept_wide) // 2
        return np.ascontiguousarray(image[top : top + kept_high, left : left + kept_wide])
    full_wide, full_high = max(wide, round(high * width / height)), max(high, round(wide * height / width))
    above, before = (full_high - high) // 2, (full_wide - wide) // 2
    return np.pad(image, ((above, full_high - high - above), (before, full_wide - wide - before), (0, 0)))


def encode_png(image: NDArray[np.uint8], texts: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a PNG file; `texts` (keyword → text) travel in its metadata."""
    fine, encoded = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not fine:
        raise VideoError("the frame could not be encoded as PNG")
    content = encoded.tobytes()
    # after the signature and the header chunk, which is always 25 bytes long
    position = len(_SIGNATURE) + 25
    chunks = b"".join(_text_chunk(keyword, text) for keyword, text in (texts or {}).items())
    return content[:position] + chunks + content[position:]


def decode_png(content: bytes) -> NDArray[np.uint8]:
    """The picture of a PNG file's bytes. Raises VideoError if it cannot be decoded."""
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if decoded is None:
        raise VideoError("not a readable PNG picture")
    return np.ascontiguousarray(decoded[..., ::-1], np.uint8)


def png_texts(content: bytes) -> dict[str, str]:
    """The texts in a PNG file's metadata, up to the pixels; empty if there are none or it is damaged."""
    return dict(_texts(content))


def _texts(content: bytes) -> Iterator[tuple[str, str]]:
    position = len(_SIGNATURE)
    while position + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[position : position + 8])
        if kind == b"IDAT":
            return
        data = content[position + 8 : position + 8 + length]
        if kind == b"iTXt" and b"\0" in data:
            keyword, rest = data.split(b"\0", 1)
            # compression flag and method, then an empty language and an empty translated keyword
            yield keyword.decode("latin-1"), rest[4:].decode("utf-8", "replace")
        position += 12 + length


def _text_chunk(keyword: str, text: str) -> bytes:
    data = b"iTXt" + keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", "replace")
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def rgb(opened: Pillow.Image) -> NDArray[np.uint8]:
    """The pixels of an opened picture: uint8 (height, width, 3), transparency over black."""
    if opened.mode.startswith("I") or opened.mode == "F":
        wide = np.asarray(opened, np.float64)
        grey = np.clip(wide / 257 if wide.max(initial=0) > 255 else wide, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    if opened.has_transparency_data:
        pixels = np.asarray(opened.convert("RGBA"))
        return over_black(pixels)
    return np.array(opened.convert("RGB"))


def over_black(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA pixels (height, width, 4) laid over black."""
    shaded = pixels[..., :3].astype(np.uint16) * pixels[..., 3:] + 127
    return np.asarray(shaded // 255, np.uint8)


def _ordered(part: str) -> tuple[int, int, str]:
    return (0, int(part), "") if part.isdigit() else (1, 0, part)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
