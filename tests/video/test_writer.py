"""Videos play everywhere, and what was written before a crash is not lost."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import number_of, numbered
from PIL import Image

from parseq_tui.errors import VideoError
from parseq_tui.video.reader import VideoReader
from parseq_tui.video.writer import VideoWriter, place


def write(path: Path, count: int = 5, size: tuple[int, int] = (32, 24), rate: Fraction = Fraction(20)) -> Path:
    writer = VideoWriter(path, rate)
    for number in range(count):
        writer.add(numbered(number, *size))
    assert writer.finish() == path
    return path


def test_it_is_h264_in_yuv420p_with_its_index_in_front(tmp_path: Path) -> None:
    path = write(tmp_path / "film.mp4")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.average_rate, stream.frames) == (20, 5)
        assert [frame.time for frame in container.decode(stream)] == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]


def test_pictures_come_back_in_their_colours(tmp_path: Path) -> None:
    colors = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (220, 220, 30)]
    writer = VideoWriter(tmp_path / "film.mp4", Fraction(10), crf=1)
    for color in colors:
        writer.add(np.full((32, 32, 3), color, np.uint8))
    writer.finish()
    with VideoReader(tmp_path / "film.mp4") as reader:
        for index, color in enumerate(colors):
            assert np.abs(reader.picture(index).mean(axis=(0, 1)) - color).max() < 4


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25, 2), Fraction(1, 3)])
def test_rates_are_kept_exactly(tmp_path: Path, rate: Fraction) -> None:
    with VideoReader(write(tmp_path / "film.mp4", rate=rate)) as reader:
        assert reader.fps == rate
        assert reader.count(rate) == 5


def test_odd_sizes_are_widened(tmp_path: Path) -> None:
    with VideoReader(write(tmp_path / "film.mp4", size=(33, 25))) as reader:
        assert reader.picture(0).shape == (26, 34, 3)


def test_a_picture_can_stay_for_several_frames(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "film.mkv", Fraction(20))
    writer.add(numbered(1), times=3)
    writer.add(numbered(2), times=0)
    writer.add(numbered(3))
    writer.finish()
    with VideoReader(tmp_path / "film.mkv") as reader:
        assert [number_of(reader.picture(index)) for index in range(reader.count())] == [1, 1, 1, 3]


def test_what_is_there_after_a_crash_plays(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "film.mp4", Fraction(20))
    noise = np.random.default_rng(1)
    for _ in range(150):
        writer.add(noise.integers(0, 255, (64, 64, 3), np.uint8))
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(writer.growing.read_bytes())
    with VideoReader(copy) as reader:
        assert reader.count() > 20
        reader.picture(20)
    writer.finish()


def test_no_frames_no_video(tmp_path: Path) -> None:
    assert VideoWriter(tmp_path / "film.mp4", Fraction(20)).finish() is None
    assert list(tmp_path.iterdir()) == []


def test_a_name_it_cannot_write_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"film\.txt") as caught:
        VideoWriter(tmp_path / "film.txt", Fraction(20))
    assert ".mp4" in caught.value.hint


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    writer = VideoWriter(tmp_path / "in the way" / "film.mp4", Fraction(20))
    with pytest.raises(VideoError, match="cannot be written"):
        writer.add(numbered(0))


@pytest.mark.parametrize(
    ("ending", "codec", "pixels"),
    [(".mov", "prores", "yuv422p10le"), (".webm", "vp9", "yuv420p"), (".gif", "gif", "bgra")],
)
def test_the_name_says_the_kind(tmp_path: Path, ending: str, codec: str, pixels: str) -> None:
    path = write(tmp_path / f"film{ending}", rate=Fraction(25))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == (codec, pixels)
    with VideoReader(path) as reader:
        assert (reader.count(), reader.fps) == (5, 25)
        assert [number_of(reader.picture(index)) for index in range(5)] == [0, 1, 2, 3, 4]
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_webp_moves(tmp_path: Path) -> None:
    path = write(tmp_path / "film.webp", size=(33, 25))
    with Image.open(path) as opened:
        assert (opened.n_frames, opened.size, opened.info["loop"]) == (5, (33, 25), 0)
        opened.seek(3)
        assert number_of(np.asarray(opened.convert("RGB"))) == 3


def test_a_gif_keeps_its_colours_and_odd_sizes(tmp_path: Path) -> None:
    picture = np.zeros((25, 33, 3), np.uint8)
    picture[..., 0], picture[..., 1] = np.arange(33) * 7, 90
    writer = VideoWriter(tmp_path / "film.gif", Fraction(10))
    writer.add(picture)
    writer.add(picture[:, ::-1])
    writer.finish()
    with VideoReader(tmp_path / "film.gif") as reader:
        assert np.abs(reader.picture(1).astype(int) - picture[:, ::-1]).max() <= 4


def test_a_film_that_cannot_be_put_where_it_belongs_says_where_it_is(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    written = VideoWriter(film, Fraction(10))
    written.add(np.zeros((16, 16, 3), np.uint8))
    written.finish()
    with pytest.raises(VideoError, match=r"gone.film\.mp4 cannot be written: No such file") as caught:
        place(film, tmp_path / "gone" / "film.mp4")
    assert str(film) in caught.value.hint
