"""One run of one take: make the frames the cache lacks, show all that were asked for, in order.

Writes frames, previews, the video and events; raises ParseqError for what goes wrong. The process around it, and what
becomes of an error, is the worker's business (render/worker.py).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path
from typing import Literal

from parseq_tui.errors import ParseqError, RenderError
from parseq_tui.language.diagnostics import format_diagnostic
from parseq_tui.render.cache import DamagedFrame, FrameCache
from parseq_tui.render.dependencies import needed
from parseq_tui.render.engines.base import Image
from parseq_tui.render.film import Film
from parseq_tui.render.loop import Tweens, diffuse_frames
from parseq_tui.render.messages import FrameDone, LogLine, Outcome, Started, State, StateChanged
from parseq_tui.render.preparation import Prepared, prepare
from parseq_tui.render.preview import encode_ppm, thumbnail
from parseq_tui.render.take import Job, LineLog, Take, write_atomically
from parseq_tui.video import writer


class Production:
    """Renders a take."""

    def __init__(self, take: Take, events: LineLog, stop_asked: Callable[[], bool]) -> None:
        self.take = take
        self.job = take.job
        self.stop_asked = stop_asked
        self.events = events
        self.records = LineLog(take.frames_path)
        self.cache = FrameCache(take.render_folder / "cache")
        self.rendered = 0
        self.reused = 0
        self.total = 0
        self.done: set[int] = set()
        self.mended: set[str] = set()

    def run(self) -> tuple[Outcome, Path | None]:
        """Render. How it ended, and the finished video; raises ParseqError."""
        self._state("starting", "reading the document")
        self.cache.sweep()
        prepared = prepare(self.job)
        with closing(prepared.input), closing(prepared.engine):
            target = Target(self.take, self.job, prepared)
            self._announce(prepared)
            try:
                outcome = self._make_all(prepared, target)
            except ParseqError:
                with suppress(ParseqError):  # the first error is the one to tell; what there is should be watchable
                    target.finish()
                raise
            video = target.finish()
        return outcome, video

    def _make_all(self, prepared: Prepared, target: Target) -> Outcome:
        while True:
            try:
                return self._pass(prepared, target)
            except DamagedFrame as error:
                if error.key in self.mended:
                    raise RenderError(
                        f"{error.message}, again after it was made anew", hint="is the disk sound?"
                    ) from error
                self.mended.add(error.key)
                self._log("warning", f"{error.message}: it is made again")

    def _pass(self, prepared: Prepared, target: Target) -> Outcome:
        """Go through the frames that are left, in order: make what must be made, take the rest from the cache."""
        plans, keys = prepared.plans, prepared.keys
        left = [frame for frame in prepared.wanted if frame not in self.done]
        todo = needed(plans, keys, left, self.cache.__contains__)
        film = Film(self.cache, keys)
        tweens = Tweens(film)
        making = self._making(prepared, film, todo)
        for frame in sorted({*todo, *left}):
            if self.stop_asked():
                self._state("stopping", "stopped as asked")
                return "stopped"
            began = time.monotonic()
            reused = frame not in todo and keys.frames[frame] in self.cache
            if frame in todo:
                next(making)
            image = self._shown(prepared, film, tweens, frame, reused) if frame in left else film[frame]
            if frame in left:
                target.add(frame, image, self.cache.path(keys.frames[frame]))
            self._frame_done(prepared, frame, image, time.monotonic() - began, reused)
        return "done"

    def _making(self, prepared: Prepared, film: Film, todo: Sequence[int]) -> Iterator[int]:
        if todo:
            self._state(
                "loading", f"loading {prepared.settings.model}" if prepared.engine.name != "test" else "loading"
            )
            prepared.engine.load()
            self._state("rendering")
        return diffuse_frames((prepared.plans[frame] for frame in todo), prepared.engine, prepared.input, film)

    def _shown(self, prepared: Prepared, film: Film, tweens: Tweens, frame: int, reused: bool) -> Image:
        """The picture of a frame, in the cache under its key."""
        key = prepared.keys.frames[frame]
        whole = prepared.plans[frame].tween is None
        if reused:
            self.cache.touch(key)
            return film[frame] if whole else self.cache.load(key)
        image = tweens.shown(prepared.plans[frame])
        if not whole:
            self.cache.store(key, image, prepared.keys.recipes[key])
        return image

    def _frame_done(self, prepared: Prepared, frame: int, image: Image, seconds: float, reused: bool) -> None:
        plan, key = prepared.plans[frame], prepared.keys.frames[frame]
        preview = self.take.preview_path(frame)
        write_atomically(preview, encode_ppm(thumbnail(image)))
        pictures = [prepared.keys.pictures[frame]] if plan.tween is not None and plan.request is not None else []
        self.records.record(frame=frame, key=key, seconds=round(seconds, 4), reused=reused, pictures=pictures)
        self.done.add(frame)
        self.reused += reused
        self.rendered += not reused
        request = plan.request
        self.events.event(
            FrameDone(
                time=time.time(),
                frame=frame,
                done=len(self.done),
                total=self.total,
                key=key,
                seconds=seconds,
                reused=reused,
                seed=request.seed + request.subseed_strength if request else 0.0,
                preview=str(preview.relative_to(self.take.folder)),
            )
        )

    def _announce(self, prepared: Prepared) -> None:
        cached = self.cache.__contains__
        todo = needed(prepared.plans, prepared.keys, prepared.wanted, cached)
        frames = {*todo, *prepared.wanted}
        self.total = len(frames)
        settings = prepared.settings
        self.events.event(
            Started(
                time=time.time(),
                take=self.take.name,
                pid=os.getpid(),
                first_frame=min(frames),
                frame_count=self.total,
                cached=sum(cached(prepared.keys.frames[frame]) for frame in prepared.wanted),
                engine=prepared.engine.name,
                model=settings.model,
                width=settings.width,
                height=settings.height,
                fps=float(prepared.fps),
            )
        )
        for warning in prepared.warnings:
            self._log("warning", format_diagnostic(warning))
        extra = sorted(frames - set(prepared.wanted))
        if extra:
            self._log("info", f"frames {extra[0]} to {extra[-1]} are made first: the ones asked for are made from them")

    def _state(self, state: State, text: str = "") -> None:
        self.events.event(StateChanged(time.time(), state, text))

    def _log(self, level: Literal["info", "warning"], text: str) -> None:
        self.events.event(LogLine(time.time(), level, text))


class Target:
    """Where frames go besides the cache: the take's video, and what was asked for with `out`."""

    def __init__(self, take: Take, job: Job, prepared: Prepared) -> None:
        self._out = None if job.out is None else Path(job.out)
        self._repeats = prepared.repeats
        self._slots = Fraction(0)
        self._folder: Path | None = None
        if self._out is not None and self._out.suffix.lower() not in writer.SUFFIXES:
            if self._out.suffix and not self._out.is_dir():
                writer.VideoWriter(self._out, prepared.fps)  # names what it can write
            self._folder = self._out
            self._folder.mkdir(parents=True, exist_ok=True)
        self._video = writer.VideoWriter(take.video_path, prepared.fps, crf=prepared.settings.crf)

    def add(self, frame: int, image: Image, png: Path) -> None:
        """One finished frame, which also lies in the file `png`."""
        if self._folder is not None:
            numbered = self._folder / f"{frame:05d}.png"
            temporary = numbered.with_name(f".{numbered.name}.tmp")
            shutil.copyfile(png, temporary)
            temporary.replace(numbered)
        before = round(self._slots)
        self._slots += self._repeats
        self._video.add(image, round(self._slots) - before)

    def finish(self) -> Path | None:
        """Complete the video; also where `out` says."""
        video = self._video.finish()
        if video is None or self._out is None or self._folder is not None:
            return video
        self._out.parent.mkdir(parents=True, exist_ok=True)
        writer.place(video, self._out)
        return self._out
