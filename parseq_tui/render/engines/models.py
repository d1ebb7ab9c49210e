"""Which model a name means, and what can be said about it without loading it. No torch.

A name is "tiny" (bundled), a folder in diffusers' layout, a single `.safetensors` checkpoint, or a hub id
("owner/name", "owner/name@revision"). The invariant: nothing is fetched here (`hub` does, when a render asks for it),
and no file that could run code (pickle) is ever chosen.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parseq_tui import paths
from parseq_tui.errors import ModelNotFound, RenderError
from parseq_tui.render.engines import hub
from parseq_tui.render.engines.checkpoint import FEW_STEPS, Checkpoint, Variant, read_checkpoint, variant
from parseq_tui.render.engines.descriptions import read_json
from parseq_tui.render.engines.digests import digest
from parseq_tui.render.engines.pickled import PICKLED

BUNDLED = "tiny"
STABLE_DIFFUSION = (
    "StableDiffusionPipeline",
    "StableDiffusionImg2ImgPipeline",
    "LatentConsistencyModelPipeline",
    "LatentConsistencyModelImg2ImgPipeline",
)
STABLE_DIFFUSION_XL = ("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline")
SUPPORTED_CLASSES = (*STABLE_DIFFUSION, *STABLE_DIFFUSION_XL)
"""Pipeline classes whose parts the engine drives itself; others are left to diffusers' own pipelines."""
_FAMILIES = {"sd1": "Stable Diffusion 1.x", "sd2": "Stable Diffusion 2.x", "sdxl": "Stable Diffusion XL"}
_PARTS = ("unet", "transformer", "vae", "text_encoder", "text_encoder_2", "text_encoder_3")
_SETUP = ("tokenizer", "tokenizer_2", "tokenizer_3", "scheduler")


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What is known of a model before it is loaded."""

    name: str
    folder: Path
    """Where its configuration lies, and its weights unless `file` holds them."""
    pipeline_class: str
    """The class its model_index.json names."""
    bytes: int
    """Size of its weights on disk."""
    hints: Mapping[str, Any] = field(default_factory=dict)
    """What its parseq.json recommends, or the makers of its kind: steps, cfg_scale, scheduler, width, height…"""
    file: Path | None = None
    """The single file with all weights, if it is one."""
    checkpoint: Checkpoint | None = None
    """What that file says about itself."""
    family: str = ""
    """In words: "Stable Diffusion XL"."""
    variant: Variant = ""
    """The kind of few-step model it is, if it is one."""
    side: int = 0
    """The side of the square pictures it was trained on, in pixels; 0 if unknown."""
    context: int = 0
    """Width of the text its UNet reads; 0 if it has none."""
    widths: tuple[int, ...] = ()
    """Of the token vectors its text encoders read."""
    commit: str = ""
    """The hub's commit it is, for hub ids."""

    @property
    def supported(self) -> bool:
        """Whether the engine samples it with its own loop, with everything a prompt can ask."""
        return self.pipeline_class in SUPPORTED_CLASSES

    @property
    def is_xl(self) -> bool:
        return self.pipeline_class in STABLE_DIFFUSION_XL

    def __str__(self) -> str:
        size = f"{self.bytes / 2**20:.0f} MiB" if self.bytes < 2**30 else f"{self.bytes / 2**30:.1f} GiB"
        known = {"steps": "steps", "cfg_scale": "CFG scale", "scheduler": "scheduler"}
        advice = ", ".join(f"{words} {self.hints[name]}" for name, words in known.items() if name in self.hints)
        kind = f"{self.family} {self.variant}".strip() if self.family else self.pipeline_class
        own = "" if self.supported else ", through its own pipeline"
        pinned = f", commit {self.commit[:12]}" if self.commit else ""
        return f"{kind}, {size}{pinned}{own}" + (f", best with {advice}" if advice else "")


def find_model(name: str) -> ModelDescription:
    """The model a name means. Raises ModelNotFound (with the places it looked in) or RenderError (unreadable)."""
    if name == BUNDLED:
        return _described(name, paths.bundled("models") / BUNDLED)
    given = Path(name).expanduser()
    if given.is_dir():
        return _described(name, given.resolve())
    if given.is_file() or given.suffix in (".safetensors", *PICKLED):
        return _single_file(name, given)
    wanted = hub.parse(name)
    if wanted is None:
        raise ModelNotFound(
            f"there is no model {name!r}; looked for {given.absolute()}, the model bundled as {BUNDLED!r}",
            hint="a model is a folder in diffusers' layout (it holds a model_index.json), a .safetensors file, "
            f"a hub id (owner/name), or {BUNDLED!r}",
        )
    snapshot = hub.cached(wanted)
    if snapshot is None:
        raise ModelNotFound(
            f"there is no model {name!r} on this machine; looked for {given.absolute()} and in {hub.cache_folder()}",
            hint=f"a render fetches it if there is a network; or fetch it first: hf download {wanted.repository}",
        )
    return _described(name, snapshot, commit=snapshot.name)


def describe(name: str) -> str:
    """One line about the model a name means. Raises as `find_model` does."""
    return str(find_model(name))


