"""Files that a prompt names: LoRA (`<lora:name:weight>`) and embeddings (a word that was taught). No torch.

They are looked for by name in folders, `.safetensors` only; their headers say what they are and which family they were
made for. The invariant: what a prompt names is either a file whose content is in the frame's key, or a problem that is
told before rendering.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parseq_tui.errors import RenderError
from parseq_tui.render.conditioning import Network, extract_networks
from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.checkpoint import read_header, shape
from parseq_tui.render.engines.digests import digest

LORA_KINDS = ("lora", "lyco")
_LARGEST_EMBEDDING = 4 << 20
"""Bytes; 77 vectors of Stable Diffusion XL are 0.6 MiB. Of larger files no header is read until they are named."""
_MOST_FILES = 5_000
"""Files looked at per folder."""
_XL_KEYS = ("clip_l", "clip_g")
_EMBEDDING_KEYS = ("emb_params", *_XL_KEYS)
_WIDTHS: Mapping[int, str] = {
    768: "Stable Diffusion 1.x",
    1024: "Stable Diffusion 2.x",
    2048: "Stable Diffusion XL",
}


@dataclass(frozen=True, slots=True)
class Use:
    """A LoRA at its weights in one frame."""

    file: Path
    encoder: float
    """Weight for the text encoders."""
    unet: float


@dataclass(slots=True)
class ExtraNetworks:
    """The LoRA and embedding files within reach, by name."""

    folders: tuple[Path, ...] = ()
    """Where to look, subfolders included; the first that has a name wins."""
    _loras: dict[str, Path] = field(default_factory=dict)
    _embeddings: dict[str, Path] = field(default_factory=dict)
    _listed: bool = False
    _given: set[Path] = field(default_factory=set)
    """Files that prompts named by their path."""

    def uses(self, prompt: str) -> tuple[Use, ...]:
        """The LoRA files a positive prompt asks for; the weights of one that is named twice add up.

        Names that are not found are left out: `problem` has told of them.
        """
        together: dict[Path, tuple[float, float]] = {}
        for network in extract_networks(prompt)[1]:
            if (file := self._lora_file(network)) is not None:
                encoder, unet = network.weights()
                before = together.get(file, (0.0, 0.0))
                together[file] = (before[0] + encoder, before[1] + unet)
        return tuple(Use(file, *weights) for file, weights in together.items() if any(weights))

    def words(self, text: str) -> dict[str, Path]:
        """The embeddings whose names stand in a text."""
        self._list()
        if not self._embeddings:
            return {}
        lowered = text.lower()
        return {
            name: file
            for name, file in self._embeddings.items()
            if name in lowered and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", lowered)
        }

    def named_words(self, request: DiffusionRequest) -> dict[str, Path]:
        """The embeddings a request names, in either prompt."""
        return {**self.words(request.positive), **self.words(request.negative)}

    def content(self, request: DiffusionRequest) -> str:
        """Digests of the files a request names, with the names they are called by; "" if it names none."""
        words = self.named_words(request)
        named = [f"lora:{digest(use.file)}:{use.encoder:g}:{use.unet:g}" for use in self.uses(request.positive)]
        return ",".join(named + sorted(f"{name}:{digest(file)}" for name, file in words.items()))

    def state(self) -> frozenset[tuple[Path, int, int]]:
        """Path, size and time (ns) of every file within reach now, and of those that were named by their path."""
        files = [*self._given, *(file for folder in self.folders for file in _safetensors(folder))]
        return frozenset(_stamp(file) for file in files)

    def problem(self, network: Network, context: int) -> tuple[str, str] | None:
        """What is wrong with a network a prompt names, and how to mend it; None if nothing is.

        `context`: width of the text the model reads, which tells its family.
        """
        if network.kind not in LORA_KINDS:
            return f"<{network.kind}:{network.name}> is not applied: only lora is", "take it out of the prompt"
        file = self._lora_file(network)
        if file is None:
            return f"there is no LoRA called {network.name!r}", self._nearest(network.name)
        try:
            header = read_header(file)
        except RenderError as error:
            return error.message, error.hint
        if not any("lora" in name or "hada" in name or "lokr" in name for name in header):
            return f"{file.name} is no LoRA", "take it out of the prompt, or look for another file of this name"
        if any("dora_scale" in name for name in header):
            return f"{file.name} is a DoRA, which cannot be applied yet", "use a plain LoRA"
        width = _context(header)
        if width and context and width != context and width in _WIDTHS and context in _WIDTHS:
            return (
                f"{file.name} was made for {_WIDTHS[width]}, the model is {_WIDTHS[context]}",
                "use a LoRA of the model's family",
            )
        return None

    def misfit(self, file: Path, widths: Sequence[int]) -> str:
        """Why an embedding cannot be read by text encoders of these widths; "" if it can."""
        header = read_header(file)
        header.pop("__metadata__", None)
        found = {name: shape(header, name)[-1] for name in header if shape(header, name)}
        if len(widths) == len(_XL_KEYS):
            fits = all(found.get(key) == width for key, width in zip(_XL_KEYS, widths, strict=True))
        else:
            fits = not widths or (widths[0] in found.values() and _XL_KEYS[1] not in found)
        made = " and ".join(str(width) for width in found.values())
        return "" if fits else f"its vectors are of width {made}, the model reads {' and '.join(map(str, widths))}"

    def _lora_file(self, network: Network) -> Path | None:
        if network.kind not in LORA_KINDS:
            return None
        self._list()
        given = Path(network.name).expanduser()
        if given.suffix == ".safetensors" and given.is_file():
            self._given.add(given.resolve())
            return given.resolve()
        return self._loras.get(network.name.lower().removesuffix(".safetensors"))

    def _nearest(self, name: str) -> str:
        self._list()
        places = ", ".join(map(str, self.folders)) or "no folder: name one with --networks FOLDER"
        near = difflib.get_close_matches(name.lower(), self._loras, n=3, cutoff=0.5)
        known = f"did you mean {' or '.join(near)}? " if near else ""
        if not near and self._loras:
            known = f"there are {', '.join(sorted(self._loras)[:8])}{' …' if len(self._loras) > 8 else ''}. "
        return f"{known}looked in {places}"

    def _list(self) -> None:
        if self._listed:
            return
        self._listed = True
        for folder in self.folders:
            for file in _safetensors(folder):
                name = file.stem.lower()
                relative = file.relative_to(folder).with_suffix("").as_posix().lower()
                known = self._embeddings if is_embedding(file) else self._loras
                for spelling in (name, relative):
                    known.setdefault(spelling, file.resolve())


def is_embedding(file: Path) -> bool:
    """Whether a file holds vectors of a taught word: few small tensors, told from its header."""
    try:
        if file.stat().st_size > _LARGEST_EMBEDDING:
            return False
        header = read_header(file)
    except (OSError, RenderError):
        return False  # what it is instead is told if a prompt names it
    header.pop("__metadata__", None)
    names = list(header)
    known = any(name in _EMBEDDING_KEYS for name in names)
    return known or (len(names) == 1 and len(shape(header, names[0])) in (1, 2) and "lora" not in names[0])


def asked(requests: Iterable[DiffusionRequest]) -> list[tuple[Network, int]]:
    """Every network that positive prompts name, once per name, with the number of the first request naming it."""
    first: dict[tuple[str, str], tuple[Network, int]] = {}
    for index, request in enumerate(requests):
        if "<" in request.positive:
            for network in extract_networks(request.positive)[1]:
                first.setdefault((network.kind, network.name), (network, index))
    return list(first.values())


def _stamp(file: Path) -> tuple[Path, int, int]:
    try:
        status = file.stat()
    except OSError:
        return file, -1, -1
    return file, status.st_size, status.st_mtime_ns


def _safetensors(folder: Path) -> Sequence[Path]:
    if not folder.is_dir():
        return []
    found: list[Path] = []
    for file in sorted(folder.rglob("*.safetensors")):
        found.append(file)
        if len(found) == _MOST_FILES:
            break
    return found


def _context(header: Mapping[str, Any]) -> int:
    """Width of the text a LoRA's UNet part reads; 0 if it has none."""
    for name in header:
        if "attn2" in name and "to_k" in name and ("lora_down" in name or "lora_A" in name or "lora.down" in name):
            sides = shape(header, name)
            return sides[1] if len(sides) >= 2 else 0
    return 0
