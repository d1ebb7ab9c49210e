"""Motion: against the peers' own frames, and the laws every motion keeps."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import DATA, furthest, mean_difference, noise, read, smooth

from parseq_tui.errors import RenderError
from parseq_tui.render import warp

MOVES: list[dict[str, Any]] = json.loads((DATA / "stages" / "moves.json").read_text())
"""Frames before and after one stage, from the peers' own loops, with the numbers that were in force."""
STILL_3D = dict.fromkeys(
    ("translation_x", "translation_y", "translation_z", "rotation_x", "rotation_y", "rotation_z"), 0.0
) | {"fov": 70.0}
STILL_2022 = dict.fromkeys(("rotx", "roty", "rotz", "panx", "pany"), 0.0) | {"zoom": 1.0}
angles = st.floats(-180, 180)
shifts = st.floats(-40, 40)


def moved(stage: str, image: warp.Image, arguments: dict[str, Any]) -> warp.Image:
    if stage == "warp_3d":
        return warp.warp_3d(image, **arguments)
    how = {name: arguments.pop(name) for name in ("border", "resampling")}
    height, width = image.shape[:2]
    return warp.warp(image, getattr(warp, stage)(width, height, **arguments), **how)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move["name"])
def test_moves_as_the_peers_do(move: dict[str, Any]) -> None:
    before, after = (read(f"stages/{move['name']}-{when}.png") for when in ("before", "after"))
    assert furthest(moved(move["stage"], before, dict(move["arguments"])), after) <= 1


def test_no_motion_returns_the_very_same_picture() -> None:
    picture = noise(48, 64)
    still = [
        warp.motion_2d(64, 48, angle=0, zoom=1, translation_x=0, translation_y=0),
        warp.perspective_flip(64, 48, theta=0, phi=0, gamma=0, fv=53),
        warp.camera_2022(64, 48, rotx=0, roty=0, rotz=0, panx=0, pany=0, zoom=1),
    ]
    for matrix in still:
        assert warp.warp(picture, matrix, border="reflect", resampling="lanczos") is picture
    assert warp.warp_3d(picture, **STILL_3D, border="reflect", resampling="bicubic") is picture
    assert warp.resize(picture, 64, 48) is picture


def test_a_camera_in_the_plane_of_the_picture_sees_its_border() -> None:
    moved = warp.warp_3d(smooth(48, 64), **(STILL_3D | {"translation_z": 200}), border="black", resampling="bilinear")
    assert moved.shape == (48, 64, 3)
    assert (moved[[0, -1]] == 0).all()


@given(angles, st.floats(0.5, 2), shifts, shifts, angles, shifts)
def test_motions_compose(
    angle: float, zoom: float, across: float, down: float, then_angle: float, then_across: float
) -> None:
    first = warp.motion_2d(64, 48, angle=angle, zoom=zoom, translation_x=across, translation_y=down)
    second = warp.motion_2d(64, 48, angle=then_angle, zoom=1, translation_x=then_across, translation_y=0)
    corner = np.array([3.0, 5.0, 1.0])
    np.testing.assert_allclose(second @ (first @ corner), (second @ first) @ corner, atol=1e-6)


@given(angles, st.floats(0.5, 2))
def test_a_turn_and_its_opposite_are_no_motion(angle: float, zoom: float) -> None:
    there = warp.motion_2d(64, 48, angle=angle, zoom=zoom, translation_x=0, translation_y=0)
    back = warp.motion_2d(64, 48, angle=-angle, zoom=1 / zoom, translation_x=0, translation_y=0)
    np.testing.assert_allclose(back @ there, np.eye(3), atol=1e-9)


@given(st.integers(-20, 20), st.integers(-20, 20))
def test_whole_pixels_move_exactly(across: int, down: int) -> None:
    picture = noise(32, 40)
    matrix = warp.motion_2d(40, 32, angle=0, zoom=1, translation_x=across, translation_y=down)
    rolled = np.roll(picture, (down, across), axis=(0, 1))
    assert furthest(warp.warp(picture, matrix, border="wrap", resampling="bilinear"), rolled) == 0


def test_two_moves_in_one_matrix_equal_two_moves_of_the_picture() -> None:
    picture = smooth(64, 64)
    first = warp.motion_2d(64, 64, angle=7, zoom=1.1, translation_x=2, translation_y=-1)
    second = warp.camera_2022(64, 64, rotx=4, roty=-3, rotz=2, panx=1, pany=0, zoom=6)
    once = warp.warp(picture, second @ first, border="replicate", resampling="lanczos")
    step = warp.warp(picture, first, border="replicate", resampling="lanczos")
    twice = warp.warp(step, second, border="replicate", resampling="lanczos")
    inside = np.s_[12:-12, 12:-12]
    assert mean_difference(once[inside], twice[inside]) < 1


