"""818 formulas, against what Parseq's own interpreter computed for them: values to 1e-9, and kinds of errors."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parseq_tui.errors import FormulaError
from parseq_tui.language.execution import execute, prepared
from parseq_tui.language.moment import Labels, Points, Run, Series, Surroundings
from parseq_tui.language.parseq_grouping import to_ordinary_grouping
from parseq_tui.language.values import UNDEFINED, Scalar, spread

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "parseq" / "expressions.json").read_text(encoding="utf-8")
)

OURS_READS_MORE = {".5", "# hello\n1", "(1 # one\n)", "rand( )", "- 1", "-\n1", "--5", "- 5", "if (1)2", "not(1)"}
"""What Parseq refuses and people type anyway."""
PARSEQ_TAKES_FOR_OPERATORS = {"1 #+\n2", "6 #*\n7", "1 # a-b\n2", '2 "x-y" 3'}
"""Comments and texts that hold an operator's sign (LANGUAGE Q5): ours refuses them."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['area']}")
def test_formula(case: dict[str, Any]) -> None:
    expected = case["expected"]
    if case["expr"] in OURS_READS_MORE:
        assert "error" in expected
        values_of(case)
        return
    if case["expr"] in PARSEQ_TAKES_FOR_OPERATORS:
        expected = {"error": "syntax"}
    if isinstance(expected, dict):
        with pytest.raises(FormulaError) as raised:
            values_of(case)
        assert raised.value.kind == expected["error"]
        return
    values = values_of(case)
    assert len(values) == len(expected)
    for ours, theirs in zip(values, map(decoded, expected), strict=True):
        assert agrees(ours, theirs), (values, expected)


def values_of(case: dict[str, Any]) -> list[Scalar]:
    """The raw results, as the reference context of the corpus says: rows with a value define the field."""
    context = case["context"]
    rows = context["keyframes"]
    formula, traits = prepared(to_ordinary_grouping(case["expr"]), "field", "parseq")
    points = Points(
        np.array([row["frame"] for row in rows if "value" in row], dtype=np.float64),
        np.array([row["value"] for row in rows if "value" in row], dtype=np.float64),
    )
    frames = np.array([row["frame"] for row in rows], dtype=np.float64)
    around = Surroundings(
        fps=float(context["fps"]),
        bpm=float(context["bpm"]),
        cadence=float(context["cadence"]),
        final_frame=float(frames.max()),
        labels=Labels(frames, tuple(row.get("info") for row in rows)),
        series={entry["alias"]: series_of(entry) for entry in reversed(context.get("timeSeries", []))},
        rules="parseq",
    )
    every = np.arange(case["frames"], dtype=np.float64)
    value, failure = execute(formula, traits, Run(around, points, "field"), every, points.active_at(every))
    if failure is not None:
        if isinstance(case["expected"], dict) and "frame" in case["expected"]:
            assert failure.frame == case["expected"]["frame"]
        raise failure.error
    results: list[Scalar] = spread(value, len(every)).tolist()
    return results


def series_of(entry: dict[str, Any]) -> Series:
    data = np.array(entry["data"], dtype=np.float64).reshape(-1, 2)
    return Series(data[:, 0], data[:, 1], entry["timestampType"] == 1)


def decoded(value: Any) -> Scalar:
    if not isinstance(value, dict):
        return value if isinstance(value, str) else float(value)
    if value["t"] == "undefined":
        return UNDEFINED
    return float({"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}[value["v"]])


def agrees(ours: Scalar, theirs: Scalar) -> bool:
    if not isinstance(theirs, float) or not isinstance(ours, float):
        return ours == theirs or ours is theirs
    if not math.isfinite(theirs):
        return ours == theirs or (math.isnan(ours) and math.isnan(theirs))
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
