"""Models of the hub: what is fetched, that a broken fetch goes on, and what is said without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fake_hub import COMMIT, serving
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import ModelNotFound
from parseq_tui.render.engines import hub
from parseq_tui.render.engines.hub import HubId, choose_files, parse
from parseq_tui.render.engines.models import find_model, fingerprint

PARTS = ["unet", "vae", "text_encoder"]
SCRIPT = """
import sys
from parseq_tui.errors import ParseqError
from parseq_tui.render.engines.diffusers import DiffusersEngine
engine = DiffusersEngine(sys.argv[1], "cpu")
try:
    engine.fetch(print)
    print("KEY", engine.fingerprint(), engine.describe())
except ParseqError as error:
    print("ERROR", type(error).__name__, error.message, "|", error.hint)
assert "torch" not in sys.modules
"""


def model(folder: Path) -> Path:
    """A model folder of tiny files; what is in them does not matter here."""
    index = {"_class_name": "StableDiffusionPipeline", "tokenizer": ["transformers", "CLIPTokenizer"]}
    for part in PARTS:
        (folder / part).mkdir(parents=True)
        (folder / part / "config.json").write_text(json.dumps({"part": part}))
        (folder / part / "model.safetensors").write_bytes(os.urandom(300_000))
        (folder / part / "model.fp16.safetensors").write_bytes(b"half")
        (folder / part / "model.bin").write_bytes(b"pickle")
        index[part] = ["diffusers", "Any"]
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "vocab.json").write_text('{"a": 1}')
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "whole-model.safetensors").write_bytes(b"all in one")
    (folder / "pipeline.py").write_text("raise SystemExit")
    return folder


def run(name: str, cache: Path, **environment: str) -> str:
    settings = {"HF_HUB_CACHE": str(cache), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name],
        capture_output=True,
        text=True,
        env={**os.environ, **settings},
        timeout=600,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_a_model_is_fetched_once_and_pinned(tmp_path: Path) -> None:
    folder, cache = model(tmp_path / "model"), tmp_path / "cache"
    with serving(folder, "someone/paints") as (address, asked):
        said = run("someone/paints", cache, HF_ENDPOINT=address)
        assert "fetching someone/paints: file 1 of 8" in said
        assert f"commit {COMMIT[:12]}" in said and "KEY" in said
        fetched = {path.split("/", 5)[-1] for path in asked if path.startswith("GET /someone")}
        assert fetched == {
            "model_index.json",
            "tokenizer/vocab.json",
            *(f"{part}/{name}" for part in PARTS for name in ("config.json", "model.safetensors")),
        }
        count = len(asked)
        again = run("someone/paints", cache, HF_ENDPOINT=address)
        assert len(asked) == count  # what is here is used as it is
        assert run("someone/paints@main", cache, HF_HUB_OFFLINE="1") == again
        assert run(f"someone/paints@{COMMIT}", cache, HF_HUB_OFFLINE="1") == again


@pytest.mark.slow
def test_a_broken_fetch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder, cache = model(tmp_path / "model"), tmp_path / "cache"
    with serving(folder, "someone/paints", cut_after=100_000) as (address, _):
        said = run("someone/paints", cache, HF_ENDPOINT=address)
        if "ERROR" in said:  # the client may try again by itself
            assert "RenderError" in said and "goes on where it stopped" in said
            said = run("someone/paints", cache, HF_ENDPOINT=address)
        assert "KEY" in said
    for part in PARTS:
        got = next(cache.glob(f"models--someone--paints/snapshots/*/{part}/model.safetensors"))
        assert got.read_bytes() == (folder / part / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_what_is_said_when_it_cannot_be_had(tmp_path: Path) -> None:
    offline = run("someone/paints", tmp_path, HF_HUB_OFFLINE="1")
    assert "ERROR ModelNotFound someone/paints is not on this machine and the hub cannot be reached" in offline
    assert "hf download someone/paints" in offline and "give its path" in offline
    with serving(model(tmp_path / "model"), "someone/paints") as (address, _):
        assert "the hub has no model 'else/where'" in run("else/where", tmp_path, HF_ENDPOINT=address)
    shutil.rmtree(tmp_path / "model" / "unet")
    (tmp_path / "model" / "model_index.json").unlink()
    with serving(tmp_path / "model", "someone/paints") as (address, _):
        assert "no model in diffusers' layout" in run("someone/paints", tmp_path, HF_ENDPOINT=address)
    nobody = run("someone/paints", tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    assert "the hub cannot be reached" in nobody


def snapshot(cache: Path, source: Path, commit: str, reference: str) -> Path:
    folder = cache / "models--someone--paints"
    shutil.copytree(source, folder / "snapshots" / commit)
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / reference).write_text(commit)
    return folder / "snapshots" / commit


def test_the_commit_is_in_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    source = model(tmp_path / "model")
    snapshot(tmp_path, source, "a" * 40, "main")
    first = find_model("someone/paints")
    assert first.commit == "a" * 40
    snapshot(tmp_path, source, "b" * 40, "main")
    assert fingerprint(find_model("someone/paints")) != fingerprint(first)
    assert find_model(f"someone/paints@{'a' * 40}").folder == first.folder
    with pytest.raises(ModelNotFound, match="on this machine"):
        find_model("someone/paints@v2")


def test_half_a_model_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    folder = snapshot(tmp_path, model(tmp_path / "model"), "a" * 40, "main")
    assert hub.cached(HubId("someone/paints")) == folder
    (folder / "vae" / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"x": "one.safetensors", "y": "two.safetensors"}})
    )
    (folder / "vae" / "one.safetensors").write_bytes(b"")
    assert hub.cached(HubId("someone/paints")) is None
    (folder / "vae" / "two.safetensors").write_bytes(b"")
    assert hub.cached(HubId("someone/paints")) == folder
    for file in (folder / "unet").glob("model.*"):
        file.unlink()
    assert hub.cached(HubId("someone/paints")) is None


def test_one_set_of_weights_is_chosen() -> None:
    files = [
        "model_index.json",
        "README.md",
        "sd_xl_base_1.0.safetensors",
        "unet/config.json",
        "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
        "unet/diffusion_pytorch_model-00002-of-00002.safetensors",
        "unet/diffusion_pytorch_model.safetensors.index.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "vae/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.fp16.bin",
        "safety_checker/model.safetensors",
        "tokenizer/merges.txt",
        "../evil.json",
        "unet/deep/er.safetensors",
    ]
    assert choose_files(files) == [
        "model_index.json",
        "tokenizer/merges.txt",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors.index.json",
        "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
        "unet/diffusion_pytorch_model-00002-of-00002.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]


@given(st.lists(st.text(max_size=40)))
def test_any_listing_is_read(files: list[str]) -> None:
    assert set(choose_files(files)) <= set(files)
    assert not any(name.endswith((".bin", ".ckpt", ".py")) for name in choose_files(files))


def test_names_of_the_hub() -> None:
    assert parse("owner/name") == HubId("owner/name")
    assert parse("owner/name@v1.5") == HubId("owner/name", "v1.5")
    assert str(HubId("owner/name", "v1.5")) == "owner/name@v1.5" and str(HubId("owner/name")) == "owner/name"
    for name in ("tiny", "a/b/c", "../x", "a/b@../../etc", "", "owner/na me"):
        assert parse(name) is None
