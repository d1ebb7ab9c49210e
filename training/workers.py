"""Training in one single-threaded process per core, gradients averaged after every step.

With layers this small that is faster than threads inside each layer, and far less disturbed by other programs on the
machine: a thread that waits for its twin inside every layer waits thousands of times per step, a process once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn


def run(job: Callable[..., None], work: Path, count: int, *arguments: object) -> None:
    """Call `job(rank, count, work, *arguments)` in `count` processes that can `agree`."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "meeting").unlink(missing_ok=True)
    mp.spawn(_enter, (job, count, work, arguments), nprocs=count)  # type: ignore[no-untyped-call,attr-defined]


def _enter(rank: int, job: Callable[..., None], count: int, work: Path, arguments: tuple[object, ...]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{work.resolve()}/meeting", rank=rank, world_size=count)
    job(rank, count, work, *arguments)
    dist.destroy_process_group()


def agree(model: nn.Module, *numbers: float) -> list[float]:
    """Average the gradients over all workers, in place, and some numbers (progress, loss) with them.

    Progress must be averaged too: workers that disagree about the learning rate would drift apart.
    """
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([*(g.reshape(-1) for g in gradients), torch.tensor(numbers)])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    start = 0
    for g in gradients:
        g.copy_(flat[start : start + g.numel()].view_as(g))
        start += g.numel()
    return [float(v) for v in flat[start:]]
