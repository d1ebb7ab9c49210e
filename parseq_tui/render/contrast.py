"""What makes two takes differ, frame by frame, in words: for an editor that shows them beside each other.

What made a picture stands in its file, which needs image libraries to read: it is looked up by a process of its own
(render/contrast_process.py) that answers one question with one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parseq_tui.errors import RenderError
from parseq_tui.render.take import Take

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Contrast:
    """How far two takes are the same. Frame numbers are the document's; only frames that both have count."""

    same: int
    """Frames whose pictures are the same."""
    words: Mapping[int, str] = field(default_factory=dict)
    """Frame that differs → what was another value, `zoom 1 → 1.2`; "" if only frames it is made from differ."""

    def to_json(self) -> str:
        return json.dumps({"same": self.same, "words": dict(self.words)}, ensure_ascii=False)


def contrast(first: Take, second: Take) -> Contrast:
    """Compares what made the frames of two takes. Takes a second or more: not for an event loop.

    Raises RenderError if they have no frame in common, or cannot be read.
    """
    command = [sys.executable, "-P", "-m", "parseq_tui.render.contrast_process", str(first.folder), str(second.folder)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
        answer: dict[str, Any] = json.loads(ended.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise RenderError("the takes could not be compared", hint="parseq-tui compare FILE says more") from error
    if "error" in answer:
        raise RenderError(str(answer["error"]), hint=str(answer.get("hint", "")))
    return Contrast(int(answer["same"]), {int(frame): str(words) for frame, words in answer["words"].items()})
