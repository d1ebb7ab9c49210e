"""A Baker computes only what an edit touched, and gives what a fresh bake gives."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.bake import Baker, bake
from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Prompt, Prompts
from parseq_tui.timeline.time_series import TimeSeries

FIELDS = ("zoom", "angle", "noise", "scale")
FORMULAS = (
    "L",
    "S",
    "C",
    "bez()",
    "prev_computed_value*0.5+L",
    "rand(s=4)",
    "rand()",
    'field("zoom", f-2)+1',
    'field("angle")*2',
    'dangerous("scale")',
    'info_match_count("a")',
    "loud + next_keyframe",
    "final_frame-f",
    "2b",
    '"4"+k',
)
START = Document(
    (
        Keyframe(0, {"zoom": 1.0, "angle": 2.0}, {"noise": 'info_match("a")', "scale": 'field("zoom")'}, "a"),
        Keyframe(4, {"zoom": 3.0}),
        Keyframe(9, {"angle": 1.0}),
    ),
    FIELDS,
    prompts=Prompts((Prompt("one", "cat ${zoom} ${final_frame}", "dog ${angle}"),)),
    time_series=(TimeSeries("loud", np.array([0.0, 5.0]), np.array([1.0, 2.0])),),
)

_fields = st.sampled_from(FIELDS)
_edits = st.one_of(
    st.tuples(st.just("value"), st.integers(0, 9), _fields, st.one_of(st.none(), st.integers(-5, 5).map(float))),
    st.tuples(st.just("formula"), st.integers(0, 9), _fields, st.one_of(st.none(), st.sampled_from(FORMULAS))),
    st.tuples(st.just("info"), st.integers(0, 9), st.sampled_from([None, "a", "b"])),
    st.tuples(st.just("insert"), st.integers(0, 12), _fields, st.integers(-5, 5).map(float)),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.just("options"), st.sampled_from([Options(), Options(fps=10), Options(random_seed=3)])),
    st.tuples(st.just("fields"), st.permutations(FIELDS), st.integers(1, 4)),
    st.tuples(st.just("series"), st.integers(0, 3).map(float)),
    st.tuples(st.just("prompt"), st.sampled_from(["a ${angle}", "b ${noise} ${next_keyframe}", "c"])),
)


def edited(document: Document, edit: tuple) -> Document:  # type: ignore[type-arg]
    rows = list(document.keyframes)
    kind, *rest = edit
    at = rest[0] % len(rows) if isinstance(rest[0], int) else 0
    match kind:
        case "value":
            rows[at] = rows[at].with_value(rest[1], rest[2])
        case "formula":
            rows[at] = rows[at].with_formula(rest[1], rest[2])
        case "info":
            rows[at] = replace(rows[at], info=rest[1])
        case "insert":
            rows.append(Keyframe(rest[0], MappingProxyType({rest[1]: rest[2]})))
            rows.sort(key=lambda row: row.frame)
        case "delete" if len(rows) > 2:
            del rows[at]
        case "options":
            return replace(document, options=rest[0])
        case "fields":
            return replace(document, managed_fields=tuple(rest[0][: rest[1]]))
        case "series":
            return replace(document, time_series=(TimeSeries("loud", np.array([0.0]), np.array([rest[0]])),))
        case "prompt":
            return replace(document, prompts=Prompts((Prompt("one", rest[0]),)))
    return replace(document, keyframes=tuple(rows))


def free_to_differ(document: Document, failed: frozenset[str]) -> set[str]:
    """A failed field may keep what it had in the bake before; so may those that read other fields."""
    if not failed:
        return set()
    formulas = [(name, text) for row in document.keyframes for name, text in row.formulas.items()]
    return {*failed, *(name for name, text in formulas if "field(" in text or "dangerous(" in text)}


def told(table: FrameTable, free: set[str]) -> set[Diagnostic]:
    """Every error, and what is remarked on fields that must not differ."""
    return {problem for problem in table.diagnostics if problem.severity == "error" or problem.field not in free}


@given(st.lists(_edits, max_size=8))
def test_after_any_edits_the_table_is_that_of_a_fresh_bake(edits: list) -> None:  # type: ignore[type-arg]
    baker, document = Baker(), START
    baker.bake(document)
    for edit in edits:
        document = edited(document, edit)
        table, fresh = baker.bake(document), bake(document)
        assert table.fields == fresh.fields
        assert table.failed_fields == fresh.failed_fields
        free = free_to_differ(document, fresh.failed_fields)
        assert told(table, free) == told(fresh, free)
        for name in table.fields:
            if name not in free:
                np.testing.assert_array_equal(table[name], fresh[name])
        if not fresh.failed_fields:
            assert list(table.positive) == list(fresh.positive)
            assert list(table.negative) == list(fresh.negative)


def test_what_an_edit_does_not_touch_is_not_computed_again() -> None:
    baker = Baker()
    before = baker.bake(START)
    rows = (START.keyframes[0], START.keyframes[1].with_value("angle", 7.0), START.keyframes[2])
    after = baker.bake(replace(START, keyframes=rows))
    assert after["angle"] is not before["angle"]
    assert all(after[name] is before[name] for name in ("zoom", "noise", "scale"))


def test_what_reads_a_changed_field_is_computed_again() -> None:
    baker = Baker()
    before = baker.bake(START)
    rows = (START.keyframes[0], START.keyframes[1].with_value("zoom", 7.0), START.keyframes[2])
    after = baker.bake(replace(START, keyframes=rows))
    assert after["scale"] is not before["scale"]
    assert after["scale"][4] == 7.0
    assert after["noise"] is before["noise"]


def test_the_same_document_is_the_same_table() -> None:
    baker = Baker()
    assert baker.bake(START) is baker.bake(START)


def test_what_reads_a_changed_time_series_is_computed_again() -> None:
    baker = Baker()
    rows = (START.keyframes[0].with_formula("angle", "loud"), *START.keyframes[1:])
    heard = replace(START, keyframes=rows)
    before = baker.bake(heard)
    after = baker.bake(replace(heard, time_series=(TimeSeries("loud", np.array([0.0]), np.array([6.0])),)))
    assert (before["angle"][0], after["angle"][0]) == (1.0, 6.0)
    assert all(after[name] is before[name] for name in ("zoom", "noise", "scale"))
