"""What is heard is what was played: onsets to 10 ms, tempo to 0.1 bpm, pitch to two hundredths of a semitone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from songs import RATE, Floats, song, tone, write_wave

from parseq_tui.audio.decode import Recording, read_recording
from parseq_tui.audio.heard import CURVES, EVENTS, Heard, Wish, taken_in
from parseq_tui.audio.hearing import Hearing
from parseq_tui.errors import AudioError, EditError
from parseq_tui.formats.native import loads
from parseq_tui.paths import bundled
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document


def off(found: Floats, played: Floats) -> Floats:
    """How far the nearest found moment is from each one played."""
    return np.asarray(np.abs(found[:, None] - played).min(axis=0), np.float64)


@pytest.mark.parametrize("bpm", [90, 123.4, 174])
def test_beats_onsets_and_tempo(bpm: float) -> None:
    played = song(bpm)
    hearing = Hearing(played.recording)
    assert hearing.tempo.bpm == (bpm if bpm == int(bpm) else pytest.approx(bpm, abs=0.1))
    assert off(hearing.moments("beats"), played.kicks).max() < 0.01
    assert off(hearing.moments("low"), played.kicks).max() < 0.01
    assert off(hearing.moments("high"), played.hats).max() < 0.01
    both = np.concatenate((played.kicks, played.hats))
    assert off(hearing.moments("onsets"), both).max() < 0.01
    assert len(hearing.moments("onsets")) <= len(both) + 2, "nothing is heard that was not played"


def test_a_whole_band() -> None:
    """The example's song: drums on beats, a plucked note every eighth, bass and chords under them, at 120 bpm."""
    hearing = Hearing(read_recording(bundled("examples") / "beat.ogg"))
    eighths = np.arange(0, 8, 0.25)
    assert hearing.tempo.bpm == 120, "a whole number that fits as well is meant"
    assert off(hearing.moments("beats"), eighths[::2]).max() < 0.01
    assert off(hearing.moments("onsets"), eighths).max() < 0.01
    sixteenths = np.arange(0, 8, 0.125)
    assert off(sixteenths, hearing.moments("onsets")).max() < 0.01, "nothing is heard that was not played"


def test_a_known_tempo_settles_halves_and_doubles() -> None:
    played = song(70.7, start=0.1)
    assert Hearing(played.recording, bpm=70).tempo.bpm == pytest.approx(70.7, abs=0.1)


