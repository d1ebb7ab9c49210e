"""One formula over frames, outside any document: what `parseq-tui eval` shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def evaluate_over(
    expr: str, frames: int, *, fps: float = 20, bpm: float = 140, cadence: int = 1
) -> NDArray[np.float64] | list[str]:
    """The value of `expr` at frames 0 … frames−1: float64 (frames,), or texts. Raises FormulaError."""
    raise NotImplementedError
