"""What the curves pane looks at: which curves, which frames, whose axis. No widget, no colours.

Invariant: the window lies inside the timeline and is at least SMALLEST_WINDOW frames long, or all of a shorter one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.drawing.plot import ChartRequest, Curve
from parseq_tui.ui.drawing.ranges import lanes
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.drawing.series import sampled

MAX_CURVES = 8
SMALLEST_WINDOW = 4
"""Frames."""
_ROOMY = 12
"""Rows from which on the labels of the frames have a row of their own."""
PREVIEW_SERIES = 8
"""Number of the curve that is only tried out: behind those with colours of their own."""


class CurveView:
    """Curves of one document, seen through a window in time. Frames are counted from 0 here, except where said."""

    def __init__(self, table: FrameTable, document: Document) -> None:
        self.table = table
        self.document = document
        self.fields: tuple[str, ...] = ()
        self.columns: dict[str, NDArray[np.float64]] = {}
        """Of each shown field or time series, shape (frames,)."""
        self.hidden: frozenset[str] = frozenset()
        self.axis = 0
        """Index into `fields` of the active curve: its values stand on the axis, keys change it."""
        self.shared = False
        """One scale for all, or one for each."""
        self.fit_values = False
        """Whether scales are made for the frames that are shown only."""
        self.start, self.count = 0, table.frame_count
        self._keyframes: dict[str, NDArray[np.int64]] = {}
        self._trial: tuple[str, NDArray[np.float64]] | None = None

    def show(self, table: FrameTable, document: Document, fields: Sequence[str]) -> None:
        """Look at these fields and time series, as far as they exist; a window over everything stays one."""
        fits = self.count >= self.table.frame_count
        active = self.fields[self.axis] if self.fields else ""
        self.table, self.document = table, document
        aliases = {series.alias: series for series in document.time_series}
        self.fields = tuple(name for name in fields if name in table or name in aliases)[:MAX_CURVES]
        self.columns = {name: table[name] if name in table else sampled(aliases[name], table) for name in self.fields}
        self._keyframes = {name: keyframe_indices(document, name, table) for name in self.fields}
        self.axis = self.fields.index(active) if active in self.fields else 0
        self.set_window(*((0, table.frame_count) if fits else (self.start, self.count)))

    def set_window(self, start: float, count: float) -> None:
        """Look at `count` frames from `start` on, as near as possible."""
        total = self.table.frame_count
        self.count = min(max(round(count), SMALLEST_WINDOW), total)
        self.start = min(max(round(start), 0), total - self.count)

    def zoom(self, factor: float, index: int) -> None:
        """Look at fewer frames (factor > 1) or more; the frame `index` stays where it is in the window."""
        count = max(SMALLEST_WINDOW, self.count / factor)
        share = (index + 0.5 - self.start) / self.count
        self.set_window(index + 0.5 - min(max(share, 0.0), 1.0) * count, count)

    def shows(self, index: int) -> bool:
        """Whether a frame is in the window."""
        return self.start <= index < self.start + self.count

    def try_out(self, field: str, values: NDArray[np.float64] | None) -> None:
        """Show another course of a field beside it, on its scale; None: no more."""
        self._trial = None if values is None or field not in self.fields else (field, values)

    @property
    def trial(self) -> tuple[str, NDArray[np.float64]] | None:
        """What is tried out: field and values."""
        return self._trial

    def activate(self, field: str) -> bool:
        """Make a shown curve the active one. False if it was, or is not shown."""
        if field not in self.fields or field in self.hidden or self.fields.index(field) == self.axis:
            return False
        self.axis = self.fields.index(field)
        return True

    def activate_next(self) -> None:
        """Make the next curve that is not hidden the active one."""
        after = [*self.fields[self.axis + 1 :], *self.fields[: self.axis]]
        self.activate(next((name for name in after if name not in self.hidden), ""))

    def own_value(self, field: str, index: int) -> float:
        """What a keyframe's cell says, whatever its formula makes of it; the curve's value where the cell is empty."""
        row = self.document.keyframe_at(index + self.table.first_frame)
        own = None if row is None else row.values.get(field)
        return float(self.columns[field][index]) if own is None else own

    def stops(self) -> list[int]:
        """Frames (as the document counts them) of the active curve's keyframes; of all rows where it has none."""
        own = self._keyframes.get(self.axis_field() or "", np.zeros(0, dtype=np.int64))
        return (own + self.table.first_frame).tolist() or [row.frame for row in self.document.keyframes]

    def axis_field(self) -> str | None:
        """The field that keys change; None while it is hidden, and for time series, which cannot be changed."""
        if self.axis >= len(self.fields):
            return None
        name = self.fields[self.axis]
        return name if name not in self.hidden and name in self.table else None

    def why_none(self) -> str:
        """Why there is no field that keys change."""
        name = self.fields[self.axis] if self.axis < len(self.fields) else ""
        series = name and name not in self.hidden and name not in self.table
        why = f"{name} is a time series, which is not changed here" if series else "no curve is shown here"
        return f"{why}: a goes to the next curve, 1-8 show them"

    def why_empty(self) -> str:
        """Why there is no picture."""
        if not self.fields:
            return "no curve is shown: t in a column of the table shows it here"
        return "every curve is hidden: 1-8 show them" if self.hidden.issuperset(self.fields) else "no room for curves"

    def lanes(self, height: int) -> list[list[int]]:
        """The prompts on each row below the curves, in a pane of this height."""
        if not self.document.prompts.enabled:
            return []
        most = max(min(6, (height - 9) // 3), 1 if height > 6 else 0)
        return lanes(self.document.prompts.entries, self.document.last_frame, most)

    def request(self, width: int, height: int, glyphs: Glyphs, *, numbered: bool = False) -> ChartRequest:
        """What to draw on `width` × `height` cells, axes included. `numbered`: as ChartRequest says."""
        shown = [(number, name) for number, name in enumerate(self.fields) if name not in self.hidden]
        curves = [Curve(name, self.columns[name], self._keyframes[name], number) for number, name in shown]
        if self._trial is not None:
            name, values = self._trial
            curves.append(Curve(f"{name}?", values, series=PREVIEW_SERIES, scale_of=name, dashed=True))
        numbers = [number for number, _ in shown]
        return ChartRequest(
            tuple(curves),
            width,
            height,
            self.start,
            self.count,
            self.table.first_frame,
            "shared" if self.shared else "own",
            60 * self.table.fps / self.table.bpm if self.table.bpm > 0 else 0.0,
            glyphs,
            numbers.index(self.axis) if self.axis in numbers else 0,
            self.fit_values,
            2 if height >= _ROOMY else 1,
            numbered,
        )


def keyframe_indices(document: Document, name: str, table: FrameTable) -> NDArray[np.int64]:
    """Where (from 0, ascending) a field has a value or a formula of its own."""
    frames = [row.frame for row in document.keyframes if name in row.values or name in row.formulas]
    indices = np.array(frames, dtype=np.int64) - table.first_frame
    return indices[(indices >= 0) & (indices < table.frame_count)]
