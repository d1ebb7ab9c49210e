"""What moves a picture, as numbers: which fields, in which space, per frame or as they stand. No pixels here.

Two vocabularies. Today's documents use Deforum's words (angle, zoom as a factor, translation_*, rotation_3d_*, …;
PIPELINE B2, B4); documents of 2022 move a camera (rotx, panx, zoom as distance, …; A5). A motion that moves nothing is
left out, so "no motion" is always the empty tuple.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from parseq_tui.errors import RenderError
from parseq_tui.timeline.document import Dialect
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.render_settings import RenderSettings

Space = Literal["2d", "3d", "2022"]

FLAT_FIELDS = ("angle", "zoom")
"""Fields that only move in two dimensions."""
DEEP_FIELDS = ("translation_z", "rotation_3d_x", "rotation_3d_y", "rotation_3d_z")
"""Fields that only move in three."""
_FLIP_FIELDS = ("perspective_flip_theta", "perspective_flip_phi", "perspective_flip_gamma")
_NEUTRAL = {"zoom": 1.0}


@dataclass(frozen=True, slots=True)
class Flip:
    """Deforum's perspective flip, degrees."""

    theta: float
    phi: float
    gamma: float
    fv: float


@dataclass(frozen=True, slots=True)
class Planar:
    """Deforum's 2D motion: translation in pixels, then angle (degrees) and zoom (a factor) about a centre."""

    angle: float
    zoom: float
    translation_x: float
    translation_y: float
    center_x: float
    center_y: float
    flip: Flip | None = None


@dataclass(frozen=True, slots=True)
class Spatial:
    """Deforum's 3D motion: translations in 1/200 of the depth, rotations and fov in degrees."""

    translation_x: float
    translation_y: float
    translation_z: float
    rotation_x: float
    rotation_y: float
    rotation_z: float
    fov: float
    aspect: float
    flip: Flip | None = None
    depth: int | None = None
    """Which depth map says how far each pixel is; None: the scene is flat."""


@dataclass(frozen=True, slots=True)
class Camera:
    """The 2022 script's camera: degrees and pixels; zoom 1 is neutral."""

    rotx: float
    roty: float
    rotz: float
    panx: float
    pany: float
    zoom: float


Motion = Planar | Spatial | Camera


class Values:
    """A frame table read by whoever needs numbers: what is missing has a default, what is no number is an error."""

    def __init__(self, table: FrameTable) -> None:
        self.table = table

    def __contains__(self, name: str) -> bool:
        return name in self.table

    def at(self, name: str, index: int, default: float) -> float:
        """The field's value at a frame index. Raises RenderError naming field and frame if it is NaN or infinite."""
        if name not in self.table:
            return default
        value = float(self.table[name][index])
        if math.isfinite(value):
            return value + 0.0  # -0.0 and 0.0 make the same picture, so they must give the same key
        frame = self.table.first_frame + index
        raise RenderError(
            f"the field {name} is not a number at frame {frame} ({value})",
            hint="look at its formula there: a division by zero, a root of a negative number, a missing keyframe?",
        )

    def step(self, name: str, index: int, default: float) -> float:
        """How much the field changes from the frame before (LANGUAGE §9.3): a difference; for zoom 1 + the difference.

        The frame JSON of other programs brings its own `FIELD_delta`, which is taken as it is.
        """
        given = f"{name}_delta"
        if given in self.table:
            return self.at(given, index, default)
        value = self.at(name, index, default)
        if index == 0 or name not in self.table:
            return value
        return _NEUTRAL.get(name, 0.0) + (value - self.at(name, index - 1, default))


