"""Decimation keeps what can be seen: the extremes of every dot column, and a curve without holes."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parseq_tui.ui.drawing.decimate import column_starts, connected, dot_of, extremes

values_with_gaps = arrays(
    np.float64,
    st.integers(1, 3000),
    elements=st.floats(-1e6, 1e6) | st.just(np.nan) | st.just(np.inf),
)


@given(values_with_gaps, st.integers(1, 400))
@example(np.arange(25.0), 22)  # a frame lies on the border of two columns
def test_every_columns_extremes_are_drawn_in_that_column(values: np.ndarray, columns: int) -> None:
    low, high = extremes(values, columns)
    finite = np.where(np.isfinite(values), values, np.nan)
    column = np.floor([dot_of(index, 0, values.size, columns) for index in range(values.size)]).astype(int)
    for each in np.unique(column):
        inside = finite[column == each]
        if np.isnan(inside).all():
            assert np.isnan(low[each]) and np.isnan(high[each])
        else:
            assert (low[each], high[each]) == (np.nanmin(inside), np.nanmax(inside))


@given(st.integers(1, 100_000), st.integers(1, 500), st.data())
def test_a_spike_of_one_frame_is_never_lost(count: int, columns: int, data: st.DataObject) -> None:
    values = np.zeros(count)
    spike = data.draw(st.integers(0, count - 1))
    values[spike] = 7
    _, high = connected(*extremes(values, columns))
    assert high[int(dot_of(spike, 0, count, columns))] == 7


@given(arrays(np.float64, st.integers(1, 500), elements=st.floats(-1e6, 1e6)), st.integers(1, 300))
def test_a_connected_curve_has_no_holes_and_invents_no_extremes(values: np.ndarray, columns: int) -> None:
    before_low, before_high = extremes(values, columns)
    low, high = connected(before_low, before_high)
    assert (low <= before_low).all() and (high >= before_high).all()
    assert low.min() == before_low.min() and high.max() == before_high.max()
    tolerance = 1e-9 * max(1.0, np.abs(values).max())
    assert (np.maximum(low[1:], low[:-1]) <= np.minimum(high[1:], high[:-1]) + tolerance).all()


@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-9, 9)), st.integers(40, 300))
def test_between_few_frames_lies_the_straight_line(values: np.ndarray, columns: int) -> None:
    low, high = extremes(values, columns)
    assert (low == high).all()
    frames = (np.arange(columns) + 0.5) * values.size / columns - 0.5
    line = np.interp(frames, np.arange(values.size), values)
    steepest = np.abs(np.diff(values)).max()
    assert (np.abs(low - line) <= steepest * values.size / columns + 1e-9).all()


def test_gaps_stay_gaps_and_a_lonely_frame_stays() -> None:
    low, _ = extremes(np.array([1.0, np.nan, 3.0, np.nan, np.nan]), 10)
    assert np.isnan(low).tolist() == [False, False, True, True, True, False, True, True, True, True]
    assert np.isnan(extremes(np.full(50, np.nan), 7)[0]).all()
    assert np.isnan(extremes(np.zeros(0), 7)[0]).all()


@given(st.integers(1, 10_000), st.data())
def test_no_column_is_without_a_frame(count: int, data: st.DataObject) -> None:
    columns = data.draw(st.integers(1, count))
    starts = column_starts(count, columns)
    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
