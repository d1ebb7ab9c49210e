"""What a frame is made from: its key, and which earlier frames it needs. Resume, "only what changed", cuts and parallel
segments all follow from here.

The key of a picture is a hash of everything that made it: its plan, the engine, the pipeline, the input's content, and
the keys of the pictures it was made from. Frame numbers are not in it: equal work has equal keys, wherever it stands.
A frame that starts from noise alone has no keys of others in its own: the chain is cut there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.plan import Edges, FramePlan, Tween

PIPELINE_VERSION = 1
"""Raise it when any stage of render/loop.py gives other pixels for the same plan."""

Recipe = Mapping[str, Any]
"""Everything that made a picture, as JSON values."""


@dataclass(frozen=True, slots=True)
class FrameKeys:
    """Keys and recipes of a row of plans."""

    pictures: Mapping[int, str]
    """Frame → key of its diffused picture; frames between diffused ones have none."""
    frames: Mapping[int, str]
    """Frame → key of what is shown there (with cadence 1 the picture itself)."""
    recipes: Mapping[str, Recipe]
    """Key → what made it."""


def reads(plan: FramePlan) -> tuple[int, ...]:
    """The earlier frames whose diffused pictures this frame's diffused picture is made from, newest first."""
    frames = set(plan.history)
    if plan.source.kind == "previous":
        frames.add(plan.source.index)
    if plan.colors is not None:
        frames.update(plan.colors.frames)
    return tuple(sorted(frames, reverse=True))


def shows(plan: FramePlan) -> tuple[int, ...]:
    """The frames whose diffused pictures are seen at this frame."""
    if plan.tween is None:
        return (plan.frame,)
    return (plan.tween.newer,) if plan.tween.older is None else (plan.tween.newer, plan.tween.older)


def is_cut(plan: FramePlan) -> bool:
    """Whether the chain is cut here: a diffused picture that is made from no earlier one."""
    return plan.request is not None and not reads(plan)


def key_frames(
    plans: Iterable[FramePlan],
    fingerprint: str,
    input_content: Callable[[int], str],
    depth_content: Callable[[int], str] = str,
    request_content: Callable[[DiffusionRequest], str] = lambda _: "",
) -> FrameKeys:
    """Keys for plans that start at a document's first frame, in frame order.

    `fingerprint` is the engine's; `input_content(index)` identifies a picture of the input, `depth_content(index)` a
    depth map, `request_content(request)` the files a request names beside the model.
    """
    pictures: dict[int, str] = {}
    frames: dict[int, str] = {}
    recipes: dict[str, Recipe] = {}
    for plan in plans:
        if plan.request is not None:
            recipe = _picture_recipe(plan, fingerprint, input_content, depth_content, pictures)
            if extras := request_content(plan.request):
                recipe["networks"] = extras
            pictures[plan.frame] = _key(recipe)
            recipes[pictures[plan.frame]] = recipe
        if plan.tween is None:
            frames[plan.frame] = pictures[plan.frame]
        else:
            recipe = _tween_recipe(plan.tween, plan.edges, depth_content, pictures)
            frames[plan.frame] = _key(recipe)
            recipes[frames[plan.frame]] = recipe
    return FrameKeys(pictures, frames, recipes)


def needed(
    plans: Mapping[int, FramePlan], keys: FrameKeys, wanted: Iterable[int], cached: Callable[[str], bool]
) -> list[int]:
    """Frames whose diffused picture must be made so that every wanted frame can be shown, in frame order.

    Of frames that share a key only the first.
    """
    asked = [picture for frame in wanted if not cached(keys.frames[frame]) for picture in shows(plans[frame])]
    missing: set[int] = set()
    seen: set[int] = set()
    while asked:
        frame = asked.pop()
        if frame in seen:
            continue
        seen.add(frame)
        if not cached(keys.pictures[frame]):
            missing.add(frame)
            asked += reads(plans[frame])
    first_with_key = {keys.pictures[frame]: frame for frame in sorted(missing, reverse=True)}
    return sorted(first_with_key.values())


def segments(plans: Sequence[FramePlan]) -> list[tuple[int, int]]:
    """Half-open ranges of frames, split at cuts that nothing later reaches behind: they can be made side by side."""
    if not plans:
        return []
    reach = end = plans[-1].frame + 1
    starts = {plans[0].frame}
    for plan in reversed(plans):
        reach = min(reach, plan.frame, *reads(plan), *shows(plan))
        if reach == plan.frame:
            starts.add(plan.frame)
    return list(pairwise([*sorted(starts), end]))


