"""The baked timeline: a value per field and frame, and the prompts per frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from parseq_tui.language.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """Values for frames `first_frame … first_frame + frame_count − 1`. Arrays are read-only.

    A field that failed (see `failed_fields`) holds its last good values; where there are none, straight lines between
    its keyframes.
    """

    first_frame: int
    frame_count: int
    fps: float
    bpm: float
    cadence: int
    columns: Mapping[str, NDArray[np.float64]]
    """Field → float64 array of shape (frame_count,), in `managed_fields` order. May hold NaN or ±inf."""
    prompt_texts: Callable[[int], tuple[str, str]] = field(repr=False)
    """Frame index (from 0) → the resolved (positive, negative) prompt of that frame. Never raises."""
    diagnostics: tuple[Diagnostic, ...] = ()
    failed_fields: frozenset[str] = frozenset()
    prompt_weight: Callable[[int, int], str] = field(default=lambda entry, index: "", repr=False)
    """Prompt entry and frame index (both from 0) → the weight that a custom overlap's formula has there, as it is
    printed; "" for other overlaps and where that is not known. Never raises."""

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    @property
    def fields(self) -> tuple[str, ...]:
        """Their names, in evaluation order."""
        return tuple(self.columns)

    @property
    def errors(self) -> list[Diagnostic]:
        """The diagnostics that stop a render and an export."""
        return [problem for problem in self.diagnostics if problem.severity == "error"]

    @property
    def frames(self) -> NDArray[np.int64]:
        """Absolute frame numbers, shape (frame_count,)."""
        return np.arange(self.first_frame, self.first_frame + self.frame_count, dtype=np.int64)

    @property
    def positive(self) -> Sequence[str]:
        """The positive prompt of every frame."""
        return [self.prompt_texts(index)[0] for index in range(self.frame_count)]

    @property
    def negative(self) -> Sequence[str]:
        """The negative prompt of every frame."""
        return [self.prompt_texts(index)[1] for index in range(self.frame_count)]
