"""Documents through the whole chain (read, bake, export), against what Parseq's own engine computed.

Numbers agree to 1e-9. Where Parseq has no number (null), ours is free.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from parseq_tui.errors import DocumentError
from parseq_tui.formats.frames import export_frames
from parseq_tui.formats.native import dumps, loads
from parseq_tui.formats.source import DocumentOrigin
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document

CASES = sorted((Path(__file__).parent.parent / "data" / "parseq" / "docs").glob("*.json"))

OURS_KEEPS_THE_TAIL = {"seed-era-05": {"panx", "denoise"}}
"""2022's own upgrade threw away what follows the first oscillator (LANGUAGE Q28); these fields keep it here."""
OURS_HAS_NO_EMPTY_NEGATIVES = ("prompts-",)
"""Parseq appends ` --neg : 1 AND : 1` where two prompts have no negative (Q21); ours does not."""
OURS_TAKES_TEXT_AS_IT_IS = {"prompts-11"}
"""Parseq's template reads `$&` and the like in a prompt as commands (Q22); ours does not."""


def case_of(path: Path) -> dict[str, Any]:
    case = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(case, dict)
    return case


def text_of(case: dict[str, Any]) -> str:
    return json.dumps(case["doc"], indent=2, ensure_ascii=False)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_frames_are_those_of_parseq(path: Path) -> None:
    case = case_of(path)
    expected = case["expected"]
    if "error" in expected:
        assert_fails(case, expected)
        return
    document = loads(text_of(case))
    assert dumps(document) == text_of(case)
    table = bake(document)
    exported = json.loads(export_frames(document, table))
    assert_frames(case["id"], exported["rendered_frames"], expected["rendered_frames"])
    if "rendered_frames_meta" in expected:
        assert_meta(exported["rendered_frames_meta"], expected["rendered_frames_meta"])
    if expected.get("loaded") and case.get("format") != "seed-era":
        assert_loaded(document, expected["loaded"])
    for wrong in expected.get("formula_errors", ()):
        assert any(found.field == wrong["field"] for found in table.diagnostics), wrong


def assert_fails(case: dict[str, Any], expected: dict[str, Any]) -> None:
    """The same kind of error, for the same field and frame where Parseq names them."""
    try:
        document = loads(text_of(case))
    except DocumentError as error:
        assert error.kind == expected["error"]
        assert error.line is not None
        return
    errors = [found for found in bake(document).diagnostics if found.severity == "error"]
    assert errors[0].code == expected["error"]
    if "field" in expected:
        assert errors[0].field == (None if expected["field"] == "prompt" else expected["field"])
    assert all(name in errors[0].message for name in expected.get("fields", ()))
    if expected.get("frame") is not None:
        assert errors[0].frame == expected["frame"]


def assert_frames(case: str, ours: list[Any], theirs: list[Any]) -> None:
    assert len(ours) == len(theirs)
    free = OURS_KEEPS_THE_TAIL.get(case, set())
    if case.startswith("seed-era"):
        free = free | {"subseed_strength"}  # 2022 bent it with a sine; today's rule counts (LANGUAGE §9.1)
    for mine, other in zip(ours, theirs, strict=True):
        if other is None:
            assert mine is None
            continue
        assert list(mine) == list(other)
        for key in other.keys() - free:
            assert_value(case, key, mine[key], other[key])


def assert_value(case: str, key: str, mine: Any, other: Any) -> None:
    if other is None:
        return
    if isinstance(other, str):
        if case.startswith(OURS_HAS_NO_EMPTY_NEGATIVES):
            other, mine = (without_empty_negatives(text) for text in (other, mine))
        if case not in OURS_TAKES_TEXT_AS_IT_IS:
            assert mine == other, key
        return
    assert mine is not None, key
    assert math.isclose(mine, other, rel_tol=1e-9, abs_tol=1e-12), (key, mine, other)


def without_empty_negatives(text: str) -> str:
    positive, mark, negative = text.partition(" --neg ")
    blank = not "".join(part.partition(":")[0] for part in negative.split(" AND ")).strip()
    return positive if mark and blank else text


def assert_meta(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, list):
        assert ours == theirs
        return
    assert list(ours) == list(theirs)
    for field, meta in theirs.items():
        for key in ("max", "min"):
            if meta[key] is not None:
                assert math.isclose(ours[field][key], meta[key], rel_tol=1e-9, abs_tol=1e-12), (field, key)
        assert meta["max"] is None or ours[field]["isFlat"] == meta["isFlat"]


def assert_loaded(document: Document, loaded: dict[str, Any]) -> None:
    """Defaults and migrations gave what Parseq's loader gives."""
    options = loaded["options"]
    assert (document.options.fps, document.options.bpm) == (float(options["output_fps"]), float(options["bpm"]))
    assert document.options.cadence == options["cadence"]
    assert list(document.managed_fields) == loaded["managedFields"]
    assert list(document.displayed_fields) == loaded["displayedFields"]
    assert document.lock == loaded["keyframeLock"]
    assert document.reverse == loaded["reverseRender"]
    assert [row.frame for row in document.keyframes] == [row["frame"] for row in loaded["keyframes"]]
    prompts = loaded["prompts"]
    assert document.prompts.enabled == prompts["enabled"]
    assert document.prompts.common_position == prompts["commonPromptPos"]
    for mine, other in zip(document.prompts.entries, prompts["promptList"], strict=True):
        assert (mine.name, mine.positive, mine.negative) == (other["name"], other["positive"], other["negative"])
        assert (mine.all_frames, mine.overlap.kind) == (other["allFrames"], other["overlap"]["type"])


def test_what_an_old_loader_lost_is_said() -> None:
    """LANGUAGE Q28."""
    case = next(case_of(path) for path in CASES if path.stem == "seed-era-05")
    origin = loads(text_of(case)).origin
    assert isinstance(origin, DocumentOrigin)
    assert [(note.field, note.code) for note in origin.notes] == [("denoise", "lost-tail"), ("panx", "lost-tail")]
