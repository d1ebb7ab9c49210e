"""The functions and variables of the language, one file per family. Importing this package declares them all."""

from __future__ import annotations

from parseq_tui.language.functions import (  # noqa: F401
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
