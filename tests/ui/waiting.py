"""How a test waits for an editor: for all that was begun to be done, or for something that is to be seen.

No test of the editor counts on a moment. `settled` returns when nothing is left to do: on a machine that gives this
process no time it waits as long as that takes, and on an idle one not at all. In tests of this folder it is what
`pilot.press`, `pilot.click` and `pilot.pause()` wait for. What comes when it comes, because a clock, a watched folder
or another process is behind it, is waited for by name: `until` something holds, or the screen `shows` a text.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from textual._context import active_app
from textual.app import App
from textual.screen import Screen

T = TypeVar("T")

PATIENCE_SECONDS: Final = 60.0
"""What does not come in this time never comes."""
_LOOK_SECONDS: Final = 0.005

_in_threads: set[object] = set()
"""One for each piece of work in a thread that somebody awaits."""
_to_thread = asyncio.to_thread


def rows(screen: Screen[Any]) -> list[str]:
    """What the screen shows."""
    strips = screen._compositor.render_strips(screen.size)
    return ["".join(segment.text for segment in strip) for strip in strips]


async def settled(app: App[Any]) -> None:
    """Wait until the app has done what it was asked to do, in threads too, and everything has its place."""
    await _until(lambda: not _in_threads, app, "the end of what is done in threads")


async def handled(app: App[Any]) -> None:
    """Wait until every message is handled and everything has its place; threads may still be at work."""
    await _until(lambda: True, app, "")


async def until(app: App[Any], holds: Callable[[], object], what: str = "what was waited for") -> None:
    """Wait until something holds that comes by itself: from a watched folder, a clock, another process.

    What goes on with it has been done, too, when this returns.
    """
    await _until(holds, app, what)
    await settled(app)


async def shows(screen: Screen[Any], text: str, row: int | None = None) -> None:
    """Wait until the screen, or one row of it, shows a text."""

    def seen() -> bool:
        return text in ("\n".join(rows(screen)) if row is None else rows(screen)[row])

    await _until(seen, screen.app, f"{text!r} {'on the screen' if row is None else f'in row {row}'}", screen)
    await settled(screen.app)


async def counted_to_thread(work: Callable[..., T], /, *arguments: Any, **keywords: Any) -> T:
    """`asyncio.to_thread`, but `settled` knows of it while it goes on."""
    mark = object()
    _in_threads.add(mark)
    try:
        return await _to_thread(work, *arguments, **keywords)
    finally:
        _in_threads.discard(mark)


async def idle(min_sleep: float = 0, max_sleep: float = 0) -> None:
    """In place of Textual's guess: that a process which gets no processor time for 20 ms has nothing to do."""
    await settled(active_app.get())


async def _until(holds: Callable[[], object], app: App[Any], what: str, screen: Screen[Any] | None = None) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not app._exit and app._exception is None:  # else nothing more comes; what went wrong is raised at the end
        if await _handled(app) and holds():
            return
        if time.monotonic() > give_up:
            raise AssertionError(f"{what} never came. The screen:\n" + "\n".join(rows(screen or app.screen)))
        await asyncio.sleep(_LOOK_SECONDS)


async def _handled(app: App[Any]) -> bool:
    """Let everything happen that can happen now; whether it is all there was."""
    await _nothing_can_run()
    screen = app.screen
    screen._on_timer_update()  # what a clock would do by itself a frame later
    await _nothing_can_run()
    to_do = screen._layout_required or screen._scroll_required or screen._repaint_required or screen._callbacks
    return app.screen is screen and not to_do


async def _nothing_can_run() -> None:
    """Every task waits for a clock, a thread or a file."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    while True:
        await asyncio.sleep(0)
        if not ready:
            return
