"""Edits of whole keyframes: insert, delete, move, stretch, and rows at regular intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType

from parseq_tui.errors import EditError, counted
from parseq_tui.timeline.document import Document, Lock, Options
from parseq_tui.timeline.edits.base import (
    MAX_FRAME,
    Edit,
    checked_field,
    checked_frame,
    checked_number,
    indices_at,
    named,
    with_rows,
)
from parseq_tui.timeline.keyframe import EMPTY, Keyframe


@dataclass(frozen=True, slots=True)
class InsertKeyframe:
    """Add a row. Behind the last one it makes the animation longer."""

    frame: int
    values: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    formulas: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    info: str | None = None

    @property
    def label(self) -> str:
        told = ", ".join(f"{name} {value:.10g}" for name, value in self.values.items())
        return f"insert keyframe at {self.frame}{': ' * bool(told)}{named(told)}"

    def apply(self, document: Document) -> Document:
        checked_frame(self.frame)
        taken = {row.frame for row in document.keyframes}
        if self.frame in taken:
            free = next(frame for frame in range(self.frame, self.frame + len(taken) + 1) if frame not in taken)
            raise EditError(f"there is already a keyframe at {self.frame}", hint=f"the next free frame is {free}")
        values = {checked_field(name): float(checked_number(value) or 0) for name, value in self.values.items()}
        formulas = {checked_field(name): text for name, text in self.formulas.items() if text}
        row = Keyframe(self.frame, MappingProxyType(values), MappingProxyType(formulas), self.info)
        return with_rows(document, (*document.keyframes, row))


@dataclass(frozen=True, slots=True)
class DeleteKeyframes:
    """Remove rows. The first one stays: it is where the animation starts."""

    frames: tuple[int, ...]

    @property
    def label(self) -> str:
        return f"delete keyframe {self.frames[0]}" if len(self.frames) == 1 else f"delete {len(self.frames)} keyframes"

    def apply(self, document: Document) -> Document:
        gone = set(indices_at(document, self.frames))
        if 0 in gone:
            raise EditError("the first keyframe cannot be deleted", hint="clear its cells, or move it")
        kept = [row for index, row in enumerate(document.keyframes) if index not in gone]
        if len(kept) < 2:
            raise EditError("a document needs two keyframes, a first and a last", hint="keep one behind the first")
        return replace(document, keyframes=tuple(kept))


@dataclass(frozen=True, slots=True)
class MoveKeyframes:
    """Shift rows by a number of frames. They may pass over other rows but not land on one."""

    frames: tuple[int, ...]
    by: int

    @property
    def label(self) -> str:
        what = f"keyframe {self.frames[0]}" if len(self.frames) == 1 else f"{len(self.frames)} keyframes"
        return f"move {what} by {self.by:+d}"

    def continues(self, earlier: Edit) -> bool:
        return isinstance(earlier, MoveKeyframes) and self.frames == tuple(
            frame + earlier.by for frame in earlier.frames
        )

    def apply(self, document: Document) -> Document:
        return _placed(document, self.frames, lambda frame: frame + self.by)


@dataclass(frozen=True, slots=True)
class StretchKeyframes:
    """Spread rows around a fixed frame: each one's distance from `around` is multiplied by `factor`."""

    frames: tuple[int, ...]
    around: int
    factor: float
    push: bool = False
    """Whether the rows behind the last of them keep their distance from it."""

    @property
    def label(self) -> str:
        return f"stretch {counted(len(self.frames), 'keyframe')} by {self.factor:g}{' and push' if self.push else ''}"

    def apply(self, document: Document) -> Document:
        factor = checked_number(self.factor)
        if factor is None or factor <= 0:
            raise EditError(f"keyframes cannot be stretched by {self.factor}", hint="use a factor above 0")
        exact, last = Fraction(factor), max(self.frames, default=self.around)

        def stretched(frame: int) -> int:
            return self.around + nearest((frame - self.around) * exact)

        if not self.push:
            room = f", or make room: `{self.factor:g} push` moves the rows behind along" if factor > 1 else ""
            return _placed(document, self.frames, stretched, f"move that one away, or delete it{room}")
        behind = tuple(row.frame for row in document.keyframes if row.frame > last)
        by = stretched(last) - last
        return _placed(
            document, (*self.frames, *behind), lambda frame: stretched(frame) if frame <= last else frame + by
        )


def _placed(
    document: Document,
    frames: tuple[int, ...],
    place: Callable[[int], int],
    hint: str = "move that one away, or delete it",
) -> Document:
    moving = set(indices_at(document, frames))
    taken = {row.frame for index, row in enumerate(document.keyframes) if index not in moving}
    rows: list[Keyframe] = []
    landed: dict[int, int] = {}
    for index, row in enumerate(document.keyframes):
        if index not in moving:
            rows.append(row)
            continue
        frame = checked_frame(place(row.frame))
        if frame in taken or landed.setdefault(frame, row.frame) != row.frame:
            raise EditError(f"keyframe {row.frame} would land on the keyframe at {frame}", hint=hint)
        rows.append(replace(row, frame=frame))
    return with_rows(document, rows)


@dataclass(frozen=True, slots=True)
class KeyframesAt:
    """Empty rows on these frames; those that have a row already keep it as it is."""

    frames: tuple[int, ...]
    info: str | None = None

    @property
    def label(self) -> str:
        what = f" ({self.info})" if self.info else ""
        return f"add {counted(len(self.frames), 'keyframe')}{what}"

    def apply(self, document: Document) -> Document:
        taken = {row.frame for row in document.keyframes}
        fresh = sorted({checked_frame(frame) for frame in self.frames} - taken)
        if not fresh:
            raise EditError("every one of these frames has a keyframe already", hint="nothing is to be added")
        return with_rows(document, (*document.keyframes, *(Keyframe(frame, info=self.info) for frame in fresh)))


@dataclass(frozen=True, slots=True)
class KeyframesAtIntervals:
    """Empty rows every `step` from `start` (inclusive) to `stop` (exclusive), measured in frames, seconds or beats.

    Positions are rounded to the nearest frame; those that have a row already are skipped.
    """

    start: float
    stop: float
    step: float
    unit: Lock = "frames"
    info: str | None = None

    @property
    def label(self) -> str:
        return f"keyframes every {self.step:g} {self.unit}"

    def apply(self, document: Document) -> Document:
        return KeyframesAt(tuple(self._frames(document.options)), self.info).apply(document)

    def _frames(self, options: Options) -> Iterable[int]:
        unit = frames_per(self.unit, options)
        start, stop, step = (Fraction(number) * unit for number in (self.start, self.stop, self.step))
        if step <= 0:
            raise EditError(f"keyframes cannot be {self.step:g} {self.unit} apart", hint="use a step above 0")
        if (stop - start) / step > MAX_FRAME or stop > MAX_FRAME:
            raise EditError("that would be too many keyframes", hint=f"frames go up to {MAX_FRAME}")
        frames: dict[int, None] = {}
        count = 0
        while start + count * step < stop:
            frame = nearest(start + count * step)
            count += 1
            if frame >= 0:
                frames[frame] = None
        return frames


def frames_per(unit: Lock, options: Options) -> Fraction:
    """How many frames one `unit` lasts, exactly."""
    if unit == "frames":
        return Fraction(1)
    fps = Fraction(options.fps)
    return fps if unit == "seconds" else fps * 60 / Fraction(options.bpm)


def nearest(position: Fraction) -> int:
    """The frame nearest to an exact position; halves go up (as in Parseq)."""
    return (position + Fraction(1, 2)).__floor__()
