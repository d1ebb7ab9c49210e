"""The picture that the render pane shows: made ready off the event loop, and not more often than the link bears.

After a picture of n bytes the next one waits until they are paid for; a key that is held shows fewer pictures, not a
queue of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path

from rich.style import Style
from textual.strip import Strip

from parseq_tui.errors import RenderError
from parseq_tui.render.client import read_ppm
from parseq_tui.ui.drawing.halfblocks import Picture
from parseq_tui.ui.pictures import Pictures, Prepared
from parseq_tui.ui.takes.side_by_side import joined

TICK_SECONDS = 0.25
RENDERING_BYTES, LOOKING_BYTES = 36_000, 150_000
"""A second for pictures, while a render is running and while finished frames are looked at."""
FEWEST_ROWS = 2


class FrameFeed:
    """One picture at a time. Belongs to the event loop's thread."""

    def __init__(self, pictures: Callable[[], Pictures]) -> None:
        self._pictures = pictures
        self._of: tuple[tuple[Path, ...], int] | None = None
        """Files and frame of the picture."""
        self._picture: Picture | None = None
        self._prepared: Prepared | None = None
        self._strips: list[Strip] | None = None
        self._room = (0, 0)
        self.shown_at = -1_000_000
        """Tick at which the last picture was read."""

    @property
    def frame(self) -> int | None:
        """The frame whose picture is shown; None if there is none."""
        return None if self._of is None or self._picture is None else self._of[1]

    @property
    def off(self) -> bool:
        """Whether no pictures are wanted at all."""
        return self._pictures().protocol == "off"

    def forget(self) -> None:
        """Show none, and the next one at once."""
        self._of = self._picture = None
        self._unprepare()
        self.shown_at = -1_000_000

    def theme_changed(self) -> None:
        self._strips = None

    def pause(self, *, running: bool) -> int:
        """Ticks from the picture shown to the next one."""
        cost = 0 if self._prepared is None else self._prepared.cost
        if running:
            return max(2, ceil(cost / RENDERING_BYTES / TICK_SECONDS))
        return max(1, ceil(cost / LOOKING_BYTES / TICK_SECONDS))

    async def look(
        self, frame: int | None, paths: Sequence[Path], room: tuple[int, int], tick: int, *, running: bool
    ) -> None:
        """See to it that the picture of this frame is there, for a room of (columns, rows) cells.

        `paths`: the files it is in, from left to right; none if there is no picture.
        """
        if self.off or not paths or frame is None:
            self._of = self._picture = None
            self._unprepare()
            return
        wanted = (tuple(paths), frame)
        if wanted != self._of:
            if self._picture is not None and tick - self.shown_at < self.pause(running=running):
                return
            try:
                picture, prepared = await asyncio.to_thread(_read, self._pictures(), paths, room)
            except RenderError:
                # half written, or pruned meanwhile: the next look may do better
                self._of = self._picture = None
                self._unprepare()
                return
            self._picture, self._of, self.shown_at = picture, wanted, tick
            self._keep(prepared, room)
        elif self._picture is not None and self._outdated(room):
            picture = self._picture
            prepared = await asyncio.to_thread(_made_ready, self._pictures(), picture, room)
            if picture is self._picture:
                self._keep(prepared, room)

    def _outdated(self, room: tuple[int, int]) -> bool:
        prepared = self._prepared
        return prepared is None or self._room != room or prepared.protocol != self._pictures().protocol

    def strips(self, background: Style, room: tuple[int, int]) -> list[Strip]:
        """The picture's rows for this room; empty where there is none, or where it must be made ready first."""
        if self._picture is None or room[1] < FEWEST_ROWS or room[0] < FEWEST_ROWS:
            return []
        pictures = self._pictures()
        if not pictures.slow and (self._prepared is None or self._room != room):
            self._keep(pictures.prepare(self._picture, *room), room)
        prepared = self._prepared
        if prepared is None or prepared.columns > room[0] or prepared.rows > room[1]:
            return []
        if self._strips is None:
            self._strips = pictures.strips(prepared, background)
        return self._strips

    def _keep(self, prepared: Prepared | None, room: tuple[int, int]) -> None:
        self._prepared, self._room, self._strips = prepared, room, None

    def _unprepare(self) -> None:
        self._prepared = self._strips = None
        self._room = (0, 0)


def _read(pictures: Pictures, paths: Sequence[Path], room: tuple[int, int]) -> tuple[Picture, Prepared | None]:
    """Any thread. Raises RenderError."""
    picture = joined([read_ppm(path) for path in paths])
    return picture, _made_ready(pictures, picture, room)


def _made_ready(pictures: Pictures, picture: Picture, room: tuple[int, int]) -> Prepared | None:
    """Any thread; None where there is no room."""
    return pictures.prepare(picture, *room) if min(room) >= FEWEST_ROWS else None
