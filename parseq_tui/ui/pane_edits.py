"""What the panes ask for, as edits of the document. One gesture is one edit, so that one undo takes it back."""

from __future__ import annotations

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import (
    Edit,
    InsertKeyframe,
    MoveKeyframes,
    SetFormula,
    SetPromptName,
    SetPromptOverlap,
    SetPromptRange,
    SetPromptText,
    SetValue,
    Several,
)
from parseq_tui.timeline.edits.prompts import Which
from parseq_tui.timeline.prompts import Prompt


def value_edit(document: Document, field: str, frame: int, value: float) -> Edit:
    """A field's value at a frame; where there is no keyframe, one is made."""
    if document.keyframe_at(frame) is None:
        return InsertKeyframe(frame, values={field: value})
    return SetValue(frame, field, value)


def drag_edit(document: Document, field: str, frame: int, to_frame: int, value: float) -> Edit:
    """A field's keyframe moved in time and value. Its row goes along if it holds nothing else."""
    row, there = document.keyframe_at(frame), document.keyframe_at(to_frame)
    if row is None or frame == to_frame:
        return value_edit(document, field, frame, value)
    label = f"move {field} from {frame} to {to_frame}"
    alone = not (set(row.values) | set(row.formulas)) - {field} and not row.info
    inner = document.first_frame < frame < document.last_frame
    if alone and inner and there is None:
        return Several((MoveKeyframes((frame,), to_frame - frame), SetValue(to_frame, field, value)), label)
    edits: list[Edit] = [SetValue(frame, field, None), value_edit(document, field, to_frame, value)]
    if formula := row.formulas.get(field):
        edits += [SetFormula(frame, field, None), SetFormula(to_frame, field, formula)]
    return Several(tuple(edits), label)


def prompt_edit(which: Which, before: Prompt, after: Prompt) -> Edit | None:
    """What was changed in a prompt's dialog; None if nothing was."""
    edits: list[Edit] = []
    if (after.positive, after.negative) != (before.positive, before.negative):
        positive = after.positive if after.positive != before.positive else None
        negative = after.negative if after.negative != before.negative else None
        edits.append(SetPromptText(which, positive=positive, negative=negative))
    if which != "common":
        if after.name != before.name:
            edits.append(SetPromptName(which, after.name))
        if (after.start, after.end, after.all_frames) != (before.start, before.end, before.all_frames):
            edits.append(SetPromptRange(which, after.start, after.end, after.all_frames))
        if after.overlap != before.overlap:
            edits.append(SetPromptOverlap(which, after.overlap))
    if len(edits) < 2:
        return edits[0] if edits else None
    return Several(tuple(edits), f"edit {before.name or 'prompt'}")
