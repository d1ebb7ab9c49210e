"""What the values of a document's frames can be written as: one entry per format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from parseq_tui.errors import DocumentError, counted
from parseq_tui.formats.csv import export_csv
from parseq_tui.formats.frames import export_frames
from parseq_tui.formats.schedules import export_schedules
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable


@dataclass(frozen=True, slots=True)
class Export:
    """A way to write frames down."""

    name: str
    suffix: str
    """What follows the document's name in the name of its export."""
    write: Callable[[Document, FrameTable], str]


EXPORTS: Mapping[str, Export] = {
    export.name: export
    for export in (
        Export("parseq", ".frames.json", export_frames),
        Export("schedules", ".schedules.txt", export_schedules),
        Export("csv", ".csv", export_csv),
    )
}


def export_for(path: Path) -> Export:
    """The format that a file's name asks for: .csv, .txt for schedules, .json or no ending for Parseq's.

    Raises DocumentError for an ending that promises something else: film.mp4.
    """
    for export in EXPORTS.values():
        if export.suffix.endswith(path.suffix.lower()):
            return export
    raise DocumentError(
        f"{path.name}: every frame's values are written as .json, .csv or .txt, not {path.suffix}",
        kind="export",
        hint="a video: `parseq-tui render DOC --out FILE`, or `Space r v` in the editor",
    )


def exported(document: Document, table: FrameTable, export: Export) -> str:
    """The text of an export. Raises DocumentError for a document with errors: its numbers would be guesses."""
    if errors := table.errors:
        raise DocumentError(
            f"not exported: {counted(len(errors), 'formula')} cannot be evaluated",
            kind="errors",
            hint="mend them first: `parseq-tui check` and the editor's problems pane name each",
        )
    return export.write(document, table)
