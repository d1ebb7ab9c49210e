"""Pictures that depend on no other are made together, and none of them shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pictures import furthest, smooth
from small_models import golden_model, request
from stand_ins import GoldenDiffusion, table_of

from parseq_tui.render.engines.base import DiffusionRequest, Image
from parseq_tui.render.engines.diffusers import DiffusersEngine
from parseq_tui.render.loop import diffuse_frames
from parseq_tui.render.plan import plan_frames
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.render_settings import resolve


class Counting(GoldenDiffusion):
    """Says how many pictures it was asked for at once."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []

    def together(self, width: int, height: int) -> int:
        return 4

    def generate_many(self, asked: Any) -> list[Image]:
        self.groups.append(len(asked))
        return super().generate_many(asked)


def frames(engine: GoldenDiffusion, mode: str, **columns: Any) -> dict[int, Image]:
    settings = resolve({"mode": mode, "width": 16, "height": 16, "seed_behavior": "iter"})
    plans = plan_frames(table_of(10, columns), settings, Options(), "parseq")
    pictures: dict[int, Image] = {}
    assert list(diffuse_frames(plans, engine, None, pictures)) == list(range(10))  # type: ignore[arg-type]
    return pictures


def test_frames_from_noise_are_made_several_at_once() -> None:
    engine = Counting()
    together = frames(engine, "txt2img")
    assert engine.groups == [4, 4, 2]
    alone = frames(GoldenDiffusion(), "txt2img")
    assert all(np.array_equal(together[frame], alone[frame]) for frame in alone)


def test_frames_of_a_loopback_are_made_one_by_one_its_cuts_too() -> None:
    """A cut between frames that wait for it would be a batch of one, filled up with copies."""
    engine = Counting()
    frames(engine, "loopback", denoising_strength=[1, 1, 1, 0.5, 0.5, 1, 0.5, 1, 1, 1])
    assert engine.groups == []
    assert len(engine.requests) == 10


@pytest.fixture(scope="module")
def engine() -> Iterator[DiffusersEngine]:
    made = DiffusersEngine(str(golden_model()), "cpu")
    yield made
    made.close()


@pytest.mark.slow
def test_a_picture_does_not_depend_on_its_neighbours(engine: DiffusersEngine) -> None:
    """Prompts of one, two and three terms, from noise and from pictures, in any company: the same bits."""
    asked: list[tuple[DiffusionRequest, Image | None]] = [
        (request(seed=1), None),
        (request(seed=2, positive="a dog", scheduler="euler_a"), None),
        (request(seed=3, denoising_strength=0.3), smooth(64, 64)),
        (request(seed=4, positive="a cat AND a dog"), None),
        (request(seed=5, denoising_strength=0.8), smooth(64, 64)),
        (request(seed=6, denoising_strength=0), smooth(64, 64)),
        (request(seed=7, cfg_scale=1), None),
    ]
    together = engine.generate_many(asked)
    backwards = engine.generate_many(asked[::-1])[::-1]
    for one, picture, other in zip(asked, together, backwards, strict=True):
        assert furthest(picture, other) == 0
        assert furthest(picture, engine.generate_many([one])[0]) == 0
        assert furthest(picture, engine.generate(*one)) <= 1
