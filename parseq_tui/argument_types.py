"""How the words of the command line are read: each turns a text into a value, or says what it may be."""

from __future__ import annotations

import argparse

from parseq_tui.timeline.render_settings import SETTINGS


def frames(text: str) -> tuple[int | None, int | None]:
    """`A:B`, half-open like a slice; either end may be left out."""
    first, colon, last = text.partition(":")
    try:
        start = int(first) if first else None
        stop = (int(last) if last else None) if colon else (None if start is None else start + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of frames such as 0:48, 24: or 7") from None
    if start is not None and stop is not None and stop <= start:
        raise argparse.ArgumentTypeError(f"{text!r} is empty: the end is not included")
    return start, stop


def picture_size(text: str) -> tuple[int, int]:
    """`WxH` in pixels."""
    width, _, height = text.lower().partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512x512") from None


def count(text: str) -> int:
    """A whole number from 1 to 1000."""
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")
    return int(text)


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
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE with a NAME of {', '.join(SETTINGS)}")
    return name, value
