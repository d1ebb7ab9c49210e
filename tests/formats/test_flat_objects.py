"""The short way of changing an object in its text gives what the long way gives, to the character."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.formats.flat_objects import rewritten_flat
from parseq_tui.formats.native import dumps, loads
from parseq_tui.timeline.edits import InsertKeyframe, SetCells

_KEYS = ("frame", "info", "zoom", "zoom_i", "angle", "angle_i", "own")
_VALUES = st.one_of(
    st.integers(-5, 5), st.floats(-10, 10).map(lambda number: round(number, 3)), st.sampled_from(["", "S", "ä = 1"])
)
_LAYOUTS = st.sampled_from([("{", ", ", "}", ": "), ("{ ", ",", " }", ":"), ("{\n  ", ",\n  ", "\n}", " : ")])


def _text(content: dict[str, Any], layout: tuple[str, str, str, str]) -> str:
    opening, between, closing, colon = layout
    parts = [f"{json.dumps(key)}{colon}{json.dumps(value, ensure_ascii=False)}" for key, value in content.items()]
    return opening + between.join(parts) + closing


@given(
    st.dictionaries(st.sampled_from(_KEYS[1:]), _VALUES, min_size=1),
    st.dictionaries(st.sampled_from(["zoom", "angle", "own"]), st.none() | st.floats(-3, 3)),
    st.dictionaries(st.sampled_from(["zoom", "angle", "own"]), st.none() | st.sampled_from(["S", "sin(p=4b)"])),
    _LAYOUTS,
)
def test_rows_are_written_as_the_long_way_writes_them(
    content: dict[str, Any],
    values: dict[str, float | None],
    formulas: dict[str, str | None],
    layout: tuple[str, str, str, str],
) -> None:
    row = _text({"frame": 0, **content}, layout)
    text = f'{{"managedFields": ["zoom", "angle", "own"], "keyframes": [{row}, {{"frame": 9}}]}}'
    changed = SetCells("change", {0: values}, {0: formulas}).apply(loads(text))
    changed = InsertKeyframe(4, {"zoom": 1.5}, {"own": "sin(p=4b)"}, "new").apply(changed)
    short = dumps(changed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("parseq_tui.formats.writing.rewritten_flat", lambda text, changes: None)
        patched.setattr("parseq_tui.formats.writing.spelled_like_flat", lambda model, content: None)
        assert short == dumps(changed)


@pytest.mark.parametrize(
    "text", ['{"a": [1], "b": 2}', '{"a": "\\n", "b": 2}', '{"a": 1}', '{"a": "}", "b": {"c": 1}}']
)
def test_what_is_not_plain_is_left_to_the_long_way(text: str) -> None:
    assert rewritten_flat(text, {"b": 3}) is None


def test_a_value_keeps_everything_around_it() -> None:
    assert rewritten_flat('{ "a": 1.50,  "b": 2 }', {"b": 2.5}) == '{ "a": 1.50,  "b": 2.5 }'
