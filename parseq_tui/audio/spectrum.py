"""How strong each part of the sound is at each moment: what loudness, onsets and tempo are read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parseq_tui.audio.decode import Recording

Band = Literal["all", "low", "mid", "high"]
BANDS: Mapping[str, tuple[float, float]] = {
    "all": (30, 10_000),
    "low": (30, 160),
    "mid": (160, 2_500),
    "high": (2_500, 10_000),
}
"""Hertz: kick and bass, voices and chords, hats and hiss."""
WINDOW = 2048
HOP = 256
"""Samples from one moment to the next: 12 ms at 22,050 Hz."""
_PER_OCTAVE = 6
_BLOCK = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Power of a recording in narrow bands."""

    power: NDArray[np.float32]
    """Shape (moments, bands), from 0 up."""
    edges: NDArray[np.float64]
    """Hertz, shape (bands + 1,): band i holds edges[i] up to edges[i + 1]."""
    rate: float
    """Moments a second; moment i is at i / rate seconds."""

    def of(self, band: Band) -> NDArray[np.float32]:
        """Power of the narrow bands inside a wide one, shape (moments, some of the bands)."""
        low, high = BANDS[band]
        inside = (self.edges[:-1] >= low * 0.99) & (self.edges[1:] <= high * 1.06)
        return self.power[:, inside]


def spectrum(recording: Recording) -> Spectrum:
    """Power in bands a sixth of an octave wide, in windows centred on each moment."""
    # silence on both sides lets the first and the last moment stand in the middle of their windows
    padded = np.pad(recording.samples, WINDOW // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    shape = np.hanning(WINDOW).astype(np.float32)
    edges, into_bands = _bands(recording.rate)
    power = np.empty((len(windows), len(edges) - 1), np.float32)
    for start in range(0, len(windows), _BLOCK):
        lines = np.fft.rfft(windows[start : start + _BLOCK] * shape)
        power[start : start + _BLOCK] = (np.abs(lines).astype(np.float32) ** 2) @ into_bands
    return Spectrum(power / np.float32(shape.sum() ** 2), edges, recording.rate / HOP)


def _bands(rate: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Edges of the bands, and the matrix that sums FFT lines into them."""
    low, high = BANDS["all"]
    high = min(high, rate / 2)
    count = int(np.log2(high / low) * _PER_OCTAVE)
    edges = low * 2.0 ** (np.arange(count + 1) / _PER_OCTAVE)
    width = rate / WINDOW
    line_low = (np.arange(WINDOW // 2 + 1) - 0.5) * width
    # a line belongs to a band by the share of its width inside: low bands are narrower than a line
    overlap = np.minimum(line_low[:, None] + width, edges[1:]) - np.maximum(line_low[:, None], edges[:-1])
    return edges, (np.clip(overlap, 0, None) / width).astype(np.float32)
