"""MIDI files say themselves what is played: times are exact, whatever the tempo does."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parseq_tui.audio.score import is_score, read_score
from parseq_tui.cli import main
from parseq_tui.errors import AudioError
from parseq_tui.formats import native
from parseq_tui.paths import bundled

TICKS = 96
"""Of a quarter."""


def number(value: int) -> bytes:
    """In seven bits a byte."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.insert(0, value & 0x7F | 0x80)
    return bytes(parts)


def midi(*tracks: list[tuple[int, bytes]], division: int = TICKS) -> bytes:
    """A file of these tracks: (tick, message) each."""
    chunks = b""
    for track in tracks:
        body, before = b"", 0
        for tick, message in sorted(track, key=lambda event: event[0]):
            body, before = body + number(tick - before) + message, tick
        body += b"\x00\xff\x2f\x00"
        chunks += b"MTrk" + struct.pack(">I", len(body)) + body
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), division) + chunks


def tempo(bpm: float) -> bytes:
    return b"\xff\x51\x03" + round(60e6 / bpm).to_bytes(3, "big")


def note(tick: int, key: int, velocity: int = 127, length: int = 48) -> list[tuple[int, bytes]]:
    return [(tick, bytes([0x90, key, velocity])), (tick + length, bytes([0x90, key, 0]))]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Two quarters at 120, then 60 a minute; low notes on quarters, a high one between; a controller that opens."""
    conductor = [(0, tempo(120)), (2 * TICKS, tempo(60))]
    notes = [event for beat in range(4) for event in note(beat * TICKS, 36, 64 + 21 * beat)]
    turns = [(0, b"\xb0\x4a\x00"), (TICKS, b"\xb0\x4a\x40"), (3 * TICKS, b"\xb0\x4a\x7f")]
    path = tmp_path / "song.mid"
    path.write_bytes(midi(conductor, notes + note(3 * TICKS // 2, 69) + turns))
    return path


def test_moments_follow_the_tempo(song: Path) -> None:
    score = read_score(song)
    assert is_score(song)
    assert score.bpm == 120
    assert score.moments("low").tolist() == pytest.approx([0, 0.5, 1, 2])
    assert score.moments("mid").tolist() == pytest.approx([0.75])
    assert score.moments("onsets").tolist() == pytest.approx([0, 0.5, 0.75, 1, 2])
    assert score.moments("beats").tolist() == pytest.approx([0, 0.5, 1, 2])
    assert score.seconds == pytest.approx(2.5)


def test_curves_are_velocity_pitch_and_controllers(song: Path) -> None:
    score = read_score(song)
    assert score.series("pitch", "p", fps=4).y.tolist()[3] == pytest.approx(440)
    assert score.series("low", "l", fps=4).y.tolist()[::2] == pytest.approx([0.5039, 0.6693, 0.8346, 0, 1], abs=1e-4)
    assert score.series("cc74", "c", fps=2).y.tolist() == pytest.approx([0, 0.5039, 0.5039, 0.5039, 1], abs=1e-4)
    with pytest.raises(AudioError, match="does not move controller 7") as caught:
        score.series("cc7", "c", fps=2)
    assert caught.value.hint == "controllers in it: cc74"


def test_a_document_takes_it_in(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "film.json"
    document.write_text((bundled("examples") / "blank.json").read_text())
    assert main(["listen", str(song)]) == 0
    assert "120.00 bpm" in capsys.readouterr().out
    assert main(["listen", str(song), str(document), "--keyframes", "low", "--series", "cc74=filter"]) == 0
    taken = native.load(document)
    assert [row.frame for row in taken.keyframes if row.info == "low"] == [10, 20, 40]
    assert [series.alias for series in taken.time_series] == ["filter"]
    assert main(["listen", str(song), str(document), "--sound"]) == 1
    assert "makes no sound" in capsys.readouterr().err
    assert main(["listen", str(song), "--bpm", "90", "--sensitivity", "2"]) == 0
    told = capsys.readouterr()
    assert "120.00 bpm" in told.out and "--bpm and --sensitivity are not used" in told.err


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(at=st.integers(0, 200), noise=st.binary(max_size=6), cut=st.booleans())
def test_a_damaged_file_is_named_or_read(song: Path, at: int, noise: bytes, cut: bool) -> None:
    content = song.read_bytes()
    damaged = song.with_name("damaged.mid")
    damaged.write_bytes(content[:at] + noise + (b"" if cut else content[at + len(noise) :]))
    try:
        score = read_score(damaged)
    except AudioError as error:
        assert "damaged.mid" in error.message
    else:
        assert np.isfinite(score.series("loudness", "a", fps=20).y).all()
