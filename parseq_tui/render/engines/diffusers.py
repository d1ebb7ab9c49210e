"""The diffusion engine: Stable Diffusion shaped models, loaded with diffusers, sampled by our own loop.

One call makes one picture from one request; nothing is kept between calls but caches, so the same request gives the
same bits on the same device. Importing this module imports no torch; `load` does.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from parseq_tui.errors import BackendUnavailable, RenderError
from parseq_tui.render.conditioning import Term, extract_networks, split_terms, text_at, timeline
from parseq_tui.render.engines.base import Capabilities, DiffusionRequest, Image
from parseq_tui.render.engines.models import BUNDLED, ModelDescription, find_model, fingerprint
from parseq_tui.render.engines.schedulers import Scheduler, find, scheduler_names

if TYPE_CHECKING:
    import torch

    from parseq_tui.render.engines.compatibility import Compatibility
    from parseq_tui.render.engines.components import Components
    from parseq_tui.render.engines.sampling import Combination
    from parseq_tui.render.engines.scheduler_table import Table
    from parseq_tui.render.engines.text_encoding import Emphasis, TextEncoder

__all__ = ["DiffusersEngine", "scheduler_names"]

CODE_VERSION = "1"
"""Part of the fingerprint: raise it when the same request starts to give another picture."""
FAINTEST = 1e-3
"""Denoising strengths below this are less than one of the model's thousand noise levels."""
_TABLES = 256
_log = logging.getLogger(__name__)


