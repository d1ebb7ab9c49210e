"""The catalogue of fields: what each parameter is called, means and may be. One entry per field.

Columns, help, completion, the check of mixed motion and the renderer's defaults derive from FIELDS. The order of FIELDS
is the order in which a document that names no managed fields manages them (LANGUAGE §11). A document may use any other
name too: `field_named` gives such a name a default of 0.

The fields of October 2022 (LANGUAGE §14.1) are in SEED_ERA_FIELDS: `zoom` meant a distance there, so the two eras are
two catalogues and the document's dialect says which one speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Space = Literal["any", "2d", "3d"]
ROUNDING = 1e-9
"""What a computed value may miss a bound by."""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter that has a value per frame."""

    name: str
    default: float
    """The value of a field that no keyframe gives one."""
    meaning: str
    """A few words for help and headings."""
    group: str = "other"
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    """Where values stop making sense: for nudging and for `check`, never enforced on a curve."""
    step: float = 0.1
    """What one nudge adds."""
    motion: bool = False
    """Whether Deforum reads `NAME_delta` instead of the value when "use deltas" is on (LANGUAGE §9)."""
    space: Space = "any"
    """Whether it moves the picture in one animation mode only."""

    def holds(self, value: float) -> bool:
        """Whether a value means something, rounding aside. What is no number is judged elsewhere."""
        low, high = self.minimum, self.maximum
        return not (low is not None and value < low - ROUNDING) and not (high is not None and value > high + ROUNDING)

    @property
    def range(self) -> str:
        """Where values mean something, in words; "" if everywhere."""
        if self.minimum is None and self.maximum is None:
            return ""
        if self.maximum is None:
            return f"at {self.minimum:g} or more"
        if self.minimum is None:
            return f"at {self.maximum:g} or less"
        return f"from {self.minimum:g} to {self.maximum:g}"


def _prompt_weight(number: int) -> Field:
    default = 1.0 if number in (1, 8) else 0.0  # 8 looks like a slip of Parseq's; documents rely on it
    return Field(f"prompt_weight_{number}", default, f"free number {number} for prompts", "prompt weights", step=0.05)


def _control_net(unit: int) -> tuple[Field, ...]:
    group = "ControlNet"
    return (
        Field(f"cn_{unit}_weight", 1, f"ControlNet unit {unit}: weight", group, "", 0, 2, 0.05),
        Field(
            f"cn_{unit}_guidance_start", 0, f"ControlNet unit {unit}: first share of the steps", group, "", 0, 1, 0.05
        ),
        Field(f"cn_{unit}_guidance_end", 1, f"ControlNet unit {unit}: last share of the steps", group, "", 0, 1, 0.05),
    )


def _motion(name: str, default: float, meaning: str, unit: str, step: float, space: Space) -> Field:
    return Field(name, default, meaning, "motion", unit, step=step, motion=True, space=space)


def _catalogue(*entries: Field) -> Mapping[str, Field]:
    return {entry.name: entry for entry in entries}


FIELDS: Mapping[str, Field] = _catalogue(
    Field("seed", -1, "noise seed; its fraction mixes in the next seed", "sampling", "", -1, None, 1),
    Field("scale", 7, "guidance (CFG) scale", "sampling", "", 0, 30, 0.5),
    Field("noise", 0.08, "noise added to the looped-back frame", "picture", "", 0, 1, 0.01),
    Field("noise_multiplier", 1.05, "multiplies the noise of img2img", "sampling", "", 0, 1.5, 0.01),
    Field(
        "strength", 0.6, "how much of the previous frame survives (1 − denoising strength)", "sampling", "", 0, 1, 0.05
    ),
    Field("clipskip", 0, "how many last layers of the text encoder are skipped", "sampling", "", 0, 12, 1),
    Field("contrast", 1, "contrast factor of the looped-back frame", "picture", "×", 0, 2, 0.02),
    *(_prompt_weight(number) for number in range(1, 9)),
    _motion("angle", 0, "rotation in the picture plane, counter-clockwise", "°", 1, "2d"),
    _motion("zoom", 1, "scale factor", "×", 0.01, "2d"),
    Field("transform_center_x", 0.5, "pivot of rotation and zoom", "motion", "of the width", 0, 1, 0.05, space="2d"),
    Field("transform_center_y", 0.5, "pivot of rotation and zoom", "motion", "of the height", 0, 1, 0.05, space="2d"),
    _motion("perspective_flip_theta", 0, "tilt about the viewing axis", "°", 1, "2d"),
    _motion("perspective_flip_phi", 0, "tilt about the horizontal axis", "°", 1, "2d"),
    _motion("perspective_flip_gamma", 0, "tilt about the vertical axis", "°", 1, "2d"),
    Field("perspective_flip_fv", 50, "field of view of the tilt", "motion", "°", 1, 179, 1, space="2d"),
    _motion("translation_x", 0, "pan, right", "px", 1, "any"),
    _motion("translation_y", 0, "pan, down", "px", 1, "any"),
    _motion("translation_z", 10, "forward", "", 1, "3d"),
    _motion("rotation_3d_x", 0, "camera pitch", "°", 0.5, "3d"),
    _motion("rotation_3d_y", 0, "camera yaw", "°", 0.5, "3d"),
    _motion("rotation_3d_z", 0, "camera roll", "°", 0.5, "3d"),
    Field("fov", 40, "camera field of view", "camera", "°", 1, 179, 1, space="3d"),
    Field("near", 200, "near plane", "camera", "", 0, None, 10, space="3d"),
    Field("far", 10000, "far plane", "camera", "", 0, None, 100, space="3d"),
    Field("antiblur_kernel", 5, "unsharp mask: kernel size, odd", "anti-blur", "px", 1, 31, 2),
    Field("antiblur_sigma", 1, "unsharp mask: blur", "anti-blur", "px", 0, 10, 0.1),
    Field("antiblur_amount", 0.2, "unsharp mask: amount", "anti-blur", "", 0, 5, 0.05),
    Field("antiblur_threshold", 0, "unsharp mask: least difference", "anti-blur", "", 0, 255, 1),
    Field("hybrid_comp_alpha", 1, "how much of the guide video is mixed in", "guide video", "", 0, 1, 0.05),
    Field("hybrid_comp_mask_blend_alpha", 0.5, "guide video: blend of the mask", "guide video", "", 0, 1, 0.05),
    Field("hybrid_comp_mask_contrast", 1, "guide video: contrast of the mask", "guide video", "×", 0, None, 0.05),
    Field("hybrid_comp_mask_auto_contrast_cutoff_low", 0, "guide video: mask, dark cut", "guide video", "%", 0, 100, 1),
    Field(
        "hybrid_comp_mask_auto_contrast_cutoff_high",
        100,
        "guide video: mask, light cut",
        "guide video",
        "%",
        0,
        100,
        1,
    ),
    Field("hybrid_flow_factor", 1, "guide video: strength of the optical flow", "guide video", "×", None, None, 0.05),
    Field("cadence_flow_factor", 1, "optical flow on in-between frames", "optical flow", "×", None, None, 0.05),
    Field("redo_flow_factor", 1, "optical flow of a redone frame", "optical flow", "×", None, None, 0.05),
    *(field for unit in range(1, 6) for field in _control_net(unit)),
    Field("guided_blendFactorMax", 0.35, "guide images: most they are blended in", "guide images", "", 0, 1, 0.05),
    Field(
        "guided_blendFactorSlope", 0.25, "guide images: how steeply the blend travels", "guide images", "", 0, 1, 0.05
    ),
    Field("guided_tweening_frames", 20, "guide images: length of a transition", "guide images", "frames", 0, None, 1),
    Field("guided_color_correction_factor", 0.075, "guide images: colour matching", "guide images", "", 0, 1, 0.025),
)
"""Today's fields, in the order in which they are managed by default."""

