"""Blending with the frames before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pictures import furthest, noise, read

from parseq_tui.render.history import blend


def test_newest_first_as_the_reference_recommends() -> None:
    """Frame 4 of blend-video-lf3 with the correction: decay 0.3 over the last three outputs."""
    current, *earlier = (
        read(f"stages/blend-video-lf3/{name}.png")
        for name in ("current_00004", "fixed_00003", "fixed_00002", "fixed_00001")
    )
    assert furthest(blend(current, earlier, 0.3), read("stages/blend-video-lf3/fixed_00004.png")) == 0


@given(st.floats(0, 1), st.integers(1, 5))
def test_the_weights_are_a_geometric_series(decay: float, count: int) -> None:
    levels = [10, 200, 60, 130, 90, 255][: count + 1]
    pictures = [np.full((2, 2, 3), level, np.uint8) for level in levels]
    weights = [(1 - decay) * decay**age for age in range(count)] + [decay**count]
    expected = sum(weight * level for weight, level in zip(weights, levels, strict=True))
    assert abs(int(blend(pictures[0], pictures[1:], decay)[0, 0, 0]) - expected) <= 1 + count / 2


@given(st.floats(-3, 4), st.integers(0, 4))
def test_equal_pictures_stay_as_they_are(decay: float, count: int) -> None:
    picture = noise(6, 6)
    assert furthest(blend(picture, [picture.copy() for _ in range(count)], decay), picture) == 0


def test_nothing_to_blend_returns_the_very_same_picture() -> None:
    picture = noise(6, 6)
    assert blend(picture, [], 0.5) is picture
    assert blend(picture, [noise(6, 6, 1)], 0) is picture
    assert blend(picture, [noise(6, 6, 1)], -2) is picture


def test_full_decay_keeps_the_oldest_only() -> None:
    current, newer, older = (noise(6, 6, seed) for seed in range(3))
    assert furthest(blend(current, [newer, older], 1), older) == 0
