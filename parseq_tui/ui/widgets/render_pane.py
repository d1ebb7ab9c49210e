"""The render pane: follows the newest take of a document by reading its files, and says what one may do.

It polls four times a second while it can be seen, once a second otherwise, in a thread, so that a slow disk never holds
a key up; what is read is drawn only where it changed. It starts and stops nothing itself: it posts what is wanted.
"""

from __future__ import annotations

import asyncio
from math import ceil
from pathlib import Path
from textwrap import wrap
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from parseq_tui.errors import RenderError
from parseq_tui.render.client import RenderClient, Take, TakeSummary, read_ppm
from parseq_tui.render.messages import Event
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.drawing.halfblocks import Picture, fitted_size
from parseq_tui.ui.render_progress import Level, Progress, clock
from parseq_tui.ui.widgets.frame_preview import picture_strips
from parseq_tui.ui.widgets.line_view import LineView

Scope = Literal["all", "selection", "frame"]

POLL_SECONDS = 0.25
HIDDEN_POLLS = 4
"""Ticks from one poll to the next while the pane cannot be seen."""
PREVIEW_CELLS = (48, 24)
LARGE_CELLS = (96, 54)
"""The worker's pictures hold no more."""
BYTES_PER_CELL, BYTES_PER_SECOND = 36, 40_000
"""What a coloured cell costs, and what pictures of a running render may send; they come twice a second at most."""
_ROLES: dict[Level, str] = {"info": "dim", "warning": "warning", "error": "error"}
_LEVEL_MARKS: dict[Level, str] = {"info": " ", "warning": "? ", "error": "! "}
_STATES = {
    "done": ("finished", "success"),
    "stopped": ("stopped", "warning"),
    "failed": ("failed", "error"),
    "killed": ("ended without a word", "error"),
}