SEED_ERA_FIELDS: Mapping[str, Field] = _catalogue(
    Field("seed", 303, "noise seed; its fraction mixes in the next seed", "sampling", "", -1, None, 1),
    Field("denoise", 0.6, "denoising strength: the share of noise", "sampling", "", 0.01, 1, 0.05),
    *(_prompt_weight(number) for number in range(1, 5)),
    Field("scale", 7.5, "guidance (CFG) scale", "sampling", "", -100, 100, 0.5),
    Field("rotx", 0, "tilt: positive, the bottom recedes", "motion", "°", step=1),
    Field("roty", 0, "turn: positive, the right side recedes", "motion", "°", step=1),
    Field("rotz", 0, "roll: positive, clockwise", "motion", "°", step=1),
    Field("panx", 0, "pan: positive, the picture moves left", "motion", "px", step=1),
    Field("pany", 0, "pan: positive, the picture moves up", "motion", "px", step=1),
    Field("zoom", 0, "camera travel; 1 leaves the picture as it is", "motion", "px", step=1),
    Field("loopback_frames", 1, "how many earlier frames are blended in", "history", "frames", 0, None, 1),
    Field("loopback_decay", 0.25, "weight of the blended history", "history", "", 0, 1, 0.05),
)
"""The 15 fields of October 2022, in their order."""

OWN_FIELDS: Mapping[str, Field] = _catalogue(
    Field("subseed", 0, "second seed, mixed in by subseed_strength", "sampling", "", -1, None, 1),
    Field("subseed_strength", 0, "how much of the second seed is mixed in", "sampling", "", 0, 1, 0.05),
    Field("aspect_ratio", 1, "field of view: its width by its height", "camera", "", 0.1, 10, 0.05, space="3d"),
)
"""What the renderer reads beyond Parseq's fields and those of 2022. A new field goes here: the two lists above say what
documents of those programs hold."""

SEED_ERA_ONLY: Mapping[str, Field] = {name: field for name, field in SEED_ERA_FIELDS.items() if name not in FIELDS}
"""Those whose names tell the era."""


@lru_cache(maxsize=2048)
def field_named(name: str, dialect: str = "native") -> Field:
    """The entry of a field. Any name is a field; one that nobody declared has the default 0.

    The fields of 2022 and OWN_FIELDS are known to documents of our own too; Parseq's engine knows only its own.
    """
    if dialect == "2022" and name in SEED_ERA_FIELDS:
        return SEED_ERA_FIELDS[name]
    extension = None if dialect == "parseq" else OWN_FIELDS.get(name) or SEED_ERA_ONLY.get(name)
    return FIELDS.get(name) or extension or Field(name, 0, "own field")


def is_declared(name: str) -> bool:
    """Whether some program of either era, or ours, reads this field."""
    return name in FIELDS or name in SEED_ERA_FIELDS or name in OWN_FIELDS


DEFAULT_MANAGED: tuple[str, ...] = tuple(FIELDS)
"""What a Parseq document without `managedFields` manages."""
