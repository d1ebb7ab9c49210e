"""How the words of the command line are read: each turns a text into a value, or says what it may be.

The two options that many commands share are here too.
"""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import dataclass

from parseq_tui.errors import did_you_mean
from parseq_tui.timeline.render_settings import SETTINGS


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a timeline: 48 frames, 2s or 4b (beats) from its beginning."""

    count: float
    unit: str = ""

    def frame(self, fps: float, bpm: float) -> int:
        """The frame that is nearest."""
        return round(self.count * {"": 1.0, "s": fps, "b": fps * 60 / bpm}[self.unit])


def frames(text: str) -> tuple[Place | None, Place | None]:
    """`A:B`, half-open like a slice; either end may be left out, each may be seconds or beats."""
    first, colon, last = text.partition(":")
    start, stop = _place(first, text), _place(last, text)
    if not colon and start is not None:
        stop = Place(start.count + 1, start.unit)
    if start is not None and stop is not None and start.unit == stop.unit and stop.count <= start.count:
        raise argparse.ArgumentTypeError(f"{text!r} is empty: the end is not included")
    return start, stop


def _place(text: str, whole: str) -> Place | None:
    """A side of a range; None where it is left out."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,9})|(\d{1,6}(?:\.\d{1,6})?)([sb])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{whole!r} is not a range of frames such as 0:48, 24: or 7, 2s:4s or 4b:8b")
    return Place(float(found[1] or found[2]), found[3] or "")


def picture_size(text: str) -> tuple[int, int]:
    """`WxH` in pixels."""
    width, _, height = text.lower().partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512x512") from None


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def number(text: str) -> float:
    """A number, neither infinite nor none."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def many(text: str) -> int:
    """A whole number from 1 to a million."""
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000000")
    return int(text)


def count(text: str) -> int:
    """A whole number from 1 to 1000."""
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")
    return int(text)


def seconds(text: str) -> float:
    """Whole seconds, from 0 to a day."""
    if not text.isdecimal() or int(text) > 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 86400")
    return float(text)


def positive(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def byte_count(text: str) -> int:
    """A size on disk: `500MB`, `2GB`, or bytes."""
    units = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "b": 1, "": 1}
    number = text.rstrip("BbKkMmGgTt ")
    try:
        size = float(number) * units[text[len(number) :].strip().lower()]
        if not 0 <= size < 2**63:
            raise ValueError
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500MB or 2GB") from None
    return int(size)


def setting(text: str) -> tuple[str, str]:
    """`NAME=VALUE` with the name of a render setting."""
    name, equals, value = text.partition("=")
    if not equals or name not in SETTINGS:
        hint = did_you_mean(name, SETTINGS, otherwise=f"NAME is one of {', '.join(SETTINGS)}")
        if name in SETTINGS:
            hint = f"write {name}=VALUE"
        wrong = f"there is no render setting {name!r}" if equals else f"{text!r} is not NAME=VALUE"
        raise argparse.ArgumentTypeError(f"{wrong}; {hint}")
    return name, value


def device(text: str) -> str:
    """What the networks may be asked to run on; whether it is there, only the renderer can tell."""
    if not re.fullmatch(r"auto|cpu|mps|(cuda|xpu)(:\d{1,3})?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu, cuda or cuda:N")
    return text


def add_json(parser: argparse._ActionsContainer) -> None:
    """The switch of commands whose answer scripts read."""
    parser.add_argument("--json", action="store_true", help="write JSON to standard output, for scripts")


def add_frames(parser: argparse._ActionsContainer) -> None:
    """The option of commands that may go over part of a timeline."""
    parser.add_argument(
        "--frames", type=frames, metavar="A:B", help="only these frames, B not included; or 2s:4s, 4b:8b"
    )
