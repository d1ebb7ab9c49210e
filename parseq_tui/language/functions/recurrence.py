"""Functions that look back at the field's own results, or remember an earlier value."""

from __future__ import annotations

from typing import Any

import numpy as np

from parseq_tui.language.declarations import function, number, variable
from parseq_tui.language.moment import Moment, Site
from parseq_tui.language.values import UNDEFINED, Numbers, Scalar, Undefined, Value, spread

CATEGORY = "looking back"


@variable(
    "prev_computed_value",
    category=CATEGORY,
    help="the field's value at the frame before; 0 at first",
    example="prev_computed_value+sin(p=40)/5",
    reads=("history",),
)
def previous_value(moment: Moment) -> Scalar:
    history = moment.run.history
    if not history or isinstance(history[-1], Undefined):
        return 0.0
    return history[-1]


def _active(moment: Moment) -> Numbers:
    return moment.active


def _default(moment: Moment) -> float:
    return moment.run.default


@function(
    "computed_at",
    number("f", help="an earlier frame", default=_active, shown="active_keyframe"),
    number("d", help="the value before the first frame", default=_default, shown="field default"),
    category=CATEGORY,
    help="the field's value at an earlier frame",
    example="computed_at(f-10)*0.5+10",
    reads=("history",),
)
def computed_at(moment: Moment, at: Numbers, default: Numbers) -> Value:
    future = at > moment.frames
    if np.any(future) if moment.count else future:
        moment.fail("computed_at() cannot look at a later frame", "future-frame", "give it an earlier one: f-1", future)
    if moment.count is None:
        return _looked_up(moment, float(at), float(default))
    # only in a prompt, which has no results of its own to look at
    chosen = np.flatnonzero(np.broadcast_to(at, moment.count) < 0)
    result = spread(UNDEFINED, moment.count)
    result[chosen] = np.broadcast_to(default, moment.count)[chosen]
    return result


def _looked_up(moment: Moment, at: float, default: float) -> Scalar:
    around, history = moment.around, moment.run.history
    index = at - around.first_frame
    if at < 0 or index < 0:
        return default
    if around.as_parseq:
        return history[int(index)] if index % 1 == 0 and index < len(history) else UNDEFINED
    if not history or index >= len(history):
        return default  # the frame itself has no result yet
    return history[int(index)] if index == index else default


@function(
    "recompute_if",
    number("if", help="when above 0, the second value is taken and remembered"),
    number("compute", "c", help="the value to take"),
    number("default", "d", help="the value until then", default=-1),
    category=CATEGORY,
    help="takes a value when a condition holds and keeps it until it holds again",
    example="recompute_if(f%20==0, rand(seed=1))",
    memory="call",
)
def recompute_if(moment: Moment, site: Site, condition: Numbers, compute: Numbers, default: Numbers) -> Any:
    if moment.count is None:
        if condition > 0:
            site.kept = float(compute)
        return default if site.kept is None else site.kept
    holds = np.broadcast_to(np.asarray(condition) > 0, moment.count)
    values = np.broadcast_to(compute, moment.count)
    last = np.maximum.accumulate(np.where(holds, np.arange(moment.count), -1))
    before = default if site.kept is None else site.kept
    if last[-1] >= 0:
        site.kept = float(values[last[-1]])
    return np.where(last >= 0, values[np.maximum(last, 0)], before)
