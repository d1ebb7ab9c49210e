"""Turns a document into a value per field and frame, and prompts per frame."""

from __future__ import annotations

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable


class Baker:
    """Bakes versions of one document; computes again only what changed since the last one. Not thread safe."""

    def bake(self, document: Document) -> FrameTable:
        """The frame table of `document`. Never raises on a document's content: problems are in its diagnostics."""
        raise NotImplementedError


def bake(document: Document) -> FrameTable:
    """The frame table of `document`, computed afresh."""
    return Baker().bake(document)
