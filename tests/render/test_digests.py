"""Digests of model files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from parseq_tui.render.engines import digests
from parseq_tui.render.engines.models import weight_files


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PARSEQ_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(digests, "_known", {})
    return tmp_path / "home"


def test_a_digest_follows_the_content(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert digests.digest(file) == hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"two!")
    assert digests.digest(file) == hashlib.sha256(b"two!").hexdigest()


def test_large_files_are_read_once_and_for_all(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "_WORTH_KEEPING", 1)
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = digests.digest(file)
    assert (home / "state" / "digests.json").is_file()
    times = file.stat().st_mtime_ns
    file.write_bytes(b"two")  # the same size and, below, the same time: not read, so not noticed
    os.utime(file, ns=(times, times))
    digests._known.clear()
    assert digests.digest(file) == first
    os.utime(file, ns=(times + 1, times + 1))
    assert digests.digest(file) != first


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{"])
def test_a_damaged_memory_is_no_error(
    tmp_path: Path, home: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "_WORTH_KEEPING", 1)
    (home / "state").mkdir(parents=True)
    (home / "state" / "digests.json").write_bytes(content)
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert digests.digest(file) == hashlib.sha256(b"one").hexdigest()


def test_one_variant_of_the_weights_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    for name in ("model.fp16.safetensors", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"):
        (tmp_path / "unet" / name).touch()
    assert [file.name for file in weight_files(tmp_path, "unet")] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ]
    for file in (tmp_path / "unet").glob("*-of-*"):
        file.unlink()
    assert [file.name for file in weight_files(tmp_path, "unet")] == ["model.fp16.safetensors"]
    assert weight_files(tmp_path, "vae") == []
