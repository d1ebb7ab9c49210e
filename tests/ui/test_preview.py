"""Pictures as characters: proportions, colours, and a form without colour."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.ui.drawing.halfblocks import fitted_size, half_blocks, resized, shades

RED, BLUE = (255, 0, 0), (0, 0, 255)


def test_a_cell_shows_the_pixel_above_and_the_one_below() -> None:
    picture = np.array([[RED, RED], [BLUE, RED]], np.uint8)
    (strip,) = half_blocks(picture, 2, 1)
    left, right = strip
    assert left.text == right.text == "▀"
    assert left.style is not None and left.style.color is not None and left.style.bgcolor is not None
    assert tuple(left.style.color.get_truecolor()) == RED
    assert tuple(left.style.bgcolor.get_truecolor()) == BLUE


def test_neighbours_of_one_colour_share_an_escape_sequence() -> None:
    (strip,) = half_blocks(np.zeros((2, 40, 3), np.uint8), 40, 1)
    assert [segment.text for segment in strip] == ["▀" * 40]


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 80), st.integers(1, 40))
def test_proportions_are_kept_and_the_room_is_used(width: int, height: int, columns: int, rows: int) -> None:
    across, down = fitted_size(np.zeros((height, width, 3), np.uint8), columns, rows)
    assert 1 <= across <= columns and 1 <= down <= rows
    assert across == columns or down == rows or 2 * down >= 2 * rows - 1


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(0, 255))
def test_resizing_keeps_a_uniform_picture_uniform(width: int, height: int, columns: int, rows: int, value: int) -> None:
    small = resized(np.full((height, width, 3), value, np.uint8), columns, rows)
    assert small.shape == (rows, columns, 3)
    assert (small == value).all()


def test_shrinking_takes_means() -> None:
    picture = np.array([[[0] * 3, [100] * 3], [[100] * 3, [200] * 3]], np.uint8)
    assert resized(picture, 1, 1).tolist() == [[[100, 100, 100]]]


def test_without_colour_lightness_becomes_letters() -> None:
    ramp = np.repeat(np.linspace(0, 255, 10).astype(np.uint8)[None, :, None], 3, axis=2)
    (strip,) = shades(ramp, 10, 1)
    assert strip.text == " .:-=+*#%@"
