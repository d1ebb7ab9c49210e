"""The catalogue of render settings: what the document's `render` object may hold. One field per setting.

Command-line options, the check of a file, the render pane and the documentation all derive from SETTINGS.

>>> resolve({"mode": "txt2img"}, {"steps": 4}).steps
4
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from parseq_tui.errors import SettingsError, did_you_mean

Origin = Literal["default", "document", "option"]


@dataclass(frozen=True, slots=True)
class Setting:
    """How one setting is spelled, bounded and explained."""

    name: str
    kind: type
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    """Whether null is a value."""


def _setting(
    default: Any,
    help: str,  # noqa: A002
    *,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    bounds = {"choices": choices, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata={"help": help, **bounds})


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """Effective settings of one render. Each is a field: its type, default, help, and what it may be."""

    mode: str = _setting("loopback", "where each frame starts from", choices=("txt2img", "loopback", "video"))
    input: str | None = _setting(None, "a picture, a video, a folder of pictures or a take; relative to the document")
    width: int = _setting(128, "frame width in pixels, a multiple of 8", minimum=8, maximum=8192)
    height: int = _setting(128, "frame height in pixels, a multiple of 8", minimum=8, maximum=8192)
    engine: str = _setting("diffusers", "what makes the pictures", choices=("diffusers", "webui", "test"))
    model: str = _setting("tiny", '"tiny" (bundled), a folder, a .safetensors file, or a hub id')
    networks: str | None = _setting(
        None, "folder of LoRA files and embeddings; else loras/ and embeddings/ beside the document"
    )
    compatibility: str = _setting(
        "none",
        "count steps and weigh prompts as another program does; none: strength is continuous, all steps run",
        choices=("none", "diffusers", "webui"),
    )
    acceleration: str = _setting(
        "none",
        "on a CUDA card, record the network's calls and replay them; not tried on a card yet",
        choices=("none", "graphs"),
    )
    scheduler: str = _setting("euler_a", "the sampler, by the web UI's or diffusers' name")
    steps: int = _setting(8, "sampling steps", minimum=1, maximum=1000)
    motion: str = _setting(
        "auto", "motion values: per frame (delta), or as they stand (absolute)", choices=("auto", "absolute", "delta")
    )
    space: str = _setting("auto", "which motion fields move the picture", choices=("auto", "2d", "3d"))
    border: str = _setting(
        "reflect", "what fills the edges a motion uncovers", choices=("reflect", "replicate", "wrap", "black")
    )
    resampling: str = _setting(
        "bicubic", "how moved pixels are computed", choices=("nearest", "bilinear", "bicubic", "lanczos")
    )
    color_coherence: str = _setting(
        "none", "match each frame's colours to the first", choices=("none", "lab", "hsv", "rgb", "video")
    )
    grayscale: bool = _setting(False, "make every frame grey, before and after diffusion")
    noise_type: str = _setting(
        "perlin", "the noise added to a looped-back frame", choices=("perlin", "uniform", "none")
    )
    perspective_flip: bool = _setting(False, "whether the perspective_flip fields apply")
    depth: str | None = _setting(
        None,
        "for motion in 3d: depth maps, bright is near (a picture, a folder, a video), or the folder of a depth model",
    )
    fit: str = _setting(
        "stretch",
        "how an input of another shape fills the frame: stretched, cropped to the middle, or whole between black bars",
        choices=("stretch", "crop", "pad"),
    )
    end: str = _setting("stop", "when the video is shorter than the timeline", choices=("stop", "hold", "loop"))
    seed: int = _setting(0, "seed of a document that manages none", minimum=-1)
    seed_behavior: str = _setting(
        "auto",
        "how that seed goes on; auto: iter (one more each frame) in a loopback, else fixed; random: the same each time",
        choices=("auto", "fixed", "iter", "ladder", "alternate", "random"),
    )
    seed_offset: int = _setting(
        0, "added to every seed: another take of the same film", minimum=-(10**12), maximum=10**12
    )
    cfg_scale: float = _setting(4.0, "CFG scale of a document that manages none")
    denoising_strength: float = _setting(
        0.5, "denoising strength of a document that manages none", minimum=0, maximum=1
    )
    audio: str | None = _setting(None, "a sound that is heard with the video; relative to the document")
    audio_start: float = _setting(0.0, "second of that sound at which frame 0 begins", minimum=0)
    crf: int = _setting(16, "H.264 quality: lower is better and larger", minimum=0, maximum=51)
    cache_gb: float = _setting(
        20.0, "how large the frame cache may grow, in GB; frames of the newest render always stay", minimum=0
    )
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)
    """Where each value came from."""


_KINDS: Mapping[str, type] = {"str": str, "int": int, "float": float, "bool": bool}

SETTINGS: Mapping[str, Setting] = {
    entry.name: Setting(
        entry.name,
        _KINDS[entry.type.removesuffix(" | None")],
        entry.default,
        optional=entry.type.endswith(" | None"),
        **entry.metadata,
    )
    for entry in fields(RenderSettings)
    if entry.metadata and isinstance(entry.type, str)
}


def resolve(document_render: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> RenderSettings:
    """Effective settings: `options` (command line) over the document's `render` object over the defaults.

    Unknown names in the document are kept by `formats` and ignored here; unknown options and values of a wrong type
    or range raise SettingsError naming the setting and what it may be.
    """
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for name, setting in SETTINGS.items():
        values[name], origins[name] = setting.default, "default"
        if name in document_render:
            values[name], origins[name] = checked(setting, document_render[name]), "document"
    for name, value in (options or {}).items():
        values[name], origins[name] = checked(setting_named(name), value), "option"
    _check_size(values)
    return RenderSettings(**values, origins=origins)


def setting_named(name: str) -> Setting:
    """The entry of a setting. Raises SettingsError naming the nearest, or those that exist."""
    if name not in SETTINGS:
        hint = did_you_mean(name, SETTINGS, otherwise=f"known: {', '.join(SETTINGS)}")
        raise SettingsError(f"there is no render setting called {name!r}", hint=hint)
    return SETTINGS[name]


def setting_from_text(name: str, text: str) -> Any:
    """The value that a person writes for a setting: 512, true, film.mp4, none. Raises SettingsError."""
    setting = setting_named(name)
    if setting.kind is str:
        return checked(setting, None if setting.optional and text in ("", "null", "none") else text)
    try:
        return checked(setting, json.loads(text))
    except ValueError:
        return checked(setting, text)  # says what it should have been


def draft(settings: RenderSettings) -> dict[str, Any]:
    """Options of a quick look: half the steps. Size stays, since a model draws well at its own size only."""
    return {"steps": max(2, settings.steps // 2)}


def checked(setting: Setting, value: Any) -> Any:
    """`value` as the setting's type. Raises SettingsError."""
    if value is None and setting.optional:
        return None
    wrong = SettingsError(f"render setting {setting.name!r} cannot be {value!r}", hint=_expectation(setting))
    if setting.kind in (int, float):
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or (setting.kind is int and value != int(value))
        ):
            raise wrong
        below = setting.minimum is not None and value < setting.minimum
        above = setting.maximum is not None and value > setting.maximum
        if below or above or value != value:
            raise wrong
        return setting.kind(value)
    if not isinstance(value, setting.kind) or (setting.choices and value not in setting.choices):
        raise wrong
    return value


def _expectation(setting: Setting) -> str:
    if setting.choices:
        return f"it is one of {', '.join(setting.choices)}"
    bounds = "" if setting.minimum is None else f" from {setting.minimum:g}"
    bounds += "" if setting.maximum is None else f" to {setting.maximum:g}"
    kind = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[setting.kind]
    return f"it is {kind}{bounds}: {setting.help}"


def _check_size(values: Mapping[str, Any]) -> None:
    for name in ("width", "height"):
        if values[name] % 8:
            nearest = max(8, round(values[name] / 8) * 8)
            raise SettingsError(f"{name} {values[name]} is not a multiple of 8", hint=f"use {nearest}")
