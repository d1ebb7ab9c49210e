"""What is wrong with a document, as values: where it stands, what would be right, and the one caret printer.

>>> print(format_diagnostic(Diagnostic("error", 'unknown function "sni"', field="zoom", frame=30,
...                                    text="1 + sni(p=4b)", span=Span(4, 7), hint='did you mean "sin"?')))
error: zoom @ frame 30: unknown function "sni"
    1 + sni(p=4b)
        ^^^
  did you mean "sin"?
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from parseq_tui.errors import Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. Everything but severity and message may be unknown."""

    severity: Severity
    message: str
    hint: str = ""
    """How to mend it: one sentence."""
    code: str = ""
    """Stable name of the kind of problem ("syntax", "unknown-variable", …)."""
    file: str = ""
    line: int | None = None
    """In the file, from 1."""
    column: int | None = None
    """In the file, from 1."""
    field: str | None = None
    frame: int | None = None
    """The frame at which it first shows."""
    keyframe: int | None = None
    """The frame of the keyframe row whose cell holds the formula."""
    prompt: str | None = None
    """Name of the prompt it stands in."""
    text: str = ""
    """The formula or prompt text that `span` points into."""
    span: Span | None = None


def format_diagnostic(diagnostic: Diagnostic) -> str:
    """The words for one problem: file position, field and frame, message, the text with a caret, the hint."""
    lines = [f"{_file_position(diagnostic)}{diagnostic.severity}: {_place(diagnostic)}{diagnostic.message}"]
    if diagnostic.text and diagnostic.span is not None:
        lines += caret_lines(diagnostic.text, diagnostic.span)
    if diagnostic.hint:
        lines.append(f"  {diagnostic.hint}")
    return "\n".join(lines)


def caret_lines(text: str, span: Span) -> list[str]:
    """The source line that `span` starts in, and the line of carets under it, both indented."""
    start = min(max(span.start, 0), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line = text[line_start:] if line_end < 0 else text[line_start:line_end]
    line = "".join(ch if ch.isprintable() else " " for ch in line)
    before, under = line[: start - line_start], line[start - line_start : span.end - line_start]
    return ["    " + line, "    " + " " * _columns(before) + "^" * max(1, _columns(under))]


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _file_position(diagnostic: Diagnostic) -> str:
    parts = [diagnostic.file] if diagnostic.file else []
    if diagnostic.line is not None:
        parts.append(str(diagnostic.line))
        if diagnostic.column is not None:
            parts.append(str(diagnostic.column))
    return ":".join(parts) + ": " if parts else ""


def _place(diagnostic: Diagnostic) -> str:
    what = diagnostic.field or diagnostic.prompt or ""
    if diagnostic.frame is not None:
        what = f"{what} @ frame {diagnostic.frame}".lstrip(" @")
    return f"{what}: " if what else ""
