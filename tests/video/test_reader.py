"""Videos as people have them: any rate, any size, any order of access."""

from __future__ import annotations

import random
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import number_of, write_clip
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import VideoError
from parseq_tui.video.reader import VideoReader


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "ten.mp4")


def test_every_picture_in_order(clip: Path) -> None:
    with VideoReader(clip) as reader:
        assert (reader.fps, reader.count()) == (10, 12)
        pictures = [reader.picture(index) for index in range(12)]
    assert [number_of(picture) for picture in pictures] == list(range(12))
    assert pictures[0].shape == (24, 32, 3)


def test_any_order_gives_the_same_pictures(clip: Path) -> None:
    order = random.Random(1).choices(range(12), k=30)
    with VideoReader(clip) as reader:
        assert [number_of(reader.picture(index)) for index in order] == order


@pytest.mark.parametrize(
    ("rate", "indexes"),
    [
        (Fraction(5), [0, 2, 4, 6, 8, 10]),
        (Fraction(7), [0, 2, 3, 4, 6, 7, 9, 10]),
        (Fraction(10), list(range(12))),
        (Fraction(20), [number // 2 for number in range(24)]),
    ],
)
def test_rates_pick_evenly_like_an_fps_filter(clip: Path, rate: Fraction, indexes: list[int]) -> None:
    with VideoReader(clip) as reader:
        assert [reader.source_index(index, rate) for index in range(reader.count(rate))] == indexes


@given(rate=st.fractions(Fraction(1, 2), 120, max_denominator=1001))
def test_picking_never_goes_back_and_stays_inside(clip: Path, rate: Fraction) -> None:
    with VideoReader(clip) as reader:
        picked = [reader.source_index(index, rate) for index in range(reader.count(rate) + 2)]
    assert picked == sorted(picked)
    assert picked[0] <= max(1, 5 / rate) * 2 and picked[-1] <= 11


def test_a_fractional_rate_is_kept_exactly(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "ntsc.mp4", rate=Fraction(24000, 1001))
    with VideoReader(clip) as reader:
        assert reader.fps == Fraction(24000, 1001)
        assert reader.count(Fraction(24000, 1001)) == 12
        assert number_of(reader.picture(11, Fraction(24000, 1001))) == 11


def test_a_variable_rate_is_followed_by_time(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "variable.mkv", 5, times=[0, 40, 55, 200, 1000])
    with VideoReader(clip) as reader:
        assert reader.count() == 5
        assert [reader.source_index(index, Fraction(10)) for index in range(11)] == [1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4]
        assert number_of(reader.picture(10, Fraction(10))) == 4


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "size"),
    [
        ("film.mov", "prores_ks", "yuv422p10le", (32, 24)),
        ("web.webm", "libvpx-vp9", "yuv420p", (32, 24)),
        ("odd.mkv", "ffv1", "bgr0", (33, 25)),
        ("moving.gif", "gif", "rgb8", (32, 24)),
    ],
)
def test_containers_and_odd_sizes(tmp_path: Path, name: str, codec: str, pix_fmt: str, size: tuple[int, int]) -> None:
    clip = write_clip(tmp_path / name, 5, codec=codec, pix_fmt=pix_fmt, size=size)
    with VideoReader(clip) as reader:
        assert reader.count() == 5
        picture = reader.picture(3)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.mean() == pytest.approx(16 + 16 * 3, abs=20)


@pytest.mark.parametrize(
    ("name", "codec"), [("old.avi", "mpeg4"), ("odd.avi", "libx264"), ("tv.ts", "libx264"), ("disc.mpg", "mpeg2video")]
)
def test_containers_that_seek_badly_give_the_right_pictures(tmp_path: Path, name: str, codec: str) -> None:
    clip = write_clip(tmp_path / name, 30, codec=codec, size=(64, 48), gop=12, rate=Fraction(25))
    order = [*range(30), *random.Random(2).choices(range(30), k=20)]
    with VideoReader(clip) as reader:
        assert reader.count() == 30
        assert [number_of(reader.picture(index)) for index in order] == [index % 13 for index in order]


def test_transparency_lies_over_black(tmp_path: Path) -> None:
    path = tmp_path / "ghost.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=10)
        stream.width, stream.height, stream.pix_fmt = 8, 8, "rgba"
        pixels = np.full((8, 8, 4), 200, np.uint8)
        pixels[:, :4, 3] = 0
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba")))
        container.mux(stream.encode(None))
    with VideoReader(path) as reader:
        picture = reader.picture(0)
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[0, 7].tolist() == [157, 157, 157]


def test_a_missing_file_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"there is no video .*gone\.mp4"):
        VideoReader(tmp_path / "gone.mp4")


@pytest.mark.parametrize("content", [b"", b"this is no video", b"\x00" * 4000])
def test_a_file_that_is_no_video_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "not.mp4").write_bytes(content)
    with pytest.raises(VideoError, match=r"not\.mp4"):
        VideoReader(tmp_path / "not.mp4")


def test_a_cut_off_video_names_the_picture(tmp_path: Path, clip: Path) -> None:
    content = write_clip(tmp_path / "long.mkv", 60, size=(64, 48)).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) * 2 // 3])
    with VideoReader(tmp_path / "cut.mkv") as reader:
        assert number_of(reader.picture(0)) == 0
        assert 1 <= reader.count() < 60


def test_a_turned_clip_comes_upright(tmp_path: Path) -> None:
    """A phone held upright writes sideways pictures and a matrix that turns them a quarter clockwise."""
    path = tmp_path / "phone.mp4"
    sideways = np.zeros((16, 32, 3), np.uint8)
    sideways[:, :8] = 255
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(sideways, format="rgb24")))
        container.mux(stream.encode(None))
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 16 * one, 0, 1 << 30)
    path.write_bytes(content)
    with VideoReader(path) as reader:
        picture = reader.picture(0)
    assert picture.shape == (32, 16, 3)
    assert picture[:6].mean() > 200  # what was left is now on top
    assert picture[16:].mean() < 50
