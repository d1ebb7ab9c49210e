"""What a document remembers of the file it was read from: the text, where each row stands, and what it meant then.

These are the `origin` values of Document, Keyframe, Prompt, Prompts and TimeSeries. Whether something changed is asked
by comparing it with what was read, never recorded by whoever changes it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parseq_tui.errors import DocumentError
from parseq_tui.formats.exact_json import Problem
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Prompt, Prompts


@dataclass(slots=True, eq=False)
class Source:
    """A document's text. Offsets are code points; the byte order mark is not part of it."""

    text: str
    path: Path | None = None
    mark: bool = False
    """Whether the file starts with a byte order mark."""
    written: str | None = None
    """What the file really holds, where `text` is an upgrade of it."""
    _line_starts: list[int] = field(default_factory=list)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        if not self._line_starts:
            starts = [0]
            while (found := self.text.find("\n", starts[-1])) >= 0:
                starts.append(found + 1)
            self._line_starts = starts
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def error(self, message: str, offset: int, *, pointer: str = "", kind: str = "", hint: str = "") -> DocumentError:
        """An error at an offset."""
        line, column = self.position(offset)
        return DocumentError(message, path=self.path, line=line, column=column, pointer=pointer, kind=kind, hint=hint)

    def error_of(self, problem: Problem) -> DocumentError:
        """The error for a fault of the JSON itself."""
        return self.error(
            problem.message, problem.offset, pointer=problem.pointer, kind=problem.kind, hint=problem.hint
        )


class WrongPart(ValueError):
    """A value inside a part of the file that is not what it should be: its steps from that part, what it should be."""

    def __init__(self, steps: list[str | int], expected: str) -> None:
        super().__init__(expected)
        self.steps = steps
        self.expected = expected


@dataclass(slots=True, eq=False)
class RowOrigin:
    """Where a row was read, and what it said."""

    source: Source
    index: int
    """Its place in the file's `keyframes`."""
    start: int
    end: int
    frame: int
    values: Mapping[str, float]
    formulas: Mapping[str, str]
    info: str | None

    def says(self, row: Keyframe) -> bool:
        """Whether the file's text still is what `row` says."""
        return (
            row.frame == self.frame
            and row.info == self.info
            and (row.values is self.values or row.values == self.values)
            and (row.formulas is self.formulas or row.formulas == self.formulas)
        )


@dataclass(slots=True, eq=False)
class PromptOrigin:
    """A prompt entry as the file has it, and as it was read."""

    raw: Mapping[str, Any]
    read: Prompt


@dataclass(slots=True, eq=False)
class PromptsOrigin:
    """The file's `prompts`, in whichever of the three shapes, and as they were read."""

    raw: Any
    read: Prompts


@dataclass(slots=True, eq=False)
class DocumentOrigin:
    """A file, and the document it was read as."""

    source: Source
    raw: Mapping[str, Any]
    """The top-level object without `keyframes` and `rendered_frames`."""
    keyframes_span: tuple[int, int] | None
    """From the bracket that opens the rows to behind the one that closes them; None if the file has no rows."""
    sorted_rows: bool
    """Whether the file's rows stand in the order of their frames."""
    notes: tuple[Diagnostic, ...]
    """What was worth a word while reading."""
    read: Document
    """The document as read; its own origin is None."""
