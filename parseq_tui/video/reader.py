"""Reading videos: any container PyAV opens, frames picked by time with exact rates, turned upright, as RGB.

Variable frame rates, odd sizes, alpha and rotation flags are handled here and nowhere else; `timing` says which picture
is the n-th at another rate.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.codec.context import CodecContext
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from parseq_tui.errors import VideoError
from parseq_tui.video.images import MAX_PIXELS, over_black
from parseq_tui.video.timing import Timing

SUFFIXES = (
    ".mp4",
    ".m4v",
    ".mov",
    ".mkv",
    ".webm",
    ".avi",
    ".mpg",
    ".mpeg",
    ".ts",
    ".wmv",
    ".flv",
    ".ogv",
    ".gif",
    ".apng",
)
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Decoders that see the second picture that WebM files keep transparency in; the usual ones see only colours."""
_FORWARD = 48
"""Frames: how far decoding on is cheaper than seeking."""


class VideoReader:
    """A video's pictures by number. Sequential access decodes each frame once; any order works."""

    def __init__(self, path: Path) -> None:
        """Open and index a video. Raises VideoError if it is missing, unreadable or has no pictures."""
        self.path = path
        if not path.exists():
            raise VideoError(f"there is no video {path}", hint="look at the path: it starts from the document")
        try:
            self._open()
            self._timing = self._index()
        except (av.FFmpegError, ValueError) as error:
            raise self._unreadable(error) from error
        self._times = self._timing.times
        if not self._times:
            raise VideoError(f"{path.name} has no pictures", hint="is it cut off? try to play it")
        if self._stream.width * self._stream.height > MAX_PIXELS:
            raise VideoError(f"the pictures of {path.name} are too large", hint="make it smaller first")
        # an AVI numbers its pictures in the order they are stored, which is not always the order they are shown
        self._trust_times = self._container.format.name != "avi"
        self._decoded: Iterator[VideoFrame] = iter(())
        self._position: int | None = None
        """Number of the picture that was decoded last; None: the container stands anywhere."""
        self._current: NDArray[np.uint8] | None = None

    @property
    def fps(self) -> Fraction:
        """Its average rate."""
        return Fraction(self._stream.average_rate or self._stream.guessed_rate or 25)

    def count(self, rate: Fraction | None = None) -> int:
        """How many pictures it has: its own, or at a rate."""
        return self._timing.count(rate)

    def source_index(self, index: int, rate: Fraction | None = None) -> int:
        """Which of its own pictures is the `index`-th at a rate; the last one if there are not that many."""
        return self._timing.source_index(index, rate)

    def picture(self, index: int, rate: Fraction | None = None) -> NDArray[np.uint8]:
        """The `index`-th picture at a rate: uint8 (height, width, 3), RGB, upright. Raises VideoError."""
        wanted = self.source_index(index, rate)
        if wanted != self._position or self._current is None:
            try:
                self._current = _rgb(self._frame(wanted))
            except (av.FFmpegError, StopIteration) as error:
                self._position = self._current = None
                raise VideoError(
                    f"picture {wanted} of {self.path.name} cannot be decoded", hint="is the file cut off or damaged?"
                ) from error
            self._position = wanted
        return self._current

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _time_base(self) -> Fraction:
        return Fraction(self._stream.time_base or Fraction(1, 90000))

    def _index(self) -> Timing:
        """When each picture is shown. Decodes nothing."""
        times: list[int] = []
        lengths: dict[int, int] = {}
        for packet in self._container.demux(self._stream):
            if packet.pts is not None and packet.size and not packet.is_discard:
                times.append(packet.pts)
                lengths[packet.pts] = packet.duration or 0
        times.sort()
        if not times:
            return Timing([], 0, self._time_base)
        typical = max(1, round(1 / (self.fps * self._time_base)))
        return Timing(times, times[-1] + (lengths[times[-1]] or typical), self._time_base)

    def _open(self) -> None:
        # an animated PNG is called .png as often as .apng, and is taken for a still one then
        form = "apng" if self.path.suffix.lower() in (".png", ".apng") else None
        self._container: InputContainer = av.open(str(self.path), format=form)
        if not self._container.streams.video:
            hint = "choose a video file; is this one cut off?"
            raise VideoError(f"{self.path.name} has no picture track", hint=hint)
        self._stream: VideoStream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._clear: VideoCodecContext | None = None
        if self._stream.metadata.get("alpha_mode") == "1" and (name := _WITH_ALPHA.get(self._stream.name or "")):
            decoder = CodecContext.create(name, "r")
            self._clear = decoder if isinstance(decoder, VideoCodecContext) else None

    def _frames(self) -> Iterator[VideoFrame]:
        """Decodes on from where the container stands."""
        if self._clear is None:
            yield from self._container.decode(self._stream)
            return
        self._clear.flush_buffers()
        for packet in self._container.demux(self._stream):
            yield from self._clear.decode(packet if packet.size else None)

    def _frame(self, wanted: int) -> VideoFrame:
        """Decode on, or seek and decode, until the picture is reached."""
        position = self._position
        if position is None or not position < wanted <= position + _FORWARD:
            position = self._seek(wanted)
        while True:
            frame = next(self._decoded)
            position = max(position + 1, self._number(frame) if self._trust_times else 0)
            if position >= wanted:
                return frame

    def _seek(self, wanted: int) -> int:
        """Go somewhere before a picture; the number of the picture before the next one that will be decoded.

        Containers without an index land anywhere: then decoding begins at the start.
        """
        if wanted > 0:
            with suppress(av.FFmpegError, StopIteration):
                self._container.seek(self._times[wanted], stream=self._stream, backward=True)
                decoded = self._frames()
                first = next(decoded)
                number = self._number(first)
                if 0 <= number <= wanted:
                    self._decoded = chain([first], decoded)
                    return number - 1
        self._container.close()
        self._open()
        self._decoded = self._frames()
        return -1

    def _number(self, frame: VideoFrame) -> int:
        """Which picture a frame is by its time; −1 if its time is not in the index."""
        if frame.pts is None:
            return -1
        number = bisect_left(self._times, frame.pts)
        return number if number < len(self._times) and self._times[number] == frame.pts else -1

    def _unreadable(self, error: Exception) -> VideoError:
        reason = getattr(error, "strerror", None) or error
        return VideoError(
            f"the video {self.path.name} cannot be read: {reason}",
            hint="is it a video, and complete? converting it to mp4 (H.264) often helps",
        )


def _rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    transparent = any(component.is_alpha for component in frame.format.components)
    pixels = np.asarray(frame.to_ndarray(format="rgba" if transparent else "rgb24"), np.uint8)
    upright = np.rot90(pixels, k=round(frame.rotation / 90) % 4)
    return over_black(upright) if transparent else np.ascontiguousarray(upright)
