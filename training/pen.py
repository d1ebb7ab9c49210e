"""A pen with a transform: cartoon shapes with one clean outline, drawn with OpenCV.

Shapes are given in a subject's own units (about -1..1, y down) and queued; `flush` draws the outlines of the
whole queue before any fill, so that overlapping parts melt into one silhouette.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]
Color = tuple[int, int, int]


def mix(first: Color, second: Color, share: float) -> Color:
    """`first` moved towards `second` by `share` (0..1)."""
    a, b = np.asarray(first, float), np.asarray(second, float)
    r, g, bl = (int(v) for v in np.clip(np.rint(a + (b - a) * share), 0, 255))
    return r, g, bl


def ellipse(x: float, y: float, rx: float, ry: float, degrees: float = 0.0, count: int = 40) -> Points:
    """A closed ellipse as points."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    u, v = rx * np.cos(t), ry * np.sin(t)
    return np.stack([x + c * u - s * v, y + s * u + c * v], 1)


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float, count: int = 16) -> Points:
    """An open elliptic arc from `start` to `end` degrees."""
    t = np.radians(np.linspace(start, end, count))
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], 1)


def smooth(corners: Sequence[tuple[float, float]], closed: bool = True, steps: int = 8) -> Points:
    """A Catmull-Rom curve through `corners`."""
    p = np.asarray(corners, float)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.concatenate(pieces if closed else [*pieces, p[-1:]])


def polygon(*corners: tuple[float, float]) -> Points:
    """Straight-sided shape."""
    return np.asarray(corners, float)


@dataclass
class _Part:
    points: NDArray[np.int32]
    color: Color
    width: int
    """0: a filled shape; otherwise a stroke this many pixels wide."""


@dataclass
class Pen:
    canvas: Picture
    x: float
    y: float
    scale: float
    """Pixels per unit."""
    degrees: float = 0.0
    mirrored: bool = False
    ink: Color = (30, 26, 34)
    outline: float = 0.05
    """Outline width in units; 0 draws none."""
    finest: int = 1
    """No line is thinner than this many pixels."""
    _queue: list[_Part] = field(default_factory=list)

    def _place(self, points: Points) -> NDArray[np.int32]:
        c, s = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        u = -points[:, 0] if self.mirrored else points[:, 0]
        v = points[:, 1]
        placed = np.stack([self.x + self.scale * (c * u - s * v), self.y + self.scale * (s * u + c * v)], 1)
        return np.rint(placed).astype(np.int32)

    def _pixels(self, units: float) -> int:
        return max(self.finest, round(units * self.scale))

    def shape(self, points: Points, color: Color) -> None:
        """Queue an outlined, filled shape."""
        self._queue.append(_Part(self._place(points), color, 0))

    def stroke(self, points: Points, width: float, color: Color) -> None:
        """Queue an outlined stroke (leg, tail, stem)."""
        self._queue.append(_Part(self._place(points), color, self._pixels(width)))

    def flush(self) -> None:
        """Draw what is queued: all outlines first, then all fills."""
        edge = self._pixels(self.outline) if self.outline else 0
        for part in self._queue if edge else ():
            closed = part.width == 0
            cv2.polylines(self.canvas, [part.points], closed, self.ink, part.width + 2 * edge)
        for part in self._queue:
            if part.width:
                cv2.polylines(self.canvas, [part.points], False, part.color, part.width)
            else:
                cv2.fillPoly(self.canvas, [part.points], part.color)
        self._queue.clear()

    def fill(self, points: Points, color: Color) -> None:
        """Draw a detail without outline, at once (after flushing what lies below)."""
        self.flush()
        cv2.fillPoly(self.canvas, [self._place(points)], color)

    def mark(self, points: Points, width: float = 0.05, color: Color | None = None) -> None:
        """Draw an open line without outline, at once."""
        self.flush()
        cv2.polylines(self.canvas, [self._place(points)], False, color or self.ink, self._pixels(width))
