"""Time: frames, seconds, beats, the keyframes around a frame, and time series."""

from __future__ import annotations

from typing import Any

import numpy as np

from parseq_tui.language.declarations import Function, function, number, text, variable
from parseq_tui.language.functions.arithmetic import half_up
from parseq_tui.language.functions.interpolators import step_value
from parseq_tui.language.moment import Moment, Series, each_distinct
from parseq_tui.language.values import Floats, Numbers

CATEGORY = "time"
KEYFRAMES = "keyframes"


@variable("f", category=CATEGORY, help="the current frame", example="f")
def frame(moment: Moment) -> Numbers:
    return moment.frames


@variable("s", category=CATEGORY, help="the current time in seconds", example="s")
def seconds(moment: Moment) -> Any:
    return np.divide(moment.frames, moment.around.fps)


@variable("b", category=CATEGORY, help="the current time in beats", example="b")
def beats(moment: Moment) -> Any:
    return np.divide(moment.frames, moment.around.frames_per_beat)


@variable("wb", category=CATEGORY, help="the current time in whole beats", example="wb")
def whole_beats(moment: Moment) -> Any:
    return np.floor(beats(moment))


@variable("fps", category=CATEGORY, help="frames per second", example="f/fps")
def frame_rate(moment: Moment) -> float:
    return moment.around.fps


@variable("bpm", category=CATEGORY, help="beats per minute", example="s*bpm/60")
def beat_rate(moment: Moment) -> float:
    return moment.around.bpm


@variable("cadence", category=CATEGORY, help="every how many frames a picture is generated", example="f%cadence")
def cadence(moment: Moment) -> float:
    return moment.around.cadence


@variable(
    "final_frame", "last_frame", category=KEYFRAMES, help="the last keyframe of the document", example="f/final_frame"
)
def final_frame(moment: Moment) -> float:
    return moment.around.final_frame


@variable("k", category=KEYFRAMES, help="frames since the field's active keyframe", example="k")
def since_keyframe(moment: Moment) -> Any:
    return moment.frames - moment.active


@variable(
    "active_keyframe",
    "prev_keyframe",
    category=KEYFRAMES,
    help="the field's latest keyframe",
    example="active_keyframe",
)
def active_keyframe(moment: Moment) -> Numbers:
    return moment.active


@variable(
    "next_keyframe",
    category=KEYFRAMES,
    help="the field's next keyframe (after the last: the last)",
    example="next_keyframe",
)
def next_keyframe(moment: Moment) -> Any:
    x = moment.run.points.x
    if not len(x):
        return moment.active
    return x[np.minimum(moment.before + 1, len(x) - 1)]


@variable(
    "active_keyframe_value",
    "prev_keyframe_value",
    category=KEYFRAMES,
    help="the value of the field's latest keyframe",
    example="active_keyframe_value",
)
def active_keyframe_value(moment: Moment) -> Any:
    return step_value(moment)


@variable(
    "next_keyframe_value",
    category=KEYFRAMES,
    help="the value of the field's next keyframe",
    example="next_keyframe_value",
)
def next_keyframe_value(moment: Moment) -> Any:
    points = moment.run.points
    after = moment.before + 1
    beyond = after >= len(points.x)
    if not len(points.y):
        if not np.all(beyond):
            moment.fail(
                "there is no keyframe value here",
                "no-keyframe-values",
                "in a prompt no keyframe has a value: give to=, or name a field",
                np.logical_not(beyond),
            )
        return np.nan
    # after several rows on one frame the value is that of the first of them
    value = points.y[np.minimum(after, len(points.y) - 1)]
    if moment.around.as_parseq:
        return np.where(beyond & (value == 0), np.nan, value)
    return value


_AMOUNT = number("v", help="the value")
_FRAME = number("f", help="the frame", default=frame, shown="f")


@function("f2b", _AMOUNT, category=CATEGORY, help="frames to beats", example="f2b(f)")
def frames_to_beats(moment: Moment, v: Numbers) -> Any:
    return np.divide(v, moment.around.frames_per_beat)


