"""The worker's promises, the worker being in this process: only what changed is made, every failure is one message."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from frame_json import CUT, film

from parseq_tui.errors import OutOfMemory
from parseq_tui.render import cache
from parseq_tui.render.engine_shelf import EngineShelf
from parseq_tui.render.engines.test import TestEngine
from parseq_tui.render.explain import explain
from parseq_tui.render.messages import Ended, FrameDone, LogLine, Started
from parseq_tui.render.preview import read_ppm
from parseq_tui.render.take import Job, Take
from parseq_tui.render.worker import StopSwitch, Worker
from parseq_tui.timeline.render_settings import resolve
from parseq_tui.video.images import read_image
from parseq_tui.video.reader import VideoReader

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))


class Studio:
    """Renders texts as takes of one document, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.document = folder / "cat.json"
        self.count = 0

    def render(
        self, text: str, *, options: Mapping[str, Any] | None = None, frames=None, out: Path | None = None
    ) -> Take:
        self.count += 1
        take = Take(self.folder / "cat.render" / "takes" / f"take-{self.count}")
        (take.folder / "preview").mkdir(parents=True)
        job = Job(text, "cat.json", str(self.folder), dict(options or {}), frames, None if out is None else str(out))
        (take.folder / "job.json").write_text(job.to_json())
        self.run(take)
        return take

    def run(self, take: Take) -> None:
        Worker(take, StopSwitch(take.stop_path)).run()

    def pictures(self, take: Take) -> dict[int, np.ndarray]:
        frames = cache.FrameCache(self.folder / "cat.render" / "cache")
        return {frame: frames.load(key) for frame, key in take.frame_keys().items()}


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def end_of(take: Take) -> Ended:
    end = take.tail().poll()[-1]
    assert isinstance(end, Ended)
    return end


def made(take: Take) -> list[int]:
    return [event.frame for event in take.tail().poll() if isinstance(event, FrameDone) and not event.reused]


def same(one: Mapping[int, np.ndarray], other: Mapping[int, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[frame], other[frame]) for frame in one)


def test_a_render_leaves_frames_previews_events_and_a_video(studio: Studio) -> None:
    take = studio.render(film())
    events = take.tail().poll()
    started = next(event for event in events if isinstance(event, Started))
    assert (started.frame_count, started.cached, started.engine, started.fps) == (12, 0, "test", 20)
    done = [event for event in events if isinstance(event, FrameDone)]
    assert [event.frame for event in done] == list(range(12))
    assert (done[-1].done, done[-1].total, done[3].seed) == (12, 12, 3.25)
    assert (end_of(take).outcome, end_of(take).rendered) == ("done", 12)
    assert read_ppm(take.folder / done[4].preview).shape == (64, 96, 3)
    with VideoReader(Path(end_of(take).video)) as video:
        assert (video.count(), video.fps) == (12, 20)


class TestOnlyWhatChanged:
    def test_a_second_render_makes_nothing(self, studio: Studio) -> None:
        first = studio.render(film())
        second = studio.render(film())
        assert made(second) == []
        assert (end_of(second).reused, end_of(second).outcome) == (12, "done")
        assert same(studio.pictures(first), studio.pictures(second))

    def test_an_edit_is_made_up_to_the_next_cut(self, studio: Studio) -> None:
        studio.render(film())
        assert made(studio.render(film(turn_more_at=3))) == [3, 4, 5]

    def test_a_range_makes_what_it_is_made_from(self, studio: Studio) -> None:
        take = studio.render(film(), frames=(8, 10))
        assert made(take) == [6, 7, 8, 9]
        assert any(
            "frames 6 to 7 are made first" in event.text for event in take.tail().poll() if isinstance(event, LogLine)
        )
        with VideoReader(take.video_path) as video:
            assert video.count() == 2

    def test_the_outlook_says_which_and_why(self, studio: Studio) -> None:
        studio.render(film())
        assert [str(run) for run in explain(studio.document, film(turn_more_at=3))] == [
            "frames 0 to 2: reuse (in the cache)",
            "frames 3 to 4: render (changed: angle; at frame 3: angle 3 → 8)",
            "frame 5: render (it is made from frame 3, which changed)",
            "frames 6 to 11: reuse (in the cache)",
        ]

    def test_another_seed_offset_makes_another_take_and_keeps_the_first(self, studio: Studio) -> None:
        first = studio.render(film())
        other = studio.render(film(), options={"seed_offset": 100})
        assert len(made(other)) == 12
        seeds = [event.seed for event in other.tail().poll() if isinstance(event, FrameDone)]
        assert seeds == [number + 100.25 for number in range(12)]
        assert made(studio.render(film())) == []
        assert not same(studio.pictures(first), studio.pictures(other))

    @pytest.mark.parametrize("cadence", [2, 4])
    def test_with_a_cadence_too(self, studio: Studio, cadence: int) -> None:
        take = studio.render(film(cadence=cadence))
        assert made(take) == list(range(12))
        again = studio.render(film(cadence=cadence))
        assert made(again) == []
        assert same(studio.pictures(take), studio.pictures(again))


