"""Sound beside pictures: any file PyAV reads, from some second on, encoded into a video that is being packed.

The invariant: the sound never outlasts the pictures, and both start together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray

from parseq_tui.audio.decode import check_sound, sound_blocks

RATE = 48000
_CHANNELS = 2


@dataclass(frozen=True, slots=True)
class Sound:
    """A stretch of a sound file."""

    path: Path
    start: Fraction = Fraction(0)
    """Seconds into the file."""

    def check(self) -> None:
        """Raises AudioError if there is no such file, or no sound in it."""
        check_sound(self.path)

    def samples(self, seconds: Fraction) -> Iterator[NDArray[np.int16]]:
        """Blocks of stereo samples, int16 (n, 2) at RATE, `seconds` long at most. Raises AudioError."""
        skip, left = round(self.start * RATE), round(seconds * RATE)
        for block in sound_blocks(self.path, RATE, _CHANNELS):
            kept = block[skip:][:left]
            skip, left = max(0, skip - len(block)), left - len(kept)
            if len(kept):
                yield kept
            if left <= 0:
                return


class SoundTrack:
    """A sound on its way into a container, packet by packet as the pictures are."""

    def __init__(self, container: OutputContainer, sound: Sound, codec: str, seconds: Fraction) -> None:
        self._container = container
        self._stream = _stereo(container, codec)
        self._blocks = sound.samples(seconds)
        self._position = 0

    def until(self, second: float) -> None:
        """Write the sound up to this second."""
        with suppress(StopIteration):
            while self._position < second * RATE:
                self._add(next(self._blocks))

    def finish(self) -> None:
        """Write what is left."""
        for block in self._blocks:
            self._add(block)
        self._container.mux(self._stream.encode(None))

    def _add(self, block: NDArray[np.int16]) -> None:
        frame = AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._position, Fraction(1, RATE)
        self._position += len(block)
        self._container.mux(self._stream.encode(frame))


def _stereo(container: OutputContainer, codec: str) -> AudioStream:
    stream = container.add_stream(codec, rate=RATE)
    assert isinstance(stream, AudioStream)
    stream.codec_context.layout = "stereo"
    return stream
