"""Our loop makes the frames both peers made, from the same numbers and the same stand-in for the model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from stand_ins import GoldenDiffusion, table_of

from parseq_tui.render.engines.test import TestEngine
from parseq_tui.render.inputs import open_input
from parseq_tui.render.loop import Tweens, diffuse_frames, move
from parseq_tui.render.motion import Flip, Spatial
from parseq_tui.render.plan import Edges, input_rate, plan_frames
from parseq_tui.render.warp import depth_to_distance, perspective_flip, warp
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.render_settings import resolve
from parseq_tui.video.images import read_image


class Ramp:
    """The depth maps Deforum was given: everything slopes away, in waves (inverse depth, as its network answers)."""

    def distance(self, index: int, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        down, across = np.mgrid[:height, :width]
        return depth_to_distance(down / height + 0.5 * np.sin(6.28 * across / width))


CASES = sorted((Path(__file__).parents[1] / "data" / "render").glob("*/*/case.json"))


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parts[-3]}/{path.parts[-2]}" for path in CASES])
def test_the_frames_are_those_the_peer_made(path: Path) -> None:
    case = json.loads(path.read_text())
    table = table_of(case["frame_count"], case["columns"], prompts=case["prompts"], cadence=case["cadence"])
    settings = resolve(case["settings"], {"engine": "test"})
    options = Options(**case.get("options", {}))
    rate = input_rate(table, options, case["dialect"])
    source = open_input(settings.input, path.parent, moving=settings.mode == "video", rate=rate)
    engine = GoldenDiffusion() if case["engine"] == "fake" else TestEngine()

    plans = plan_frames(table, settings, options, case["dialect"], input_frames=source.count)
    pictures: dict[int, np.ndarray] = {}
    for _ in diffuse_frames(plans, engine, source, pictures, Ramp()):
        pass
    tweens = Tweens(pictures, Ramp())
    shown = [tweens.shown(plan) for plan in plans]

    assert len(shown) == case.get("ends", case["frame_count"])
    for frame in case["frames"]:
        difference = np.abs(shown[frame].astype(int) - read_image(path.parent / f"{frame:05d}.png"))
        assert difference.max() <= case["tolerance"]["max"], f"frame {frame}"
        assert difference.mean() <= case["tolerance"].get("mean", 0.5), f"frame {frame}"


def test_there_are_cases_of_both_peers() -> None:
    assert {path.parts[-3] for path in CASES} == {"deforum", "pipeline-2022"}
    assert len(CASES) >= 24


def test_a_flip_in_space_is_sampled_bilinearly_by_itself() -> None:
    """PIPELINE B4: in 3D the perspective flip is a warp of its own, whatever the motion in space is sampled with."""
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    flip = Flip(4, 5, -3, 53)
    moved = move(picture, [Spatial(0, 0, 0, 0, 0, 0, 70, 1, flip)], Edges("replicate", "bicubic"))
    matrix = perspective_flip(64, 64, theta=4, phi=5, gamma=-3, fv=53)
    assert np.array_equal(moved, warp(picture, matrix, border="replicate", resampling="bilinear"))
