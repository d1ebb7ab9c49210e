"""What differs between our pictures and the web UI's own (RENDER.md §2.5, WEBUI.md §5–6), as one value.

OURS is continuous and sane; DIFFUSERS counts steps as the stock pipelines do; WEB_UI reproduces AUTOMATIC1111's
numbers, for documents that were tuned there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parseq_tui.render.engines.seed_noise import Mixing, Source
from parseq_tui.render.engines.text_encoding import Emphasis


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Each field is one decision; the defaults are ours."""

    quantised_strength: bool = False
    """Whether a lower denoising strength runs fewer steps (in jumps) instead of all of them on less noise."""
    fixed_steps: bool = False
    """With `quantised_strength`: whether as many steps run as were asked for (the web UI's img2img_fix_steps)."""
    web_ui_schedule: bool = False
    """Whether the steps lie where the web UI puts them instead of where the model's own configuration does."""
    emphasis: Emphasis | None = None
    """None: what suits the model."""
    mixing: Mixing = "whole"
    noise_source: Source = "cpu"
    padded_terms: bool = False
    """Whether AND terms of fewer chunks repeat their last vector instead of being evaluated at their own length."""
    truncated: bool = False
    """Whether pixels are cut to whole numbers instead of rounded."""


OURS = Compatibility()
DIFFUSERS = Compatibility(quantised_strength=True)
WEB_UI = Compatibility(
    quantised_strength=True,
    web_ui_schedule=True,
    emphasis="original",
    mixing="rows",
    padded_terms=True,
    truncated=True,
)
NAMED: Mapping[str, Compatibility] = {"none": OURS, "diffusers": DIFFUSERS, "webui": WEB_UI}
"""By the names of the setting."""
