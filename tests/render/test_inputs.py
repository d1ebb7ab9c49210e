"""What a render may start from: the path says which kind it is, and each picture has a name for frame keys."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from frame_json import film
from stand_ins import table_of

from parseq_tui.errors import RenderError, VideoError
from parseq_tui.render.cache import FrameCache
from parseq_tui.render.inputs import Input, open_input
from parseq_tui.render.messages import Ended, FrameDone
from parseq_tui.render.plan import plan_warnings
from parseq_tui.render.take import Job, Take
from parseq_tui.render.worker import StopSwitch, Worker
from parseq_tui.timeline.render_settings import resolve
from parseq_tui.video.images import encode_png


def picture(level: int) -> np.ndarray:
    return np.full((16, 24, 3), level, np.uint8)


def opened(path: Path, *, moving: bool = True) -> Input:
    return open_input(str(path), Path("/"), moving=moving, rate=Fraction(20))


def rendered(folder: Path, name: str = "cat", **options: object) -> Take:
    take = Take(folder / f"{name}.render" / "takes" / "20261122-091803")
    (take.folder / "preview").mkdir(parents=True)
    (take.folder / "job.json").write_text(Job(film(4), f"{name}.json", str(folder), options).to_json())
    Worker(take, StopSwitch(take.stop_path)).run()
    return take


def test_a_folder_gives_one_picture_per_frame_in_the_order_of_numbers(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (tmp_path / f"{number}.png").write_bytes(encode_png(picture(number)))
    (tmp_path / "notes.txt").write_text("not a picture")
    source = opened(tmp_path)
    assert source.count == 3
    assert [int(source.picture(index)[0, 0, 0]) for index in range(3)] == [1, 2, 10]
    assert len({source.content(index) for index in range(3)}) == 3


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="there are no pictures"):
        opened(tmp_path)


class TestTakes:
    @pytest.mark.parametrize("whole", [False, True])
    def test_a_take_gives_its_frames_as_they_were_made(self, tmp_path: Path, whole: bool) -> None:
        take = rendered(tmp_path)
        source = opened(take.render_folder if whole else take.folder)
        assert (source.count, source.fps) == (4, 20)
        cache = FrameCache(take.render_folder / "cache")
        for frame, key in take.frame_keys().items():
            assert np.array_equal(source.picture(frame), cache.load(key))
            assert source.content(frame) == key

    def test_it_is_rendered_over(self, tmp_path: Path) -> None:
        first = rendered(tmp_path)
        second = rendered(tmp_path, "dog", mode="video", input=str(first.folder))
        events = second.tail().poll()
        assert isinstance(events[-1], Ended) and events[-1].outcome == "done", events[-1]
        assert sum(isinstance(event, FrameDone) for event in events) == 4

    def test_lost_frames_and_empty_takes_are_named(self, tmp_path: Path) -> None:
        take = rendered(tmp_path)
        FrameCache(take.render_folder / "cache").path(take.frame_keys()[2]).unlink()
        with pytest.raises(VideoError, match="frame 2 of the take"):
            opened(take.folder).picture(2)
        take.frames_path.write_text("")
        with pytest.raises(VideoError, match="has no frames"):
            opened(take.folder)


class TestMisuse:
    def test_a_still_picture_does_not_move(self, tmp_path: Path) -> None:
        (tmp_path / "cat.png").write_bytes(encode_png(picture(5)))
        with pytest.raises(VideoError, match=r"needs moving pictures, and .*cat\.png has only one") as caught:
            opened(tmp_path / "cat.png")
        assert "loopback" in caught.value.hint
        assert opened(tmp_path / "cat.png", moving=False).count is None

    def test_a_text_is_no_input(self, tmp_path: Path) -> None:
        (tmp_path / "cat.mp4").write_text("no video")
        with pytest.raises(VideoError, match=r"cat\.mp4 cannot be read"):
            opened(tmp_path / "cat.mp4")

    def test_an_input_that_is_not_used_is_mentioned(self) -> None:
        table = table_of(3)
        (warning,) = plan_warnings(table, resolve({"mode": "txt2img", "input": "cat.png"}), "native")
        assert "txt2img begins with noise" in warning.message
        assert plan_warnings(table, resolve({"mode": "txt2img"}), "native") == []

    def test_no_input_has_no_pictures(self) -> None:
        nothing = open_input(None, Path(os.curdir), moving=True, rate=None)
        with pytest.raises(RenderError, match="no input"):
            nothing.picture(0)
