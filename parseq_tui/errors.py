"""Every error this program raises on purpose. Each says what is wrong, where, and what would be right.

    ParseqError
    ├─ FormulaError            a formula: span, kind
    │   ├─ SyntaxProblem       it cannot be read
    │   ├─ UnknownName         a variable, function, curve or series that does not exist
    │   ├─ ArgumentProblem     a call with wrong arguments
    │   └─ EvaluationProblem   it reads well but fails at a frame
    ├─ DocumentError           a file: path, line, column, JSON pointer
    ├─ EditError               an edit that cannot be applied to this document
    ├─ SettingsError
    ├─ UsageError              words on the command line that cannot be
    ├─ RenderError
    │   ├─ BackendUnavailable  what to install
    │   ├─ ModelNotFound       where it looked
    │   ├─ OutOfMemory         frame, size, what to lower
    │   └─ DiskFull
    ├─ VideoError
    └─ AudioError

Leaves raise; borders collect: `bake`, `formats` and `render.worker` turn exceptions into values,
`cli` and `ui.app` turn values into words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands in a text: code point offsets, `end` exclusive."""

    start: int
    end: int


class ParseqError(Exception):
    """Base of all errors a user may see. `message` is one sentence; `hint` says how to mend it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class FormulaError(ParseqError):
    """A formula that cannot be read or evaluated. `kind` is a name from the error taxonomy ("syntax", …)."""

    default_kind = "internal"

    def __init__(self, message: str, *, span: Span | None = None, kind: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.span = span
        self.kind = kind or self.default_kind


class SyntaxProblem(FormulaError):
    default_kind = "syntax"


class UnknownName(FormulaError):
    default_kind = "unknown-variable"


class ArgumentProblem(FormulaError):
    default_kind = "argument-type"


class EvaluationProblem(FormulaError):
    pass


class DocumentError(ParseqError):
    """A file that cannot be opened as a document. Lines and columns count from 1."""

    def __init__(
        self,
        message: str,
        *,
        path: Path | None = None,
        line: int | None = None,
        column: int | None = None,
        pointer: str = "",
        kind: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.line = line
        self.column = column
        self.pointer = pointer
        self.kind = kind


class EditError(ParseqError):
    pass


class SettingsError(ParseqError):
    pass


class UsageError(ParseqError):
    pass


class RenderError(ParseqError):
    pass


class BackendUnavailable(RenderError):
    pass


class ModelNotFound(RenderError):
    pass


class OutOfMemory(RenderError):
    pass


class DiskFull(RenderError):
    pass


class VideoError(ParseqError):
    pass


class AudioError(ParseqError):
    pass


def counted(number: int, noun: str) -> str:
    """`1 keyframe`, `3 keyframes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str) -> str:
    """A hint with the nearest of the names that exist; `otherwise` if none is near."""
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(name, names, n=2) or [one for one in names if one.lower() == name.lower()][:1]
    return f"did you mean {' or '.join(near)}?" if near else otherwise
