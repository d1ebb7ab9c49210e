"""Stage 4: everything in the stock diffusers layout, fp16, as `parseq_tui/models/tiny`."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

from training import autoencoder, denoiser, progress, text

SEEDS = {"autoencoder": 1, "tokenizer": 2, "text": 3, "denoiser": 5, "judge": 6, "polish": 7}
"""Defaults of the stages; time budgets make runs differ all the same."""


def assemble(work: Path) -> StableDiffusionPipeline:
    """The trained parts as one pipeline."""
    tokenizer, encoder = text.load(work)
    return StableDiffusionPipeline(
        vae=autoencoder.load(work),
        text_encoder=encoder,
        tokenizer=tokenizer,
        unet=denoiser.load(work),
        scheduler=denoiser.scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _amend(path: Path, **changes: str | None) -> None:
    """Set keys of a JSON file; None removes one."""
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in config.items() if k not in changes or v is not None}, indent=2) + "\n")


def provenance(work: Path) -> dict[str, object]:
    """What made these weights: versions, and the steps and minutes of every stage."""
    names = ("autoencoder", "text", "denoiser", "polished")
    states = {name: progress.load(work / f"{name}.pt") for name in names}
    return {
        "versions": {name: version(name) for name in ("torch", "diffusers", "transformers", "tokenizers", "numpy")},
        "stages": {
            name: {"steps": state["step"], "minutes": round(state["spent"] / 60, 1)}
            for name, state in states.items()
            if state is not None
        },
        "seeds": SEEDS,
        "license": "MIT",
    }


def export(work: Path, folder: Path) -> None:
    """Write the pipeline and `training.json` to `folder`; a model card that lies there is kept."""
    pipeline = assemble(work)
    pipeline.to(dtype=torch.float16)
    for part in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
        shutil.rmtree(folder / part, ignore_errors=True)
    pipeline.save_pretrained(folder, safe_serialization=True)
    # diffusers writes this key by itself, and warns about it when it reads it
    _amend(folder / "vae" / "config.json", block_out_channels=None)
    # transformers would keep half floats where diffusers makes floats of them: a plain from_pretrained must work
    _amend(folder / "text_encoder" / "config.json", dtype="float32")
    (folder / "training.json").write_text(json.dumps(provenance(work), indent=2) + "\n")
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(f"exported {size / 1e6:.2f} MB to {folder.name}")
