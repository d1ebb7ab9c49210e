"""How a take is laid out in the render pane: what is said of it, the picture, the values of its frame, the log.

One arrangement for tall panes, one for low and wide ones. Owns no state: it is made anew for each drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.strip import Strip

from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.takes import words as render_words
from parseq_tui.ui.takes.frame_feed import FrameFeed
from parseq_tui.ui.takes.progress import Progress
from parseq_tui.ui.takes.shown import ShownTakes
from parseq_tui.ui.takes.words import Part, Words
from parseq_tui.ui.widgets.line_view import LineView

PREVIEW_CELLS = (48, 24)
LARGE_CELLS = (96, 54)
"""The worker's pictures hold no more."""
LOW_ROWS, BESIDE_COLUMNS = 14, 50
"""In a pane this low and this wide the picture stands beside the words, not among them."""
_GAP = Part("  ")


class TakeLayout:
    """The rows of a pane of one size, for what is looked at now."""

    def __init__(
        self, view: LineView, shown: ShownTakes, feed: FrameFeed, table: FrameTable | None, note: str, large: bool
    ) -> None:
        """`table`: the values as they are now; `note`: what is to be known first; `large`: the picture before words."""
        self._view = view
        self._shown = shown
        self._feed = feed
        self._table = table
        self._note = note
        self._large = large
        self._style = view.palette.style()

    def strips(self) -> list[Strip]:
        """Everything, from the top."""
        progress = self._shown.progress
        if progress is None:
            words = render_words.spoken(["nothing rendered yet", "r render   d draft   w what it costs"], "dim")
            return self._painted([*render_words.noted(self._note, self._view.size.width), *words])
        return self._side_by_side(progress) if self._beside else self._stacked(progress)

    @property
    def _beside(self) -> bool:
        return self._view.size.height < LOW_ROWS and self._view.size.width >= BESIDE_COLUMNS

    def _head(self, progress: Progress, width: int) -> list[Words]:
        if (pair := self._shown.pair) is not None:
            words = render_words.pair(pair.names, pair.looking, pair.summary(), width)
            return [*render_words.noted(self._note, width), *words]
        brief = self._large and progress.state != "failed"
        return [
            *render_words.noted(self._note, width),
            *([render_words.bar(progress, width)] if brief else render_words.status(progress, self._shown.name, width)),
        ]

    @property
    def picture_room(self) -> tuple[int, int]:
        """Columns and rows that a picture may have."""
        width, height = self._view.size
        most, rows = LARGE_CELLS if self._large else PREVIEW_CELLS
        if self._beside:
            return min(width // 2, most), min(height - 1, rows)
        progress = self._shown.progress
        room = height - (len(self._head(progress, width)) if progress is not None else 0)
        return min(width, most), min(room - 1 - (0 if self._large else max(2, room // 4)), rows)

    def _stacked(self, progress: Progress) -> list[Strip]:
        head = self._painted(self._head(progress, self._view.size.width))
        picture = self._feed.strips(self._style, self.picture_room)
        values: list[Words] = []
        if picture:
            left = self._view.size.width - picture[0].cell_length
            values = self._values(left, len(picture))
            picture = self._joined(picture, self._painted(values, left))
        picture += self._painted(self._caption(progress))
        rows = self._view.size.height - len(head) - len(picture)
        if not values:  # a wide picture leaves no room beside it
            below = self._painted(self._values(self._view.size.width, rows - 1, gap=False))
            picture, rows = [*picture, *below], rows - len(below)
        return [*head, *picture, *self._painted(self._last_rows(progress, self._view.size.width, rows))]

    def _side_by_side(self, progress: Progress) -> list[Strip]:
        picture = self._feed.strips(self._style, self.picture_room)
        left = self._view.size.width - (picture[0].cell_length if picture else 0)
        width = left - len(_GAP.text)
        words = [*self._head(progress, width), *self._caption(progress)]
        rows = self._view.size.height - len(words)
        lines = 0 if progress.over and progress.worst is None else 1  # of the log; the values say more
        words += self._values(left, rows - lines, gap=False) if picture else []
        words += self._last_rows(progress, width, self._view.size.height - len(words))
        if not picture:
            return self._painted(words)
        return self._joined(picture, self._painted([[_GAP, *row] for row in words], left))

    def _last_rows(self, progress: Progress, width: int, rows: int) -> list[Words]:
        """What is told below the rest: the log, or what differs between two takes."""
        if self._shown.pair is None:
            return render_words.log(progress, width, rows)
        return render_words.wrapped(self._shown.pair.words(self._shown.playhead), width, rows)

    def _values(self, width: int, rows: int, *, gap: bool = True) -> list[Words]:
        """The values of the frame in the picture; of two takes, only what differs is told."""
        frame = self._feed.frame
        if frame is None or self._shown.pair is not None:
            return []
        found = render_words.values(
            self._shown.values or self._table, frame, width - len(_GAP.text), rows, self._differing(frame)
        )
        return [[_GAP, *row] for row in found] if gap else found

    def _differing(self, frame: int) -> frozenset[str]:
        """The fields whose values at a frame are not now those it was rendered with."""
        return render_words.differing(self._shown.values, self._table, frame)

    def _caption(self, progress: Progress) -> list[Words]:
        """What is, or will be, in the picture."""
        frame = self._feed.frame
        if frame is not None:
            marked = "  * differs now" if self._shown.pair is None and self._differing(frame) else ""
            return render_words.spoken([f"frame {frame}{self._followed()}{marked}"], "dim")
        frame = self._shown.frame
        if frame is None or not progress.previews or self._feed.off:
            return []
        missing = "no picture yet" if self._shown.pair is None else self._shown.pair.missing
        return render_words.spoken([f"frame {frame}: {missing}"], "dim")

    def _followed(self) -> str:
        """Behind the number of the frame, while others are being made or where another take made it."""
        if self._shown.earlier:
            return f"  of take {self._shown.earlier}"
        if not self._shown.running or self._shown.pair is not None:
            return ""
        return " (newest)" if self._shown.at_newest else "   f: back to the newest"

    def _painted(self, rows: Sequence[Words], width: int = 0) -> list[Strip]:
        return painted(self._view, rows, width)

    def _joined(self, left: Sequence[Strip], right: Sequence[Strip]) -> list[Strip]:
        """Two columns of rows, each of one width; the shorter one is filled up."""
        blanks = [Strip.blank(column[0].cell_length if column else 0, self._style) for column in (left, right)]
        return [Strip.join([a or blanks[0], b or blanks[1]]) for a, b in zip_longest(left, right)]


def painted(view: LineView, rows: Sequence[Words], width: int = 0) -> list[Strip]:
    """Rows of words in the view's colours, each as wide as the view if `width` is 0."""
    style = view.palette.style
    strips = []
    for row in rows:
        on = row[-1].on if row else "background"
        parts = ((part.text, style(part.role, part.on, part.attributes)) for part in row)
        strips.append(view.line(*parts, width=width, on=on))
    return strips
