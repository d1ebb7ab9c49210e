"""Training in one single-threaded process per core that meet from time to time and average their weights.

With layers this small that is faster than threads inside each layer, and far less disturbed by other programs on the
machine: a thread that waits for its twin inside every layer waits thousands of times per step, a process once in
`MEETING` seconds. A core that is busy with other things contributes fewer steps and holds nobody up (local SGD, as in
DiLoCo, arXiv 2311.08105, without the outer optimiser).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

MEETING = 12.0
"""Seconds between two meetings."""


def run(job: Callable[..., None], work: Path, count: int, *arguments: object) -> None:
    """Call `job(rank, count, work, *arguments)` in `count` processes that can `meet`."""
    work.mkdir(parents=True, exist_ok=True)
    meeting = work / f"meeting-{os.getpid()}"
    mp.spawn(_enter, (job, count, work, meeting, arguments), nprocs=count)  # type: ignore[no-untyped-call,attr-defined]
    meeting.unlink(missing_ok=True)


def _enter(
    rank: int, job: Callable[..., None], count: int, work: Path, meeting: Path, arguments: tuple[object, ...]
) -> None:
    os.setsid()  # a scheduling group of its own: a busy twin takes nothing from it
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting.resolve()}", rank=rank, world_size=count)
    job(rank, count, work, *arguments)
    dist.destroy_process_group()


class Meetings:
    """When to meet next, and what happens there."""

    def __init__(self) -> None:
        self.next = time.monotonic() + MEETING
        self.steps = 0

    def due(self) -> bool:
        """True after a step at which this process should meet the others."""
        self.steps += 1
        return time.monotonic() >= self.next

    def meet(self, model: nn.Module, *numbers: float) -> list[float]:
        """Average the weights over all workers, in place, and some numbers (progress, loss), by steps done.

        Progress must be averaged too: workers that disagree about the learning rate would drift apart.
        """
        weights = [p.data for p in model.parameters()]
        flat = torch.cat([*(w.reshape(-1).float().cpu() for w in weights), torch.tensor([*numbers, 1.0])]) * self.steps
        dist.all_reduce(flat)
        flat /= flat[-1].clone()
        start = 0
        for w in weights:
            w.copy_(flat[start : start + w.numel()].view(w.shape))
            start += w.numel()
        self.next, self.steps = time.monotonic() + MEETING, 0
        return [float(v) for v in flat[start:-1]]
