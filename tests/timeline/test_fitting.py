"""A keyframe that is made on a curve leaves the curve as it is there, whatever its formula makes of the number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_bake import document, row

from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.fitting import fitting_numbers, reads_numbers

FIELDS = ("zoom", "angle")


def before_and_after(formula: str, frames: tuple[int, ...], first: float = 1.0) -> tuple[list[float], list[float]]:
    """The curve at `frames`, and what it is there once each of them holds the number that fits."""
    ends = (row(0, zoom=f"{first} | {formula}", angle=2.0), row(60, zoom=2.0, angle=8.0))
    was = document(*ends, fields=FIELDS)
    table = bake(was)
    numbers = fitting_numbers(was, table, "zoom", frames).tolist()
    made = [row(frame, zoom=number) for frame, number in zip(frames, numbers, strict=True)]
    now = bake(document(ends[0], *made, ends[1], fields=FIELDS))
    places = np.array(frames)
    return table["zoom"][places].tolist(), now["zoom"][places].tolist()


@pytest.mark.parametrize(
    "formula",
    ["L", "S", "C", "S + 0.3*sin(p=4b)", "S + 0.06*k", "2*L + 1", "S^2 + 1", "C + f/10", "bez(0.5,0,0.5,1) + angle",
     "if (f > 5) S*2 else S", "slide(in=1b) - 1"],
)  # fmt: skip
def test_the_curve_stays_where_it_was(formula: str) -> None:
    was, now = before_and_after(formula, (7, 30, 31))
    assert now == pytest.approx(was, abs=1e-6)


@given(st.floats(-100, 100), st.floats(-10, 10), st.floats(0.1, 10), st.integers(1, 59))
def test_whatever_is_added_or_multiplied(first: float, plus: float, times: float, frame: int) -> None:
    was, now = before_and_after(f"S*{times!r} + ({plus!r})", (frame,), first)
    assert now == pytest.approx(was, abs=1e-5)


@pytest.mark.parametrize("formula", ["2 + f", "S*(k > 0)", "prev_computed_value + S", "S +", "nonsense(S)"])
def test_it_is_the_curves_value_where_no_number_would_do(formula: str) -> None:
    was = document(row(0, zoom=f"1 | {formula}"), row(60, zoom=2.0))
    table = bake(was)
    assert fitting_numbers(was, table, "zoom", (30,)).tolist() == [table["zoom"][30]]


def test_there_is_none_outside_of_the_table() -> None:
    was = document(row(0, zoom=1.0), row(60, zoom=2.0))
    assert np.isnan(fitting_numbers(was, bake(was), "zoom", (99,))).all()


def test_what_reads_the_numbers_of_its_field() -> None:
    assert reads_numbers("S + 1") and reads_numbers("bez()") and reads_numbers("sin(")
    assert not reads_numbers("2 + f") and not reads_numbers("angle*2")
