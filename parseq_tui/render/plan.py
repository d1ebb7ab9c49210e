"""What is done to make each frame, as numbers: a FrameTable and settings become one FramePlan per frame. No pixels.

The invariant that frame keys rest on: a plan holds only what has an effect. A stage that would change nothing is absent
(None or empty), and a frame that starts from noise alone carries no motion, history or colours of an input it ignores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from parseq_tui.errors import RenderError, counted
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.motion import DEEP_FIELDS, FLAT_FIELDS, Motion, MotionReader, Values, moves
from parseq_tui.render.seeds import Seeds
from parseq_tui.timeline.document import Dialect, Options
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.render_settings import RenderSettings

ColorSpace = Literal["lab", "hsv", "rgb", "mean_lab"]
_SPACES: Mapping[str, ColorSpace] = {"lab": "lab", "hsv": "hsv", "rgb": "rgb"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a frame starts: from noise alone, from a picture of the input, or from an earlier frame of ours."""

    kind: Literal["noise", "input", "previous"]
    index: int = 0
    """`input`: the how-manieth picture, at the input's rate. `previous`: the frame number."""
    smooth: bool = False
    """`input`: shrink without aliasing. The 2022 script did not (PIPELINE A2), Deforum does (B5)."""
    fit: str = "stretch"
    """`input`: how a picture of another shape fills the frame (`video.images.shaped`)."""


@dataclass(frozen=True, slots=True)
class ColorMatch:
    """Give the frame the colours of other pictures: of earlier frames, of the input, or of both."""

    space: ColorSpace
    """`mean_lab`: the 2022 script's histogram of the mean of all targets."""
    frames: tuple[int, ...] = ()
    """Earlier frames that are targets."""
    input_index: int | None = None
    """A picture of the input that is a target."""
    motions: tuple[Motion, ...] = ()
    """Moves the target first."""
    before: bool = True
    """Match what goes into diffusion."""
    after: bool = False
    """Match what comes out of it."""


@dataclass(frozen=True, slots=True)
class Edges:
    """How motion is carried out: what fills the edges it uncovers, and how moved pixels are computed."""

    border: str
    resampling: str


@dataclass(frozen=True, slots=True)
class Antiblur:
    kernel: int
    sigma: float
    amount: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Noise:
    amount: float
    seed: int
    kind: str


@dataclass(frozen=True, slots=True)
class Tween:
    """With a cadence above 1: what is shown at this frame is a mix of the two newest diffused pictures, moved along."""

    newer: int
    """Frame of the newest diffused picture."""
    newer_motions: tuple[Motion, ...]
    older: int | None
    older_motions: tuple[Motion, ...]
    weight: float
    """Share of the newer one, above 0 to 1."""
    alone: int = 0
    """How many of the older one's motions come before the newer one is there; the rest go by the newer one's depth."""


@dataclass(frozen=True, slots=True)
class FramePlan:
    """Everything that makes one frame, in the order it is done (render/loop.py)."""

    frame: int
    request: DiffusionRequest | None
    """None between diffused frames (cadence above 1)."""
    source: Source = Source("noise")
    history: tuple[int, ...] = ()
    """Earlier frames blended into the source, newest first."""
    decay: float = 0.0
    motions: tuple[Motion, ...] = ()
    """Applied one after the other."""
    edges: Edges | None = None
    """How motion is carried out; None where nothing moves."""
    colors: ColorMatch | None = None
    grayscale: bool = False
    """Grey goes into diffusion, and grey comes out."""
    contrast: float = 1.0
    antiblur: Antiblur | None = None
    noise: Noise | None = None
    alone: bool = False
    """It stands in a loopback, where the frames around it wait for one another: no batch is worth while."""
    tween: Tween | None = None
    """None: the diffused picture itself is the frame."""


def plan_frames(
    table: FrameTable,
    settings: RenderSettings,
    options: Options,
    dialect: Dialect,
    frames: tuple[int, int] | None = None,
    *,
    input_frames: int | None = None,
) -> list[FramePlan]:
    """The plans of frames `frames[0] … frames[1] − 1` (absolute numbers; all by default).

    `input_frames`: how many pictures the input offers at `input_rate`; None if it never ends. Raises RenderError for a
    field that is not a number where it is needed, and for an empty range.
    """
    planner = _Planner(table, settings, options, dialect, input_frames)
    first, last = _range(table, frames, planner.frame_count)
    return [planner.plan(frame - table.first_frame) for frame in range(first, last)]


