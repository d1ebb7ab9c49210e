"""Depth maps: near things move more than far ones, and a frame's key holds what its map shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from stand_ins import table_of

from parseq_tui.errors import VideoError
from parseq_tui.render.dependencies import key_frames
from parseq_tui.render.inputs import DepthMaps, StillInput, open_depth
from parseq_tui.render.loop import move
from parseq_tui.render.motion import Spatial
from parseq_tui.render.plan import Edges, plan_frames, plan_warnings
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.render_settings import resolve
from parseq_tui.video.images import encode_png

EDGES = Edges("replicate", "bilinear")
RIGHT = Spatial(-20.0, 0.0, 0.0, 0.0, 0.0, 0.0, 70.0, 1.0, depth=0)
COLUMNS = {"translation_z": [0, 1, 2, 3], "strength": 0.6}


def halves(path: Path) -> Path:
    """A map whose upper half is far (black) and whose lower half is near (white)."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[32:] = 255
    path.write_bytes(encode_png(picture))
    return path


def maps(path: Path) -> DepthMaps:
    return DepthMaps(StillInput(halves(path)))


def test_distances_are_further_where_the_map_is_dark(tmp_path: Path) -> None:
    distance = maps(tmp_path / "depth.png").distance(0, 32, 16)
    assert distance.shape == (16, 32)
    assert distance[0].min() > distance[-1].max() >= 1
    assert distance[0].max() <= 2


def test_near_things_move_more(tmp_path: Path) -> None:
    bar = np.zeros((64, 64, 3), np.uint8)
    bar[:, 30:32] = 255
    moved = move(bar, (RIGHT,), EDGES, maps(tmp_path / "depth.png"))
    far, near = (int(np.argmax(moved[row, :, 0])) for row in (4, 60))
    assert near - 30 > far - 30 > 0


@pytest.mark.parametrize("depth", [None, "depth.png"])
def test_motion_in_space_names_the_map_of_its_frame(depth: str | None) -> None:
    settings = resolve({"engine": "test", "depth": depth})
    plans = plan_frames(table_of(4, COLUMNS), settings, Options(), "native")
    assert [plan.motions[0].depth for plan in plans[1:]] == [None if depth is None else index for index in (1, 2, 3)]


def test_a_key_holds_what_the_map_shows() -> None:
    settings = resolve({"engine": "test", "depth": "depth.mp4"})
    plans = plan_frames(table_of(4, COLUMNS, cadence=2), settings, Options(), "native")
    keys = key_frames(plans, "engine", str, lambda index: "the same").frames
    changed = key_frames(plans, "engine", str, lambda index: "other" if index == 3 else "the same").frames
    assert [frame for frame in keys if keys[frame] != changed[frame]] == [3]


def test_without_depth_and_grey_keys_are_those_of_before() -> None:
    plans = plan_frames(table_of(4, COLUMNS), resolve({"engine": "test"}), Options(), "native")
    recipes = key_frames(plans, "engine", str).recipes.values()
    assert all("grayscale" not in recipe and "depth" not in str(recipe) for recipe in recipes)


def test_a_missing_map_is_named(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"the depth map nowhere\.png does not exist"):
        open_depth("nowhere.png", tmp_path, None)


def test_maps_that_move_nothing_are_mentioned() -> None:
    table = table_of(3, {"angle": [0, 1, 2]})
    (warning,) = plan_warnings(table, resolve({"depth": "depth.png"}), "native")
    assert "no effect in 2d" in warning.message
