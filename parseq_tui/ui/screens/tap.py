"""Tapping the tempo: press a key to the music, and see how fast it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from parseq_tui.errors import counted
from parseq_tui.ui.screens.tour import TourPage

FEWEST = 4
"""Taps before a tempo is shown: fewer are off by more than it is worth."""
PAUSE_SECONDS = 3.0
"""After a pause like this, tapping begins anew."""


class TapScreen(ModalScreen["float | None"]):
    """Its answer: beats per minute, or None."""

    DEFAULT_CSS = """
    TapScreen { align: center middle; }
    TapScreen > Vertical { width: 100%; max-width: 60; height: 6; padding: 1 1; background: $surface;
        border: round $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "leave", priority=True, id="tap.leave"),
        Binding("enter", "take", "take it", priority=True, id="tap.take"),
    ]

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._taps: list[float] = []

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "tap the tempo"
            box.border_subtitle = "any key taps   Enter take it   Esc leave"
            yield TourPage()

    def on_mount(self) -> None:
        self.query_one(TourPage).focus()
        self._show()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        now = self._clock()
        if self._taps and now - self._taps[-1] > PAUSE_SECONDS:
            self._taps.clear()
        self._taps.append(now)
        self._show()

    def action_take(self) -> None:
        """What was tapped, if it was enough."""
        self.dismiss(tapped_tempo(self._taps))

    def action_leave(self) -> None:
        self.dismiss(None)

    def _show(self) -> None:
        bpm = tapped_tempo(self._taps)
        words = counted(len(self._taps), "tap")
        told = f"{words}   {bpm:.1f} bpm" if bpm else f"{words}, a tempo shows from {FEWEST} on"
        self.query_one(TourPage).show([told])


def tapped_tempo(taps: Sequence[float]) -> float | None:
    """Beats per minute of the straight line through the taps (seconds), to a tenth; None for too few."""
    count = len(taps)
    if count < FEWEST:
        return None
    middle, mean = (count - 1) / 2, sum(taps) / count
    rise = sum((index - middle) * (tap - mean) for index, tap in enumerate(taps))
    slope = rise / sum((index - middle) ** 2 for index in range(count))
    return round(60 / slope, 1) if slope > 0 else None
