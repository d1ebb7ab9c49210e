"""What lies behind a subject: a plain colour, or one of a few places."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from training.palette import COLORS, jittered
from training.pen import Color, Picture, arc, mix

Paint = Callable[[Picture, np.random.Generator], None]


def gradient(canvas: Picture, top: Color, bottom: Color, start: float = 0.0, end: float = 1.0) -> None:
    """Fill rows `start`..`end` (shares of the height) from one colour to another."""
    size = canvas.shape[0]
    a, b = int(start * size), int(end * size)
    t = np.linspace(0, 1, max(b - a, 1))[:, None]
    rows = np.asarray(top) * (1 - t) + np.asarray(bottom) * t
    canvas[a:b] = rows[:, None, :].astype(np.uint8)


def disc(canvas: Picture, x: float, y: float, radius: float, color: Color) -> None:
    size = canvas.shape[0]
    cv2.circle(canvas, (round(x * size), round(y * size)), max(1, round(radius * size)), color, -1)


def hill(canvas: Picture, rng: np.random.Generator, height: float, color: Color, swing: float = 0.04) -> None:
    """Everything below a wavy line is `color`."""
    size = canvas.shape[0]
    x = np.linspace(0, 1, 48)
    phase, waves = rng.uniform(0, 6.3), rng.uniform(0.6, 1.3)
    y = height + swing * np.sin(phase + 6.3 * waves * x)
    line = np.stack([x, y], 1) * (size - 1)
    corners = np.concatenate([line, [[size - 1, size], [0, size]]])
    cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], color)


def dots(
    canvas: Picture, rng: np.random.Generator, count: int, color: Color, radius: tuple[float, float], low: float = 1.0
) -> None:
    """Stars, snow, blossoms: `count` dots above the line `low`."""
    for x, y, r in zip(rng.uniform(0, 1, count), rng.uniform(0, low, count), rng.uniform(*radius, count), strict=True):
        disc(canvas, x, y, r, color)


def night(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (12, 16, 52), (44, 54, 118))
    dots(canvas, rng, 16, (255, 250, 210), (0.006, 0.013), 0.7)
    hill(canvas, rng, 0.85, (18, 32, 40))


def sunset(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (110, 60, 140), (250, 120, 60), 0.0, 0.5)
    gradient(canvas, (250, 120, 60), (255, 206, 96), 0.5, 1.0)
    disc(canvas, rng.uniform(0.2, 0.8), 0.72, 0.17, (255, 238, 150))
    hill(canvas, rng, 0.8, (92, 44, 70), 0.03)


def sea(canvas: Picture, rng: np.random.Generator) -> None:
    horizon = rng.uniform(0.5, 0.58)
    gradient(canvas, (140, 206, 246), (206, 238, 252), 0.0, horizon)
    gradient(canvas, (46, 140, 200), (18, 84, 156), horizon, 1.0)
    size = canvas.shape[0]
    for y in (0.68, 0.8, 0.92):
        shift = rng.uniform(0, 0.14)
        for x in np.arange(-0.1, 1.1, 0.14):
            wave = arc(x + shift, y, 0.07, 0.025, 180, 360) * size
            cv2.polylines(canvas, [np.rint(wave).astype(np.int32)], False, (190, 228, 246), max(1, size // 90))


def meadow(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (120, 194, 250), (206, 236, 252))
    disc(canvas, rng.choice([0.14, 0.86]), 0.14, 0.09, (255, 226, 90))
    hill(canvas, rng, 0.64, (134, 200, 84))
    hill(canvas, rng, 0.76, (98, 174, 66))
    for _ in range(9):
        bloom = COLORS[str(rng.choice(["red", "yellow", "white", "pink"]))]
        disc(canvas, rng.uniform(0, 1), rng.uniform(0.84, 0.98), 0.014, bloom)


def space(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (8, 6, 20), (26, 12, 44))
    dots(canvas, rng, 24, (240, 240, 255), (0.004, 0.01))
    size = canvas.shape[0]
    x, y = rng.choice([0.15, 0.85]), rng.uniform(0.12, 0.2)
    disc(canvas, x, y, 0.09, (212, 150, 90))
    centre = (round(x * size), round(y * size))
    cv2.ellipse(
        canvas, centre, (round(0.15 * size), round(0.04 * size)), -20, 0, 360, (236, 206, 160), max(1, size // 60)
    )


def snow(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (150, 176, 206), (204, 220, 236))
    hill(canvas, rng, 0.66, (226, 234, 244))
    hill(canvas, rng, 0.78, (248, 250, 255))
    dots(canvas, rng, 26, (255, 255, 255), (0.008, 0.015))


def desert(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (120, 200, 232), (250, 232, 190), 0.0, 0.75)
    hill(canvas, rng, 0.62, (236, 190, 110))
    hill(canvas, rng, 0.76, (222, 164, 82))
    size = canvas.shape[0]
    x = rng.choice([0.12, 0.88])
    green = (70, 140, 70)
    for path in (
        [(x, 0.82), (x, 0.5)],
        [(x, 0.7), (x - 0.07, 0.7), (x - 0.07, 0.6)],
        [(x, 0.66), (x + 0.07, 0.66), (x + 0.07, 0.56)],
    ):
        cv2.polylines(canvas, [np.rint(np.asarray(path) * size).astype(np.int32)], False, green, max(2, size // 22))


def forest(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (168, 206, 180), (110, 166, 120))
    size = canvas.shape[0]
    for row, (foot, color) in enumerate(((0.74, (58, 112, 74)), (0.84, (32, 78, 50)))):
        for x in np.arange(-0.02, 1.1, 0.17) + 0.085 * row + rng.uniform(-0.03, 0.03):
            top = foot - rng.uniform(0.44, 0.56)
            corners = np.asarray([(x - 0.1, foot), (x, top), (x + 0.1, foot)]) * size
            cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], color)
    hill(canvas, rng, 0.82, (44, 92, 48), 0.02)


def city(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (90, 110, 170), (240, 176, 150), 0.0, 0.8)
    size = canvas.shape[0]
    for k, left in enumerate(np.arange(0, 1, 0.15)):
        top = rng.uniform(0.22, 0.5)
        color: Color = mix((70, 72, 96), (44, 46, 68), k % 2)
        a, b = round(left * size), round((left + 0.15) * size)
        cv2.rectangle(canvas, (a, round(top * size)), (b - 1, size), color, -1)
        for y in np.arange(top + 0.06, 0.8, 0.1):
            for x in (left + 0.03, left + 0.09):
                p, q = (round(x * size), round(y * size)), (round((x + 0.03) * size), round((y + 0.045) * size))
                cv2.rectangle(canvas, p, q, (255, 222, 120) if rng.random() < 0.6 else (60, 62, 84), -1)
    cv2.rectangle(canvas, (0, round(0.86 * size)), (size, size), (86, 86, 92), -1)


PLACES: dict[str, Paint] = {
    "night": night,
    "sunset": sunset,
    "sea": sea,
    "meadow": meadow,
    "space": space,
    "snow": snow,
    "desert": desert,
    "forest": forest,
    "city": city,
}

BACKGROUNDS: tuple[str, ...] = (*COLORS, *PLACES)
"""Every background by name: a colour of the palette, or a place."""


def paint(canvas: Picture, name: str, rng: np.random.Generator) -> None:
    """Cover `canvas` with the background called `name`."""
    if name in PLACES:
        PLACES[name](canvas, rng)
    else:
        color = jittered(name, rng, 8)
        gradient(canvas, mix(color, (255, 255, 255), 0.08), mix(color, (0, 0, 0), 0.06))