class TestMending:
    def test_a_damaged_frame_is_named_and_made_again(self, studio: Studio) -> None:
        take = studio.render(film())
        whole = studio.pictures(take)
        frames = cache.FrameCache(studio.folder / "cat.render" / "cache")
        frames.path(take.frame_keys()[4]).write_bytes(b"rubbish")
        again = studio.render(film())
        assert made(again) == [4]
        warnings = [event.text for event in again.tail().poll() if isinstance(event, LogLine)]
        assert any(take.frame_keys()[4][:8] in text for text in warnings)
        assert same(whole, studio.pictures(again))

    def test_lost_frames_are_made_again(self, studio: Studio) -> None:
        take = studio.render(film())
        whole = studio.pictures(take)
        frames = cache.FrameCache(studio.folder / "cat.render" / "cache")
        for frame in (0, 1, 7, 8):
            frames.path(take.frame_keys()[frame]).unlink()
        again = studio.render(film())
        assert made(again) == [0, 1, 7, 8]
        assert same(whole, studio.pictures(again))


class TestStopping:
    def test_it_stops_after_the_frame_and_goes_on_there(self, studio: Studio, monkeypatch) -> None:
        whole = studio.pictures(studio.render(film(), options={"border": "wrap"}))
        plain = TestEngine.generate

        def stop_at_frame_4(self, request, image):
            if request.seed == 4:
                next(studio.folder.glob("**/take-2")).joinpath("stop").touch()
            return plain(self, request, image)

        monkeypatch.setattr(TestEngine, "generate", stop_at_frame_4)
        # another border: other pictures, but for those made from noise alone (0 and the cut)
        stopped = studio.render(film(), options={"border": "black"})
        assert end_of(stopped).outcome == "stopped"
        assert made(stopped) == [1, 2, 3, 4]
        assert Path(end_of(stopped).video).exists()
        monkeypatch.undo()
        assert made(studio.render(film(), options={"border": "black"})) == [5, 7, 8, 9, 10, 11]
        assert same(whole, studio.pictures(studio.render(film(), options={"border": "wrap"})))


class TestOut:
    def test_numbered_pictures(self, studio: Studio) -> None:
        out = studio.folder / "frames"
        take = studio.render(film(), frames=(2, 5), out=out)
        assert sorted(path.name for path in out.iterdir()) == ["00002.png", "00003.png", "00004.png"]
        assert np.array_equal(read_image(out / "00003.png"), studio.pictures(take)[3])

    def test_a_video_of_a_name(self, studio: Studio) -> None:
        take = studio.render(film(), out=studio.folder / "films" / "cat.mkv")
        assert end_of(take).video == str(studio.folder / "films" / "cat.mkv")
        with VideoReader(studio.folder / "films" / "cat.mkv") as video:
            assert video.count() == 12

    def test_a_video_nobody_can_write_is_told_before_rendering(self, studio: Studio) -> None:
        take = studio.render(film(), out=studio.folder / "cat.txt")
        assert end_of(take).outcome == "failed"
        assert "cat.txt" in end_of(take).message
        assert made(take) == []


