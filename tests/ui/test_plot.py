"""Pictures of curves as text: axes, marks, scales, fallbacks. What the terminal shows is asserted as it is read."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parseq_tui.timeline.prompts import Overlap, Prompt
from parseq_tui.ui.drawing.plot import ChartRequest, Curve, chart, plot_text
from parseq_tui.ui.drawing.ranges import range_bar, weights
from parseq_tui.ui.drawing.raster import DOTS, Glyphs, Span, paint
from parseq_tui.ui.drawing.scales import labels, round_numbers, scale_of
from parseq_tui.ui.drawing.sparkline import sparkline

GLYPHS: tuple[Glyphs, ...] = ("braille", "block", "ascii")


def test_a_ramp_in_ascii_reads_like_a_ramp() -> None:
    assert plot_text({"zoom": np.arange(8.0)}, 14, 8, x0=100, glyphs="ascii", marks=[100]) == [
        "A zoom 0…7",
        " |         ***",
        "5|       ***",
        " |    ****",
        " |  ***",
        "0|A**",
        " |+-----------",
        "  100",
    ]


@pytest.mark.parametrize("glyphs", GLYPHS)
def test_every_row_is_as_wide_as_asked(glyphs: Glyphs) -> None:
    made = chart(ChartRequest((Curve("a", np.sin(np.arange(500.0))),), 60, 12, 0, 500, glyphs=glyphs))
    assert made is not None
    assert {len(row) for row in made.cells.rows} == {60}
    assert made.cells.series.shape == (12, 60)


def test_ascii_is_ascii() -> None:
    text = plot_text({"a": np.arange(50.0), "b": np.arange(50.0)[::-1]}, 40, 10, glyphs="ascii", playhead=20, marks=[3])
    assert "".join(text[1:]).isascii()


@given(st.integers(0, 99_999), st.sampled_from(GLYPHS), st.integers(20, 160))
@settings(max_examples=30, deadline=None)
def test_a_spike_of_one_frame_in_100000_is_drawn_where_it_is(frame: int, glyphs: Glyphs, width: int) -> None:
    values = np.zeros(100_000)
    values[frame] = 1
    made = chart(ChartRequest((Curve("a", values),), width, 8, 0, 100_000, glyphs=glyphs))
    assert made is not None
    column = made.column_of(frame)
    assert column is not None
    assert made.cells.series[0, column] == 1


@given(st.integers(1, 3000), st.integers(12, 200), st.data())
def test_columns_and_frames_belong_together(count: int, width: int, data: st.DataObject) -> None:
    shown = data.draw(st.integers(1, count))
    start = data.draw(st.integers(0, count - shown))
    made = chart(ChartRequest((Curve("a", np.arange(float(count))),), width, 6, start, shown, glyphs="ascii"))
    if made is None:
        return
    for column in range(made.left, made.left + made.canvas_width):
        frame = made.frame_at(column)
        assert start - 1 <= frame <= start + shown
        there = made.column_of(min(max(frame, start), start + shown - 1))
        assert there is not None
        assert abs(there - column) <= 1 + made.canvas_width // shown
    assert made.column_of(start - 1) is None
    assert made.column_of(start + shown) is None


def test_own_scales_use_the_whole_height_and_a_shared_one_compares() -> None:
    series = {"small": np.array([0.0, 1.0] * 10), "large": np.array([0.0, 100.0] * 10)}
    assert plot_text(series, 40, 10, scale="own")[0] == "1● small 0…1  2■ large 0…100"
    assert plot_text(series, 40, 10, scale="shared")[0] == "1● small 0…100  2■ large 0…100"


def test_curves_are_told_apart_without_colour() -> None:
    text = "\n".join(plot_text({"a": np.zeros(30), "b": np.ones(30)}, 40, 10, marks=[5, 20], scale="shared"))
    assert text.count("●") == 3 and text.count("■") == 3


def test_colour_is_one_code_per_curve() -> None:
    rows = plot_text({"a": np.arange(30.0)}, 40, 10, color=True, colors=("34",))
    assert rows[0].startswith("\x1b[34m● a")
    assert "\x1b[34m" in rows[1] and rows[1].endswith("\x1b[0m")
    assert "\x1b" not in "".join(plot_text({"a": np.arange(30.0)}, 40, 10))


@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [np.nan],
        [np.inf, -np.inf, 1.0],
        [1e308, -1e308],
        [5.0] * 50,
        [1e-300, 2e-300],
        [0.0, np.nan, 3.0, np.nan],
    ],
    ids=str,
)
@pytest.mark.parametrize("glyphs", GLYPHS)
def test_strange_values_draw_something_and_never_fail(values: list[float], glyphs: Glyphs) -> None:
    assert len(plot_text({"a": np.array(values)}, 40, 8, glyphs=glyphs)) == 8


def test_where_there_is_nothing_to_draw_or_no_room_there_is_no_text() -> None:
    assert plot_text({}, 40, 10) == []
    assert plot_text({"a": np.zeros(0)}, 40, 10) == []
    assert plot_text({"a": np.arange(9.0)}, 9, 10) == []
    assert plot_text({"a": np.arange(9.0)}, 40, 3) == []


def test_names_from_files_cannot_move_the_cursor() -> None:
    assert "\x1b" not in plot_text({"a\x1b[2Jb\n": np.arange(9.0)}, 40, 10)[0]


def test_no_window_ends_the_process() -> None:
    """Windows of every kind, off the edges too: a failed assertion in plotext's kernel takes everything with it."""
    program = """
import random, numpy as np
from parseq_tui.ui.drawing.plot import *
rng = random.Random(1)
wave = np.sin(np.arange(400) / 9) * 50
curves = tuple(Curve(str(i), values, series=i) for i, values in enumerate((wave, np.floor(wave / 9), np.cumsum(wave))))
for _ in range(150):
    count = rng.randint(1, 450); start = rng.randint(-20, 400)
    glyphs = rng.choice(("braille", "block", "ascii"))
    beat = rng.uniform(0, 40)
    chart(ChartRequest(curves, rng.randint(12, 120), rng.randint(4, 30), start, count, beat=beat, glyphs=glyphs))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("glyphs", GLYPHS)
def test_a_sparkline_in_the_middle_of_a_paint_loads_nothing(glyphs: Glyphs) -> None:
    program = f"""
