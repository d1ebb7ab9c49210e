"""The web UI's own pictures, made again with WEB_UI compatibility (WEBUI.md §4–6)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from pictures import DATA, furthest, read
from small_models import golden_model, request

from parseq_tui.render.engines.compatibility import WEB_UI, Compatibility
from parseq_tui.render.engines.diffusers import DiffusersEngine

pytestmark = pytest.mark.slow  # torch, diffusers

CASES: list[dict[str, Any]] = json.loads((DATA / "webui" / "cases.json").read_text())


@cache
def engine(emphasis: str, source: str, fixed_steps: bool) -> DiffusersEngine:
    choices: dict[str, Any] = {name: getattr(WEB_UI, name) for name in Compatibility.__slots__}
    choices |= {"emphasis": emphasis, "noise_source": source, "fixed_steps": fixed_steps}
    return DiffusersEngine(str(golden_model()), "cpu", Compatibility(**choices))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_draws_the_web_uis_picture(case: dict[str, Any]) -> None:
    asked = request(
        positive=case["prompt"],
        negative=case["negative_prompt"],
        seed=case["seed"],
        subseed=case["subseed"],
        subseed_strength=case["subseed_strength"],
        cfg_scale=case["cfg_scale"],
        denoising_strength=case.get("denoising_strength", 1.0),
        steps=case["steps"],
        scheduler=case["sampler"] + ("" if case["scheduler"] == "Automatic" else f" {case['scheduler']}"),
        clip_skip=case["clip_skip"],
    )
    maker = engine(case["emphasis"].lower(), case["randn_source"].lower(), case["img2img_fix_steps"])
    made = maker.generate(asked, read("webui/cases/init.png") if case["endpoint"] == "img2img" else None)
    assert furthest(made, read(f"webui/cases/{case['name']}.png")) <= 2
