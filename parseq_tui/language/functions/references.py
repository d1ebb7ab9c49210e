"""Names of the document: other fields, and time series."""

from __future__ import annotations

from typing import Any

import numpy as np

from parseq_tui.errors import UnknownName
from parseq_tui.language.declarations import function, number, text
from parseq_tui.language.functions.timing import frame, series_here
from parseq_tui.language.moment import Moment, each_distinct
from parseq_tui.language.values import Floats, Numbers, as_number

CATEGORY = "other fields"

_FRAME = number("frame", "f", help="the frame to read it at", default=frame, shown="f")


def is_named(name: str, moment: Moment) -> bool:
    """Whether a bare name means a field (in prompts) or a time series here."""
    return (moment.run.in_prompt and name in moment.around.columns) or name in moment.around.series


def named_value(name: str, moment: Moment) -> Any:
    """The field's or time series' value at each frame."""
    if moment.run.in_prompt and name in moment.around.columns:
        return _at_whole_frames(moment, moment.around.columns[name], moment.frames, np.nan)
    return series_here(moment, moment.around.series[name])


def _at_whole_frames(moment: Moment, column: Floats, at: Any, elsewhere: float) -> Any:
    """The column's value at frames that it has, `elsewhere` at any others."""
    index = np.asarray(at) - moment.around.first_frame
    inside = (index >= 0) & (index < len(column)) & (index == np.floor(index))
    if not len(column):
        return np.full(np.shape(index), elsewhere)
    return np.where(inside, column[np.where(inside, index, 0).astype(np.int64)], elsewhere)


@function(
    "field",
    text("name", "n", help="the field, written out in quotes"),
    _FRAME,
    category=CATEGORY,
    help="the value of another field, at this frame or any other",
    example='field("zoom", f-10)',
    reads=("fields",),
    ours=True,
)
def field_value(moment: Moment, name: Any, at: Numbers) -> Any:
    return each_distinct_with(moment, name, at, _read_field)


def _read_field(moment: Moment, name: str, at: Any) -> Any:
    """Between frames a straight line; before the first and after the last frame, their values."""
    column = moment.around.columns.get(name)
    if name == moment.run.name and not moment.run.in_prompt:
        moment.fail(f"{name} cannot read itself", "reference-cycle", "use prev_computed_value, or computed_at(f-1)")
    if column is None:
        known = ", ".join(moment.around.columns)
        hint = f"fields that can be read here: {known}" if known else "the document manages no other field"
        moment.refuse(UnknownName(f"there is no managed field {name!r} to read", hint=hint))
    index = np.clip(np.asarray(at) - moment.around.first_frame, 0, len(column) - 1)
    whole = np.floor(index)
    left = np.where(np.isnan(whole), 0, whole).astype(np.int64)
    share = index - whole
    first = column[left]
    return np.where(share == 0, first, first + share * (column[np.minimum(left + 1, len(column) - 1)] - first))


@function(
    "dangerous",
    text("name", "n", help='the field, or "frame"'),
    _FRAME,
    category=CATEGORY,
    help="Parseq's way to read a field computed earlier; −1 where it has no value. Prefer field()",
    example='dangerous("zoom")',
    reads=("fields",),
)
def dangerous(moment: Moment, name: Any, at: Numbers) -> Any:
    return each_distinct_with(moment, name, at, _read_dangerously)


def _read_dangerously(moment: Moment, name: str, at: Any) -> Any:
    if moment.run.in_prompt:
        return np.full(np.shape(at), -1.0)
    if name == "frame":
        inside = (np.asarray(at) >= moment.around.first_frame) & (np.asarray(at) <= moment.around.final_frame)
        if moment.around.as_parseq and not moment.around.columns:
            inside &= np.asarray(at) < moment.frames  # frames come into being with the first field that is computed
        found = np.where(inside & (np.asarray(at) == np.floor(at)), at, -1.0)
    elif name == moment.run.name:
        history = moment.run.history
        index = float(at) - moment.around.first_frame
        whole = index == index and 0 <= index < len(history) and index == int(index)
        found = np.asarray(as_number(history[int(index)]) if whole else -1.0)
    elif name in moment.around.columns:
        found = _at_whole_frames(moment, moment.around.columns[name], at, -1.0)
    else:
        return np.full(np.shape(at), -1.0)
    # in Parseq a true 0 cannot be told from a missing value
    return np.where((found == 0) | np.isnan(found), -1.0, found) if moment.around.as_parseq else found


def each_distinct_with(moment: Moment, names: Any, at: Any, read: Any) -> Any:
    """`read(moment, name, at)` for each distinct name, put together for all frames."""
    if isinstance(names, str):
        return read(moment, names, at if moment.count is None else np.broadcast_to(at, moment.count))
    frames = np.broadcast_to(at, len(names))
    return each_distinct(moment, names, lambda name, here: read(here, name, frames[names == name]))
