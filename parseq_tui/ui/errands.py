"""Long work beside the event loop, one piece at a time; what is asked for meanwhile waits and is done in its order.

A bulk action on a large document takes longer than a key may wait. It is worked out in a thread, from values that
nobody changes, and its result is handed back to the event loop, which carries it out. Until then the program answers:
the cursor moves, Escape gives the work up, everything else waits its turn and meets the document that it was meant for.

Invariant: `then` is called in the event loop's thread, never after `cancel`, and before anything that was put off.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

from parseq_tui.errors import ParseqError

T = TypeVar("T")

PATIENCE_SECONDS: Final = 0.15
"""What takes longer is said."""
SWITCH_SECONDS: Final = 0.001
"""How soon a thread that computes makes way for the event loop; Python's own 5 ms are a third of a frame."""


class Sign(Protocol):
    """Where it is seen that something goes on."""

    @property
    def gone(self) -> bool:
        """Whether nobody sees it any more: what ends now is dropped."""

    def working(self, title: str) -> None:
        """What goes on; "" when it is over."""

    def failed(self, error: ParseqError) -> None:
        """What went on could not be done: why."""


class Errands:
    """The work of one screen. Belongs to the event loop's thread."""

    def __init__(self, start: Callable[[Coroutine[Any, Any, None]], object], sign: Sign) -> None:
        """`start` runs a coroutine in the event loop."""
        self._start = start
        self._sign = sign
        self._current: _Errand | None = None
        self._waiting: deque[Callable[[], None]] = deque()
        self._draining = False

    @property
    def busy(self) -> bool:
        """Whether what is asked for now has to wait."""
        return self._current is not None or (bool(self._waiting) and not self._draining)

    @property
    def title(self) -> str:
        """What goes on; "" if nothing does."""
        return self._current.title if self._current is not None else ""

    @property
    def waiting(self) -> int:
        """How much was put off."""
        return len(self._waiting)

    def run(self, title: str, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do `work` in a thread, then `then` with what it gave. A ParseqError of either is told to the sign."""
        if self._current is not None:
            self.put_off(lambda: self.run(title, work, then))
            return
        errand = self._current = _Errand(title)
        self._start(self._running(errand, work, then))

    def put_off(self, action: Callable[[], None]) -> None:
        """Do this after all that goes on and waits already."""
        self._waiting.append(action)

    def cancel(self) -> int:
        """Give up what goes on and forget what waits: how much that was. The thread ends by itself, in vain."""
        forgotten = len(self._waiting)
        self._waiting.clear()
        if self._current is not None:
            self._current.wanted = False
            self._over(self._current)
        return forgotten

    async def _running(self, errand: _Errand, work: Callable[[], T], then: Callable[[T], None]) -> None:
        said = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._say, errand)
        try:
            with _no_collection():
                result = await asyncio.to_thread(work)
            if self._wanted(errand):
                self._over(errand)
                self._draining = True  # what `then` begins comes before what waits
                then(result)
        except ParseqError as error:
            if self._wanted(errand):
                self._over(errand)
                self._sign.failed(error)
        finally:
            said.cancel()
            self._draining = False
            self._over(errand)
            self._go_on()

    def _wanted(self, errand: _Errand) -> bool:
        if self._sign.gone:
            self.cancel()
        return errand.wanted

    def _say(self, errand: _Errand) -> None:
        if self._wanted(errand):
            self._sign.working(errand.title)

    def _over(self, errand: _Errand) -> None:
        if self._current is errand:
            self._current = None
            if not self._sign.gone:
                self._sign.working("")

    def _go_on(self) -> None:
        """Do the next thing that waits, then let the event loop turn."""
        if self._current is not None or not self._waiting:
            return
        self._draining = True
        try:
            self._waiting.popleft()()
        finally:
            self._draining = False
        asyncio.get_running_loop().call_soon(self._go_on)


class _Errand:
    """One piece of work."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.wanted = True


@contextmanager
def _no_collection() -> Iterator[None]:
    """No walks of the garbage collector over a million cells meanwhile, nor later over those that were made.

    Documents hold no circles: what is no longer used goes at once.
    """
    was_on = gc.isenabled()  # not where another errand, given up, still runs
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


def make_way() -> None:
    """Threads of this process make way for the event loop soon."""
    sys.setswitchinterval(SWITCH_SECONDS)
