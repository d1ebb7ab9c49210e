"""What a render starts from: nothing, a picture, a folder of pictures, a video, or another take. The path says which.

`content` identifies a picture for frame keys without decoding it: the file's hash and the picture's number in it, or
the key of a take's frame.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from parseq_tui.errors import RenderError, VideoError
from parseq_tui.render.cache import DamagedFrame, FrameCache
from parseq_tui.render.engines.base import Image
from parseq_tui.render.messages import Started
from parseq_tui.render.plan import rational_rate
from parseq_tui.render.take import Take
from parseq_tui.video import animation, images, reader


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


class TakeInput:
    """The frames of another render, as they were made, in order."""

    def __init__(self, take: Take) -> None:
        keys = take.frame_keys()
        if not keys:
            raise VideoError(f"the take {take.folder} has no frames", hint="render it first, or choose another take")
        self._take = take
        self._cache = FrameCache(take.render_folder / "cache")
        self._frames = sorted(keys.items())
        self.count: int | None = len(self._frames)
        starts = [event for event in take.tail().poll() if isinstance(event, Started)]
        self.fps: Fraction | None = rational_rate(starts[-1].fps) if starts else None
        self.picture = lru_cache(maxsize=2)(self._read)

    def _read(self, index: int) -> Image:
        frame, key = self._frames[index]
        try:
            return self._cache.load(key)
        except DamagedFrame as error:
            raise VideoError(
                f"frame {frame} of the take {self._take.folder} cannot be used: {error.message}",
                hint="render that take again: only what is missing is made",
            ) from error

    def content(self, index: int) -> str:
        return self._frames[index][1]

    def close(self) -> None:
        """Nothing is open."""


class VideoInput:
    """A video or an animation, read at a rate; None reads each of its pictures once."""

    def __init__(self, path: Path, rate: Fraction | None) -> None:
        animated = path.suffix.lower() in animation.SUFFIXES
        self._reader = animation.AnimationReader(path) if animated else reader.VideoReader(path)
        self._rate = rate
        self._content = file_hash(path)
        self.count: int | None = self._reader.count(rate)
        self.fps: Fraction | None = rate or self._reader.fps

    @property
    def pictures(self) -> int:
        """How many pictures of its own it has."""
        return self._reader.count()

    def picture(self, index: int) -> Image:
        return self._reader.picture(index, self._rate)

    def content(self, index: int) -> str:
        return f"{self._content}#{self._reader.source_index(index, self._rate)}"

    def close(self) -> None:
        self._reader.close()


def open_input(name: str | None, base: Path, *, moving: bool, rate: Fraction | None, what: str = "input") -> Input:
    """The input called `name`, relative to the folder `base`.

    `moving`: whether a video is asked for (mode video); `rate` is the one it is read at; `what` is its name in
    messages. Raises VideoError.
    """
    if name is None:
        return NoInput()
    path = base / Path(name).expanduser()
    if not path.exists():
        raise VideoError(f"the {what} {name} does not exist", hint=f"looked for {path}")
    if path.is_dir():
        take = _take(path)
        return FolderInput(path) if take is None else TakeInput(take)
    if not moving or (_is_still(path) and what != "input"):
        return StillInput(path) if path.suffix.lower() in images.SUFFIXES else VideoInput(path, rate)
    video = None if _is_still(path) else VideoInput(path, rate)
    if video is None or video.pictures == 1:
        raise VideoError(
            f"mode video needs moving pictures, and {name} has only one",
            hint="begin with it in --mode loopback, or name a video, an animation, a folder of pictures or a take",
        )
    return video


def _is_still(path: Path) -> bool:
    """Whether a file holds one picture, as far as its name and its head tell."""
    suffix = path.suffix.lower()
    if suffix in reader.SUFFIXES or suffix not in images.SUFFIXES:
        return False
    return not (suffix in (".png", *animation.SUFFIXES) and animation.is_animated(path))


def _take(folder: Path) -> Take | None:
    """The take a folder is: itself, or the newest finished one of a NAME.render folder."""
    if (folder / "job.json").is_file():
        return Take(folder.resolve())
    # a take that is running may be the very one that asks
    takes = (Take(job.parent.resolve()) for job in sorted(folder.glob("takes/*/job.json"), reverse=True))
    return next((take for take in takes if not take.running() and take.frame_keys()), None)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises VideoError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise VideoError(f"the input {path} cannot be read: {error.strerror}") from error
