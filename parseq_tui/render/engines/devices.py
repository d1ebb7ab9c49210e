"""The machine a model runs on: which device a name means, how many threads, what is free, and silent libraries."""

from __future__ import annotations

import ctypes
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from parseq_tui.errors import BackendUnavailable, OutOfMemory, RenderError
from parseq_tui.render.engines.base import Report
from parseq_tui.render.engines.cards import card_trouble, first_line, has_failed, is_full, unseen_card

_log = logging.getLogger(__name__)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of mallopt(3)."""
SMALL_NETWORK = 20_000_000
"""Parameters of a UNet below which one thread serves it best, and batches pay on a CPU."""


def choose_device(name: str, report: Report = _log.info) -> torch.device:
    """The device a name means; "auto" is the first CUDA card, or else the CPU, and `report` is told if a card is idle.

    A card becomes the one that torch means where none is named. Raises BackendUnavailable.
    """
    if name == "auto":
        seen = torch.cuda.is_available()
        trouble = card_trouble(torch.device("cuda", 0)) if seen else unseen_card()
        if trouble is not None:
            report(f"the card is not used: {trouble.reason}; {trouble.hint}")
        name = "cuda:0" if seen and trouble is None else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as problem:
        trouble = unseen_card() if name.startswith("cuda") else None
        cards = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
        raise BackendUnavailable(
            f"there is no device {name!r} here" + (f": {trouble.reason}" if trouble else ""),
            hint=trouble.hint if trouble else f"available: {', '.join(['auto', 'cpu', *cards])}",
        ) from problem
    if device.type == "cuda":
        device = torch.device("cuda", torch.cuda.current_device() if device.index is None else device.index)
        torch.cuda.set_device(device)  # streams, events and recordings are of the current card
    if device.type != "cpu" and (trouble := card_trouble(device)) is not None:
        raise BackendUnavailable(trouble.reason, hint=f"{trouble.hint}; or --device cpu")
    return device


def free_memory(device: torch.device) -> int | None:
    """Bytes that this process could have on a device in all; None where the system does not say.

    On a card what the process holds already counts as well: models that are loaded, and what torch keeps for later.
    """
    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        return int(free) + torch.cuda.memory_reserved(device)
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            available = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(available.split()[1]) << 10
    except (OSError, StopIteration, ValueError):
        return None


def device_name(device: torch.device) -> str:
    """In words: "the CPU", or the card's name."""
    if device.type == "cpu":
        return "the CPU"
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def set_threads(device: torch.device, unet: Any) -> None:
    """As many threads as this process may use, or one for a small network; OMP_NUM_THREADS overrides both.

    A small network's operations end before a second thread has started: two are slower than one as soon as anything
    else runs on the machine. The number depends on nothing that changes: the bits of a picture may depend on it.
    """
    if device.type != "cpu" or "OMP_NUM_THREADS" in os.environ:
        return
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(1 if is_small(unet) else max(1, min(torch.get_num_threads(), allowed)))


@contextmanager
def threads(count: int) -> Iterator[None]:
    """While open, `count` threads share an operation that this thread asks for, on however many cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> None:
    """Lets glibc keep what an operation frees for the next one, instead of giving it back to the system.

    A small network's operations free some megabytes each; having them anew costs as much as the operations do.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return  # another C library
    mallopt(_M_TRIM_THRESHOLD, 256 << 20)
    mallopt(_M_MMAP_THRESHOLD, 32 << 20)


def is_small(network: Any) -> bool:
    return bool(sum(weights.numel() for weights in network.parameters()) < SMALL_NETWORK)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """While open, diffusers and transformers neither print, warn nor draw progress bars."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers.utils.logging
        import transformers.utils.logging

        for library in (diffusers.utils.logging, transformers.utils.logging):
            library.set_verbosity_error()
            library.disable_progress_bar()
        yield


@contextmanager
def out_of_memory_explained(doing: str, advice: str) -> Iterator[None]:
    """Turns a device that has no room left into OutOfMemory: what was being done, and what to lower.

    A device that stopped working becomes a RenderError.
    """
    try:
        yield
    except MemoryError as problem:
        raise OutOfMemory(f"memory is full while {doing}", hint=advice) from problem
    except RuntimeError as problem:
        if is_full(problem):
            where = "memory is" if "allocate memory" in str(problem) else "the device's memory is"
            raise OutOfMemory(f"{where} full while {doing}", hint=advice) from problem
        if not has_failed(problem):
            raise
        reason = first_line(str(problem))
        hint = "render again: it goes on behind the frames it has; if it happens again, look at the driver's log"
        raise RenderError(f"the device failed while {doing}: {reason}", hint=hint) from problem
