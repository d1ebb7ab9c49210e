"""Sound starts with the pictures, ends with them, and what cannot be heard is one message."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import numbered, write_clip

from parseq_tui.errors import AudioError
from parseq_tui.video.sound import RATE, Sound
from parseq_tui.video.writer import VideoWriter

WAVE_RATE = 44100


def steps(path: Path, seconds: int = 3) -> Path:
    """A sound that is louder in every second: amplitudes 4000, 8000, 12000, …"""
    time = np.arange(seconds * WAVE_RATE) / WAVE_RATE
    samples = np.sin(2 * np.pi * 440 * time) * 4000 * (1 + np.floor(time))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(WAVE_RATE)
        file.writeframes(np.repeat(samples, 2).astype("<i2").tobytes())
    return path


def loudness(samples: np.ndarray) -> int:
    return round(float(np.abs(samples.astype(float)).max()) / 4000)


def test_samples_start_where_they_are_asked_for_and_are_no_longer(tmp_path: Path) -> None:
    samples = np.concatenate(list(Sound(steps(tmp_path / "a.wav"), Fraction(1)).samples(Fraction(3, 2))))
    assert samples.shape == (RATE * 3 // 2, 2)
    assert (loudness(samples[: RATE - 100]), loudness(samples[RATE + 100 :])) == (2, 3)


@pytest.mark.parametrize(("ending", "codec"), [(".mp4", "aac"), (".mov", "pcm_s16le"), (".webm", "opus")])
def test_a_video_has_it_as_long_as_its_pictures(tmp_path: Path, ending: str, codec: str) -> None:
    writer = VideoWriter(tmp_path / f"film{ending}", Fraction(10))
    for number in range(12):
        writer.add(numbered(number))
    writer.finish(Sound(steps(tmp_path / "a.wav"), Fraction(1)))
    with av.open(str(tmp_path / f"film{ending}")) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == codec
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        blocks = [part.to_ndarray() for frame in container.decode(stream) for part in resampler.resample(frame)]
    samples = np.concatenate(blocks, axis=1).reshape(-1, 2)
    assert len(samples) / RATE == pytest.approx(1.2, abs=0.05)
    assert loudness(samples[RATE // 10 : RATE // 2]) == 2
    with av.open(str(tmp_path / f"film{ending}")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12


def test_a_short_sound_ends_before_the_pictures(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "film.mp4", Fraction(1))
    for number in range(4):
        writer.add(numbered(number))
    assert writer.finish(Sound(steps(tmp_path / "a.wav", 1))) is not None


def test_what_cannot_be_heard_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"no sound file"):
        Sound(tmp_path / "none.wav").check()
    with pytest.raises(AudioError, match=r"silent\.mp4 has no sound"):
        Sound(write_clip(tmp_path / "silent.mp4")).check()
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(AudioError, match=r"text\.wav cannot be read"):
        Sound(tmp_path / "text.wav").check()