import sys
import numpy as np
from parseq_tui.ui.drawing.sparkline import sparkline
before = set(sys.modules)
assert sparkline(np.array([0.0, 1.0, np.nan, -2.0]), 3, {glyphs!r}).strip()
sys.exit(" ".join(set(sys.modules) - before) or 0)
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_dots_of_two_curves_share_a_character_and_the_upper_curve_owns_it() -> None:
    low = Span(np.array([0.0, 0.0]), np.array([0.0, 0.0]), 0)
    high = Span(np.array([3.0, np.nan]), np.array([3.0, np.nan]), 1)
    cells = paint(1, 1, [low, high], "braille")
    assert cells.rows == ("⣁",)
    assert cells.series.tolist() == [[2]]


@pytest.mark.parametrize(("glyphs", "picture"), [("braille", "⢸"), ("block", "▐"), ("ascii", "+")])
def test_every_glyph_is_read_off_the_same_dots(glyphs: Glyphs, picture: str) -> None:
    across, down = DOTS[glyphs]
    low, high = np.full(across, np.nan), np.full(across, np.nan)
    low[-1], high[-1] = 0, down - 1
    assert paint(1, 1, [Span(low, high, 1)], glyphs).rows == (picture,)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9), st.integers(1, 9))
def test_round_numbers_are_few_ordered_and_inside(low: float, span: float, most: int) -> None:
    numbers = round_numbers(low, low + span, most)
    assert len(numbers) <= most
    assert numbers == sorted(numbers)
    assert all(low - span * 1e-3 <= number <= low + span * (1 + 1e-3) for number in numbers)


@given(st.floats(-1e300, 1e300) | st.floats(-1e7, 1e7), st.floats(1e-9, 2), st.integers(2, 9))
def test_labels_say_which_number_is_meant(low: float, relative: float, most: int) -> None:
    numbers = round_numbers(low, low + max(abs(low), 1e-6) * relative, most)
    texts = labels(numbers)
    assert len(set(texts)) == len(numbers)
    step = min((b - a for a, b in pairwise(numbers)), default=abs(low))
    assert all(abs(float(text) - number) <= step / 10 for text, number in zip(texts, numbers, strict=True))


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([0.0, 0.5, 1.0], ["0.0", "0.5", "1.0"]),
        ([200_000.0, 400_000.0], ["200000", "400000"]),
        ([1e9, 2e9], ["1e+09", "2e+09"]),
        ([1e-9, 1.5e-9], ["1e-09", "1.5e-09"]),
        ([1_000_000.1, 1_000_000.2], ["1000000.1", "1000000.2"]),
        ([-3.0, -2.9999999999], ["-3", "-2.9999999999"]),
    ],
)
def test_labels_are_as_short_as_they_can_be(numbers: list[float], texts: list[str]) -> None:
    assert labels(numbers) == texts


def test_a_constant_lies_in_the_middle_of_its_scale() -> None:
    assert scale_of([np.array([2.0, 2.0])]).fraction(np.array([2.0]))[0] == pytest.approx(0.5)
    assert scale_of([np.zeros(3)]).fraction(np.zeros(1))[0] == 0.5


