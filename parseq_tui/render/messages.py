"""What a render says while it runs: one JSON object per line of `events.jsonl`, appended by the worker only.

The worker writes, everybody else reads; following, reattaching and replaying are the same. No image library, no torch.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

State = Literal["starting", "loading", "rendering", "paused", "stopping"]
Outcome = Literal["done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Started:
    """First line of a take."""

    event: ClassVar[str] = "started"
    time: float
    """Unix seconds."""
    take: str
    pid: int
    first_frame: int
    frame_count: int
    cached: int
    """How many of the frames were already in the cache when it started."""
    engine: str
    model: str
    """"" where the engine draws without one, or with whatever a web UI has loaded."""
    width: int
    height: int
    fps: float

    @property
    def maker(self) -> str:
        """What makes the pictures: "diffusers tiny", "test"."""
        return f"{self.engine} {self.model}".rstrip()


@dataclass(frozen=True, slots=True)
class StateChanged:
    event: ClassVar[str] = "state"
    time: float
    state: State
    text: str = ""
    """What is being done, in words ("loading the model")."""


@dataclass(frozen=True, slots=True)
class FrameDone:
    event: ClassVar[str] = "frame"
    time: float
    frame: int
    """Absolute frame number."""
    done: int
    """Frames finished so far in this take, this one included."""
    total: int
    key: str
    seconds: float
    reused: bool
    """True if it came from the cache."""
    seed: float = 0.0
    preview: str = ""
    """Path of a small binary PPM (P6) picture, relative to the take's folder; "" if there is none."""


@dataclass(frozen=True, slots=True)
class LogLine:
    event: ClassVar[str] = "log"
    time: float
    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Last line of a take. A take without one, whose worker is gone, was killed."""

    event: ClassVar[str] = "end"
    time: float
    outcome: Outcome
    rendered: int
    reused: int
    seconds: float
    video: str = ""
    """Path of the finished video; "" if there is none."""
    message: str = ""
    """What went wrong, for `failed`."""
    hint: str = ""


Event = Started | StateChanged | FrameDone | LogLine | Ended
_KINDS: dict[str, type[Event]] = {kind.event: kind for kind in (Started, StateChanged, FrameDone, LogLine, Ended)}


def encode(event: Event) -> bytes:
    """One line, newline included."""
    # a file name that is not UTF-8 must not keep the message about it from being written
    return json.dumps({"event": event.event, **asdict(event)}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> Event | None:
    """The event of one line; None if the line is torn or of a kind this version does not know."""
    try:
        fields: dict[str, Any] = json.loads(line)
        kind = _KINDS[fields.pop("event")]
        return kind(**{name: value for name, value in fields.items() if name in kind.__dataclass_fields__})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
