"""Pictures as people have them, and PNGs as we write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from parseq_tui.errors import VideoError
from parseq_tui.video import images
from parseq_tui.video.images import decode_png, encode_png, fit, list_images, png_texts, read_image


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))), st.text(max_size=50))
def test_png_keeps_pixels_and_texts(image, text) -> None:
    content = encode_png(image, {"recipe": text})
    assert np.array_equal(decode_png(content), image)
    assert png_texts(content) == {"recipe": text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")}


def test_other_programs_read_our_texts(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(encode_png(np.zeros((2, 2, 3), np.uint8), {"recipe": "größer"}))
    with Image.open(tmp_path / "x.png") as opened:
        opened.load()
        assert opened.text["recipe"] == "größer"


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"not a picture at all"])
def test_what_is_no_png_says_so(content: bytes) -> None:
    with pytest.raises(VideoError):
        decode_png(content)
    assert png_texts(content) == {}


@pytest.mark.parametrize(
    ("mode", "fill", "expected"),
    [
        ("RGB", (10, 20, 30), [10, 20, 30]),
        ("L", 77, [77, 77, 77]),
        ("RGBA", (200, 100, 50, 0), [0, 0, 0]),
        ("RGBA", (200, 100, 50, 255), [200, 100, 50]),
        ("I;16", 257 * 100, [100, 100, 100]),
        ("1", 1, [255, 255, 255]),
    ],
)
def test_every_kind_of_pixel_becomes_rgb(tmp_path: Path, mode: str, fill, expected: list[int]) -> None:
    Image.new(mode, (5, 4), fill).save(tmp_path / "x.png")
    picture = read_image(tmp_path / "x.png")
    assert picture.shape == (4, 5, 3) and picture.dtype == np.uint8
    assert picture[2, 2].tolist() == expected


def test_a_picture_is_turned_upright(tmp_path: Path) -> None:
    turned = Image.new("RGB", (6, 4))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "x.jpg", exif=exif)
    assert read_image(tmp_path / "x.jpg").shape == (6, 4, 3)


def test_a_missing_picture_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"there is no picture .*gone\.png"):
        read_image(tmp_path / "gone.png")


def test_a_picture_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"GIF89a nonsense")
    with pytest.raises(VideoError, match=r"the picture x\.png cannot be read"):
        read_image(tmp_path / "x.png")


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 10)
    Image.new("RGB", (5, 4)).save(tmp_path / "x.png")
    with pytest.raises(VideoError, match="too large: 5x4"):
        read_image(tmp_path / "x.png")


def test_folders_are_read_in_the_order_people_count(tmp_path: Path) -> None:
    for name in ("10.png", "2.png", "1.png", "notes.txt", ".hidden.png", "a1.jpg"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in list_images(tmp_path)] == ["1.png", "2.png", "10.png", "a1.jpg"]


def test_fitting_does_not_alias() -> None:
    lines = np.zeros((64, 64, 3), np.uint8)
    lines[::2] = 255
    assert np.abs(fit(lines, 16, 16).astype(int) - 127).max() < 20
    assert fit(lines, 64, 64) is lines


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 8), st.integers(1, 8))
def test_a_picture_is_cropped_or_padded_to_proportions(wide: int, high: int, width: int, height: int) -> None:
    picture = np.full((high, wide, 3), 9, np.uint8)
    cropped, padded = (images.shaped(picture, width, height, way) for way in ("crop", "pad"))
    assert images.shaped(picture, width, height, "stretch") is picture
    assert cropped.min() == 9
    assert cropped.shape[0] == high or cropped.shape[1] == wide
    assert (padded == 9).sum() == picture.size
    for shape in (cropped.shape, padded.shape):
        # to the nearest whole pixel
        assert abs(shape[1] * height - shape[0] * width) <= max(width, height) or min(shape[:2]) == 1