class RenderPane(LineView, can_focus=True):
    """Progress, a small picture, the last log lines; `t` lists the takes instead of the log."""

    DEFAULT_CSS = "RenderPane { background: $background; min-height: 3; }"
    BORDER_TITLE = "render"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "start('all', False)", "render all", id="render.all"),
        Binding("d", "start('all', True)", "draft", id="render.draft"),
        Binding("s", "start('selection', False)", "selection", id="render.selection"),
        Binding("p", "start('frame', False)", "this frame", id="render.frame"),
        Binding("x", "stop", "stop", id="render.stop"),
        Binding("z", "command('render.pause')", "pause / go on", id="render.pause"),
        Binding("w", "command('render.forecast')", "what it costs", id="render.forecast"),
        Binding("c", "command('render.prune')", "clear old frames", id="render.prune"),
        Binding("t", "toggle_takes", "takes", id="render.takes"),
        Binding("f", "toggle_follow", "newest / playhead", id="render.follow"),
        Binding("v", "toggle_large", "large picture", id="render.large"),
        Binding("left", "scrub(-1)", "frame back", show=False, id="render.back"),
        Binding("right", "scrub(1)", "frame on", show=False, id="render.on"),
        Binding("shift+left", "scrub(-10)", "10 frames back", show=False, id="render.back_ten"),
        Binding("shift+right", "scrub(10)", "10 frames on", show=False, id="render.on_ten"),
        Binding("up", "select_take(-1)", "newer take", show=False, id="render.newer"),
        Binding("down", "select_take(1)", "older take", show=False, id="render.older"),
        Binding("enter", "open_take", "follow this take", show=False, id="render.open"),
    ]

    class StartRequested(Message):
        """A render is wanted. `draft`: fast and rough."""

        def __init__(self, scope: Scope, draft: bool) -> None:
            super().__init__()
            self.scope, self.draft = scope, draft

    class StopRequested(Message):
        """The running render shall stop after its frame."""

    class CommandWanted(Message):
        """A command of the editor, by name."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    class FrameSelected(Message):
        """The user looks at this frame; the playhead may follow."""

        def __init__(self, frame: int) -> None:
            super().__init__()
            self.frame = frame

    def __init__(
        self,
        client: RenderClient | None = None,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._client = client
        self._follower: Follower | None = None if client is None else Follower(client)
        self._playhead = 0
        self._follow_newest = True
        self._picture: Picture | None = None
        self._picture_of: tuple[str, int] | None = None
        """Take and frame that `_picture` shows."""
        self._takes: tuple[TakeSummary, ...] | None = None
        """Listed instead of the log, newest first; None: the log is shown."""
        self._selected_take = 0
        self._large = False
        self._note = ""
        self._ticks = 0
        self._picture_tick = 0
        """When the last new picture was shown."""
        self._polling = False

    # what the host calls

    def set_client(self, client: RenderClient | None) -> None:
        """Follow another document's renders: its newest take, running or finished."""
        self._client = client
        self._follower = None if client is None else Follower(client)
        self._picture = self._picture_of = self._takes = None
        self._draw()
        self.poll()

    def set_note(self, words: str) -> None:
        """What is to be known before a render starts; "" for nothing."""
        if words != self._note:
            self._note = words
            self._draw()

    def set_playhead(self, frame: int) -> None:
        """The frame whose picture is shown unless a running render is being followed."""
        if frame != self._playhead:
            self._playhead = frame
            if self._wanted_frame() == frame and self._picture_tick != self._ticks:
                self.poll()  # else the next tick does: a held key must not flood the link with pictures

    @property
    def progress(self) -> Progress | None:
        """Of the take shown; None if there is none."""
        return self._follower.progress if self._follower is not None and self._follower.take is not None else None

    def poll(self) -> None:
        """Look at the files now (the pane does it by itself all the time)."""
        if self.is_mounted and not self._polling and self._follower is not None:
            self._polling = True
            self.run_worker(self._poll(self._follower), name="render files", group="render files")

    # polling

    def on_mount(self) -> None:
        super().on_mount()
        self._timer = self.set_interval(POLL_SECONDS, self._tick, name="render files")
        self.poll()

    def _tick(self) -> None:
        self._ticks += 1
        if self.is_on_screen or self._ticks % HIDDEN_POLLS == 0:
            self.poll()

    async def _poll(self, follower: Follower) -> None:
        try:
            await asyncio.to_thread(follower.poll)
            if follower is self._follower:
                await self._load_picture(follower)
                self._draw()
        finally:
            self._polling = False

    async def _load_picture(self, follower: Follower) -> None:
        frame = self._wanted_frame()
        path = follower.preview(frame)
        wanted = None if path is None or follower.take is None or frame is None else (follower.take.name, frame)
        if wanted == self._picture_of:
            return
        following = self._follow_newest and not follower.progress.over
        if following and self._ticks - self._picture_tick < self._picture_pause():
            return
        self._picture, self._picture_of, self._picture_tick = None, wanted, self._ticks
        if path is not None:
            try:
                self._picture = await asyncio.to_thread(read_ppm, path)
            except RenderError:
                # half written, or pruned meanwhile: the next poll may do better
                self._picture_of = None

    def _picture_pause(self) -> int:
        """Ticks between two pictures of a running render."""
        if self._picture is None:
            return 0
        columns, rows = fitted_size(self._picture, *self._picture_room(self.size.height))
        seconds = columns * rows * BYTES_PER_CELL / BYTES_PER_SECOND
        return max(2, ceil(seconds / POLL_SECONDS))

    def _picture_room(self, rows: int) -> tuple[int, int]:
        columns, most = LARGE_CELLS if self._large else PREVIEW_CELLS
        return min(self.size.width, columns), min(rows, most)

    def _wanted_frame(self) -> int | None:
        progress = self.progress
        if progress is None:
            return None
        if self._follow_newest and not progress.over:
            return progress.newest.frame if progress.newest is not None else None
        return self._playhead

    # keys

    def action_start(self, scope: Scope, draft: bool) -> None:
        self.post_message(self.StartRequested(scope, draft))

    def action_stop(self) -> None:
        self.post_message(self.StopRequested())

    def action_command(self, name: str) -> None:
        self.post_message(self.CommandWanted(name))

    def action_toggle_follow(self) -> None:
        self._follow_newest = not self._follow_newest
        self.poll()

    def action_toggle_large(self) -> None:
        """Give the picture all the room there is, or leave some to the log."""
        self._large = not self._large
        self._draw()

    def action_scrub(self, frames: int) -> None:
        self._follow_newest = False
        started = self.progress.started if self.progress is not None else None
        first, count = (started.first_frame, started.frame_count) if started is not None else (0, 1 << 30)
        self.post_message(self.FrameSelected(min(max(self._playhead + frames, first), first + count - 1)))

    async def action_toggle_takes(self) -> None:
        if self._takes is not None or self._client is None:
            self._takes = None
        else:
            client = self._client
            self._takes = await asyncio.to_thread(lambda: tuple(take.summary() for take in client.takes()[:50]))
            self._selected_take = 0
        self._draw()

    def action_select_take(self, step: int) -> None:
        if self._takes:
            self._selected_take = min(max(self._selected_take + step, 0), len(self._takes) - 1)
            self._draw()

    def action_open_take(self) -> None:
        if self._takes and self._client is not None:
            name = self._takes[self._selected_take].name
            take = next((take for take in self._client.takes() if take.name == name), None)
            self._follower = Follower(self._client, take)
            self._takes = None
            self._picture_of = None
            self.poll()

    # painting

    def on_resize(self) -> None:
        self._draw()

    def theme_changed(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.size.width or not self.size.height:
            return
        progress = self.progress
        if progress is None:
            dim = self.palette.style("dim")
            words = ["nothing rendered yet", "r render   d draft   w what it costs"]
            self.set_lines([*self._noted(), *(self.line((text, dim)) for text in words)])
            return
        status = [self._bar(progress)] if self._large and progress.state != "failed" else self._status(progress)
        status = [*self._noted(), *status]
        room = self.size.height - len(status)
        picture = self._picture_rows(max(0, room - (0 if self._large else max(2, room // 4))))
        self.set_lines([*status, *picture, *self._below(progress, room - len(picture))])

    def _noted(self) -> list[Strip]:
        rows = wrap(self._note, max(8, self.size.width)) if self._note else []
        return [self.line((row, self.palette.style("accent"))) for row in rows]

    def _status(self, progress: Progress) -> list[Strip]:
        assert self._follower is not None and self._follower.take is not None
        palette, started = self.palette, progress.started
        words, role = _STATES.get(progress.state, (progress.words or progress.state, "accent"))
        about = f"  take {self._follower.take.name}"
        if started is not None:
            about += f"  {started.engine} {started.model} {started.width}x{started.height}"
        lines = [self.line((words, palette.style(role, attributes="bold")), (plain(about), palette.style("dim")))]
        lines.append(self._bar(progress))
        parts = []
        if progress.seconds_per_frame is not None:
            parts.append(f"{progress.seconds_per_frame:.2f} s/frame")
        if progress.seconds_left is not None:
            parts.append(f"{clock(progress.seconds_left)} left")
        if progress.ended is not None:
            parts.append(f"in {clock(progress.ended.seconds)}")
        parts.append(f"{progress.reused} cached")
        lines.append(self.line(("  ".join(parts), palette.style("text"))))
        return [*lines, *self._last_words(progress)]

    def _bar(self, progress: Progress) -> Strip:
        total = max(1, progress.total)
        numbers = f" {progress.done}/{progress.total} {100 * progress.done // total} %"
        width = max(4, self.size.width - len(numbers) - 2)
        full = min(width, width * progress.done // total)
        cached = min(full, round(width * progress.reused / total))
        palette = self.palette
        return self.line(
            ("[", palette.style("dim")),
            ("=" * cached, palette.style("dim")),
            ("#" * (full - cached), palette.style("success")),
            ("." * (width - full), palette.style("dim")),
            ("]", palette.style("dim")),
            (numbers, palette.style("text")),
        )

    def _last_words(self, progress: Progress) -> list[Strip]:
        """The error and what to do about it, or where the video is."""
        ended, width = progress.ended, max(8, self.size.width)
        if progress.state == "killed":
            texts = [("! the worker is gone", "error"), ("  render again: it goes on behind the last frame", "text")]
        elif ended is None:
            texts = []
        elif ended.outcome == "failed":
            texts = [(row, "error") for row in wrap(f"! {plain(ended.message)}", width, subsequent_indent="  ")]
            texts += [(row, "text") for row in wrap(f"  {plain(ended.hint)}", width, subsequent_indent="  ")]
        else:
            texts = [(Path(ended.video).name, "success")] if ended.video else []
        return [self.line((text, self.palette.style(role))) for text, role in texts]

    def _picture_rows(self, rows: int) -> list[Strip]:
        if rows < 3:
            return []
        if self._picture is None or self._picture_of is None:
            frame, progress = self._wanted_frame(), self.progress
            if frame is None or progress is None or not progress.previews:
                return []
            return [self.line((f"frame {frame}: no picture yet", self.palette.style("dim")))]
        strips = picture_strips(self._picture, *self._picture_room(rows - 1), self.app)
        newest = self._follow_newest and self.progress is not None and not self.progress.over
        caption = f"frame {self._picture_of[1]}" + (" (newest)" if newest else "")
        return [*strips, self.line((caption, self.palette.style("dim")))]

    def _below(self, progress: Progress, rows: int) -> list[Strip]:
        if rows < 1:
            return []
        if self._takes is not None:
            return self._take_rows(rows)
        lines: list[Strip] = []
        for level, text in reversed(progress.log):
            if len(lines) >= rows:
                break
            style = self.palette.style(_ROLES[level])
            # what is wrong is read whole, what went well need not be
            texts = [text] if level == "info" else wrap(text, max(8, self.size.width - 2)) or [text]
            lines = [self.line((_LEVEL_MARKS[level] + part, style)) for part in texts] + lines
        return lines[-rows:]

    def _take_rows(self, rows: int) -> list[Strip]:
        assert self._takes is not None
        top = max(0, min(self._selected_take - rows // 2, len(self._takes) - rows))
        lines = []
        for index, take in enumerate(self._takes[top : top + rows], start=top):
            selected = index == self._selected_take
            on = "selection" if selected else "background"
            counts = f"{take.done}/{take.total}  {take.size / 1e6:.1f} MB  {take.reused} cached"
            text = f"{'>' if selected else ' '} {take.name}  {take.state}  {counts}"
            lines.append(self.line((text, self.palette.style("text", on)), on=on))
        return lines or [self.line(("no takes yet", self.palette.style("dim")))]


class Follower:
    """Reads one take's files. Used in a thread by one poll at a time; what it knows is read between polls."""

    def __init__(self, client: RenderClient, take: Take | None = None) -> None:
        self._client = client
        self._pinned = take is not None
        self.take = take
        self.progress = Progress()
        self._tail = None if take is None else take.tail()
        self._polls = 0

    def poll(self) -> None:
        """Take in what was added; change to a newer take unless a certain one is looked at."""
        self._polls += 1
        if not self._pinned:
            latest = self._client.latest()
            if latest is not None and latest != self.take:
                self.take, self._tail, self.progress = latest, latest.tail(), Progress()
        if self._tail is None or self.take is None:
            return
        events: list[Event] = self._tail.poll()
        self.progress.fold(events)
        if not events and self.progress.ended is None and self._polls % HIDDEN_POLLS == 0 and not self.take.running():
            self.progress.fold(self._tail.poll())  # its last words may have come between the two looks
            self.progress.worker_gone(last_lines(self.take.log_path))

    def preview(self, frame: int | None) -> Path | None:
        """The small picture of a frame, if this take has one."""
        if frame is None or self.take is None or frame not in self.progress.previews:
            return None
        return self.take.folder / "preview" / Path(self.progress.previews[frame]).name


def last_lines(path: Path, most: int = 20) -> list[str]:
    """What a worker printed last: why it died, if nothing else says so. At most 8 kB are read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            return file.read(8192).decode("utf-8", "replace").splitlines()[-most:]
    except OSError:
        return []
