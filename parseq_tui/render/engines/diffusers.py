"""The diffusion engine: Stable Diffusion shaped models, loaded with diffusers, sampled by our own loop.

Owns what can be said without torch: the model's name and fingerprint, what the engine can do, and which requests are
refused. Importing this module imports no torch; `load` does, and hands over to `picture_maker`.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from parseq_tui.errors import BackendUnavailable, RenderError
from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.render.engines import hub
from parseq_tui.render.engines.advice import advice
from parseq_tui.render.engines.base import DiffusionRequest, Image, Report, Task
from parseq_tui.render.engines.extra_networks import ExtraNetworks
from parseq_tui.render.engines.models import BUNDLED, ModelDescription, find_model, fingerprint
from parseq_tui.render.engines.schedulers import find, scheduler_names
from parseq_tui.timeline.render_settings import RenderSettings

if TYPE_CHECKING:
    from parseq_tui.render.engines.compatibility import Compatibility
    from parseq_tui.render.engines.picture_maker import PictureMaker
    from parseq_tui.render.engines.pipeline_maker import PipelineMaker

__all__ = ["DiffusersEngine", "scheduler_names"]

CODE_VERSION = "5"
"""Part of the fingerprint: raise it when the same request starts to give another picture."""
_log = logging.getLogger(__name__)
FAINTEST = 1e-3
"""Denoising strengths below this are less than one of the model's thousand noise levels."""


class DiffusersEngine:
    """Stable Diffusion 1.x, 2.x and XL models, and what was distilled from them; the bundled one among them."""

    name = "diffusers"

    def __init__(
        self,
        model: str = BUNDLED,
        device: str = "auto",
        compatibility: Compatibility | str = "none",
        networks: tuple[Path, ...] = (),
        acceleration: str = "auto",
    ) -> None:
        """`model`: see `engines.models`; `device`: auto, cpu, cuda or cuda:N.

        `compatibility`: whose numbers to reproduce, by name or as choices. `networks`: folders of LoRA files and
        embeddings. `acceleration`: none, graphs, or auto (on a card).
        """
        self._model_name = model
        self._device_name = device
        self._compatibility = compatibility
        self._networks = ExtraNetworks(networks)
        self._acceleration = acceleration
        self._maker: PictureMaker | PipelineMaker | None = None
        self._report: Report = _log.info
        self._read: object = None
        """What the files were when they were loaded."""

    def describe(self) -> ModelDescription:
        """The model, without loading it. Raises ModelNotFound."""
        return find_model(self._model_name)

    def fetch(self, report: Report) -> None:
        """Downloads a hub model that is not on this machine. Raises ModelNotFound or RenderError saying what to do."""
        if self._model_name == BUNDLED or Path(self._model_name).expanduser().exists():
            return
        if (wanted := hub.parse(self._model_name)) is not None:
            hub.fetch(wanted, report)

    def fingerprint(self) -> str:
        """Digest of the model's files, the compatibility choices and this code's version."""
        choices = "" if self._compatibility == "none" else repr(self._compatibility)
        text = f"diffusers\0{CODE_VERSION}\0{fingerprint(self.describe())}\0{choices}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def extras(self, request: DiffusionRequest) -> str:
        return self._networks.content(request)

    def problems(self, requests: Sequence[DiffusionRequest]) -> list[Diagnostic]:
        return advice(self.describe(), requests, self._networks)

    def listen(self, report: Report) -> None:
        self._report = report

    @property
    def text_passes(self) -> int:
        """How many times the text encoder has run since `load`."""
        return 0 if self._maker is None else self._maker.text_passes

    def load(self) -> None:
        self._loaded()

    def current(self) -> bool:
        try:
            return self._maker is not None and self._read == self._files()
        except (RenderError, OSError):
            return False  # the model is gone: whoever makes the next engine is told

    def close(self) -> None:
        if self._maker is not None:
            self._maker.close()
            self._maker = None

    def generate(self, request: DiffusionRequest, image: Image | None) -> Image:
        """The picture for `request`. A denoising strength of 1 ignores `image` and is txt2img.

        A strength under a thousandth returns `image` as it is: a pass through the autoencoder would soften every frame
        of a still stretch without anything having been asked of the model.
        """
        maker = self._loaded()
        task = _task(maker, request, image)
        return maker.make(task) if isinstance(task, Task) else task

    def together(self, width: int, height: int) -> int:
        return self._loaded().together(width, height)

    def generate_many(self, asked: Sequence[tuple[DiffusionRequest, Image | None]]) -> list[Image]:
        maker = self._loaded()
        tasks = [_task(maker, request, image) for request, image in asked]
        made = iter(maker.make_many([task for task in tasks if isinstance(task, Task)]))
        return [next(made) if isinstance(task, Task) else task for task in tasks]

    def _loaded(self) -> PictureMaker | PipelineMaker:
        if self._maker is None:
            model = self.describe()
            self._read = self._files()
            # threads that wait by spinning would take the processor from the encoder and from other programs
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
            try:
                self._maker = self._made(model)
            except ImportError as problem:
                raise BackendUnavailable(
                    f"the diffusers engine cannot start: {problem}",
                    hint="install it: pip install torch diffusers transformers",
                ) from problem
        return self._maker

    def _tell(self, text: str) -> None:
        self._report(text)  # whoever listens now, not who listened when it was loaded

    def _files(self) -> object:
        return self.fingerprint(), self._networks.state()

    def _made(self, model: ModelDescription) -> PictureMaker | PipelineMaker:
        if not model.supported:
            from parseq_tui.render.engines.pipeline_maker import PipelineMaker

            return PipelineMaker.load(model, self._device_name, self._tell)
        with _unwatched():
            from parseq_tui.render.engines.compatibility import NAMED
            from parseq_tui.render.engines.components import import_classes
            from parseq_tui.render.engines.picture_maker import PictureMaker

            import_classes(model)
        choices = NAMED[self._compatibility] if isinstance(self._compatibility, str) else self._compatibility
        return PictureMaker.load(
            model, self._device_name, choices, self._networks, self._tell, acceleration=self._acceleration
        )


