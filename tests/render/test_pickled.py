"""Pickled checkpoints are copied to safetensors on request; nothing in them is ever run."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from parseq_tui.cli import main
from parseq_tui.errors import ModelNotFound, RenderError
from parseq_tui.render.engines.models import find_model
from parseq_tui.render.engines.pickled import to_safetensors

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.float16)}


@pytest.fixture
def bookkeeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An object as a trainer leaves it beside the weights: of a package that is not installed."""
    module = types.ModuleType("pytorch_lightning.callbacks")
    kind = type("ModelCheckpoint", (), {"__module__": module.__name__})
    module.ModelCheckpoint = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pytorch_lightning", types.ModuleType("pytorch_lightning"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    yield kind()


class Evil:
    """Runs something where it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("wrapped", [True, False], ids=["state_dict", "plain"])
def test_the_tensors_come_over_unchanged(tmp_path: Path, archive: bool, wrapped: bool) -> None:
    file = tmp_path / "model.ckpt"
    shared = {**WEIGHTS, "same": WEIGHTS["b"], "turned": WEIGHTS["a.weight"].T}
    content = {"state_dict": shared, "epoch": 3, "note": "made by hand"} if wrapped else shared
    torch.save(content, file, _use_new_zipfile_serialization=archive)
    target, count = to_safetensors(file)
    assert (target, count) == (tmp_path / "model.safetensors", 4)
    copied = load_file(target)
    assert all(torch.equal(copied[name], tensor) for name, tensor in shared.items())
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_a_trainer_left_is_passed_over(tmp_path: Path, bookkeeping: Any) -> None:
    file = tmp_path / "model.ckpt"
    torch.save({"state_dict": WEIGHTS, "callbacks": {type(bookkeeping): {"best": 1}, "kept": bookkeeping}}, file)
    assert to_safetensors(file)[1] == 2


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "old"])
def test_what_would_run_is_refused_and_does_not_run(tmp_path: Path, archive: bool) -> None:
    file, harm = tmp_path / "model.ckpt", tmp_path / "harm"
    torch.save({"state_dict": WEIGHTS, "x": Evil(harm)}, file, _use_new_zipfile_serialization=archive)
    with pytest.raises(RenderError, match=r"mkdir|more than weights|cannot be read"):
        to_safetensors(file)
    assert not harm.exists()
    assert not file.with_suffix(".safetensors").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(cut=st.integers(0, 900), noise=st.binary(max_size=4))
def test_a_damaged_file_is_named(tmp_path: Path, cut: int, noise: bytes) -> None:
    file = tmp_path / "model.ckpt"
    torch.save(WEIGHTS, file)
    file.write_bytes(file.read_bytes()[:cut] + noise)
    with pytest.raises(RenderError, match=r"model\.ckpt"):
        to_safetensors(file)


def test_a_render_says_how_to_copy_it_and_the_command_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pytorch_model.bin"
    torch.save(WEIGHTS, file)
    with pytest.raises(RenderError) as caught:
        find_model(str(file))
    command = caught.value.hint.split(": parseq-tui ")[1]
    assert command == f"convert {file}"
    assert main(command.split()) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "model.safetensors")
    with pytest.raises(RenderError, match="exists already"):
        to_safetensors(file)
    with pytest.raises(ModelNotFound):
        to_safetensors(tmp_path / "other.ckpt")
