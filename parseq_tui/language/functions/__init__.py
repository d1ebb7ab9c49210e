"""The functions and variables of the language, one file per family. Importing this package declares them all."""

from __future__ import annotations

from parseq_tui.language.functions import (
    arithmetic,
    easing,
    interpolators,
    keyframe_info,
    noise,
    oscillators,
    prompt_text,
    randomness,
    recurrence,
    references,
    timing,
)
from parseq_tui.language.functions.references import is_named, named_value

__all__ = [
    "arithmetic",
    "easing",
    "interpolators",
    "is_named",
    "keyframe_info",
    "named_value",
    "noise",
    "oscillators",
    "prompt_text",
    "randomness",
    "recurrence",
    "references",
    "timing",
]
