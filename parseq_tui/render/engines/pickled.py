"""Pickled weights (.ckpt, .pt, .pth, .bin) → a safetensors file beside them, for the one file that a person names.

The invariant: nothing in the file is run or imported. torch reads it with `weights_only`, which knows tensors and plain
containers; what a trainer left beside the weights is read as an empty stand-in, and a file that names anything else
is refused with those names. Every other part of the program opens safetensors only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError  # the name of an error; nothing here unpickles but torch.load
from typing import Any

from parseq_tui.errors import ModelNotFound, RenderError

PICKLED = (".ckpt", ".pt", ".pth", ".bin")
_TRAINERS = ("pytorch_lightning.", "lightning.", "lightning_fabric.", "lightning_utilities.", "omegaconf.")
"""What checkpoints of Stable Diffusion are known to hold beside their weights: a trainer's bookkeeping."""


class _StandIn:
    """In place of a trainer's object: takes whatever it is given and does nothing."""

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, _: Any) -> None: ...


def to_safetensors(file: Path) -> tuple[Path, int]:
    """Write the tensors of a pickled file to NAME.safetensors beside it; the new file and how many there are.

    Raises ModelNotFound, or RenderError for what is no checkpoint, holds more than weights, or has a copy already.
    """
    from safetensors.torch import save_file

    target = file.with_suffix(".safetensors")
    if target.name.startswith("pytorch_model"):  # transformers' name for a text encoder's, which it looks for
        target = target.with_name(target.name.removeprefix("pytorch_"))
    if not file.is_file():
        raise ModelNotFound(f"there is no file {file}")
    if file.suffix not in PICKLED:
        raise RenderError(f"{file.name} is no pickled file", hint=f"those end in {', '.join(PICKLED)}")
    if target.exists():
        raise RenderError(f"{target} exists already", hint="render with that one, or remove it first")
    tensors = _tensors(file)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        save_file(tensors, unfinished)
        unfinished.replace(target)
    except OSError as error:
        raise RenderError(f"cannot write {target}: {error.strerror}", hint="is there room on the disk?") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return target, len(tensors)


def _tensors(file: Path) -> dict[str, Any]:
    """Name → tensor, none sharing memory with another."""
    import torch

    content = _read(file)
    state = content.get("state_dict", content) if isinstance(content, Mapping) else {}
    if not isinstance(state, Mapping):
        state = {}
    found = {str(name): value for name, value in state.items() if isinstance(value, torch.Tensor)}
    if not found:
        raise RenderError(
            f"{file.name} holds no weights", hint="a checkpoint holds named tensors, or a state_dict of them"
        )
    seen: set[int] = set()
    for name, tensor in found.items():
        storage = tensor.untyped_storage()
        whole = tensor.is_contiguous() and storage.nbytes() == tensor.nbytes
        if not whole or storage.data_ptr() in seen:
            found[name] = tensor.clone(memory_format=torch.contiguous_format)
        seen.add(storage.data_ptr())
    return found


def _read(file: Path) -> Any:
    import torch
    from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

    try:
        try:
            foreign = get_unsafe_globals_in_checkpoint(file)
        except ValueError:  # the old format is no archive; torch refuses what it does not know while reading
            return torch.load(file, map_location="cpu", weights_only=True)
        strangers = [name for name in foreign if not name.startswith(_TRAINERS)]
        if strangers:
            raise RenderError(
                f"{file.name} holds more than weights: {', '.join(strangers)[:200]}",
                hint="a model needs none of that, and it may run code in other programs: do not use this file",
            )
        with safe_globals([(_StandIn, name) for name in foreign]):
            return torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except (UnpicklingError, OSError, EOFError, RuntimeError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split(". ")[0].split())[:200]
        raise RenderError(
            f"{file.name} cannot be read as weights: {reason}",
            hint="it may be damaged or not copied to its end; or it holds more than weights, which is refused",
        ) from error
