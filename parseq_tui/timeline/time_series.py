"""A sampled curve that formulas read by its alias (audio loudness, a CSV column, …)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class TimeSeries:
    """Points in time order; the arrays are made read-only. Lookup rules: LANGUAGE §12.2."""

    alias: str
    x: NDArray[np.float64]
    """Position of each point, shape (points,), in `unit`."""
    y: NDArray[np.float64]
    """Value of each point, shape (points,)."""
    unit: Literal["frames", "milliseconds"] = "frames"
    origin: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.x.flags.writeable = self.y.flags.writeable = False