class DiffusersEngine:
    """Stable Diffusion 1.x and 2.x models, the bundled one among them."""

    name = "diffusers"

    def __init__(self, model: str = BUNDLED, device: str = "auto", compatibility: Compatibility | None = None) -> None:
        """`model`: see `engines.models`; `device`: auto, cpu, cuda or cuda:N; `compatibility`: ours unless given."""
        self._model_name = model
        self._device_name = device
        self._compatibility = compatibility
        self._parts: Components | None = None
        self._encoder: TextEncoder | None = None
        self._tables: OrderedDict[tuple[Any, ...], Table] = OrderedDict()
        self._reported: set[str] = set()

    def describe(self) -> ModelDescription:
        """The model, without loading it. Raises ModelNotFound."""
        return find_model(self._model_name)

    def fingerprint(self) -> str:
        """Digest of the model's files, the compatibility choices and this code's version."""
        choices = "" if self._compatibility is None else repr(self._compatibility)
        text = f"diffusers\0{CODE_VERSION}\0{fingerprint(self.describe())}\0{choices}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def capabilities(self) -> Capabilities:
        return Capabilities(
            notes=(
                "Stable Diffusion 1.x and 2.x folders; SDXL, single files and other families not yet",
                "<lora:…> tags are left out of the prompt, LoRA files are not applied yet",
            )
        )

    @property
    def text_passes(self) -> int:
        """How many times the text encoder has run since `load`."""
        return 0 if self._encoder is None else self._encoder.passes

    def load(self) -> None:
        if self._parts is not None:
            return
        model = self.describe()
        try:
            from parseq_tui.render.engines.components import load_components
            from parseq_tui.render.engines.text_encoding import TextEncoder
        except ImportError as problem:
            raise BackendUnavailable(
                f"the diffusers engine cannot start: {problem}",
                hint="install it: pip install torch diffusers transformers",
            ) from problem
        parts = load_components(model, self._device_name)
        self._encoder = TextEncoder(parts.tokenizer, parts.text_encoder, emphasis=self._emphasis(model))
        self._parts = parts

    def close(self) -> None:
        if self._parts is None:
            return
        import torch

        on_cuda = self._parts.device.type == "cuda"
        self._parts, self._encoder = None, None
        self._tables.clear()
        if on_cuda:
            torch.cuda.empty_cache()

    def generate(self, request: DiffusionRequest, image: Image | None) -> Image:
        """The picture for `request`. A denoising strength of 1 ignores `image` and is txt2img.

        A strength under a thousandth returns `image` as it is: a pass through the autoencoder would soften every frame
        of a still stretch without anything having been asked of the model.
        """
        self.load()
        strength = 1.0 if image is None else _strength(request.denoising_strength)
        if image is not None:
            self._check_input(request, image)
            if strength < FAINTEST and not self._choices.quantised_strength:
                return image
        self._check(request)
        from parseq_tui.render.engines.components import out_of_memory_explained

        doing = f"making a picture of {request.width}×{request.height}"
        with out_of_memory_explained(doing, "lower the width and height, or use fewer AND terms"):
            return self._made(request, image, strength)

    def _made(self, request: DiffusionRequest, image: Image | None, strength: float) -> Image:
        import torch

        from parseq_tui.render.engines.pictures import to_latent, to_picture
        from parseq_tui.render.engines.sampling import sample
        from parseq_tui.render.engines.seed_noise import SeedNoise

        parts = self._loaded
        scheduler = find(request.scheduler)
        from_noise = image is None or (strength >= 1 and not self._choices.quantised_strength)
        with torch.inference_mode():
            table = self._table(scheduler, request.steps, None if from_noise else strength)
            shape = (parts.channels, request.height // parts.factor, request.width // parts.factor)
            drawn = SeedNoise(request.seed, shape, source=self._choices.noise_source, mixing=self._choices.mixing)
            noise = drawn.first(request.subseed, request.subseed_strength)
            steps = [drawn.next().to(parts.device) for _ in range(table.step_noises)]
            clean = None
            if image is not None and not from_noise:
                noise = noise * request.noise_multiplier
                clean = to_latent(parts, image)
            asked = self._combinations(request, scheduler, table.evaluations)
            latent = sample(parts.unet, table, asked, noise[None].to(parts.device), steps, clean)
            return to_picture(parts, latent, truncated=self._choices.truncated)

    def _combinations(self, request: DiffusionRequest, scheduler: Scheduler, calls: int) -> list[Combination]:
        """What to ask the network at each of `calls` evaluations."""
        from parseq_tui.render.engines.sampling import coefficients, combination

        positive, networks = extract_networks(request.positive)
        for network in networks:
            self._report(f"<{network.kind}:{network.name}> is not applied: LoRA files are not supported yet")
        laid_out = request.steps * scheduler.calls_per_step
        terms = [(timeline(term.text, laid_out), term.weight) for term in split_terms(positive)]
        negative = timeline(request.negative, laid_out)
        made: dict[tuple[tuple[str, float], ...], Combination] = {}
        combinations: list[Combination] = []
        for call in range(calls):
            now = [Term(text_at(moments, call), weight) for moments, weight in terms]
            weights = tuple(coefficients(now, text_at(negative, call), request.cfg_scale).items())
            if weights not in made:
                made[weights] = combination(self._encoded(weights, request.clip_skip))
            combinations.append(made[weights])
        return combinations

    def _encoded(self, weights: tuple[tuple[str, float], ...], clip_skip: int) -> list[tuple[torch.Tensor, float]]:
        assert self._encoder is not None
        return [(self._encoder.encode([text], clip_skip)[0], weight) for text, weight in weights]

    def _table(self, scheduler: Scheduler, steps: int, strength: float | None) -> Table:
        """The compiled scheduler; without `strength` from pure noise."""
        from parseq_tui.render.engines.scheduler_table import compile_table

        key = (scheduler.name, steps, strength)
        if key not in self._tables:
            self._tables[key] = compile_table(scheduler, self._loaded.scheduler_config, steps, strength=strength)
            if len(self._tables) > _TABLES:
                self._tables.popitem(last=False)
        self._tables.move_to_end(key)
        return self._tables[key]

    @property
    def _loaded(self) -> Components:
        assert self._parts is not None, "load() comes first"
        return self._parts

    @property
    def _choices(self) -> Compatibility:
        from parseq_tui.render.engines.compatibility import OURS

        return self._compatibility or OURS

    def _emphasis(self, model: ModelDescription) -> Emphasis:
        if self._choices.emphasis is not None:
            return self._choices.emphasis
        # the bundled text encoder was trained without the mean that the web UI restores
        return "no norm" if model.name == BUNDLED or model.hints.get("emphasis") == "no norm" else "guarded"

    def _check(self, request: DiffusionRequest) -> None:
        """Refuses what no model can do. Raises RenderError."""
        factor = self._loaded.factor
        for name, size in (("width", request.width), ("height", request.height)):
            if size < factor or size % factor:
                nearest = max(factor, round(size / factor) * factor)
                raise RenderError(
                    f"{name} {size}: this model makes pictures in multiples of {factor}", hint=f"use {nearest}"
                )
        if request.steps < 1:
            raise RenderError(f"{request.steps} sampling steps", hint="at least 1")
        for name, value in (("CFG scale", request.cfg_scale), ("subseed strength", request.subseed_strength)):
            if not math.isfinite(value):
                raise RenderError(f"the {name} of this frame is not finite", hint="look at its formula")

    def _check_input(self, request: DiffusionRequest, image: Image) -> None:
        if image.shape != (request.height, request.width, 3) or image.dtype != np.uint8:
            raise RenderError(
                f"the input picture is {image.dtype} {image.shape}; "
                f"asked for is uint8 {(request.height, request.width, 3)}"
            )

    def _report(self, message: str) -> None:
        if message not in self._reported:
            self._reported.add(message)
            _log.warning(message)


def _strength(value: float) -> float:
    if not math.isfinite(value):
        raise RenderError("the denoising strength of this frame is not finite", hint="look at its formula")
    return min(max(value, 0.0), 1.0)
