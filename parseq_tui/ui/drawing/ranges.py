"""Prompts on the time axis: from when to when each is active, and with what weight, as rows of characters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from parseq_tui.timeline.prompts import Prompt
from parseq_tui.ui.drawing.raster import Glyphs

LEVELS = "░▒▓█"
"""Light to full weight."""
ASCII_LEVELS = ".-+#"
OUTSIDE, ASCII_OUTSIDE = "·", " "
WeightOf = Callable[[int], str]
"""Frame → what a custom overlap's formula comes to there, as it is printed; "" where that is not known."""


def frames_shown(first: int, count: int) -> str:
    """A window in time, in words."""
    return f"frames {first}-{first + count - 1}"


def prompt_range(prompt: Prompt, last_frame: int) -> tuple[int, int]:
    """First and last frame at which it is active; both are inside the range."""
    return (0, last_frame) if prompt.all_frames else (prompt.start, prompt.end)


def weights(
    prompt: Prompt, frames: NDArray[np.float64], last_frame: int, custom: WeightOf | None = None
) -> NDArray[np.float64]:
    """Overlap weight at each frame; 0 where the prompt is not active. A formula's weight that is unknown counts as 1.

    Source: LANGUAGE §8.2.
    """
    start, end = prompt_range(prompt, last_frame)
    active = (frames >= start) & (frames <= end)
    result = np.ones(frames.shape)
    if prompt.overlap.kind == "linear":
        fade_in, fade_out = prompt.overlap.fade_in, prompt.overlap.fade_out
        if fade_out:
            result = np.where(frames > end - fade_out, 1 - (frames - (end - fade_out)) / fade_out, result)
        if fade_in:
            result = np.where(frames < start + fade_in, (frames - start) / fade_in, result)
    elif prompt.overlap.kind == "custom" and custom is not None:
        result[active] = [_number(custom(int(frame))) for frame in frames[active].tolist()]
    return np.where(active, result, 0.0)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return value if math.isfinite(value) else 1.0


def range_bar(
    prompt: Prompt,
    first: float,
    count: float,
    width: int,
    last_frame: int,
    glyphs: Glyphs,
    custom: WeightOf | None = None,
) -> str:
    """`width` characters for the frames from `first` on: how strong the prompt is, `·` where it is not active."""
    frames = np.round(first + (np.arange(width) + 0.5) * count / width - 0.5)
    start, end = prompt_range(prompt, last_frame)
    levels, outside = (LEVELS, OUTSIDE) if glyphs != "ascii" else (ASCII_LEVELS, ASCII_OUTSIDE)
    strength = np.clip(weights(prompt, frames, last_frame, custom), 0, 1)
    steps = np.minimum((strength * len(levels)).astype(int), len(levels) - 1)
    active = (frames >= start) & (frames <= end)
    bar = [levels[step] if on else outside for step, on in zip(steps.tolist(), active.tolist(), strict=True)]
    if start <= end and not active.any() and first <= start < first + count:
        # shorter than a character is wide: still there
        bar[min(width - 1, int((start - first + 0.5) * width / count))] = levels[-1]
    return "".join(bar)


def lanes(prompts: Sequence[Prompt], last_frame: int, most: int) -> list[list[int]]:
    """Indices of the prompts on each of at most `most` rows, in the order they are drawn.

    Prompts take the first row that is free where they begin; where none is, they lie over what ends first. Of those
    that begin together the longest comes first, so that it hides none. Rows are in the order of their lowest indices.
    """
    ranges = [prompt_range(prompt, last_frame) for prompt in prompts]
    rows: list[list[int]] = []
    ends: list[int] = []
    for index in sorted(range(len(prompts)), key=lambda index: (ranges[index][0], -ranges[index][1])):
        start, end = ranges[index]
        free = next((row for row, taken in enumerate(ends) if taken < start), None)
        if free is None and len(rows) < most:
            rows.append([])
            ends.append(end)
            free = len(rows) - 1
        elif free is None and rows:
            free = ends.index(min(ends))
        if free is not None:
            rows[free].append(index)
            ends[free] = max(end, ends[free])
    return sorted(rows, key=min)
