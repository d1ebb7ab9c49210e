"""The document: everything a file says, as one frozen value.

Everyone right of `formats` reads this and nothing else; the only way to a different document is an Edit.
Invariants: `keyframes` is sorted by frame (stable) and never empty; names in `managed_fields` are unique.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from parseq_tui.timeline.keyframe import EMPTY, Keyframe
from parseq_tui.timeline.prompts import Prompts
from parseq_tui.timeline.time_series import TimeSeries

Dialect = Literal["native", "parseq", "2022"]
Lock = Literal["frames", "seconds", "beats"]


@dataclass(frozen=True, slots=True)
class Options:
    """Document-wide rates."""

    fps: float = 20.0
    """Output frames per second (the file's `output_fps`)."""
    bpm: float = 140.0
    """Beats per minute."""
    cadence: int = 1
    """Every how many frames a picture is diffused; those between are warped (Deforum's word)."""
    color_window_width: int = 0
    """2022 colour correction: how many earlier outputs are averaged as the target (`cc_window_width`; −1 = all)."""
    color_window_slide_rate: float = 1.0
    """2022 colour correction: how fast that window follows (`cc_window_slide_rate`)."""
    color_use_input: bool = False
    """2022 colour correction: whether the first input counts as a target (`cc_use_input`)."""
    input_fps: float | None = None
    """2022 video input: the rate its frames are picked at."""
    random_seed: int = 0
    """Seed of random functions that name none: the same document always gives the same curves."""


POSITIVE_OPTIONS = frozenset({"fps", "bpm", "input_fps"})
"""Options that are rates: above 0."""
WHOLE_OPTIONS: Mapping[str, int] = {"cadence": 1, "color_window_width": -1, "random_seed": -(2**53)}
"""Options that are whole numbers, and the least they may be set to."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document. Cheap to copy with `dataclasses.replace`: parts are shared."""

    keyframes: tuple[Keyframe, ...]
    managed_fields: tuple[str, ...]
    """Fields that have a value per frame, in evaluation order."""
    displayed_fields: tuple[str, ...] = ()
    """Fields shown as columns, in order."""
    prompts: Prompts = field(default_factory=Prompts)
    options: Options = Options()
    time_series: tuple[TimeSeries, ...] = ()
    lock: Lock = "frames"
    """What keyframes and prompt ranges stay locked to when fps or bpm change."""
    reverse: bool = False
    """Export the frames last to first (`reverseRender`)."""
    render: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    """The file's `render` object as it stands there; `timeline.render_settings` gives the effective values."""
    name: str = ""
    dialect: Dialect = "native"
    """Whose rules the document was made under: decides quirks of functions (LANGUAGE §16) and the form of exports.
    Formulas in `keyframes` and `prompts` are always in our own (ordinary) grouping: `formats` rewrites on open."""
    origin: Any = field(default=None, compare=False, repr=False)
    """What `formats` needs for an exact round trip. Nobody else looks inside."""

    @property
    def first_frame(self) -> int:
        """The frame of the first row."""
        return self.keyframes[0].frame

    @property
    def last_frame(self) -> int:
        """The frame of the last row."""
        return self.keyframes[-1].frame

    @property
    def frame_count(self) -> int:
        """Frames from the first row to the last, both included."""
        return self.last_frame - self.first_frame + 1

    def index_at(self, frame: int) -> int | None:
        """The place of the first row on exactly this frame, or None."""
        index = bisect_left(self.keyframes, frame, key=lambda row: row.frame)
        return index if index < len(self.keyframes) and self.keyframes[index].frame == frame else None

    def keyframe_at(self, frame: int) -> Keyframe | None:
        """The first row on exactly this frame, or None."""
        index = self.index_at(frame)
        return None if index is None else self.keyframes[index]
