"""`check` for a file: every problem of a document with the line and column where it stands."""

from __future__ import annotations

from dataclasses import replace

from parseq_tui.formats.native import locate
from parseq_tui.formats.source import DocumentOrigin
from parseq_tui.formats.top_level import offset_of
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.check import check
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable


def check_file(document: Document, table: FrameTable) -> list[Diagnostic]:
    """All problems: what reading the file noticed, what `timeline.check` finds, each with its place in the file."""
    origin = document.origin
    notes = origin.notes if isinstance(origin, DocumentOrigin) else ()
    return [placed(problem, document) for problem in (*notes, *check(document, table))]


def placed(problem: Diagnostic, document: Document) -> Diagnostic:
    """A problem with file, line and column, where they can be known."""
    origin = document.origin
    if not isinstance(origin, DocumentOrigin) or origin.source.written is not None:
        return problem
    path = str(origin.source.path or "")
    position = _position(problem, document, origin) if problem.line is None else None
    if position is None:
        return replace(problem, file=problem.file or path)
    return replace(problem, file=problem.file or path, line=position[0], column=position[1])


def _position(problem: Diagnostic, document: Document, origin: DocumentOrigin) -> tuple[int, int] | None:
    if problem.keyframe is not None:
        found = locate(document, problem.keyframe, problem.field)
        return found or locate(document, problem.keyframe)
    if problem.prompt is not None:
        entries = [prompt.name for prompt in document.prompts.entries]
        steps: list[str | int] = (
            ["prompts", "promptList", entries.index(problem.prompt)] if problem.prompt in entries else ["prompts"]
        )
        return origin.source.position(offset_of(origin.source.text, steps))
    if problem.code in ("setting", "unknown-setting") and "render" in origin.raw:
        return origin.source.position(offset_of(origin.source.text, ["render"]))
    return None
