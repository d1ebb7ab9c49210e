"""Answers one forecast: a Job as JSON on standard input; a Forecast, or {"error", "hint"}, as JSON on the output."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from parseq_tui.errors import ParseqError
from parseq_tui.formats.frames import is_frame_json, read_frames
from parseq_tui.formats.native import loads
from parseq_tui.recent import recent_documents
from parseq_tui.render.client import RenderClient
from parseq_tui.render.explain import explain
from parseq_tui.render.forecast import Forecast
from parseq_tui.render.messages import FrameDone
from parseq_tui.render.take import Job, Take
from parseq_tui.timeline.render_settings import RenderSettings, resolve

_TAKES, _FRAMES = 5, 50
"""How many takes back a pace is looked for, and of how many frames it is the mean."""


def answer(path: Path, job: Job) -> Forecast:
    """What rendering this job would do. Raises ParseqError."""
    runs = explain(path, job.document, options=job.options, frames=job.frames)
    render = sum(run.last + 1 - run.first for run in runs if run.render)
    reuse = sum(run.last + 1 - run.first for run in runs if not run.render)
    seconds, same = pace(_takes(path), _settings(job)) if render else (None, True)
    return Forecast(render, reuse, seconds, same)


def _takes(path: Path) -> list[Take]:
    """The document's takes, newest first; before its first render, those of the documents worked on last."""
    own = RenderClient(path).takes()
    return own or [take for other in recent_documents() for take in RenderClient(other).takes()[:1]]


def pace(takes: list[Take], wanted: RenderSettings) -> tuple[float | None, bool]:
    """Seconds per frame of the newest take rendered alike, else of the newest one, scaled; whether it was alike."""
    other: float | None = None
    for take in takes[:_TAKES]:
        made = [event.seconds for event in take.tail().poll() if isinstance(event, FrameDone) and not event.reused]
        if not made:
            continue
        try:
            settings = _settings(take.job)
        except ParseqError:
            continue  # a job of another version: its pace says nothing that can be compared
        seconds = sum(made[-_FRAMES:]) / len(made[-_FRAMES:])
        if _kind(settings) == _kind(wanted):
            return seconds, True
        if other is None and settings.engine == wanted.engine:
            other = seconds * _work(wanted) / _work(settings)
    return other, other is None


def _kind(settings: RenderSettings) -> tuple[object, ...]:
    return settings.engine, settings.model, settings.width, settings.height, settings.steps


def _work(settings: RenderSettings) -> int:
    return max(1, settings.width * settings.height * settings.steps)


def _settings(job: Job) -> RenderSettings:
    if is_frame_json(job.document):
        document = read_frames(job.document, Path(job.document_name))[1]
    else:
        document = loads(job.document, job.document_name)
    return resolve(document.render, job.options)


def main() -> None:
    """Answer and end."""
    try:
        text = answer(Path(sys.argv[1]), Job.from_json(sys.stdin.read())).to_json()
    except ParseqError as error:
        text = json.dumps({"error": error.message, "hint": error.hint})
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
