"""What was heard in a recording, and the edit that takes it into a document.

Listening needs sound libraries, which an editor must not load: there a process of its own listens
(`parseq-tui listen --json`), and this is what it answers with.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import EditError
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import (
    AddTimeSeries,
    Edit,
    InsertKeyframe,
    KeyframesAt,
    SetRates,
    SetRenderSetting,
    Several,
)
from parseq_tui.timeline.edits.rows import nearest
from parseq_tui.timeline.time_series import TimeSeries

Event = Literal["beats", "onsets", "low", "mid", "high"]
Curve = Literal["loudness", "low", "mid", "high", "attack", "pitch"]
EVENTS: tuple[Event, ...] = get_args(Event)
CURVES: tuple[Curve, ...] = get_args(Curve)
CONTROLLER = re.compile(r"cc(\d{1,3})")
"""A curve of a MIDI file: cc1, cc74, …"""
LABELS: Mapping[str, str] = {"beats": "beat", "onsets": "onset", "low": "low", "mid": "mid", "high": "high"}
"""What the keyframes of an event are labelled with, so that formulas find them: info_match_since("beat")."""


def is_curve(name: str) -> bool:
    """Whether a sound or a MIDI file can have such a curve."""
    return name in CURVES or CONTROLLER.fullmatch(name) is not None


def sound_beside(song: Path, document: Path) -> str:
    """A sound as a document names it: by the way from its folder, if the sound is in there."""
    folder, song = document.resolve().parent, song.resolve()
    return str(song.relative_to(folder) if song.is_relative_to(folder) else song)


def point_per_frame(values: NDArray[np.float64], alias: str, fps: float, offset: float) -> TimeSeries:
    """A curve with one value per frame as a time series, moved by `offset` seconds.

    A point stands half a frame early: reading a series gives the last point BEFORE a frame (LANGUAGE §12.2), which is
    then the frame's own.
    """
    y = np.round(values, 4)
    x = np.round(((np.arange(len(values)) - 0.5) / fps + offset) * 1000, 3)
    inside = x > -1000 / fps
    return TimeSeries(alias, np.maximum(x[inside], 0.0), y[inside], "milliseconds")


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody asked to hear."""

    seconds: float
    """Length of the recording."""
    bpm: float = 0.0
    """Beats a minute; 0 where no pulse was found."""
    moments: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Seconds at which each event happens, ascending."""
    series: tuple[TimeSeries, ...] = ()

    def to_json(self) -> str:
        """One line, numbers as they are."""
        series = {one.alias: {"milliseconds": one.x.tolist(), "values": one.y.tolist()} for one in self.series}
        moments = {event: list(seconds) for event, seconds in self.moments.items()}
        return json.dumps({"seconds": self.seconds, "bpm": self.bpm, "moments": moments, "series": series})

    @classmethod
    def from_json(cls, text: str) -> Heard:
        """What `to_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        told = json.loads(text)
        moments = {str(event): tuple(map(float, seconds)) for event, seconds in told["moments"].items()}
        series = []
        for alias, points in told["series"].items():
            x, y = (np.array(points[name], np.float64) for name in ("milliseconds", "values"))
            series.append(TimeSeries(alias, x, y, "milliseconds"))
        return cls(float(told["seconds"]), float(told["bpm"]), moments, tuple(series))


@dataclass(frozen=True, slots=True)
class Wish:
    """What to take of a recording into a document."""

    keyframes: str = ""
    """The event whose moments get a keyframe; "" for none."""
    every: int = 1
    """Of these moments every second (2), every fourth (4), …"""
    tempo: bool = False
    """Whether the document shall have the recording's tempo."""
    length: bool = False
    """Whether the document shall go on as long as the recording; it is never shortened."""
    sound: str = ""
    """The recording as the document's video shall be heard with it: a path from the document; "" to leave that."""


def taken_in(heard: Heard, wish: Wish, document: Document) -> Edit:
    """The edit, one step. Raises EditError where there is nothing to take."""
    edits: list[Edit] = []
    if wish.tempo:
        if not heard.bpm:
            raise EditError("no pulse was heard", hint="say how fast it is: --bpm 120, or :bpm 120")
        edits.append(SetRates(bpm=round(heard.bpm, 2)))
    if wish.length and (end := math.ceil(heard.seconds * document.options.fps) - 1) > document.last_frame:
        edits.append(InsertKeyframe(end))
        document = edits[-1].apply(document)
    if wish.keyframes:
        edits.append(_keyframes(heard, wish, document))
    if wish.sound:
        edits.append(SetRenderSetting("audio", wish.sound))
    edits += (AddTimeSeries(series) for series in heard.series)
    if wish.length and not edits:
        raise EditError(f"the document is as long as the sound ({heard.seconds:.2f} s) or longer already")
    if not edits:
        raise EditError("there is nothing to take", hint="ask for keyframes, a series, or the tempo")
    return edits[0] if len(edits) == 1 else Several(tuple(edits), f"listen: {', '.join(edit.label for edit in edits)}")


def _keyframes(heard: Heard, wish: Wish, document: Document) -> KeyframesAt:
    moments = heard.moments[wish.keyframes]
    fps = Fraction(document.options.fps)
    frames = tuple(nearest(Fraction(second) * fps) for second in moments[:: wish.every])
    inside = tuple(frame for frame in frames if document.first_frame <= frame <= document.last_frame)
    if not moments:
        raise EditError(f"no {wish.keyframes} were heard", hint="a greater sensitivity finds fainter ones")
    if not inside:
        last = document.last_frame / document.options.fps
        raise EditError(
            f"none of the {len(frames)} {wish.keyframes} is inside the document, which ends at {last:.2f} s",
            hint="make it as long as the sound (--length, in the editor Space a l), or shift the sound (--offset)",
        )
    taken = {row.frame for row in document.keyframes}
    fresh = tuple(frame for frame in dict.fromkeys(inside) if frame not in taken)
    return KeyframesAt(fresh or inside, LABELS[wish.keyframes])  # what is said of it counts what is added
