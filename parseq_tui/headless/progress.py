"""A render's progress in words: a live bar on a terminal, a few plain lines elsewhere (logs, pipes, CI)."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as RichBar

from parseq_tui.errors import counted
from parseq_tui.render.messages import Ended, Event, FrameDone, LogLine, Started, StateChanged

PLAIN_LINE_SECONDS = 10.0


class Progress(Protocol):
    """Shows events as they come."""

    def show(self, event: Event) -> None: ...

    def close(self) -> None: ...


def plain_or_rich() -> Progress:
    """A bar if standard error is a terminal, else lines."""
    return RichProgress(sys.stderr) if sys.stderr.isatty() else PlainProgress(sys.stderr)


class Pace:
    """How long a rendered frame takes, and what is left. Reused frames do not count: they cost nothing."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._rendered = 0

    def add(self, event: FrameDone) -> None:
        if not event.reused:
            self._seconds += event.seconds
            self._rendered += 1

    @property
    def per_frame(self) -> float:
        """Seconds per rendered frame; 0 before the first."""
        return self._seconds / self._rendered if self._rendered else 0.0

    def words(self, event: FrameDone) -> str:
        """Seconds per frame and time left, after this frame."""
        if not self._rendered:
            return "from the cache"
        left = (event.total - event.done) * self.per_frame
        return f"{self.per_frame:.2f} s/frame, {clock(left)} left"


def clock(seconds: float) -> str:
    """`1:02:03` or `2:03`."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"


def started_words(event: Started) -> str:
    cached = f", {event.cached} of them rendered before" if event.cached else ""
    return (
        f"{counted(event.frame_count, 'frame')} of {event.width}×{event.height} at {event.fps:g} fps "
        f"with {event.maker}{cached}"
    )


def ended_words(event: Ended) -> str:
    counts = f"{event.rendered} rendered, {event.reused} reused in {clock(event.seconds)}"
    if event.outcome == "done":
        return f"done: {counts}" + (f"\n{event.video}" if event.video else "")
    if event.outcome == "stopped":
        return f"stopped: {counts}; render again to go on from here"
    return f"failed: {counts}; what is finished is kept"


class PlainProgress:
    """One line at the start, one every ten seconds, one at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pace = Pace()
        self._last_line = time.monotonic()

    def show(self, event: Event) -> None:
        if isinstance(event, Started):
            self._say(started_words(event))
        elif isinstance(event, LogLine):
            self._say(f"{event.level}: {event.text}")
        elif isinstance(event, StateChanged) and event.text:
            self._say(event.text)
        elif isinstance(event, Ended):
            self._say(ended_words(event))
        elif isinstance(event, FrameDone):
            self._pace.add(event)
            if time.monotonic() - self._last_line >= PLAIN_LINE_SECONDS:
                self._say(f"frame {event.frame}  {event.done}/{event.total}  {self._pace.words(event)}")

    def close(self) -> None:
        self._stream.flush()

    def _say(self, text: str) -> None:
        self._last_line = time.monotonic()
        self._stream.write(text + "\n")
        self._stream.flush()


class RichProgress:
    """A bar with the frame, the pace and the time left; log lines scroll above it."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False, markup=False)
        self._bar = RichBar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            console=self._console,
            refresh_per_second=5,
        )
        self._task = self._bar.add_task("starting", total=None, pace="")
        self._pace = Pace()
        self._bar.start()

    def show(self, event: Event) -> None:
        if isinstance(event, Started):
            self._console.print(started_words(event))
            self._bar.update(self._task, total=event.frame_count)
        elif isinstance(event, StateChanged):
            self._bar.update(self._task, description=event.text or event.state)
        elif isinstance(event, LogLine):
            self._console.print(f"{event.level}: {event.text}")
        elif isinstance(event, FrameDone):
            self._pace.add(event)
            pace = self._pace.words(event)
            self._bar.update(self._task, completed=event.done, description=f"frame {event.frame}", pace=pace)
        elif isinstance(event, Ended):
            self._bar.stop()
            self._console.print(ended_words(event))

    def close(self) -> None:
        self._bar.stop()
