"""What can be said before rendering about a model and what is asked of it: sizes it was not made for, ignored fields.

All of it is warnings: the render goes ahead, and whoever waits for it knows what to expect. No torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.models import ModelDescription

_SMALLEST_SHARE, _LARGEST_SHARE = 0.55, 2.3
"""Of the area a model was trained on: beyond these, pictures fall apart or repeat themselves."""
_FEW_STEPS_SCALE = 2.0
"""A CFG scale above this burns the pictures of models that were distilled to do without."""


def advice(model: ModelDescription, requests: Sequence[DiffusionRequest]) -> list[Diagnostic]:
    """Warnings about these requests, each once."""
    return [*_size(model, requests), *_few_steps(model, requests)]


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
            f"use --width {model.side} --height {model.side}, or another shape of the same area",
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
    elif model.variant and largest > _FEW_STEPS_SCALE:
        yield Diagnostic(
            "warning",
            f"{model.variant} models are made for a CFG scale of 1, not {largest:g}",
            "set scale to 1: it is also twice as fast, since there is no negative pass",
            "model-scale",
        )