class MotionReader:
    """Reads the motion of each frame from a table, under a render's settings."""

    def __init__(self, values: Values, settings: RenderSettings, dialect: Dialect) -> None:
        self._values = values
        self._flips = settings.perspective_flip
        self._deep = settings.depth is not None
        self.by_steps = dialect != "2022" and (
            settings.motion == "delta" or (settings.motion == "auto" and settings.mode == "loopback")
        )
        """Whether a frame moves by the change of the values (delta) or by the values themselves."""
        self.space: Space = "2022" if dialect == "2022" else _space(values.table, settings.space, self.by_steps)

    def at(self, index: int) -> tuple[Motion, ...]:
        """The motion of one frame index: one entry, or none where nothing moves."""
        motion, neutral = {"2d": self._planar, "3d": self._spatial, "2022": self._camera}[self.space](index)
        return () if motion == neutral else (motion,)

    def vanishing(self) -> int | None:
        """The first frame whose zoom is 0, which leaves one flat colour of a picture; None if there is none."""
        table = self._values.table
        given = "zoom_delta" if self.by_steps and "zoom_delta" in table else "zoom"
        if self.space != "2d" or given not in table:
            return None
        factors = table[given]
        if self.by_steps and given == "zoom":
            factors = np.concatenate([factors[:1], 1 + np.diff(factors)])
        found = np.flatnonzero(factors == 0)
        return table.first_frame + int(found[0]) if len(found) else None

    def _planar(self, index: int) -> tuple[Motion, Motion]:
        center_x = self._values.at("transform_center_x", index, 0.5)
        center_y = self._values.at("transform_center_y", index, 0.5)
        moving = Planar(
            angle=self._moving("angle", index),
            zoom=self._moving("zoom", index),
            translation_x=self._moving("translation_x", index),
            translation_y=self._moving("translation_y", index),
            center_x=center_x,
            center_y=center_y,
            flip=self._flip(index),
        )
        return moving, Planar(0.0, 1.0, 0.0, 0.0, center_x, center_y)

    def _spatial(self, index: int) -> tuple[Motion, Motion]:
        fov, aspect = self._values.at("fov", index, 70.0), self._values.at("aspect_ratio", index, 1.0)
        moving = Spatial(
            translation_x=self._moving("translation_x", index),
            translation_y=self._moving("translation_y", index),
            translation_z=self._moving("translation_z", index),
            rotation_x=self._moving("rotation_3d_x", index),
            rotation_y=self._moving("rotation_3d_y", index),
            rotation_z=self._moving("rotation_3d_z", index),
            fov=fov,
            aspect=aspect,
            flip=self._flip(index),
            depth=index if self._deep else None,
        )
        return moving, Spatial(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, fov, aspect, depth=moving.depth)

    def _camera(self, index: int) -> tuple[Motion, Motion]:
        moving = Camera(
            rotx=self._values.at("rotx", index, 0.0),
            roty=self._values.at("roty", index, 0.0),
            rotz=self._values.at("rotz", index, 0.0),
            panx=self._values.at("panx", index, 0.0),
            pany=self._values.at("pany", index, 0.0),
            zoom=self._values.at("zoom", index, 1.0),
        )
        return moving, Camera(0.0, 0.0, 0.0, 0.0, 0.0, 1.0)

    def _flip(self, index: int) -> Flip | None:
        if not self._flips:
            return None
        theta, phi, gamma = (self._moving(name, index) for name in _FLIP_FIELDS)
        if theta == phi == gamma == 0:
            return None
        return Flip(theta, phi, gamma, self._values.at("perspective_flip_fv", index, 53.0))

    def _moving(self, name: str, index: int) -> float:
        neutral = _NEUTRAL.get(name, 0.0)
        read = self._values.step if self.by_steps else self._values.at
        return read(name, index, neutral)


def moves(table: FrameTable, names: tuple[str, ...], by_steps: bool) -> bool:
    """Whether any of these fields moves the picture on any frame."""
    for name in names:
        if name not in table:
            continue
        column = table[name]
        still = column[:1] if by_steps else _NEUTRAL.get(name, 0.0)
        if bool(np.any(column != still)):
            return True
    return False


def _space(table: FrameTable, asked: str, by_steps: bool) -> Space:
    if asked == "auto":
        return "3d" if moves(table, DEEP_FIELDS, by_steps) else "2d"
    return "3d" if asked == "3d" else "2d"
