"""Songs made of known parts, so that what is heard can be held against what was played."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parseq_tui.audio.decode import ANALYSIS_RATE, Recording

Floats = NDArray[np.float64]
RATE = ANALYSIS_RATE


@dataclass(frozen=True)
class Song:
    recording: Recording
    kicks: Floats
    """Seconds of the drum on each beat."""
    hats: Floats
    """Seconds of the hiss between two beats."""


def song(bpm: float = 123.4, seconds: float = 20.0, start: float = 0.37) -> Song:
    """A kick on each beat from `start` on, a hat between beats, a note every second beat, and a little hiss."""
    rng = np.random.default_rng(1)
    samples = 0.003 * rng.standard_normal(int(seconds * RATE))
    kicks = np.arange(start, seconds - 0.5, 60 / bpm)
    hats = kicks[:-1] + 30 / bpm
    for index, second in enumerate(kicks):
        _add(samples, second, _kick())
        if index % 2 == 0:
            _add(samples, second, tone(220 * 2 ** (rng.integers(12) / 12), 1.9 * 60 / bpm))
    for second in hats:
        _add(samples, second, _hat(rng))
    return Song(Recording((samples * 0.5).astype(np.float32)), kicks, hats)


def tone(hertz: float, seconds: float) -> Floats:
    """A plucked note."""
    t = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(0.3 * np.sin(2 * np.pi * hertz * t) * np.minimum(t / 0.02, 1) * np.exp(-t * 3), np.float64)


def write_wave(recording: Recording, path: Path) -> Path:
    """A WAV file of it."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(recording.rate)
        out.writeframes((np.clip(recording.samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _kick() -> Floats:
    t = np.arange(4000) / RATE
    return np.asarray(np.sin(2 * np.pi * (50 * t + 3 * (1 - np.exp(-t * 40)))) * np.exp(-t * 18), np.float64)


def _hat(rng: np.random.Generator) -> Floats:
    hiss = np.diff(rng.standard_normal(1500), prepend=0)
    return np.asarray(0.4 * hiss * np.exp(-np.arange(1500) / RATE * 80), np.float64)


def _add(samples: Floats, second: float, sound: Floats) -> None:
    first = int(second * RATE)
    samples[first : first + len(sound)] += sound[: len(samples) - first]