@given(st.lists(st.floats(-1e9, 1e9) | st.just(np.nan), max_size=500), st.integers(0, 60), st.sampled_from(GLYPHS))
def test_a_sparkline_is_as_wide_as_asked(values: list[float], width: int, glyphs: Glyphs) -> None:
    assert len(sparkline(np.array(values, dtype=np.float64), width, glyphs)) == width


@pytest.mark.parametrize("glyphs", GLYPHS)
def test_a_sparkline_shows_a_spike(glyphs: Glyphs) -> None:
    flat, spike = np.zeros(5000), np.zeros(5000)
    spike[1234] = -1
    assert sparkline(spike, 30, glyphs) != sparkline(flat, 30, glyphs)
    assert len(set(sparkline(spike, 30, glyphs))) >= 2


def test_a_prompts_bar_fades_with_its_weight() -> None:
    fading = Prompt("b", all_frames=False, start=10, end=29, overlap=Overlap("linear", 10, 0))
    assert range_bar(fading, 0, 40, 20, 39, "ascii") == "     ..-+######     "
    assert weights(fading, np.array([9.0, 10, 15, 20, 29, 30]), 39).tolist() == [0, 0, 0.5, 1, 1, 0]
    out = Prompt("b", all_frames=False, start=0, end=10, overlap=Overlap("linear", 0, 10))
    assert weights(out, np.array([0.0, 5, 10]), 39).tolist() == [1, 0.5, 0]
    assert range_bar(Prompt(all_frames=True), 0, 40, 8, 39, "ascii") == "########"


def test_a_prompt_of_one_frame_is_still_on_its_bar() -> None:
    assert "█" in range_bar(Prompt(all_frames=False, start=5003, end=5003), 0, 10_000, 20, 9_999, "braille")


def test_curves_are_numbered_along_their_way_where_colours_do_not_tell_them_apart() -> None:
    curves = tuple(Curve(f"c{n}", np.full(400, float(n)), series=n) for n in range(8))
    request = ChartRequest(curves, 120, 20, 0, 400, scale="shared", numbered=True)
    made = chart(request)
    assert made is not None
    for n in range(8):
        row = made.cells.rows[made.row_of(n, float(n))]
        assert row.count(str(n + 1)) >= 4, "also far from keyframes and from the end"
    columns = [[x for x, mark in enumerate(row[made.left : -1]) if mark.isdigit()] for row in made.cells.rows[:18]]
    flat = [x for row in columns for x in row]
    assert len(flat) == len(set(flat)), "no two in one column: none hides another"
    for usual in (replace(request, numbered=False), replace(request, glyphs="ascii")):
        drawn = chart(usual)
        assert drawn is not None and not any(mark.isdigit() for row in drawn.cells.rows[:18] for mark in row[5:-1])


def test_what_is_only_tried_is_dashed_and_hides_nothing() -> None:
    flat = np.zeros(100)
    tried = Curve("zoom?", flat + 1, series=8, scale_of="zoom", dashed=True)
    made = chart(ChartRequest((Curve("zoom", flat), tried), 60, 12, 0, 100))
    assert made is not None
    rows = [row[made.left : -1] for row in made.cells.rows[: made.canvas_height]]
    solid = rows[made.row_of(0, 0.0)]
    gaps = [character in " \u2800" for character in rows[made.row_of(1, 1.0)]]
    assert " " not in solid and gaps == [index % 4 == 3 for index in range(len(gaps))]
    plain = chart(ChartRequest((Curve("zoom", flat), tried), 60, 12, 0, 100, glyphs="ascii"))
    assert plain is not None
    drawn = "".join(plain.cells.rows[: plain.canvas_height])
    assert "*" in drawn and "?" in drawn, "ASCII has a mark of its own for it"


@given(
    frames=st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted),
    window=st.tuples(st.integers(0, 200), st.integers(4, 300)),
    width=st.integers(30, 120),
)
def test_a_prompts_range_stands_under_its_frames_column_by_column(
    frames: list[int], window: tuple[int, int], width: int
) -> None:
    (start, end), (first, count) = frames, window
    made = chart(ChartRequest((Curve("zoom", np.zeros(600)),), width, 10, first, count))
    assert made is not None
    bar = range_bar(Prompt(all_frames=False, start=start, end=end), first, count, made.canvas_width, 599, "braille")
    marked = [made.left + column for column, mark in enumerate(bar) if mark != "·"]
    columns = range(made.left, made.left + made.canvas_width)
    under = [column for column in columns if start <= made.frame_at(column) <= end]
    shorter_than_a_cell = [made.column_of(start)] if first <= start < first + count else []
    assert marked == (under or shorter_than_a_cell)
