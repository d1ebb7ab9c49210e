"""What becomes of frames besides the cache: kinds of video, numbered files, sound, words, sheets."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest
from frame_json import film

from parseq_tui.render.cache import FrameCache
from parseq_tui.render.messages import Ended
from parseq_tui.render.outputs import captions
from parseq_tui.render.plan import plan_frames
from parseq_tui.render.preparation import read_timeline
from parseq_tui.render.take import Job, Take
from parseq_tui.render.worker import StopSwitch, Worker
from parseq_tui.timeline.render_settings import resolve
from parseq_tui.video.images import png_texts, read_image

COUNT = 8


def render(folder: Path, **asked: object) -> tuple[Take, Ended]:
    take = Take(folder / "cat.render" / "takes" / "take")
    (take.folder / "preview").mkdir(parents=True, exist_ok=True)
    job = Job(film(COUNT), "cat.json", str(folder), **{name: _text(value) for name, value in asked.items()})
    (take.folder / "job.json").write_text(job.to_json())
    Worker(take, StopSwitch(take.stop_path)).run()
    end = take.tail().poll()[-1]
    assert isinstance(end, Ended)
    return take, end


def _text(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def beep(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((np.sin(np.arange(16000)) * 9000).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".webm", ".gif"])
def test_out_is_of_the_kind_its_name_says(tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"film{ending}"
    take, end = render(tmp_path, out=out)
    assert (end.outcome, end.video) == ("done", str(out))
    assert take.video_path.exists()
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == COUNT


def test_numbered_pictures_carry_their_recipe(tmp_path: Path) -> None:
    render(tmp_path, out=tmp_path / "frames")
    for number in range(COUNT):
        texts = png_texts((tmp_path / "frames" / f"{number:05d}.png").read_bytes())
        assert '"positive": "a cat"' in texts["parseq-tui recipe"]


@pytest.mark.parametrize("out", ["frames", "film.mp4"])
def test_an_overlay_is_drawn_on_a_copy(tmp_path: Path, out: str) -> None:
    take, end = render(tmp_path, out=tmp_path / out, overlay=True)
    assert end.outcome == "done", end.message
    cache = FrameCache(tmp_path / "cat.render" / "cache")
    clean = cache.load(take.frame_keys()[3])
    if out == "frames":
        drawn = read_image(tmp_path / "frames" / "00003.png")
        assert "parseq-tui recipe" in png_texts((tmp_path / "frames" / "00003.png").read_bytes())
        assert (drawn != clean).any()
    else:
        assert (tmp_path / out).read_bytes() != take.video_path.read_bytes()


def test_an_overlay_says_what_makes_the_frame() -> None:
    timeline = read_timeline(film(COUNT), "cat.json")
    plan = plan_frames(timeline.table, resolve(timeline.render), timeline.options, timeline.dialect)[2]
    assert captions(plan) == [
        "frame 2  seed 2.25",
        "denoise 0.4  cfg 4  steps 8",
        "angle 3  zoom 1.02",
        "a cat",
        "not: a dog",
    ]


def test_sound_is_in_both_videos(tmp_path: Path) -> None:
    take, end = render(tmp_path, out=tmp_path / "film.mp4", audio=beep(tmp_path / "beep.wav"))
    assert end.outcome == "done", end.message
    for path in (take.video_path, tmp_path / "film.mp4"):
        with av.open(str(path)) as container:
            assert len(container.streams.audio) == 1


def test_the_sound_a_document_names_is_in_every_video(tmp_path: Path) -> None:
    beep(tmp_path / "beep.wav")
    take, end = render(tmp_path, out=tmp_path / "film.gif", options={"audio": "beep.wav", "audio_start": 1.5})
    assert end.outcome == "done", end.message
    with av.open(str(take.video_path)) as container:
        assert len(container.streams.audio) == 1
    with av.open(str(tmp_path / "film.gif")) as container:
        assert not container.streams.audio, "a GIF is silent; that is no reason to refuse it"


def test_a_contact_sheet(tmp_path: Path) -> None:
    _, end = render(tmp_path, sheet=tmp_path / "sheet.png")
    assert end.outcome == "done", end.message
    assert read_image(tmp_path / "sheet.png").shape[1] > 3 * 160


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"out": "film.txt"}, "film.txt"),
        ({"out": "film.gif", "audio": "beep.wav"}, ".gif files have no sound"),
        ({"audio": "none.wav"}, "there is no sound file"),
        ({"options": {"audio": "none.wav"}}, "there is no sound file"),
        ({"overlay": True}, "needs an output"),
        ({"sheet": "sheet.txt"}, "sheet.txt"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_rendered(
    tmp_path: Path, asked: dict[str, object], says: str
) -> None:
    beep(tmp_path / "beep.wav")
    paths = {name: tmp_path / value if isinstance(value, str) else value for name, value in asked.items()}
    _, end = render(tmp_path, **paths)
    assert (end.outcome, end.rendered) == ("failed", 0)
    assert says in end.message
    assert end.hint


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_what_the_render_is_made_from_is_not_written_over(tmp_path: Path, ending: str) -> None:
    clip = tmp_path / f"clip.{ending}"
    assert render(tmp_path, out=clip)[1].outcome == "done"
    before = clip.read_bytes()
    _, end = render(tmp_path, out=clip, options={"mode": "video", "input": clip.name})
    assert (end.outcome, clip.read_bytes()) == ("failed", before)
    assert "not written over" in end.message