def test_the_directions_are_those_of_the_manuals() -> None:
    dot = np.zeros((65, 65, 3), np.uint8)
    dot[20:25, 40:45] = 255

    def center(picture: warp.Image) -> tuple[float, float]:
        weights = picture[..., 0].astype(float)
        y, x = np.mgrid[0:65, 0:65]
        return float((x * weights).sum() / weights.sum()), float((y * weights).sum() / weights.sum())

    def shifted_2022(**move: float) -> tuple[float, float]:
        matrix = warp.camera_2022(65, 65, **(STILL_2022 | move))
        return center(warp.warp(dot, matrix, border="black", resampling="bilinear"))

    def shifted_3d(**move: float) -> tuple[float, float]:
        return center(warp.warp_3d(dot, **(STILL_3D | move), border="black", resampling="bilinear"))

    x, y = center(dot)
    assert shifted_2022(panx=5) == pytest.approx((x - 5, y), abs=0.01)
    assert shifted_2022(pany=5) == pytest.approx((x, y - 5), abs=0.01)
    assert shifted_3d(translation_x=5)[0] < x and shifted_3d(translation_y=5)[1] > y
    assert shifted_3d(translation_z=10)[0] > x  # zooms in: away from the middle
    assert shifted_3d(rotation_y=2)[0] < x and shifted_3d(rotation_x=2)[1] > y


def test_the_old_focal_length_is_there_for_old_scripts() -> None:
    def agree(rotz: float) -> bool:
        move = STILL_2022 | {"rotz": rotz, "zoom": 20.0}
        return np.allclose(warp.camera_2022(64, 64, **move), warp.camera_2022(64, 64, **move, legacy_focal=True))

    assert agree(0)
    assert agree(30)  # 2 sin 30° is 1
    assert not agree(5)
    assert not agree(-30)


def test_depth_becomes_distance_by_rank() -> None:
    ramp = np.linspace(0, 1, 64 * 64).reshape(64, 64)
    near = warp.depth_to_distance(ramp)
    assert near[0, 0] == pytest.approx(2, abs=0.01) and near[-1, -1] == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(warp.depth_to_distance(ramp**3 * 7 - 2), near, atol=0.1)
    np.testing.assert_allclose(warp.depth_to_distance(ramp, near_is_large=False), 3 - near, atol=1e-9)
    for unusable in (np.full((8, 8), 3.0), np.full((8, 8), np.nan)):
        assert (warp.depth_to_distance(unusable) == 1).all()


def test_near_things_move_more() -> None:
    picture = smooth(64, 64)
    move = STILL_3D | {"translation_x": 12.0}
    distance = np.where(np.arange(64)[:, None] < 32, 1.0, 2.0) * np.ones((64, 64))
    result = warp.warp_3d(picture, **move, border="reflect", resampling="bilinear", depth=distance)
    flat = warp.warp_3d(picture, **move, border="reflect", resampling="bilinear")
    assert furthest(result[:32], flat[:32]) == 0
    assert mean_difference(result[32:], picture[32:]) < mean_difference(flat[32:], picture[32:])


@pytest.mark.parametrize("border", ["reflect", "replicate", "wrap", "black"])
@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_every_border_and_resampling_works_everywhere(border: str, resampling: str) -> None:
    picture = noise(24, 40)
    matrix = warp.motion_2d(40, 24, angle=10, zoom=0.7, translation_x=9, translation_y=-4)
    flat = warp.warp(picture, matrix, border=border, resampling=resampling)
    deep = warp.warp_3d(picture, **(STILL_3D | {"rotation_z": 9.0}), border=border, resampling=resampling)
    assert flat.shape == deep.shape == picture.shape and flat.dtype == deep.dtype == np.uint8


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-720, 720), st.floats(-1e4, 1e4))
def test_absurd_motion_gives_a_picture_all_the_same(across: float, depth: float, angle: float, zoom: float) -> None:
    picture = noise(16, 16)
    flat = warp.motion_2d(16, 16, angle=angle, zoom=zoom, translation_x=across, translation_y=0)
    assert warp.warp(picture, flat, border="replicate", resampling="bilinear").shape == picture.shape
    camera = warp.camera_2022(16, 16, rotx=angle, roty=angle, rotz=0, panx=across, pany=0, zoom=zoom)
    assert warp.warp(picture, camera, border="reflect", resampling="lanczos").shape == picture.shape
    move = STILL_3D | {"translation_x": across, "translation_z": depth, "rotation_y": angle}
    assert warp.warp_3d(picture, **move, border="reflect", resampling="bicubic").shape == picture.shape


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_motion_that_is_no_number_is_refused(broken: float) -> None:
    picture = noise(16, 16)
    with pytest.raises(RenderError, match="not finite"):
        warp.warp(picture, np.full((3, 3), broken), border="wrap", resampling="bilinear")
    with pytest.raises(RenderError, match="not finite"):
        warp.warp_3d(picture, **(STILL_3D | {"translation_y": broken}), border="wrap", resampling="bilinear")


@pytest.mark.parametrize("fov", [0.0, 180.0, -5.0])
def test_a_camera_that_sees_nothing_is_refused(fov: float) -> None:
    with pytest.raises(RenderError, match="sees nothing"):
        warp.warp_3d(noise(8, 8), **(STILL_3D | {"fov": fov}), border="wrap", resampling="bilinear")
    with pytest.raises(RenderError, match="field of view"):
        warp.perspective_flip(8, 8, theta=1, phi=0, gamma=0, fv=fov)


def test_names_that_do_not_exist_are_answered_with_those_that_do() -> None:
    with pytest.raises(RenderError, match="no border called 'mirror'") as caught:
        warp.warp(noise(8, 8), np.eye(3) * 2, border="mirror", resampling="bilinear")
    assert "reflect" in caught.value.hint
    with pytest.raises(RenderError, match="no resampling called 'cubic'"):
        warp.warp_3d(noise(8, 8), **STILL_3D, border="wrap", resampling="cubic")
