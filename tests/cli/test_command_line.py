"""The command line as a script sees it: exit codes, standard output is data, standard error is talk."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import wave
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

import parseq_tui
from parseq_tui import argument_types
from parseq_tui.cli import COMMANDS, main
from parseq_tui.gallery import examples

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLES / "cat_dog_spider.json", tmp_path / "dance.json"))


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert f"parseq-tui {name}" in out.split("\nexample")[1]


def test_help_lists_every_command_and_what_exit_codes_mean(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(f"\n  {name:10} " in out for name in COMMANDS)
    assert max(map(len, out.splitlines())) <= 80
    assert "exit codes" in out


def test_usage_errors_exit_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "render")[0] == 2
    assert run(capsys, "--nonsense")[0] == 2
    code, _, err = run(capsys, "render", "x.json", "--frames", "9:3")
    assert code == 2
    assert len(err.splitlines()) == 2, "what is wrong and where help is, not ten lines of usage"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--set", "stpes=5"], "no render setting 'stpes'; did you mean steps"),
        (["--device", "gpu"], "cpu, cuda or cuda:N"),
    ],
)
def test_a_mistyped_option_is_told_what_it_may_be(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "render", "x.json", *words)
    assert code == 2
    assert says in err


@pytest.mark.parametrize("words", [["redner"], ["redner", "x.json"], ["rendr", "x.json", "--out", "x.mp4"]])
def test_a_mistyped_command_is_told_the_nearest(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, *words)
    assert code == 2
    assert "did you mean render?" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("render DOC --size 5x5", "'width' cannot be 5"),
        ("render DOC --size 512x77", "not a multiple of 8"),
        ("render DOC --steps many", "not a whole number"),
        ("render DOC --set fit=1", "stretch, crop, pad"),
        ("render DOC --set crf=nine", "from 0 to 51"),
        ("render DOC --set steps", "write steps=VALUE"),
        ("render DOC --frames 500:600", "it has frames 0:120"),
        ("render DOC --out film.xyz", "its name ends in .mp4"),
        ("render DOC --audio SOUND --out film.gif", "have no sound"),
        ("render DOC --sheet sheet.txt", "its name ends in .png"),
        ("render DOC --overlay", "--out FILE.mp4"),
        ("plot DOC zom", "no field or series zom"),
        ("plot DOC --frames 500:", "frames 0:120"),
        ("eval 1 --frames 0", "from 1 to 1000000"),
        ("eval 1 --fps inf", "a number above 0"),
        ("functions puls", "did you mean pulse?"),
        ("new --from nothing", "known: showcase"),
        ("new x.json --from nothing", "known: showcase"),
        ("compare DOC 9 1 --out film.xyz", "its name ends in .mp4"),
        ("export DOC -o DOC", "over itself"),
        ("export DOC DOC", "--out-dir DIR"),
        ("export DOC DOC --out-dir .", "several documents would go to"),
        ("export DOC -o x.json --out-dir y", "only one of them"),
        ("export DOC -o FOLDER", "is a folder"),
        ("listen SOUND DOC --offset soon", "'soon' is not a number"),
        ("convert FOLDER", "is a folder"),
    ],
)
def test_words_that_cannot_be_exit_with_2_and_change_nothing(
    words: str,
    says: str,
    document: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "sound.wav").touch()
    places = {"DOC": document, "FOLDER": tmp_path / "folder", "SOUND": tmp_path / "sound.wav"}
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    code, out, err = run(capsys, *(places.get(word, word) for word in words.split()))
    assert (code, out) == (2, "")
    assert says in err
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "words", ["new no/such/x.json", "export DOC -o no/such/x.json", "render DOC --out no/such/x.mp4",
              "render DOC --sheet no/such/x.png", "compare DOC --out no/such/x.mp4"],
)  # fmt: skip
def test_a_folder_that_is_not_there_is_named_with_what_makes_it(
    words: str, document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *(document if word == "DOC" else word for word in words.split()))
    assert (code, out) == (1, "")
    assert "there is no folder no/such" in err
    assert "mkdir -p no/such" in err


def test_a_documents_own_mistakes_are_not_those_of_the_words(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document.write_text(document.read_text().replace('"render": {', '"render": {"fit": 1, ', 1))
    assert run(capsys, "render", document, "--plan", "--set", "crf=20")[0] == 1


class TestEval:
    def test_prints_a_value_per_frame(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(capsys, "eval", "f*2", "--frames", "3") == (0, "0\t0.0\n1\t2.0\n2\t4.0\n", "")

    def test_json_is_a_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(capsys, "eval", "-f^2", "--frames", "2")[:2] == (0, "0\t-0.0\n1\t-1.0\n")
        code, out, _ = run(capsys, "eval", "s", "--frames", "3", "--fps", "10", "--json")
        assert (code, json.loads(out)) == (0, [0.0, 0.1, 0.2])

    def test_a_wrong_formula_is_shown_with_a_caret_under_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run(capsys, "eval", "1 + sni(p=4b)")
        assert (code, out) == (1, "")
        lines = err.splitlines()
        assert "sni" in lines[0]
        assert lines[1].strip() == "1 + sni(p=4b)"
        assert lines[2].index("^") == lines[1].index("sni")
        assert "sin" in err.split("^")[-1]


class TestFunctions:
    def test_lists_functions_and_variables(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "functions")
        assert code == 0
        assert {"sin", "bez", "slide", "prev_computed_value", "PI"} <= set(re.findall(r"^  (\w+)", out, re.M))

    def test_explains_one_with_parameters_and_a_curve(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "functions", "sin")
        assert code == 0
        assert "period" in out
        assert len(out.splitlines()) > 12

    def test_breaks_no_word_on_a_narrow_terminal(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = run(capsys, "functions", "bez")[1]
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((60, 24)))
        told = run(capsys, "functions", "bez")[1].partition("example:")[0]
        assert max(map(len, told.splitlines())) <= 60
        assert told.split() == whole.partition("example:")[0].split()

    def test_an_unknown_name_offers_the_nearest(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, _, err = run(capsys, "functions", "puls")
        assert code == 2
        assert "pulse" in err


class TestCheck:
    def test_examples_are_clean(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run(capsys, "check", *(example.path for example in examples()))
        assert (code, out) == (0, "")
        assert "0 errors, 0 warnings" in err

    def test_names_file_line_field_and_caret(self, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
        document.write_text(
            document.read_text().replace('"prompt_weight_3_i": "bez()"', '"prompt_weight_3_i": "bezz()"', 1)
        )
        line = next(i for i, text in enumerate(document.read_text().splitlines(), 1) if "bezz" in text)
        code, _, err = run(capsys, "check", document)
        assert code == 1
        assert f"{document}:{line}:" in err
        assert "prompt_weight_3" in err
        assert "^^^^" in err

    def test_broken_json_is_one_message_with_its_place(
        self, document: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        document.write_text('{"keyframes": [\n  {"frame": 0,}\n]}')
        code, _, err = run(capsys, "check", document)
        assert code == 1
        assert f"{document}:2:" in err

    def test_a_missing_file_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, _, err = run(capsys, "check", tmp_path / "none.json")
        assert code == 1
        assert "none.json" in err


class TestExport:
    def test_frame_json_has_a_frame_per_frame(self, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "export", document)
        assert code == 0
        exported = json.loads(out)
        assert [frame["frame"] for frame in exported["rendered_frames"]] == list(range(120))
        first = exported["rendered_frames"][0]
        assert {"seed", "subseed", "subseed_strength", "deforum_prompt", "seed_delta", "seed_pc"} <= set(first)
        assert first["deforum_prompt"].startswith("an orange cat, in a meadow :1.0")
        assert set(exported["rendered_frames_meta"]) == set(exported["managedFields"])

    @pytest.mark.parametrize("form", ["schedules", "csv"])
    def test_other_forms_go_to_a_folder(self, form: str, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = document.parent / "out"
        assert run(capsys, "export", document, "--format", form, "--out-dir", folder)[0] == 0
        (written,) = folder.iterdir()
        assert "prompt_weight_3" in written.read_text()


class TestNew:
    def test_lists_examples_with_a_line_each(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "new")
        assert code == 0
        assert len(out.splitlines()) == len(examples())

    def test_brings_the_clip_along_and_never_overwrites(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = tmp_path / "mine.json"
        assert run(capsys, "new", target, "--from", "video_input")[0] == 0
        assert (tmp_path / "ball.mp4").exists()
        before = target.read_bytes()
        assert run(capsys, "new", target)[0] == 1
        assert target.read_bytes() == before

    def test_makes_a_document_of_deforums_settings(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        settings, target = tmp_path / "a run.txt", tmp_path / "mine.json"
        settings.write_text('{"max_frames": 20, "strength_schedule": "0:(0.6), 19:(t/38)", "sd_model_name": "v1-5"}')
        code, _, err = run(capsys, "check", settings)
        assert code == 1
        assert f"parseq-tui new FILE.json --from '{settings}'" in err
        code, _, err = run(capsys, "new", target, "--from", settings)
        assert code == 0
        assert "not taken over: the model 'v1-5'" in err
        assert run(capsys, "check", target)[0] == 0
        settings.write_text('{"max_frames": 20, "strength_schedule": "0.6"}')
        assert "strength_schedule: '0.6' is not a key" in run(capsys, "new", tmp_path / "b.json", "--from", settings)[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:48", (0, 48)),
        ("24:", (24, None)),
        ("7", (7, 8)),
        ("2s:4.5s", (24, 54)),
        ("4b:8b", (32, 64)),
        (":1b", (None, 8)),
    ],
)
def test_a_range_is_counted_in_frames_seconds_or_beats(text: str, expected: tuple[int | None, int | None]) -> None:
    got = tuple(None if place is None else place.frame(fps=12, bpm=90) for place in argument_types.frames(text))
    assert got == expected


@pytest.mark.parametrize("text", ["5:5", "4s:2s", "1.5:3", "x", "-3:4", "2m:3m", "1:2:3", "9" * 12])
def test_what_is_no_range_is_explained(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"range of frames|is empty"):
        argument_types.frames(text)


def test_plot_draws_the_fields_asked_for(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "plot", document, "prompt_weight_1", "prompt_weight_3")
    assert code == 0
    assert "prompt_weight_1" in out
    assert len(out.splitlines()) > 10
    code, out, _ = run(capsys, "plot", EXAMPLES / "dance_to_music.json", "low", "zoom", "--frames", "1b:8b")
    assert (code, "low" in out) == (0, True)
    code, _, err = run(capsys, "plot", document, "zom")
    assert code == 2
    assert "zom" in err


@pytest.mark.slow
class TestRender:
    """A real worker process, with the engine that does everything but diffusion."""

    def render(self, capsys: pytest.CaptureFixture[str], document: Path, *words: object) -> tuple[int, str, str]:
        return run(capsys, "render", document, "--engine", "test", "--frames", "0:5", *words)

    def test_writes_a_video_then_reuses_every_frame(self, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
        import av

        code, _, err = self.render(capsys, document, "--out", document.parent / "dance.mp4")
        assert code == 0, err
        with av.open(str(document.parent / "dance.mp4")) as video:
            assert len(list(video.decode(video=0))) == 5
        code, out, _ = self.render(capsys, document, "--json")
        assert code == 0
        events = [json.loads(line) for line in out.splitlines()]
        assert [event["reused"] for event in events if event["event"] == "frame"] == [True] * 5
        code, out, _ = run(capsys, "takes", document, "--json")
        assert [take["state"] for take in json.loads(out)] == ["done", "done"]

    def test_several_takes_have_their_own_seeds_and_files(
        self, document: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out, err = self.render(capsys, document, "--takes", 2, "--json", "--out", document.parent / "dance.mp4")
        assert code == 0, err
        events = [json.loads(line) for line in out.splitlines()]
        seeds = [event["seed"] for event in events if event["event"] == "frame"]
        assert [later - earlier for earlier, later in zip(seeds[:5], seeds[5:], strict=True)] == [100_000] * 5
        assert sorted(path.name for path in document.parent.glob("*.mp4")) == ["dance-1.mp4", "dance-2.mp4"]

    def test_a_plan_for_scripts(self, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = self.render(capsys, document, "--plan", "--json")
        assert code == 0
        assert json.loads(out) == {
            "render": 5,
            "reuse": 0,
            "frames": [{"first": 0, "last": 4, "render": True, "why": "not rendered yet", "changes": {}}],
        }

    def test_writes_numbered_pictures_into_a_folder(self, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, _, err = self.render(capsys, document, "--out", f"{document.parent / 'frames'}/")
        assert code == 0
        assert f"pictures in {document.parent / 'frames'}" in err, "not only where the video is"
        assert [path.name for path in sorted((document.parent / "frames").glob("*.png"))] == [
            f"{frame:05d}.png" for frame in range(5)
        ]

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("--model", "no/such/model", "--engine", "diffusers"), "no/such/model"),
            (("--mode", "video", "--input", "none.mp4"), "none.mp4"),
            (("--scheduler", "eulr", "--engine", "diffusers"), "eulr"),
        ],
    )
    def test_bad_requests_are_one_message(
        self, words: tuple[str, ...], says: str, document: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, _, err = self.render(capsys, document, *words)
        assert code == 1
        assert says in err

    def test_a_document_with_errors_is_not_rendered(self, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
        document.write_text(document.read_text().replace("bez()", "bezz()", 1))
        code, _, err = self.render(capsys, document)
        assert code == 1
        assert "bezz" in err
        assert not (document.parent / "dance.render").exists()


class TestListen:
    @pytest.fixture
    def sound(self, tmp_path: Path) -> Path:
        """Ten seconds of clicks, 120 a minute, the first at half a second."""
        samples = np.zeros(10 * 22050)
        click = np.exp(-np.arange(2000) / 200) * np.sin(np.arange(2000) * 0.3)
        for start in range(11025, len(samples) - 2000, 11025):
            samples[start : start + 2000] += click
        path = tmp_path / "clicks.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(22050)
            out.writeframes((samples * 30000).astype("<i2").tobytes())
        return path

    def test_says_what_it_hears(self, sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "listen", sound)
        assert code == 0
        assert re.search(r"0:10\.00  (119\.\d+|120\.\d+) bpm, first beat at 0\.\d+ s\nbeats \d+  onsets 19", out)

    def test_takes_beats_loudness_and_tempo_into_a_document(
        self, sound: Path, document: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ("--keyframes", "beats", "--every", 2, "--series", "low=bass", "--tempo")
        code, out, _ = run(capsys, "listen", sound, document, *words)
        assert code == 0, out
        written = json.loads(document.read_text())
        assert [row["info"] for row in written["keyframes"] if row.get("info") == "beat"]
        assert [series["alias"] for series in written["timeSeries"]] == ["bass"]
        assert written["options"]["bpm"] == pytest.approx(120, abs=0.2)
        assert run(capsys, "eval", "1")[0] == run(capsys, "check", document)[0] == 0

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--keyframes", "beats"), "no document to go to"),
            (("--length",), "no document to go to"),
            (("--series", "colour"), "no curve called 'colour'"),
            (("--series", "low=1st"), "cannot be the name"),
        ],
    )
    def test_wrong_wishes_are_explained(
        self, words: tuple[str, ...], message: str, sound: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out, err = run(capsys, "listen", sound, *words)
        assert (code, out) == (2, "")
        assert message in err

    def test_a_document_becomes_as_long_as_its_song_and_names_it(
        self, sound: Path, document: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        short = parseq_tui.load(document).last_frame
        for _ in range(2):  # the second time there is nothing to lengthen
            assert run(capsys, "listen", sound, document, "--length", "--sound")[0] == 0
            longer = parseq_tui.load(document)
            seconds = json.loads(run(capsys, "listen", sound, "--json")[1])["seconds"]
            assert longer.last_frame == max(short, math.ceil(seconds * longer.options.fps) - 1)
            assert (document.parent / longer.render["audio"]).resolve() == sound.resolve()

    def test_a_document_must_be_told_what_it_gets(
        self, sound: Path, document: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = document.read_bytes()
        code, _, err = run(capsys, "listen", sound, document)
        assert code == 2
        assert "what shall the document get?" in err
        assert document.read_bytes() == before


def test_what_a_disk_refuses_where_nobody_expected_it_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> NoReturn:
        raise PermissionError(13, "Permission denied", "/closed/place")

    monkeypatch.setattr("parseq_tui.headless.formulas.functions", refused)
    assert main(["functions"]) == 1
    assert capsys.readouterr().err == "error: /closed/place: Permission denied\n"
