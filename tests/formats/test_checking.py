"""`check`: every problem of a file at once, with where it stands and how to mend it."""

from __future__ import annotations

import pytest

from parseq_tui.formats.checking import check_file
from parseq_tui.formats.native import loads
from parseq_tui.language.diagnostics import Diagnostic, format_diagnostic
from parseq_tui.timeline.bake import bake


def problems(text: str) -> list[Diagnostic]:
    document = loads(text, "dance.json")
    return check_file(document, bake(document))


def document_of(rows: str = '{"frame": 0}, {"frame": 9}', fields: str = '"zoom"', more: str = "") -> str:
    return f'{{"managedFields": [{fields}],\n "keyframes": [\n{rows}\n]{more}}}'


def test_a_sound_document_has_no_problems() -> None:
    assert problems(document_of('{"frame": 0, "zoom": 1, "zoom_i": "S"}, {"frame": 9, "zoom": 2}')) == []


def test_a_broken_formula_is_shown_where_it_stands() -> None:
    (found,) = problems(document_of('{"frame": 0, "zoom_i": "1 + sni(p=4b)"}, {"frame": 9}'))
    assert (found.severity, found.file, found.line, found.column) == ("error", "dance.json", 3, 24)
    words = format_diagnostic(found)
    assert words.startswith("dance.json:3:24: error: zoom @ frame 0: ")
    assert "1 + sni(p=4b)\n        ^^^" in words


def test_all_problems_come_at_once() -> None:
    rows = '{"frame": 0, "zoom_i": "sni()", "angle_i": "1 +"},\n{"frame": 9, "zoom_i": "bogus"}'
    found = problems(document_of(rows, '"zoom", "angle"'))
    assert [(one.field, one.line) for one in found] == [("zoom", 3), ("angle", 3), ("zoom", 4)]


BOTH_SPACES = '{"frame": 0, "zoom": 1, "rotation_3d_x": 0}, {"frame": 9, "zoom": 2, "rotation_3d_x": 5}'
LATE = '{"name": "late", "positive": "x", "allFrames": false, "from": 50, "to": 60}'
FIRST = '{"name": "first", "positive": "x", "allFrames": false, "from": 0, "to": 4}'
TEMPLATE = '{"promptList": [{"positive": "x"}], "commonPrompt": {"positive": "photo"}, "commonPromptPos": "template"}'


@pytest.mark.parametrize(
    ("text", "code", "message", "hint", "line"),
    [
        (
            document_of('{"frame": 0, "zoom_i": "10-5-2"}, {"frame": 9}'),
            "grouping", "Parseq groups this differently", "(10-5)-2", 3,
        ),
        (document_of('{"frame": 0, "zoom_i": ".5"}, {"frame": 9}'), "grouping", "Parseq cannot read", "Parseq", 3),
        (document_of('{"frame": 0, "zoom_i": "_sqrt(0-f)"}, {"frame": 9}'),
         "not-finite", "undefined", "null", 3),
        (
            document_of('{"frame": 0, "strength": 0}, {"frame": 9, "strength": 2}', '"strength"'),
            "range", "goes above 1", "from 0 to 1", None,
        ),
        (
            document_of(BOTH_SPACES, '"zoom", "rotation_3d_x"'),
            "mixed-motion", "zoom moves the picture in 2D only", "space", None,
        ),
        (document_of('{"frame": 0, "angle_i": "S"}, {"frame": 9}'), "unmanaged", "not managed", "manage it", 3),
        (
            document_of('{"frame": 0},\n{"frame": 5, "zoom": 1},\n{"frame": 5, "zoom_i": "S"},\n{"frame": 9}'),
            "unreachable", "never counts", "merge", None,
        ),
        (document_of('{"frame": 0},\n{"frame": 5},\n{"frame": 5},\n{"frame": 9}'),
         "same-frame", "two keyframes", "merge", 4),
        (document_of('{"frame": 3}, {"frame": 9}'), "late-start", "first keyframe is at 3", "Parseq", 3),
        (document_of('{"frame": 0}'), "need-2-keyframes", "keyframe", "add", None),
        (document_of(fields='"zom"'),
         "unknown-field", "no program knows a field zom", "did you mean zoom", None),
        (
            document_of(more=f',\n"prompts": [{LATE}, {{"name": "on"}}]'),
            "never-shows", "from 50 to 60", "frames 0 to 9", 5,
        ),
        (
            document_of(more=f',\n"prompts": [{FIRST}]'),
            "no-prompt", "5 frames have no prompt", "stretch", None,
        ),
        (
            document_of(more=f',\n"prompts": {TEMPLATE}'),
            "template", "drops every prompt", "[prompt]", 5,
        ),
        (document_of(more=',\n"render": {"stepz": 5}'), "unknown-setting", "'stepz'", "did you mean steps", 5),
        (document_of(more=',\n"render": {"steps": "many"}'),
         "setting", "'steps' cannot be 'many'", "whole number", 5),
        (document_of(more=',\n"render": {"width": 100}'), "setting", "not a multiple of 8", "use", 5),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)  # fmt: skip
def test_what_only_looks_wrong_is_said_too(text: str, code: str, message: str, hint: str, line: int | None) -> None:
    found = [one for one in problems(text) if one.code == code]
    assert len(found) == 1
    assert message in found[0].message
    assert hint in found[0].hint
    if line is not None:
        assert found[0].line == line


def test_errors_come_before_warnings() -> None:
    found = problems(document_of('{"frame": 3, "zoom_i": "10-5-2"}, {"frame": 9, "zoom_i": "sni()"}'))
    assert [one.severity for one in found] == ["error", "warning", "warning"]


def test_parseqs_own_documents_are_not_told_how_parseq_reads_them() -> None:
    text = document_of('{"frame": 0, "zoom_i": "10-5-2"}, {"frame": 9}', more=', "meta": {"generated_by": "sd_parseq"}')
    assert problems(text) == []


def test_cells_that_count_as_empty_are_named() -> None:
    (found,) = problems(document_of('{"frame": 0, "zoom": "two", "own": "two"},\n{"frame": 9, "zoom": ""}'))
    assert (found.code, found.line, found.field) == ("not-a-number", 3, "zoom")
    assert "zoom_i" in found.hint


def test_a_field_listed_twice_is_named() -> None:
    (found,) = problems(document_of(fields='"zoom", "zoom"'))
    assert found.code == "repeated-field"