def changes(old: Recipe, new: Recipe) -> dict[str, tuple[Any, Any]]:
    """Which parts of two recipes differ, in words of the plan ("zoom", "positive", …): what it was, what it is.

    None stands for what is not there. Keys of other pictures do not count: that those changed is not this frame's
    doing; those of an input and of depth maps do.
    """
    flat_old, flat_new = _flat(old), _flat(new)
    pairs = {name: (flat_old.get(name), flat_new.get(name)) for name in {**flat_new, **flat_old}}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _flat(recipe: Recipe) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(recipe))  # a recipe out of a file has lists where ours has tuples
    source = plain.pop("source", None) or {}
    plain["source"] = source.get("kind")
    if source.get("kind") == "input":
        plain["input"] = source["of"]
    for part in ("request", "tween"):
        plain.update(plain.pop(part, None) or {})
    for name in ("history", "newer", "older"):
        plain.pop(name, None)
    if plain.get("colors"):
        plain["colors"].pop("frames")
    return dict(_leaves(plain))


def _leaves(part: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and text of nested parts, by its own name; those of several motions are told apart."""
    for name, value in part.items():
        if isinstance(value, dict):
            yield from _leaves(value, name if name in ("noise", "antiblur", "colors", "flip") else inside)
        elif isinstance(value, list):
            for number, entry in enumerate(value):
                where = f"{name} {number + 1}" if len(value) > 1 else inside
                yield from _leaves(entry, where) if isinstance(entry, dict) else [(name, entry)]
        else:
            yield f"{inside} {name}".strip(), value


def _picture_recipe(
    plan: FramePlan,
    fingerprint: str,
    input_content: Callable[[int], str],
    depth_content: Callable[[int], str],
    pictures: Mapping[int, str],
) -> dict[str, Any]:
    recipe = asdict(replace(plan, tween=None, edges=plan.edges if plan.motions or _moved(plan) else None))
    del recipe["frame"], recipe["tween"]
    del recipe["source"]["index"]
    if plan.source.fit == "stretch":
        del recipe["source"]["fit"]
    if not (plan.alone and is_cut(plan)):
        del recipe["alone"]  # a frame that reads others is made alone anyhow
    if not plan.grayscale:
        del recipe["grayscale"]  # what has no effect is not in a key
    recipe["motions"] = _with_depths(recipe["motions"], depth_content)
    if plan.source.kind == "previous":
        recipe["source"]["of"] = pictures[plan.source.index]
    if plan.source.kind == "input":
        recipe["source"]["of"] = input_content(plan.source.index)
    recipe["history"] = [pictures[frame] for frame in plan.history]
    if plan.colors is not None:
        recipe["colors"]["frames"] = [pictures[frame] for frame in plan.colors.frames]
        recipe["colors"]["motions"] = _with_depths(recipe["colors"]["motions"], depth_content)
        if plan.colors.input_index is not None:
            recipe["colors"]["input_index"] = input_content(plan.colors.input_index)
    # the kinds of motion have different fields, so asdict tells them apart
    return {**recipe, "engine": fingerprint, "pipeline": PIPELINE_VERSION}


def _moved(plan: FramePlan) -> bool:
    return plan.colors is not None and bool(plan.colors.motions)


def _with_depths(motions: Sequence[dict[str, Any]], content: Callable[[int], str]) -> list[dict[str, Any]]:
    """Motions of a recipe that name what their depth maps show instead of where they stand; flat ones name none."""
    return [
        {name: content(value) if name == "depth" else value for name, value in motion.items()}
        if motion.get("depth") is not None
        else {name: value for name, value in motion.items() if name != "depth"}
        for motion in motions
    ]


def _tween_recipe(
    tween: Tween, edges: Edges | None, depth_content: Callable[[int], str], pictures: Mapping[int, str]
) -> dict[str, Any]:
    recipe = asdict(tween)
    for name in ("newer_motions", "older_motions"):
        recipe[name] = _with_depths(recipe[name], depth_content)
    if all(motion.get("depth") is None for motion in recipe["older_motions"]):
        del recipe["alone"]  # what has no effect is not in a key
    recipe["newer"] = pictures[tween.newer]
    recipe["older"] = None if tween.older is None else pictures[tween.older]
    moved = edges is not None and (tween.newer_motions or tween.older_motions)
    return {"tween": recipe, "edges": asdict(edges) if edges and moved else None, "pipeline": PIPELINE_VERSION}


def _key(recipe: Recipe) -> str:
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
