"""The drawings are the ground truth of the small model: they must show what their captions say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("cv2")

from training.backgrounds import BACKGROUNDS, PLACES
from training.captions import caption, silence
from training.drawing import SIZE, Scene, picture, random_scene
from training.palette import COLORS
from training.pen import ellipse, mix, smooth
from training.subjects import SUBJECTS, USUAL_COLORS


def near(image: np.ndarray, color: tuple[int, int, int], reach: int = 40) -> float:
    """Share of pixels close to `color`."""
    return float((np.abs(image.astype(int) - color).max(-1) < reach).mean())


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_shows_its_colour_on_its_background(subject: str) -> None:
    image = picture(Scene(subject, "blue", "yellow", seed=5))
    assert image.shape == (SIZE, SIZE, 3) and image.dtype == np.uint8
    assert near(image, COLORS["blue"]) > 0.04
    assert near(image, COLORS["yellow"]) > 0.4


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_every_background_fills_the_picture(background: str) -> None:
    image = picture(Scene("star", "white" if background != "white" else "red", background, "small"))
    if background not in PLACES:
        assert near(image[:20], COLORS[background]) > 0.95
    assert image.std() > 5


def test_same_scene_same_bytes_and_seeds_differ() -> None:
    scene = Scene("cat", "red", "night", seed=7)
    assert np.array_equal(picture(scene), picture(scene))
    assert not np.array_equal(picture(scene), picture(dataclasses.replace(scene, seed=8)))


def test_size_and_position_are_where_the_words_say() -> None:
    areas = [
        near(picture(Scene("heart", "red", "white", size)), COLORS["red"]) for size in ("small", "medium", "large")
    ]
    assert areas[0] < areas[1] < areas[2]
    for position, side in (("left", 0), ("right", 1)):
        image = picture(Scene("heart", "red", "white", "small", position))
        halves = [near(half, COLORS["red"]) for half in np.split(image, 2, axis=1)]
        assert halves[side] > 2 * halves[1 - side]


def test_subjects_look_different() -> None:
    images = {name: picture(Scene(name, "red", "white", seed=1)).astype(int) for name in SUBJECTS}
    names = list(images)
    for k, first in enumerate(names):
        for second in names[k + 1 :]:
            assert np.abs(images[first] - images[second]).mean() > 4, (first, second)


def test_random_scenes_never_hide_the_subject() -> None:
    rng = np.random.default_rng(0)
    scenes = [random_scene(rng) for _ in range(300)]
    assert all(s.color != s.background for s in scenes)
    assert {s.subject for s in scenes} == set(SUBJECTS) == set(USUAL_COLORS)
    assert {s.background for s in scenes} == set(BACKGROUNDS)


def test_captions_say_what_they_mean() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        scene = random_scene(rng)
        words, meaning = caption(scene, rng)
        assert words.strip()
        for name, value in dataclasses.asdict(meaning).items():
            assert value is None or value == getattr(scene, name)
    assert "" in {silence(rng) for _ in range(20)}


def test_pen_geometry() -> None:
    assert mix((0, 0, 0), (255, 255, 255), 0.5) == (128, 128, 128)
    assert np.allclose(np.hypot(*ellipse(0, 0, 2, 2).T), 2)
    curve = smooth([(0, 0), (1, 0), (1, 1)], closed=False)
    assert np.allclose(curve[0], (0, 0)) and np.allclose(curve[-1], (1, 1))
