"""One run of one take: make the frames the cache lacks, deliver all that were asked for, in order.

Raises ParseqError for what goes wrong. The process around it, and what
becomes of an error, is the worker's business (render/worker.py).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

from parseq_tui.errors import ParseqError, RenderError
from parseq_tui.language.diagnostics import format_diagnostic
from parseq_tui.render.cache import DamagedFrame, FrameCache
from parseq_tui.render.delivery import Delivery
from parseq_tui.render.dependencies import needed
from parseq_tui.render.engines import make_engine
from parseq_tui.render.engines.base import Engine
from parseq_tui.render.film import Film
from parseq_tui.render.loop import Tweens, diffuse_frames
from parseq_tui.render.messages import LogLine, Outcome, Started, State, StateChanged
from parseq_tui.render.preparation import Prepared, prepare
from parseq_tui.render.take import LineLog, Take
from parseq_tui.timeline.render_settings import SETTINGS, RenderSettings

PAUSE_POLL_SECONDS = 0.1


class Production:
    """Renders a take."""

    def __init__(
        self,
        take: Take,
        events: LineLog,
        stop_asked: Callable[[], bool],
        pause_asked: Callable[[], bool] = lambda: False,
        engines: Callable[[RenderSettings, str], Engine] = make_engine,
    ) -> None:
        self.take = take
        self.job = take.job
        self.stop_asked = stop_asked
        self.pause_asked = pause_asked
        self.events = events
        self.engines = engines
        self.cache = FrameCache(take.render_folder / "cache")
        self.delivery: Delivery | None = None
        self.mended: set[str] = set()

    @property
    def counts(self) -> tuple[int, int]:
        """How many frames were rendered, and how many reused."""
        return (self.delivery.rendered, self.delivery.reused) if self.delivery else (0, 0)

    def run(self) -> tuple[Outcome, Path | None]:
        """Render. How it ended, and the finished video; raises ParseqError."""
        self.cache.sweep()
        prepared = prepare(self.job, self.engines, lambda text: self._state("loading", text))
        with closing(prepared):
            try:
                return self._produce(prepared)
            finally:
                prepared.engine.listen(_no_more)  # it may be asked again, by another take

    def _produce(self, prepared: Prepared) -> tuple[Outcome, Path | None]:
        delivery = self.delivery = Delivery(self.take, self.job, prepared, self.cache, self.events)
        with closing(delivery):
            self._announce(prepared, delivery)
            try:
                outcome = self._make_all(prepared, delivery)
            except ParseqError:
                with suppress(ParseqError):  # the first error is the one to tell; what there is should be watchable
                    delivery.drain()
                    delivery.finish()
                raise
            video = delivery.finish()
            self._bound(prepared.settings.cache_gb)
            return outcome, video

    def _bound(self, gigabytes: float) -> None:
        """Let the cache not grow without end; never remove what this take shows or is made from."""
        gone = self.cache.prune(int(gigabytes * 1e9), self.take.cache_keys())
        if gone.frames:
            self._log("info", f"{gone.frames} old frames removed: the cache holds up to {gigabytes:g} GB (cache_gb)")

    def _make_all(self, prepared: Prepared, delivery: Delivery) -> Outcome:
        while True:
            try:
                outcome = self._pass(prepared, delivery)
            except DamagedFrame as error:
                if error.key in self.mended:
                    raise RenderError(
                        f"{error.message}, although it was made anew", hint="is the disk sound?"
                    ) from error
                self.mended.add(error.key)
                self._log("warning", f"{error.message}: it is made again")
                delivery.drain()
                continue
            delivery.drain()
            return outcome

    def _pass(self, prepared: Prepared, delivery: Delivery) -> Outcome:
        """Go through the frames that are left, in order: make what must be made, take the rest from the cache."""
        left = {frame for frame in prepared.wanted if frame not in delivery.done}
        todo = needed(prepared.plans, prepared.keys, left, self.cache.__contains__)
        film = Film(self.cache, prepared.keys, delivery)
        tweens = Tweens(film, prepared.depths)
        making = self._making(prepared, film, todo)
        to_make = set(todo)
        for frame in sorted(to_make | left):
            if self.pause_asked():
                delivery.drain()
                self._wait()
            if self.stop_asked():
                delivery.drain()
                self._state("stopping", "stopped as asked")
                return "stopped"
            began = time.monotonic()
            shown, key = frame in left, prepared.keys.frames[frame]
            reused = frame not in to_make and key in film
            if frame in to_make:
                with naming(frame):
                    next(making)
            if reused:
                image = film.by_key(key)
            else:
                image = tweens.shown(prepared.plans[frame]) if shown else film[frame]
                if shown and prepared.plans[frame].tween is not None:
                    film.keep(key, image)
            delivery.deliver(frame, image, time.monotonic() - began, reused=reused, shown=shown)
        return "done"

    def _wait(self) -> None:
        """Do nothing until nobody asks for a pause any more (asking to stop ends it too)."""
        self._state("paused", "paused as asked; it keeps what it has loaded")
        while self.pause_asked():
            time.sleep(PAUSE_POLL_SECONDS)
        if not self.stop_asked():
            self._state("rendering", "going on")

    def _making(self, prepared: Prepared, film: Film, todo: Sequence[int]) -> Iterator[int]:
        if todo:
            model = _model(prepared.settings)
            self._state("loading", f"loading {model}" if model else "")
            prepared.engine.listen(lambda text: self._log("info", text))
            prepared.engine.load()
            self._state("rendering")
        plans = (prepared.plans[frame] for frame in todo)
        return diffuse_frames(plans, prepared.engine, prepared.input, film, prepared.depths)

    def _announce(self, prepared: Prepared, delivery: Delivery) -> None:
        cached = self.cache.__contains__
        todo = needed(prepared.plans, prepared.keys, prepared.wanted, cached)
        frames = {*todo, *prepared.wanted}
        delivery.total = len(frames)
        settings = prepared.settings
        self.events.event(
            Started(
                time=time.time(),
                take=self.take.name,
                pid=os.getpid(),
                first_frame=min(frames),
                frame_count=delivery.total,
                cached=sum(cached(prepared.keys.frames[frame]) for frame in prepared.wanted),
                engine=prepared.engine.name,
                model=_model(settings),
                width=settings.width,
                height=settings.height,
                fps=float(prepared.fps),
            )
        )
        for warning in prepared.warnings:
            self._log("warning", format_diagnostic(warning).removeprefix("warning: "))
        extra = sorted(frames - set(prepared.wanted))
        if extra:
            self._log("info", f"frames {extra[0]} to {extra[-1]} are made first: the ones asked for are made from them")

    def _state(self, state: State, text: str = "") -> None:
        self.events.event(StateChanged(time.time(), state, text))

    def _log(self, level: Literal["info", "warning"], text: str) -> None:
        self.events.event(LogLine(time.time(), level, text))


def _model(settings: RenderSettings) -> str:
    """The name of the model that draws; "" where there is none, or where a web UI chooses it."""
    chosen = settings.engine == "diffusers" or (
        settings.engine == "webui" and settings.model != SETTINGS["model"].default
    )
    return settings.model if chosen else ""


def _no_more(_text: str) -> None:
    """The take that listened is over."""


@contextmanager
def naming(frame: int) -> Iterator[None]:
    """Errors from in here say at which frame they came."""
    try:
        yield
    except DamagedFrame:
        raise
    except RenderError as error:
        raise type(error)(f"frame {frame}: {error.message}", hint=error.hint) from error
