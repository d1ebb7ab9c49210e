"""Prompts over time: which texts are active at a frame and how overlapping ones are weighted.

The rules are LANGUAGE §8: an entry is active on all frames or from `start` to `end` (both inclusive); two active
entries are joined with AND and their overlap weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

CommonPosition = Literal["append", "prepend", "template"]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How an entry's weight travels at its ends."""

    kind: str = "none"
    """`none`, `linear` or `custom`; anything unknown counts as `none` and is kept."""
    fade_in: float = 0
    """Frames of linear fade at the start (the file's `inFrames`)."""
    fade_out: float = 0
    """Frames of linear fade at the end (the file's `outFrames`)."""
    formula: str = ""
    """The weight formula of a `custom` overlap."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One entry of the prompt list; texts may hold `${formula}`."""

    name: str = ""
    positive: str = ""
    negative: str = ""
    all_frames: bool = True
    start: int = 0
    end: int = 0
    overlap: Overlap = Overlap()
    origin: Any = field(default=None, compare=False, repr=False)
    exact: tuple[Fraction | None, ...] | None = field(default=None, compare=False, repr=False)
    """What start, end, fade in and fade out round, where a change of rates moved them (`edits.timing`)."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts of a document."""

    entries: tuple[Prompt, ...] = ()
    common: Prompt = Prompt()
    common_position: CommonPosition = "append"
    enabled: bool = True
    origin: Any = field(default=None, compare=False, repr=False)
