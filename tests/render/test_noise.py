"""The noise added before diffusion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pictures import furthest, mean_difference, read, smooth

from parseq_tui.errors import RenderError
from parseq_tui.render.noise import add_noise

pytestmark = pytest.mark.slow  # torch


@pytest.mark.parametrize(("frame", "seed"), [(1, 6), (3, 8)])
def test_perlin_noise_is_deforums(frame: int, seed: int) -> None:
    before, after = (read(f"stages/noise-perlin-{frame}-{when}.png") for when in ("before", "after"))
    assert furthest(add_noise(before, 0.2, seed, "perlin"), after) == 0


@pytest.mark.parametrize("kind", ["perlin", "uniform"])
def test_a_seed_means_the_same_noise_every_time_and_another_seed_another(kind: str) -> None:
    picture = smooth(64, 128)
    once = add_noise(picture, 0.2, 7, kind)
    assert furthest(once, add_noise(picture, 0.2, 7, kind)) == 0
    assert mean_difference(once, add_noise(picture, 0.2, 8, kind)) > 1


@pytest.mark.parametrize("kind", ["perlin", "uniform"])
def test_noise_is_centred_and_grows_with_the_amount(kind: str) -> None:
    grey = np.full((128, 128, 3), 127, np.uint8)
    spreads = [float(add_noise(grey, amount, 1, kind).std()) for amount in (0.02, 0.1, 0.4)]
    assert spreads == sorted(spreads) and spreads[0] > 0
    assert abs(float(add_noise(grey, 0.4, 1, kind).mean()) - 127) < 3


@pytest.mark.parametrize("kind", ["perlin", "uniform"])
@pytest.mark.parametrize("size", [(72, 136), (8, 8), (64, 200)])
def test_any_size_gets_noise(kind: str, size: tuple[int, int]) -> None:
    picture = smooth(*size)
    assert add_noise(picture, 0.3, 1, kind).shape == picture.shape


def test_nothing_asked_returns_the_very_same_picture() -> None:
    picture = smooth(16, 16)
    assert add_noise(picture, 0, 1, "perlin") is picture
    assert add_noise(picture, 0.5, 1, "none") is picture


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(RenderError, match="no noise called 'pink'"):
        add_noise(smooth(8, 8), 0.1, 1, "pink")
    with pytest.raises(RenderError, match="not finite"):
        add_noise(smooth(8, 8), math.nan, 1, "perlin")
