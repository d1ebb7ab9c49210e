"""Models of other families, through diffusers' own pipelines: everything they can do, and no more.

What a prompt asks beyond that (AND, emphasis, LoRA, seeds between seeds) has no meaning there that all of them share;
`advice` says before rendering what will be left out. The invariant: a picture depends on its request alone.
"""

from __future__ import annotations

import gc
import inspect
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from parseq_tui.errors import OutOfMemory, RenderError
from parseq_tui.render.conditioning import extract_networks, parse_emphasis, split_terms, text_at, timeline
from parseq_tui.render.engines.base import DiffusionRequest, Image, Report, Task
from parseq_tui.render.engines.cards import give_back
from parseq_tui.render.engines.compatibility import OURS
from parseq_tui.render.engines.descriptions import read_json
from parseq_tui.render.engines.devices import (
    choose_device,
    device_name,
    free_memory,
    out_of_memory_explained,
    quiet_libraries,
)
from parseq_tui.render.engines.memory import Need, Placement, choose_placement, next_smaller
from parseq_tui.render.engines.models import ModelDescription

_log = logging.getLogger(__name__)


class PipelineMaker:
    """A loaded pipeline of any text-to-image family that diffusers knows."""

    choices = OURS
    text_passes = 0

    def __init__(self, pipeline: Any, device: torch.device, report: Report = _log.info) -> None:
        self._drawing = pipeline
        self._redrawing: Any = None
        self._device = device
        self._report = report
        self._placement: Placement | None = None

    @classmethod
    def load(cls, model: ModelDescription, device_name: str, report: Report = _log.info) -> PipelineMaker:
        """Raises BackendUnavailable, OutOfMemory, RenderError."""
        device = choose_device(device_name, report)
        dtype = _precision(device)
        with quiet_libraries(), out_of_memory_explained(f"loading {model.name}", "use a smaller model"):
            import diffusers

            try:
                pipeline = diffusers.AutoPipelineForText2Image.from_pretrained(
                    model.folder, torch_dtype=dtype, local_files_only=True, use_safetensors=True, **_left_out(model)
                )
            except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as problem:
                reason = " ".join(str(problem).split())[:300]
                raise RenderError(
                    f"the model {model.name!r} ({model.pipeline_class}) cannot be loaded: {reason}",
                    hint="it must be a text-to-image model in diffusers' layout, with .safetensors weights",
                ) from problem
        pipeline.set_progress_bar_config(disable=True)
        return cls(pipeline, device, report)

    def close(self) -> None:
        """Gives the device's memory back; the object is of no use afterwards."""
        del self._drawing, self._redrawing
        gc.collect()
        give_back(self._device)

    @property
    def multiple(self) -> int:
        """Pixels: what widths and heights are multiples of."""
        return 2 * int(getattr(self._drawing, "vae_scale_factor", 8))

    def together(self, width: int, height: int) -> int:
        return 1

    def make_many(self, tasks: Sequence[Task]) -> list[Image]:
        return [self.make(task) for task in tasks]

    def make(self, task: Task) -> Image:
        """One picture. Makes room and tries again as long as there is any to make; then OutOfMemory."""
        placement = self._placement or self._chosen(task.request)
        while True:
            try:
                if placement != self._placement:
                    self._place(placement)
                return self._made(task)
            except OutOfMemory as problem:
                smaller = next_smaller(placement, on_host=self._device.type == "cpu")
                if smaller is None:
                    raise
                message = problem.message
            placement = smaller
            self._report(f"{message}; {placement} from here on, and the frame is made again")

    def _made(self, task: Task) -> Image:
        request = task.request
        pipeline = self._drawing if task.image is None else self._from_pictures()
        doing = f"making a picture of {request.width}×{request.height}"
        advice = "lower the width and height; the frames made so far are kept"
        with quiet_libraries(), out_of_memory_explained(doing, advice), torch.inference_mode():
            try:
                made = pipeline(**self._arguments(pipeline, task)).images[0]
            except (ValueError, TypeError) as problem:
                reason = " ".join(str(problem).split())[:300]
                raise RenderError(f"{type(pipeline).__name__} cannot make this frame: {reason}") from problem
        picture = np.rint(np.clip(np.asarray(made, np.float32), 0, 1) * 255).astype(np.uint8)
        if picture.shape != (request.height, request.width, 3):
            raise RenderError(
                f"{type(pipeline).__name__} made {picture.shape[1]}×{picture.shape[0]} instead of "
                f"{request.width}×{request.height}",
                hint="use the size it makes",
            )
        return picture

    def _arguments(self, pipeline: Any, task: Task) -> dict[str, Any]:
        """What this pipeline's call takes of a request."""
        request = task.request
        wanted: dict[str, Any] = {
            "prompt": plain_text(request, request.positive),
            "height": request.height,
            "width": request.width,
            "num_inference_steps": request.steps,
            "guidance_scale": request.cfg_scale,
            "generator": torch.Generator("cpu").manual_seed(nearest_seed(request) % 2**64),
            "output_type": "np",
        }
        accepted = inspect.signature(pipeline.__call__).parameters
        if request.negative.strip() and request.cfg_scale > 1:
            wanted["negative_prompt"] = plain_text(request, request.negative)
            wanted["true_cfg_scale"] = request.cfg_scale
        if task.image is not None:
            wanted["image"] = torch.from_numpy(np.array(task.image)).permute(2, 0, 1)[None].to(torch.float32) / 255
            # the stock pipelines run strength · steps, rounded down: at least one of them
            wanted["strength"] = min(1.0, max(task.strength, (1 + 1e-6) / request.steps))
        return {name: value for name, value in wanted.items() if name in accepted}

    def _from_pictures(self) -> Any:
        if self._redrawing is None:
            import diffusers

            try:
                self._redrawing = diffusers.AutoPipelineForImage2Image.from_pipe(self._drawing)
            except (ValueError, KeyError, TypeError) as problem:
                raise RenderError(
                    f"{type(self._drawing).__name__} cannot begin from a picture",
                    hint="render with --mode txt2img, or with another model",
                ) from problem
            self._redrawing.set_progress_bar_config(disable=True)
        return self._redrawing

    def _chosen(self, request: DiffusionRequest) -> Placement:
        """Where the networks are best put for pictures of this size."""
        on_host = self._device.type == "cpu"
        parts = {name: part for name, part in self._drawing.components.items() if hasattr(part, "parameters")}
        sizes = {name: sum(w.numel() * w.element_size() for w in part.parameters()) for name, part in parts.items()}
        renamed = {"unet" if name == "transformer" else name: size for name, size in sizes.items()}
        need = Need({} if on_host else renamed, request.width * request.height)
        chosen = choose_placement(need, free_memory(self._device), on_host=on_host)
        self._report(f"drawing on {device_name(self._device)} through {type(self._drawing).__name__}: {chosen}")
        return chosen

    def _place(self, placement: Placement) -> None:
        pipeline, self._placement, self._redrawing = self._drawing, placement, None
        if placement.tiles and hasattr(getattr(pipeline, "vae", None), "enable_tiling"):
            pipeline.vae.enable_tiling()
        with out_of_memory_explained("bringing the model to it", "use a smaller model, or --device cpu"):
            if placement.offload == "none":
                pipeline.to(self._device)
            elif placement.offload == "parts" and pipeline.model_cpu_offload_seq:
                pipeline.enable_model_cpu_offload(device=self._device)
            else:
                pipeline.remove_all_hooks()
                pipeline.enable_sequential_cpu_offload(device=self._device)


