"""The colours that the model knows by name."""

from __future__ import annotations

import numpy as np

from training.pen import Color

COLORS: dict[str, Color] = {
    "red": (214, 40, 40),
    "orange": (245, 137, 25),
    "yellow": (250, 214, 52),
    "green": (58, 160, 66),
    "blue": (44, 98, 214),
    "purple": (130, 62, 178),
    "pink": (247, 132, 186),
    "brown": (128, 78, 40),
    "black": (40, 40, 46),
    "white": (246, 246, 242),
    "grey": (146, 148, 154),
}


def jittered(name: str, rng: np.random.Generator, amount: int = 10) -> Color:
    """The named colour, a little different each time."""
    r, g, b = (int(v) for v in np.clip(np.asarray(COLORS[name]) + rng.integers(-amount, amount + 1, 3), 0, 255))
    return r, g, b
