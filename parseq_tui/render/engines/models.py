"""Which model a name means, and what can be said about it without loading it. No torch.

A name is "tiny" (bundled), a folder in diffusers' layout, a single `.safetensors` checkpoint, or a hub id
("owner/name") that is already in the local hub cache. The invariant: nothing is fetched here, and no file that could
run code (pickle) is ever chosen.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from parseq_tui import paths
from parseq_tui.errors import ModelNotFound, RenderError
from parseq_tui.render.engines.checkpoint import layout
from parseq_tui.render.engines.digests import digest

BUNDLED = "tiny"
SUPPORTED_CLASSES = ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline")
"""Pipeline classes whose parts the engine drives itself."""
_HUB_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_LARGEST_JSON = 1 << 20
_PICKLED = (".ckpt", ".pt", ".pth", ".bin")
_PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What is known of a model before it is loaded."""

    name: str
    folder: Path
    """Where its configuration lies, and its weights unless `checkpoint` holds them."""
    pipeline_class: str
    """The class its model_index.json names."""
    bytes: int
    """Size of its weights on disk."""
    hints: Mapping[str, Any] = field(default_factory=dict)
    """What its parseq.json recommends: steps, cfg_scale, scheduler, width, height, emphasis, vocabulary…"""
    checkpoint: Path | None = None
    """The single file with all weights, if it is one."""

    @property
    def supported(self) -> bool:
        return self.pipeline_class in SUPPORTED_CLASSES

    def __str__(self) -> str:
        size = f"{self.bytes / 2**20:.0f} MiB" if self.bytes < 2**30 else f"{self.bytes / 2**30:.1f} GiB"
        known = {"steps": "steps", "cfg_scale": "CFG scale", "scheduler": "scheduler"}
        advice = ", ".join(f"{words} {self.hints[name]}" for name, words in known.items() if name in self.hints)
        refused = "" if self.supported else ", cannot be rendered with yet"
        return f"{self.pipeline_class}, {size}{refused}" + (f", best with {advice}" if advice else "")


def find_model(name: str) -> ModelDescription:
    """The model a name means. Raises ModelNotFound (with the places it looked in) or RenderError (unreadable)."""
    if name == BUNDLED:
        return _described(name, paths.bundled("models") / BUNDLED)
    given = Path(name).expanduser()
    if given.is_dir():
        return _described(name, given.resolve())
    if given.is_file() or given.suffix in (".safetensors", *_PICKLED):
        return _single_file(name, given)
    if _HUB_ID.fullmatch(name) and (cached := _cached_snapshot(name)):
        return _described(name, cached)
    looked = [str(given.absolute()), f"the model bundled as {BUNDLED!r}"]
    if _HUB_ID.fullmatch(name):
        looked.append(f"the hub cache {_hub_cache()}")
    raise ModelNotFound(
        f"there is no model {name!r}; looked for {', '.join(looked)}",
        hint="give a folder in diffusers' layout (it holds a model_index.json), or "
        + (f"fetch it first: hf download {name}" if _HUB_ID.fullmatch(name) else f"use {BUNDLED!r}"),
    )


def describe(name: str) -> str:
    """One line about the model a name means. Raises as `find_model` does."""
    return str(find_model(name))


def fingerprint(model: ModelDescription) -> str:
    """A digest of every file that decides what the model draws. Files are read once per change of size or time."""
    content = hashlib.sha256()
    for file in sorted(_deciding_files(model.folder)):
        content.update(f"{file.relative_to(model.folder).as_posix()}\0{digest(file)}\0".encode())
    if model.checkpoint is not None:
        content.update(digest(model.checkpoint).encode())
    return content.hexdigest()[:32]


def weight_files(folder: Path, part: str) -> list[Path]:
    """The safetensors files of one part (unet, vae, …): those of full precision, or else of the first variant."""
    files = sorted((folder / part).glob("*.safetensors"), key=lambda file: (file.name.count("."), file.name))
    variants = [file.name.split(".")[1:-1] for file in files]
    return [file for file, variant in zip(files, variants, strict=True) if variant == variants[0]]


def read_json(file: Path) -> dict[str, Any]:
    """A small JSON object of a model folder. Raises RenderError naming the file."""
    try:
        if file.stat().st_size > _LARGEST_JSON:
            raise RenderError(f"{file} is too large for a model's description")
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise RenderError(f"cannot read {file}: {problem}") from problem
    if not isinstance(read, dict):
        raise RenderError(f"{file} holds no JSON object")
    return read


def _described(name: str, folder: Path) -> ModelDescription:
    index = folder / "model_index.json"
    if name == BUNDLED and not index.is_file():
        raise ModelNotFound(
            f"the bundled model is missing from this installation: {folder}", hint="install the program again"
        )
    if not index.is_file():
        raise ModelNotFound(
            f"the folder {folder} is not a model: it holds no model_index.json",
            hint="a model folder has diffusers' layout: model_index.json, unet/, vae/, text_encoder/, tokenizer/",
        )
    size = sum(file.stat().st_size for part in _PARTS for file in weight_files(folder, part))
    hints = folder / "parseq.json"
    return ModelDescription(
        name=name,
        folder=folder,
        pipeline_class=str(read_json(index).get("_class_name", "unknown")),
        bytes=size,
        hints=read_json(hints) if hints.is_file() else {},
    )


def _single_file(name: str, file: Path) -> ModelDescription:
    if not file.is_file():
        raise ModelNotFound(f"there is no file {file.absolute()}")
    if file.suffix in _PICKLED:
        raise RenderError(
            f"{file.name} is a pickled checkpoint, which may run code when it is opened: it is not",
            hint="convert it to safetensors, or give a folder in diffusers' layout",
        )
    described = _described(name, layout(file))
    return replace(described, bytes=file.stat().st_size, checkpoint=file.resolve())


def _hub_cache() -> Path:
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache)
    return Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface")) / "hub"


def _cached_snapshot(name: str) -> Path | None:
    """The newest complete snapshot of a hub model in the local cache."""
    folder = _hub_cache() / f"models--{name.replace('/', '--')}"
    reference = folder / "refs" / "main"
    named = [folder / "snapshots" / reference.read_text().strip()] if reference.is_file() else []
    for snapshot in (*named, *sorted(folder.glob("snapshots/*"))):
        if (snapshot / "model_index.json").is_file():
            return snapshot
    return None


def _deciding_files(folder: Path) -> Iterable[Path]:
    yield folder / "model_index.json"
    for part in _PARTS:
        yield from weight_files(folder, part)
        yield from (file for file in (folder / part).glob("*") if file.suffix in (".json", ".txt"))
