"""Whatever a file holds, it opens or says what is wrong, where, and how to mend it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from document_texts import texts
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import DocumentError
from parseq_tui.formats.exact_json import MAX_DEPTH
from parseq_tui.formats.native import dumps, load, loads
from parseq_tui.timeline.bake import bake

ROWS = '"keyframes": [{"frame": 0}, {"frame": 9}]'


def failure(text: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        loads(text, "dance.json")
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "column", "pointer", "message", "hint"),
    [
        ('{\n "keyframes": [\n  {"frame": 0},\n ]\n}', 4, 2, "/keyframes/1", "a comma before", "remove the comma"),
        (
            '{"keyframes": [{"frame": 0 "zoom": 1}]}',
            1,
            28,
            "/keyframes/0",
            "comma or a closing",
            "add the missing comma",
        ),
        ('{"a": {"b": [1, 2, {"c": 1, "c": 2}]}}', 1, 29, "/a/b/2/c", '"c" stands here twice', "keep one"),
        ('{"options": {"bpm": NaN}}', 1, 21, "/options/bpm", "NaN is not", "finite"),
        ('{"options": {"bpm": -Infinity}}', 1, 21, "/options/bpm", "-Infinity is not", "finite"),
        ("{'keyframes': []}", 1, 2, "", "single quotes", "double quotes"),
        ('{"keyframes": [] // rows\n}', 1, 18, "", "a comment", "remove it"),
        ('{"name": "dan\nce"}', 1, 14, "/name", "a line break", "\\n"),
        ('{"name": "dance}', 1, 10, "/name", "never closed", "missing"),
        ('{"name": "\\q"}', 1, 11, "/name", "unknown escape", "backslash"),
        ('{"name": "\\ud83d"}', 1, 11, "", "half a surrogate", "character itself"),
        ('{"keyframes": [{"frame": 0}', 1, 28, "/keyframes", "ends too early", "backup"),
        ("", 1, 1, "", "ends too early", "backup"),
        ("{} {}", 1, 4, "", "more behind the end", "remove"),
        ('{"a": ' + "9" * 5000 + "}", 1, 7, "/a", "far too long", "ordinary size"),
    ],
)
def test_broken_json_is_located(text: str, line: int, column: int, pointer: str, message: str, hint: str) -> None:
    error = failure(text)
    assert message in error.message
    assert hint in error.hint
    assert (error.line, error.column, error.pointer) == (line, column, pointer)
    assert error.path == Path("dance.json")


@pytest.mark.parametrize(
    ("text", "kind", "pointer"),
    [
        ("[1, 2]", "wrong-type", ""),
        ("12", "wrong-type", ""),
        ("{}", "no-keyframes", ""),
        ('{"keyframes": {}}', "wrong-type", "/keyframes"),
        ('{"keyframes": []}', "need-2-keyframes", "/keyframes"),
        ('{"keyframes": [5]}', "wrong-type", "/keyframes/0"),
        ('{"keyframes": [{"frame": 0}, {"zoom": 1}]}', "no-frame", "/keyframes/1"),
        ('{"keyframes": [{"frame": true}]}', "no-frame", "/keyframes/0"),
        ('{"keyframes": [{"frame": "x"}]}', "no-frame", "/keyframes/0"),
        ('{"keyframes": [{"frame": 1.5}]}', "fractional-frame-range", "/keyframes/0"),
        ('{"keyframes": [{"frame": -1}]}', "frame-range", "/keyframes/0"),
        ('{"keyframes": [{"frame": 5000001}]}', "frame-range", "/keyframes/0"),
        ('{"keyframes": [{"frame": 1' + "0" * 400 + "}]}", "frame-range", "/keyframes/0"),
        ('{"keyframes": [{"frame": 0, "zoom": 1e999}]}', "not-a-number", "/keyframes/0"),
        ('{"keyframes": [{"frame": 0, "zoom": 1, "zoom": 2}]}', "duplicate-key", "/keyframes/0/zoom"),
        ('{"keyframes": [{"frame": 0, "frame": 0}]}', "duplicate-key", "/keyframes/0/frame"),
        ('{"keyframes": [{"frame": 0, "zoom": null, "zoom": null}]}', "duplicate-key", "/keyframes/0/zoom"),
        ('{"managedFields": ["zoom"], "keyframes": [{"frame": 0, "zoom": [1]}]}', "wrong-type", "/keyframes/0/zoom"),
        ("{" + ROWS + ', "options": []}', "wrong-type", "/options"),
        ("{" + ROWS + ', "options": {"output_fps": 0}}', "no-fps", "/options/output_fps"),
        ("{" + ROWS + ', "options": {"output_fps": ""}}', "no-fps", "/options/output_fps"),
        ("{" + ROWS + ', "options": {"bpm": null}}', "no-bpm", "/options/bpm"),
        ("{" + ROWS + ', "options": {"cadence": [2]}}', "wrong-type", "/options/cadence"),
        ("{" + ROWS + ', "managedFields": "zoom"}', "wrong-type", "/managedFields"),
        ("{" + ROWS + ', "managedFields": [1]}', "wrong-type", "/managedFields/0"),
        ("{" + ROWS + ', "prompts": "cat"}', "wrong-type", "/prompts"),
        ("{" + ROWS + ', "prompts": [{"positive": []}]}', "wrong-type", "/prompts/0/positive"),
        ("{" + ROWS + ', "prompts": {"promptList": [{"from": true}]}}', "wrong-type", "/prompts/promptList/0/from"),
        ("{" + ROWS + ', "timeSeries": [{"alias": "a"}]}', "wrong-type", "/timeSeries/0/ts"),
        (
            "{" + ROWS + ', "timeSeries": [{"alias": "a", "ts": {"data": [{"x": 1}]}}]}',
            "wrong-type",
            "/timeSeries/0/ts/data/0",
        ),
        ("{" + ROWS + ', "keyframeLock": "bars"}', "wrong-type", "/keyframeLock"),
        ("{" + ROWS + ', "render": 5}', "wrong-type", "/render"),
        ("{" + ROWS + ', "meta": 5}', "wrong-type", "/meta"),
        ('{"rendered_frames": [{"frame": 0}]}', "frames-only", "/rendered_frames"),
        ("{" + ROWS + ', "x": ' + "[" * (MAX_DEPTH + 3) + "]" * (MAX_DEPTH + 3) + "}", "too-deep", "/x"),
    ],
)
def test_what_is_json_but_no_document_is_located(text: str, kind: str, pointer: str) -> None:
    error = failure(text)
    assert (error.kind, error.pointer) == (kind, pointer)
    assert error.line == 1
    assert error.column is not None
    assert error.hint or error.kind == "too-deep"


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"keyframes": [', '{"keyframes": [{"a":'])
def test_deep_nesting_is_refused_at_once(opening: str) -> None:
    assert failure(opening * 100_000).kind in ("too-deep", "json", "wrong-type")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"keyframes": []}'.encode("utf-16"), "encoding"),
        ('{"keyframes": []}'.encode("utf-16-le"), "encoding"),
        ('{\n "name": "d\xe4nce"}'.encode("latin-1"), "encoding"),
        (b"", "json"),
        (b"\x00\x01\x02", "encoding"),
    ],
)
def test_a_file_in_another_encoding_is_named_as_such(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "dance.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert caught.value.kind == kind
    assert caught.value.path == path


def test_a_byte_of_another_encoding_is_located(tmp_path: Path) -> None:
    path = tmp_path / "dance.json"
    path.write_bytes('{\n "näme": "d\xe4nce"}'.encode().replace("d\xe4nce".encode(), b"d\xe4nce"))
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert (caught.value.line, caught.value.column) == (2, 12)


def test_files_that_are_not_there_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DocumentError, match="there is no file gone") as gone:
        load(tmp_path / "gone.json")
    assert f"parseq-tui new {tmp_path / 'gone.json'}" in gone.value.hint
    with pytest.raises(DocumentError, match="is a folder"):
        load(tmp_path)
    path = tmp_path / "big.json"
    path.write_text("{" + ROWS + "}")
    monkeypatch.setattr("parseq_tui.formats.native.MAX_BYTES", 10)
    with pytest.raises(DocumentError, match="too large"):
        load(path)


def test_frames_given_as_texts_are_read() -> None:
    """LANGUAGE Q40."""
    document = loads('{"keyframes": [{"frame": "0"}, {"frame": " 12 "}]}')
    assert [row.frame for row in document.keyframes] == [0, 12]


def test_a_label_that_is_no_text_matters_only_to_who_matches_labels() -> None:
    plain = '{"keyframes": [{"frame": 0, "info": 5, "zoom_i": "S"}, {"frame": 9}]}'
    assert loads(plain).keyframes[0].info is None
    assert dumps(loads(plain)) == plain
    error = failure(plain.replace('"S"', '"info_match(\\"5\\")"'))
    assert (error.kind, error.pointer) == ("info-not-string", "/keyframes/0/info")


@given(st.data())
def test_no_damage_ends_in_a_traceback(data: st.DataObject) -> None:
    text = data.draw(texts())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 8)))
        junk = data.draw(
            st.sampled_from(["", ",", "]", "}", '"', "[", "{", "null", "1e999", "NaN", "\\", "\x00", "9" * 400])
        )
        text = text[:start] + junk + text[end:]
    try:
        document = loads(text)
    except DocumentError as error:
        assert error.message
        assert error.line is not None
    else:
        assert dumps(document) == text
        bake(document)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "keyframes",
                        "frame",
                        "zoom",
                        "zoom_i",
                        "prompts",
                        "options",
                        "meta",
                        "info",
                        "timeSeries",
                        "render",
                        "ts",
                        "data",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_no_shape_ends_in_a_traceback(value: object) -> None:
    text = json.dumps(value)
    try:
        assert dumps(loads(text)) == text
    except DocumentError as error:
        assert error.line is not None
