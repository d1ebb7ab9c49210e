"""Runs steps in a whole editor without a terminal. How they wait for it stands in `waiting`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.pilot import Pilot
from waiting import rows, settled, shows, until

from parseq_tui.hot_reload import Follower
from parseq_tui.session import Session
from parseq_tui.settings import Settings
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.screens.editor import EditorScreen

__all__ = ["editor", "flow", "press", "rows", "settled", "shows", "until"]

Flow = Callable[[Pilot[int], EditorScreen], Awaitable[None]]


@asynccontextmanager
async def editor(path: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[Pilot[int], EditorScreen]]:
    app = EditorApp(Session.open(path), settings=Settings(), follow=Follower, open_session=Session.open)
    async with app.run_test(size=size) as pilot:
        await settled(app)
        screen = app.editor
        assert screen is not None
        assert screen.session.baked
        yield pilot, screen


def flow(path: Path, steps: Flow, size: tuple[int, int] = (120, 40)) -> None:
    """Run steps in an editor on a document."""

    async def run() -> None:
        async with editor(path, size) as (pilot, screen):
            await steps(pilot, screen)

    asyncio.run(run())


async def press(pilot: Pilot[int], screen: EditorScreen, *keys: str) -> None:
    """Keys in a burst, as fast fingers and pastes send them; then wait for what they cause, files being written too."""
    type_keys(screen, *keys)
    await settled(pilot.app)


def type_keys(screen: EditorScreen, *keys: str) -> None:
    """Keys in a burst, nothing being waited for."""
    for key in keys:
        name = {"full_stop": ".", "colon": ":", "space": " "}.get(key, key)
        screen.on_key(events.Key(key if len(key) > 1 else _NAMES.get(key, key), name if len(name) == 1 else None))


_NAMES = {"+": "plus", "(": "left_parenthesis", ")": "right_parenthesis", "=": "equals_sign", ".": "full_stop"}