class TestInputs:
    def picture(self, path: Path, level: int) -> None:
        path.write_bytes(cache.encode_png(np.full((30, 40, 3), level, np.uint8)))

    def test_a_loopback_starts_from_a_picture(self, studio: Studio) -> None:
        self.picture(studio.folder / "grey.png", 90)
        take = studio.render(film(2, input="grey.png"))
        assert studio.pictures(take)[0].mean() == 90
        assert studio.pictures(take)[1].mean() == 88  # contrast 0.98, from the second frame on

    def test_another_picture_under_the_same_name_is_noticed(self, studio: Studio) -> None:
        self.picture(studio.folder / "grey.png", 90)
        studio.render(film(2, input="grey.png"))
        self.picture(studio.folder / "grey.png", 120)
        assert made(studio.render(film(2, input="grey.png"))) == [0, 1]

    def test_a_folder_of_pictures_is_a_video(self, studio: Studio) -> None:
        (studio.folder / "frames").mkdir()
        for number in range(4):
            self.picture(studio.folder / "frames" / f"{number}.png", 50 * number)
        text = film(9, mode="video", input="frames", motion="delta")
        take = studio.render(text)
        assert sorted(take.frame_keys()) == [0, 1, 2, 3]

    def test_a_range_of_a_video_needs_nothing_before_it(self, studio: Studio) -> None:
        (studio.folder / "frames").mkdir()
        for number in range(6):
            self.picture(studio.folder / "frames" / f"{number}.png", 40 * number)
        assert made(studio.render(film(6, mode="video", input="frames"), frames=(3, 5))) == [3, 4]