def fingerprint(model: ModelDescription) -> str:
    """A digest of every file that decides what the model draws. Files are read once per change of size or time.

    For a single file it includes what is taken from its name; for a hub id the commit.
    """
    content = hashlib.sha256(f"{model.variant}\0".encode() if model.file and model.variant else b"")
    if model.commit:
        content.update(f"{model.commit}\0".encode())
    for file in sorted(_deciding_files(model.folder)):
        content.update(f"{file.relative_to(model.folder).as_posix()}\0{digest(file)}\0".encode())
    if model.file is not None:
        content.update(digest(model.file).encode())
    return content.hexdigest()[:32]


def weight_files(folder: Path, part: str) -> list[Path]:
    """The safetensors files of one part (unet, vae, …): those of full precision, or else of the first variant."""
    files = sorted((folder / part).glob("*.safetensors"), key=lambda file: (file.name.count("."), file.name))
    variants = [re.sub(r"-\d+-of-\d+$", "", ".".join(file.name.split(".")[1:-1])) for file in files]
    return [file for file, variant in zip(files, variants, strict=True) if variant == variants[0]]


def scheduler_config(model: ModelDescription) -> dict[str, Any]:
    """The configuration of its scheduler, as its file or its folder says."""
    config = read_json(model.folder / "scheduler" / "scheduler_config.json")
    return config if model.checkpoint is None else config | dict(model.checkpoint.scheduler_changes)


def _described(name: str, folder: Path, commit: str = "") -> ModelDescription:
    index_file = folder / "model_index.json"
    if name == BUNDLED and not index_file.is_file():
        raise ModelNotFound(
            f"the bundled model is missing from this installation: {folder}", hint="install the program again"
        )
    if not index_file.is_file():
        raise ModelNotFound(
            f"the folder {folder} is not a model: it holds no model_index.json",
            hint="a model folder has diffusers' layout: model_index.json, unet/, vae/, text_encoder/, tokenizer/",
        )
    index = read_json(index_file)
    pipeline_class = str(index.get("_class_name", "unknown"))
    kind = _kind(folder, index, f"{index.get('_name_or_path', '')} {name if commit else folder.name}")
    unet = _optional(folder / "unet" / "config.json")
    recommended = _optional(folder / "parseq.json")
    return ModelDescription(
        name=name,
        folder=folder,
        pipeline_class=pipeline_class,
        bytes=sum(file.stat().st_size for part in _PARTS for file in weight_files(folder, part)),
        hints={**FEW_STEPS.get(kind, {}), **recommended},
        family="" if name == BUNDLED else _family(pipeline_class, unet),
        variant=kind,
        side=_side(folder, unet),
        context=_number(unet, "cross_attention_dim"),
        widths=_widths(folder),
        commit=commit,
    )


def _single_file(name: str, file: Path) -> ModelDescription:
    if not file.is_file():
        raise ModelNotFound(f"there is no file {file.absolute()}")
    if file.suffix in PICKLED:
        raise RenderError(
            f"{file.name} is a pickled checkpoint, which may run code when it is opened: it is not",
            hint=f"copy its weights once, which runs nothing: parseq-tui convert {shlex.quote(str(file))}",
        )
    read = read_checkpoint(file)
    layout = _described(name, read.layout)
    return ModelDescription(
        name=name,
        folder=layout.folder,
        pipeline_class=layout.pipeline_class,
        bytes=read.bytes,
        hints=FEW_STEPS.get(read.variant, {}),
        file=file.resolve(),
        checkpoint=read,
        family=_FAMILIES[read.family],
        variant=read.variant,
        side=512 if read.variant == "turbo" else layout.side,
        context=layout.context,
        widths=layout.widths,
    )


def _kind(folder: Path, index: Mapping[str, Any], names: str) -> Variant:
    if str(index.get("_class_name", "")).startswith("LatentConsistency"):
        return "lcm"
    if _optional(folder / "unet" / "config.json").get("time_cond_proj_dim"):
        return "lcm"
    return variant(names)


def _family(pipeline_class: str, unet: Mapping[str, Any]) -> str:
    if pipeline_class in STABLE_DIFFUSION_XL:
        return _FAMILIES["sdxl"]
    if pipeline_class in STABLE_DIFFUSION:
        return _FAMILIES["sd2" if _number(unet, "cross_attention_dim") == 1024 else "sd1"]
    return ""


def _side(folder: Path, unet: Mapping[str, Any]) -> int:
    levels = _optional(folder / "vae" / "config.json").get("block_out_channels")
    return _number(unet, "sample_size") * 2 ** (len(levels) - 1) if isinstance(levels, list) and levels else 0


def _widths(folder: Path) -> tuple[int, ...]:
    found = (_number(_optional(folder / part / "config.json"), "hidden_size") for part in _PARTS[3:5])
    return tuple(width for width in found if width)


def _number(config: Mapping[str, Any], name: str) -> int:
    value = config.get(name)
    return value if isinstance(value, int) else 0


def _optional(file: Path) -> dict[str, Any]:
    return read_json(file) if file.is_file() else {}


def _deciding_files(folder: Path) -> Iterable[Path]:
    yield folder / "model_index.json"
    for part in (*_PARTS, *_SETUP):
        yield from weight_files(folder, part)
        yield from (file for file in (folder / part).glob("*") if file.suffix in (".json", ".txt", ".model"))
