"""Which note is heard: YIN, for one voice or instrument at a time.

A. de Cheveigné and H. Kawahara, "YIN, a fundamental frequency estimator for speech and music" (Journal of the
Acoustical Society of America 111, 2002), steps 1 to 5.
"""

from __future__ import annotations

import numpy as np

from parseq_tui.audio.decode import Recording
from parseq_tui.language.values import Floats

LOWEST, HIGHEST = 55.0, 1760.0
"""Hertz, A1 to A6."""
_WINDOW = 1024
"""Samples compared with themselves later: 46 ms."""
_CLEAR = 0.15
"""A difference under this share of its mean is a period."""
_QUIETEST = 1e-4
"""Mean power under this is silence: -40 dB."""


def pitches(recording: Recording, moments: Floats) -> Floats:
    """Hertz of the note around each moment (seconds), NaN where there is none, shape (moments,)."""
    longest = int(recording.rate / LOWEST) + 2
    span = _WINDOW + longest
    samples = np.pad(recording.samples.astype(np.float64), (span // 2, span))
    starts = np.clip(np.round(moments * recording.rate).astype(int), 0, len(recording.samples))
    return np.array([_pitch(samples[start : start + span], longest, recording.rate) for start in starts])


def _pitch(piece: Floats, longest: int, rate: int) -> float:
    head = piece[:_WINDOW]
    if float(head @ head) / _WINDOW < _QUIETEST:
        return float("nan")
    size = 1 << (len(piece) + _WINDOW - 1).bit_length()
    product = np.fft.irfft(np.conj(np.fft.rfft(head, size)) * np.fft.rfft(piece, size), size)[:longest]
    energy = np.concatenate(([0.0], np.cumsum(piece**2)))
    power = energy[_WINDOW : _WINDOW + longest] - energy[:longest]
    difference = np.maximum(power[0] + power - 2 * product, 0)
    lags = np.arange(1, longest)
    share = np.ones(longest)
    share[1:] = difference[1:] * lags / np.maximum(np.cumsum(difference[1:]), 1e-20)
    return _period(share, int(rate / HIGHEST), rate)


def _period(share: Floats, shortest: int, rate: int) -> float:
    """The first deep valley of the difference, between samples by a parabola."""
    clear = np.flatnonzero(share[shortest:] < _CLEAR)
    if not len(clear):
        return float("nan")
    lag = shortest + int(clear[0])
    while lag + 1 < len(share) and share[lag + 1] < share[lag]:
        lag += 1
    if not 0 < lag < len(share) - 1:
        return float("nan")
    before, here, after = share[lag - 1 : lag + 2]
    bend = before - 2 * here + after
    return rate / (lag + (0.5 * (before - after) / bend if bend > 0 else 0.0))
