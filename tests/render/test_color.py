"""Colour: matching, contrast, sharpening."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import furthest, noise, read, smooth

from parseq_tui.errors import RenderError
from parseq_tui.render import color, warp

SPACES = ["rgb", "hsv", "lab"]


def test_the_mean_picture_of_a_window_sets_the_colours_as_in_the_2022_script() -> None:
    frames = [read(f"stages/cc-window-3/out_0000{index}.png") for index in range(3)]
    assert furthest(color.mean_lab_match(frames[2], frames), read("stages/cc-window-3/in_00003.png")) == 0


@pytest.mark.parametrize(("before", "after", "threshold"), [("out_00000", "in_00001", 0), ("out_00003", "in_00004", 3)])
def test_contrast_and_antiblur_as_in_deforum(before: str, after: str, threshold: float) -> None:
    zoom = warp.motion_2d(64, 64, angle=0, zoom=1.02, translation_x=0, translation_y=0)
    frame = read(f"stages/contrast-antiblur/{before}.png")
    frame = warp.warp(frame, zoom, border="replicate", resampling="bilinear")
    sharpened = color.antiblur(color.contrast(frame, 0.9), 5, 1, 0.35, threshold)
    assert furthest(sharpened, read(f"stages/contrast-antiblur/{after}.png")) <= 1


@given(st.integers(0, 5))
def test_a_picture_matches_itself(seed: int) -> None:
    picture = noise(24, 32, seed)
    assert furthest(color.match(picture, picture, "rgb"), picture) == 0


@pytest.mark.parametrize("space", SPACES)
def test_matching_moves_the_colours_and_keeps_the_drawing(space: str) -> None:
    dark = (smooth(48, 48) // 3).astype(np.uint8)
    bright = smooth(32, 40)
    matched = color.match(dark, bright, space)
    assert matched.shape == dark.shape
    assert abs(int(matched.mean()) - int(bright.mean())) < 12
    assert np.corrcoef(matched[..., 0].ravel(), dark[..., 0].ravel())[0, 1] > 0.8


@pytest.mark.parametrize("space", SPACES)
def test_one_flat_colour_is_a_reference_like_any_other(space: str) -> None:
    flat = np.full((8, 8, 3), (200, 40, 90), np.uint8)
    assert furthest(color.match(noise(16, 16), flat, space), np.broadcast_to(flat[0, 0], (16, 16, 3)).copy()) <= 4


def test_nothing_asked_returns_the_very_same_picture() -> None:
    picture = noise(8, 8)
    assert color.mean_lab_match(picture, []) is picture
    assert color.contrast(picture, 1) is picture
    assert color.antiblur(picture, 5, 1, 0, 0) is picture


@given(st.floats(0, 4))
def test_contrast_never_rolls_over(factor: float) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert (np.diff(color.contrast(ramp, factor)[0, :, 0].astype(int)) >= 0).all()


@given(st.integers(-2, 12), st.floats(0.1, 3), st.floats(0, 5), st.floats(0, 20))
def test_antiblur_takes_any_numbers_and_leaves_flat_areas_alone(
    kernel: int, sigma: float, amount: float, threshold: float
) -> None:
    flat = np.full((16, 16, 3), 77, np.uint8)
    assert furthest(color.antiblur(flat, kernel, sigma, amount, threshold), flat) == 0
    assert color.antiblur(noise(16, 16), kernel, sigma, amount, threshold).dtype == np.uint8


def test_arguments_are_left_alone() -> None:
    picture, reference = noise(16, 16), noise(16, 16, 1)
    kept = picture.copy(), reference.copy()
    color.match(picture, reference, "lab")
    color.mean_lab_match(picture, [reference, reference])
    color.antiblur(picture, 5, 1, 0.5, 2)
    assert (picture == kept[0]).all() and (reference == kept[1]).all()


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(RenderError, match="no colour space called 'yuv'"):
        color.match(noise(8, 8), noise(8, 8), "yuv")
    with pytest.raises(RenderError, match="different sizes"):
        color.mean_lab_match(noise(8, 8), [noise(8, 8), noise(8, 16)])


def test_a_blur_that_would_take_minutes_is_refused() -> None:
    with pytest.raises(RenderError, match=r"kernel is 1e\+09 pixels wide") as caught:
        color.antiblur(np.zeros((8, 8, 3), np.uint8), 10**9, 1.0, 0.5, 0.0)
    assert "at most 1001" in caught.value.hint
