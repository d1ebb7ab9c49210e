"""Deforum's settings file, in: schedules become columns, prompts become entries, the rest render settings.

The document is our own and new: it is written beside the settings, never over them. What has no counterpart is named,
each thing once, never dropped in silence. Deforum's motion is per frame, so the document says `motion: absolute`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from parseq_tui.errors import DocumentError, FormulaError
from parseq_tui.formats.deforum_schedules import Cell, key_frame, read_schedule, translated
from parseq_tui.formats.exact_json import shown
from parseq_tui.formats.prompt_lists import read_prompt_list
from parseq_tui.formats.reading import is_deforum_settings, top_members
from parseq_tui.formats.source import Source
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.keyframe import MAX_FRAME, Keyframe
from parseq_tui.timeline.prompts import Overlap, Prompt, Prompts

_BACKQUOTED = re.compile(r"`([^`\n]*)`")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Schedule:
    """One of Deforum's schedules, and where it goes."""

    key: str
    field: str
    neutral: float | None = None
    """A schedule that only ever says this is left out: so it is without it."""
    switch: str = ""
    """The setting that has to be on for it."""
    motion: str = ""
    """`2d`, `3d` or `any` for those that move the picture."""
    whole: bool = False


_SCHEDULES = (
    _Schedule("strength_schedule", "strength"),
    _Schedule("cfg_scale_schedule", "scale"),
    _Schedule("seed_schedule", "seed", switch="seed_behavior", whole=True),
    _Schedule("subseed_schedule", "subseed", switch="enable_subseed_scheduling", whole=True),
    _Schedule("subseed_strength_schedule", "subseed_strength", switch="enable_subseed_scheduling"),
    _Schedule("clipskip_schedule", "clipskip", switch="enable_clipskip_scheduling"),
    _Schedule("noise_multiplier_schedule", "noise_multiplier", 1, "enable_noise_multiplier_scheduling"),
    _Schedule("noise_schedule", "noise", 0, motion="any"),
    _Schedule("contrast_schedule", "contrast", 1, motion="any"),
    _Schedule("amount_schedule", "antiblur_amount", 0, motion="any"),
    _Schedule("kernel_schedule", "antiblur_kernel", 5, motion="any"),
    _Schedule("sigma_schedule", "antiblur_sigma", 1, motion="any"),
    _Schedule("threshold_schedule", "antiblur_threshold", 0, motion="any"),
    _Schedule("translation_x", "translation_x", 0, motion="any"),
    _Schedule("translation_y", "translation_y", 0, motion="any"),
    _Schedule("angle", "angle", 0, motion="2d"),
    _Schedule("zoom", "zoom", 1, motion="2d"),
    _Schedule("transform_center_x", "transform_center_x", 0.5, motion="2d"),
    _Schedule("transform_center_y", "transform_center_y", 0.5, motion="2d"),
    _Schedule("translation_z", "translation_z", 0, motion="3d"),
    _Schedule("rotation_3d_x", "rotation_3d_x", 0, motion="3d"),
    _Schedule("rotation_3d_y", "rotation_3d_y", 0, motion="3d"),
    _Schedule("rotation_3d_z", "rotation_3d_z", 0, motion="3d"),
    _Schedule("fov_schedule", "fov", 70, motion="3d"),
    _Schedule("aspect_ratio_schedule", "aspect_ratio", 1, motion="3d"),
    *(
        _Schedule(f"perspective_flip_{name}", f"perspective_flip_{name}", neutral, "enable_perspective_flip", "any")
        for name, neutral in (("theta", 0), ("phi", 0), ("gamma", 0), ("fv", 53))
    ),
)
_MODES = {"2d": "loopback", "3d": "loopback", "video input": "video", "interpolation": "txt2img", "none": "txt2img"}
_WORDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "border": ("border", {"replicate": "replicate", "wrap": "wrap"}),
    "color_coherence": (
        "color_coherence",
        {"none": "none", "lab": "lab", "hsv": "hsv", "rgb": "rgb", "video input": "video"},
    ),
    "noise_type": ("noise_type", {"perlin": "perlin", "uniform": "uniform"}),
    "seed_behavior": (
        "seed_behavior",
        {
            "iter": "iter",
            "fixed": "fixed",
            "ladder": "ladder",
            "alternate": "alternate",
            "random": "random",
            "schedule": "fixed",
        },
    ),
}
"""Settings with a few words: Deforum's key → ours, and its words → ours."""
_PADDING = {"border": "replicate", "reflection": "reflect", "zeros": "black"}
_SAMPLING = ("nearest", "bilinear", "bicubic")
_LEFT_OUT: Mapping[str, str] = {
    "use_parseq": "it was driven by Parseq: open Parseq's own document instead",
    "use_looper": "guided images",
    "use_mask": "the mask",
    "use_noise_mask": "the noise mask",
    "use_depth_warping": "depth: the scene is flat until --set depth=… names depth maps or the folder of a depth model",
    "enable_steps_scheduling": "the schedule of steps: all frames have the same",
    "enable_sampler_scheduling": "the schedule of samplers: all frames have the same",
    "enable_checkpoint_scheduling": "the schedule of checkpoints: all frames have the same",
    "hybrid_composite": "the hybrid video's composite",
    "hybrid_motion": "the hybrid video's motion",
    "optical_flow_cadence": "optical flow between diffused frames",
    "optical_flow_redo_generation": "optical-flow redo",
    "diffusion_redo": "diffusion redo",
    **{f"cn_{unit}_enabled": f"ControlNet unit {unit}" for unit in range(1, 6)},
}
"""What is not taken over, where it is switched on."""
_OFF = (None, False, 0, "0", "", "none", "false")


