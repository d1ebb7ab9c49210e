"""Runs a test inside the running panes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from panes_demo import PanesDemo
from textual.pilot import Pilot
from textual.widget import Widget
from waiting import settled, until

__all__ = ["in_panes", "settled", "text_of", "until"]

Test = Callable[[PanesDemo, "Pilot[None]"], Awaitable[None]]


def in_panes(test: Test, *, size: tuple[int, int] = (120, 40), **settings: Any) -> None:
    """Start the demo, wait until everything is drawn, and run `test(app, pilot)`."""

    async def session() -> None:
        app = PanesDemo(**{"level": "truecolor", **settings})
        async with app.run_test(size=size) as pilot:
            await settled(app)
            await test(app, pilot)

    asyncio.run(session())


def text_of(widget: Widget) -> list[str]:
    """What a Line-API widget shows, row by row."""
    return [widget.render_line(y).text for y in range(widget.size.height)]
