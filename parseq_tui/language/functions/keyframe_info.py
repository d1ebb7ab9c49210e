"""Rows found by their labels: `info_match` and its relatives.

Labels belong to the rows of the whole document, whatever the field. Patterns are regular expressions of JavaScript's
kind; `patterns` bounds the time they take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parseq_tui.language.declarations import function, number, text
from parseq_tui.language.moment import Moment, each_distinct
from parseq_tui.language.patterns import Pattern, PatternError
from parseq_tui.language.values import Floats, Numbers, as_number, each

CATEGORY = "labels"

_REGEX = text("regex", "r", help="a pattern that the label contains (a regular expression)")
_DEFAULT = number("default", "d", help="the value where there is no such row", default=-1)
_TEXT_DEFAULT = text("default", "d", help="the value where there is no such row, as a text", default="-1")


def _matches(moment: Moment, pattern: str) -> NDArray[np.bool_]:
    """Which rows of the document have a label that matches, shape (rows,)."""
    labels = moment.around.labels
    if pattern not in labels.found:
        try:
            compiled = Pattern(pattern)
            known = {label: compiled.found_in(label) for label in set(labels.texts) if label is not None}
        except PatternError as error:
            moment.fail(str(error), "bad-regex", 'escape special characters with two backslashes: "\\\\("')
        labels.found[pattern] = np.fromiter(
            (label is not None and known[label] for label in labels.texts), np.bool_, len(labels.texts)
        )
    return labels.found[pattern]


def _latest(moment: Moment, pattern: str) -> Any:
    """Frame of the latest matching row at or before each frame; NaN if there is none."""
    rows = moment.around.labels.frames[_matches(moment, pattern)]
    return _row(rows, np.searchsorted(rows, moment.frames, side="right") - 1)


def _following(moment: Moment, pattern: str) -> Any:
    """Frame of the first matching row after each frame; NaN if there is none."""
    rows = moment.around.labels.frames[_matches(moment, pattern)]
    return _row(rows, np.searchsorted(rows, moment.frames, side="right"))


def _row(rows: Floats, index: Any) -> Any:
    """The frame of a row; NaN where there is none of that index."""
    return np.concatenate(([np.nan], rows, [np.nan]))[index + 1]


def _or_default(found: Any, default: Numbers) -> Any:
    return np.where(np.isnan(found), default, found)


def _for_each_pattern(moment: Moment, regex: Any, find: Callable[[Moment, str], Any]) -> Any:
    return each_distinct(moment, regex, lambda pattern, here: find(here, pattern))


@function(
    "info_match",
    _REGEX,
    category=CATEGORY,
    help="1 while the latest row's label matches, else 0",
    example='info_match("a")',
    reads=("labels",),
)
def info_match(moment: Moment, regex: Any) -> Any:
    return _for_each_pattern(moment, regex, _latest_row_matches)


def _latest_row_matches(moment: Moment, pattern: str) -> Any:
    row = np.searchsorted(moment.around.labels.frames, moment.frames, side="right")
    return np.concatenate(([0.0], _matches(moment, pattern)))[row]


@function(
    "info_match_count",
    _REGEX,
    category=CATEGORY,
    help="how many rows so far have a matching label",
    example='info_match_count("a")',
    reads=("labels",),
)
def info_match_count(moment: Moment, regex: Any) -> Any:
    def count(here: Moment, pattern: str) -> Any:
        rows: Floats = here.around.labels.frames[_matches(here, pattern)]
        return np.searchsorted(rows, here.frames, side="right") * 1.0

    return _for_each_pattern(moment, regex, count)


@function(
    "info_match_prev",
    _REGEX,
    _TEXT_DEFAULT,
    category=CATEGORY,
    help="frame of the latest row whose label matches",
    example='info_match_prev("a")',
    aliases=("info_match_last",),
    reads=("labels",),
)
def info_match_prev(moment: Moment, regex: Any, default: Any) -> Any:
    return _or_default(_for_each_pattern(moment, regex, _latest), each(as_number, default))  # type: ignore[arg-type]


@function(
    "info_match_next",
    _REGEX,
    _DEFAULT,
    category=CATEGORY,
    help="frame of the next row whose label matches",
    example='info_match_next("a")',
    reads=("labels",),
)
def info_match_next(moment: Moment, regex: Any, default: Numbers) -> Any:
    return _or_default(_for_each_pattern(moment, regex, _following), default)


@function(
    "info_match_gap",
    _REGEX,
    _DEFAULT,
    category=CATEGORY,
    help="frames between the matching rows around this frame",
    example='info_match_gap("a")',
    reads=("labels",),
)
def info_match_gap(moment: Moment, regex: Any, default: Numbers) -> Any:
    latest = _for_each_pattern(moment, regex, _latest)
    return _or_default(_for_each_pattern(moment, regex, _following) - latest, default)


@function(
    "info_match_progress",
    _REGEX,
    _DEFAULT,
    category=CATEGORY,
    help="0 to 1 on the way between the matching rows around this frame",
    example='info_match_progress("a")',
    reads=("labels",),
)
def info_match_progress(moment: Moment, regex: Any, default: Numbers) -> Any:
    latest = _for_each_pattern(moment, regex, _latest)
    following = _for_each_pattern(moment, regex, _following)
    return _or_default((moment.frames - latest) / (following - latest), default)


@function(
    "info_match_since",
    _REGEX,
    _DEFAULT,
    category=CATEGORY,
    help="frames since the latest matching row",
    example='info_match_since("a")',
    reads=("labels",),
)
def info_match_since(moment: Moment, regex: Any, default: Numbers) -> Any:
    return _or_default(moment.frames - _for_each_pattern(moment, regex, _latest), default)


@function(
    "info_match_until",
    _REGEX,
    _DEFAULT,
    category=CATEGORY,
    help="frames until the next matching row",
    example='info_match_until("a")',
    reads=("labels",),
)
def info_match_until(moment: Moment, regex: Any, default: Numbers) -> Any:
    return _or_default(_for_each_pattern(moment, regex, _following) - moment.frames, default)
