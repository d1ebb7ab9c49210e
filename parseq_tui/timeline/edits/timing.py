"""Change fps or bpm while keyframes and prompts stay where they are on the clock or on the beat.

Every position is kept exactly, as a fraction of a frame, beside the frame it is rounded to: going from 20 to 24 fps and
back, or nudging the bpm a hundred times, ends where it began. (Parseq rounds to hundredths of a beat each time and
drifts.) The exact position lives as long as the document is open; whoever moves the row gives it a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from parseq_tui.errors import EditError
from parseq_tui.timeline.document import Document, Lock
from parseq_tui.timeline.edits.base import MAX_FRAME, Edit, with_rows
from parseq_tui.timeline.edits.rows import frames_per, nearest
from parseq_tui.timeline.edits.settings import checked_option
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Prompt, Prompts


@dataclass(frozen=True, slots=True)
class SetRates:
    """Set fps, bpm or both. What `lock` names (None: what the document says) keeps its place in that unit."""

    fps: float | None = None
    bpm: float | None = None
    lock: Lock | None = None

    @property
    def label(self) -> str:
        rates = ([f"{self.fps:g} fps"] if self.fps is not None else []) + (
            [f"{self.bpm:g} bpm"] if self.bpm is not None else []
        )
        return "set " + " and ".join(rates)

    def continues(self, earlier: Edit) -> bool:
        kinds = (self.fps is None, self.bpm is None)
        return isinstance(earlier, SetRates) and (earlier.fps is None, earlier.bpm is None) == kinds

    def apply(self, document: Document) -> Document:
        old = document.options
        new = replace(
            old,
            fps=old.fps if self.fps is None else checked_option("fps", self.fps),
            bpm=old.bpm if self.bpm is None else checked_option("bpm", self.bpm),
        )
        unit = self.lock or document.lock
        ratio = frames_per(unit, new) / frames_per(unit, old)
        if ratio == 1:
            return replace(document, options=new)
        if document.last_frame * ratio > MAX_FRAME:
            raise EditError(
                f"the last keyframe would land on frame {nearest(document.last_frame * ratio)}",
                hint=f"frames go up to {MAX_FRAME}",
            )
        rows = (_stretched_row(row, ratio) for row in document.keyframes)
        return with_rows(replace(document, options=new, prompts=_stretched_prompts(document.prompts, ratio)), rows)


def _stretched_row(row: Keyframe, ratio: Fraction) -> Keyframe:
    exact = _exactly(row.frame, row.exact) * ratio
    return replace(row, frame=nearest(exact), exact=exact)


def _exactly(rounded: float, exact: Fraction | None) -> Fraction:
    """The exact position behind a rounded one, if it still is what was rounded."""
    return exact if exact is not None and nearest(exact) == rounded else Fraction(rounded)


def _stretched_prompts(prompts: Prompts, ratio: Fraction) -> Prompts:
    entries = [_stretched_prompt(entry, ratio) for entry in prompts.entries]
    starts = {old.start: new.start for old, new in zip(prompts.entries, entries, strict=True) if not old.all_frames}
    # Where one entry followed on another, it still does: rounding must leave no frame without a prompt.
    joined = (
        replace(new, end=starts[old.end + 1] - 1) if not old.all_frames and old.end + 1 in starts else new
        for old, new in zip(prompts.entries, entries, strict=True)
    )
    return replace(prompts, entries=tuple(joined), common=_stretched_prompt(prompts.common, ratio))


def _stretched_prompt(prompt: Prompt, ratio: Fraction) -> Prompt:
    overlap = prompt.overlap
    rounded = (prompt.start, prompt.end, overlap.fade_in, overlap.fade_out)
    known = prompt.exact or (None, None, None, None)
    exact = tuple(_exactly(number, was) * ratio for number, was in zip(rounded, known, strict=True))
    start, end, fade_in, fade_out = (nearest(position) for position in exact)
    return replace(
        prompt, start=start, end=end, overlap=replace(overlap, fade_in=fade_in, fade_out=fade_out), exact=exact
    )
