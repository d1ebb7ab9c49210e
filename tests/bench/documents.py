"""How fast documents open, save, merge and export: `python tests/bench/documents.py` prints CPU milliseconds.

Budgets are those of a document of 10,000 rows and 40 fields. A ratio above 1 is over budget. Not a test.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from parseq_tui.formats.checking import check_file
from parseq_tui.formats.frames import export_frames, read_frames
from parseq_tui.formats.native import dump, dumps, load, loads
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.edits import InsertKeyframe, SetRates, SetValue
from parseq_tui.timeline.history import History
from parseq_tui.timeline.merge import merge

ROWS, FIELDS = 10_000, 40


def document_text() -> str:
    """A document as an editor writes it: one key a line."""
    chance = random.Random(1)
    names = [f"field_{number:02}" for number in range(FIELDS)]
    rows = [{"frame": row * 3, **{name: round(chance.random() * 10, 4) for name in names}} for row in range(ROWS)]
    for row in rows[::50]:
        row["field_00_i"] = "S+sin(p=4b)"  # type: ignore[assignment]
    return json.dumps({"managedFields": names, "keyframes": rows, "prompts": {"positive": "cat"}}, indent=1)


def cpu(work: Callable[[], object], repeat: int = 3) -> float:
    """CPU milliseconds of the best of some runs."""
    best = float("inf")
    for _ in range(repeat):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best * 1000


def main() -> None:
    text = document_text()
    folder = Path(tempfile.mkdtemp())
    path = folder / "big.json"
    path.write_text(text, encoding="utf-8")
    document = load(path)
    edited = SetValue(30, "field_03", 1.5).apply(document)
    theirs = InsertKeyframe(1).apply(loads(text))
    fields = ["zoom", "seed", "angle", *(f"field_{number}" for number in range(7))]
    ends = [{"frame": 0, "zoom_i": "sin(p=50)", "seed_i": "f"}, {"frame": 9999}]
    small = loads(json.dumps({"managedFields": fields, "keyframes": ends}))
    table = bake(small)
    exported = export_frames(small, table)
    frames_only = json.dumps({"rendered_frames": json.loads(exported)["rendered_frames"]})

    def hundred_edits() -> None:
        history = History.of(document)
        for number in range(100):
            history = history.apply(SetValue(30 * number, "field_03", number + 0.5), number * 10.0)

    for name, budget, work in (
        (f"open {len(text) / 1e6:.1f} MB", 300, lambda: load(path)),
        ("save after one edit", 500, lambda: dump(edited, path)),
        ("text of an unchanged document", 50, lambda: dumps(document)),
        ("a hundred edits with history", 1000, hundred_edits),
        ("change of fps, rows locked to seconds", 300, lambda: SetRates(fps=24, lock="seconds").apply(document)),
        ("merge", 1000, lambda: merge(document, edited, theirs)),
        ("export 10 fields x 10,000 frames", 1000, lambda: export_frames(small, table)),
        ("read these frames again", 1000, lambda: read_frames(frames_only)),
        ("check 10 fields x 10,000 frames", 200, lambda: check_file(small, table)),
    ):
        spent = cpu(work)
        print(f"{name:42} {spent:8.1f} ms   {spent / budget:5.2f} of {budget} ms")


if __name__ == "__main__":
    main()
