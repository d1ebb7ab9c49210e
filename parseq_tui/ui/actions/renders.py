"""Renders counted, started, paused and stopped from the editor, and their cache kept small.

The worker outlives the editor; following it is the render pane's. Nothing here waits on the event loop: what a render
would cost is counted by another process, and files are looked at in a thread.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from rich.text import Text

from parseq_tui.errors import ParseqError, counted
from parseq_tui.formats import native
from parseq_tui.render.client import SEED_STRIDE, CacheUse, RenderClient, let_go
from parseq_tui.render.forecast import Forecast, forecast
from parseq_tui.settings import LINGER_SECONDS
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.render_settings import draft, resolve
from parseq_tui.ui.takes.progress import Progress, clock
from parseq_tui.ui.view_state import playhead, selected
from parseq_tui.ui.widgets.render_pane import RenderPane
from parseq_tui.ui.workbench import Program, Workbench

RenderScope = Literal["all", "selection", "frame"]
_SCOPES: dict[str, tuple[RenderScope, bool]] = {
    "render.all": ("all", False),
    "render.selection": ("selection", False),
    "render.frame": ("frame", False),
    "render.draft": ("all", True),
}
ASK_SECONDS = 60.0
"""A render that takes longer is asked about before it starts."""
FEW_FRAMES = 4
"""So many are rendered without asking where nothing tells how long a frame takes."""


@dataclass(frozen=True)
class _Wish:
    """A render that somebody wants, of the document as it was when it was asked for. Nothing here is for a key's turn:
    a large document takes its time to be written."""

    client: RenderClient
    document: Document
    options: Mapping[str, Any]
    frames: tuple[int, int] | None

    @cached_property
    def _text(self) -> str:
        return native.dumps(self.document)

    def counted(self) -> Forecast:
        """Raises ParseqError."""
        return forecast(self.client, self._text, options=self.options, frames=self.frames)

    def launched(self, *, preview_width: int, linger: float) -> str:
        """The name of the take. Raises ParseqError."""
        job = self.client.job(self._text, options=self.options, frames=self.frames, preview_width=preview_width)
        return self.client.start_jobs([job], linger=linger)[0].name


def farewell(document: Path | None) -> Text | None:
    """What is said on the terminal to somebody who leaves the editor while a render goes on."""
    if document is None:
        return None
    name = shlex.quote(os.path.relpath(document))
    if RenderClient(document).pausing():
        words = f"the render is paused; let it go on: parseq-tui resume {name}"
    else:
        words = f"the render goes on; follow it: parseq-tui attach {name}"
    return Text("".join(ch if ch.isprintable() else " " for ch in words), overflow="ignore", no_wrap=True)


class RenderActions:
    """What a screen can do about renders of its document."""

    def __init__(self, screen: Workbench) -> None:
        self._screen = screen

    @property
    def _pane(self) -> RenderPane:
        return self._screen.pictures

    @property
    def _progress(self) -> Progress | None:
        return self._pane.newest if self._screen.is_mounted else None

    @property
    def running(self) -> bool:
        progress = self._progress
        return progress is not None and not progress.over

    @property
    def state(self) -> str:
        """A render that is going on, for the title line."""
        progress = self._progress
        if progress is None or progress.over:
            return ""
        if not progress.total:
            return "render starts…"
        words = "paused" if progress.state == "paused" else "rendering"
        left = progress.seconds_left
        time_left = f", {clock(left)} left" if left is not None and progress.state != "paused" else ""
        return f"{words} {progress.done}/{progress.total}{time_left}"

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command about renders; False if it is none."""
        if action in _SCOPES:
            scope, is_draft = _SCOPES[action]
            self.start(scope, draft=is_draft)
        elif action == "render.seeds":
            self.start("all", draft=False, new_seeds=True)
        elif action == "render.forecast":
            self._work(self._tell_forecast())
        elif action == "render.settings":
            self._settings()
        elif action == "render.stop":
            self._stop()
        elif action == "render.release":
            told = let_go()
            self._screen.say("the engine goes" if told else "no engine is kept ready")
        elif action == "render.pause":
            self._pause()
        elif action == "render.takes":
            self._screen.show_pane("render")
            self._work(self._pane.action_toggle_takes())
        elif action == "render.compare":
            self._screen.show_pane("render")
            self._work(self._pane.action_compare())
        elif action == "render.prune":
            self._work(self._offer_pruning(argument))
        else:
            return False
        return True

    # -- starting --------------------------------------------------------------------------------------------------

    def start(self, scope: RenderScope, *, draft: bool, new_seeds: bool = False) -> None:
        """Count what must be rendered, then render the document as it is now, saved or not; a long one asks first.

        `new_seeds`: with seeds that no take of it had, for another film of the same values.
        """
        if self.running:
            self._screen.say("it is being rendered already: Space r x stops it, Space r r shows it", "warning")
            return
        if self._needs_name(lambda: self.start(scope, draft=draft, new_seeds=new_seeds)):
            return
        wish = self._wish(scope, is_draft=draft, new_seeds=new_seeds)
        if wish is not None:
            self._note("counting the frames to render…")
            self._screen.say("counting the frames to render…")
            self._work(self._start(wish))

    def _wish(self, scope: RenderScope, *, is_draft: bool, new_seeds: bool = False) -> _Wish | None:
        screen, path = self._screen, self._screen.session.path
        if path is None:
            return None
        try:
            settings, client = resolve(screen.session.document.render), RenderClient(path)
            options = draft(settings) if is_draft else {}
        except ParseqError as error:
            screen.desk.tell(error)
            return None
        if new_seeds:
            options = {**options, "seed_offset": settings.seed_offset + SEED_STRIDE * (1 + len(client.takes()))}
        return _Wish(client, screen.session.document, options, self._frames(scope))

    def _needs_name(self, again: Callable[[], None]) -> bool:
        """Whether the document has no file yet: its name is asked for, and `again` follows once it is saved."""
        if self._screen.session.path is not None:
            return False
        self._screen.save_first(again)
        self._screen.say("first a file: Enter saves it under this name and goes on; its frames live beside it")
        return True

    async def _start(self, wish: _Wish) -> None:
        cost = await self._counted(wish)
        if cost is None:
            return
        words = in_words(cost)
        self._note(words)
        few = cost.seconds is None and cost.render <= FEW_FRAMES
        if few or (cost.seconds is not None and cost.seconds <= ASK_SECONDS):
            await self._launch(wish, f"{words}; Space r x stops it" if cost.render else words)
            return
        self._screen.say("")  # they are counted
        self._screen.questions.ask_when_idle(
            words,
            [
                ("y", "render", lambda: self._work(self._launch(wish, "it is being rendered; Space r x stops it"))),
                ("n", "do not render", lambda: self._note("")),
            ],
            left="not rendered",
        )

    async def _counted(self, wish: _Wish) -> Forecast | None:
        try:
            return await asyncio.to_thread(wish.counted)
        except ParseqError as error:
            self._note("")
            self._screen.desk.tell(error)
            return None

    async def _launch(self, wish: _Wish, words: str) -> None:
        self._note("")
        width, linger = self._pane.picture_pixels, self._linger()
        try:
            take = await asyncio.to_thread(wish.launched, preview_width=width, linger=linger)
        except ParseqError as error:
            self._screen.desk.tell(error)
            return
        self._pane.set_client(wish.client, take)
        self._screen.say(words)

    async def _tell_forecast(self) -> None:
        if self._needs_name(lambda: self._work(self._tell_forecast())):
            return
        wish = self._wish("all", is_draft=False)
        if wish is None:
            return
        self._note("counting the frames to render…")
        cost = await self._counted(wish)
        if cost is not None:
            self._note(in_words(cost))
            self._screen.say(in_words(cost))

    def _frames(self, scope: RenderScope) -> tuple[int, int] | None:
        document, view = self._screen.session.document, self._screen.desk.view
        if scope == "all":
            return None
        if scope == "frame":
            frame = playhead(document, view)
            return (frame, frame + 1)
        rows = selected(document, view).rows
        return (document.keyframes[rows[0]].frame, document.keyframes[rows[-1]].frame + 1)

    def _settings(self) -> None:
        from parseq_tui.ui.screens.render_settings import RenderSettingsScreen

        def left(name: str | None) -> None:
            if name is not None:
                self._screen.open_command_line(f"render.set {name} ")

        session = self._screen.session
        self._screen.app.push_screen(RenderSettingsScreen(session, session.apply), left)

    # -- while it runs ---------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        client = self._client()
        if client is not None and self._done(client.stop):
            self._screen.say("stopping after this frame")

    def _pause(self) -> None:
        client = self._client()
        if client is None:
            return
        if client.pausing():
            if self._done(client.resume):
                self._screen.say("rendering goes on")
        elif self._done(client.pause):
            self._screen.say("pausing after this frame; the same key lets it go on")

    def _done(self, act: Any) -> bool:
        try:
            act()
        except ParseqError as error:
            self._screen.desk.tell(error)
            return False
        return True

    def over(self, progress: Progress) -> None:
        """Say how a render ended to somebody who does not look at it."""
        if not self._pane.is_on_screen:
            words = over_words(progress)
            self._screen.say(words, "error" if progress.state in ("failed", "killed") else "information")

    # -- the cache -------------------------------------------------------------------------------------------------

    async def _offer_pruning(self, argument: str) -> None:
        client = self._client()
        if client is None:
            return
        if argument:
            await self._prune_to(client, argument)
            return
        use = await asyncio.to_thread(client.cache_use)
        if not use.frames:
            self._screen.say("the cache holds no frames")
            return
        half, use_words = use.bytes // 2, f"{counted(use.frames, 'frame')} in the cache, {megabytes(use.bytes)}"
        self._screen.questions.ask_when_idle(
            f"{use_words}; those of the newest take always stay",
            [
                ("o", f"delete the oldest until {megabytes(half)} are left", lambda: self._prune(client, half)),
                ("A", "delete all but the newest take's", lambda: self._prune(client, 0)),
                ("n", "keep them", lambda: None),
            ],
        )

    async def _prune_to(self, client: RenderClient, argument: str) -> None:
        try:
            limit = float(argument.replace(",", "."))
        except ValueError:
            limit = -1.0
        if not 0 <= limit < 1e9:
            self._screen.say(f"{argument!r} is no number of megabytes", "warning")
            return
        self._prune(client, int(limit * 1e6))

    def _prune(self, client: RenderClient, limit: int) -> None:
        async def prune() -> None:
            try:
                gone: CacheUse = await asyncio.to_thread(client.prune, limit)
            except ParseqError as error:
                self._screen.desk.tell(error)
                return
            except OSError as error:
                self._screen.say(f"the cache cannot be changed: {error}", "error")
                return
            self._screen.say(f"{counted(gone.frames, 'frame')} deleted, {megabytes(gone.bytes)} free")

        self._work(prune())

    # -- small things ----------------------------------------------------------------------------------------------

    def _client(self) -> RenderClient | None:
        path = self._screen.session.path
        return None if path is None else RenderClient(path)

    def _linger(self) -> float:
        app = self._screen.app
        assert isinstance(app, Program)
        return LINGER_SECONDS[app.preferences.settings.linger]

    def _note(self, words: str) -> None:
        self._pane.set_note(words)

    def _work(self, work: Any) -> None:
        self._screen.run_worker(work, name="renders", exit_on_error=False)


