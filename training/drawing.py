"""A Scene (what is in the picture, in words) and its picture (128 x 128 RGB).

The same scene drawn twice gives the same bytes; `Scene.seed` holds every accidental detail.
>>> picture(Scene("cat", "red", "night", seed=3)).shape
(128, 128, 3)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.backgrounds import BACKGROUNDS, LANDSCAPES, PLACES, TIMES, paint
from training.palette import COLORS, jittered
from training.pen import Picture
from training.styles import OVERSAMPLING, SIZE, STYLES, Sheet, render
from training.subjects import SUBJECTS, USUAL_COLORS

SIZES: dict[str, float] = {"small": 0.22, "medium": 0.33, "large": 0.43, "close": 0.68}
"""Half the subject's height as a share of the picture; a close-up does not fit in."""
POSITIONS: dict[str, tuple[float, float]] = {
    "left": (0.28, 0.52),
    "center": (0.5, 0.52),
    "right": (0.72, 0.52),
    "top": (0.5, 0.3),
    "bottom": (0.5, 0.72),
}
"""Where the subject's middle is, as shares of width and height."""
STYLE_SHARES: dict[str, float] = {
    "cartoon": 0.4,
    "flat": 0.12,
    "outline": 0.12,
    "pixel": 0.12,
    "watercolour": 0.12,
    "neon": 0.12,
}
NEON_COLORS: tuple[str, ...] = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
NEON_GROUNDS: tuple[str, ...] = ("black", "blue", "purple", "red", "green", "pink", *PLACES)
"""What can glow, and before what; other words are left to the model's imagination."""


@dataclass(frozen=True)
class Scene:
    """Everything a caption can say about a drawing, and the seed of what it does not say."""

    subject: str
    color: str
    background: str
    size: str = "medium"
    position: str = "center"
    style: str = "cartoon"
    time: str = "day"
    """Time of day or weather over a landscape; other backgrounds know only "day"."""
    seed: int = 0
    presence: float = 1.0
    """How much of the subject is there: 0 an empty scene, between a ghost."""


def picture(scene: Scene) -> Picture:
    """Draw `scene` as RGB bytes."""
    rng = np.random.default_rng(scene.seed)
    side = SIZE * OVERSAMPLING
    canvas = np.zeros((side, side, 3), np.uint8)
    paint(canvas, scene.background, rng, scene.time)
    reach = SIZES[scene.size] * rng.uniform(0.93, 1.07)
    x, y = (share + rng.uniform(-0.035, 0.035) for share in POSITIONS[scene.position])
    place = (x * side, y * side, reach * side, float(rng.uniform(-6, 6)), bool(rng.random() < 0.5))
    color = jittered(scene.color, rng)
    later = int(rng.integers(2**31))

    def drawn(ground: Picture, empty: bool) -> Picture:
        chance = np.random.default_rng(later)
        sheet = Sheet(ground, color, scene.color, scene.background in PLACES, np.random.default_rng(later + 1))
        return render(
            sheet, scene.style, lambda pen: None if empty else SUBJECTS[scene.subject](pen, color, chance), place
        )

    if scene.presence >= 1:
        return drawn(canvas, empty=False)
    nothing = drawn(canvas.copy(), empty=True)
    if scene.presence <= 0:
        return nothing
    return mixed(nothing, drawn(canvas, empty=False), scene.presence)


def mixed(first: Picture, second: Picture, share: float) -> Picture:
    """`share` of the second picture over the rest of the first."""
    return np.rint(first * (1 - share) + second * share).astype(np.uint8)


def _choice(rng: np.random.Generator, shares: dict[str, float]) -> str:
    weights = np.asarray(list(shares.values()))
    return str(rng.choice(list(shares), p=weights / weights.sum()))


def _background(rng: np.random.Generator, color: str, style: str) -> str:
    """Places come more often than colours; a subject never has the colour of its ground."""
    names = NEON_GROUNDS if style == "neon" else BACKGROUNDS
    return _choice(rng, {name: 1.0 if name in COLORS else 2.2 for name in names if name != color})


def random_scene(rng: np.random.Generator, ghosts: float = 0.0) -> Scene:
    """A scene of the training distribution: usual colours come often, colour never equals its background.

    `ghosts` is the share of scenes whose subject is missing (half of them) or only partly there.
    """
    subject = str(rng.choice(list(SUBJECTS)))
    style = _choice(rng, STYLE_SHARES)
    colors = NEON_COLORS if style == "neon" else tuple(COLORS)
    usual = [name for name in USUAL_COLORS[subject] if name in colors]
    color = str(rng.choice(usual if usual and rng.random() < 0.35 else colors))
    background = _background(rng, color, style)
    time = str(rng.choice(TIMES)) if background in LANDSCAPES and rng.random() < 0.45 else "day"
    size = _choice(rng, {"small": 0.16, "medium": 0.54, "large": 0.23, "close": 0.07})
    shares = {"left": 0.13, "center": 0.6, "right": 0.13, "top": 0.07, "bottom": 0.07}
    position = "center" if size in ("large", "close") else _choice(rng, shares)
    presence = 1.0 if rng.random() >= ghosts else max(0.0, float(rng.uniform(-1, 1)))
    return Scene(subject, color, background, size, position, style, time, int(rng.integers(2**31)), presence)


__all__ = ["POSITIONS", "SIZE", "SIZES", "STYLES", "Scene", "picture", "random_scene"]
