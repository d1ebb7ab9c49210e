"""One recording, heard once: what the command line and the editor ask for.

>>> hearing = Hearing(read_recording(Path("song.ogg")))
>>> hearing.tempo.bpm, hearing.moments("low")[:3], hearing.series("loudness", "loud", fps=24)
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from parseq_tui.audio.decode import Recording
from parseq_tui.audio.heard import Curve, Event, point_per_frame
from parseq_tui.audio.onsets import onset_strength, onsets
from parseq_tui.audio.pitch import pitches
from parseq_tui.audio.spectrum import Band, Spectrum, spectrum
from parseq_tui.audio.tempo import Tempo, tempo
from parseq_tui.language.values import Floats
from parseq_tui.timeline.time_series import TimeSeries

_QUIET = 40.0
"""Decibels under the loudest moment where a curve of loudness is 0."""


class Hearing:
    """What is in a recording. Each thing is worked out when it is first asked for."""

    def __init__(self, recording: Recording, *, bpm: float | None = None, sensitivity: float = 1.0) -> None:
        self.recording = recording
        self._bpm = bpm
        self._sensitivity = sensitivity

    @property
    def seconds(self) -> float:
        return self.recording.seconds

    @property
    def bpm(self) -> float:
        """Beats a minute; 0 where no pulse is found."""
        return self.tempo.bpm

    @cached_property
    def _sound(self) -> Spectrum:
        return spectrum(self.recording)

    @cached_property
    def tempo(self) -> Tempo:
        return tempo(self._sound, self.moments("onsets"), self._bpm)

    def moments(self, event: Event) -> Floats:
        """Seconds at which something happens: beats, any onset, or onsets of low, mid or high sounds."""
        if event == "beats":
            return self.tempo.beats
        band: Band = "all" if event == "onsets" else event
        return onsets(self.recording, self._sound, band, self._sensitivity)

    def series(self, curve: Curve, alias: str, fps: float, offset: float = 0.0) -> TimeSeries:
        """A curve with one point per frame, in milliseconds. `offset`: seconds to move it by.

        Loudness goes from 0 (40 dB under the loudest moment) to 1; attack, how much begins just now, from 0 to 1; pitch
        is in hertz and keeps the last note where there is none. Points stand as in `point_per_frame`.
        """
        frames = np.arange(max(1, int(np.ceil(self.recording.seconds * fps))))
        return point_per_frame(self._per_frame(curve, frames / fps, 1 / fps), alias, fps, offset)

    def _per_frame(self, curve: Curve, moments: Floats, length: float) -> Floats:
        if curve == "pitch":
            return _held(pitches(self.recording, moments))
        sound = self._sound
        if curve == "attack":
            strength = onset_strength(sound)
            values = _over(strength, sound.rate, moments, length, np.maximum)
            return np.asarray(values / max(float(values.max()), 1e-9), np.float64)
        band: Band = "all" if curve == "loudness" else curve
        power = sound.of(band).sum(axis=1, dtype=np.float64)
        level = 10 * np.log10(_over(power, sound.rate, moments, length, np.maximum) + 1e-12)
        return np.asarray(np.clip(1 + (level - level.max()) / _QUIET, 0, 1), np.float64)


def _over(values: Floats, rate: float, moments: Floats, length: float, combine: np.ufunc) -> Floats:
    """Of all values while each frame is shown, one."""
    first = np.clip(np.floor((moments - length / 2) * rate).astype(int), 0, len(values) - 1)
    last = np.clip(np.ceil((moments + length / 2) * rate).astype(int), first + 1, len(values))
    # reduceat joins from one start to the next; the starts that close each span are dropped again
    spans = np.column_stack((first, np.minimum(last, len(values) - 1))).ravel()
    return np.asarray(combine.reduceat(values, spans)[::2], np.float64)


def _held(values: Floats) -> Floats:
    """Values with gaps filled by the last one before them; 0 before the first."""
    known = ~np.isnan(values)
    places = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.where(places < 0, 0.0, values[np.maximum(places, 0)])
