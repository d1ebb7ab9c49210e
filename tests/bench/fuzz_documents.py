"""Feeds the loader, the writer and the merge with damaged documents: `python tests/bench/fuzz_documents.py SECONDS`.

Guided by coverage: an input that reaches a line no other did joins those that are damaged further. Whatever ends in
anything but a DocumentError, takes over two seconds, or does not write back what it read, is printed and ends the run
with status 1. Prints how many inputs were tried.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from parseq_tui.errors import DocumentError, EditError
from parseq_tui.formats.native import dumps, loads
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.edits import InsertKeyframe, SetValue
from parseq_tui.timeline.merge import merge

PIECES = (
    *'{}[],:"\\ \n\t', "null", "true", "NaN", "1e999", "-0", "0x10", "0.5", "-1", '""', "\r\n", "é", "𝄞", "${S}", "${",
    '"frame"', '"zoom_i"', '"keyframes"', '"prompts"', '"promptList"', '"overlap"', '"timeSeries"', '"options"',
    '"meta"', '"sd_parseq"', '"render"', "9" * 400, "\\ud800", "\u0000", "\ufeff", "[" * 200, '{"a":' * 200,
)  # fmt: skip
WATCHED = ("/formats/", "/timeline/merge", "/timeline/edits/")
SLOW_SECONDS = 2.0


def seeds() -> Iterator[str]:
    """The golden documents, and a small one of our own."""
    yield '{"keyframes": [{"frame": 0, "zoom": 1}, {"frame": 9, "zoom_i": "S"}]}'
    folder = Path(__file__).parent.parent / "data" / "parseq" / "docs"
    for path in sorted(folder.glob("*.json")):
        yield json.dumps(json.loads(path.read_text(encoding="utf-8"))["doc"], indent=1)[:6000]


def damaged(text: str, chance: random.Random, others: list[str]) -> str:
    """The text with a few pieces put in, taken out, doubled, or exchanged with another text's."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 1, 3, 20, 200)))
        kind = chance.randrange(4)
        if kind == 0:
            piece = chance.choice(PIECES)
        elif kind == 1:
            piece = text[start:end] * 2
        elif kind == 2:
            other = chance.choice(others)
            place = chance.randrange(len(other) + 1)
            piece = other[place : place + chance.choice((1, 10, 100))]
        else:
            piece = ""
        text = text[:start] + piece + text[end:]
    return text


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


class Coverage:
    """Lines of the watched modules that have run."""

    def __init__(self) -> None:
        self.lines: set[tuple[str, int]] = set()

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not any(part in frame.f_code.co_filename for part in WATCHED):
            return None
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self


def fuzz(seconds: float, seed: int = 0, *, guided: bool = True) -> tuple[int, list[str]]:
    """How many inputs were tried in that time, and what went wrong."""
    chance, coverage = random.Random(seed), Coverage()
    corpus, failures = list(seeds()), []
    tried, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and len(failures) < 10:
        text = damaged(chance.choice(corpus), chance, corpus) if tried >= len(corpus) else corpus[tried]
        known, begin = len(coverage.lines), time.process_time()
        sys.settrace(coverage if guided and tried % 4 == 0 else None)
        try:
            attempt(text)
        except Exception as error:  # noqa: BLE001 - anything at all is a finding here
            failures.append(f"{type(error).__name__}: {error}\n  {text[:2000]!r}")
        finally:
            sys.settrace(None)
        if time.process_time() - begin > SLOW_SECONDS:
            failures.append(f"took {time.process_time() - begin:.1f} s\n  {text[:2000]!r}")
        if len(coverage.lines) > known and len(text) < 20_000:
            corpus.append(text)
        tried += 1
    return tried, failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tried, failures = fuzz(arguments.seconds, arguments.seed)
    for failure in failures:
        print(failure)
    print(f"{tried} inputs tried, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