def read_settings(text: str, path: Path | None = None) -> tuple[Document, tuple[Diagnostic, ...]]:
    """A document of our own, and what it lacks of the settings. Raises DocumentError."""
    source = Source(text.removeprefix("\ufeff"), path)
    top = {key: member.value for key, member in top_members(source, {}).items()}
    if not is_deforum_settings(top):
        raise source.error(
            "these are no settings of Deforum's",
            0,
            kind="wrong-type",
            hint="its settings file is an object with max_frames, strength_schedule and so on",
        )
    return _Reader(source, top).document()


class _Reader:
    """Reads one settings file; collects what is not taken over."""

    def __init__(self, source: Source, top: Mapping[str, Any]) -> None:
        self.source, self.top = source, top
        self.notes: list[Diagnostic] = []
        self.mode = self._word("animation_mode") or "2d"
        self.last_frame = int(self._number("max_frames", 120, MAX_FRAME)) - 1

    def document(self) -> tuple[Document, tuple[Diagnostic, ...]]:
        managed, keyframes = self._columns()
        document = Document(
            keyframes,
            managed,
            managed,
            options=Options(self._number("fps", 15, 1000), cadence=int(self._number("diffusion_cadence", 1, 1000))),
            render=MappingProxyType(self._render()),
        )
        document = replace(document, prompts=self._prompts(document))
        for key, words in _LEFT_OUT.items():
            if self._is_on(key) and (key != "use_depth_warping" or self.mode == "3d"):
                self._note(words, key)
        return document, tuple(self.notes)

    # -- columns ---------------------------------------------------------------------------------------------------

    def _columns(self) -> tuple[tuple[str, ...], tuple[Keyframe, ...]]:
        """The managed fields, and the rows that give them their values."""
        rows = {frame: Keyframe(frame) for frame in (0, self.last_frame)}
        managed = []
        for entry in _SCHEDULES:
            cells = self._cells(entry)
            if not cells:
                continue
            managed.append(entry.field)
            for cell in cells:
                row = rows.get(cell.frame, Keyframe(cell.frame)).with_value(entry.field, cell.value)
                rows[cell.frame] = row if cell.formula is None else row.with_formula(entry.field, cell.formula)
        rows[0] = replace(rows[0], info=f"Deforum's {self.source.path.name}" if self.source.path else None)
        return tuple(managed), tuple(rows[frame] for frame in sorted(rows))

    def _cells(self, entry: _Schedule) -> list[Cell]:
        """The cells of a column; none where the schedule is missing, switched off, or changes nothing."""
        text = self.top.get(entry.key)
        switched = self._word("seed_behavior") == "schedule" if entry.field == "seed" else self._is_on(entry.switch)
        moves = not entry.motion or (self.mode in ("2d", "3d") and entry.motion in ("any", self.mode))
        if not isinstance(text, str) or not text.strip() or not moves or (entry.switch and not switched):
            return []
        try:
            cells = read_schedule(text, self.last_frame, seed=self._number("seed", -1, 1e18, -1), whole=entry.whole)
        except FormulaError as error:
            raise self._error(entry.key, error.message, error.hint) from error
        if entry.field == "strength" and self._begins_with_picture() and "strength" in self.top:
            cells = _begun_with(self._number("strength", 0.8, 1, 0), cells)
        still = all(cell.value == entry.neutral and cell.formula in (None, "L", "S") for cell in cells)
        return [] if still else cells

    # -- prompts ---------------------------------------------------------------------------------------------------

    def _prompts(self, document: Document) -> Prompts:
        raw: Any = self.top.get("prompts", self.top.get("animation_prompts", {}))
        if not isinstance(raw, dict):
            raise self._error("prompts", "this is no list of prompts", 'write "prompts": {"0": "a cat", "30": "a dog"}')
        starts = {self._prompt_frame(key): text for key, text in raw.items()}
        kept = {str(frame): text for frame, text in starts.items() if frame <= self.last_frame}
        entries = [self._with_formulas(entry) for entry in read_prompt_list(json.dumps(kept), document)]
        if self.mode == "interpolation":
            entries = _faded(entries)
        common = Prompt("Common", positive=self._common("positive"), negative=self._common("negative"))
        return Prompts(tuple(entries), self._with_formulas(common), "prepend")

    def _common(self, half: str) -> str:
        return str(self.top.get(f"animation_prompts_{half}") or self.top.get(f"{half}_prompts") or "")

    def _prompt_frame(self, key: str) -> int:
        try:
            return key_frame(key, self.last_frame, seed=self._number("seed", -1, 1e18, -1))
        except FormulaError as error:
            raise self._error("prompts", f"{shown(key)} is not the frame of a prompt", "write a number") from error

    def _with_formulas(self, prompt: Prompt) -> Prompt:
        """Deforum's formulas between backquotes become ${formulas}."""

        def formula(match: re.Match[str]) -> str:
            try:
                return "${" + translated(match[1], self._number("seed", -1, 1e18, -1)) + "}"
            except FormulaError as error:
                self._note(f"a formula in a prompt: {error.message}", "prompts")
                return match[0]

        positive, negative = (_BACKQUOTED.sub(formula, text) for text in (prompt.positive, prompt.negative))
        return replace(prompt, positive=positive, negative=negative)

    # -- render settings -------------------------------------------------------------------------------------------

    def _render(self) -> dict[str, Any]:
        render: dict[str, Any] = {"mode": _MODES.get(self.mode, "loopback"), "motion": "absolute"}
        if self.mode in ("2d", "3d"):
            render["space"] = self.mode
            render |= {"resampling": "bilinear"} if self.mode == "2d" else self._sampling_in_3d()
        for key, name in (("W", "width"), ("H", "height")):
            if key in self.top:
                render[name] = max(8, int(self._number(key, 512, 8192)) // 8 * 8)
        for key, (name, words) in _WORDS.items():
            if (word := self._word(key)) in words:
                render[name] = words[word]
            elif word:
                self._note(f"{key} {word!r}", key)
        if "steps" in self.top:
            render["steps"] = int(self._number("steps", 25, 1000))
        if isinstance(sampler := self.top.get("sampler"), str) and sampler:
            render["scheduler"] = sampler
        if "seed" in self.top and self._word("seed_behavior") != "schedule":
            render["seed"] = self._seed()
        if self._is_on("enable_perspective_flip"):
            render["perspective_flip"] = True
        return render | self._files()

    def _sampling_in_3d(self) -> dict[str, Any]:
        padding, sampling = self._word("padding_mode"), self._word("sampling_mode")
        found = {"border": _PADDING.get(padding, ""), "resampling": sampling if sampling in _SAMPLING else ""}
        return {name: word for name, word in found.items() if word}

    def _files(self) -> dict[str, Any]:
        """What it reads: a picture to begin with, a video to follow, a sound, a model."""
        files = {}
        if self.mode == "video input":
            files["input"] = self.top.get("video_init_path")
        elif self._begins_with_picture():
            files["input"] = self.top.get("init_image")
        if self._word("add_soundtrack") == "file":
            files["audio"] = self.top.get("soundtrack_path")
        if model := self.top.get("sd_model_name"):
            self._note(f"the model {str(model)[:80]!r}: render with --model and its folder or file", "sd_model_name")
        return {name: str(value) for name, value in files.items() if value}

    def _begins_with_picture(self) -> bool:
        return self.mode != "video input" and self._is_on("use_init")

    def _seed(self) -> int:
        seed = int(self._number("seed", -1, 1e18, -1))
        if seed == -1:
            self._note("the seed -1 (any): it begins with seed 0 here, so that renders repeat", "seed")
        return max(0, seed)

    # -- one setting -----------------------------------------------------------------------------------------------

    def _is_on(self, key: str) -> bool:
        value = self.top.get(key)
        return (value.strip().lower() if isinstance(value, str) else value) not in _OFF

    def _word(self, key: str) -> str:
        value = self.top.get(key)
        return value.strip().lower() if isinstance(value, str) else ""

    def _number(self, key: str, default: float, most: float, least: float = 1) -> float:
        value: object = self.top.get(key, default)
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            value = float(value)  # the notebook and some of its followers keep numbers as text
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self._error(key, f"{key} cannot be {shown(value)}", f"it is a number from {least:g} to {most:g}")
        return float(value)

    def _note(self, message: str, key: str) -> None:
        path = str(self.source.path or "")
        self.notes.append(Diagnostic("warning", f"not taken over: {message}", "", f"deforum-{key}", path))

    def _error(self, key: str, message: str, hint: str) -> DocumentError:
        place = max(0, self.source.text.find(f'"{key}"'))
        return self.source.error(f"{key}: {message}", place, pointer=f"/{key}", kind="wrong-type", hint=hint)


def _begun_with(strength: float, cells: Sequence[Cell]) -> list[Cell]:
    """The strength of a run that begins with a picture: its own at frame 0, the schedule's from frame 1 on."""
    first, *rest = cells
    if rest and rest[0].frame == 1:
        rest[0] = replace(rest[0], formula=rest[0].formula or first.formula)
        return [Cell(0, strength, "S"), *rest]
    value = first.value
    if rest and value is not None and rest[0].value is not None:  # on the straight line to the next key
        value += (rest[0].value - value) / rest[0].frame
    return [Cell(0, strength, "S"), Cell(1, value, first.formula), *rest]


def _faded(entries: Sequence[Prompt]) -> list[Prompt]:
    """Deforum's interpolation: each prompt fades in from the key before its own and out to the next."""
    keys = [entry.start for entry in entries]
    faded = []
    for place, entry in enumerate(entries):
        before = keys[place - 1] if place else entry.start
        after = keys[place + 1] if place + 1 < len(keys) else entry.end
        fade_out = after - entry.start if place + 1 < len(keys) else 0
        overlap = Overlap("linear", entry.start - before, fade_out, entry.overlap.formula)
        faded.append(replace(entry, start=before, end=after, overlap=overlap))
    return faded
