"""A Scene (what is in the picture, in words) and its picture (128 x 128 RGB).

The same scene drawn twice gives the same bytes; `Scene.seed` holds every accidental detail.
>>> picture(Scene("cat", "red", "night", seed=3)).shape
(128, 128, 3)
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from training.backgrounds import BACKGROUNDS, paint
from training.palette import COLORS, jittered
from training.pen import Pen, Picture
from training.subjects import SUBJECTS, USUAL_COLORS

SIZE = 128
OVERSAMPLING = 3
SIZES: dict[str, float] = {"small": 0.22, "medium": 0.33, "large": 0.43}
"""Half the subject's height as a share of the picture."""
POSITIONS: dict[str, float] = {"left": 0.3, "center": 0.5, "right": 0.7}


@dataclass(frozen=True)
class Scene:
    """Everything a caption can say about a drawing, and the seed of what it does not say."""

    subject: str
    color: str
    background: str
    size: str = "medium"
    position: str = "center"
    seed: int = 0


def picture(scene: Scene) -> Picture:
    """Draw `scene` as RGB bytes."""
    rng = np.random.default_rng(scene.seed)
    side = SIZE * OVERSAMPLING
    canvas = np.zeros((side, side, 3), np.uint8)
    paint(canvas, scene.background, rng)
    reach = SIZES[scene.size] * rng.uniform(0.93, 1.07)
    x = POSITIONS[scene.position] + rng.uniform(-0.03, 0.03)
    y = 0.52 + rng.uniform(-0.03, 0.03)
    ink = (30, 26, 34) if scene.color != "black" else (92, 92, 104)
    pen = Pen(canvas, x * side, y * side, reach * side, rng.uniform(-4, 4), bool(rng.random() < 0.5), ink)
    SUBJECTS[scene.subject](pen, jittered(scene.color, rng), rng)
    pen.flush()
    return np.asarray(cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)


def random_scene(rng: np.random.Generator) -> Scene:
    """A scene of the training distribution: usual colours come often, colour never equals its background."""
    subject = str(rng.choice(list(SUBJECTS)))
    usual = rng.random() < 0.35
    color = str(rng.choice(USUAL_COLORS[subject] if usual else list(COLORS)))
    free = [name for name in BACKGROUNDS if name != color]
    weights = np.asarray([2.2 if name not in COLORS else 1.0 for name in free])
    background = str(rng.choice(free, p=weights / weights.sum()))
    size = str(rng.choice(list(SIZES), p=[0.15, 0.6, 0.25]))
    position = "center" if size == "large" else str(rng.choice(list(POSITIONS), p=[0.12, 0.76, 0.12]))
    return Scene(subject, color, background, size, position, int(rng.integers(2**31)))