@function("f2s", _AMOUNT, category=CATEGORY, help="frames to seconds", example="f2s(f)")
def frames_to_seconds(moment: Moment, v: Numbers) -> Any:
    return np.divide(v, moment.around.fps)


@function("b2f", _AMOUNT, category=CATEGORY, help="beats to frames", example="b2f(wb)")
def beats_to_frames(moment: Moment, v: Numbers) -> Any:
    return np.multiply(v, moment.around.frames_per_beat)


@function("s2f", _AMOUNT, category=CATEGORY, help="seconds to frames", example="s2f(floor(s))")
def seconds_to_frames(moment: Moment, v: Numbers) -> Any:
    return np.multiply(v, moment.around.fps)


_ROUNDINGS: dict[str, Any] = {"d": np.floor, "u": np.ceil, "r": half_up}


@function(
    "start_of_beat",
    _FRAME,
    text("round", "r", help='to a whole frame: "d" down, "u" up, "r" nearest', default="r"),
    category=CATEGORY,
    help="the frame at which the current beat began",
    example="f-start_of_beat()",
)
def start_of_beat(moment: Moment, at: Numbers, rounding: Any) -> Any:
    beat = np.multiply(np.floor(np.divide(at, moment.around.frames_per_beat)), moment.around.frames_per_beat)
    columns: dict[str, Any] = {}

    def check(letter: str, here: Moment) -> float:
        if letter not in _ROUNDINGS:
            here.fail(f"there is no rounding {letter!r}", "rounding-mode", 'use "d" (down), "u" (up) or "r" (nearest)')
        columns[letter] = _ROUNDINGS[letter](beat)
        return 0.0

    each_distinct(moment, rounding, check)
    if isinstance(rounding, str):
        return columns[rounding]
    return np.select([rounding == letter for letter in columns], list(columns.values()))


@function(
    "is_generation",
    _FRAME,
    category=CATEGORY,
    help="1 on frames that are generated, 0 between (cadence)",
    example="is_generation()",
)
def is_generation(moment: Moment, at: Numbers) -> Any:
    return np.where(np.fmod(at, moment.around.cadence) == 0, 1.0, 0.0)


def series_value(series: Series, at: Any, straight: Any, fps: float) -> Any:
    """The series at frames `at`: straight lines between its points where `straight`, else steps (LANGUAGE §12.2)."""
    if not len(series.x):
        return np.zeros(np.shape(at)) if np.ndim(at) else 0.0
    position = np.divide(at, fps) * 1000 if series.milliseconds else np.asarray(at)
    found = np.searchsorted(series.reached, position, side="left")
    last = len(series.x) - 1
    right = np.minimum(found, last)
    left = np.maximum(right - 1, 0)
    stepped = np.where(found > last, series.y[last], np.where(found == 0, series.y[0], series.y[left]))
    if not np.any(straight):
        return stepped
    share = (position - series.x[left]) / (series.x[right] - series.x[left])
    line = series.y[left] + share * (series.y[right] - series.y[left])
    inner = (found > 0) & (found <= last)
    return np.where(np.asarray(straight, dtype=bool) & inner, line, stepped)


def series_here(moment: Moment, series: Series) -> Any:
    """What the bare alias of a time series means: its value at the current frame, in steps."""
    return series_value(series, moment.frames, False, moment.around.fps)


def _call_series(moment: Moment, series: Series, at: Numbers, straight: Numbers, *_: Floats) -> Any:
    return series_value(series, at, np.asarray(straight != 0) & ~np.isnan(straight), moment.around.fps)


SERIES_CALL = Function(
    "time series",
    (
        number("a", help="the frame", default=0),
        number("b", help="1 for straight lines between the points, 0 for steps", default=0),
        *(number(name, help="not used", default=0) for name in "cdefg"),
    ),
    CATEGORY,
    "the value of a time series at a frame",
    "f",
    _call_series,
)
"""How the alias of a time series is called. Not in FUNCTIONS: its name is the document's choice."""