class TestFailures:
    @pytest.mark.parametrize(
        ("render", "words"),
        [
            ({"input": "gone.png"}, "the input gone.png does not exist"),
            ({"input": "broken.png"}, "broken.png cannot be read"),
            ({"mode": "video", "input": "broken.mp4"}, "broken.mp4"),
            ({"mode": "video"}, "needs an input"),
            ({"width": 100}, "width 100 is not a multiple of 8"),
            ({"engine": "crystal ball"}, "render setting 'engine'"),
        ],
    )
    def test_what_is_wrong_is_one_message(self, studio: Studio, capfd, render, words: str) -> None:
        for name in ("broken.png", "broken.mp4"):
            (studio.folder / name).write_bytes(b"nothing of the kind")
        end = end_of(studio.render(film(), options=None) if not render else studio.render(film(**render)))
        assert end.outcome == "failed"
        assert words in end.message
        assert end.hint
        assert "\n" not in end.message
        assert "Traceback" not in "".join(capfd.readouterr())

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"rendered_frames": []}', '{"rendered_frames": 3}'])
    def test_so_is_a_text_that_is_no_document(self, studio: Studio, text: str) -> None:
        end = end_of(studio.render(text))
        assert (end.outcome, end.rendered) == ("failed", 0)
        assert end.message

    def test_a_file_name_that_is_no_text(self, studio: Studio) -> None:
        take = studio.render(film(), options={"input": os.fsdecode(b"\xff.png")})
        assert "the input ?.png does not exist" in end_of(take).message

    def test_a_prompt_with_half_a_character(self, studio: Studio) -> None:
        take = studio.render(film(3).replace("a cat", "\\ud83d cat"))
        assert end_of(take).outcome in ("done", "failed")
        assert "unexpectedly" not in end_of(take).message

    def test_a_full_disk(self, studio: Studio, monkeypatch) -> None:
        store = cache.encode_png
        written = []

        def full_after_3(*arguments: Any) -> bytes:
            written.append(1)
            if len(written) > 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            return store(*arguments)

        monkeypatch.setattr(cache, "encode_png", full_after_3)
        take = studio.render(film())
        assert "no space left" in end_of(take).message
        assert made(take) == [0, 1, 2]
        assert end_of(take).rendered == 3
        monkeypatch.undo()
        assert made(studio.render(film())) == list(range(3, 12))

    def test_an_engine_that_gives_up_names_the_frame(self, studio: Studio, monkeypatch) -> None:
        def too_large(self: TestEngine, request: Any, image: Any) -> Any:
            if request.seed == 2:
                raise OutOfMemory("96x64 does not fit into the GPU's memory", hint="lower width and height")
            return np.zeros((64, 96, 3), np.uint8)

        monkeypatch.setattr(TestEngine, "generate", too_large)
        end = end_of(studio.render(film()))
        assert end.message == "frame 2: 96x64 does not fit into the GPU's memory"
        assert (end.hint, end.rendered) == ("lower width and height", 2)

    def test_a_fault_of_ours_keeps_its_traceback_in_the_log(self, studio: Studio, monkeypatch, capfd) -> None:
        def broken(*_: Any) -> None:
            raise ZeroDivisionError("oh dear")

        monkeypatch.setattr(TestEngine, "generate", broken)
        end = end_of(studio.render(film()))
        assert (end.outcome, "ZeroDivisionError: oh dear" in end.message) == ("failed", True)
        assert "worker.log" in end.hint
        assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize("example", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_every_example_renders(studio: Studio, example: Path) -> None:
    for file in example.parent.iterdir():
        if file.is_file() and file.suffix != ".json":
            (studio.folder / file.name).write_bytes(file.read_bytes())
    take = studio.render(example.read_text(), options={"engine": "test", "width": 64, "height": 64}, frames=(0, 6))
    assert (end_of(take).message, end_of(take).outcome) == ("", "done")
    assert sorted(take.frame_keys()) == list(range(6))


def test_the_cache_is_bounded_but_keeps_what_the_newest_take_shows(studio: Studio) -> None:
    first = studio.render(film())
    second = studio.render(film(turn_more_at=3), options={"cache_gb": 0})
    frames = cache.FrameCache(studio.folder / "cat.render" / "cache")
    assert all(key in frames for key in second.cache_keys())
    assert not any(key in frames for key in first.cache_keys() - second.cache_keys())
    assert any("cache_gb" in event.text for event in second.tail().poll() if isinstance(event, LogLine))


def test_takes_that_differ_in_what_no_engine_is_made_of_share_one(monkeypatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(TestEngine, "close", lambda _: closed.append("closed"))
    shelf = EngineShelf()
    settings = resolve({"engine": "test"})
    first = shelf(settings, "cpu")
    assert shelf(resolve({"engine": "test", "seed_offset": 7, "steps": 3, "width": 64}), "cpu") is first
    assert not closed
    assert shelf(resolve({"engine": "test", "model": "another"}), "cpu") is not first
    shelf.close()
    assert closed == ["closed", "closed"]


def test_an_engine_whose_files_changed_is_made_anew(monkeypatch) -> None:
    shelf = EngineShelf()
    settings = resolve({"engine": "test"})
    first = shelf(settings, "cpu")
    monkeypatch.setattr(TestEngine, "current", lambda _: False)
    assert shelf(settings, "cpu") is not first
    shelf.close()


def test_a_take_runs_again_as_it_is(studio: Studio) -> None:
    take = studio.render(film())
    before = studio.pictures(take)
    take.stop_path.unlink(missing_ok=True)
    studio.run(take)
    assert take.summary().reused == 12
    assert same(before, studio.pictures(take))


def test_a_seed_of_any_kind_stays_the_same_for_a_document(studio: Studio) -> None:
    frames = [{"frame": number, "strength": 0.5, "deforum_prompt": "a cat"} for number in range(3)]
    text = json.dumps({"options": {"output_fps": 20}, "render": {"engine": "test"}, "rendered_frames": frames})
    assert made(studio.render(text, options={"seed": -1})) == [0, 1, 2]
    assert made(studio.render(text, options={"seed": -1})) == []


def test_the_calm_frame_that_cuts_the_chain_is_made_from_noise(studio: Studio) -> None:
    take = studio.render(film())
    recipe = cache.FrameCache(studio.folder / "cat.render" / "cache").recipe(take.frame_keys()[CUT])
    assert recipe is not None
    assert recipe["source"] == {"kind": "noise", "smooth": False}
    assert recipe["motions"] == []
