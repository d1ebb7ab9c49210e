"""What is known about a take from its events: counts, pace, time left, the last words. No clock of its own.

Fold events in as they come; following a take, reattaching to it and replaying an old one give the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import localtime, strftime
from typing import Literal

from parseq_tui.render.client import Waiting
from parseq_tui.render.messages import Ended, Event, FrameDone, LogLine, Started, State, StateChanged
from parseq_tui.ui.drawing.cells import plain

Level = Literal["info", "warning", "error"]
LOG_LINES = 200
_PACE_OVER = 30
"""Rendered frames that the pace is the mean of: with fewer the time left of fast frames jumps about."""


@dataclass(slots=True)
class Progress:
    """One take, as far as its events say."""

    state: State | Literal["done", "stopped", "failed", "killed"] = "starting"
    words: str = ""
    """What is being done just now."""
    started: Started | None = None
    ended: Ended | None = None
    done: int = 0
    total: int = 0
    reused: int = 0
    asked: Literal["", "pause", "stop"] = ""
    """What somebody wants of a take that has not ended; it is done after its frame."""
    newest: FrameDone | None = None
    kept: Waiting | None = None
    """A worker that waits with its engine for the next render."""
    previews: dict[int, str] = field(default_factory=dict)
    """Frame → path of its small picture, relative to the take's folder."""
    log: deque[tuple[Level, str]] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    _paces: deque[float] = field(default_factory=lambda: deque(maxlen=_PACE_OVER))

    def fold(self, events: Iterable[Event]) -> None:
        """Take these events in, oldest first."""
        for event in events:
            match event:
                case Started():
                    self._begin(event)
                case StateChanged():
                    self.state, self.words = event.state, event.text
                    if event.text:
                        self._say("info", event.time, event.text)
                case FrameDone():
                    self._frame(event)
                case LogLine():
                    self._say(event.level, event.time, event.text)
                case Ended():
                    self.state, self.ended = event.outcome, event

    def worker_gone(self, printed: Iterable[str] = ()) -> None:
        """There is no worker: without a last word of its own it was killed, and what it printed last says most."""
        if self.ended is None and self.state != "killed":
            self.state = "killed"
            self.log.extend(("error", plain(line)[:500]) for line in printed)

    @property
    def over(self) -> bool:
        return self.state in ("done", "stopped", "failed", "killed")

    @property
    def worst(self) -> tuple[Level, str] | None:
        """The last line of the log that tells of something wrong."""
        return next((line for line in reversed(self.log) if line[0] != "info"), None)

    @property
    def seconds_per_frame(self) -> float | None:
        """Of the last frames that were really rendered; None before the first."""
        return sum(self._paces) / len(self._paces) if self._paces else None

    @property
    def seconds_left(self) -> float | None:
        """At this pace, counting frames known to be in the cache as free; None if it cannot be told or is over."""
        pace = self.seconds_per_frame
        if pace is None or self.over or self.started is None:
            return None
        still_cached = max(0, self.started.cached - self.reused)
        return pace * max(0, self.total - self.done - still_cached)

    def _begin(self, event: Started) -> None:
        self.state, self.words, self.ended = "starting", "", None
        self.started, self.total = event, event.frame_count
        self.done = self.reused = 0
        self._paces.clear()

    def _frame(self, event: FrameDone) -> None:
        self.newest, self.done, self.total = event, event.done, event.total
        self.reused += event.reused
        if self.state in ("starting", "loading", "rendering"):
            self.state, self.words = "rendering", ""
        if event.preview:
            self.previews[event.frame] = event.preview
        if not event.reused:
            self._paces.append(event.seconds)
            self._say("info", event.time, f"frame {event.frame}  {event.seconds:.2f} s  seed {event.seed:g}")

    def _say(self, level: Level, time: float, text: str) -> None:
        self.log.append((level, f"{strftime('%H:%M:%S', localtime(time))} {plain(text)[:500]}"))


def clock(seconds: float) -> str:
    """A duration: "01:58", "2:03:09"."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
