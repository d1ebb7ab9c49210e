"""The file's `timeSeries`, in and out (LANGUAGE §12.1): {alias, ts: {data: [{x, y}, …], timestampType: 0 | 1}}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parseq_tui.formats.source import WrongPart
from parseq_tui.language.numbers_as_text import text_number
from parseq_tui.timeline.time_series import TimeSeries


def read_series(raw: Any) -> tuple[TimeSeries, ...]:
    """The series of a file. Raises WrongPart."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise WrongPart([], "a list")
    return tuple(_one(entry, index) for index, entry in enumerate(raw))


def _one(entry: Any, index: int) -> TimeSeries:
    if not isinstance(entry, dict) or not isinstance(entry.get("alias"), str):
        raise WrongPart([index], 'an object: {"alias": "…", "ts": {"data": [{"x": 0, "y": 1}]}}')
    series = entry.get("ts")
    data = series.get("data") if isinstance(series, dict) else None
    if not isinstance(series, dict) or not isinstance(data, list):
        raise WrongPart([index, "ts"], 'an object: {"data": [{"x": 0, "y": 1}], "timestampType": 0}')
    x, y = (_column(data, key, index) for key in ("x", "y"))
    unit = series.get("timestampType", 0)
    if unit not in (0, 1):
        raise WrongPart([index, "ts", "timestampType"], "0 (frames) or 1 (milliseconds)")
    return TimeSeries(entry["alias"], x, y, "milliseconds" if unit == 1 else "frames", entry)


def _column(data: list[Any], key: str, index: int) -> NDArray[np.float64]:
    column = np.empty(len(data))
    for place, point in enumerate(data):
        value = point.get(key) if isinstance(point, dict) else None
        if isinstance(value, str):
            value = text_number(value)
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e300:
            raise WrongPart([index, "ts", "data", place], 'a point: {"x": 0, "y": 1}')
        column[place] = value
    return column


def write_series(series: TimeSeries) -> Mapping[str, Any]:
    """What the file shall say of a series: what was read, or the points."""
    if isinstance(series.origin, Mapping):
        return series.origin
    points = [{"x": x, "y": y} for x, y in zip(series.x.tolist(), series.y.tolist(), strict=True)]
    return {"alias": series.alias, "ts": {"data": points, "timestampType": int(series.unit == "milliseconds")}}
