"""Decimation keeps what can be seen: the extremes of every dot column, in their order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parseq_tui.ui.drawing.decimate import column_starts, dot_of, minmax

values_with_gaps = arrays(
    np.float64,
    st.integers(1, 3000),
    elements=st.floats(-1e6, 1e6) | st.just(np.nan) | st.just(np.inf),
)


@given(values_with_gaps, st.integers(1, 400))
def test_every_columns_extremes_are_drawn_in_that_column(values: np.ndarray, columns: int) -> None:
    x, y = minmax(values, columns)
    finite = np.where(np.isfinite(values), values, np.nan)
    column = np.floor([dot_of(index, 0, values.size, columns) for index in range(values.size)])
    drawn = np.floor(x)
    for each in np.unique(column):
        inside = finite[column == each]
        shown = y[drawn == each]
        if np.isnan(inside).all():
            assert np.isnan(shown).all()
        else:
            assert np.nanmin(shown) == np.nanmin(inside)
            assert np.nanmax(shown) == np.nanmax(inside)


@given(st.integers(1, 100_000), st.integers(1, 500), st.data())
def test_a_spike_of_one_frame_is_never_lost(count: int, columns: int, data: st.DataObject) -> None:
    values = np.zeros(count)
    spike = data.draw(st.integers(0, count - 1))
    values[spike] = 7
    x, y = minmax(values, columns)
    assert y.max() == 7
    assert abs(x[y == 7][0] - dot_of(spike, 0, count, columns)) <= 1


@given(arrays(np.float64, st.integers(2, 2000), elements=st.floats(-9, 9)), st.integers(1, 300))
def test_there_are_at_most_two_points_per_column_and_time_never_runs_back(values: np.ndarray, columns: int) -> None:
    x, y = minmax(values, columns)
    assert x.size == y.size <= max(2 * columns, min(values.size, columns))
    assert (np.diff(x) >= 0).all()
    assert x[0] > 0 and x[-1] < columns


def test_extremes_of_a_column_come_in_the_order_in_which_they_occur() -> None:
    up_then_down = np.array([0.0, 5.0, 1.0, 9.0, 3.0, 2.0])
    assert minmax(up_then_down, 2)[1].tolist() == [0, 5, 9, 2]


@given(st.integers(1, 10_000), st.data())
def test_no_column_is_without_a_frame(count: int, data: st.DataObject) -> None:
    columns = data.draw(st.integers(1, count))
    starts = column_starts(count, columns)
    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
