"""What can be said before rendering about a model and what is asked of it: sizes it was not made for, ignored fields.

Warnings let the render go ahead, and whoever waits for it knows what to expect; errors keep hours from being wasted on
pictures that lack what was asked for. No torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from parseq_tui.errors import RenderError
from parseq_tui.language.diagnostics import Diagnostic, Severity
from parseq_tui.render.conditioning import LONGEST_PROMPT
from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.extra_networks import LORA_KINDS, ExtraNetworks, asked
from parseq_tui.render.engines.models import BUNDLED, ModelDescription
from parseq_tui.render.engines.schedulers import find

_SMALLEST_SHARE, _LARGEST_SHARE = 0.55, 2.3
"""Of the area a model was trained on: beyond these, pictures fall apart or repeat themselves."""
_SYNTAX = re.compile(r"[(\[].*[)\]]")
_FEW_STEPS_SCALE = 2.0
"""A CFG scale above this burns the pictures of models that were distilled to do without."""


def advice(model: ModelDescription, requests: Sequence[DiffusionRequest], networks: ExtraNetworks) -> list[Diagnostic]:
    """What to say about these requests, each thing once."""
    if long := [text for request in requests if (text := too_long(request)) is not None]:
        return [Diagnostic("error", long[0], "shorten it", "long-prompt")]
    if unknown := _unknown_scheduler(requests):
        return [unknown]
    if not model.supported:
        return [*_size(model, requests), *_left_out(model, requests)]
    return [*_size(model, requests), *_few_steps(model, requests), *_networks(model, requests, networks)]


def _unknown_scheduler(requests: Sequence[DiffusionRequest]) -> Diagnostic | None:
    for name in dict.fromkeys(request.scheduler for request in requests):
        try:
            find(name)
        except RenderError as problem:
            return Diagnostic("error", problem.message, problem.hint, "unknown-scheduler")
    return None


def too_long(request: DiffusionRequest) -> str | None:
    """What is wrong with a request whose prompt is of a length that nothing should read; else None."""
    for kind, text in (("positive", request.positive), ("negative", request.negative)):
        if len(text) > LONGEST_PROMPT:
            return f"the {kind} prompt has {len(text):,} characters, and at most {LONGEST_PROMPT:,} are read"
    return None


def _left_out(model: ModelDescription, requests: Sequence[DiffusionRequest]) -> Iterable[Diagnostic]:
    """What these requests ask that a pipeline of another family does not know."""
    asked_for: Mapping[str, bool] = {
        "AND (the heaviest term is drawn)": any(" AND " in request.positive for request in requests),
        "emphasis and prompt schedules": any(_SYNTAX.search(request.positive) for request in requests),
        "LoRA files": any("<lora:" in request.positive for request in requests),
        "seeds between seeds (the nearer is taken)": any(request.subseed_strength for request in requests),
        "clip skip": any(request.clip_skip > 1 for request in requests),
        "exact denoising strength (it moves in whole steps)": len({r.denoising_strength for r in requests}) > 1,
        "the scheduler (the model's own is used)": True,
    }
    names = [name for name, is_asked in asked_for.items() if is_asked]
    message = f"{model.pipeline_class} draws through its own pipeline, which leaves out: {', '.join(names)}"
    hint = "Stable Diffusion 1.x, 2.x and XL models know all of it"
    yield Diagnostic("warning", message, hint, "ignored-field")


def _networks(
    model: ModelDescription, requests: Sequence[DiffusionRequest], networks: ExtraNetworks
) -> Iterable[Diagnostic]:
    """LoRA files and embeddings that are not there, or that the model cannot take.

    A name that is nowhere is an error, but for the bundled model: no LoRA of this world fits it, and documents that
    were made elsewhere should draw all the same.
    """
    for network, index in asked(requests):
        if (wrong := networks.problem(network, model.context)) is not None:
            message, hint = wrong
            severity: Severity = "error"
            if model.name == BUNDLED or network.kind not in LORA_KINDS:
                message, severity = f"{message}; it is left out", "warning"
            yield Diagnostic(severity, message, hint, "unknown-network", text=requests[index].positive[:200])
    told: set[Path] = set()
    for request in requests:
        for name, file in networks.named_words(request).items():
            if file not in told and (reason := networks.misfit(file, model.widths)):
                yield Diagnostic("warning", f"the embedding {name!r} is not used: {reason}", "", "unknown-network")
            told.add(file)


def _size(model: ModelDescription, requests: Iterable[DiffusionRequest]) -> Iterable[Diagnostic]:
    request = next(iter(requests), None)
    if request is None or not model.side:
        return
    share = request.width * request.height / model.side**2
    if not _SMALLEST_SHARE <= share <= _LARGEST_SHARE:
        kind = f"{model.family} {model.variant}".strip() or model.name
        yield Diagnostic(
            "warning",
            f"{kind} was made for pictures of about {model.side}×{model.side}, not {request.width}×{request.height}",
            f"use --size {model.side}x{model.side}, or another shape of the same area",
            "model-size",
        )


def _few_steps(model: ModelDescription, requests: Sequence[DiffusionRequest]) -> Iterable[Diagnostic]:
    largest = max((request.cfg_scale for request in requests), default=0.0)
    if model.variant == "lcm":
        if any(request.negative.strip() for request in requests):
            hint = "leave it empty, or use a model that was not distilled"
            yield Diagnostic(
                "warning", "negative prompts have little or no effect on LCM models", hint, "ignored-field"
            )
        if any(" AND " in request.positive for request in requests):
            message = "LCM models know no negative pass: the terms of an AND are shares of one whole"
            hint = "use a model that was not distilled to push terms away"
            yield Diagnostic("warning", message, hint, "ignored-field")
    elif model.variant and largest > _FEW_STEPS_SCALE:
        yield Diagnostic(
            "warning",
            f"{model.variant} models are made for a CFG scale of 1, not {largest:g}",
            "set scale to 1: it is also twice as fast, since there is no negative pass",
            "model-scale",
        )
