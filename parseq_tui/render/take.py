"""A take: one render run, as a folder that everybody reads and only its worker writes (DESIGN §4.5).

    takes/20261122-091803/
      job.json       everything that was asked, document included: runs again as it is
      frames.jsonl   append-only: frame, key, seconds, reused
      events.jsonl   append-only, one write per line (render.messages)
      worker.log     what the libraries print
      preview/       small PPM pictures
      stop           its presence asks: finish this frame, then stop
      pause          its presence asks: finish this frame, then wait until it is gone
      video.mp4

No image library, no torch: the editor and the command line read takes through this module.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from parseq_tui.errors import RenderError
from parseq_tui.render import lock
from parseq_tui.render.messages import Ended, Event, FrameDone, Started, decode, encode

TakeState = Literal["running", "waiting", "done", "stopped", "failed", "killed"]
_LAST_WORD = 1 << 16
"""Bytes of the longest event."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a render was asked for."""

    document: str
    """The document's text, or a frame JSON's, as it stood."""
    document_name: str
    """File name, for messages."""
    base: str
    """Folder that relative paths in the document start from."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Render settings that override the document's (`timeline.render_settings`)."""
    frames: tuple[int, int] | None = None
    """Half-open range of absolute frame numbers; None = all."""
    out: str | None = None
    """A video file or a folder for numbered PNGs, beside the take's own video."""
    audio: str | None = None
    """A sound file that is heard with the videos."""
    overlay: bool = False
    """Whether the parameters are drawn on what `out` gets."""
    sheet: str | None = None
    """A picture file for a contact sheet."""
    device: str = "auto"
    preview_width: int = 96
    """Pixels of the small pictures, at most."""
    program: str = ""
    """Version of this program that wrote the job."""

    def to_json(self) -> str:
        content = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps({**content, "options": dict(self.options)}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Raises RenderError if the text is not a job."""
        try:
            content: dict[str, Any] = json.loads(text)
            known = {name: content[name] for name in cls.__dataclass_fields__ if name in content}
            if known.get("frames") is not None:
                first, last = known["frames"]
                known["frames"] = (int(first), int(last))
            return cls(**known)
        except (ValueError, TypeError, AttributeError) as error:
            raise RenderError(f"job.json cannot be read: {error}", hint="start the render again") from error


@dataclass(frozen=True, slots=True)
class TakeSummary:
    """A take in one line."""

    name: str
    state: TakeState
    """`waiting`: it comes after another one; `killed`: its worker is gone and left no last word."""
    started: float | None = None
    """Unix seconds."""
    done: int = 0
    total: int = 0
    rendered: int = 0
    reused: int = 0
    seconds: float = 0.0
    video: str = ""
    """Path of the finished video; "" if there is none."""
    message: str = ""
    hint: str = ""
    size: int = 0
    """Bytes of the take's own files (frames live in the cache)."""
    paused: bool = False
    """Whether it is running, but was asked to wait."""


class EventTail:
    """Follows `events.jsonl`: each `poll` returns what was added since the last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._torn = b""

    def poll(self) -> list[Event]:
        """New events, oldest first. Never blocks, never raises: a file that is not there yet has no events.

        A line that is still being written waits for its end; a line nobody can read is skipped.
        """
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:
                    self._offset, self._torn = 0, b""
                file.seek(self._offset)
                added = file.read()
        except OSError:
            return []
        if not added:
            return []
        self._offset += len(added)
        *lines, self._torn = (self._torn + added).split(b"\n")
        return [event for line in lines if (event := decode(line)) is not None]


@dataclass(frozen=True, slots=True)
class Take:
    """One take's folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def render_folder(self) -> Path:
        """The document's NAME.render folder."""
        return self.folder.parent.parent

    @property
    def job(self) -> Job:
        """What was asked. Raises RenderError if job.json is missing or damaged."""
        try:
            return Job.from_json((self.folder / "job.json").read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise RenderError(f"the job of take {self.name} cannot be read: {error}") from error

    @property
    def events_path(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def frames_path(self) -> Path:
        return self.folder / "frames.jsonl"

    @property
    def log_path(self) -> Path:
        return self.folder / "worker.log"

    @property
    def stop_path(self) -> Path:
        return self.folder / "stop"

    @property
    def pause_path(self) -> Path:
        return self.folder / "pause"

    @property
    def asked(self) -> Literal["", "pause", "stop"]:
        """What somebody wants of its worker, after the frame it makes."""
        return "stop" if self.stop_path.exists() else "pause" if self.pause_path.exists() else ""

    @property
    def video_path(self) -> Path:
        return self.folder / "video.mp4"

    def preview_path(self, frame: int) -> Path:
        return self.folder / "preview" / f"{frame:05d}.ppm"

    def tail(self) -> EventTail:
        """Its events from the first on."""
        return EventTail(self.events_path)

    def running(self) -> bool:
        """Whether a worker is at it now. One that has said its last word of it is not, though it lets go only then."""
        now = lock.holder(self.render_folder / "lock")
        return now is not None and now.take == self.name and not self.ended()

    def ended(self) -> bool:
        """Whether its last word is written."""
        try:
            with self.events_path.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _LAST_WORD))
                lines = file.read().split(b"\n")
        except OSError:
            return False
        return len(lines) > 1 and isinstance(decode(lines[-2]), Ended)

    def waiting(self) -> bool:
        """Whether a worker will come to it after another take."""
        now = lock.holder(self.render_folder / "lock")
        return now is not None and self.name in now.waiting

    def previews(self) -> dict[int, Path]:
        """Frame number → small picture, in frame order. Read one with `read_ppm`."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.folder / "preview"))
        except OSError:
            return {}
        found = {int(name[:-4]): self.folder / "preview" / name for name in names if _is_preview(name)}
        return dict(sorted(found.items()))

    def frame_keys(self) -> dict[int, str]:
        """Frame number → cache key, of every frame finished so far."""
        return {frame: key for frame, key, _ in self._records()}

    def cache_keys(self) -> set[str]:
        """Every key of the cache that this take shows or was made from."""
        return {key for _, shown, pictures in self._records() for key in (shown, *pictures)}

    def _records(self) -> Iterator[tuple[int, str, list[str]]]:
        try:
            lines = self.frames_path.read_bytes().split(b"\n")
        except OSError:
            return
        for line in lines:
            try:
                record = json.loads(line)
                yield int(record["frame"]), str(record["key"]), [str(key) for key in record.get("pictures", ())]
            except (ValueError, KeyError, TypeError):
                continue  # torn when its worker was killed

    def summary(self) -> TakeSummary:
        """State and counts, from the events and the lock."""
        started: Started | None = None
        frames: list[FrameDone] = []
        ended: Ended | None = None
        for event in self.tail().poll():
            if isinstance(event, Started):
                started, frames, ended = event, [], None
            elif isinstance(event, FrameDone):
                frames.append(event)
            elif isinstance(event, Ended):
                ended = event
        state: TakeState = "running" if self.running() else ended.outcome if ended else "killed"
        if state == "killed" and self.waiting():
            state = "waiting"
        killed = state == "killed"
        reused = sum(frame.reused for frame in frames)
        return TakeSummary(
            name=self.name,
            state=state,
            started=started.time if started else None,
            done=len(frames),
            total=started.frame_count if started else 0,
            rendered=len(frames) - reused,
            reused=reused,
            seconds=ended.seconds if ended else (frames[-1].time - started.time if frames and started else 0.0),
            video=ended.video if ended else "",
            message=ended.message if ended else "its worker ended without a last word" if killed else "",
            hint=ended.hint if ended else f"render again: it goes on there; see {self.log_path}" if killed else "",
            size=_size(self.folder),
            paused=state == "running" and self.pause_path.exists(),
        )


class LineLog:
    """An append-only file of lines, each written with one `os.write`, so that a reader never sees two mixed."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._descriptor).st_size
        self._torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"
        """Whether a line was cut off, by a worker's death or a full disk: it must not swallow the next one."""

    def event(self, event: Event) -> None:
        """Raises OSError if it cannot be written whole."""
        self._write(encode(event))

    def record(self, **fields: Any) -> None:
        """Raises OSError if it cannot be written whole."""
        self._write(json.dumps(fields).encode() + b"\n")

    def _write(self, line: bytes) -> None:
        line = b"\n" + line if self._torn else line
        written = os.write(self._descriptor, line)
        self._torn = written < len(line)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        os.close(self._descriptor)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def point_latest(render_folder: Path, take: Take) -> None:
    """Make `latest` point at this take."""
    temporary = render_folder / f".latest.{os.getpid()}.tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path("takes") / take.name)
    temporary.replace(render_folder / "latest")


def _is_preview(name: str) -> bool:
    return name.endswith(".ppm") and name[:-4].lstrip("-").isdigit()


def _size(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                continue
    return total
