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
            known = {label: compiled.found_in(label) for label in set(labels.texts) if isinstance(label, str)}
        except PatternError as error:
            moment.fail(str(error), "bad-regex", 'escape special characters with two backslashes: "\\\\("')
        labels.found[pattern] = np.fromiter(
            (known.get(label, False) for label in labels.texts), np.bool_, len(labels.texts)
        )
    return labels.found[pattern]


def _refuse_bad_labels(moment: Moment, earlier: bool = True, later: bool = False) -> None:
    """Fails at the first frame that has to look at a label that is no text."""
    labels = moment.around.labels
    bad = labels.frames[[label is not None and not isinstance(label, str) for label in labels.texts]]
    if not len(bad):
        return
    looked_at = (earlier & (moment.frames >= bad[0])) | (later & (moment.frames < bad[-1]))
    moment.require(
        ~np.asarray(looked_at), "a row's label is not a text", "info-not-string", 'put the label in quotes: "info": "5"'
    )


def _latest(moment: Moment, pattern: str) -> Any:
    """Frame of the latest matching row at or before each frame; NaN if there is none."""
    _refuse_bad_labels(moment)
    rows = moment.around.labels.frames[_matches(moment, pattern)]
    index = np.searchsorted(rows, moment.frames, side="right") - 1
    return (
        np.where(index >= 0, rows[np.maximum(index, 0)], np.nan)
        if len(rows)
        else np.full(np.shape(moment.frames), np.nan)
    )


def _following(moment: Moment, pattern: str) -> Any:
    """Frame of the first matching row after each frame; NaN if there is none."""
    _refuse_bad_labels(moment, earlier=False, later=True)
    rows = moment.around.labels.frames[_matches(moment, pattern)]
    index = np.searchsorted(rows, moment.frames, side="right")
    return (
        np.where(index < len(rows), rows[np.minimum(index, len(rows) - 1)], np.nan)
        if len(rows)
        else np.full(np.shape(moment.frames), np.nan)
    )


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
    labels = moment.around.labels
    matching = _matches(moment, pattern)
    row = np.searchsorted(labels.frames, moment.frames, side="right") - 1
    if not len(labels.frames):
        return np.zeros(np.shape(moment.frames))
    bad = np.fromiter((t is not None and not isinstance(t, str) for t in labels.texts), np.bool_, len(labels.texts))
    at = np.maximum(row, 0)
    moment.require(
        ~(bad[at] & (row >= 0)),
        "a row's label is not a text",
        "info-not-string",
        'put the label in quotes: "info": "5"',
    )
    return np.where((row >= 0) & matching[at], 1.0, 0.0)


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
        _refuse_bad_labels(here)
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
