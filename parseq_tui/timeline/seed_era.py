"""What a document of October 2022 must hold before it can be rendered (LANGUAGE §14.1)."""

from __future__ import annotations

from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.fields import SEED_ERA_FIELDS


def missing_ends(document: Document) -> list[Diagnostic]:
    """An error where the first or the last keyframe lacks a value: every field needs both."""
    if document.dialect != "2022":
        return []
    first, last = document.keyframes[0], document.keyframes[-1]
    missing = [name for name in SEED_ERA_FIELDS if name not in first.values or name not in last.values]
    if not missing:
        return []
    row = first if missing[0] not in first.values else last
    return [
        Diagnostic(
            "error",
            "a 2022 document needs a value for every field on its first and last keyframe; missing: "
            + ", ".join(missing),
            f"give {missing[0]} a value there",
            "missing-first-or-last",
            field=missing[0],
            frame=row.frame,
            keyframe=row.frame,
        )
    ]
