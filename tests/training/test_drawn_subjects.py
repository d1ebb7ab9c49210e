"""The drawings are the ground truth of the small model: they must show what their captions say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("cv2")

from training.backgrounds import BACKGROUNDS, LANDSCAPES, PLACES, TIMES
from training.captions import PLACE_WORDS, STYLE_WORDS, SUBJECT_WORDS, TIME_WORDS, caption, silence
from training.drawing import SIZE, STYLES, Scene, picture, random_scene
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


def test_top_and_bottom_are_where_the_words_say() -> None:
    for position, side in (("top", 0), ("bottom", 1)):
        image = picture(Scene("heart", "red", "white", "small", position))
        halves = [near(half, COLORS["red"]) for half in np.split(image, 2, axis=0)]
        assert halves[side] > 2 * halves[1 - side]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_shows_the_colour_and_differs_from_the_others(style: str) -> None:
    images = {name: picture(Scene("cat", "red", "blue", style=name, seed=3)).astype(int) for name in STYLES}
    red = images[style][..., 0] - images[style][..., 1:].max(-1)
    assert (red > 60).mean() > 0.02
    for other, image in images.items():
        assert other == style or np.abs(image - images[style]).mean() > 2, (style, other)


def test_pixel_art_is_made_of_whole_blocks() -> None:
    blocks = picture(Scene("bird", "green", "city", style="pixel", time="night", seed=2)).reshape(32, 4, 32, 4, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()


@pytest.mark.parametrize("place", LANDSCAPES)
def test_time_of_day_changes_the_landscape_and_not_the_subject(place: str) -> None:
    by_day = picture(Scene("heart", "red", place, seed=1))
    for time in TIMES[1:]:
        image = picture(Scene("heart", "red", place, time=time, seed=1))
        assert np.abs(image[:30].astype(int) - by_day[:30]).mean() > 10, time
        assert near(image, COLORS["red"]) == pytest.approx(near(by_day, COLORS["red"]), abs=0.12)
    assert by_day.mean() > picture(Scene("heart", "red", place, time="night", seed=1)).mean() + 15


def test_a_subject_fades_with_its_presence() -> None:
    shares = (0.0, 0.3, 0.6, 1.0)
    images = [picture(Scene("car", "red", "yellow", seed=4, presence=share)).astype(int) for share in shares]
    distances = [np.abs(image - images[0]).mean() for image in images]
    assert distances[0] == 0 and distances == sorted(distances) and distances[-1] > 10


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
    assert {s.style for s in scenes} == set(STYLES)
    assert all(s.time == "day" or s.background in LANDSCAPES for s in scenes)


def test_captions_say_what_they_mean() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        scene = random_scene(rng)
        words, meaning = caption(scene, rng)
        assert words.strip()
        for name, value in dataclasses.asdict(meaning).items():
            assert value is None or value == getattr(scene, name)
    assert "" in {silence(rng) for _ in range(20)}
    assert set(SUBJECT_WORDS) == set(SUBJECTS) and set(PLACE_WORDS) == set(PLACES)
    assert set(STYLE_WORDS) == set(STYLES) and set(TIME_WORDS) == set(TIMES)


def test_a_style_is_always_said_and_a_half_there_subject_has_a_weight() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        scene = random_scene(rng, ghosts=0.5)
        words, meaning = caption(scene, rng)
        assert meaning.style == scene.style or scene.style == "cartoon"
        assert ("(" in words) == (scene.presence < 1 and meaning.subject is not None)
        assert meaning.subject is not None or scene.presence == 0


def test_pen_geometry() -> None:
    assert mix((0, 0, 0), (255, 255, 255), 0.5) == (128, 128, 128)
    assert np.allclose(np.hypot(*ellipse(0, 0, 2, 2).T), 2)
    curve = smooth([(0, 0), (1, 0), (1, 1)], closed=False)
    assert np.allclose(curve[0], (0, 0)) and np.allclose(curve[-1], (1, 1))
