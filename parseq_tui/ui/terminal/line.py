"""Writes to a terminal without ever waiting for it: what a slow link does not take is kept, and `busy` says so.

The terminal is opened anew, for to write without waiting is a property of an open file, and the one that was given to
us is shared with the shell. Where that cannot be, `opened` gives None and Textual's own thread writes.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Callable
from typing import Final

DRAIN_SECONDS: Final = 2.0
"""How long leaving waits for a terminal that takes nothing."""


class TerminalLine:
    """Belongs to the event loop's thread."""

    def __init__(self, handle: int, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = handle
        self._loop = loop
        self._left = b""
        self._when_free: Callable[[], object] | None = None

    @classmethod
    def opened(cls, terminal: int, loop: asyncio.AbstractEventLoop) -> TerminalLine | None:
        """A line to the terminal that `terminal` is open on; None if it cannot be opened again."""
        for place in (f"/proc/self/fd/{terminal}", f"/dev/fd/{terminal}"):
            try:
                handle = os.open(place, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            except OSError:
                continue
            if not os.get_blocking(handle) and os.isatty(handle) and os.get_blocking(terminal):
                return cls(handle, loop)
            os.close(handle)
        return None

    @property
    def busy(self) -> bool:
        """Whether something is left that the terminal has not taken."""
        return bool(self._left)

    def when_free(self, then: Callable[[], object]) -> None:
        """Call this once when everything has been taken; only the last one asked for is."""
        self._when_free = then

    def write(self, text: str) -> None:
        """Send text, after all that was written before."""
        data = text.encode("utf-8", "replace")
        if self._left:
            self._left += data
            return
        self._left = self._taken(data)
        if self._left:
            self._loop.add_writer(self._handle, self._go_on)

    def _taken(self, data: bytes) -> bytes:
        """What is left of it."""
        while data:
            try:
                data = data[os.write(self._handle, data) :]
            except (BlockingIOError, InterruptedError):
                return data
            except OSError:
                return b""  # the terminal is gone; whoever reads from it notices
        return b""

    def _go_on(self) -> None:
        self._left = self._taken(self._left)
        if self._left:
            return
        self._loop.remove_writer(self._handle)
        then, self._when_free = self._when_free, None
        if then is not None:
            then()

    def close(self) -> None:
        """Send what is left, if the terminal takes it soon, and let go."""
        if self._handle < 0:
            return
        if self._left:
            self._loop.remove_writer(self._handle)
        while self._left and select.select([], [self._handle], [], DRAIN_SECONDS)[1]:
            self._left = self._taken(self._left)
        os.close(self._handle)
        self._handle, self._left, self._when_free = -1, b"", None
