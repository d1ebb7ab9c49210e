"""What the panes ask for, as edits of the document. One gesture is one edit, so that one undo takes it back."""

from __future__ import annotations

from dataclasses import dataclass

from parseq_tui.errors import EditError
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
from parseq_tui.ui.drawing.grips import rounded


def value_edit(document: Document, field: str, frame: int, value: float) -> Edit:
    """A field's value at a frame; where there is no keyframe, one is made."""
    if document.keyframe_at(frame) is None:
        return InsertKeyframe(frame, values={field: value})
    return SetValue(frame, field, value)


def drag_edit(document: Document, field: str, frame: int, to_frame: int, value: float | None) -> Edit:
    """A field's keyframe moved in time and value (None: it has only a formula). A row that holds no more goes along."""
    row, there = document.keyframe_at(frame), document.keyframe_at(to_frame)
    if row is None or frame == to_frame:
        return SetValue(frame, field, value) if value is None else value_edit(document, field, frame, value)
    label = f"move {field} from {frame} to {to_frame}"
    alone = not (set(row.values) | set(row.formulas)) - {field} and not row.info
    inner = document.first_frame < frame < document.last_frame
    if alone and inner and there is None:
        return Several((MoveKeyframes((frame,), to_frame - frame), SetValue(to_frame, field, value)), label)
    edits: list[Edit] = [SetValue(frame, field, None)]
    if there is None:
        edits.append(InsertKeyframe(to_frame))
    edits.append(SetValue(to_frame, field, value))
    if formula := row.formulas.get(field):
        edits += [SetFormula(frame, field, None), SetFormula(to_frame, field, formula)]
    return Several(tuple(edits), label)


@dataclass(frozen=True, slots=True)
class NudgeKeyframe:
    """A field's keyframe, a little higher or later than it is: what its cell says changes, whatever its formula adds.

    Nudges of one keyframe in quick succession are one step of undo.
    """

    field: str
    frame: int
    frames: int = 0
    """So much later."""
    by: float = 0.0
    """So much higher."""
    step: float = 0.0
    """What one nudge adds: values keep as many decimals as tell such steps apart."""
    shown: float = 0.0
    """The curve's value there, for a keyframe that has only a formula."""

    @property
    def label(self) -> str:
        return f"nudge {self.field} at {self.frame + self.frames}"

    def continues(self, earlier: Edit) -> bool:
        if not isinstance(earlier, NudgeKeyframe):
            return False
        return (earlier.field, earlier.frame + earlier.frames) == (self.field, self.frame)

    def apply(self, document: Document) -> Document:
        row = document.keyframe_at(self.frame)
        if row is None or (self.field not in row.values and self.field not in row.formulas):
            hint = "k makes one, Enter goes to the nearest"
            raise EditError(f"{self.field} has no keyframe at {self.frame}: {hint}")
        value, to_frame = row.values.get(self.field), self.frame + self.frames
        if self.by:
            value = rounded((self.shown if value is None else value) + self.by, self.step)
        if not document.first_frame <= to_frame <= document.last_frame:
            raise EditError(f"the document ends at {min(max(to_frame, document.first_frame), document.last_frame)}")
        there = document.keyframe_at(to_frame) if self.frames else None
        if there is not None and (self.field in there.values or self.field in there.formulas):
            raise EditError(f"{self.field} has a keyframe at {to_frame} already")
        return drag_edit(document, self.field, self.frame, to_frame, value).apply(document)


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