def input_rate(table: FrameTable, options: Options, dialect: Dialect) -> Fraction | None:
    """Pictures per second at which a video input is read; None: its own rate (one of its frames per frame of ours)."""
    if dialect != "2022":
        return rational_rate(table.fps)
    return rational_rate(options.input_fps) if options.input_fps else None


def rational_rate(fps: float) -> Fraction:
    """A rate as the ratio it stands for: 23.976 and 29.97 are 24000/1001 and 30000/1001.

    >>> rational_rate(29.97), rational_rate(12.5)
    (Fraction(30000, 1001), Fraction(25, 2))
    """
    if not (math.isfinite(fps) and 0 < fps <= 1000):
        raise RenderError(f"{fps} frames per second cannot be rendered", hint="fps lies between 0 and 1000")
    for base in (24, 30, 48, 60, 120):
        if abs(fps - base * 1000 / 1001) < 0.002:
            return Fraction(base * 1000, 1001)
    return Fraction(fps).limit_denominator(1001)


def plan_warnings(
    table: FrameTable, settings: RenderSettings, dialect: Dialect, input_frames: int | None = None
) -> list[Diagnostic]:
    """What will be ignored although the document animates it, and an input that ends before the timeline does."""
    chosen = settings.origins.get("end", "default") != "default" or settings.end != "stop"
    if settings.mode == "video" and not chosen and input_frames is not None and input_frames < table.frame_count:
        message = f"the input ends after {input_frames} of {counted(table.frame_count, 'frame')}, and so does the video"
        hint = 'set render.end to "hold" or "loop" to go on, or to "stop" if that is meant'
        return [Diagnostic("warning", message, hint, "short-input"), *_ignored(table, settings, dialect)]
    return _ignored(table, settings, dialect)


def _ignored(table: FrameTable, settings: RenderSettings, dialect: Dialect) -> list[Diagnostic]:
    reader = MotionReader(Values(table), settings, dialect)
    if settings.mode == "txt2img" and settings.input is not None and settings.color_coherence != "video":
        hint = "choose --mode loopback to begin with it, or --mode video to follow it"
        return [Diagnostic("warning", "the input is not used: txt2img begins with noise", hint, "ignored-setting")]
    if dialect == "2022" or settings.mode == "txt2img":
        return []
    warnings: list[Diagnostic] = []
    if settings.depth is not None and reader.space != "3d":
        hint = 'set render.space to "3d" (--set space=3d), or leave render.depth out'
        warnings.append(Diagnostic("warning", "depth maps have no effect in 2d", hint, "ignored-setting"))
    if (frame := reader.vanishing()) is not None:
        message = f"zoom is 0 at frame {frame}: one flat colour is left of the picture"
        warnings.append(Diagnostic("warning", message, "1 leaves the size as it is", "zoom-zero", field="zoom"))
    ignored = FLAT_FIELDS if reader.space == "3d" else DEEP_FIELDS
    names = [name for name in ignored if moves(table, (name,), reader.by_steps)]
    other = "2d" if reader.space == "3d" else "3d"
    hint = f'to use them instead, set render.space to "{other}" (--set space={other})'
    return warnings + [
        Diagnostic("warning", f"{name} does not move a picture in {reader.space}", hint, "ignored-field", field=name)
        for name in names
    ]


def _range(table: FrameTable, frames: tuple[int, int] | None, count: int) -> tuple[int, int]:
    first, last = table.first_frame, table.first_frame + count
    if frames is None:
        if count == 0:
            raise RenderError("the input has no pictures, so there is nothing to render")
        return first, last
    chosen = max(first, frames[0]), min(last, frames[1])
    if chosen[0] >= chosen[1]:
        raise RenderError(
            f"there are no frames in {frames[0]}:{frames[1]}", hint=f"the document has frames {first}:{last}"
        )
    return chosen


