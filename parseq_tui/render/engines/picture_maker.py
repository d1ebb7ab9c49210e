"""One loaded model, making pictures: prompt → what to ask, seed → noise, table → latent → picture.

Nothing is kept between pictures but caches, so the same request gives the same bits on the same device.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from parseq_tui.errors import RenderError
from parseq_tui.render.conditioning import Term, extract_networks, split_terms, text_at, timeline
from parseq_tui.render.engines.base import DiffusionRequest, Image
from parseq_tui.render.engines.compatibility import OURS, Compatibility
from parseq_tui.render.engines.components import Components, load_components, out_of_memory_explained
from parseq_tui.render.engines.models import BUNDLED, ModelDescription
from parseq_tui.render.engines.pictures import to_latent, to_picture
from parseq_tui.render.engines.sampling import Combination, coefficients, combination, sample
from parseq_tui.render.engines.scheduler_table import Table
from parseq_tui.render.engines.schedulers import Scheduler, find
from parseq_tui.render.engines.schedules import choose_table
from parseq_tui.render.engines.seed_noise import SeedNoise
from parseq_tui.render.engines.text_encoding import Emphasis, TextEncoder

_TABLES = 256
"""Compiled samplers kept."""
_log = logging.getLogger(__name__)


class PictureMaker:
    """A loaded model and its caches."""

    def __init__(self, parts: Components, encoder: TextEncoder, choices: Compatibility = OURS) -> None:
        self.choices = choices
        self._parts = parts
        self._encoder = encoder
        self._tables: OrderedDict[tuple[str, int, float | None], Table] = OrderedDict()
        self._reported: set[str] = set()

    @classmethod
    def load(cls, model: ModelDescription, device: str, choices: Compatibility | None) -> PictureMaker:
        """Raises ModelNotFound, BackendUnavailable, OutOfMemory, RenderError."""
        parts = load_components(model, device)
        chosen = choices or OURS
        encoder = TextEncoder(parts.tokenizer, parts.text_encoder, emphasis=chosen.emphasis or _emphasis(model))
        return cls(parts, encoder, chosen)

    @property
    def text_passes(self) -> int:
        return self._encoder.passes

    def close(self) -> None:
        """Gives the device's memory back; the object is of no use afterwards."""
        on_cuda = self._parts.device.type == "cuda"
        self._tables.clear()
        del self._parts, self._encoder
        if on_cuda:
            torch.cuda.empty_cache()

    def check_size(self, width: int, height: int) -> None:
        """Raises RenderError for a size this model's latents cannot have."""
        factor = self._parts.factor
        for name, size in (("width", width), ("height", height)):
            if size < factor or size % factor:
                nearest = max(factor, round(size / factor) * factor)
                raise RenderError(
                    f"{name} {size}: this model makes pictures in multiples of {factor}", hint=f"use {nearest}"
                )

    def from_noise(self, request: DiffusionRequest) -> Image:
        """txt2img."""
        with _making(request):
            scheduler = find(request.scheduler)
            table = self._table(scheduler, request.steps, None)
            noise, later = self._noises(request, table)
            return self._sampled(request, scheduler, table, noise, later, None)

    def from_picture(self, request: DiffusionRequest, image: Image, strength: float) -> Image:
        """img2img at a share of noise of `strength`."""
        with _making(request):
            scheduler = find(request.scheduler)
            table = self._table(scheduler, request.steps, strength)
            noise, later = self._noises(request, table)
            clean = to_latent(self._parts, image)
            return self._sampled(request, scheduler, table, noise * request.noise_multiplier, later, clean)

    def _sampled(
        self,
        request: DiffusionRequest,
        scheduler: Scheduler,
        table: Table,
        noise: torch.Tensor,
        later: list[torch.Tensor],
        clean: torch.Tensor | None,
    ) -> Image:
        asked = self._combinations(request, scheduler, table.evaluations)
        latent = sample(self._parts.unet, table, asked, noise, later, clean)
        return to_picture(self._parts, latent, truncated=self.choices.truncated)

    def _noises(self, request: DiffusionRequest, table: Table) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The first noise (1, channels, height, width) and the step noises, on the device."""
        factor, device = self._parts.factor, self._parts.device
        shape = (self._parts.channels, request.height // factor, request.width // factor)
        drawn = SeedNoise(request.seed, shape, source=self.choices.noise_source, mixing=self.choices.mixing)
        first = drawn.first(request.subseed, request.subseed_strength)[None].to(device)
        return first, [drawn.next().to(device) for _ in range(table.step_noises)]

    def _combinations(self, request: DiffusionRequest, scheduler: Scheduler, calls: int) -> list[Combination]:
        """What to ask the network at each of `calls` evaluations."""
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
                made[weights] = self._combined(weights, {term.text for term in now}, request.clip_skip)
            combinations.append(made[weights])
        return combinations

    def _combined(self, weights: tuple[tuple[str, float], ...], terms: set[str], clip_skip: int) -> Combination:
        """The texts' tensors with their weights; `terms` are the positive texts."""
        tensors = {text: self._encoder.encode(text, clip_skip) for text, _ in weights}
        if self.choices.padded_terms:
            longest = max((len(tensors[text]) for text in terms if text in tensors), default=0)
            for text in terms & tensors.keys():
                missing = longest - len(tensors[text])
                tensors[text] = torch.cat([tensors[text], tensors[text][-1:].expand(missing, -1)])
        return combination([(tensors[text], weight) for text, weight in weights])

    def _table(self, scheduler: Scheduler, steps: int, strength: float | None) -> Table:
        """The compiled sampler; without `strength` from pure noise."""
        key = (scheduler.name, steps, strength)
        if key not in self._tables:
            self._tables[key] = choose_table(scheduler, self._parts.scheduler_config, steps, strength, self.choices)
            if len(self._tables) > _TABLES:
                self._tables.popitem(last=False)
        self._tables.move_to_end(key)
        return self._tables[key]

    def _report(self, message: str) -> None:
        if message not in self._reported:
            self._reported.add(message)
            _log.warning(message)


@contextmanager
def _making(request: DiffusionRequest) -> Iterator[None]:
    doing = f"making a picture of {request.width}×{request.height}"
    advice = "lower the width and height, or use fewer AND terms"
    with out_of_memory_explained(doing, advice), torch.inference_mode():
        yield


def _emphasis(model: ModelDescription) -> Emphasis:
    # the bundled text encoder was not made for the mean that the web UI restores
    return "no norm" if model.name == BUNDLED or model.hints.get("emphasis") == "no norm" else "guarded"
