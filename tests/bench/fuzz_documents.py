"""Feeds the loader, the writer and the merge with damaged documents: `python -m tests.bench.fuzz_documents SECONDS`.

Whatever ends in anything but a DocumentError, takes over two seconds, or does not write back what it read, is printed
and ends the run with status 1. Prints how many inputs were tried.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from parseq_tui.errors import DocumentError, EditError
from parseq_tui.formats.native import dumps, loads
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.edits import InsertKeyframe, SetValue
from parseq_tui.timeline.merge import merge
from tests.bench.fuzzing import Target, main

PIECES = (
    *'{}[],:"\\ \n\t', "null", "true", "NaN", "1e999", "-0", "0x10", "0.5", "-1", '""', "\r\n", "é", "𝄞", "${S}", "${",
    '"frame"', '"zoom_i"', '"keyframes"', '"prompts"', '"promptList"', '"overlap"', '"timeSeries"', '"options"',
    '"meta"', '"sd_parseq"', '"render"', "9" * 400, "\\ud800", "\u0000", "\ufeff", "[" * 200, '{"a":' * 200,
)  # fmt: skip


def seeds() -> Iterator[str]:
    """The golden documents, and a small one of our own."""
    yield '{"keyframes": [{"frame": 0, "zoom": 1}, {"frame": 9, "zoom_i": "S"}]}'
    folder = Path(__file__).parent.parent / "data" / "parseq" / "docs"
    for path in sorted(folder.glob("*.json")):
        yield json.dumps(json.loads(path.read_text(encoding="utf-8"))["doc"], indent=1)[:6000]


def attempt(text: str) -> None:
    """Everything that happens to a file somebody sent. Raises whatever it should not."""
    try:
        document = loads(text)
    except DocumentError as error:
        assert error.message and error.line is not None
        return
    assert dumps(document) == text, "an unchanged document was written differently"
    if document.frame_count < 5000:
        bake(document)
    try:
        ours = SetValue(document.first_frame, "zoom", 12.5).apply(document)
        theirs = InsertKeyframe(document.last_frame + 1).apply(document)
    except EditError:
        return
    merged = merge(document, ours, theirs)
    assert not merged.conflicts
    assert loads(dumps(merged.document)).keyframes == merged.document.keyframes


DOCUMENTS = Target(tuple(seeds()), PIECES, attempt, ("/formats/", "/timeline/merge", "/timeline/edits/"))

if __name__ == "__main__":
    sys.exit(main(DOCUMENTS, __doc__))
