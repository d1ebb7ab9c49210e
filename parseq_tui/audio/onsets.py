"""Where notes begin: spectral flux, its peaks, and the moment in the wave where each one starts.

Spectral flux with a threshold that follows the music, after Böck, Krebs and Schedl, "Evaluating the Online Capabilities
of Onset Detection Methods" (ISMIR 2012). Peaks of a spectrum are blurred by its window (late or early by up to 50 ms);
each one is therefore moved to the steepest rise of energy near it.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from parseq_tui.audio.decode import Recording
from parseq_tui.audio.spectrum import Band, Spectrum

Floats = NDArray[np.float64]
_LAG = 3
"""Moments compared: a note needs about 35 ms to fill the window's middle."""
_CLOSEST = 0.06
"""Seconds between two onsets that can be told apart."""
_FINE = 32
"""Samples from one energy reading to the next: 1.5 ms."""
_QUIET = 60.0
"""Decibels under the loudest moment that count as silence."""


def onset_strength(sound: Spectrum, band: Band = "all") -> Floats:
    """How much louder the bands are than a moment before, in decibels per band, shape (moments,)."""
    power = sound.of(band).astype(np.float64)
    floor = max(float(power.max(initial=0.0)), 1e-12) * 10 ** (-_QUIET / 10)
    level = 10 * np.log10(power + floor)
    rise = np.zeros_like(level)
    rise[_LAG:] = np.maximum(level[_LAG:] - level[:-_LAG], 0)
    return np.asarray(rise.mean(axis=1), np.float64)


def onsets(recording: Recording, sound: Spectrum, band: Band = "all", sensitivity: float = 1.0) -> Floats:
    """Seconds at which notes begin, ascending, shape (onsets,).

    `sensitivity` 2 finds fainter ones, 0.5 only clear ones.
    """
    strength = onset_strength(sound, band)
    if len(strength) < 2:
        return np.zeros(0)
    peaks = _peaks(strength, sound.rate, sensitivity)
    moments = np.array([_start(recording, peak / sound.rate) for peak in peaks])
    return _apart(moments, strength[peaks])


def _peaks(strength: Floats, rate: float, sensitivity: float) -> NDArray[np.intp]:
    """Moments stronger than all near them, and than the music around them by a margin."""
    near, around = round(0.03 * rate), round(0.1 * rate)
    highest = sliding_window_view(np.pad(strength, near), 2 * near + 1).max(axis=1)
    usual = sliding_window_view(np.pad(strength, around, mode="edge"), 2 * around + 1).mean(axis=1)
    margin = max(1.0, 0.12 * float(np.quantile(strength, 0.98))) / max(sensitivity, 1e-3)
    return np.flatnonzero((strength == highest) & (strength > usual + margin))


def _start(recording: Recording, second: float) -> float:
    """The steepest rise of energy within 50 ms before and 20 ms behind a peak of the spectrum."""
    rate = recording.rate
    first = max(0, round((second - 0.05) * rate) - 4 * _FINE)
    piece = recording.samples[first : round((second + 0.02) * rate) + 4 * _FINE].astype(np.float64)
    steps = len(piece) // _FINE
    if steps < 6:
        return max(second, 0.0)
    energy = (piece[: steps * _FINE].reshape(steps, _FINE) ** 2).sum(axis=1)
    level = np.log10(np.convolve(energy, np.ones(3), "valid") + energy.max() * 1e-3 + 1e-12)
    rise = level[2:] - level[:-2]
    # level[i] sums readings i to i + 2: the rise from i to i + 2 happens where reading i + 3 begins
    return (first + (int(rise.argmax()) + 3) * _FINE) / rate


def _apart(moments: Floats, strength: Floats) -> Floats:
    """Of moments closer than can be heard apart, the strongest."""
    kept: list[float] = []
    strengths: list[float] = []
    for index in np.argsort(moments, kind="stable"):
        moment, weight = float(moments[index]), float(strength[index])
        if kept and moment - kept[-1] < _CLOSEST:
            if weight > strengths[-1]:
                kept[-1], strengths[-1] = moment, weight
            continue
        kept.append(moment)
        strengths.append(weight)
    return np.array(kept)
