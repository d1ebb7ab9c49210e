"""Contact sheets of the drawings themselves: what the model is taught, to look at before hours are spent on it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from PIL import Image

from training.backgrounds import BACKGROUNDS, LANDSCAPES, TIMES
from training.drawing import STYLES, Scene, picture, random_scene
from training.palette import COLORS
from training.pen import Picture
from training.subjects import SUBJECTS


def grid(rows: list[list[Scene]]) -> Picture:
    """The scenes drawn, one row of pictures per list."""
    return np.concatenate([np.concatenate([picture(scene) for scene in row], 1) for row in rows])


def of_style(style: str, subject: str, rng: np.random.Generator) -> Scene:
    """A random scene of that style, with that subject."""
    while (scene := random_scene(rng)).style != style:
        pass
    return dataclasses.replace(scene, subject=subject)


def sheets(seed: int = 8) -> dict[str, list[list[Scene]]]:
    """Every style with every subject, every subject in every colour, every background, every landscape at all times."""
    rng = np.random.default_rng(seed)
    return {
        "styles": [[of_style(style, subject, rng) for subject in SUBJECTS] for style in STYLES],
        "colors": [
            [Scene(subject, color, "white" if color != "white" else "grey", seed=3) for color in COLORS]
            for subject in SUBJECTS
        ],
        "backgrounds": [
            [
                Scene("star", "white" if ground != "white" else "red", ground, style=style, seed=4)
                for ground in BACKGROUNDS
            ]
            for style in STYLES
        ],
        "times": [[Scene("cat", "orange", place, time=time, seed=5) for time in TIMES] for place in LANDSCAPES],
    }


def write(work: Path) -> None:
    """`drawings-*.png` in the work folder."""
    work.mkdir(parents=True, exist_ok=True)
    for name, rows in sheets().items():
        Image.fromarray(grid(rows)).save(work / f"drawings-{name}.png")
        print(f"wrote drawings-{name}.png", flush=True)
