"""How a scene is drawn: cartoon, flat, outline, pixel, watercolour, neon.

A style prepares the background, chooses the pen, and finishes the picture. The colour words stay true in every one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.pen import Color, Pen, Picture, Points, mix

SIZE = 128
OVERSAMPLING = 3
BLOCK = 4
"""Side of a pixel-art block in pixels of the finished picture."""
PAPER: Color = (250, 247, 238)
SLATE: Color = (34, 40, 46)
Floats = NDArray[np.float32]


def brightness(color: Color) -> float:
    """Perceived brightness, 0..255 (Rec. 601 luma)."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]


@dataclass
class LinePen(Pen):
    """Draws every line in one colour over one tint: a shape stays one even where the model breaks its line."""

    line: Color = (0, 0, 0)
    inside: Color = (255, 255, 255)

    def _clear(self, points: NDArray[np.int32], width: int = 0) -> None:
        """The tint inside a shape or a stroke: nearer parts hide the lines of farther ones."""
        if width:
            cv2.polylines(self.canvas, [points], False, self.inside, width)
        else:
            cv2.fillPoly(self.canvas, [points], self.inside)

    def flush(self) -> None:
        """Draw the outline of everything queued."""
        edge = self._pixels(self.outline)
        for part in self._queue:
            cv2.polylines(self.canvas, [part.points], part.width == 0, self.line, part.width + 2 * edge)
        for part in self._queue:
            self._clear(part.points, part.width)
        self._queue.clear()

    def fill(self, points: Points, color: Color) -> None:
        """Dark details become solid, light ones thin outlines, glints nothing."""
        self.flush()
        placed = self._place(points)
        if brightness(color) < 60:
            cv2.fillPoly(self.canvas, [placed], self.line)
            return
        self._clear(placed)
        if np.ptp(points, axis=0).max() > 0.1:
            cv2.polylines(self.canvas, [placed], True, self.line, self._pixels(self.outline * 0.6))

    def mark(self, points: Points, width: float = 0.05, color: Color | None = None) -> None:
        """An open line; never thicker than an outline."""
        super().mark(points, min(max(width, 0.04), self.outline), self.line)


def shrunk(canvas: Picture) -> Picture:
    """The oversampled canvas at its final size."""
    return np.asarray(cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)


def _ink(name: str) -> Color:
    return (30, 26, 34) if name != "black" else (92, 92, 104)


@dataclass
class Sheet:
    """The canvas and what a style must know to work on it."""

    canvas: Picture
    color: Color
    color_name: str
    is_place: bool
    rng: np.random.Generator


@dataclass(frozen=True)
class Style:
    """One way to draw: `prepare` the background, `pen` for the subject, `finish` at 128 x 128."""

    pen: Callable[[Sheet, float, float, float, float, bool], Pen]
    finish: Callable[[Sheet], Picture]
    prepare: Callable[[Sheet], None] = lambda sheet: None


def _sheet_of(color: Color) -> Color:
    """What a line of this colour is drawn on: paper, or slate where the line is light."""
    return PAPER if brightness(color) < 165 else SLATE


def _cartoon_pen(sheet: Sheet, x: float, y: float, scale: float, degrees: float, mirrored: bool) -> Pen:
    return Pen(sheet.canvas, x, y, scale, degrees, mirrored, _ink(sheet.color_name))


def _flat_pen(sheet: Sheet, x: float, y: float, scale: float, degrees: float, mirrored: bool) -> Pen:
    return Pen(sheet.canvas, x, y, scale, degrees, mirrored, _ink(sheet.color_name), outline=0.0)


def _pixel_pen(sheet: Sheet, x: float, y: float, scale: float, degrees: float, mirrored: bool) -> Pen:
    ink = _ink(sheet.color_name)
    return Pen(sheet.canvas, x, y, scale, degrees, mirrored, ink, finest=BLOCK * OVERSAMPLING)


def _line_pen(sheet: Sheet, x: float, y: float, scale: float, degrees: float, mirrored: bool) -> Pen:
    outline = min(max(0.075, 8.0 / scale), 11.0 / scale)
    tint = mix(_sheet_of(sheet.color), sheet.color, 0.16)
    return LinePen(sheet.canvas, x, y, scale, degrees, mirrored, outline=outline, line=sheet.color, inside=tint)


