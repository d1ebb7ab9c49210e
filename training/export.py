"""Stage 4: everything in the stock diffusers layout, fp16, as `parseq_tui/models/tiny`."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

from training import autoencoder, denoiser, text


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


def export(work: Path, folder: Path) -> None:
    """Write the pipeline to `folder`; a model card that lies there is kept."""
    pipeline = assemble(work)
    pipeline.to(dtype=torch.float16)
    for part in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
        shutil.rmtree(folder / part, ignore_errors=True)
    pipeline.save_pretrained(folder, safe_serialization=True)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(f"exported {size / 1e6:.2f} MB to {folder.name}")
