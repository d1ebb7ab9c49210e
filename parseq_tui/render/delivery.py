"""What becomes of finished frames: cache, preview, numbered files, video, records, event. Behind the engine's back.

All of it happens in one thread, in order, while the next frame is being made; whoever hands over waits only when that
thread is far behind. The invariant: a frame's event is written after the frame is in the cache, whole. After the first
error nothing more is done, and the error is raised where the next frame is handed over.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from parseq_tui.render.cache import FrameCache
from parseq_tui.render.dependencies import Recipe
from parseq_tui.render.engines.base import Image
from parseq_tui.render.messages import FrameDone
from parseq_tui.render.outputs import Out
from parseq_tui.render.preparation import Prepared
from parseq_tui.render.preview import encode_ppm, thumbnail
from parseq_tui.render.take import Job, LineLog, Take, write_atomically

_DEPTH = 8
"""Steps that may wait: a frame has two (keep, deliver)."""

LARGEST_PREVIEW = 512
"""Pixels: what a job may ask for; the small pictures of a long take must stay small beside its frames."""


class Delivery:
    """Takes finished frames away. `close` it, whatever happens."""

    def __init__(self, take: Take, job: Job, prepared: Prepared, cache: FrameCache, events: LineLog) -> None:
        """Raises VideoError, AudioError or OSError if what was asked for cannot be written."""
        self._take, self._prepared, self._cache, self._events = take, prepared, cache, events
        self._preview_width = max(8, min(job.preview_width, LARGEST_PREVIEW))
        self._records = LineLog(take.frames_path)
        self._out = Out(take, job, prepared)
        self._waiting: deque[Future[None]] = deque()
        self._failed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="delivery")
        self.total = 0
        """How many frames there will be."""
        self.unsaved: dict[str, Image] = {}
        """Key → picture that is on its way to the cache."""
        self.done: set[int] = set()
        """Frames delivered. Complete after `drain`, like the two counts."""
        self.rendered = 0
        self.reused = 0

    def keep(self, key: str, image: Image, recipe: Recipe) -> None:
        """Store a picture in the cache. Raises what went wrong with an earlier one."""
        self.unsaved[key] = image
        self._later(self._keep, key, image, recipe)

    def deliver(self, frame: int, image: Image, seconds: float, *, reused: bool, shown: bool) -> None:
        """Announce a frame; `shown`: it was asked for, so it goes into the video too. Raises like `keep`."""
        self._later(self._deliver, frame, image, seconds, reused, shown)

    def drain(self) -> None:
        """Wait until everything handed over is done. Raises what went wrong."""
        while self._waiting:
            self._waiting.popleft().result()

    def finish(self) -> Path | None:
        """Complete the video; where it lies. Raises VideoError or DiskFull."""
        return self._out.finish()

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._out.close()
        self._records.close()

    def _later(self, step: Callable[..., None], *arguments: Any) -> None:
        while self._waiting and (len(self._waiting) >= _DEPTH or self._waiting[0].done()):
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._unless_failed, step, *arguments))

    def _unless_failed(self, step: Callable[..., None], *arguments: Any) -> None:
        if self._failed:
            return
        try:
            step(*arguments)
        except BaseException:
            self._failed = True
            raise

    def _keep(self, key: str, image: Image, recipe: Recipe) -> None:
        self._cache.store(key, image, recipe)
        self.unsaved.pop(key, None)

    def _deliver(self, frame: int, image: Image, seconds: float, reused: bool, shown: bool) -> None:
        plan, keys = self._prepared.plans[frame], self._prepared.keys
        key = keys.frames[frame]
        if reused:
            self._cache.touch(key)
        if shown:
            self._out.add(frame, image, self._cache.path(key))
        preview = self._take.preview_path(frame)
        write_atomically(preview, encode_ppm(thumbnail(image, self._preview_width)))
        pictures = [keys.pictures[frame]] if plan.tween is not None and plan.request is not None else []
        self._records.record(frame=frame, key=key, seconds=round(seconds, 4), reused=reused, pictures=pictures)
        self.done.add(frame)
        self.reused += reused
        self.rendered += not reused
        request = plan.request
        self._events.event(
            FrameDone(
                time=time.time(),
                frame=frame,
                done=len(self.done),
                total=self.total,
                key=key,
                seconds=seconds,
                reused=reused,
                seed=request.seed + request.subseed_strength if request else 0.0,
                preview=str(preview.relative_to(self._take.folder)),
            )
        )
