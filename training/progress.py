"""Training under a time budget: progress, learning rate, checkpoints that a later run continues.

Every stage asks `Budget.share` (0..1) how far it is; learning rate and data follow the share, so the same recipe
fits five minutes or five hours. Time spent before an interruption counts.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
"""Where the networks learn."""


def half_precision() -> torch.autocast:
    """bfloat16 where it is safe, on whatever device there is."""
    return torch.autocast(DEVICE.type, torch.bfloat16)


@dataclass
class Budget:
    """Wall-clock time that a stage may use."""

    minutes: float
    spent: float = 0.0
    """Seconds used by earlier, interrupted runs."""
    started: float = 0.0

    def __post_init__(self) -> None:
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        return self.spent + time.monotonic() - self.started

    @property
    def share(self) -> float:
        return min(1.0, self.seconds / (60 * self.minutes))

    def rate(self, peak: float, steps: int, warmup: int = 100, hold: float = 0.1) -> float:
        return rate_at(self.share, peak, steps, warmup, hold)


def rate_at(share: float, peak: float, steps: int, warmup: int = 100, hold: float = 0.1, floor: float = 0.02) -> float:
    """Learning rate: warm up by steps, hold, then a cosine down to `floor` of the peak."""
    fall = max(0.0, (share - hold) / (1 - hold))
    return peak * min(1.0, (steps + 1) / warmup) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * fall)))


class Average:
    """Exponential moving average of a model's weights, warmed up so that short runs profit too."""

    def __init__(self, model: nn.Module, decay: float = 0.9995) -> None:
        self.decay = decay
        self.weights = {k: v.detach().clone().float() for k, v in model.state_dict().items()}

    def update(self, model: nn.Module, step: int) -> None:
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                self.weights[name].lerp_(value.float(), share)


def save(path: Path, **state: Any) -> None:
    """Write a checkpoint in one step, so that an interruption never leaves half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint of ours, or None where there is none."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def keep(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, average: Average, step: int, spent: float
) -> None:
    """Save everything that `resume` needs."""
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average.weights}
    save(path, **parts, step=step, spent=spent)


def resume(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, average: Average) -> tuple[int, float]:
    """Continue from `path` where there is one: the steps and the seconds done so far."""
    state = load(path)
    if state is None:
        return 0, 0.0
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    average.weights = {k: v.to(DEVICE) for k, v in state["average"].items()}
    return int(state["step"]), float(state["spent"])


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
