"""What a render would cost, before it starts: how many frames must really be made, and how long that takes.

Planning needs image libraries, which an editor must not load: it is done by a process of its own
(render/forecast_process.py) that answers one question with one line of JSON. It loads no model.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import parseq_tui
from parseq_tui.errors import RenderError
from parseq_tui.render.client import RenderClient
from parseq_tui.render.take import Job
from parseq_tui.timeline.render_settings import resolve

TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a render would do."""

    render: int
    """Frames that must be made."""
    reuse: int
    """Frames that come from the cache."""
    seconds_per_frame: float | None = None
    """At the pace of the newest take that made frames; None if there was none."""
    same: bool = True
    """Whether that take had the same engine, model, size and steps; if not, the pace is scaled by size and steps."""

    @property
    def seconds(self) -> float | None:
        """How long it would take, without loading the model; None if that cannot be told."""
        if not self.render:
            return 0.0
        return None if self.seconds_per_frame is None else self.render * self.seconds_per_frame

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def forecast(
    client: RenderClient,
    document_text: str,
    *,
    options: Mapping[str, Any] | None = None,
    frames: tuple[int, int] | None = None,
) -> Forecast:
    """What `client.start` with the same arguments would do. Takes a second or more: not for an event loop.

    Raises SettingsError for a wrong option, RenderError for whatever would stop the render before its first frame.
    """
    resolve({}, dict(options or {}))
    job = Job(
        document=document_text,
        document_name=client.document_path.name,
        base=str(client.document_path.parent),
        options=dict(options or {}),
        frames=frames,
        program=parseq_tui.__version__,
    )
    command = [sys.executable, "-P", "-m", "parseq_tui.render.forecast_process", str(client.document_path)]
    try:
        ended = subprocess.run(
            command, input=job.to_json().encode(), capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
        answer: dict[str, Any] = json.loads(ended.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise RenderError(
            "what would be rendered could not be counted", hint="parseq-tui render FILE --plan says more"
        ) from error
    if "error" in answer:
        raise RenderError(str(answer["error"]), hint=str(answer.get("hint", "")))
    return Forecast(**answer)
