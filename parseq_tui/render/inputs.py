"""What a render starts from: nothing, a picture, a folder of pictures, or a video. Which one, the file itself says.

`content` identifies a picture for frame keys without decoding it: the file's hash and the picture's number in it.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from parseq_tui.errors import RenderError, VideoError
from parseq_tui.render.engines.base import Image
from parseq_tui.video import images, reader


class Input(Protocol):
    """An opened input."""

    count: int | None
    """How many pictures it has; None if it never ends (a still picture is the same at any time)."""
    fps: Fraction | None
    """The rate its pictures are shown at; None if it has none."""

    def picture(self, index: int) -> Image:
        """The picture at this position, in its own size. Raises VideoError."""

    def content(self, index: int) -> str:
        """Identifies the pixels at this position."""

    def close(self) -> None: ...


class NoInput:
    """A render that starts from noise."""

    count: int | None = None
    fps: Fraction | None = None

    def picture(self, index: int) -> Image:
        raise RenderError("this render has no input", hint='name one with render.input, or "--input FILE"')

    def content(self, index: int) -> str:
        raise RenderError("this render has no input", hint='name one with render.input, or "--input FILE"')

    def close(self) -> None:
        """Nothing is open."""


class StillInput:
    """One picture, at any time the same."""

    count: int | None = None
    fps: Fraction | None = None

    def __init__(self, path: Path) -> None:
        self._picture = images.read_image(path)
        self._content = file_hash(path)

    def picture(self, index: int) -> Image:
        return self._picture

    def content(self, index: int) -> str:
        return self._content

    def close(self) -> None:
        """Nothing is open."""


class FolderInput:
    """A folder of pictures, one per frame, in the order of their numbers."""

    fps: Fraction | None = None

    def __init__(self, folder: Path) -> None:
        self._paths = images.list_images(folder)
        if not self._paths:
            raise VideoError(f"there are no pictures in {folder}", hint=f"known are {', '.join(images.SUFFIXES)}")
        self.count: int | None = len(self._paths)
        self.picture = lru_cache(maxsize=2)(self._read)

    def _read(self, index: int) -> Image:
        return images.read_image(self._paths[index])

    def content(self, index: int) -> str:
        return file_hash(self._paths[index])

    def close(self) -> None:
        """Nothing is open."""


class VideoInput:
    """A video, read at a rate; None reads each of its pictures once."""

    def __init__(self, path: Path, rate: Fraction | None) -> None:
        self._reader = reader.VideoReader(path)
        self._rate = rate
        self._content = file_hash(path)
        self.count: int | None = self._reader.count(rate)
        self.fps: Fraction | None = rate or self._reader.fps

    def picture(self, index: int) -> Image:
        return self._reader.picture(index, self._rate)

    def content(self, index: int) -> str:
        return f"{self._content}#{self._reader.source_index(index, self._rate)}"

    def close(self) -> None:
        self._reader.close()


def open_input(name: str | None, base: Path, *, moving: bool, rate: Fraction | None) -> Input:
    """The input called `name`, relative to the folder `base`.

    `moving`: whether a video is asked for (mode video); `rate` is the one it is read at. Raises VideoError.
    """
    if name is None:
        return NoInput()
    path = base / Path(name).expanduser()
    if not path.exists():
        raise VideoError(f"the input {name} does not exist", hint=f"looked for {path}")
    if path.is_dir():
        return FolderInput(path)
    if path.suffix.lower() in images.SUFFIXES and not (moving and path.suffix.lower() in reader.SUFFIXES):
        return StillInput(path)
    return VideoInput(path, rate)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises VideoError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise VideoError(f"the input {path} cannot be read: {error.strerror}") from error
