"""Sound files in: any container PyAV reads, as blocks of samples.

The invariant: whatever is wrong with a file is an AudioError that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from parseq_tui.errors import AudioError

ANALYSIS_RATE = 22050
"""Samples a second that listening needs: nothing above 11 kHz tells where a note begins."""
LONGEST_MINUTES = 120


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One channel of sound."""

    samples: NDArray[np.float32]
    """Shape (samples,), -1 to 1."""
    rate: int = ANALYSIS_RATE
    """Samples a second."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def check_sound(path: Path) -> None:
    """Raises AudioError if there is no such file, or no sound in it."""
    _open(path).close()


def sound_blocks(path: Path, rate: int, channels: int) -> Iterator[NDArray[np.int16]]:
    """The sound of a file, int16 (n, channels), resampled to `rate`. Raises AudioError."""
    resampler = av.AudioResampler(format="s16", layout="stereo" if channels == 2 else "mono", rate=rate)
    with _open(path) as container:
        try:
            for frame in chain(container.decode(audio=0), [None]):
                for resampled in resampler.resample(frame):
                    yield np.asarray(resampled.to_ndarray(), np.int16).reshape(-1, channels)
        except (av.FFmpegError, ValueError) as error:
            raise _unreadable(path, error) from error


def read_recording(path: Path) -> Recording:
    """A whole file, mixed to one channel at ANALYSIS_RATE. Raises AudioError."""
    blocks: list[NDArray[np.int16]] = []
    left = LONGEST_MINUTES * 60 * ANALYSIS_RATE
    for block in sound_blocks(path, ANALYSIS_RATE, 1):
        blocks.append(block[:, 0])
        left -= len(block)
        if left < 0:
            raise AudioError(f"{path.name} is longer than {LONGEST_MINUTES} minutes", hint="cut the part you use")
    if not blocks:
        raise AudioError(f"the sound of {path.name} is empty", hint="is the file complete?")
    return Recording(np.concatenate(blocks).astype(np.float32) / np.float32(32768))


def _open(path: Path) -> InputContainer:
    if not path.is_file():
        raise AudioError(f"there is no sound file {path}", hint="look at its path")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error
    if not container.streams.audio:
        container.close()
        raise AudioError(f"{path.name} has no sound", hint="give a file with an audio track")
    return container


def _unreadable(path: Path, error: Exception) -> AudioError:
    return AudioError(
        f"the sound of {path.name} cannot be read: {getattr(error, 'strerror', None) or error}",
        hint="is it complete? converting it to WAV often helps",
    )
