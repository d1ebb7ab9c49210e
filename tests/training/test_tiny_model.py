"""The bundled model, as stock diffusers sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "parseq_tui" / "models" / "tiny"
pytestmark = pytest.mark.slow


def test_folder_is_complete_and_small() -> None:
    index = json.loads((FOLDER / "model_index.json").read_text())
    assert index["_class_name"] == "StableDiffusionPipeline"
    for part in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
        assert index[part][1] and (FOLDER / part).is_dir()
    assert sum(f.stat().st_size for f in FOLDER.rglob("*") if f.is_file()) < 12e6
    assert (FOLDER / "MODEL_CARD.md").exists()


def test_the_weights_say_what_made_them() -> None:
    made = json.loads((FOLDER / "training.json").read_text())
    assert made["license"] == "MIT" and made["versions"]["torch"]
    assert {"autoencoder", "text", "denoiser"} <= set(made["stages"]) and made["seeds"]["denoiser"] >= 0


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Any]:
    import diffusers
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine threads that wait for each other in every layer take minutes
    loaded = diffusers.StableDiffusionPipeline.from_pretrained(FOLDER, local_files_only=True)
    loaded.set_progress_bar_config(disable=True)
    yield loaded
    torch.set_num_threads(threads)


def draw(pipeline: Any, prompt: str, seed: int = 1) -> np.ndarray:
    import torch

    generator = torch.Generator().manual_seed(seed)
    result = pipeline(
        prompt, height=128, width=128, num_inference_steps=6, guidance_scale=4, generator=generator, output_type="np"
    )
    return np.asarray(result.images[0])


@pytest.mark.slow
def test_words_and_seeds_change_the_picture(pipeline: Any) -> None:
    first = draw(pipeline, "a red cat, white background")
    assert first.shape == (128, 128, 3)
    assert np.abs(first - draw(pipeline, "a red cat, white background")).max() < 1e-3
    assert np.abs(first - draw(pipeline, "a blue fish, night sky")).mean() > 0.1
    assert np.abs(first - draw(pipeline, "a red cat, white background", seed=2)).mean() > 0.005


@pytest.mark.slow
def test_background_has_the_named_colour(pipeline: Any) -> None:
    red = draw(pipeline, "a white star, red background")[:24].reshape(-1, 3).mean(0)
    blue = draw(pipeline, "a white star, blue background")[:24].reshape(-1, 3).mean(0)
    assert red[0] > red[2] + 0.2 and blue[2] > blue[0] + 0.2


@pytest.mark.slow
def test_styles_look_like_their_drawings(pipeline: Any) -> None:
    """Neon is dark with bright lines; pixel art has its edges between its blocks of four pixels, a cartoon anywhere."""
    neon = draw(pipeline, "neon, a green star, black background")
    plain = draw(pipeline, "a green star, white background")
    assert neon.mean() < 0.35 < plain.mean() and neon.max() > 0.8
    pixel = draw(pipeline, "pixel art, a blue fish, white background")
    assert edges_between_blocks(pixel) > 1.25 * edges_between_blocks(draw(pipeline, "a blue fish, white background"))


def edges_between_blocks(image: np.ndarray) -> float:
    """How much stronger horizontal steps are between the blocks of pixel art than inside them."""
    steps = np.abs(np.diff(image.mean(2), axis=1))
    steps = steps[steps.max(1) > 0.1].mean(0)
    borders = np.arange(1, 128) % 4 == 0
    return float(steps[borders].mean() / steps[~borders].mean())


@pytest.mark.slow
def test_a_place_can_be_empty_and_has_a_time_of_day(pipeline: Any) -> None:
    day, night = (draw(pipeline, f"a red heart in a meadow{when}") for when in ("", " at night"))
    assert day[:30].mean() > night[:30].mean() + 0.2
    empty = draw(pipeline, "a meadow")
    red = (empty[..., 0] - empty[..., 1:].max(-1)) > 0.3
    assert red.mean() < 0.02 < ((day[..., 0] - day[..., 1:].max(-1)) > 0.3).mean()
