"""From a job to everything a render needs: settings, plans, keys, an opened input, an engine that is not loaded yet.

Shared by the worker and by those who only want to know what would be rendered, and why.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from parseq_tui.errors import RenderError
from parseq_tui.formats.frames import is_frame_json, read_frames
from parseq_tui.formats.native import loads
from parseq_tui.language.diagnostics import Diagnostic, format_diagnostic
from parseq_tui.render.dependencies import FrameKeys, key_frames
from parseq_tui.render.depth import Depths, open_depth
from parseq_tui.render.engines import make_engine
from parseq_tui.render.engines.base import Engine
from parseq_tui.render.inputs import Input, open_input
from parseq_tui.render.plan import FramePlan, input_rate, plan_frames, plan_warnings, rational_rate
from parseq_tui.render.take import Job
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Dialect, Options
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.timeline.render_settings import RenderSettings, resolve


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a job's text says: values per frame, and how it wants them rendered."""

    table: FrameTable
    options: Options
    dialect: Dialect
    render: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A render that could begin. `close` it; its engine belongs to whoever made it."""

    settings: RenderSettings
    plans: Mapping[int, FramePlan]
    """Frame → plan, from the document's first frame to the last one wanted."""
    wanted: range
    """Frames that were asked for."""
    keys: FrameKeys
    input: Input
    depths: Depths | None
    engine: Engine
    fps: Fraction
    """Frames per second of the video."""
    repeats: Fraction
    """How many times each frame is shown in it; only documents of 2022 ask for other than 1."""
    warnings: tuple[Diagnostic, ...]

    def close(self) -> None:
        """Let go of files."""
        self.input.close()
        if self.depths is not None:
            self.depths.close()


def prepare(
    job: Job,
    engines: Callable[[RenderSettings, str], Engine] = make_engine,
    fetch: Callable[[str], None] | None = None,
) -> Prepared:
    """Read, bake and plan a job. Raises ParseqError for whatever stands in the way, the first problem first.

    `engines` makes the engine for settings and a device. `fetch`: a model that is elsewhere is brought to this machine,
    and `fetch` is told how far that is; without it, such a model is an error.
    """
    timeline = read_timeline(job.document, job.document_name)
    settings = resolve(timeline.render, job.options)
    if settings.seed < 0:
        # "any seed": one that stays, so that a stopped render goes on with the frames it has
        settings = replace(settings, seed=zlib.crc32(job.document_name.encode()))
    beside = Path(job.base) / settings.model
    if settings.model != "tiny" and beside.exists():
        settings = replace(settings, model=str(beside.absolute()))
    settings = replace(settings, networks=_network_folders(settings.networks, Path(job.base)))
    table = timeline.table
    rate = input_rate(table, timeline.options, timeline.dialect)
    source = open_input(settings.input, Path(job.base), moving=settings.mode == "video", rate=rate)
    depths = open_depth(settings.depth, Path(job.base), rate, job.device)
    first = table.first_frame
    until = None if job.frames is None else (first, max(job.frames[1], first + 1))
    plans = plan_frames(table, settings, timeline.options, timeline.dialect, until, input_frames=source.count)
    wanted = _wanted(job.frames, first, plans[-1].frame + 1)
    engine = engines(settings, job.device)
    if fetch is not None:
        engine.fetch(fetch)
    problems = engine.problems([plan.request for plan in plans if plan.request is not None])
    if wrong := next((problem for problem in problems if problem.severity == "error"), None):
        raise RenderError(wrong.message, hint=wrong.hint)
    fps, repeats = _rates(timeline, settings, source)
    return Prepared(
        settings=settings,
        plans={plan.frame: plan for plan in plans},
        wanted=wanted,
        keys=key_frames(plans, engine.fingerprint(), source.content, depths.content if depths else str, engine.extras),
        input=source,
        depths=depths,
        engine=engine,
        fps=fps,
        repeats=repeats,
        warnings=(*table.diagnostics, *plan_warnings(table, settings, timeline.dialect, source.count), *problems),
    )


def read_timeline(text: str, name: str) -> Timeline:
    """A document's text, or a frame JSON's. Raises DocumentError; RenderError if a formula in it is wrong."""
    if is_frame_json(text):
        table, document = read_frames(text, Path(name))
    else:
        document = loads(text, name)
        table = bake(document)
    if problems := table.errors:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise RenderError(
            format_diagnostic(replace(problems[0], hint="")) + more,
            hint=problems[0].hint or "mend it in the editor, or see all of them with parseq-tui check",
        )
    return Timeline(table, document.options, document.dialect, document.render)


def _network_folders(setting: str | None, base: Path) -> str | None:
    """Absolute paths of the folders to look in for LoRA files and embeddings, as one setting; None for nowhere."""
    if setting is None:
        folders = [folder for name in ("loras", "embeddings") if (folder := base / name).is_dir()]
    else:
        folders = [base / Path(name).expanduser() for name in setting.split(os.pathsep) if name]
    return os.pathsep.join(str(folder.absolute()) for folder in folders) or None


def _wanted(frames: tuple[int, int] | None, first: int, end: int) -> range:
    if frames is None:
        return range(first, end)
    wanted = range(max(first, frames[0]), min(end, frames[1]))
    if not wanted:
        raise RenderError(f"there are no frames in {frames[0]}:{frames[1]}", hint=f"the document has {first}:{end}")
    return wanted


def _rates(timeline: Timeline, settings: RenderSettings, source: Input) -> tuple[Fraction, Fraction]:
    """Rate of the video and repeats per frame. The 2022 script played frames at the input's rate (PIPELINE A1)."""
    fps = rational_rate(timeline.table.fps)
    played: Fraction | None = None
    if timeline.dialect == "2022":
        given = timeline.options.input_fps
        played = rational_rate(given) if given else source.fps if settings.mode == "video" else None
    return fps, fps / played if played else Fraction(1)
