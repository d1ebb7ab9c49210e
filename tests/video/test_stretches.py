"""A video that goes on from an earlier one shows the same as one that was encoded whole, and copies what it can."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parseq_tui.video import writer as writing
from parseq_tui.video.kinds import STRETCH
from parseq_tui.video.reader import VideoReader
from parseq_tui.video.stretches import Stretches, alike
from parseq_tui.video.writer import VideoWriter

RATE = Fraction(20)
_NOISE = np.random.default_rng(7).integers(0, 60, (48, 64, 1), np.uint8).repeat(3, axis=2)


def picture(name: str) -> np.ndarray:
    """A textured picture that moves with its number and is brighter in another version: `12`, `12'`."""
    number = int(name.rstrip("'"))
    return np.roll(_NOISE, number, axis=1) + np.uint8(90 if "'" in name else 20) + np.uint8(number % 40)


def film(*, count: int = 100, changed: set[int] | range = range(0)) -> list[str]:
    return [f"{number}'" if number in changed else str(number) for number in range(count)]


def write(path: Path, names: list[str], earlier: Path | None = None, shown: list[str] | None = None, **options) -> Path:
    """`shown`: the pictures of the earlier video."""
    lent = None if earlier is None else Stretches(earlier, shown or [])
    writer = VideoWriter(path, RATE, pictures=names, earlier=lent, **options)
    for name in names:
        writer.add(picture(name), again=lambda name=name: picture(name))
    writer.finish()
    if lent is not None:
        lent.close()
    return path


def decoded(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as reader:
        return [reader.picture(index) for index in range(reader.count())]


def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the frames that are encoded from now on."""
    seen: list[int] = []
    real = VideoWriter._encode

    def counted(self: VideoWriter, image: np.ndarray, number: int) -> None:
        seen.append(number)
        real(self, image, number)

    monkeypatch.setattr(VideoWriter, "_encode", counted)
    return seen


def near(one: np.ndarray, name: str) -> bool:
    return float(np.abs(one.astype(int) - picture(name)).mean()) < 8


@settings(max_examples=12)
@given(
    count=st.integers(1, 80),
    other=st.integers(1, 80),
    changed=st.sets(st.integers(0, 79), max_size=3),
)
def test_it_shows_every_picture_whatever_changed(tmp_path_factory, count: int, other: int, changed: set[int]) -> None:
    folder = tmp_path_factory.mktemp("films")
    before, after = film(count=count), film(count=other, changed=changed)
    first = write(folder / "first.mp4", before)
    path = write(folder / "second.mp4", after, first, before)
    shown = decoded(path)
    assert len(shown) == other
    assert all(near(image, name) for image, name in zip(shown, after, strict=True))
    with av.open(str(path)) as container:
        times = [(packet.dts, packet.pts) for packet in container.demux(video=0) if packet.size]
    assert [dts for dts, _ in times] == sorted({dts for dts, _ in times})
    assert all(dts <= pts for dts, pts in times)


def test_only_what_changed_is_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = film(), film(changed=range(50, 52))
    first = write(tmp_path / "first.mp4", before)
    seen = encoded(monkeypatch)
    second = write(tmp_path / "second.mp4", after, first, before)
    assert seen == list(range(2 * STRETCH, 3 * STRETCH))
    one, other = decoded(first), decoded(second)
    copied = [number for number in range(100) if number not in seen]
    assert all(np.array_equal(one[number], other[number]) for number in copied)


def test_a_copy_of_a_copy_is_as_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = film(changed=range(30, 31))
    first = write(tmp_path / "first.mp4", film())
    second = write(tmp_path / "second.mp4", names, first, film())
    seen = encoded(monkeypatch)
    third = write(tmp_path / "third.mp4", names, second, names)
    assert seen == []
    assert all(np.array_equal(*pair) for pair in zip(decoded(second), decoded(third), strict=True))


def test_one_that_stops_within_a_copied_stretch_shows_no_more_than_was_added(tmp_path: Path) -> None:
    first = write(tmp_path / "first.mp4", film())
    lent = Stretches(first, film())
    writer = VideoWriter(tmp_path / "second.mp4", RATE, pictures=film(), earlier=lent)
    for name in film()[:30]:
        writer.add(picture(name), again=lambda name=name: picture(name))
    path = writer.finish()
    lent.close()
    assert path is not None
    shown = decoded(path)
    assert len(shown) == 30
    assert all(near(image, name) for image, name in zip(shown, film(), strict=False))


def test_a_video_that_was_cut_off_lends_its_whole_stretches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = VideoWriter(tmp_path / "first.mp4", RATE, pictures=film())
    for name in film():
        writer.add(picture(name))
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(writer.growing.read_bytes())
    writer.finish()
    seen = encoded(monkeypatch)
    shown = decoded(write(tmp_path / "second.mp4", film(), torn, film()))
    assert len(shown) == 100
    assert all(near(image, name) for image, name in zip(shown, film(), strict=True))
    assert 0 < len(seen) <= 2 * STRETCH + 4


@pytest.mark.parametrize("other", [{"crf": 30}, {}])
def test_nothing_is_copied_from_other_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict) -> None:
    if not other:
        monkeypatch.setattr(writing, "tag", lambda *_: "another program")
    first = write(tmp_path / "first.mp4", film(), **other)
    monkeypatch.undo()
    seen = encoded(monkeypatch)
    write(tmp_path / "second.mp4", film(), first, film())
    assert len(seen) == 100


def test_damaged_stretches_are_encoded(tmp_path: Path) -> None:
    first = write(tmp_path / "first.mp4", film())
    content = bytearray(first.read_bytes())
    del content[len(content) * 2 // 3 :]
    first.write_bytes(content)
    shown = decoded(write(tmp_path / "second.mp4", film(), first, film()))
    assert len(shown) == 100
    assert all(near(image, name) for image, name in zip(shown, film(), strict=True))


def test_stretches_are_counted_picture_for_picture() -> None:
    assert alike(film(), film()) == 5
    assert alike(film(), film(changed={0, 99})) == 3
    assert alike(film(count=30), film(count=40)) == 1
    assert alike([], film()) == 0
