"""Reads the files of one take: what was added since the last look, whether its worker lives, its small pictures."""

from __future__ import annotations

from pathlib import Path

from parseq_tui.render.client import EventTail, RenderClient, Take, waiting
from parseq_tui.render.messages import Event
from parseq_tui.ui.takes.progress import Progress

LOOKS_AT_WORKER = 4
"""Of so many polls without news one asks whether the worker is still there, and so does the first look at a take."""


class TakeFollower:
    """Used in a thread by one poll at a time; what it knows is read between polls."""

    def __init__(self, client: RenderClient, take: Take | None = None) -> None:
        """`take`: look at this one; None: at the newest, also when a newer one begins."""
        self._client = client
        self._pinned = take is not None
        self.take = take
        self.progress = Progress()
        self._tail = None if take is None else take.tail()
        self._polls = 0

    def poll(self) -> None:
        """Take in what was added; change to a newer take unless a certain one is looked at."""
        self._polls += 1
        fresh = self._polls == 1 if self._pinned else self._renewed()
        if self._tail is None or self.take is None:
            return
        events: list[Event] = self._tail.poll()
        self.progress.fold(events)
        self.progress.kept = next(iter(waiting()), None) if self.progress.over else None
        self.progress.asked = "" if self.progress.over else self.take.asked
        begun = self.progress.started is not None  # before, the lock may not name its worker yet
        unsure = (fresh and begun) or (not events and self._polls % LOOKS_AT_WORKER == 0)
        if self.progress.ended is None and unsure:
            self._look_at_worker(self.take, self._tail)

    def _renewed(self) -> bool:
        """Whether there is a newer take, which is followed from now on, as far as it has come."""
        latest = self._client.latest()
        if latest is None or latest == self.take:
            return False
        tail, progress = latest.tail(), Progress()
        progress.fold(tail.poll())  # nobody must see a finished take as one that starts
        self.take, self._tail, self.progress = latest, tail, progress
        return True

    def _look_at_worker(self, take: Take, tail: EventTail) -> None:
        if take.waiting():
            self.progress.words = "waiting for the take before it"
        elif not take.running():
            self.progress.fold(tail.poll())  # its last words may have come between the two looks
            self.progress.worker_gone(last_lines(take.log_path))

    def preview(self, frame: int | None) -> Path | None:
        """The small picture of a frame, if this take has one."""
        if frame is None or self.take is None or frame not in self.progress.previews:
            return None
        return self.take.folder / "preview" / Path(self.progress.previews[frame]).name

    def previews(self, frame: int | None) -> tuple[Path, ...]:
        """The same as the files of a picture: one, or none."""
        path = self.preview(frame)
        return () if path is None else (path,)


def last_lines(path: Path) -> list[str]:
    """The last 20 lines a worker printed: why it died, if nothing else says so. At most 8 kB are read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            return file.read(8192).decode("utf-8", "replace").splitlines()[-20:]
    except OSError:
        return []
