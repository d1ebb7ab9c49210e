"""CSV: every frame's values, out; a sampled curve, in (LANGUAGE §12.1)."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from parseq_tui.errors import DocumentError
from parseq_tui.language.numbers_as_text import number_text, text_number
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.time_series import TimeSeries

MAX_POINTS = 10_000_000


def export_csv(document: Document, table: FrameTable) -> str:
    """One line per frame: its number, every field, the prompts. What is no finite number is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    prompted = document.prompts.enabled
    writer.writerow(["frame", *table.fields, *(["positive", "negative"] if prompted else [])])
    columns = [
        [number_text(value) if math.isfinite(value) else "" for value in table[name].tolist()] for name in table.fields
    ]
    for index, frame in enumerate(table.frames.tolist()):
        prompts = table.prompt_texts(index) if prompted else ()
        writer.writerow([frame, *(column[index] for column in columns), *prompts])
    return out.getvalue()


def read_series(text: str, alias: str, path: Path | None = None) -> TimeSeries:
    """A curve from lines of frame and value. A first line of words is a heading. Raises DocumentError.

    Points may come in any order; of points on one position the last one counts.
    """
    points: dict[float, float] = {}
    for number, line in enumerate(csv.reader(io.StringIO(text, newline="")), 1):
        if not line or not any(cell.strip() for cell in line):
            continue
        numbers = [text_number(cell) if cell.strip() else math.nan for cell in line[:2]]
        if len(numbers) < 2 or not all(map(math.isfinite, numbers)):
            if number == 1:
                continue
            raise DocumentError(
                "this line is not a position and a value", path=path, line=number, kind="csv", hint="write: 12, 0.5"
            )
        points[numbers[0]] = numbers[1]
        if len(points) > MAX_POINTS:
            raise DocumentError(
                f"more than {MAX_POINTS} points", path=path, line=number, kind="csv", hint="thin it out"
            )
    if not points:
        raise DocumentError(
            "there are no points in this file", path=path, kind="csv", hint="write a line per point: 12, 0.5"
        )
    ordered = sorted(points)
    return TimeSeries(alias, np.array(ordered), np.array([points[position] for position in ordered]))