class _Planner:
    """Plans frame by frame; `index` counts from 0 at the table's first frame."""

    def __init__(
        self,
        table: FrameTable,
        settings: RenderSettings,
        options: Options,
        dialect: Dialect,
        input_frames: int | None,
    ) -> None:
        self.table, self.settings, self.options, self.dialect = table, settings, options, dialect
        self.values = Values(table)
        self.motion = MotionReader(self.values, settings, dialect)
        self.input_frames = input_frames
        self.has_input = settings.input is not None
        if settings.mode == "video" and not self.has_input:
            raise RenderError("mode video needs an input", hint='name it with render.input, or "--input FILE"')
        # only a frame that is made from the one before it can be left out (PIPELINE B6)
        self.cadence = max(1, table.cadence) if settings.mode == "loopback" and dialect != "2022" else 1
        self.seeds = Seeds(self.values, settings, self.cadence)
        # the 2022 script always resampled with Lanczos (PIPELINE A5)
        lanczos = dialect == "2022" and settings.origins.get("resampling", "default") == "default"
        self.edges = Edges(settings.border, "lanczos" if lanczos else settings.resampling)
        ends = settings.mode == "video" and settings.end == "stop" and input_frames is not None
        self.frame_count = min(table.frame_count, input_frames or 0) if ends else table.frame_count

    def plan(self, index: int) -> FramePlan:
        plan = FramePlan(self._frame(index), None, tween=self._tween(index))
        if index % self.cadence == 0:
            plan = self._diffused(plan, index)
        tween = plan.tween
        shown = (*tween.newer_motions, *tween.older_motions) if tween else ()
        matched = plan.colors.motions if plan.colors else ()
        return replace(plan, edges=self.edges) if plan.motions or shown or matched else plan

    def _diffused(self, blank: FramePlan, index: int) -> FramePlan:
        denoising = self._denoising(index)
        source = self._source(index, denoising)
        plan = replace(
            blank,
            request=self._request(index, source, denoising),
            source=source,
            colors=self._colors(index, source),
            grayscale=self.settings.grayscale,
            alone=self.settings.mode == "loopback",
        )
        if source.kind == "noise":
            return plan
        history, decay = self._history(index, source)
        plan = replace(plan, history=history, decay=decay)
        if source.kind == "input" and self.settings.mode == "loopback" and self.dialect != "2022":
            return plan  # the first picture of a loopback is taken as it is (PIPELINE B3)
        return replace(
            plan,
            motions=self._travel(index - self.cadence, index),
            contrast=self.values.at("contrast", index, 1.0),
            antiblur=self._antiblur(index),
            noise=self._noise(index),
        )

    def _frame(self, index: int) -> int:
        return self.table.first_frame + index

    def _source(self, index: int, denoising: float) -> Source:
        if self.settings.mode == "txt2img" or denoising >= 1:
            return Source("noise")
        if self.settings.mode == "loopback" and index:
            return Source("previous", self._frame(index - self.cadence))
        if not self.has_input:
            return Source("noise")
        position = self._input_index(index) if self.settings.mode == "video" else 0
        return Source("input", position, smooth=self.dialect != "2022", fit=self.settings.fit)

    def _input_index(self, index: int) -> int:
        if self.input_frames is None or index < self.input_frames:
            return index
        return index % self.input_frames if self.settings.end == "loop" else self.input_frames - 1

    def _denoising(self, index: int) -> float:
        for name in ("denoising_strength", "denoise"):
            if name in self.values:
                lowest = 0.01 if self.dialect == "2022" else 0.0
                return min(max(self.values.at(name, index, 0.0), lowest), 1.0)
        if "strength" in self.values:
            return 1.0 - min(max(self.values.at("strength", index, 0.0), 0.0), 1.0)
        return self.settings.denoising_strength

    def _request(self, index: int, source: Source, denoising: float) -> DiffusionRequest:
        positive, negative = self.table.prompt_texts(index)
        scale = self.values.at("scale", index, self.settings.cfg_scale)
        from_noise = source.kind == "noise"
        seed, subseed, subseed_strength = self.seeds.at(index)
        return DiffusionRequest(
            width=self.settings.width,
            height=self.settings.height,
            positive=positive,
            negative=negative,
            seed=seed,
            subseed=subseed,
            subseed_strength=subseed_strength,
            cfg_scale=min(max(scale, -100.0), 100.0) if self.dialect == "2022" else scale,
            denoising_strength=1.0 if from_noise else denoising,
            steps=self.settings.steps,
            scheduler=self.settings.scheduler,
            noise_multiplier=1.0 if from_noise else self.values.at("noise_multiplier", index, 1.0),
            clip_skip=max(1, int(self.values.at("clipskip", index, 1.0))),
        )

    def _history(self, index: int, source: Source) -> tuple[tuple[int, ...], float]:
        """Earlier frames to blend in. `loopback_frames` counts from the frame before this one (PIPELINE A9.2).

        In a loopback that one is the source already. A fraction of a frame counts as none.
        """
        decay = min(max(self.values.at("loopback_decay", index, 0.0), 0.0), 1.0)
        count = math.floor(self.values.at("loopback_frames", index, 0.0))
        if decay == 0 or count < 1:
            return (), 0.0
        step = self.cadence
        newest = index - step if source.kind == "input" else index - 2 * step
        oldest = max(0, index - count * step)
        history = tuple(self._frame(earlier) for earlier in range(newest, oldest - 1, -step))
        return history, decay if history else 0.0

    def _travel(self, after: int, until: int) -> tuple[Motion, ...]:
        """The motions of the frames after one index up to another."""
        return tuple(motion for index in range(max(0, after + 1), until + 1) for motion in self.motion.at(index))

    def _colors(self, index: int, source: Source) -> ColorMatch | None:
        space = self.settings.color_coherence
        if space == "none":
            return None if source.kind == "noise" else self._color_window(index)
        looped = source.kind == "previous"
        if space == "video":
            if not self.has_input:
                hint = 'set render.input, or another "color_coherence"'
                raise RenderError("colour coherence with the input needs an input", hint=hint)
            position = self._input_index(index) if self.settings.mode == "video" else 0
            return ColorMatch("lab", input_index=position, before=looped, after=True)
        if index == 0:
            return None
        motions: tuple[Motion, ...] = ()
        if self.settings.mode == "loopback" and self.has_input and self.dialect != "2022":
            # Deforum keeps the colours of the first frame as it is moved for the second (PIPELINE B7)
            motions = self._travel(0, self.cadence)
            looped = looped and index > self.cadence
        return ColorMatch(_SPACES[space], (self.table.first_frame,), motions=motions, before=looped, after=True)

    def _color_window(self, index: int) -> ColorMatch | None:
        """The 2022 script's window of earlier outputs (PIPELINE A6), and the first input."""
        width = self.options.color_window_width
        end = min(round(index * self.options.color_window_slide_rate), index)
        start = 0 if width == -1 else max(0, round(index * self.options.color_window_slide_rate) - width)
        frames = tuple(self._frame(earlier) for earlier in range(start, end)) if end > 0 else ()
        with_input = self.options.color_use_input and self.has_input
        if not frames and not with_input:
            return None
        return ColorMatch("mean_lab", frames, input_index=0 if with_input else None)

    def _antiblur(self, index: int) -> Antiblur | None:
        amount = self.values.at("antiblur_amount", index, 0.0)
        if amount <= 0:
            return None
        return Antiblur(
            kernel=int(self.values.at("antiblur_kernel", index, 5.0)),
            sigma=self.values.at("antiblur_sigma", index, 1.0),
            amount=amount,
            threshold=self.values.at("antiblur_threshold", index, 0.0),
        )

    def _noise(self, index: int) -> Noise | None:
        amount = self.values.at("noise", index, 0.0)
        if amount == 0 or self.settings.noise_type == "none":
            return None
        return Noise(amount, self.seeds.noise(index), self.settings.noise_type)

    def _tween(self, index: int) -> Tween | None:
        if self.cadence == 1:
            return None
        newer = index - index % self.cadence
        older = newer - self.cadence
        weight = (index - newer + 1) / self.cadence
        if older < 0 or weight >= 1:
            return Tween(self._frame(newer), self._travel(newer, index), None, (), 1.0)
        alone = len(self._travel(older, newer - 1))
        shown = self._frame(newer), self._travel(newer, index), self._frame(older), self._travel(older, index)
        return Tween(*shown, weight, alone)
