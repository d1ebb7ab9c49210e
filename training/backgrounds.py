"""What lies behind a subject: a plain colour, or one of a few places, landscapes at any time of day and weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from training.palette import COLORS, jittered
from training.pen import Color, Picture, arc, mix

Tint = Callable[[Color], Color]
Paint = Callable[[Picture, np.random.Generator], None]
Ground = Callable[[Picture, np.random.Generator, Tint], None]
LAMP: Color = (255, 222, 120)


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


def clouds(canvas: Picture, rng: np.random.Generator, count: int, color: Color, low: float = 0.3) -> None:
    """Flat-bottomed puffs in the upper part of the sky."""
    for x, y in zip(rng.uniform(0, 1, count), rng.uniform(0.04, low, count), strict=True):
        for dx, dy, r in ((-0.1, 0.02, 0.06), (0.0, 0.0, 0.09), (0.1, 0.02, 0.065)):
            disc(canvas, x + dx, y + dy, r, color)


def streaks(canvas: Picture, rng: np.random.Generator, count: int, color: Color) -> None:
    """Rain: short slanted lines."""
    size = canvas.shape[0]
    for x, y in zip(rng.uniform(0, 1.05, count), rng.uniform(0, 1, count), strict=True):
        ends = np.rint(np.asarray([(x, y), (x - 0.025, y + 0.08)]) * size).astype(np.int32)
        cv2.polylines(canvas, [ends], False, color, max(1, size // 110))


def night_sky(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (12, 16, 52), (44, 54, 118))
    dots(canvas, rng, 16, (255, 250, 210), (0.006, 0.013), 0.7)


def sunset_sky(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (110, 60, 140), (250, 120, 60), 0.0, 0.5)
    gradient(canvas, (250, 120, 60), (255, 206, 96), 0.5, 1.0)
    disc(canvas, rng.uniform(0.2, 0.8), 0.66, 0.17, (255, 238, 150))


def dawn_sky(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (138, 176, 230), (250, 196, 206), 0.0, 0.55)
    gradient(canvas, (250, 196, 206), (255, 232, 190), 0.55, 1.0)
    disc(canvas, rng.uniform(0.2, 0.8), 0.62, 0.12, (255, 250, 226))


def storm_sky(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (52, 58, 74), (118, 126, 138))
    clouds(canvas, rng, 6, (66, 72, 88), 0.22)
    if rng.random() < 0.6:
        x = rng.choice([0.16, 0.84])
        bolt = [(x, 0.14), (x - 0.04, 0.32), (x + 0.03, 0.31), (x - 0.03, 0.52)]
        points = np.rint(np.asarray(bolt) * canvas.shape[0]).astype(np.int32)
        cv2.polylines(canvas, [points], False, (255, 244, 170), max(2, canvas.shape[0] // 50))


def fog_sky(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (186, 192, 198), (222, 225, 227))


def _as_is(color: Color) -> Color:
    return color


def _nightly(color: Color) -> Color:
    return round(color[0] * 0.36 + 6), round(color[1] * 0.42 + 10), round(color[2] * 0.52 + 32)


def _glowing(color: Color) -> Color:
    return round(color[0] * 0.62 + 40), round(color[1] * 0.46 + 14), round(color[2] * 0.5 + 24)


def _rosy(color: Color) -> Color:
    return mix(color, (250, 200, 206), 0.32)


def _gloomy(color: Color) -> Color:
    return mix((color[0] * 5 // 8, color[1] * 5 // 8, color[2] * 5 // 8), (84, 92, 104), 0.35)


def _misty(color: Color) -> Color:
    return mix(color, (212, 216, 219), 0.62)


@dataclass(frozen=True)
class Light:
    """A time of day or a weather: the sky it paints (None: the landscape's own) and its tint on the ground."""

    sky: Paint | None
    tint: Tint


LIGHTS: dict[str, Light] = {
    "day": Light(None, _as_is),
    "dawn": Light(dawn_sky, _rosy),
    "sunset": Light(sunset_sky, _glowing),
    "night": Light(night_sky, _nightly),
    "storm": Light(storm_sky, _gloomy),
    "fog": Light(fog_sky, _misty),
}
TIMES: tuple[str, ...] = tuple(LIGHTS)


def sea(canvas: Picture, rng: np.random.Generator, tint: Tint) -> None:
    horizon = rng.uniform(0.5, 0.58)
    gradient(canvas, tint((46, 140, 200)), tint((18, 84, 156)), horizon, 1.0)
    size = canvas.shape[0]
    for y in (0.68, 0.8, 0.92):
        shift = rng.uniform(0, 0.14)
        for x in np.arange(-0.1, 1.1, 0.14):
            wave = arc(x + shift, y, 0.07, 0.025, 180, 360) * size
            points = np.rint(wave).astype(np.int32)
            cv2.polylines(canvas, [points], False, tint((190, 228, 246)), max(1, size // 90))


def meadow(canvas: Picture, rng: np.random.Generator, tint: Tint) -> None:
    hill(canvas, rng, 0.64, tint((134, 200, 84)))
    hill(canvas, rng, 0.76, tint((98, 174, 66)))
    for _ in range(9):
        bloom = COLORS[str(rng.choice(["red", "yellow", "white", "pink"]))]
        disc(canvas, rng.uniform(0, 1), rng.uniform(0.84, 0.98), 0.014, tint(bloom))


def snow(canvas: Picture, rng: np.random.Generator, tint: Tint) -> None:
    hill(canvas, rng, 0.66, tint((226, 234, 244)))
    hill(canvas, rng, 0.78, tint((248, 250, 255)))
    dots(canvas, rng, 26, tint((255, 255, 255)), (0.008, 0.015))


def desert(canvas: Picture, rng: np.random.Generator, tint: Tint) -> None:
    hill(canvas, rng, 0.62, tint((236, 190, 110)))
    hill(canvas, rng, 0.76, tint((222, 164, 82)))
    size = canvas.shape[0]
    x = rng.choice([0.12, 0.88])
    for path in (
        [(x, 0.82), (x, 0.5)],
        [(x, 0.7), (x - 0.07, 0.7), (x - 0.07, 0.6)],
        [(x, 0.66), (x + 0.07, 0.66), (x + 0.07, 0.56)],
    ):
        points = np.rint(np.asarray(path) * size).astype(np.int32)
        cv2.polylines(canvas, [points], False, tint((70, 140, 70)), max(2, size // 22))


def forest(canvas: Picture, rng: np.random.Generator, tint: Tint) -> None:
    size = canvas.shape[0]
    for row, (foot, color) in enumerate(((0.74, (58, 112, 74)), (0.84, (32, 78, 50)))):
        for x in np.arange(-0.02, 1.1, 0.17) + 0.085 * row + rng.uniform(-0.03, 0.03):
            top = foot - rng.uniform(0.44, 0.56)
            corners = np.asarray([(x - 0.1, foot), (x, top), (x + 0.1, foot)]) * size
            cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], tint(color))
    hill(canvas, rng, 0.82, tint((44, 92, 48)), 0.02)


def city(canvas: Picture, rng: np.random.Generator, tint: Tint) -> None:
    """The windows are lamps: no tint reaches them."""
    size = canvas.shape[0]
    for k, left in enumerate(np.arange(0, 1, 0.15)):
        top = rng.uniform(0.22, 0.5)
        color = tint(mix((70, 72, 96), (44, 46, 68), k % 2))
        a, b = round(left * size), round((left + 0.15) * size)
        cv2.rectangle(canvas, (a, round(top * size)), (b - 1, size), color, -1)
        for y in np.arange(top + 0.06, 0.8, 0.1):
            for x in (left + 0.03, left + 0.09):
                p, q = (round(x * size), round(y * size)), (round((x + 0.03) * size), round((y + 0.045) * size))
                cv2.rectangle(canvas, p, q, LAMP if rng.random() < 0.6 else tint((60, 62, 84)), -1)
    cv2.rectangle(canvas, (0, round(0.86 * size)), (size, size), tint((86, 86, 92)), -1)


def _meadow_sky(canvas: Picture, rng: np.random.Generator) -> None:
    gradient(canvas, (120, 194, 250), (206, 236, 252))
    disc(canvas, rng.choice([0.14, 0.86]), 0.14, 0.09, (255, 226, 90))


LANDSCAPES: dict[str, tuple[Paint, Ground]] = {
    "sea": (lambda canvas, _: gradient(canvas, (140, 206, 246), (206, 238, 252), 0.0, 0.58), sea),
    "meadow": (_meadow_sky, meadow),
    "snow": (lambda canvas, _: gradient(canvas, (150, 176, 206), (204, 220, 236)), snow),
    "desert": (lambda canvas, _: gradient(canvas, (120, 200, 232), (250, 232, 190), 0.0, 0.75), desert),
    "forest": (lambda canvas, _: gradient(canvas, (168, 206, 180), (110, 166, 120)), forest),
    "city": (lambda canvas, _: gradient(canvas, (90, 110, 170), (240, 176, 150), 0.0, 0.8), city),
}
"""The sky by day and the ground of every landscape."""


def night(canvas: Picture, rng: np.random.Generator) -> None:
    night_sky(canvas, rng)
    hill(canvas, rng, 0.85, (18, 32, 40))


def sunset(canvas: Picture, rng: np.random.Generator) -> None:
    sunset_sky(canvas, rng)
    hill(canvas, rng, 0.8, (92, 44, 70), 0.03)


def dawn(canvas: Picture, rng: np.random.Generator) -> None:
    dawn_sky(canvas, rng)
    hill(canvas, rng, 0.72, (176, 150, 190), 0.03)
    hill(canvas, rng, 0.84, (132, 120, 164), 0.03)


def storm(canvas: Picture, rng: np.random.Generator) -> None:
    storm_sky(canvas, rng)
    hill(canvas, rng, 0.82, (50, 62, 58))
    streaks(canvas, rng, 34, (164, 178, 196))


def fog(canvas: Picture, rng: np.random.Generator) -> None:
    fog_sky(canvas, rng)
    hill(canvas, rng, 0.6, (196, 201, 205), 0.05)
    hill(canvas, rng, 0.76, (176, 182, 186), 0.04)


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


SKIES: dict[str, Paint] = {
    "night": night,
    "sunset": sunset,
    "dawn": dawn,
    "storm": storm,
    "fog": fog,
    "space": space,
}
"""Places that are a time or a weather by themselves."""

PLACES: tuple[str, ...] = ("night", "sunset", *LANDSCAPES, "space", "dawn", "storm", "fog")

BACKGROUNDS: tuple[str, ...] = (*COLORS, *PLACES)
"""Every background by name: a colour of the palette, or a place."""


def paint(canvas: Picture, name: str, rng: np.random.Generator, time: str = "day") -> None:
    """Cover `canvas` with the background called `name`; `time` matters to landscapes only."""
    if name in LANDSCAPES:
        sky, ground = LANDSCAPES[name]
        light = LIGHTS[time]
        (light.sky or sky)(canvas, rng)
        ground(canvas, rng, light.tint)
        if time == "storm":
            streaks(canvas, rng, 34, (164, 178, 196))
    elif name in SKIES:
        SKIES[name](canvas, rng)
    else:
        color = jittered(name, rng, 8)
        gradient(canvas, mix(color, (255, 255, 255), 0.08), mix(color, (0, 0, 0), 0.06))
