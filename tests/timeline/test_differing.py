"""What a reload changed, in the words in which it is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from parseq_tui.timeline.differing import Difference, difference
from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Prompt, Prompts
from parseq_tui.timeline.time_series import TimeSeries

ROWS = (
    Keyframe(0, {"zoom": 1.0}),
    Keyframe(8, {"zoom": 2.0}, {"zoom": "S"}),
    Keyframe(8, {"zoom": 3.0}),
    Keyframe(16, {}, {}, "end"),
)
DOCUMENT = Document(ROWS, ("zoom", "angle"))


def _rows(*rows: Keyframe) -> Document:
    return replace(DOCUMENT, keyframes=tuple(sorted(rows, key=lambda row: row.frame)))


def _series(value: float) -> Document:
    return replace(DOCUMENT, time_series=(TimeSeries("low", np.zeros(2), np.full(2, value)),))


def test_nothing_differs_from_itself_however_it_was_read() -> None:
    again = _rows(*(replace(row, values=dict(row.values)) for row in ROWS))
    assert difference(DOCUMENT, again) == Difference()
    assert difference(_series(1), _series(1)) == Difference()
    assert Difference().in_words() == "no value changed"


@pytest.mark.parametrize(
    ("after", "cells", "words"),
    [
        (_rows(replace(ROWS[0], values={"zoom": 5.0}), *ROWS[1:]), ((0, "zoom"),), "1 cell changed"),
        (_rows(*ROWS[:3], replace(ROWS[3], info="coda")), ((16, ""),), "1 cell changed"),
        (_rows(*ROWS[:2], replace(ROWS[2], formulas={"angle": "1"}), ROWS[3]), ((8, "angle"),), "1 cell changed"),
        (_rows(*ROWS, Keyframe(4)), ((4, ""), (4, "zoom"), (4, "angle")), "1 row added"),
        (_rows(ROWS[0], ROWS[3]), (), "2 rows removed"),
        (replace(DOCUMENT, prompts=Prompts((Prompt("a", "cat"),))), (), "prompts changed"),
        (replace(DOCUMENT, options=Options(fps=30, bpm=99)), (), "fps, bpm changed"),
        (replace(DOCUMENT, managed_fields=("zoom",)), (), "fields changed"),
        (replace(DOCUMENT, render={"steps": 4}), (), "render settings changed"),
        (_series(1), (), "time series changed"),
    ],
)
def test_what_differs_is_named_and_what_is_in_the_table_can_be_seen(
    after: Document, cells: tuple[tuple[int, str], ...], words: str
) -> None:
    found = difference(DOCUMENT, after)
    assert sorted(found.seen) == sorted(cells)
    assert found.in_words() == words


def test_all_of_it_is_one_sentence() -> None:
    after = replace(
        _rows(replace(ROWS[0], values={"zoom": 5.0}), ROWS[3], Keyframe(4)), prompts=Prompts((Prompt("a", "cat"),))
    )
    assert difference(DOCUMENT, after).in_words() == "1 cell and prompts changed, 1 row added, 2 rows removed"
