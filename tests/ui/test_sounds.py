"""Music and sampled curves taken in from the editor; the listening itself is tested in tests/audio."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from editor_flow import flow, press, rows, until
from textual.pilot import Pilot

from parseq_tui.audio.heard import Heard
from parseq_tui.errors import AudioError
from parseq_tui.paths import bundled
from parseq_tui.ui.actions.sounds import listen
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.screens.tap import TapScreen, tapped_tempo


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "dance.json"))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """The files listened to, and how; four beats are heard in each."""
    asked: list[tuple[str, list[str]]] = []

    def answer(path: Path, options: list[str]) -> Heard:
        asked.append((path.name, options))
        return Heard(8, 99.0, {"beats": (1.0, 2.0, 3.0, 4.0), "low": ()})

    monkeypatch.setattr("parseq_tui.ui.actions.sounds.listen", answer)
    return asked


def status(screen: EditorScreen) -> str:
    return rows(screen)[-1]


async def line(pilot: Pilot[int], screen: EditorScreen, text: str) -> None:
    screen.desk.run_line(text)
    await pilot.pause()


def test_keyframes_on_every_second_beat(document: Path, heard: list[tuple[str, list[str]]]) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await line(pilot, screen, "sound.keyframes beats 2 my song.ogg")
        await until(pilot.app, lambda: "add 2 keyframes" in status(screen))
        fresh = [row.frame for row in screen.session.document.keyframes if row.info == "beat"]
        assert fresh == [16, 48]
        assert heard == [("my song.ogg", [])]
        await line(pilot, screen, "sound.keyframes beats my song.ogg")
        await until(pilot.app, lambda: any(row.frame == 64 for row in screen.session.document.keyframes))
        assert "add 2 keyframes" in status(screen), "the other two were there"
        await press(pilot, screen, "u", "u")
        assert not [row for row in screen.session.document.keyframes if row.info == "beat"]

    flow(document, steps)


def test_the_documents_sound_is_listened_to_and_a_missing_one_asked_for(
    document: Path, heard: list[tuple[str, list[str]]]
) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        for key, name in (("t", "sound.tempo"), ("l", "sound.length")):
            await press(pilot, screen, "space", "a", key)
            assert status(screen).startswith(f":{name} ")
            await press(pilot, screen, "escape")
        await line(pilot, screen, "setting audio song.ogg")
        await line(pilot, screen, "sound.keyframes beats 2")
        await until(pilot.app, lambda: "add 2 keyframes" in status(screen))
        await press(pilot, screen, "space", "a", "t")
        await until(pilot.app, lambda: screen.session.document.options.bpm == 99)
        assert [name for name, _ in heard] == ["song.ogg", "song.ogg"]

    flow(document, steps)


def test_what_was_not_heard_says_how_to_hear_it(document: Path, heard: list[tuple[str, list[str]]]) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await line(pilot, screen, "sound.keyframes low song.ogg")
        await until(pilot.app, lambda: "no low were heard" in status(screen))
        await line(pilot, screen, "sound.keyframes drums song.ogg")
        assert "'drums' is nothing to listen for" in status(screen)
        await line(pilot, screen, "sound.tempo song.ogg")
        await until(pilot.app, lambda: screen.session.document.options.bpm == 99)

    flow(document, steps)


def test_a_document_becomes_as_long_as_a_sound_and_never_shorter(
    document: Path, heard: list[tuple[str, list[str]]]
) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await line(pilot, screen, "fps 20")
        assert screen.session.document.last_frame == 127
        await line(pilot, screen, "sound.length song.ogg")
        await until(pilot.app, lambda: screen.session.document.last_frame == 159)  # 8 s at 20 frames a second
        await line(pilot, screen, "sound.length song.ogg")
        await until(pilot.app, lambda: "as long as the sound (8.00 s) or longer already" in status(screen))

    flow(document, steps)


def test_a_sound_becomes_the_documents_own(document: Path, heard: list[tuple[str, list[str]]]) -> None:
    (document.parent / "sounds").mkdir()
    (document.parent / "sounds" / "song.ogg").touch()
    (document.parent / "sounds" / "song.mid").write_bytes(b"MThd\0\0\0\6")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await line(pilot, screen, "sound.heard sounds/none.ogg")
        assert "there is no sound file" in status(screen)
        await line(pilot, screen, "sound.heard sounds/song.mid")
        assert "makes no sound by itself" in status(screen)
        await line(pilot, screen, "sound.heard sounds/song.ogg")
        assert screen.session.document.render.get("audio") == "sounds/song.ogg"
        await line(pilot, screen, "sound.tempo")
        await until(pilot.app, lambda: screen.session.document.options.bpm == 99)
        assert heard == [("song.ogg", [])], "commands without a file mean it"

    flow(document, steps, size=(200, 40))


def test_controllers_of_a_midi_file_become_series(document: Path, heard: list[tuple[str, list[str]]]) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await line(pilot, screen, "sound.series cc74=filter take.mid")
        await until(pilot.app, lambda: bool(heard))
        assert heard == [("take.mid", ["--series", "cc74=filter", "--fps", "16.0"])]
        await line(pilot, screen, "sound.series nonsense=x take.mid")
        assert "'nonsense' is no curve of a sound" in status(screen)

    flow(document, steps, size=(200, 40))


@pytest.mark.parametrize(
    ("words", "alias", "values"),
    [
        ("curve.csv", "curve", [-4, 0, 8]),
        ("curve.csv bass", "bass", [-4, 0, 8]),
        ("curve.csv bass abs scale=0..1", "bass", [0.5, 0, 1]),
        ("curve.csv smooth=2 limit=-3..3", "curve", [-3, -2, 3]),
        ("2nd take.csv", "ts_2nd_take", [7]),
    ],
)
def test_a_series_comes_from_a_csv_file(document: Path, words: str, alias: str, values: list[float]) -> None:
    (document.parent / "curve.csv").write_text("frame,value\n0,-4\n5,0\n9,8\n")
    (document.parent / "2nd take.csv").write_text("1,7\n")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await line(pilot, screen, f"series.import {words}")
        await until(pilot.app, lambda: bool(screen.session.document.time_series))
        (series,) = screen.session.document.time_series
        assert (series.alias, series.y.tolist()) == (alias, values)
        assert alias in screen.desk.view.plotted, "what comes in is seen"
        await line(pilot, screen, f"series.remove {alias}")
        assert not screen.session.document.time_series

    flow(document, steps)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("nowhere.csv", "nowhere.csv"),
        ("curve.csv keep=100..200", "nothing is left of this series"),
        ("curve.csv bass keep=1.1.1..2", "are no bounds"),
    ],
)
def test_a_series_that_cannot_be_taken_says_why(document: Path, words: str, message: str) -> None:
    (document.parent / "curve.csv").write_text("0,-4\n5,0\n")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await line(pilot, screen, f"series.import {words}")
        await until(pilot.app, lambda: message in status(screen))
        assert not screen.session.document.time_series

    flow(document, steps, size=(200, 40))


class TestListening:
    """The process that listens, and what becomes of its failures."""

    @staticmethod
    def ended(code: int, out: bytes = b"", err: bytes = b"") -> Callable[..., object]:
        return lambda command, **how: subprocess.CompletedProcess(command, code, out, err)

    def test_its_answer(self) -> None:
        said = Heard(3.0, 120.0, {"beats": (0.5,)}).to_json().encode()
        assert listen(Path("song.ogg"), [], self.ended(0, said)).moments == {"beats": (0.5,)}

    def test_its_words(self) -> None:
        with pytest.raises(AudioError, match="there is no sound file") as error:
            listen(Path("song.ogg"), [], self.ended(1, err=b"error: there is no sound file\n  look at the path\n"))
        assert error.value.hint == "look at the path"

    def test_its_nonsense(self) -> None:
        with pytest.raises(AudioError, match=r"song\.ogg could not be listened to"):
            listen(Path("song.ogg"), [], self.ended(0, b"[]"))


class TestTapping:
    def test_the_tempo_is_the_line_through_the_taps(self) -> None:
        assert tapped_tempo([0, 0.5, 1.0]) is None
        assert tapped_tempo([0, 0.5, 1.0, 1.5]) == 120
        assert tapped_tempo([0, 0.52, 0.98, 1.51, 2.0]) == pytest.approx(120, abs=1)
        assert tapped_tempo([1, 1, 1, 1]) is None

    def test_keys_tap_and_enter_takes(self, document: Path) -> None:
        moments = iter([0.0, 10.0, 10.6, 11.2, 11.8, 12.4])

        async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
            taken: list[float | None] = []
            screen.app.push_screen(TapScreen(clock=lambda: next(moments)), taken.append)
            await pilot.press("b", "b", "space", "b", "x", "b")
            assert "5 taps   100.0 bpm" in "\n".join(rows(screen.app.screen))
            await pilot.press("enter")
            assert taken == [100]

        flow(document, steps)
