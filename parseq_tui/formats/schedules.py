"""Schedule strings, out: `0: (1), 30: (1.02)` per field, as Deforum's boxes and FizzNodes take them (LANGUAGE §13).

Both interpolate linearly between keys, so keys inside a run of equal values are left out: nothing is lost. Motion is
written as the change per frame, which is what these boxes mean by it; a document whose `motion` is "absolute", such as
one made of Deforum's settings, has it in its values already.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from parseq_tui.formats.frames import deltas, subseeds
from parseq_tui.formats.prompt_lists import joined_halves
from parseq_tui.language.numbers_as_text import number_text
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.fields import field_named
from parseq_tui.timeline.frame_table import FrameTable

_NAMES: Mapping[str, str] = {
    "seed": "seed_schedule",
    "subseed": "subseed_schedule",
    "subseed_strength": "subseed_strength_schedule",
    "scale": "cfg_scale_schedule",
    "noise": "noise_schedule",
    "noise_multiplier": "noise_multiplier_schedule",
    "strength": "strength_schedule",
    "clipskip": "clipskip_schedule",
    "contrast": "contrast_schedule",
    "fov": "fov_schedule",
    "near": "near_schedule",
    "far": "far_schedule",
    "antiblur_kernel": "kernel_schedule",
    "antiblur_sigma": "sigma_schedule",
    "antiblur_amount": "amount_schedule",
    "antiblur_threshold": "threshold_schedule",
    "cadence_flow_factor": "cadence_flow_factor_schedule",
    "redo_flow_factor": "redo_flow_factor_schedule",
    "hybrid_comp_alpha": "hybrid_comp_alpha_schedule",
    "hybrid_comp_mask_blend_alpha": "hybrid_comp_mask_blend_alpha_schedule",
    "hybrid_comp_mask_contrast": "hybrid_comp_mask_contrast_schedule",
    "hybrid_comp_mask_auto_contrast_cutoff_low": "hybrid_comp_mask_auto_contrast_cutoff_low_schedule",
    "hybrid_comp_mask_auto_contrast_cutoff_high": "hybrid_comp_mask_auto_contrast_cutoff_high_schedule",
    "hybrid_flow_factor": "hybrid_flow_factor_schedule",
}
"""Parseq's name of a field → Deforum's name of its box, where they differ."""


def export_schedules(document: Document, table: FrameTable) -> str:
    """A block per field: the name of its box, the schedule, an empty line. The prompts come last."""
    frames = table.frames.tolist()
    columns = {**table.columns, **subseeds(table.columns, document.dialect)}
    blocks = []
    by_steps = document.dialect != "2022" and document.render.get("motion") != "absolute"
    for name, column in columns.items():
        is_step = by_steps and field_named(name, document.dialect).motion
        values = (deltas(name, column) if is_step else column).tolist()
        blocks.append(f"{_NAMES.get(name, name)}\n{schedule(frames, values)}\n")
    if document.prompts.enabled:
        blocks.append(f"prompts\n{_prompts(frames, table)}\n")
    return "\n".join(blocks)


def schedule(frames: Sequence[int], values: Sequence[float]) -> str:
    """The schedule string of a curve. Frames without a finite value get no key."""
    known = [(frame, value) for frame, value in zip(frames, values, strict=True) if math.isfinite(value)]
    keys = [
        f"{frame}: ({number_text(value)})"
        for place, (frame, value) in enumerate(known)
        if not 0 < place < len(known) - 1 or not value == known[place - 1][1] == known[place + 1][1]
    ]
    return ", ".join(keys)


def _prompts(frames: Sequence[int], table: FrameTable) -> str:
    """Prompts are held until the next key, so only changes are written."""
    lines: list[str] = []
    previous = None
    for index, frame in enumerate(frames):
        text = joined_halves(*table.prompt_texts(index))
        if text != previous:
            lines.append(f'  "{frame}": {json.dumps(text, ensure_ascii=False)}')
            previous = text
    return "{\n" + ",\n".join(lines) + "\n}"
