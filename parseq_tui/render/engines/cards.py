"""NVIDIA cards: whether torch can use one and if not why, and what goes to a card and comes back without waiting.

The invariant: memory that a copy on its way reads or writes is neither moved nor used again before the copy is done.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

_DRIVER_FILES = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg")
"""Of NVIDIA's driver on Linux, and of what stands for it in WSL."""
_FULL = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "STATUS_ALLOC_FAILED",
    "unable to find a valid cudnn algorithm",
    "unable to find an engine to execute",
)
"""What torch and its libraries say when a device has no room left; the last two when no workspace fits."""
_FAILED = ("CUDA error", "cuDNN error", "CUDNN_STATUS", "CUBLAS_STATUS", "CUDA driver error")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a card cannot be used, and what mends it."""

    reason: str
    hint: str


def unseen_card() -> Trouble | None:
    """Why torch sees no card on a machine with an NVIDIA driver; None if it sees one, or there is no driver."""
    if torch.cuda.is_available() or not any(Path(file).exists() for file in _DRIVER_FILES):
        return None
    if torch.version.cuda is None:
        return Trouble(
            f"this torch ({torch.__version__}) is built without CUDA",
            "install a CUDA build of torch: pytorch.org/get-started has the command for your driver",
        )
    if (hidden := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return Trouble(f"CUDA_VISIBLE_DEVICES is {hidden!r}, which hides the cards", "unset it, or name a card in it")
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
        reason = "torch's CUDA finds no card"
    except RuntimeError as problem:  # also of a driver that is too old
        reason = first_line(str(problem))
    hint = f"does nvidia-smi list the card? this torch is built for CUDA {torch.version.cuda}: update an older driver"
    return Trouble(reason, hint)


def card_trouble(device: torch.device) -> Trouble | None:
    """What happens when a device that exists is asked to compute; None if it does.

    A card may be listed, named and measured by a torch that holds no code for it: only a kernel tells.
    """
    try:
        float(torch.ones(1, device=device).add_(1))
    except RuntimeError as problem:
        reason = first_line(str(problem))
        if "no kernel image" in reason:
            major, minor = torch.cuda.get_device_capability(device)
            return Trouble(
                f"this torch ({torch.__version__}) holds no code for {torch.cuda.get_device_name(device)}, "
                f"of compute capability {major}.{minor}",
                "older cards need torch's build for CUDA 12.6, newer ones a newer torch: pytorch.org/get-started",
            )
        return Trouble(f"{device} does not compute: {reason}", "does nvidia-smi show it, with memory that is free?")
    return None


def is_full(problem: BaseException) -> bool:
    """Whether an error of torch says that a device has no room left."""
    text = str(problem).lower()
    return isinstance(problem, torch.OutOfMemoryError) or any(mark.lower() in text for mark in _FULL)


def has_failed(problem: BaseException) -> bool:
    """Whether an error of torch says that a card stopped working: everything asked of it later fails as well."""
    return isinstance(problem, torch.AcceleratorError) or any(mark in str(problem) for mark in _FAILED)


def first_line(text: str) -> str:
    return next(iter(text.splitlines()), "")


def sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of main memory on a device; on its way to a card nobody waits for it, nor for what the card is at.

    torch keeps pinned memory from being used again until copies out of it are done, also when nobody names it any more.
    """
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


@dataclass(frozen=True, slots=True)
class Arriving:
    """Tensors on their way from a device to main memory."""

    tensors: tuple[torch.Tensor, ...]
    arrived: torch.cuda.Event | None

    def waited(self) -> tuple[torch.Tensor, ...]:
        """The tensors, once they are there; not to be read before."""
        if self.arrived is not None:
            self.arrived.synchronize()
        return self.tensors


def fetched(*tensors: torch.Tensor) -> Arriving:
    """Starts copies to main memory. A card is not waited for, and goes on with what it is asked next meanwhile."""
    device = tensors[0].device
    if device.type != "cuda":
        return Arriving(tuple(tensor.cpu() for tensor in tensors), None)
    held = tuple(torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True) for tensor in tensors)
    for place, tensor in zip(held, tensors, strict=True):
        place.copy_(tensor, non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record(torch.cuda.current_stream(device))
    return Arriving(held, arrived)


def give_back(device: torch.device) -> None:
    """Hands the memory that torch keeps for later back to the card, for other programs and for larger pieces."""
    if device.type == "cuda":
        with suppress(torch.AcceleratorError):  # a card that has failed has been told of, and takes nothing back
            torch.cuda.empty_cache()
