"""Writing videos as frames come: playable while they grow, complete when they end, safe when the program dies.

Frames go into a fragmented mp4 beside the target (each fragment stands for itself, so whatever was written before a
crash plays); `finish` repacks it, without encoding again, as an mp4 that starts at once over a network (faststart).
"""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from parseq_tui.errors import DiskFull, ParseqError, VideoError

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")
"""File names that can be written."""
_BT709 = 1
_GROWING = {"movflags": "empty_moov+default_base_moof", "frag_duration": "500000", "flush_packets": "1"}
"""Microseconds per fragment: what a crash may cost, besides the frames the encoder looks ahead."""


class VideoWriter:
    """An H.264 video that plays everywhere: yuv420p, even sizes (odd ones are widened by their last row or column)."""

    def __init__(self, path: Path, rate: Fraction, *, crf: int = 16, preset: str = "medium") -> None:
        """`crf` 0…51: lower is better and larger. Raises VideoError for a name it cannot write."""
        if path.suffix.lower() not in SUFFIXES:
            raise unknown_name(path)
        self.path = path
        self.growing = path.with_name(f".{path.stem}.growing.mp4")
        self._rate = rate
        self._options = {"crf": str(crf), "preset": preset}
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._count = 0

    @property
    def count(self) -> int:
        """Frames written so far."""
        return self._count

    def add(self, image: NDArray[np.uint8], times: int = 1) -> None:
        """Append a picture, uint8 (height, width, 3) RGB, for `times` frames. Raises VideoError or DiskFull."""
        try:
            if self._container is None or self._stream is None:
                self._container, self._stream = self._open(image)
            for _ in range(times):
                frame = _yuv(image)
                frame.pts, frame.time_base = self._count, 1 / self._rate
                self._container.mux(self._stream.encode(frame))
                self._count += 1
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def finish(self) -> Path | None:
        """Write what is left and put the video in place; None if there was no frame. Raises VideoError or DiskFull."""
        if self._container is None or self._stream is None:
            return None
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._container = None
            place(self.growing, self.path)
            self.growing.unlink()
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error
        return self.path

    def _open(self, image: NDArray[np.uint8]) -> tuple[OutputContainer, VideoStream]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        container = av.open(str(self.growing), "w", format="mp4", options=_GROWING)
        stream = container.add_stream("libx264", rate=self._rate, options=self._options)
        stream.width, stream.height = image.shape[1] + image.shape[1] % 2, image.shape[0] + image.shape[0] % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / self._rate
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = _BT709
        return container, stream

    def _failed(self, error: Exception) -> ParseqError:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return DiskFull(f"there is no space left for {self.path}", hint="free some space, then render again")
        return VideoError(
            f"the video {self.path} cannot be written: {error.args[-1] if error.args else error}",
            hint="is its folder there, and may you write in it? the frames are safe in the cache",
        )


def unknown_name(path: Path) -> VideoError:
    """What to tell somebody who asks for a kind of file that cannot be written."""
    return VideoError(f"cannot write a video called {path.name}", hint=f"its name ends in {', '.join(SUFFIXES)}")


def place(source: Path, target: Path) -> None:
    """`repack` so that `target` is the old file or the new one, never half of it."""
    temporary = target.with_name(f".{target.stem}.tmp{target.suffix}")
    try:
        repack(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def repack(source: Path, target: Path) -> None:
    """Copy the picture track of a video into another container, without encoding again; mp4 gets its index in front."""
    options = {"movflags": "faststart"} if target.suffix.lower() in (".mp4", ".m4v", ".mov") else {}
    with av.open(str(source)) as opened, av.open(str(target), "w", options=options) as container:
        track = opened.streams.video[0]
        copy = container.add_stream_from_template(track)
        start: int | None = None
        for packet in opened.demux(track):
            if packet.size and packet.pts is not None and packet.dts is not None:
                # the first packet shows the first picture; decoding may have to begin before time 0
                start = packet.pts if start is None else start
                packet.pts, packet.dts = packet.pts - start, packet.dts - start
                packet.stream = copy
                container.mux(packet)


def _yuv(image: NDArray[np.uint8]) -> VideoFrame:
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    converted = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    converted.colorspace = converted.color_range = _BT709
    return converted
