"""A take that a pretended worker writes: frames of any look, as fast as they are wanted."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import numpy as np

from parseq_tui.render.client import RenderClient
from parseq_tui.render.lock import FolderLock, Holder
from parseq_tui.render.messages import Ended, FrameDone, Started
from parseq_tui.render.preview import encode_ppm
from parseq_tui.render.take import LineLog, Take, point_latest, write_atomically


class PretendedRender:
    """Holds the lock of a document's renders and writes frames of coloured clouds."""

    def __init__(self, document: Path, frames: int, width: int = 256) -> None:
        client = RenderClient(document)
        self._take = Take(client.folder / "takes" / "20260101-000000")
        (self._take.folder / "preview").mkdir(parents=True)
        write_atomically(self._take.folder / "job.json", b"{}")
        point_latest(client.folder, self._take)
        self._lock = FolderLock.acquire(client.folder / "lock")
        self._lock.describe(Holder(pid=os.getpid(), take=self._take.name, host=socket.gethostname()))
        self._log = LineLog(self._take.events_path)
        self._frames, self._width, self._done = frames, width, 0
        self._log.event(Started(time.time(), self._take.name, 1, 0, frames, 0, "test", "tiny", width, width, 20.0))

    def frame(self) -> None:
        """One more frame."""
        rng = np.random.default_rng(self._done)
        clouds = rng.integers(0, 256, (8, 8, 3)).repeat(self._width // 8, axis=0).repeat(self._width // 8, axis=1)
        noise = rng.integers(-12, 13, clouds.shape)
        picture = np.clip(clouds + noise, 0, 255).astype(np.uint8)
        write_atomically(self._take.preview_path(self._done), encode_ppm(picture))
        self._done += 1
        self._log.event(
            FrameDone(time.time(), self._done - 1, self._done, self._frames, "k", 0.1, False, 1.0,
                      f"preview/{self._done - 1:05d}.ppm")
        )  # fmt: skip

    def end(self, video: Path) -> None:
        """It is done, and this is its film."""
        self._log.event(Ended(time.time(), "done", self._done, 0, 1.0, video=str(video)))
        self.close()

    def close(self) -> None:
        self._log.close()
        self._lock.close()
