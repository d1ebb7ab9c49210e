"""Where notes begin: spectral flux, its peaks, and the moment in the wave where each one starts.

Spectral flux with a threshold that follows the music, after Böck, Krebs and Schedl, "Evaluating the Online Capabilities
of Onset Detection Methods" (ISMIR 2012). Peaks of a spectrum are blurred by its window by 20 ms; each one is therefore
moved to the steepest rise of loudness near it, in the band that it stands out in.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from parseq_tui.audio.decode import Recording
from parseq_tui.audio.spectrum import BANDS, Band, Spectrum
from parseq_tui.language.values import Floats

_LAG = 3
"""Moments compared: a note needs about 35 ms to fill the window's middle."""
_CLOSEST = 0.06
"""Seconds between two onsets that can be told apart."""
_FINE = 32
"""Samples from one energy reading to the next: 1.5 ms."""
_NEAR = 0.02
"""Seconds between a peak of the spectrum and the start of its note."""
_MARGIN = 1024
"""Samples on both sides for the filter to come to rest."""
_QUIET = 60.0
"""Decibels under the loudest moment that count as silence."""


def onset_strength(sound: Spectrum, band: Band = "all") -> Floats:
    """How much louder the bands are than a moment before, in decibels per band, shape (moments,)."""
    power = sound.of(band).astype(np.float64)
    floor = max(float(power.max(initial=0.0)), 1e-12) * 10 ** (-_QUIET / 10)
    level = 10 * np.log10(power + floor)
    rise = np.zeros_like(level)
    rise[_LAG:] = np.maximum(level[_LAG:] - level[:-_LAG], 0)
    rise[:_LAG] = level[:_LAG] - 10 * np.log10(floor)  # silence comes before the beginning
    return np.asarray(rise.mean(axis=1), np.float64)


def onsets(recording: Recording, sound: Spectrum, band: Band = "all", sensitivity: float = 1.0) -> Floats:
    """Seconds at which notes begin, ascending, shape (onsets,).

    `sensitivity` 2 finds fainter ones, 0.5 only clear ones.
    """
    strength = onset_strength(sound, band)
    if len(strength) < 2:
        return np.zeros(0)
    peaks = _peaks(strength, sound.rate, sensitivity)
    clearest = _clearest(sound, peaks) if band == "all" else [band] * len(peaks)
    starts = [_start(recording, peak / sound.rate, where) for peak, where in zip(peaks, clearest, strict=True)]
    return _apart(np.array(starts), strength[peaks])


def _clearest(sound: Spectrum, peaks: NDArray[np.intp]) -> list[str]:
    """The band in which each peak stands out; high sounds tell the moment best."""
    single = {band: onset_strength(sound, band) for band in ("low", "mid", "high")}
    single["high"] = single["high"] * 1.5
    names = list(single)
    near = np.stack([np.maximum.reduce([np.roll(single[name], by) for by in (-1, 0, 1)])[peaks] for name in names])
    return [names[index] for index in near.argmax(axis=0)]


def _peaks(strength: Floats, rate: float, sensitivity: float) -> NDArray[np.intp]:
    """Moments stronger than all near them, and than the music around them by a margin."""
    near, around = round(0.03 * rate), round(0.1 * rate)
    highest = sliding_window_view(np.pad(strength, near), 2 * near + 1).max(axis=1)
    usual = sliding_window_view(np.pad(strength, around, mode="edge"), 2 * around + 1).mean(axis=1)
    margin = max(1.0, 0.12 * float(np.quantile(strength, 0.98))) / max(sensitivity, 1e-3)
    return np.flatnonzero((strength == highest) & (strength > usual + margin))


def _start(recording: Recording, second: float, band: str) -> float:
    """The steepest rise of a band's loudness within 20 ms of a peak of its spectrum."""
    rate = recording.rate
    first = round((second - _NEAR) * rate) - _MARGIN
    last = round((second + _NEAR) * rate) + _MARGIN
    piece = np.zeros(last - first)
    begin, end = max(0, first), min(len(recording.samples), last)
    piece[begin - first : end - first] = recording.samples[begin:end]
    lines = np.fft.rfft(piece * np.hanning(len(piece)))
    hertz = np.fft.rfftfreq(len(piece), 1 / rate)
    lines[(hertz < BANDS[band][0]) | (hertz > BANDS[band][1])] = 0
    filtered = np.fft.irfft(lines, len(piece))
    steps = len(piece) // _FINE
    energy = (filtered[: steps * _FINE].reshape(steps, _FINE) ** 2).sum(axis=1)
    # a fourth root of power is about how loud it is heard
    loudness = np.convolve(energy, np.ones(3), "same") ** 0.25
    rise = np.zeros(steps)
    rise[2:] = loudness[2:] - loudness[:-2]
    seconds = (first + np.arange(steps) * _FINE) / rate
    rise[np.abs(seconds - second) > _NEAR] = -1
    return max(0.0, float(seconds[rise.argmax()]))


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
