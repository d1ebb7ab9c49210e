"""How a frame is made: the stages, in order, one call each (PIPELINE A2 and B3).

    source → resize → blend history → move → match colours → grey → contrast, anti-blur → add noise → diffuse
    → match colours → grey

The state between frames is the 8-bit RGB picture and nothing else, so a render that goes on from stored pictures is
bit for bit the one that was never interrupted. A stage that a plan leaves out returns its picture untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Protocol

import numpy as np

from parseq_tui.render import color, history, warp
from parseq_tui.render.dependencies import is_cut
from parseq_tui.render.engines.base import Engine, Image
from parseq_tui.render.motion import Flip, Motion, Planar, Spatial
from parseq_tui.render.noise import add_noise
from parseq_tui.render.plan import ColorMatch, Edges, FramePlan
from parseq_tui.video.images import fit, shaped


class Pictures(Protocol):
    """Diffused pictures by frame number."""

    def __getitem__(self, frame: int, /) -> Image: ...

    def __setitem__(self, frame: int, image: Image, /) -> None: ...


class Inputs(Protocol):
    """The pictures a render starts from."""

    def picture(self, index: int) -> Image:
        """The input's picture at this position, in its own size."""


class Depths(Protocol):
    """How far things are, for motion in space."""

    def distance(self, index: int, image: Image) -> warp.Depth:
        """Distance per pixel, float64 (height, width), of a picture that moves at this position of the timeline."""


def diffuse_frames(
    plans: Iterable[FramePlan], engine: Engine, inputs: Inputs, pictures: Pictures, depths: Depths | None = None
) -> Iterator[int]:
    """Make the diffused picture of each plan, put it into `pictures`, and yield its frame number.

    The plans are in frame order, and the pictures they read are in `pictures` or made before them. `depths` are needed
    only by plans whose motions name a depth map. Frames that are made from no other are diffused several at once where
    the engine gains by it; all of them are in `pictures` before the first is yielded.

    Takes are made one after the other. Frames of a loopback could go beside those of other takes, but a batch of four
    gives other last bits than a frame alone, and a frame must not show its company: each would always cost four, also
    where one take is made again. Frames that are made from no other fill their batches within one take.
    """
    for group in _side_by_side((plan for plan in plans if plan.request is not None), engine):
        made = [_prepared(plan, inputs, pictures, depths) for plan in group]
        for plan, image in zip(group, _diffused(group, made, engine), strict=True):
            pictures[plan.frame] = _finished(plan, image, inputs, pictures, depths)
        yield from (plan.frame for plan in group)


def _side_by_side(plans: Iterable[FramePlan], engine: Engine) -> Iterator[list[FramePlan]]:
    """The plans, in order: those that are made from no frame in groups as large as the engine likes."""
    group: list[FramePlan] = []
    for plan in plans:
        if group and not (_sociable(plan) and _sociable(group[0]) and len(group) < _together(plan, engine)):
            yield group
            group = []
        group.append(plan)
    if group:
        yield group


def _sociable(plan: FramePlan) -> bool:
    """Whether a frame may be made with others: cuts of a loopback stand alone, and a batch of one is dear."""
    return is_cut(plan) and not plan.alone


def _together(plan: FramePlan, engine: Engine) -> int:
    return 1 if plan.request is None else engine.together(plan.request.width, plan.request.height)


def _diffused(group: Sequence[FramePlan], images: Sequence[Image | None], engine: Engine) -> list[Image]:
    asked = [(plan.request, image) for plan, image in zip(group, images, strict=True) if plan.request is not None]
    # which way follows from the plan alone: how many frames happen to be missing must not show in a picture
    if _sociable(group[0]):
        return engine.generate_many(asked)
    return [engine.generate(request, image) for request, image in asked]


def _prepared(plan: FramePlan, inputs: Inputs, pictures: Pictures, depths: Depths | None) -> Image | None:
    """The picture that goes into diffusion; None for noise alone."""
    image = source(plan, inputs, pictures)
    if image is None or plan.request is None:
        return None
    scale = fit if plan.source.smooth else warp.resize
    size = plan.request.width, plan.request.height
    image = scale(shaped(image, *size, plan.source.fit), *size)
    image = history.blend(image, [pictures[frame] for frame in plan.history], plan.decay)
    image = move(image, plan.motions, plan.edges, depths)
    if plan.colors and plan.colors.before:
        image = match_colors(image, plan.colors, plan.edges, inputs, pictures, depths)
    if plan.grayscale:
        image = color.gray(image)
    image = color.contrast(image, plan.contrast)
    if plan.antiblur:
        sharp = plan.antiblur
        image = color.antiblur(image, sharp.kernel, sharp.sigma, sharp.amount, sharp.threshold)
    if plan.noise:
        image = add_noise(image, plan.noise.amount, plan.noise.seed, plan.noise.kind)
    return image


def _finished(plan: FramePlan, image: Image, inputs: Inputs, pictures: Pictures, depths: Depths | None) -> Image:
    """What comes out of diffusion, in the colours it is wanted in."""
    if plan.colors and plan.colors.after:
        image = match_colors(image, plan.colors, plan.edges, inputs, pictures, depths)
    return color.gray(image) if plan.grayscale else image


