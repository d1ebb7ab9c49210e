"""Moving a picture: matrices from motion numbers, and applying them.

Owns the geometry of both peers (PIPELINE.md A5 and B4). Matrices are 3×3 float64, homogeneous, and map source pixels to
destination pixels; they compose by `second @ first`. The invariant: motion that moves nothing returns the very same
array, so a still camera never softens a loop.

>>> motion_2d(64, 64, angle=0, zoom=1, translation_x=5, translation_y=0)[0].tolist()
[1.0, 0.0, 5.0]
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.base import Image

Matrix = NDArray[np.float64]
Depth = NDArray[np.float64]

_BORDERS: Mapping[str, int] = {
    "reflect": cv2.BORDER_REFLECT,
    "replicate": cv2.BORDER_REPLICATE,
    "wrap": cv2.BORDER_WRAP,
    "black": cv2.BORDER_CONSTANT,
}
_RESAMPLINGS: Mapping[str, int] = {
    "nearest": cv2.INTER_NEAREST,
    "bilinear": cv2.INTER_LINEAR,
    "bicubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
_IDENTITY_TOLERANCE = 1e-12
DEFORUM_UNIT = 200.0
"""Deforum's 3D translations count in 1/200 of the picture plane's depth."""


def motion_2d(
    width: int,
    height: int,
    *,
    angle: float,
    zoom: float,
    translation_x: float,
    translation_y: float,
    center_x: float = 0.5,
    center_y: float = 0.5,
) -> Matrix:
    """Deforum's 2D motion (PIPELINE.md B4): move, then turn and scale about a centre given as shares of the size.

    `angle` in degrees, positive counter-clockwise; `zoom` is a factor; translations in source pixels, +x right and
    +y down.
    """
    turn = np.vstack([cv2.getRotationMatrix2D((width * center_x, height * center_y), angle, zoom), [0.0, 0.0, 1.0]])
    return np.asarray(turn @ _translation(translation_x, translation_y), np.float64)


def perspective_flip(width: int, height: int, *, theta: float, phi: float, gamma: float, fv: float) -> Matrix:
    """Deforum's perspective flip (PIPELINE.md B4): the picture turned in space.

    `theta` turns about z, `phi` about x, `gamma` about y, `fv` is the field of view, all in degrees. Zero turns are the
    identity; Deforum's own matrix there shrinks by a percent, for it keeps a stray 1 in the corner of its projection.
    Raises RenderError if the field of view is not between 0 and 180.
    """
    if not 0 < fv < 180:
        raise RenderError(f"the perspective flip's field of view is {fv:g} degrees", hint="it lies between 0 and 180")
    if theta == phi == gamma == 0:
        return np.eye(3)
    half = math.radians(fv) / 2
    diagonal = math.hypot(width, height)
    side = diagonal / math.cos(half)
    distance = diagonal / (2 * math.sin(half))
    near, far = distance - diagonal / 2, distance + diagonal / 2
    projection = np.diag([1 / math.tan(half), 1 / math.tan(half), -(far + near) / (far - near), 1.0])
    projection[2, 3], projection[3, 2] = -2 * far * near / (far - near), -1.0
    turned = np.eye(4)
    turned[:3, :3] = _turn_x(phi) @ _turn_y(gamma) @ _turn_z(theta)
    turned[2, 3] = -distance
    corners = np.array([[-width, height], [width, height], [width, -height], [-width, -height]]) / 2
    seen = np.column_stack([corners, np.zeros(4), np.ones(4)]) @ (projection @ turned).T
    source = (corners + np.array([width / 2, height / 2])).astype(np.float32)
    target = ((seen[:, :2] / seen[:, 3:] + 1) * side / 2).astype(np.float32)
    flip = cv2.getPerspectiveTransform(source, target)
    return np.asarray(flip @ _translation((width - side) / 2, (height - side) / 2), np.float64)


def camera_2022(
    width: int,
    height: int,
    *,
    rotx: float,
    roty: float,
    rotz: float,
    panx: float,
    pany: float,
    zoom: float,
    legacy_focal: bool = False,
) -> Matrix:
    """The 2022 script's camera (PIPELINE.md A5). Angles in degrees, pan in pixels, `zoom` in pixels of travel.

    `zoom=1` is neutral, 0 (the old editor's default) shrinks slightly, half the focal length doubles the picture.
    The focal length is the diagonal; `legacy_focal` restores the original's, which jumps when `rotz` leaves 0 (A9.1).
    """
    focal = math.hypot(width, height)
    if legacy_focal and math.sin(math.radians(rotz)) != 0:
        focal /= 2 * math.sin(math.radians(rotz))
    plane = np.array([[1.0, 0.0, -width / 2], [0.0, 1.0, -height / 2], [0.0, 0.0, 1.0]])
    lens = np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])
    # the original's turn about y has the opposite sign of Deforum's
    scene = _turn_x(rotx) @ _turn_y(-roty) @ _turn_z(rotz) @ plane
    scene[:, 2] += (-panx, -pany, focal - zoom)
    return np.asarray(lens @ scene, np.float64)


def warp(image: Image, matrix: Matrix, *, border: str, resampling: str) -> Image:
    """`image` moved by a source → destination `matrix`; same size. The identity returns `image` itself.

    `border` is one of reflect, replicate, wrap, black; `resampling` one of nearest, bilinear, bicubic, lanczos.
    Raises RenderError for other names and for a motion that is not finite.
    """
    edges, sampling = _named(_BORDERS, border, "border"), _named(_RESAMPLINGS, resampling, "resampling")
    if not np.isfinite(matrix).all():
        raise RenderError("the motion of this frame is not finite", hint="look for a division by zero in its formulas")
    if matrix[2, 2] and np.allclose(matrix / matrix[2, 2], np.eye(3), rtol=0.0, atol=_IDENTITY_TOLERANCE):
        return image
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpPerspective(image, matrix, size, flags=sampling, borderMode=edges), np.uint8)


def warp_3d(
    image: Image,
    *,
    translation_x: float,
    translation_y: float,
    translation_z: float,
    rotation_x: float,
    rotation_y: float,
    rotation_z: float,
    fov: float,
    aspect: float = 1.0,
    border: str,
    resampling: str,
    depth: Depth | None = None,
) -> Image:
    """Deforum's 3D motion (PIPELINE.md B4): every pixel looked up where the moved camera would have seen it.

    Translations in Deforum's units (1/200 of the depth), rotations and `fov` in degrees. `depth`: distance per pixel,
    float64 (height, width), 1 everywhere by default (`depth_to_distance` makes it from a depth map). Without motion
    `image` itself is returned. The result is truncated to uint8, as in the original.
    """
    _named(_BORDERS, border, "border")
    _named(_RESAMPLINGS, resampling, "resampling")
    motion = (translation_x, translation_y, translation_z, rotation_x, rotation_y, rotation_z, fov, aspect)
    if not all(map(math.isfinite, motion)):
        raise RenderError("the motion of this frame is not finite", hint="look for a division by zero in its formulas")
    if not 0 < fov < 180 or aspect <= 0:
        raise RenderError(
            f"a camera with fov {fov:g} and aspect ratio {aspect:g} sees nothing",
            hint="fov lies between 0 and 180 degrees, the aspect ratio is above 0",
        )
    if not any(motion[:6]):
        return image
    shift = np.array([-translation_x, translation_y, -translation_z]) / DEFORUM_UNIT
    rotation = _turn_x(rotation_x) @ _turn_y(rotation_y) @ _turn_z(rotation_z)
    columns, rows = _looked_up(image.shape[1], image.shape[0], rotation, shift, fov, aspect, depth)
    return _sampled(image, columns, rows, border, resampling)


def depth_to_distance(depth: NDArray[np.floating], *, near_is_large: bool = True) -> Depth:
    """Distances 1…2 from a depth map by histogram equalisation (PIPELINE.md B4); 1 everywhere if it is flat or invalid.

    `near_is_large` for networks that answer with inverse depth (MiDaS, Depth Anything), else the other way round.
    """
    values = np.asarray(depth, np.float64)
    span = values.max() - values.min() if np.isfinite(values).all() else 0.0
    if span <= 0:
        return np.ones_like(values)
    share = (values - values.min()) / span
    counts, edges = np.histogram(share, bins=1024, range=(0.0, 1.0))
    equalized = np.interp(share, edges[:-1], np.cumsum(counts) / share.size)
    return np.asarray(2 - equalized if near_is_large else 1 + equalized, np.float64)


def resize(image: Image, width: int, height: int) -> Image:
    """`image` stretched to `width` × `height` with Lanczos4 (PIPELINE.md A2); itself if the size agrees."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LANCZOS4), np.uint8)


def _looked_up(
    width: int, height: int, rotation: Matrix, shift: Matrix, fov: float, aspect: float, depth: Depth | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Source column and row for every pixel, in pixels, both (height, width)."""
    # Deforum's grid includes both ends (-1 and 1) while its sampler counts pixel centres: the offsets depend on it
    x = np.linspace(-1.0, 1.0, width)[None, :]
    y = np.linspace(-1.0, 1.0, height)[:, None]
    z = np.ones((height, width)) if depth is None else depth
    moved_x, moved_y, moved_z = (
        x * rotation[0, axis] + y * rotation[1, axis] + z * rotation[2, axis] + shift[axis] for axis in range(3)
    )
    # a camera exactly in the picture plane would divide by zero; it sees the border instead
    moved_z = np.where(np.abs(moved_z) < 1e-9, 1e-9, moved_z)
    tangent = math.tan(math.radians(fov) / 2)
    across = (moved_x / moved_z - x / z) / (tangent * aspect)
    down = (moved_y / moved_z - y / z) / tangent
    columns = np.arange(width)[None, :] - across * (width / 2)
    rows = np.arange(height)[:, None] - down * (height / 2)
    return columns, rows


def _sampled(
    image: Image, columns: NDArray[np.float64], rows: NDArray[np.float64], border: str, resampling: str
) -> Image:
    """`image` looked up at fractional positions, truncated to uint8."""
    limit = 30000.0  # OpenCV's coordinates are 16 bit where it interpolates
    across, down = (np.clip(positions, -limit, limit).astype(np.float32) for positions in (columns, rows))
    taken = cv2.remap(image.astype(np.float32), across, down, _RESAMPLINGS[resampling], borderMode=_BORDERS[border])
    return np.asarray(np.clip(taken, 0, 255), np.uint8)


def _translation(x: float, y: float) -> Matrix:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _turn_x(degrees: float) -> Matrix:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])


def _turn_y(degrees: float) -> Matrix:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])


def _turn_z(degrees: float) -> Matrix:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _named(catalogue: Mapping[str, int], name: str, what: str) -> int:
    if name not in catalogue:
        raise RenderError(f"there is no {what} called {name!r}", hint=f"known: {', '.join(catalogue)}")
    return catalogue[name]