def _precision(device: torch.device) -> torch.dtype:
    """What these families were trained in, bfloat16, on cards that compute in it."""
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def _left_out(model: ModelDescription) -> dict[str, None]:
    """Parts that the model was published without (the third text encoder of Stable Diffusion 3): said to be none."""
    index = read_json(model.folder / "model_index.json")
    named = {name for name, entry in index.items() if isinstance(entry, list) and entry and entry[0] is None}
    if model.pipeline_class.startswith("StableDiffusion3"):
        named |= {name for name in ("text_encoder_3", "tokenizer_3") if not (model.folder / name).is_dir()}
    return dict.fromkeys(sorted(named))


def plain_text(request: DiffusionRequest, prompt: str) -> str:
    """A prompt without the web UI's syntax: its heaviest term, as it stands at the end of the schedule."""
    text, _ = extract_networks(prompt)
    term = max(split_terms(text), key=lambda term: term.weight)
    final = text_at(timeline(term.text, request.steps), request.steps)
    sections = ("".join(part.text for part in section) for section in parse_emphasis(final))
    # half a character, which a JSON file may hold, is none
    return " ".join(" ".join(sections).split()).encode("utf-8", "replace").decode()


def nearest_seed(request: DiffusionRequest) -> int:
    """The seed that is nearer of the two a request mixes."""
    return request.subseed if request.subseed_strength > 0.5 else request.seed