def in_words(cost: Forecast) -> str:
    """A forecast for a person."""
    cached = f", {cost.reuse} from the cache" if cost.reuse else ""
    if not cost.render:
        where = "the frame is" if cost.reuse == 1 else f"all {cost.reuse} frames are"
        return f"nothing to render: {where} in the cache"
    frames = f"{counted(cost.render, 'frame')} to render{cached}"
    if cost.seconds is None:
        return f"{frames}; how long it takes shows after the first frames"
    time = f"about {clock(cost.seconds)}" if cost.seconds >= 1 else "less than a second"
    return f"{frames}, {time}{'' if cost.same else ' (guessed from another size or steps)'}"


def over_words(progress: Progress) -> str:
    """How a render ended, for a person."""
    if progress.state == "killed" or progress.ended is None:
        return "the worker of the render is gone; render again: it goes on behind the last frame"
    ended = progress.ended
    if ended.outcome == "failed":
        return f"the render failed: {ended.message}{'; ' + ended.hint if ended.hint else ''}"
    if ended.outcome == "stopped":
        return f"the render is stopped at {progress.done} of {counted(progress.total, 'frame')}"
    return f"{counted(progress.done, 'frame')} rendered in {clock(ended.seconds)}; Space r r shows them"


def megabytes(count: int) -> str:
    """A size: "340 MB", "0.2 MB"."""
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"