def make(settings: RenderSettings, device: str) -> DiffusersEngine:
    """This engine, for a model and the folders of what its prompts name."""
    networks = tuple(Path(folder) for folder in (settings.networks or "").split(os.pathsep) if folder)
    return DiffusersEngine(settings.model, device, settings.compatibility, networks, settings.acceleration)


@contextmanager
def _unwatched() -> Iterator[None]:
    """While open, nobody looks for garbage, nor later among what came in: the libraries' objects, which stay.

    Looking through them again and again takes a quarter of the time they need to be imported.
    """
    watched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if watched:
            gc.enable()


def _task(maker: PictureMaker | PipelineMaker, request: DiffusionRequest, image: Image | None) -> Task | Image:
    """What is to be made, or the picture itself where nothing is. Raises RenderError for what no model can do."""
    find(request.scheduler)
    _check_numbers(request)
    _check_size(request, maker.multiple)
    if image is None:
        return Task(request)
    _check_picture(request, image)
    strength = min(max(request.denoising_strength, 0.0), 1.0)
    if maker.choices.quantised_strength:
        return Task(request, image, strength)
    if strength < FAINTEST:
        return image
    return Task(request) if strength == 1 else Task(request, image, strength)


def _check_size(request: DiffusionRequest, multiple: int) -> None:
    """Refuses a size that the model's latents cannot have. Raises RenderError."""
    for name, size in (("width", request.width), ("height", request.height)):
        if size < multiple or size % multiple:
            nearest = max(multiple, round(size / multiple) * multiple)
            raise RenderError(
                f"{name} {size}: this model makes pictures in multiples of {multiple}", hint=f"use {nearest}"
            )


def _check_numbers(request: DiffusionRequest) -> None:
    """Refuses what no model can do. Raises RenderError."""
    if request.steps < 1:
        raise RenderError(f"{request.steps} sampling steps", hint="at least 1")
    for name in ("cfg_scale", "subseed_strength", "denoising_strength", "noise_multiplier"):
        if not math.isfinite(getattr(request, name)):
            raise RenderError(f"{name} is not finite in this frame", hint="look for a division by zero in its formula")


def _check_picture(request: DiffusionRequest, image: Image) -> None:
    asked = (request.height, request.width, 3)
    if image.shape != asked or image.dtype != np.uint8:
        raise RenderError(f"the input picture is {image.dtype} {image.shape}; asked for is uint8 {asked}")
