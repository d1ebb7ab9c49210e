"""Positions as people type them: 120, +8, 4s, 8b, 1:04.5 → a frame."""

from __future__ import annotations

import math
import re
from itertools import count

from parseq_tui.timeline.document import Options
from parseq_tui.timeline.edits.rows import frames_per

_POSITION = re.compile(r"(?P<sign>[+-]?)(?:(?P<minutes>\d+):)?(?P<number>\d+(?:[.,]\d+)?|[.,]\d+)\s*(?P<unit>[fsb]?)")
_MAXIMUM = 10_000_000


class PositionError(ValueError):
    """A text that is no position; says what one looks like."""


def next_beat(frame: int, direction: int, per_beat: float) -> int:
    """The nearest frame of a beat beyond `frame`: after it (1) or before it (-1). `per_beat` frames are one beat."""
    beats = count(math.floor(frame / per_beat) if direction > 0 else math.ceil(frame / per_beat), direction)
    frames = (round(beat * per_beat) for beat in beats)
    return next(one for one in frames if (one - frame) * direction > 0)


def frame_of(text: str, options: Options, *, default_unit: str = "", relative_to: int | None = None) -> int:
    """The nearest frame of a position. With `relative_to`, `+8` and `-8` count from there. Raises PositionError."""
    match = _POSITION.fullmatch(text.strip())
    if match is None:
        raise PositionError(f"{text!r} is no position: write a frame (120), seconds (4s or 1:04) or beats (8b)")
    amount = float(match["number"].replace(",", "."))
    unit = match["unit"] or default_unit
    if match["minutes"]:
        amount, unit = amount + 60 * int(match["minutes"]), "s"
    per = {"s": frames_per("seconds", options), "b": frames_per("beats", options)}.get(unit)
    frames = round(amount if per is None else amount * float(per))
    if frames > _MAXIMUM:
        raise PositionError(f"{text!r} is too far away")
    if match["sign"] and relative_to is not None:
        return relative_to + (-frames if match["sign"] == "-" else frames)
    return -frames if match["sign"] == "-" else frames
