"""The clipboards outside: the terminal's by OSC 52, and tmux's, which lets OSC 52 of its programs fall by default."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from textual.app import App

OSC52_LIMIT = 74_000
"""Characters; terminals cut what is longer, or drop it."""


async def copy_outside(app: App[Any], text: str) -> str:
    """Give `text` to the terminal and to tmux. Words about what did not work; "" if nothing is known to have failed."""
    problem = ""
    if len(text) <= OSC52_LIMIT:
        app.copy_to_clipboard(text)
    else:
        problem = "too long for the terminal's clipboard"
    if os.environ.get("TMUX"):
        problem = await _to_tmux(text) or problem
    return problem


async def _to_tmux(text: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            "tmux", "load-buffer", "-w", "-",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await asyncio.wait_for(process.communicate(text.encode()), timeout=2)
    except (OSError, TimeoutError):
        return "tmux did not take it"
    return "" if process.returncode == 0 else "tmux did not take it"