def test_sensitivity_finds_fainter_notes() -> None:
    samples = np.zeros(8 * RATE)
    rng = np.random.default_rng(2)
    samples += 0.01 * rng.standard_normal(len(samples))
    for second, level in ((1, 1.0), (2, 0.03), (3, 1.0), (4, 0.03), (5, 1.0)):
        note = level * tone(440, 0.5)
        samples[second * RATE : second * RATE + len(note)] += note
    counts = [
        len(Hearing(Recording(samples.astype(np.float32)), sensitivity=amount).moments("mid")) for amount in (0.4, 1, 4)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_silence_has_no_pulse_and_no_notes() -> None:
    hearing = Hearing(Recording(np.zeros(10 * RATE, np.float32)))
    assert hearing.tempo.bpm == 0
    assert [len(hearing.moments(event)) for event in EVENTS] == [0] * len(EVENTS)
    for curve in CURVES:
        assert np.isfinite(hearing.series(curve, "x", 24).y).all()


def test_a_click_is_no_song() -> None:
    hearing = Hearing(Recording(np.ones(40, np.float32)))
    assert hearing.tempo.bpm == 0
    assert len(hearing.series("loudness", "x", 24).x) == 1


def test_pitch_follows_the_notes_and_holds_the_last_one() -> None:
    notes = (220.0, 261.63, 311.13)
    samples = np.concatenate([tone(hertz, 1.0) for hertz in notes] + [np.zeros(RATE)])
    pitch = Hearing(Recording(samples.astype(np.float32))).series("pitch", "note", fps=10).y
    heard = [pitch[5], pitch[15], pitch[25], pitch[38]]
    for hertz, played in zip(heard, (*notes, notes[-1]), strict=True):
        assert abs(12 * math.log2(hertz / played)) < 0.02


DOCUMENT = """{"managedFields": ["zoom"], "options": {"bpm": 120, "output_fps": 20}, "keyframes":
 [{"frame": 0, "zoom": 1, "zoom_i": "bass"}, {"frame": 100, "zoom": 1}], "timeSeries": []}"""


def document() -> Document:
    return loads(DOCUMENT)


class TestTakenIn:
    """From a song to keyframes and curves, in one step."""

    def test_keyframes_stand_on_the_frames_of_the_beats(self) -> None:
        played = song()
        beats = tuple(Hearing(played.recording).moments("beats").tolist())
        after = taken_in(Heard(20, 123.4, {"beats": beats}), Wish("beats", every=2), document()).apply(document())
        fresh = {row.frame: row.info for row in after.keyframes if row.info}
        expected = {round(second * 20) for second in played.kicks[::2] if second <= 5}
        assert set(fresh) == expected
        assert set(fresh.values()) == {"beat"}

    def test_a_series_gives_each_frame_its_own_loudness(self) -> None:
        played = song()
        bass = Hearing(played.recording).series("low", "bass", fps=20)
        after = taken_in(Heard(20, 0, {}, (bass,)), Wish(), document()).apply(document())
        zoom = bake(after)["zoom"]
        np.testing.assert_allclose(zoom[:100], bass.y[:100])
        loud = [zoom[round(second * 20)] for second in played.kicks if second < 4.9]
        assert min(loud) > 0.85, "every kick is loud on its own frame"

    def test_tempo_keyframes_and_series_are_one_step(self) -> None:
        bass = Hearing(song().recording).series("low", "bass", fps=20)
        wish = Wish("onsets", tempo=True)
        edit = taken_in(Heard(20, 123.4, {"onsets": (1.0, 2.0)}, (bass,)), wish, document())
        after = edit.apply(document())
        assert (after.options.bpm, len(after.keyframes), len(after.time_series)) == (123.4, 4, 1)

    def test_what_cannot_be_taken_says_why(self) -> None:
        with pytest.raises(EditError, match="no pulse"):
            taken_in(Heard(3), Wish(tempo=True), document())
        with pytest.raises(EditError, match="no onsets were heard"):
            taken_in(Heard(3, moments={"onsets": ()}), Wish("onsets"), document())
        with pytest.raises(EditError, match=r"ends at 5\.00 s"):
            taken_in(Heard(90, moments={"beats": (80.0,)}), Wish("beats"), document())
        with pytest.raises(EditError, match="nothing to take"):
            taken_in(Heard(3), Wish(), document())

    def test_it_travels_as_json(self) -> None:
        heard = Heard(20, 123.4, {"beats": (0.37, 0.856)}, (Hearing(song().recording).series("attack", "hit", 20),))
        back = Heard.from_json(heard.to_json())
        assert (back.seconds, back.bpm, back.moments) == (heard.seconds, heard.bpm, heard.moments)
        np.testing.assert_array_equal(back.series[0].y, heard.series[0].y)


class TestFiles:
    def test_a_file_sounds_as_what_was_written(self, tmp_path: Path) -> None:
        played = song(seconds=5)
        read = read_recording(write_wave(played.recording, tmp_path / "song.wav"))
        assert read.seconds == pytest.approx(5, abs=0.01)
        assert np.abs(read.samples[: 4 * RATE] - played.recording.samples[: 4 * RATE]).max() < 1e-3

    def test_what_is_no_sound_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "words.wav").write_text("not a song")
        with pytest.raises(AudioError, match=r"words\.wav cannot be read"):
            read_recording(tmp_path / "words.wav")
        with pytest.raises(AudioError, match="there is no sound file"):
            read_recording(tmp_path / "missing.wav")
