"""Writing videos as frames come: playable while they grow, complete when they end, safe when the program dies.

H.264 and ProRes go into a fragmented file beside the target (each fragment stands for itself, so whatever was written
before a crash plays); `finish` repacks it, without encoding again, as one that starts at once over a network
(faststart), with sound if there is any. What kinds there are: video/kinds.py.
"""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image as Pillow

from parseq_tui.errors import DiskFull, ParseqError, VideoError
from parseq_tui.video.kinds import Kind, kind_of
from parseq_tui.video.sound import Sound, SoundTrack

_BT709 = 1
_GROWING = {"movflags": "empty_moov+default_base_moof", "frag_duration": "500000", "flush_packets": "1"}
"""Microseconds per fragment: what a crash may cost, besides the frames the encoder looks ahead."""


class VideoWriter:
    """A video of the kind its name says. Where sizes must be even, odd ones are widened by their last row or column."""

    def __init__(self, path: Path, rate: Fraction, *, crf: int = 16) -> None:
        """`crf` 0…51: lower is better and larger. Raises VideoError for a name it cannot write."""
        self._kind = kind_of(path)
        self.path = path
        self.growing = path.with_name(f".{path.stem}.growing.{self._kind.growing}")
        self._rate = rate
        self._options = dict(self._kind.options)
        if self._kind.quality is not None:
            self._options["crf"] = str(crf + self._kind.quality)
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
                frame = _converted(image, self._kind)
                frame.pts, frame.time_base = self._count, 1 / self._rate
                self._container.mux(self._stream.encode(frame))
                self._count += 1
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    @property
    def seconds(self) -> Fraction:
        """How long it is so far."""
        return self._count / self._rate

    def finish(self, sound: Sound | None = None) -> Path | None:
        """Write what is left and put the video in place; None if there was no frame.

        Raises VideoError, AudioError or DiskFull.
        """
        if self._container is None or self._stream is None:
            return None
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._container = None
            if self._kind.repacked:
                place(self.growing, self.path, sound, self.seconds)
                self.growing.unlink()
            else:
                self.growing.replace(self.path)
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error
        return self.path

    def _open(self, image: NDArray[np.uint8]) -> tuple[OutputContainer, VideoStream]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kind = self._kind
        options = _GROWING if kind.growing in ("mp4", "mov") else {} if kind.repacked else {"loop": "0"}
        container = av.open(str(self.growing), "w", format=kind.growing, options=options)
        stream = container.add_stream(kind.codec, rate=self._rate, options=self._options)
        assert isinstance(stream, VideoStream)
        even = _halved(kind)
        stream.width = image.shape[1] + (image.shape[1] % 2 if even else 0)
        stream.height = image.shape[0] + (image.shape[0] % 2 if even else 0)
        stream.pix_fmt = kind.pixels
        context = stream.codec_context
        context.time_base = 1 / self._rate
        if kind.quality is not None:
            context.bit_rate = 0  # VP9 obeys its crf only then
        if even:
            context.colorspace = context.color_primaries = context.color_trc = context.color_range = _BT709
        return container, stream

    def _failed(self, error: Exception) -> ParseqError:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return DiskFull(f"there is no space left for {self.path}", hint="free some space, then render again")
        return VideoError(
            f"the video {self.path} cannot be written: {error.args[-1] if error.args else error}",
            hint="is its folder there, and may you write in it? the frames are safe in the cache",
        )


def place(source: Path, target: Path, sound: Sound | None = None, seconds: Fraction = Fraction(0)) -> None:
    """`repack` so that `target` is the old file or the new one, never half of it."""
    temporary = target.with_name(f".{target.stem}.tmp{target.suffix}")
    try:
        repack(source, temporary, sound, seconds)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def repack(source: Path, target: Path, sound: Sound | None = None, seconds: Fraction = Fraction(0)) -> None:
    """Copy the picture track of a video into another container, without encoding again; mp4 gets its index in front.

    `sound` is encoded beside it, `seconds` of it at most.
    """
    options = {"movflags": "faststart"} if target.suffix.lower() in (".mp4", ".m4v", ".mov") else {}
    with av.open(str(source)) as opened, av.open(str(target), "w", options=options) as container:
        track = opened.streams.video[0]
        copy = container.add_stream_from_template(track)
        voice = None if sound is None else SoundTrack(container, sound, kind_of(target).sound, seconds)
        start: int | None = None
        for packet in opened.demux(track):
            if packet.size and packet.pts is not None and packet.dts is not None:
                # the first packet shows the first picture; decoding may have to begin before time 0
                start = packet.pts if start is None else start
                packet.pts, packet.dts = packet.pts - start, packet.dts - start
                if voice is not None:
                    voice.until(float(packet.dts * (packet.time_base or 0)))
                packet.stream = copy
                container.mux(packet)
        if voice is not None:
            voice.finish()


def _halved(kind: Kind) -> bool:
    """Whether its colours are stored at half the size, so that sizes must be even."""
    return kind.pixels.startswith("yuv")


def _converted(image: NDArray[np.uint8], kind: Kind) -> VideoFrame:
    """A picture as this kind of video stores it."""
    if kind.pixels == "pal8":
        return _with_palette(image)
    if not _halved(kind):
        return VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(format=kind.pixels)
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    converted = frame.reformat(format=kind.pixels, dst_colorspace="ITU709", dst_color_range="MPEG")
    converted.colorspace = converted.color_range = _BT709
    return converted


def _with_palette(image: NDArray[np.uint8]) -> VideoFrame:
    """256 colours of the picture's own choice."""
    reduced = Pillow.fromarray(image).quantize(256)
    colors = np.array(reduced.getpalette("RGB"), np.uint8).reshape(-1, 3)
    palette = np.zeros((256, 4), np.uint8)
    palette[:, 0] = 255  # alpha comes first
    palette[: len(colors), 1:] = colors
    pair: Any = (np.array(reduced, np.uint8), palette)  # PyAV takes it, its annotations do not
    return VideoFrame.from_ndarray(pair, format="pal8")
