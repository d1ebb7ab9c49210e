"""The renderer as everybody else sees it: start, stop, follow. It starts a worker process and reads files.

Imports no torch and no image library: the editor and the command line live with this module.

    client = RenderClient(Path("cat.json"))
    take = client.start(text, options={"steps": 4})
    for event in take.tail().poll(): ...
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import parseq_tui
from parseq_tui.errors import RenderError
from parseq_tui.paths import render_folder
from parseq_tui.render import lock
from parseq_tui.render.lock import FolderLock, Holder
from parseq_tui.render.preview import read_ppm
from parseq_tui.render.standby import Waiting, hand_over, let_go, waiting
from parseq_tui.render.storage import CacheFolder, CacheUse, unwritable
from parseq_tui.render.take import EventTail, Job, Take, TakeSummary, point_latest, write_atomically
from parseq_tui.timeline.render_settings import resolve

__all__ = [
    "CacheUse",
    "EventTail",
    "Job",
    "RenderClient",
    "Take",
    "TakeSummary",
    "Waiting",
    "let_go",
    "read_ppm",
    "waiting",
]

SEED_STRIDE = 100_000
"""How far the seeds of one take lie from those of the next: further than a film is long."""
_LETS_GO = 30.0
"""Seconds in which a worker lets go of the folder after its last word, however busy the machine is."""
_children: list[subprocess.Popen[bytes]] = []
"""Workers this process started: polled, so that a finished one does not stay a zombie."""


class RenderClient:
    """Renders of one document."""

    def __init__(self, document_path: Path) -> None:
        self.document_path = document_path.absolute()
        self.folder = render_folder(self.document_path)

    def start(
        self,
        document_text: str,
        *,
        options: Mapping[str, Any] | None = None,
        frames: tuple[int, int] | None = None,
        out: Path | None = None,
        device: str = "auto",
        linger: float = 0.0,
    ) -> Take:
        """Start a worker on this text in a session of its own; it outlives this process. See `job` and `start_jobs`."""
        job = self.job(document_text, options=options, frames=frames, out=out, device=device)
        return self.start_jobs([job], linger=linger)[0]

    def job(
        self,
        document_text: str,
        *,
        options: Mapping[str, Any] | None = None,
        frames: tuple[int, int] | None = None,
        out: Path | None = None,
        audio: Path | None = None,
        overlay: bool = False,
        sheet: Path | None = None,
        preview_width: int = 96,
        device: str = "auto",
    ) -> Job:
        """What to render, checked as far as that is quick.

        `options` are names of `timeline.render_settings.SETTINGS` and override the document's `render`; paths among
        them are relative to the current folder. `frames` is half-open. `out`: a video file, or a folder for PNGs;
        `audio`: a sound file for the videos; `overlay`: draw the parameters on what `out` gets; `sheet`: a picture file
        for a contact sheet; `preview_width`: pixels of the small pictures for whoever follows.
        Raises SettingsError for a wrong option, RenderError for an empty range.
        """
        checked = _absolute_paths(dict(options or {}))
        resolve({}, checked)
        if frames is not None and frames[0] >= frames[1]:
            raise RenderError(
                f"the frame range {frames[0]}:{frames[1]} is empty", hint="the end is exclusive: 0:10 is 0…9"
            )
        return Job(
            document=document_text,
            document_name=self.document_path.name,
            base=str(self.document_path.parent),
            options=checked,
            frames=frames,
            out=None if out is None else str(out.absolute()),
            audio=None if audio is None else str(audio.absolute()),
            overlay=overlay,
            sheet=None if sheet is None else str(sheet.absolute()),
            preview_width=preview_width,
            device=device,
            program=parseq_tui.__version__,
        )

    def start_jobs(self, jobs: Sequence[Job], *, linger: float = 0.0) -> list[Take]:
        """Start one worker that renders these jobs as takes, one after the other; jobs that ask for the same engine
        load it once. A worker that waits with its engine loaded takes them over (render/standby.py).

        `linger`: for how many seconds the worker shall wait so afterwards.
        Raises RenderError if a render of this document is running or its folder cannot be written. Everything that
        goes wrong later is an `Ended` event.
        """
        try:
            held = self._locked()
            try:
                takes = [self._new_take(job) for job in jobs]
                point_latest(self.folder, takes[0])
                if not hand_over(takes, held, linger, self.document_path.parent):
                    self._launch(takes, held, linger)
            finally:
                held.close()
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return takes

    def queue(self) -> list[Take]:
        """The take that is being rendered, and those that come after it."""
        now = lock.holder(self.folder / "lock")
        return [] if now is None else [Take(self.folder / "takes" / name) for name in (now.take, *now.waiting) if name]

    def stop(self, take: Take | None = None) -> None:
        """Ask the worker to finish its frame and stop. Nothing happens if none is running."""
        asked = self._asked(take)
        if asked is not None:
            asked.stop_path.touch()

    def pause(self, take: Take | None = None) -> None:
        """Ask the worker to finish its frame and wait. It keeps its model; `resume` lets it go on, `stop` ends it."""
        asked = self._asked(take)
        if asked is not None:
            asked.pause_path.touch()

    def resume(self, take: Take | None = None) -> None:
        """Let a worker that waits go on."""
        asked = self._asked(take)
        if asked is not None:
            asked.pause_path.unlink(missing_ok=True)

    def pausing(self) -> bool:
        """Whether the take that is running waits, or will after its frame."""
        asked = self._asked(None)
        return asked is not None and asked.asked == "pause"

    def kill(self) -> None:
        """End the worker at once. Finished frames are safe; the next render goes on behind them."""
        now = lock.holder(self.folder / "lock")
        if now is None:
            return
        if not now.here:
            raise RenderError(f"the worker runs on another machine ({now.host or 'unknown'})", hint="stop it there")
        try:
            os.killpg(now.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # it ended by itself between the look and the shot
        _reap(now.pid)

    def running(self) -> bool:
        """Whether a worker is at this document, or was just given it. One that has said its last word is not."""
        _reap()
        now = lock.holder(self.folder / "lock")
        if now is None or not now.take:
            return now is not None
        last = now.waiting[-1] if now.waiting else now.take
        return not Take(self.folder / "takes" / last).ended()

    def latest(self) -> Take | None:
        """The take started last; None also where one may not look."""
        takes = self.takes()
        target = self.folder / "latest"
        if os.path.islink(target) and os.path.exists(target):
            return Take(self.folder / "takes" / target.resolve().name)
        return takes[0] if takes else None

    def takes(self) -> list[Take]:
        """All takes, newest first."""
        try:
            names = [entry.name for entry in os.scandir(self.folder / "takes") if entry.is_dir()]
        except OSError:
            return []
        return [Take(self.folder / "takes" / name) for name in sorted(names, reverse=True)]

    def cache_use(self) -> CacheUse:
        """What all frames ever rendered for this document take on disk."""
        return self._cache.use()

    def prune(self, limit: int) -> CacheUse:
        """Remove old frames until at most `limit` bytes are left; those of the latest take always stay.

        Returns what was removed. Raises RenderError while a render is running.
        """
        held = self._locked()
        try:
            latest = self.latest()
            return self._cache.prune(limit, latest.cache_keys() if latest else set())
        finally:
            held.close()

    def forget_takes(self, keep: int) -> int:
        """Remove the folders of all takes but the newest `keep` (at least one); their frames stay in the cache.

        Returns how many. Raises RenderError while a render is running, or if one cannot be removed.
        """
        held = self._locked()
        try:
            latest = self.latest()
            old = [take for take in self.takes()[max(1, keep) :] if take != latest]
            for take in old:
                shutil.rmtree(take.folder)
            return len(old)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            held.close()

    def _locked(self) -> FolderLock:
        """The folder's lock; a worker that has said its last word is waited for. Raises RenderError, OSError."""
        deadline = time.monotonic() + _LETS_GO
        while True:
            try:
                return FolderLock.acquire(self.folder / "lock")
            except RenderError:
                if self.running() or time.monotonic() > deadline:
                    raise

    def _asked(self, take: Take | None) -> Take | None:
        """The take to speak to: this one or the one that is running; None if no worker is at it."""
        now = lock.holder(self.folder / "lock")
        asked = take or (None if now is None or not now.take else Take(self.folder / "takes" / now.take))
        return asked if asked is not None and asked.running() else None

    @property
    def _cache(self) -> CacheFolder:
        return CacheFolder(self.folder / "cache")

    def _new_take(self, job: Job) -> Take:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        for attempt in range(1, 1000):
            take = Take(self.folder / "takes" / (stamp if attempt == 1 else f"{stamp}-{attempt:03d}"))
            try:
                take.folder.mkdir(parents=True)
                break
            except FileExistsError:
                continue
        try:
            (take.folder / "preview").mkdir()
            write_atomically(take.folder / "job.json", job.to_json().encode())
        except OSError:
            shutil.rmtree(take.folder, ignore_errors=True)  # a take without a job can never have begun
            raise
        return take

    def _launch(self, takes: Sequence[Take], held: FolderLock, linger: float) -> None:
        # -P: the worker must not import modules that happen to lie in the current folder.
        command = [sys.executable, "-P", "-m", "parseq_tui.render.worker", *(str(take.folder) for take in takes)]
        with takes[0].log_path.open("ab") as log:
            process = subprocess.Popen(
                [*command, "--lock-fd", str(held.descriptor), "--linger", str(linger)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.document_path.parent,  # what relative names in messages start from
                start_new_session=True,
                pass_fds=(held.descriptor,),
            )
        _children.append(process)
        later = tuple(take.name for take in takes[1:])
        held.describe(Holder(process.pid, takes[0].name, socket.gethostname(), later))


def variations(job: Job, count: int) -> list[Job]:
    """The same job `count` times with seeds far from each other's; their outputs are numbered."""
    if count == 1:
        return [job]
    first = int(job.options.get("seed_offset", 0))
    return [
        replace(
            job,
            options={**job.options, "seed_offset": first + number * SEED_STRIDE},
            out=numbered(job.out, number + 1),
            sheet=numbered(job.sheet, number + 1),
        )
        for number in range(count)
    ]


def numbered(out: str | None, number: int) -> str | None:
    """Where one of several takes goes: `dance-2.mp4`, or the folder `frames/take-2`.

    >>> numbered("dance.mp4", 2)
    'dance-2.mp4'
    """
    if out is None:
        return None
    path = Path(out)
    return str(
        path.with_stem(f"{path.stem}-{number}") if path.suffix and not path.is_dir() else path / f"take-{number}"
    )


def _reap(killed: int = 0) -> None:
    """Collect workers that ended; wait for the one with the pid `killed`."""
    for process in list(_children):
        try:
            process.wait(timeout=5 if process.pid == killed else 0)
        except subprocess.TimeoutExpired:
            continue
        with suppress(ValueError):  # another thread collected it at the same time
            _children.remove(process)


def _absolute_paths(options: dict[str, Any]) -> dict[str, Any]:
    for name in ("input", "depth", "model"):
        value = options.get(name)
        # "tiny" is the bundled model, whatever lies in the current folder
        if isinstance(value, str) and (name != "model" or (value != "tiny" and Path(value).exists())):
            options[name] = os.path.abspath(value)
    return options
