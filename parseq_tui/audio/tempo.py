"""How fast the music is, and where its beats fall.

Beats by dynamic programming over onset strength: D. Ellis, "Beat Tracking by Dynamic Programming" (Journal of New Music
Research 36, 2007). The tempo is then the slope of the line through the beats, so that it keeps its decimals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parseq_tui.audio.onsets import onset_strength
from parseq_tui.audio.spectrum import Spectrum
from parseq_tui.language.values import Floats

_USUAL_BPM, _OCTAVES = 120.0, 0.9
"""Where tempi lie, and how wide around it (standard deviation)."""
_SLOWEST, _FASTEST = 40.0, 240.0
_NEAR = 0.15
"""Of a beat: a note that begins this near to it is the beat."""
_UNEVEN = 0.2
"""Of a beat: so much longer or shorter may the first and the last one be."""
_EXACT = 0.01
"""Seconds: how well the moment of a beat is known."""
_TIGHTNESS = 400.0
"""How much an uneven beat costs."""


@dataclass(frozen=True, slots=True, eq=False)
class Tempo:
    """The pulse of a recording."""

    bpm: float
    """Beats a minute over the whole recording; 0 where no pulse was found."""
    beats: Floats
    """Seconds, ascending, shape (beats,)."""


def tempo(sound: Spectrum, onsets: Floats, bpm: float | None = None) -> Tempo:
    """The pulse; `bpm` where it is known. `onsets`: seconds at which notes begin, which place the beats exactly."""
    strength = onset_strength(sound)
    spread = float(strength.std())
    if len(strength) < 4 * sound.rate or spread < 1e-6:
        return Tempo(0.0, np.zeros(0))
    strength = strength / spread
    period = 60 * sound.rate / bpm if bpm else _period(strength, sound.rate)
    beats = _beats(strength, period) / sound.rate
    if len(beats) < 4:
        return Tempo(0.0, np.zeros(0))
    beats = _on_onsets(beats, onsets, _NEAR * _slope(beats))
    seconds = _slope(beats)
    return Tempo(_whole(60 / seconds, len(beats)), _without_strays(beats, seconds))


def _whole(bpm: float, beats: int) -> float:
    """Most music is made at a whole number: that one, if over all beats it parts from what was heard by less than is
    heard; else what was heard."""
    whole = float(round(bpm))
    return whole if whole and abs(60 / whole - 60 / bpm) * beats < _EXACT else bpm


def _on_onsets(beats: Floats, onsets: Floats, near: float) -> Floats:
    """Beats moved to the note that begins near them; those without one are moved as most of the others were.

    A window hears a note before its middle reaches it: without this, beats are some 15 ms early.
    """
    if not len(onsets):
        return beats
    behind = np.searchsorted(onsets, beats)
    before, after = onsets[np.maximum(behind - 1, 0)] - beats, onsets[np.minimum(behind, len(onsets) - 1)] - beats
    gaps = np.where(np.abs(before) < np.abs(after), before, after)
    close = np.abs(gaps) < near
    usual = float(np.median(gaps[close])) if close.any() else 0.0
    return np.asarray(beats + np.where(close, gaps, usual), np.float64)


def _period(strength: Floats, rate: float) -> float:
    """Moments from beat to beat: the strongest echo of the music in itself, near usual tempi."""
    shortest, longest = int(60 * rate / _FASTEST), int(60 * rate / _SLOWEST) + 1
    size = 1 << (len(strength) + longest * 4).bit_length()
    lines = np.fft.rfft(strength - strength.mean(), size)
    echo = np.fft.irfft(np.abs(lines) ** 2, size)[: longest * 4]
    lags = np.arange(shortest, longest)
    usual = np.exp(-0.5 * (np.log2(60 * rate / lags / _USUAL_BPM) / _OCTAVES) ** 2)
    # a beat's echo comes again at twice and four times its period; a half beat's does not
    combed = echo[lags] + 0.5 * echo[2 * lags] + 0.25 * echo[np.minimum(4 * lags, len(echo) - 1)]
    best = int(np.argmax(combed * usual))
    if 0 < best < len(lags) - 1:
        before, here, after = combed[best - 1 : best + 2]
        bend = before - 2 * here + after
        return float(lags[best] + (0.5 * (before - after) / bend if bend < 0 else 0.0))
    return float(lags[best])


def _beats(strength: Floats, period: float) -> Floats:
    """Moments of the chain of beats that meets most onsets with the most even steps."""
    reach = np.arange(-round(2 * period), -max(1, round(period / 2)))
    cost = -_TIGHTNESS * np.log(-reach / period) ** 2
    width = np.arange(-round(period), round(period) + 1)
    local = np.convolve(strength, np.exp(-0.5 * (32 * width / period) ** 2), "same")
    score = local.copy()
    came_from = np.full(len(local), -1)
    started = local > 0.01 * local.max()
    begun = False
    for moment in range(len(local)):
        begun = begun or bool(started[moment])
        if not begun or moment + reach[-1] < 0:
            continue
        skipped = max(0, -(moment + int(reach[0])))
        candidates = score[moment + reach[skipped] : moment + reach[-1] + 1] + cost[skipped:]
        best = int(candidates.argmax())
        score[moment] += candidates[best]
        came_from[moment] = moment + reach[skipped + best]
    return _walk_back(score, came_from, local, period)


def _walk_back(score: Floats, came_from: NDArray[np.intp], local: Floats, period: float) -> Floats:
    tail = max(0, len(score) - round(period))
    moment = tail + int(score[tail:].argmax())
    chain: list[int] = []
    while moment >= 0:
        chain.append(moment)
        moment = int(came_from[moment])
    beats = np.array(chain[::-1])
    loud = np.flatnonzero(local[beats] > 0.1 * np.median(local[beats]))
    return beats[loud[0] : loud[-1] + 1].astype(np.float64) if len(loud) else np.zeros(0)


def _without_strays(beats: Floats, seconds: float) -> Floats:
    """Beats without those at the ends that do not keep time with their neighbours: where the music begins or fades."""
    even = np.flatnonzero(np.abs(np.diff(beats) - seconds) < _UNEVEN * seconds)
    return beats[even[0] : even[-1] + 2] if len(even) else beats


def _slope(beats: Floats) -> float:
    """Seconds from beat to beat: the line through all of them, then again without the uneven ones."""
    numbers = np.arange(len(beats), dtype=np.float64)
    slope, start = np.polyfit(numbers, beats, 1)
    even = np.abs(beats - (start + slope * numbers)) < 0.1 * slope
    if even.sum() >= 4:
        slope = np.polyfit(numbers[even], beats[even], 1)[0]
    return float(slope)
