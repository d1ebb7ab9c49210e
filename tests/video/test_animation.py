"""Animated pictures as inputs: WebP, PNG and GIF, in any order and at any rate; and still ones that look like them."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from parseq_tui.errors import VideoError
from parseq_tui.render.inputs import StillInput, VideoInput, open_input
from parseq_tui.video.animation import AnimationReader, is_animated
from parseq_tui.video.reader import VideoReader

COUNT = 8


def drawn(number: int, *, clear: bool = False) -> Image.Image:
    """A picture that says its number in its brightness; with `clear`, its left half is transparent."""
    pixels = np.full((12, 16, 4), 30 * number, np.uint8)
    pixels[..., 3] = 255
    if clear:
        pixels[:, :8, 3] = 0
    return Image.fromarray(pixels if clear else pixels[..., :3])


def written(path: Path, durations: list[int], *, clear: bool = False, **options: object) -> Path:
    first, *others = [drawn(number, clear=clear) for number in range(len(durations))]
    first.save(path, save_all=True, append_images=others, duration=durations, **options)
    return path


def shown(picture: np.ndarray) -> int:
    return round(float(picture[:, 8:].mean()) / 30)


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.apng", "a.gif"])
def test_an_animation_is_a_video(tmp_path: Path, name: str) -> None:
    options = {"lossless": True} if name.endswith("webp") else {}
    path = written(tmp_path / name, [100] * COUNT, **options)
    source = open_input(name, tmp_path, moving=True, rate=Fraction(5))
    assert isinstance(source, VideoInput) and source.count == COUNT // 2
    assert [shown(source.picture(index)) for index in range(4)] == [0, 2, 4, 6]
    assert len({source.content(index) for index in range(4)}) == 4
    source.close()
    assert is_animated(path)


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.gif"])
def test_a_still_picture_is_refused_as_a_video_and_kept_as_a_beginning(tmp_path: Path, name: str) -> None:
    drawn(3).save(tmp_path / name)
    with pytest.raises(VideoError, match=f"needs moving pictures, and {name} has only one") as caught:
        open_input(name, tmp_path, moving=True, rate=None)
    assert "--mode loopback" in caught.value.hint
    assert isinstance(open_input(name, tmp_path, moving=False, rate=None), StillInput)


def test_the_first_picture_of_an_animation_is_where_a_loopback_begins(tmp_path: Path) -> None:
    written(tmp_path / "a.webp", [100] * COUNT, lossless=True)
    source = open_input("a.webp", tmp_path, moving=False, rate=None)
    assert source.count is None and shown(source.picture(5)) == 0


def test_each_picture_is_shown_as_long_as_it_says(tmp_path: Path) -> None:
    path = written(tmp_path / "a.webp", [100, 300, 100, 500], lossless=True)
    reader = AnimationReader(path)
    assert reader.fps == 4 and reader.count() == 4 and reader.count(Fraction(10)) == 10
    assert [shown(reader.picture(index, Fraction(10))) for index in range(10)] == [0, 1, 1, 1, 2, 3, 3, 3, 3, 3]


def test_any_order_gives_the_same_pictures(tmp_path: Path) -> None:
    reader = AnimationReader(written(tmp_path / "a.webp", [100] * COUNT, lossless=True))
    order = random.Random(1).choices(range(COUNT), k=20)
    assert [shown(reader.picture(index)) for index in order] == order


def test_transparency_lies_over_black(tmp_path: Path) -> None:
    path = written(tmp_path / "a.webp", [100] * COUNT, clear=True, lossless=True)
    picture = AnimationReader(path).picture(5)
    assert shown(picture) == 5 and picture[:, :8].max() == 0


def test_transparency_of_webm_lies_over_black(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.webm"), "w") as file:
        stream = file.add_stream("libvpx-vp9", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuva420p"
        pixels = np.full((64, 64, 4), 200, np.uint8)
        pixels[:, :32, 3], pixels[:, 32:, 3] = 0, 255
        for _ in range(3):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba")))
        file.mux(stream.encode(None))
    with VideoReader(tmp_path / "a.webm") as reader:
        for index in (0, 2, 1):
            picture = reader.picture(index)
            assert picture[:, :24].max() < 20 and picture[:, 40:].min() > 180


@pytest.mark.parametrize("keep", [0.3, 0.8])
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, keep: float) -> None:
    path = written(tmp_path / "a.webp", [100] * COUNT, lossless=True)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(VideoError, match=r"a\.webp"):
        reader = AnimationReader(path)
        [reader.picture(index) for index in range(COUNT)]


def test_what_is_no_video_is_told_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("hello")
    with pytest.raises(VideoError, match="Invalid data found"):
        VideoReader(tmp_path / "a.mp4")
