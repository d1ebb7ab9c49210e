"""Documents become values: what defines a field, which formula is in force, and what a mistake leaves intact."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from parseq_tui.timeline.bake import MAX_CELLS, Baker, bake
from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.time_series import TimeSeries


def row(frame: int, info: str | None = None, **cells: float | str) -> Keyframe:
    """A row: `zoom=1.5` is a value, `zoom="S"` a formula, `zoom="2 | S"` both."""
    values: dict[str, float] = {}
    formulas: dict[str, str] = {}
    for name, cell in cells.items():
        value, both, formula = str(cell).partition(" | ")
        if isinstance(cell, str) and not both:
            formulas[name] = cell
            continue
        values[name] = float(value)
        if formula:
            formulas[name] = formula
    return Keyframe(frame, MappingProxyType(values), MappingProxyType(formulas), info)


def document(*rows: Keyframe, fields: tuple[str, ...] = ("zoom",), **parts: Any) -> Document:
    return Document(rows, fields, **parts)


def values(*rows: Keyframe, **parts: Any) -> list[float]:
    table = bake(document(*rows, **parts))
    assert not [problem for problem in table.diagnostics if problem.severity == "error"]
    return table["zoom"].tolist()


def test_straight_lines_by_default() -> None:
    assert values(row(0, zoom=0), row(4, zoom=4)) == [0, 1, 2, 3, 4]


def test_missing_ends_take_the_nearest_value_and_empty_fields_their_default() -> None:
    assert values(row(0), row(1, zoom=3), row(2, zoom=5), row(3)) == [3, 3, 5, 5]
    assert bake(document(row(0), row(2), fields=("translation_z", "own")))["translation_z"].tolist() == [10, 10, 10]
    assert bake(document(row(0), row(2), fields=("own",)))["own"].tolist() == [0, 0, 0]


def test_a_formula_is_in_force_until_the_next_whatever_rows_have_values() -> None:
    assert values(row(0, zoom="1 | S"), row(2, zoom=5), row(3, zoom="f"), row(5, zoom=0)) == [1, 1, 5, 3, 4, 5]


def test_k_counts_from_rows_with_a_value_of_this_field() -> None:
    assert values(row(0, zoom="1 | k"), row(2, angle=3), row(3, zoom=1), row(5, zoom=1)) == [0, 1, 2, 0, 1, 0]


def test_of_two_rows_on_a_frame_the_first_states_the_formula_and_the_last_gives_the_value() -> None:
    assert values(row(0, zoom=1), row(1, zoom="2 | S"), row(1, zoom="3 | S*0"), row(2, zoom=4)) == [1, 3, 4]


def test_a_document_may_begin_anywhere() -> None:
    table = bake(document(row(10, zoom="1 | prev_computed_value+1"), row(13, zoom=2)))
    assert table.first_frame == 10
    assert table.frames.tolist() == [10, 11, 12, 13]
    assert table["zoom"].tolist() == [1, 2, 3, 4]
    assert bake(document(row(-2, zoom="1 | computed_at(f-1, 9)"), row(0, zoom=2)))["zoom"].tolist() == [9, 9, 9]


def test_a_single_keyframe_is_a_single_frame() -> None:
    table = bake(document(row(5, zoom=3)))
    assert (table.frame_count, table["zoom"].tolist()) == (1, [3])
    assert [problem.code for problem in table.diagnostics] == ["need-2-keyframes"]


def test_results_look_back_across_formulas() -> None:
    looking_back = values(row(0, zoom='1 | "5"+f'), row(2, zoom="prev_computed_value+1"), row(4, zoom="computed_at(0)"))
    assert looking_back == [50, 51, 511, 5111, 50]


def test_memory_ends_where_a_formula_is_stated_again() -> None:
    drawn = values(row(0, zoom="1 | rand(s=1, h=99)"), row(2, zoom="rand(s=1, h=99)"), row(4, zoom=1))
    assert drawn[0] == drawn[2]
    held = values(row(0, zoom="1 | recompute_if(f==0, f+7)"), row(2, zoom="recompute_if(f==0, f+7)"), row(3))
    assert held == [7, 7, -1, -1]


def test_series_are_read_by_their_alias_the_first_of_a_name_winning() -> None:
    series = (
        TimeSeries("loud", np.array([0.0, 2.0]), np.array([1.0, 5.0])),
        TimeSeries("loud", np.array([0.0]), np.array([9.0])),
    )
    assert values(row(0, zoom="0 | loud(f, 1)"), row(3), time_series=series) == [1, 3, 5, 5]
    assert values(row(0, zoom="0 | loud"), row(3), time_series=series) == [1, 1, 1, 5]


def test_one_bad_cell_hides_nothing_else() -> None:
    made = document(
        row(0, zoom="0 | 1/(2-f)", angle="1 | S"),
        row(3, zoom="sni(p=4)"),
        row(5, zoom="7"),
        row(6, zoom=6, angle=1),
        fields=("zoom", "angle"),
    )
    table = bake(made)
    found = [(one.code, one.field, one.frame, one.keyframe) for one in table.diagnostics]
    assert found == [("divide-by-zero", "zoom", 2, 0), ("unknown-function", "zoom", 3, 3)]
    assert all(one.text and one.span and one.hint for one in table.diagnostics)
    assert table.failed_fields == {"zoom"}
    assert table["zoom"].tolist() == [0.5, 1, 2, 3, 4, 7, 7], "good frames stay, the rest is a straight line"
    assert table["angle"].tolist() == [1] * 7


def test_a_failing_field_keeps_the_values_it_had() -> None:
    baker = Baker()
    good = document(row(0, zoom="0 | sin(p=7)"), row(6, zoom=6))
    before = baker.bake(good)["zoom"].tolist()
    for bad in ("sin(p=", "sni(p=7)", "sin(q=7)"):
        table = baker.bake(replace(good, keyframes=(good.keyframes[0].with_formula("zoom", bad), good.keyframes[1])))
        assert table["zoom"].tolist() == before
        assert table.failed_fields == {"zoom"}
    assert not baker.bake(good).failed_fields


def test_other_fields_are_computed_first_in_whatever_order_they_stand() -> None:
    made = document(row(0, a='0 | field("b")+1', b='0 | field("c", f-1)*2', c=0), row(3, c=3), fields=("a", "b", "c"))
    table = bake(made)
    assert table["b"].tolist() == [0, 0, 2, 4]
    assert table["a"].tolist() == [1, 1, 3, 5]
    assert table.fields == ("a", "b", "c")


def test_fields_that_read_each_other_in_a_circle_are_told_so() -> None:
    made = document(row(0, a='1 | field("b")', b='2 | field("a")', c='0 | field("a")'), row(2), fields=("a", "b", "c"))
    table = bake(made)
    assert {(one.code, one.field) for one in table.diagnostics} == {("reference-cycle", "a"), ("reference-cycle", "b")}
    assert table["c"].tolist() == [1, 1, 1]
    itself = bake(document(row(0, zoom='1 | field("zoom")'), row(2)))
    assert [one.code for one in itself.diagnostics] == ["reference-cycle"]
    assert "prev_computed_value" in itself.diagnostics[0].hint


def test_parseq_reads_fields_managed_before_only() -> None:
    made = document(row(0, a='0 | dangerous("b")', b=5), row(1, b=6), fields=("a", "b"))
    assert bake(made)["a"].tolist() == [5, 6]
    assert bake(replace(made, dialect="parseq"))["a"].tolist() == [-1, -1]


def test_texts_and_infinities_are_worth_a_warning() -> None:
    table = bake(
        document(row(0, zoom='0 | if (f>1) "cat" else f', angle="0 | _log(f)"), row(3), fields=("zoom", "angle"))
    )
    assert [(one.severity, one.code, one.frame) for one in table.diagnostics] == [
        ("warning", "text-value", 2),
        ("warning", "not-finite", 0),
    ]
    assert not table.failed_fields


def test_rates_of_zero_are_told() -> None:
    table = bake(document(row(0, zoom="0 | s+b"), row(1), options=Options(fps=0, bpm=0)))
    assert {"no-fps", "no-bpm"} <= {one.code for one in table.diagnostics}


def test_absurd_lengths_are_cut_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1_000_000 <= MAX_CELLS <= 100_000_000
    monkeypatch.setattr("parseq_tui.timeline.bake.MAX_CELLS", 60_000)  # the real limit takes seconds
    fields = tuple(f"field_{i}" for i in range(300))
    table = bake(document(row(0), row(10**12), fields=fields))
    assert table.frame_count == 60_000 // 300
    assert table.diagnostics[0].code == "too-many-frames"


def test_unseeded_chance_is_the_documents_own() -> None:
    made = document(row(0, a="0 | rand()", b="0 | rand()"), row(9, a="rand()"), row(20), fields=("a", "b"))
    table = bake(made)
    assert table["a"].tolist() == bake(made)["a"].tolist()
    assert table["a"][0] != table["b"][0]
    assert table["a"][0] != table["a"][9]
    other = bake(replace(made, options=Options(random_seed=1)))
    assert table["a"][0] != other["a"][0]


def test_the_language_of_2022_refuses_what_it_refused() -> None:
    made = document(
        row(0, zoom="1 | S"),
        row(2, zoom="3 | if (f>3) 1 else 2"),
        row(4, zoom="1/(f-5)"),
        row(6, zoom=9),
        dialect="2022",
    )
    table = bake(made)
    assert table["zoom"].tolist() == [1, 1, 3, 3, -1, pytest.approx(np.inf), 1]
    errors = [(one.code, one.frame) for one in table.diagnostics if one.severity == "error"]
    assert errors == [("missing-first-or-last", 0), ("syntax", 2)], "and the fields this example leaves out"


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        ("sin(p=4, limit=1, other=k)", [0, 1, 0, -1, 0]),  # arguments nobody asked for were passed over
        ("pulse(4,0,1,0,2,9)", [1, 1, 0, 0, 1]),
        ("max(left=f, r=2, x=9)", [2, 2, 2, 3, 4]),
        ("L+sin()", [0, 0, 0, 0, 0]),  # one missing in its place was found at every frame, which counts as 0
        ("min(3)", [0, 0, 0, 0, 0]),
        ("sin(phase=1)", [1, 2, 3, 4, 5]),  # one missing by name was found at once: the formula before stays
        ("max(a=1, b=9)", [1, 2, 3, 4, 5]),
        ("9 # nine", [1, 2, 3, 4, 5]),
        ("- 9", [1, 2, 3, 4, 5]),
    ],
)
def test_calls_of_2022_were_read_as_they_were(formula: str, values: list[float]) -> None:
    """LANGUAGE §14.3."""
    made = document(row(0, zoom=f"1 | {formula}"), row(4, zoom=5), dialect="2022")
    assert bake(made)["zoom"] == pytest.approx(values, abs=1e-12)


def test_tables_cannot_be_written_to() -> None:
    table = bake(document(row(0, zoom=0), row(4, zoom=4)))
    with pytest.raises(ValueError, match="read-only"):
        table["zoom"][0] = 5
