"""One loaded model, making pictures: prompt → what to ask, seed → noise, table → latent → picture.

Nothing is kept between pictures but caches, so the same request gives the same bits on the same device. Pictures that
are made together are always evaluated in batches of one size, filled up with copies, and only where the device was
seen to answer a row alike wherever it stands: so a picture does not depend on which others were made with it. Where
memory or half precision do not reach, the frame is made again with less, or more precisely, and so is every later one.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from parseq_tui.errors import OutOfMemory, RenderError
from parseq_tui.render.conditioning import Term, extract_networks, split_terms, text_at, timeline
from parseq_tui.render.engines.adaptive import AdaptiveSolver
from parseq_tui.render.engines.advice import too_long
from parseq_tui.render.engines.base import DiffusionRequest, Image, Report, Task
from parseq_tui.render.engines.cards import give_back, sent
from parseq_tui.render.engines.compatibility import OURS, Compatibility
from parseq_tui.render.engines.components import Components, load_components
from parseq_tui.render.engines.cuda_graphs import GraphedNetwork
from parseq_tui.render.engines.devices import device_name, free_memory, out_of_memory_explained
from parseq_tui.render.engines.extra_networks import ExtraNetworks, Use
from parseq_tui.render.engines.lora import Merger, taught_vectors
from parseq_tui.render.engines.memory import LADDER, Need, has_room_to_record, next_smaller
from parseq_tui.render.engines.models import BUNDLED, ModelDescription
from parseq_tui.render.engines.pictures import NotNumbers, begin_picture, to_latent
from parseq_tui.render.engines.prompt_encoding import PromptEncoder
from parseq_tui.render.engines.residence import Residence, settled
from parseq_tui.render.engines.sampling import (
    Combination,
    Drawing,
    coefficients,
    combination_answers,
    normalized,
    sample_together,
)
from parseq_tui.render.engines.scheduler_table import Table
from parseq_tui.render.engines.schedulers import Scheduler, find
from parseq_tui.render.engines.schedules import choose_table
from parseq_tui.render.engines.seed_noise import SeedNoise
from parseq_tui.render.engines.text_encoding import Emphasis
from parseq_tui.render.engines.traced import TracedNetwork

_log = logging.getLogger(__name__)
_TABLES = 256
"""Compiled samplers kept."""
_TOGETHER_ON_CPU = 4
_CELLS_TOGETHER = 16_384
"""Latent cells of one batch that keep a card busy; four pictures of 512 pixels."""
_MOST_TOGETHER = 8


class PictureMaker:
    """A loaded model and its caches."""

    def __init__(
        self,
        parts: Components,
        emphasis: Emphasis,
        choices: Compatibility = OURS,
        networks: ExtraNetworks | None = None,
        report: Report = _log.info,
        *,
        acceleration: str = "auto",
    ) -> None:
        """`acceleration`, on a card: graphs records the UNet's calls, none does not, auto does where there is room."""
        self.choices = choices
        self._extra = networks or ExtraNetworks()
        self._merger = Merger(parts.networks, parts.device)
        self._parts = parts
        self._report = report
        self._prompts = PromptEncoder(parts, emphasis)
        self._text_parts = [part for part in parts.networks if part.startswith("text_encoder")]
        self._residence: Residence | None = None
        self._pixels = 0
        self._acceleration = acceleration
        self._fast = _in_place_of_unet(parts, acceleration, report)
        self._records = True
        """Whether there is room for what answers in the UNet's place."""
        self._tables: OrderedDict[tuple[str, int, float | None], Table | AdaptiveSolver] = OrderedDict()
        self._placeless: dict[Hashable, bool] = {}
        self._taught: set[str] = set()
        self._alone = False

    @classmethod
    def load(
        cls,
        model: ModelDescription,
        device: str,
        choices: Compatibility = OURS,
        networks: ExtraNetworks | None = None,
        report: Report = _log.info,
        *,
        acceleration: str = "auto",
    ) -> PictureMaker:
        """Raises ModelNotFound, BackendUnavailable, OutOfMemory, RenderError."""
        parts, emphasis = load_components(model, device, report), _emphasis(model, choices)
        return cls(parts, emphasis, choices, networks, report, acceleration=acceleration)

    @property
    def text_passes(self) -> int:
        return self._prompts.passes

    def close(self) -> None:
        """Gives the device's memory back; the object is of no use afterwards."""
        self._move_out()
        device = self._parts.device
        for encoder in self._prompts.encoders:
            encoder.close()
        for network in self._parts.networks.values():
            network.to_empty(device=torch.device("meta"))  # its weights go now, whenever its cycles are collected
        self._tables.clear()
        del self._parts, self._prompts, self._merger, self._fast
        give_back(device)

    @property
    def multiple(self) -> int:
        """Pixels: what widths and heights are multiples of."""
        return self._parts.factor

    def together(self, width: int, height: int) -> int:
        """How many pictures of this size are best made at once. Depends on nothing that changes."""
        if self._parts.device.type == "cpu":
            return _TOGETHER_ON_CPU if self._parts.small else 1
        cells = max(1, width * height // self._parts.factor**2)
        return max(1, min(_MOST_TOGETHER, _CELLS_TOGETHER // cells))

    def make(self, task: Task) -> Image:
        """One picture, by itself."""
        return self._made([task], alone=True)[0]

    def make_many(self, tasks: Sequence[Task]) -> list[Image]:
        """Pictures that depend on no other, in batches."""
        return self._made(tasks, alone=False) if tasks else []

    def _made(self, tasks: Sequence[Task], *, alone: bool) -> list[Image]:
        """Makes room, or is more precise, and tries again as long as there is a way to; then raises."""
        while True:
            residence = self._settled(tasks[0].request)
            alone = alone or self._alone
            try:
                with _making(tasks[0].request):
                    return self._pictures(residence, tasks, alone=alone)
            except OutOfMemory as problem:
                message, change = problem.message, self._make_room(residence, alone=alone)
                if not change:
                    raise
            except NotNumbers as problem:
                message, change = problem.message, self._more_precise()
                if not change:
                    raise
            # outside of the handlers: the traceback would keep the failed picture's memory
            self._report(f"{message}; {change} from here on, and the frame is made again")

    def _settled(self, request: DiffusionRequest) -> Residence:
        """The networks, placed as pictures of this size need it."""
        pixels = request.width * request.height
        if self._residence is None or pixels > self._pixels:
            self._pixels = pixels
            self._move_out()
            parts, on_host = self._parts, self._parts.device.type == "cpu"
            weights = {part: _bytes(network) for part, network in parts.networks.items()}
            vae_bytes = next(parts.vae.parameters()).element_size()
            need = Need({} if on_host else weights, pixels, vae_bytes, factor=parts.factor)
            asked = on_host or self._acceleration == "graphs"
            self._records = asked or has_room_to_record(need, free_memory(parts.device))
            self._residence = settled(parts.networks, parts.device, need)
            precision = str(parts.dtype).removeprefix("torch.")
            where = f"drawing on {device_name(parts.device)} in {precision}"
            usual = on_host and self._residence.placement == LADDER[0]
            self._report(where if usual else f"{where}: {self._residence.placement}")
            for part, encoder in zip(("text_encoder", "text_encoder_2"), self._prompts.encoders, strict=False):
                encoder.ready = partial(self._at_work, part)
        return self._residence

    def _move_out(self) -> None:
        """The networks are nowhere in particular, until they are settled."""
        if self._fast is not None:
            self._fast.forget()
        if self._residence is not None:
            self._residence.close()
        self._residence = None

    def _unet(self, residence: Residence) -> Any:
        """What is called as the UNet: itself, or what is faster while its weights stay where they are."""
        unet = residence.at_work("unet")
        if self._fast is None or not self._records or residence.placement.offload != "none":
            return unet
        copied = isinstance(self._fast, TracedNetwork)  # it works with weights as they were
        return unet if copied and self._merger.is_changed("unet") else self._fast

    def _at_work(self, part: str) -> object:
        assert self._residence is not None  # settled before anything is encoded
        return self._residence.at_work(part)

    def _make_room(self, residence: Residence, *, alone: bool) -> str:
        """What is done otherwise from now on, to need less; "" where nothing is left to do."""
        on_host = self._parts.device.type == "cpu"
        if self._fast is not None:
            self._fast.forget()
        if not on_host and not alone:  # the cheapest way to need less
            self._alone = True
            give_back(self._parts.device)
            return "one picture is made at a time"
        if isinstance(self._fast, GraphedNetwork) and self._records and residence.placement.offload == "none":
            self._records = False
            give_back(self._parts.device)
            return "the UNet's calls are not recorded"
        smaller = next_smaller(residence.placement, on_host=on_host)
        if smaller is None:
            return ""
        self._merger.send_originals_home()
        residence.settle(smaller)
        return str(smaller)

    def _more_precise(self) -> str:
        """What works in single precision from now on, since half overflowed; "" if all did before.

        Some published autoencoders do, and whole networks on cards whose half precision is faulty (GTX 16).
        """
        parts, vae_type = self._parts, next(self._parts.vae.parameters()).dtype
        if torch.float16 not in (vae_type, parts.dtype):
            return ""
        self._move_out()
        only_vae = vae_type == torch.float16
        for network in [parts.vae] if only_vae else parts.networks.values():
            network.to("cpu", torch.float32)
        return f"{'the autoencoder works' if only_vae else 'all networks work'} in single precision"

    def _pictures(self, residence: Residence, tasks: Sequence[Task], *, alone: bool) -> list[Image]:
        # all texts, then all pictures: networks that come and go come once
        drawings = [self._drawing(residence, task) for task in tasks]
        for index, task in enumerate(tasks):
            if task.image is not None:
                residence.at_work("vae")
                drawings[index] = replace(drawings[index], clean=to_latent(self._parts, task.image))
        latents = self._latents(residence, tasks, drawings, alone=alone)
        residence.at_work("vae")
        begun = [begin_picture(self._parts, latent, truncated=self.choices.truncated) for latent in latents]
        return [one.finished() for one in begun]

    def _latents(
        self, residence: Residence, tasks: Sequence[Task], drawings: Sequence[Drawing], *, alone: bool
    ) -> list[torch.Tensor]:
        if len(tasks) == 1 and alone:  # the way of a loopback, which waits for every picture
            self._merger.settle("unet", self._extra.uses(tasks[0].request.positive), residence.send_home)
            return sample_together(self._unet(residence), drawings)
        finished: dict[int, torch.Tensor] = {}
        groups: dict[tuple[Hashable, tuple[Use, ...]], list[int]] = {}
        for index, (task, drawing) in enumerate(zip(tasks, drawings, strict=True)):
            groups.setdefault((drawing.shape, self._extra.uses(task.request.positive)), []).append(index)
        lone = alone or isinstance(drawings[0].table, AdaptiveSolver)
        size = 1 if lone else self.together(tasks[0].request.width, tasks[0].request.height)
        for (shape, uses), members in groups.items():
            self._merger.settle("unet", uses, residence.send_home)
            unet = self._unet(residence)
            for start in range(0, len(members), size):
                chosen = members[start : start + size]
                batch = [drawings[index] for index in chosen]
                batch += [batch[-1]] * (size - len(batch))
                if size > 1 and self._is_placeless(unet, shape, batch):
                    finished.update(zip(chosen, sample_together(unet, batch), strict=False))
                else:
                    for index in chosen:
                        finished[index] = sample_together(unet, [drawings[index]])[0]
        return [finished[index] for index in range(len(drawings))]

    def _is_placeless(self, unet: Any, shape: Hashable, batch: Sequence[Drawing]) -> bool:
        """Whether this device gives a row of such a batch the same bits wherever it stands; tried once per shape."""
        tried = (shape, unet is self._fast)
        if tried not in self._placeless:
            seeds = [torch.Generator().manual_seed(number) for number in range(len(batch))]
            noises = [torch.randn(one.noise.shape, generator=seed) for one, seed in zip(batch, seeds, strict=True)]
            latents = [noise.to(batch[0].noise) for noise in noises]
            asked = [batch[0].combinations[0]] * len(batch)
            times = [torch.tensor(float(100 + 50 * index), device=latents[0].device) for index in range(len(batch))]
            here = combination_answers(unet, latents, times, asked)
            there = combination_answers(unet, latents[::-1], times[::-1], asked)[::-1]
            twice = combination_answers(unet, latents[:1] * len(batch), times[:1] * len(batch), asked)
            alike = all(torch.equal(one, other) for one, other in zip(here, there, strict=True))
            self._placeless[tried] = alike and all(torch.equal(here[0], other) for other in twice)
        return self._placeless[tried]

    def _drawing(self, residence: Residence, task: Task) -> Drawing:
        """Everything a picture follows from but the latent it starts from."""
        request, image = task.request, task.image
        if (long := too_long(request)) is not None:
            raise RenderError(long, hint="shorten it")
        scheduler = find(request.scheduler)
        table = self._table(scheduler, request.steps, None if image is None else task.strength)
        noise, later = self._noises(request, table)
        self._set_up_text(residence, request)
        asked = self._combinations(request, scheduler, table)
        return Drawing(table, asked, noise if image is None else noise * request.noise_multiplier, later)

    def _set_up_text(self, residence: Residence, request: DiffusionRequest) -> None:
        """Brings the text encoders to the request's LoRA weights, and teaches them the words it uses."""
        uses = self._extra.uses(request.positive)
        states: list[Hashable] = []
        for part in self._text_parts:
            self._merger.settle(part, uses, residence.send_home)
            states.append((self._merger.wanted(part, uses), self._parts.dtype))
        self._prompts.set_state(states)
        for name, file in self._extra.named_words(request).items():
            if name not in self._taught:
                self._taught.add(name)
                self._prompts.teach(name, taught_vectors(file))

    def _noises(
        self, request: DiffusionRequest, table: Table | AdaptiveSolver
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The first noise (1, channels, height, width) and the step noises, on the device."""
        factor, device = self._parts.factor, self._parts.device
        shape = (self._parts.channels, request.height // factor, request.width // factor)
        drawn = SeedNoise(request.seed, shape, source=self.choices.noise_source, mixing=self.choices.mixing)
        first = sent(drawn.first(request.subseed, request.subseed_strength)[None], device)
        return first, [sent(drawn.next(), device) for _ in range(table.step_noises)]

    def _combinations(
        self, request: DiffusionRequest, scheduler: Scheduler, table: Table | AdaptiveSolver
    ) -> list[Combination]:
        """What to ask the network at each evaluation."""
        positive, _ = extract_networks(request.positive)
        laid_out = request.steps * scheduler.calls_per_step
        terms = [(timeline(term.text, laid_out), term.weight) for term in split_terms(positive)]
        negative = timeline(request.negative, laid_out)
        unguided, scale = isinstance(table, Table) and table.unguided, request.cfg_scale * scheduler.guidance
        made: dict[tuple[Hashable, ...], Combination] = {}
        combinations: list[Combination] = []
        for call in range(table.evaluations):
            now = [Term(text_at(moments, call), weight) for moments, weight in terms]
            against = text_at(negative, call)
            if self._parts.guidance_width:
                weights = alone = normalized(now)
            else:
                weights = coefficients(now, against, scale, unguided=unguided)
                alone = {against: 1.0}
            key = (*weights.items(), against) if unguided else tuple(weights.items())
            if key not in made:
                padded = frozenset(term.text for term in now) if self.choices.padded_terms else frozenset()
                apart = [alone.get(text, 0.0) for text in weights] if unguided else ()
                made[key] = self._prompts.combined(request, tuple(weights.items()), padded, apart)
            combinations.append(made[key])
        return combinations

    def _table(self, scheduler: Scheduler, steps: int, strength: float | None) -> Table | AdaptiveSolver:
        """The compiled sampler; without `strength` from pure noise."""
        key = (scheduler.name, steps, strength)
        if key not in self._tables:
            config, xl = self._parts.scheduler_config, self._parts.told_sizes
            self._tables[key] = choose_table(scheduler, config, steps, strength, self.choices, xl=xl)
            if len(self._tables) > _TABLES:
                self._tables.popitem(last=False)
        self._tables.move_to_end(key)
        return self._tables[key]


@contextmanager
def _making(request: DiffusionRequest) -> Iterator[None]:
    doing = f"making a picture of {request.width}×{request.height}"
    advice = "lower the width and height, or use fewer AND terms; the frames made so far are kept"
    with out_of_memory_explained(doing, advice), torch.inference_mode():
        yield


def _bytes(network: torch.nn.Module) -> int:
    return sum(weights.numel() * weights.element_size() for weights in network.parameters())


def _emphasis(model: ModelDescription, choices: Compatibility) -> Emphasis:
    # the bundled text encoder was not made for the mean that the web UI restores: it is close to 0
    if model.name == BUNDLED or model.hints.get("emphasis") == "no norm":
        return "no norm"
    return choices.emphasis or ("no norm" if model.is_xl else "guarded")


def _in_place_of_unet(parts: Components, acceleration: str, report: Report) -> GraphedNetwork | TracedNetwork | None:
    """What answers faster than the UNet: graphs on a card, traces of a small network on a CPU."""
    if parts.device.type == "cuda":
        return None if acceleration == "none" else GraphedNetwork(parts.unet, report=report)
    return TracedNetwork(parts.unet) if parts.small and parts.device.type == "cpu" else None
