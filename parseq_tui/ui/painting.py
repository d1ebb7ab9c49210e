"""How a change comes to the terminal: widgets mark cells, the screen renders those and no others, at once.

Textual hands a refresh from the widget's queue to the screen's queue to a timer, renders every row that is touched from
edge to edge, and all widgets in it. For a key that changes thirty cells that is most of the work. Here a widget that is
`Painted` tells its `Painter` directly, which paints before the event loop turns again, and never more often than
frames are shown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final, Self

from textual import constants
from textual._compositor import Compositor
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from parseq_tui.ui.screen_diff import Part, PartsUpdate

FRAME_SECONDS: Final = 1 / constants.MAX_FPS
_MARGIN: Final = 2
"""Cells rendered beside those that are wanted, so that a wide character at the edge is known whole."""


class Painted(Widget):
    """A widget that draws itself line by line on a background of its own, without padding."""

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Mark regions of the content (all of it, if none are given) as changed."""
        if repaint and self.is_mounted and not (layout or recompose):
            screen = self.screen
            if isinstance(screen, Painter) and screen.sees(self):
                self._set_dirty(*regions)
                screen.paint_soon(self)
                return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Painter(Screen[None]):
    """A screen that paints what its widgets mark."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._compositor = PartsCompositor()
        self._asked = False
        self._painted_at = 0.0

    def sees(self, widget: Widget) -> bool:
        """Whether a widget has its place on the screen: one that is about to get it is Textual's to lay out first."""
        return widget in self._compositor.visible_widgets

    def paint_soon(self, widget: Widget) -> None:
        """Paint a widget's changes when what is going on now has been done."""
        self._dirty_widgets.add(widget)
        if self._asked:
            return
        self._asked = True
        wait = self._painted_at + FRAME_SECONDS - time.monotonic()
        loop = asyncio.get_running_loop()
        if wait > 0:
            loop.call_later(wait, self._paint)
        else:
            loop.call_soon(self._paint)

    def _paint(self) -> None:
        self._asked = False
        if not self.is_attached or not self._dirty_widgets:
            return
        if self.app.screen is not self or self._layout_required or self._scroll_required or self._repaint_required:
            self._update_timer.resume()  # Textual does more than paint
            return
        self._painted_at = time.monotonic()
        self._compositor.update_widgets(self._dirty_widgets)
        self._compositor_refresh()


class PartsCompositor(Compositor):
    """A compositor whose partial updates hold the cells that are dirty and nothing else."""

    def render_partial_update(self) -> PartsUpdate | None:  # type: ignore[override]
        screen, dirty = self.size.region, self._dirty_regions.copy()
        self._dirty_regions.clear()
        spans = self._regions_to_spans([region.intersection(screen) for region in dirty])
        return PartsUpdate(list(self._parts(spans))) if dirty else None

    def _parts(self, spans: Any) -> Iterator[Part]:
        """What is seen there, from the front to the back."""
        shown = [(widget, region, region.intersection(clip)) for widget, (region, clip) in self.visible_widgets.items()]
        for y, first, end in spans:
            left = [(first, end)]
            for widget, region, seen in shown:
                if not seen.y <= y < seen.bottom:
                    continue
                for stretch in tuple(left):
                    start, stop = max(stretch[0], seen.x), min(stretch[1], seen.right)
                    if start >= stop:
                        continue
                    left.remove(stretch)
                    left += [(a, b) for a, b in ((stretch[0], start), (stop, stretch[1])) if a < b]
                    yield _part(widget, region, seen, y, start, stop)
                if not left:
                    break


def _part(widget: Widget, region: Region, seen: Region, y: int, start: int, stop: int) -> Part:
    """The cells from `start` to `stop` of a screen row, with a margin beside them."""
    first, end = max(seen.x, start - _MARGIN), min(seen.right, stop + _MARGIN)
    if isinstance(widget, Painted):
        gutter = widget.styles.gutter
        left, line = region.x + gutter.left, y - region.y - gutter.top
        if left <= start and stop <= region.right - gutter.right and 0 <= line < region.height - gutter.height:
            first, end = max(first, left), min(end, region.right - gutter.right)
            strip = widget.render_line(line).crop(first - left, end - left)
            for line_filter in widget.get_line_filters():
                strip = strip.apply_filter(line_filter, widget.background_colors[1])
            return Part(y, first, strip, start, stop)
    strips = widget.render_lines(Region(first - region.x, y - region.y, end - first, 1))
    return Part(y, first, strips[0] if strips else Strip.blank(end - first), start, stop)