def _neon_pen(sheet: Sheet, x: float, y: float, scale: float, degrees: float, mirrored: bool) -> Pen:
    layer = np.zeros_like(sheet.canvas)
    outline = min(max(0.055, 6.0 / scale), 8.0 / scale)
    dim = mix((0, 0, 0), sheet.color, 0.18)
    return LinePen(layer, x, y, scale, degrees, mirrored, outline=outline, line=sheet.color, inside=dim)


def _brush(sheet: Sheet, x: float, y: float, scale: float, degrees: float, mirrored: bool) -> Pen:
    line = mix(sheet.color, (52, 38, 44), 0.72)
    return Pen(sheet.canvas, x, y, scale, degrees, mirrored, line, outline=0.035)


def _finish(sheet: Sheet) -> Picture:
    return shrunk(sheet.canvas)


def _wash(sheet: Sheet) -> None:
    """A place becomes a pale tint on paper, or a dim one on slate where the lines are light."""
    if sheet.is_place:
        ground, share = _sheet_of(sheet.color), 0.64
        sheet.canvas[:] = (sheet.canvas * (1 - share) + np.asarray(ground) * share).astype(np.uint8)


def _dim(sheet: Sheet) -> None:
    """Neon needs darkness, with a hint of the background's own colour."""
    sheet.canvas[:] = (sheet.canvas * 0.46).astype(np.uint8)


def _blocks(sheet: Sheet) -> Picture:
    """One colour per block, taken from its middle: no mixed edges."""
    step = BLOCK * OVERSAMPLING
    small = sheet.canvas[step // 2 :: step, step // 2 :: step]
    return np.ascontiguousarray(small.repeat(BLOCK, 0).repeat(BLOCK, 1))


def _mottling(rng: np.random.Generator, cells: int) -> Floats:
    """Smooth noise (SIZE, SIZE) of deviation about 1."""
    noise = rng.normal(0, 1.4, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(noise, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC), np.float32)


def _wet(sheet: Sheet) -> Picture:
    """Colours wander, pool at their edges, dry unevenly and let the paper through."""
    rng = sheet.rng
    dry = shrunk(sheet.canvas)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    x, y = (axis + 0.3 * _mottling(rng, 22) + 0.8 * _mottling(rng, 6) for axis in (x, y))
    moved = cv2.remap(dry, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT).astype(np.float32)
    soft = cv2.GaussianBlur(moved, (0, 0), 0.45)
    rim = np.abs(soft - cv2.GaussianBlur(moved, (0, 0), 3.0)).max(2, keepdims=True) / 255
    pigment = 0.76 + 0.06 * _mottling(rng, 5)[..., None] + 0.02 * _mottling(rng, 14)[..., None] + 0.8 * rim
    paper = np.asarray(PAPER, np.float32)
    depth = np.clip(pigment, 0.45, 1.1)
    return np.asarray(np.clip(paper + (soft - paper) * depth, 0, 255), np.uint8)


def _glow(layer: Picture, ground: Picture) -> Picture:
    """Bright tubes with coloured light around them, added to a dark ground."""
    tube = shrunk(layer).astype(np.float32)
    light = cv2.GaussianBlur(tube, (0, 0), 2.2) * 0.75 + cv2.GaussianBlur(tube, (0, 0), 7.0) * 0.7
    strength = tube.max(2, keepdims=True) / max(1.0, float(tube.max()))
    white = 255 * np.clip(strength - 0.45, 0, 1) * 0.4
    lit = shrunk(ground) * (1 - 0.5 * strength) + light + 0.5 * tube + white
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


STYLES: dict[str, Style] = {
    "cartoon": Style(_cartoon_pen, _finish),
    "flat": Style(_flat_pen, _finish),
    "outline": Style(_line_pen, _finish, _wash),
    "pixel": Style(_pixel_pen, _blocks),
    "watercolour": Style(_brush, _wet),
    "neon": Style(_neon_pen, _finish, _dim),
}
"""Every style by name; the first is what you get when none is named."""


def render(
    sheet: Sheet, style: str, draw: Callable[[Pen], None], place: tuple[float, float, float, float, bool]
) -> Picture:
    """Finish `sheet` with the subject that `draw` puts on it; `place` is x, y, scale, degrees, mirrored."""
    way = STYLES[style]
    way.prepare(sheet)
    pen = way.pen(sheet, *place)
    draw(pen)
    pen.flush()
    return _glow(pen.canvas, sheet.canvas) if style == "neon" else way.finish(sheet)
