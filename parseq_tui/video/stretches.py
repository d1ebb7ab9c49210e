"""Stretches of an earlier video: what did not change is copied as it was encoded, not encoded again.

An H.264 video of ours is cut every `STRETCH` frames: each stretch begins with a picture that stands for itself, and
nothing in it refers to another one. The invariant: a stretch is copied only whole, and only from a video that was
encoded with the very same settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.stream import VideoStream

from parseq_tui.video.kinds import STRETCH

TAG = "comment"
"""Where in a video's metadata its settings stand."""


def tag(codec: str, options: dict[str, str], size: tuple[int, int], rate: Fraction) -> str:
    """The settings of a video in words: two that say the same can lend each other stretches."""
    version = ".".join(map(str, av.library_versions["libavcodec"]))
    listed = " ".join(f"{name}={value}" for name, value in sorted(options.items()))
    return f"parseq-tui: {codec} {listed} {size[0]}x{size[1]} {rate} fps, libavcodec {version}"


def alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many stretches of two rows of pictures are the same, picture for picture.

    >>> alike(["a"] * 30, ["a"] * 29)
    1
    """
    starts = range(0, min(len(one), len(other)), STRETCH)
    return sum(one[start : start + STRETCH] == other[start : start + STRETCH] for start in starts)


class Stretches:
    """The stretches of a video, finished or cut off, read from the front. `close` it."""

    def __init__(self, path: Path, pictures: Sequence[str]) -> None:
        """`pictures` identifies what the video shows, frame by frame. Raises OSError if it cannot be opened."""
        self._pictures = pictures
        self._container: Any = av.open(str(path))
        self.tag = str(self._container.metadata.get(TAG, ""))
        self._coming = _groups(self._container)
        self._group: list[Packet[VideoStream]] = []
        self._base: int | None = None

    def take(self, start: int, pictures: Sequence[str], rate: Fraction) -> list[Packet[VideoStream]] | None:
        """The packets of the stretch that begins at frame `start`, if it shows these pictures; else None.

        They come in decoding order; their `pts` counts frames from the video's first one. Ask for later ones only.
        """
        if not pictures or self._pictures[start : start + STRETCH] != pictures:
            return None
        with suppress(av.FFmpegError, OSError):  # a damaged one is encoded again
            while self._first(rate) < start:
                self._group = next(self._coming, [])
                if not self._group:
                    return None
            numbers = [self._number(packet, rate) for packet in self._group]
            if sorted(numbers) != list(range(start, start + len(pictures))):
                return None
            for packet, number in zip(self._group, numbers, strict=True):
                packet.time_base, packet.pts, packet.dts, packet.duration = 1 / rate, number, None, 1
            packets, self._group = self._group, []
            return packets
        return None

    def _first(self, rate: Fraction) -> int:
        """The number of the first frame of the stretch that was read last; -1 before any."""
        return self._number(self._group[0], rate) if self._group else -1

    def _number(self, packet: Packet[VideoStream], rate: Fraction) -> int:
        assert packet.pts is not None and packet.time_base is not None  # `_groups` leaves others out
        if self._base is None:
            self._base = packet.pts
        return round((packet.pts - self._base) * packet.time_base * rate)

    def close(self) -> None:
        self._container.close()


def _groups(container: Any) -> Iterator[list[Packet[VideoStream]]]:
    """The packets of the picture track, from one picture that stands for itself to the next."""
    group: list[Packet[VideoStream]] = []
    track = container.streams.video[0]
    # as an encoder hands them out: what writes them into a container expects them so
    bare = BitStreamFilterContext("h264_mp4toannexb", track)
    for packet in container.demux(track):
        if packet.pts is None or packet.time_base is None or not packet.size:
            continue
        if packet.is_keyframe and group:
            yield group
            group = []
        group += bare.filter(packet)
    if group:
        yield group
