"""Shaping a time series: each step alone, and their order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from parseq_tui.timeline.series_shaping import Shaping, shaped
from parseq_tui.timeline.time_series import TimeSeries

Values = st.lists(st.floats(-1e6, 1e6), max_size=40)


def series(values: list[float] | NDArray[np.float64]) -> TimeSeries:
    return TimeSeries("a", np.arange(len(values), dtype=np.float64), np.array(values, np.float64))


@pytest.mark.parametrize(
    ("shaping", "expected"),
    [
        (Shaping(), [-4, 0, 2, 8]),
        (Shaping(absolute=True), [4, 0, 2, 8]),
        (Shaping(smooth=2), [-4, -2, 1, 5]),
        (Shaping(smooth=3), [-4, -2, 1, 5]),
        (Shaping(smooth=4), [-2, -2 / 3, 1.5, 10 / 3]),
        (Shaping(keep=(0, 5)), [0, 2]),
        (Shaping(limit=(0, 5)), [0, 0, 2, 5]),
        (Shaping(scale=(0, 1)), [0, 1 / 3, 0.5, 1]),
        (Shaping(absolute=True, keep=(1, 9), scale=(10, 20)), [40 / 3, 10, 20]),
    ],
)
def test_steps(shaping: Shaping, expected: list[float]) -> None:
    np.testing.assert_allclose(shaped(series([-4, 0, 2, 8]), shaping).y, expected)


def test_dropped_points_take_their_positions_along() -> None:
    assert shaped(series([5, 1, 6]), Shaping(keep=(4, 9))).x.tolist() == [0, 2]


@given(Values, st.integers(1, 9))
def test_an_average_stays_between_the_least_and_the_greatest(values: list[float], width: int) -> None:
    smooth = shaped(series(values), Shaping(smooth=width)).y
    assert len(smooth) == len(values)
    if values:
        assert min(values) - 1e-3 <= smooth.min() <= smooth.max() <= max(values) + 1e-3


@given(Values)
def test_scaling_reaches_both_ends(values: list[float]) -> None:
    y = shaped(series(values), Shaping(scale=(2, 3))).y
    if len(set(values)) > 1:
        assert (y.min(), y.max()) == (2, 3)
    elif values:
        assert set(y.tolist()) == {2.0}
