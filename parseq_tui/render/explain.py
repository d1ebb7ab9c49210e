"""What a render would do, and why, before it does it: which frames are in the cache, which would be made."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from parseq_tui.render.cache import FrameCache
from parseq_tui.render.client import RenderClient
from parseq_tui.render.dependencies import changed_names, is_cut, needed
from parseq_tui.render.preparation import Prepared, prepare
from parseq_tui.render.take import Job

_WORDS = {
    "positive": "prompt",
    "negative": "negative prompt",
    "denoising_strength": "denoising strength",
    "cfg_scale": "CFG scale",
    "motions": "motion",
    "newer_motions": "motion",
    "older_motions": "motion before",
}


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would happen to a run of frames."""

    first: int
    last: int
    """Inclusive."""
    render: bool
    """False: all of it is in the cache."""
    why: str

    def __str__(self) -> str:
        frames = f"frame {self.first}" if self.first == self.last else f"frames {self.first} to {self.last}"
        return f"{frames}: {'render' if self.render else 'reuse'} ({self.why})"


def explain(
    path: Path, text: str, *, options: Mapping[str, Any] | None = None, frames: tuple[int, int] | None = None
) -> list[Outlook]:
    """One entry per run of frames that share an answer. Raises ParseqError if the document cannot be rendered.

    Compares with the take rendered last, so that an entry can name what changed since.
    """
    client = RenderClient(path)
    job = Job(text, path.name, str(client.document_path.parent), dict(options or {}), frames)
    latest = client.latest()
    prepared = prepare(job)
    with closing(prepared):
        return outlook(prepared, FrameCache(client.folder / "cache"), latest.frame_keys() if latest else {})


def outlook(prepared: Prepared, cache: FrameCache, earlier: Mapping[int, str]) -> list[Outlook]:
    """Runs of equal answers. `earlier`: frame → key of a take to compare with; its recipes say what changed."""
    todo = set(needed(prepared.plans, prepared.keys, prepared.wanted, cache.__contains__))
    runs: list[Outlook] = []
    for frame in sorted(todo | set(prepared.wanted)):
        render = frame in todo or prepared.keys.frames[frame] not in cache
        why = _why(prepared, cache, frame, earlier) if render else "in the cache"
        if render and frame not in prepared.wanted:
            why = f"later frames are made from it; {why}"
        if runs and runs[-1].last == frame - 1 and (runs[-1].render, runs[-1].why) == (render, why):
            runs[-1] = replace(runs[-1], last=frame)
        else:
            runs.append(Outlook(frame, frame, render, why))
    return runs


def _why(prepared: Prepared, cache: FrameCache, frame: int, earlier: Mapping[int, str]) -> str:
    key = prepared.keys.frames[frame]
    if frame not in earlier:
        return "not rendered yet"
    if earlier[frame] == key:
        return "its picture is missing from the cache"
    old = cache.recipe(earlier[frame])
    if old is None:
        return "it changed"
    changed = changed_names(old, prepared.keys.recipes[key])
    if changed:
        return f"changed: {', '.join(_WORDS.get(name, name) for name in changed)}"
    return "it changed" if is_cut(prepared.plans[frame]) else "a frame it is made from changed"
