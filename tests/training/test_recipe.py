"""The recipe of the bundled model, each stage for seconds: it must end in a folder that stock diffusers loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def stage(name: str, work: Path) -> str:
    short = ["--minutes", "0.05", "--drawings", "500", "--threads", "1"]
    command = [sys.executable, "-m", "training", name, "--work", str(work), "--out", str(work / "model"), *short]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_every_stage_from_nothing(tmp_path: Path) -> None:
    for name in ("autoencoder", "text", "denoiser", "polish", "judge"):
        stage(name, tmp_path)
    again = stage("judge", tmp_path)
    assert "loss" not in again, "a finished stage has nothing left to do"
    stage("export", tmp_path)
    import diffusers

    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(tmp_path / "model", local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline("a red cat", height=128, width=128, num_inference_steps=1, output_type="np").images[0]
    assert picture.shape == (128, 128, 3)
    made = json.loads((tmp_path / "model" / "training.json").read_text())
    assert set(made["stages"]) >= {"autoencoder", "text", "denoiser"}
