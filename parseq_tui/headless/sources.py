"""What `render` accepts: a document, or frame JSON (ours or a peer's). Read and checked before a worker starts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parseq_tui.argument_types import Place
from parseq_tui.errors import RenderError, UsageError, counted
from parseq_tui.formats import frames, native
from parseq_tui.language.diagnostics import format_diagnostic
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.frame_table import FrameTable


@dataclass(frozen=True, slots=True)
class Source:
    """A readable, error-free thing to render."""

    text: str
    """The file's text, which goes into the job as it is."""
    table: FrameTable
    render: Mapping[str, Any]
    """Its `render` object."""

    def frame_range(self, first: Place | None, stop: Place | None) -> tuple[int, int]:
        """Absolute half-open range for `--frames`, open ends filled in. Raises UsageError outside the timeline."""
        begin, end = self.table.first_frame, self.table.first_frame + self.table.frame_count
        rates = self.table.fps, self.table.bpm
        wanted = (begin if first is None else first.frame(*rates), end if stop is None else stop.frame(*rates))
        if wanted[0] < begin or wanted[1] > end or wanted[0] >= wanted[1]:
            raise UsageError(
                f"frames {wanted[0]}:{wanted[1]} are not in the timeline", hint=f"it has frames {begin}:{end}"
            )
        return wanted


def read_source(path: Path) -> Source:
    """Read and bake. Raises DocumentError for a file that cannot be opened, RenderError if a formula fails."""
    text, _ = native.read_text(path)
    if frames.is_frame_json(text):
        table, document = frames.read_frames(text, path)
    else:
        document = native.loads(text, path)
        table = bake(document)
    for problem in table.errors:
        print(format_diagnostic(problem), file=sys.stderr)
    if count := len(table.errors):
        raise RenderError(
            f"{path} has {counted(count, 'error')}", hint="mend them first: an hour of frames is at stake"
        )
    return Source(text, table, document.render)