def source(plan: FramePlan, inputs: Inputs, pictures: Pictures) -> Image | None:
    """The picture a frame starts from; None for noise alone."""
    if plan.source.kind == "noise":
        return None
    return inputs.picture(plan.source.index) if plan.source.kind == "input" else pictures[plan.source.index]


def move(image: Image, motions: Iterable[Motion], edges: Edges | None, depths: Depths | None = None) -> Image:
    """The picture after these motions, one after the other."""
    for motion in motions:
        assert edges is not None  # a plan with motion says how it is carried out
        image = _moved(image, motion, edges, depths)
    return image


def match_colors(
    image: Image,
    colors: ColorMatch,
    edges: Edges | None,
    inputs: Inputs,
    pictures: Pictures,
    depths: Depths | None = None,
) -> Image:
    """The picture in the colours of its targets."""
    targets = [pictures[frame] for frame in colors.frames]
    if colors.input_index is not None:
        targets.append(warp.resize(inputs.picture(colors.input_index), image.shape[1], image.shape[0]))
    if colors.space == "mean_lab":
        return color.mean_lab_match(image, targets)
    return color.match(image, move(targets[0], colors.motions, edges, depths), colors.space)


class Tweens:
    """What is seen at each frame: with a cadence, the two newest diffused pictures, moved along and mixed (B6).

    Both are moved by the depth that is seen in the newer one.
    """

    def __init__(self, pictures: Pictures, depths: Depths | None = None) -> None:
        self._pictures, self._depths = pictures, depths
        self._moved: dict[int, tuple[tuple[Motion, ...], list[Image]]] = {}
        """Diffused frame → its motions so far, and its picture before the first, between them and after the last."""

    def shown(self, plan: FramePlan) -> Image:
        """The picture to show at this plan's frame."""
        tween = plan.tween
        if tween is None:
            return self._pictures[plan.frame]
        self._moved = {frame: moved for frame, moved in self._moved.items() if frame in (tween.newer, tween.older)}
        newer = self._travelled(tween.newer, tween.newer_motions, plan.edges)
        if tween.older is None:
            return newer[-1]
        still_there = len(tween.older_motions) - len(tween.newer_motions) - tween.alone
        eyes = [newer[0]] * still_there + newer[:-1]
        older = self._travelled(tween.older, tween.older_motions, plan.edges, eyes)
        mixed = older[-1] * (1 - tween.weight) + newer[-1] * tween.weight
        return np.asarray(np.rint(mixed), np.uint8)

    def _travelled(
        self, frame: int, motions: tuple[Motion, ...], edges: Edges | None, eyes: Sequence[Image] = ()
    ) -> list[Image]:
        """A diffused picture and what each motion makes of it; goes on from where it stood at the frame before.

        `eyes`: for the last so many motions, the pictures whose depth counts.
        """
        done, states = self._moved.get(frame, ((), [self._pictures[frame]]))
        if motions[: len(done)] != done:
            done, states = (), [self._pictures[frame]]
        for number in range(len(done), len(motions)):
            seen = number - (len(motions) - len(eyes))
            assert edges is not None  # a plan with motion says how it is carried out
            eye = eyes[seen] if seen >= 0 else None
            states = [*states, _moved(states[-1], motions[number], edges, self._depths, eye)]
        self._moved[frame] = (motions, states)
        return states


def _moved(image: Image, motion: Motion, edges: Edges, depths: Depths | None, seen: Image | None = None) -> Image:
    """`seen`: the picture whose depth counts, if it is not `image` itself."""
    height, width = image.shape[:2]
    border, resampling = edges.border, edges.resampling
    if isinstance(motion, Planar):
        numbers = asdict(motion)
        del numbers["flip"]
        matrix = _flip(width, height, motion.flip) @ warp.motion_2d(width, height, **numbers)
        return warp.warp(image, matrix, border=border, resampling=resampling)
    if isinstance(motion, Spatial):
        numbers = asdict(motion)
        del numbers["flip"], numbers["depth"]
        # a warp of its own, which Deforum does bilinearly whatever the motion in space is sampled with (PIPELINE B4)
        flipped = warp.warp(image, _flip(width, height, motion.flip), border=border, resampling="bilinear")
        depth = None
        if motion.depth is not None:
            assert depths is not None  # a plan names depth maps only where a render has them
            depth = depths.distance(motion.depth, image if seen is None else seen)
        return warp.warp_3d(flipped, **numbers, border=border, resampling=resampling, depth=depth)
    matrix = warp.camera_2022(width, height, **asdict(motion))
    return warp.warp(image, matrix, border=border, resampling=resampling)


def _flip(width: int, height: int, flip: Flip | None) -> warp.Matrix:
    if flip is None:
        return np.eye(3)
    return warp.perspective_flip(width, height, theta=flip.theta, phi=flip.phi, gamma=flip.gamma, fv=flip.fv)
