"""Writing videos as frames come: playable while they grow, complete when they end, safe when the program dies.

H.264 and ProRes go into a fragmented file beside the target (each fragment stands for itself, so whatever was written
before a crash plays); `finish` repacks it, without encoding again, as one that starts at once over a network
(faststart), with sound if there is any. What kinds there are: video/kinds.py. Of an earlier H.264 video the stretches
that show the same pictures are copied (video/stretches.py).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image as Pillow

from parseq_tui.errors import DiskFull, ParseqError, VideoError
from parseq_tui.video.kinds import STRETCH, Kind, kind_of
from parseq_tui.video.sound import Sound, SoundTrack
from parseq_tui.video.stretches import TAG, Stretches, tag

_BT709 = 1
_LATE = 2
"""Frames by which x264 decodes before it shows, with the settings of `kinds`."""
_GROWING = {"movflags": "empty_moov+default_base_moof", "frag_duration": "500000", "flush_packets": "1"}
"""Microseconds per fragment: what a crash may cost, besides the frames the encoder looks ahead."""


Picture = Callable[[], NDArray[np.uint8]]


class VideoWriter:
    """A video of the kind its name says. Where sizes must be even, odd ones are widened by their last row or column."""

    def __init__(
        self,
        path: Path,
        rate: Fraction,
        *,
        crf: int = 16,
        pictures: Sequence[str] = (),
        earlier: Stretches | None = None,
    ) -> None:
        """`crf` 0…51: lower is better and larger. `pictures` identifies what will be added, frame by frame; what
        `earlier` has of it is copied if it was written with the same settings. Raises VideoError for a name it cannot
        write.
        """
        self._kind = kind_of(path)
        self.path = path
        self.growing = growing_path(path)
        self._rate = rate
        self._options = dict(self._kind.options)
        if self._kind.quality is not None:
            self._options["crf"] = str(crf + self._kind.quality)
        self._pictures, self._earlier = pictures, earlier
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._encoder: VideoCodecContext | None = None
        """What encodes the stretch at hand; None before the first one and between."""
        self._used = False
        """Whether the stream's own encoder has ended: each stretch behind a copied one needs another."""
        self._borrowed: list[Packet[VideoStream]] = []
        self._unwritten: list[Picture] = []
        """What a borrowed stretch shows so far; it is written when all of it was added."""
        self._count = self._packets = 0

    @property
    def count(self) -> int:
        """Frames written so far."""
        return self._count

    def add(self, image: NDArray[np.uint8], times: int = 1, again: Picture | None = None) -> None:
        """Append a picture, uint8 (height, width, 3) RGB, for `times` frames. Raises VideoError or DiskFull.

        `again` makes the picture once more, should it be needed later; without it the picture itself is kept.
        """
        try:
            if self._container is None:
                self._open(image)
            for _ in range(times):
                if self._count % STRETCH == 0:
                    self._borrow()
                if self._borrowed:
                    self._lend(again or (lambda: image))
                else:
                    self._encode(image, self._count)
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
        if self._container is None:
            return None
        try:
            for number, picture in enumerate(self._unwritten, start=self._count - len(self._unwritten)):
                self._encode(picture(), number)
            self._flush()
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

    # -- stretches -------------------------------------------------------------------------------------------------

    def _borrow(self) -> None:
        """Take the stretch that begins here from the earlier video, if it has it."""
        if self._earlier is not None:
            wanted = self._pictures[self._count : self._count + STRETCH]
            self._borrowed = self._earlier.take(self._count, wanted, self._rate) or []
            if self._borrowed:
                self._flush()

    def _lend(self, picture: Picture) -> None:
        self._unwritten.append(picture)
        if len(self._unwritten) == len(self._borrowed):
            for packet in self._borrowed:
                self._mux(packet)
            self._unwritten, self._borrowed = [], []

    def _encode(self, image: NDArray[np.uint8], number: int) -> None:
        if self._encoder is None:
            self._encoder = self._next_encoder()
        frame = _converted(image, self._kind)
        frame.pts, frame.time_base = number, 1 / self._rate
        for packet in self._encoder.encode(frame):
            self._mux(packet)

    def _flush(self) -> None:
        """End the stretch that is being encoded."""
        if self._encoder is not None:
            for packet in self._encoder.encode(None):
                self._mux(packet)
            self._encoder = None

    def _mux(self, packet: Packet[VideoStream]) -> None:
        assert self._container is not None and self._stream is not None
        packet.stream = self._stream
        if self._earlier is not None:
            # stretches of several encoders in a row: each decodes ahead by as much, so times go on evenly
            packet.dts = self._packets - _LATE
        self._packets += 1
        self._container.mux(packet)

    def _next_encoder(self) -> VideoCodecContext:
        assert self._stream is not None
        own = self._stream.codec_context
        if not self._used:
            self._used = True
            return own
        context = av.CodecContext.create(self._kind.codec, "w")
        assert isinstance(context, VideoCodecContext)
        context.options = dict(self._options)
        context.flags |= Flags.global_header
        context.framerate = self._rate
        self._set_up(context, own.width, own.height)
        return context

    # -- the file --------------------------------------------------------------------------------------------------

    def _open(self, image: NDArray[np.uint8]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kind = self._kind
        options = _GROWING if kind.growing in ("mp4", "mov") else {} if kind.repacked else {"loop": "0"}
        container = av.open(str(self.growing), "w", format=kind.growing, options=options)
        self._container = container
        stream = container.add_stream(kind.codec, rate=self._rate, options=self._options)
        assert isinstance(stream, VideoStream)
        even = _halved(kind)
        width = image.shape[1] + (image.shape[1] % 2 if even else 0)
        height = image.shape[0] + (image.shape[0] % 2 if even else 0)
        self._set_up(stream.codec_context, width, height)
        self._stream = stream
        if kind.stretches and self._pictures:
            settings = tag(kind.codec, self._options, (width, height), self._rate)
            container.metadata[TAG] = settings
            lends = self._earlier is not None and self._earlier.tag == settings
            self._earlier = self._earlier if lends else None
        container.start_encoding()

    def _set_up(self, context: VideoCodecContext, width: int, height: int) -> None:
        context.width, context.height = width, height
        context.pix_fmt = self._kind.pixels
        context.time_base = 1 / self._rate
        if self._kind.quality is not None:
            context.bit_rate = 0  # VP9 obeys its crf only then
        if _halved(self._kind):
            context.colorspace = context.color_primaries = context.color_trc = context.color_range = _BT709

    def _failed(self, error: Exception) -> ParseqError:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return DiskFull(f"there is no space left for {self.path}", hint="free some space, then render again")
        return VideoError(
            f"the video {self.path} cannot be written: {error.args[-1] if error.args else error}",
            hint="is its folder there, and may you write in it? the frames are safe in the cache",
        )


def growing_path(path: Path) -> Path:
    """Where a video of this name lies until it is whole."""
    return path.with_name(f".{path.stem}.growing.{kind_of(path).growing}")


def place(source: Path, target: Path, sound: Sound | None = None, seconds: Fraction = Fraction(0)) -> None:
    """`repack` so that `target` is the old file or the new one, never half of it.

    Raises VideoError where it cannot be written; OSError where there is no room.
    """
    temporary = target.with_name(f".{target.stem}.tmp{target.suffix}")
    try:
        repack(source, temporary, sound, seconds)
        temporary.replace(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise VideoError(
            f"{target} cannot be written: {error.strerror}",
            hint=f"the film is complete in {source}: copy it from there",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def repack(source: Path, target: Path, sound: Sound | None = None, seconds: Fraction = Fraction(0)) -> None:
    """Copy the picture track of a video into another container, without encoding again; mp4 gets its index in front.

    `sound` is encoded beside it, `seconds` of it at most.
    """
    options = {"movflags": "faststart"} if target.suffix.lower() in (".mp4", ".m4v", ".mov") else {}
    with av.open(str(source)) as opened, av.open(str(target), "w", options=options) as container:
        if TAG in opened.metadata:
            container.metadata[TAG] = opened.metadata[TAG]
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
    # slices in threads cost small pictures more than they gain
    threads = 1 if image.size < 1 << 20 else 0
    converted = frame.reformat(format=kind.pixels, dst_colorspace="ITU709", dst_color_range="MPEG", threads=threads)
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
