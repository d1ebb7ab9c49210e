"""How a change comes to the terminal: widgets mark cells, the screen renders those and no others, at once.

Textual hands a refresh from the widget's queue to the screen's queue to a timer, renders every row that is touched from
edge to edge, and all widgets in it. For a key that changes thirty cells that is most of the work. Here a widget that is
`Painted` tells its `Painter` directly, which paints before the event loop turns again, and never more often than
frames are shown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Self

from rich.segment import Segment
from textual import constants
from textual._compositor import Compositor
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from parseq_tui.ui.terminal.screen_diff import Part, PartsUpdate

FRAME_SECONDS: Final = 1 / constants.MAX_FPS
_MARGIN: Final = 2
"""Cells rendered beside those that are wanted, so that a wide character at the edge is known whole."""


class Painted(Widget):
    """A widget that draws itself line by line on a background of its own, without padding."""

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Mark regions of the content (all of it, if none are given) as changed. Several at once cost hardly more."""
        if repaint and self.is_mounted and self.is_attached and not (layout or recompose):
            screen = self.screen
            if isinstance(screen, Painter) and screen.sees(self):
                self._set_dirty(*regions)
                screen.paint_soon(self)
                return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def line_part(self, y: int, first: int, end: int) -> Sequence[Segment] | None:
        """Cells `first` … `end` − 1 of a line, where they cost less than the line; None: cut them out of it.

        No wide character may reach over their edges.
        """
        return None


class Painter(Screen[None]):
    """A screen that paints what its widgets mark."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._compositor = PartsCompositor()
        self._asked = False
        self._painted_at = (0.0, 0.0)
        self._begun = False

    def before_first_paint(self) -> None:
        """The widgets have their places and sizes, and nothing has been painted yet: fill them."""

    def _compositor_refresh(self) -> None:
        """Textual's way to paint, after the first layout and whenever that changes."""
        if not self._begun:
            if not self.is_mounted or self.app._batch_count:
                self.refresh()  # not everything has its place yet
                return
            self._begun = True
            self.before_first_paint()
        super()._compositor_refresh()

    def sees(self, widget: Widget) -> bool:
        """Whether a widget has its place on the screen: one that is about to get it is Textual's to lay out first."""
        return widget in self._compositor.visible_widgets

    def paint_soon(self, widget: Widget) -> None:
        """Paint a widget's changes when what is going on now has been done."""
        self._dirty_widgets.add(widget)
        if self._asked:
            return
        self._asked = True
        # two paints in the time of one frame: a key does not wait because a picture has just come by itself
        wait = self._painted_at[0] + FRAME_SECONDS - time.monotonic()
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
        self._painted_at = (self._painted_at[1], time.monotonic())
        self._compositor.update_widgets(self._dirty_widgets)
        self._compositor_refresh()


class _Shown:
    """A widget as one update sees it: what it is asked for more than once is worked out once."""

    def __init__(self, widget: Widget, region: Region, clip: Region) -> None:
        self._widget, self._region, self.seen = widget, region, region.intersection(clip)
        self.x, self.y, self.right, self.bottom = self.seen.corners
        self._content: Region | None = None
        self._filters: list[tuple[LineFilter, Color]] = []
        self._lines: dict[int, Strip] = {}

    def parts(self, part: Region) -> Iterator[Part]:
        """The cells of a rectangle of the screen, where need be with a margin beside them."""
        widget = self._widget
        if isinstance(widget, Painted):
            content = self._content or self._looked_up(widget)
            if content.contains_region(part):
                for y in part.line_range:
                    yield self._painted(widget, content, y, part.x, part.right)
                return
        region = self._region
        first, end = max(self.x, part.x - _MARGIN), min(self.right, part.right + _MARGIN)
        strips = widget.render_lines(Region(first - region.x, part.y - region.y, end - first, part.height))
        for y, strip in zip(part.line_range, strips, strict=False):
            yield Part(y, first, strip, part.x, part.right)

    def _painted(self, widget: Painted, content: Region, y: int, first: int, end: int) -> Part:
        segments = widget.line_part(y - content.y, first - content.x, end - content.x)
        if segments is not None:
            return Part(y, first, self._filtered(Strip(segments)) if self._filters else segments, first, end)
        line = self._lines.get(y)
        if line is None:  # several parts of it may have changed
            line = self._lines[y] = self._filtered(widget.render_line(y - content.y))
        left, right = max(first - _MARGIN, content.x), min(end + _MARGIN, content.right)
        return Part(y, left, line.crop(left - content.x, right - content.x), first, end)

    def _filtered(self, strip: Strip) -> Strip:
        for line_filter, background in self._filters:
            strip = strip.apply_filter(line_filter, background)
        return strip

    def _looked_up(self, widget: Painted) -> Region:
        """Where the content is, and what its colours go through: those of a theme are true ones from the first."""
        self._content = self._region.shrink(widget.styles.gutter)
        filters = [one for one in widget.get_line_filters() if not isinstance(one, ANSIToTruecolor)]
        if filters:
            background = widget.background_colors[1]
            self._filters = [(one, background) for one in filters]
        return self._content


class PartsCompositor(Compositor):
    """A compositor whose partial updates hold the cells that are dirty and nothing else."""

    def render_partial_update(self) -> PartsUpdate | None:  # type: ignore[override]
        screen, dirty = self.size.region, self._dirty_regions.copy()
        self._dirty_regions.clear()
        spans = self._regions_to_spans([region.intersection(screen) for region in dirty])
        return PartsUpdate(list(self._parts(_bands(spans)))) if dirty else None

    def _parts(self, bands: Iterable[Region]) -> Iterator[Part]:
        """What is seen there, from the front to the back."""
        shown = [_Shown(widget, region, clip) for widget, (region, clip) in self.visible_widgets.items()]
        for band in bands:
            left = [band]
            x, y, right, bottom = band.corners
            for one in shown:
                if one.x >= right or one.right <= x or one.y >= bottom or one.bottom <= y:
                    continue
                for stretch in tuple(left):
                    part = stretch.intersection(one.seen)
                    if part:
                        left.remove(stretch)
                        left += _without(stretch, part)
                        yield from one.parts(part)
                if not left:
                    break


def _bands(spans: Iterable[tuple[int, int, int]]) -> Iterator[Region]:
    """Spans (row, first column, end) as rectangles, equal ones of neighbouring rows together."""
    open_bands: dict[tuple[int, int], list[int]] = {}
    for y, first, end in spans:
        rows = open_bands.get((first, end))
        if rows is not None and rows[1] == y:
            rows[1] = y + 1
            continue
        if rows is not None:
            yield Region(first, rows[0], end - first, rows[1] - rows[0])
        open_bands[first, end] = [y, y + 1]
    for (first, end), (y, bottom) in open_bands.items():
        yield Region(first, y, end - first, bottom - y)


def _without(whole: Region, part: Region) -> list[Region]:
    """What is left of a rectangle when one inside it is taken away."""
    pieces = (
        Region(whole.x, whole.y, whole.width, part.y - whole.y),
        Region(whole.x, part.bottom, whole.width, whole.bottom - part.bottom),
        Region(whole.x, part.y, part.x - whole.x, part.height),
        Region(part.right, part.y, whole.right - part.right, part.height),
    )
    return [piece for piece in pieces if piece]
