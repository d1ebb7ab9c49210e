"""What a render would do, and why, before it does it: which frames are in the cache, which would be made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.render.cache import FrameCache
from parseq_tui.render.client import RenderClient
from parseq_tui.render.dependencies import changes, is_cut, needed, reads, shows
from parseq_tui.render.preparation import Prepared, prepare
from parseq_tui.render.take import Job, Take

_WORDS = {
    "positive": "prompt",
    "negative": "negative prompt",
    "denoising_strength": "denoising strength",
    "cfg_scale": "CFG scale",
    "engine": "the engine, its model or its version",
    "pipeline": "how this program makes frames",
    "input": "the input's picture",
    "networks": "LoRA files and embeddings",
}
_TAKES = 20
"""How many takes back a frame is looked for to compare it with."""
_LONGEST = 36
"""Letters of a text that are shown."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would happen to a run of frames."""

    first: int
    last: int
    """Inclusive."""
    render: bool
    """False: all of it is in the cache."""
    why: str
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """What differs at the first of them from the render before: name → what it was, what it is."""

    def __str__(self) -> str:
        frames = f"frame {self.first}" if self.first == self.last else f"frames {self.first} to {self.last}"
        return f"{frames}: {'render' if self.render else 'reuse'} ({self.why}{self._values()})"

    def _values(self) -> str:
        told = change_words(self.changes)
        if not told:
            return ""
        return f"; at frame {self.first}: {told}" if self.last > self.first else f": {told}"


def explain(
    path: Path,
    text: str,
    *,
    options: Mapping[str, Any] | None = None,
    frames: tuple[int, int] | None = None,
    warn: Callable[[Diagnostic], None] = lambda _: None,
) -> list[Outlook]:
    """One entry per run of frames that share an answer. Raises ParseqError if the document cannot be rendered.

    Compares each frame with the newest take that has it, so that an entry can name what changed since. `warn` is told
    what will be ignored, or is unlikely to be meant.
    """
    client = RenderClient(path)
    job = Job(text, path.name, str(client.document_path.parent), dict(options or {}), frames)
    prepared = prepare(job)
    with closing(prepared):
        for warning in prepared.warnings:
            warn(warning)
        return outlook(prepared, FrameCache(client.folder / "cache"), earlier_keys(client.takes()))


def earlier_keys(takes: Sequence[Take]) -> dict[int, str]:
    """Frame → key in the newest of these takes that has it; the takes are newest first."""
    keys: dict[int, str] = {}
    for take in takes[:_TAKES]:
        keys = {**take.frame_keys(), **keys}
    return keys


def outlook(prepared: Prepared, cache: FrameCache, earlier: Mapping[int, str]) -> list[Outlook]:
    """Runs of equal answers. `earlier`: frame → key of a take to compare with; its recipes say what changed."""
    todo = set(needed(prepared.plans, prepared.keys, prepared.wanted, cache.__contains__))
    runs: list[Outlook] = []
    for frame in sorted(todo | set(prepared.wanted)):
        render = frame in todo or prepared.keys.frames[frame] not in cache
        why, changed = _why(prepared, cache, frame, earlier) if render else ("in the cache", {})
        if render and frame not in prepared.wanted:
            why = f"later frames are made from it; {why}"
        if runs and runs[-1].last == frame - 1 and (runs[-1].render, runs[-1].why) == (render, why):
            runs[-1] = replace(runs[-1], last=frame)
        else:
            runs.append(Outlook(frame, frame, render, why, changed))
    return runs


def in_short(runs: Sequence[Outlook]) -> str:
    """How many frames would be made, how many reused, and what differs first."""
    made, reused = (sum(run.last + 1 - run.first for run in runs if run.render is render) for render in (True, False))
    first = next((run for run in runs if run.render), None)
    words = f"{made} to render, {reused} from the cache"
    return words if first is None else f"{words}; the first that differs is frame {first.first}"


def change_words(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """`zoom 1.02 → 1.05, seed 3 → 4`; "" if nothing that changed has a value one can read."""
    return ", ".join(words for name, pair in changed.items() if (words := _change(name, *pair)))


def _why(
    prepared: Prepared, cache: FrameCache, frame: int, earlier: Mapping[int, str]
) -> tuple[str, Mapping[str, tuple[Any, Any]]]:
    key = prepared.keys.frames[frame]
    if frame not in earlier:
        return "not rendered yet", {}
    if earlier[frame] == key:
        return "its picture is missing from the cache", {}
    old = cache.recipe(earlier[frame])
    if old is None:
        return "it changed; what it was is no longer in the cache", {}
    changed = changes(old, prepared.keys.recipes[key])
    if changed:
        return f"changed: {', '.join(dict.fromkeys(map(_word, changed)))}", changed
    return _made_from(prepared, frame, earlier), {}


def _made_from(prepared: Prepared, frame: int, earlier: Mapping[int, str]) -> str:
    """A frame that is asked for as before, of pictures that are not what they were: where that began."""
    if is_cut(prepared.plans[frame]):
        return "it changed"
    asked, seen = [*reads(prepared.plans[frame]), *shows(prepared.plans[frame])], {frame}
    while asked:
        source = asked.pop()
        if source in seen or source not in earlier or earlier[source] == prepared.keys.frames[source]:
            continue
        seen.add(source)
        asked += reads(prepared.plans[source])
    origin = min(seen - {frame}, default=None)
    return "a frame it is made from changed" if origin is None else f"it is made from frame {origin}, which changed"


def _change(name: str, old: Any, new: Any) -> str:
    """`zoom 1.02 → 1.05`; "" for what has no readable value."""
    if (
        name in ("engine", "pipeline", "input")
        or name.endswith("depth")
        or isinstance(new if old is None else old, bool)
    ):
        return ""
    if isinstance(old, str) and isinstance(new, str):
        start = max(0, _alike(old, new) - _LONGEST // 3)
        old, new = (f"{'…' if start else ''}{text[start:][:_LONGEST]}" for text in (old, new))
    return f"{_word(name)} {_shown(old)} → {_shown(new)}"


def _word(name: str) -> str:
    """What people call a part of a recipe."""
    return "colour matching" if name.startswith("colors ") else _WORDS.get(name, name)


def _alike(one: str, other: str) -> int:
    """With how many letters two texts begin alike."""
    return next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"“{value}”"
    return f"{value:g}" if isinstance(value, float) else str(value)
