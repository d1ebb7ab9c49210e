"""Whether a card can be used, told in words that mend; and what a card's failures mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch")

from paper_card import paper_card  # noqa: E402

from parseq_tui.errors import BackendUnavailable, OutOfMemory, RenderError  # noqa: E402
from parseq_tui.headless.doctor import _cards  # noqa: E402
from parseq_tui.render.engines import cards  # noqa: E402
from parseq_tui.render.engines.devices import choose_device, device_name, free_memory, out_of_memory_explained  # noqa: E402

NO_KERNEL = "CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors might be reported"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with NVIDIA's driver, whose torch sees no card."""
    (tmp_path / "version").touch()
    monkeypatch.setattr(cards, "_DRIVER_FILES", (str(tmp_path / "version"),))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return monkeypatch


def test_a_torch_without_cuda_beside_a_card(driver: pytest.MonkeyPatch) -> None:
    driver.setattr(torch.version, "cuda", None)
    told: list[str] = []
    assert choose_device("auto", told.append) == torch.device("cpu")
    assert len(told) == 1 and "built without CUDA" in told[0] and "install a CUDA build" in told[0]
    with pytest.raises(BackendUnavailable, match="there is no device 'cuda' here: this torch") as caught:
        choose_device("cuda")
    assert "pytorch.org/get-started" in caught.value.hint
    (finding,) = _cards(torch)
    assert finding.verdict == "note" and "built without CUDA" in finding.text


@pytest.mark.parametrize(
    ("hidden", "said", "expected"),
    [
        ("", "No CUDA GPUs are available", "CUDA_VISIBLE_DEVICES is '', which hides the cards"),
        (None, "The NVIDIA driver on your system is too old (found version 11040).", "too old (found version 11040)"),
    ],
)
def test_a_card_that_torch_does_not_see(
    driver: pytest.MonkeyPatch, hidden: str | None, said: str, expected: str
) -> None:
    def refuse() -> None:
        raise RuntimeError(said)

    driver.setattr(torch.version, "cuda", "13.0")
    driver.setattr(torch.cuda, "init", refuse)
    driver.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden is not None:
        driver.setenv("CUDA_VISIBLE_DEVICES", hidden)
    told: list[str] = []
    choose_device("auto", told.append)
    assert expected in told[0]


def test_a_machine_without_a_card_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_DRIVER_FILES", ())
    told: list[str] = []
    assert choose_device("auto", told.append) == torch.device("cpu") and told == []
    assert [finding.verdict for finding in _cards(torch)] == ["note"]


def test_a_card_that_computes() -> None:
    with paper_card() as card:
        device = choose_device("auto")
        assert device == torch.device("cuda", 0)
        assert device_name(device) == "cuda:0 (Paper 24)"
        held = torch.zeros(1 << 20, dtype=torch.uint8, device=device)
        assert free_memory(device) == card.room, "what this process holds it can have as well"
        (finding,) = _cards(torch)
        assert finding.verdict == "ok" and "24.0 of 24.0 GiB free" in finding.text and "it computes" in finding.text
        del held


def test_a_card_that_torch_holds_no_code_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch for CUDA 13 lists and measures a GTX 1080, and fails at its first kernel."""

    def no_kernel(*_: Any, **__: Any) -> Any:
        raise torch.AcceleratorError(NO_KERNEL)

    with paper_card():
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (6, 1))
        monkeypatch.setattr(torch, "ones", no_kernel)
        told: list[str] = []
        assert choose_device("auto", told.append) == torch.device("cpu")
        assert "holds no code for Paper 24, of compute capability 6.1" in told[0] and "CUDA 12.6" in told[0]
        with pytest.raises(BackendUnavailable, match=r"capability 6\.1") as caught:
            choose_device("cuda:0")
        assert "or --device cpu" in caught.value.hint
        (finding,) = _cards(torch)
        assert finding.verdict == "note" and "compute capability 6.1" in finding.text


@pytest.mark.parametrize(
    "problem",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        torch.AcceleratorError("CUDA error: out of memory\nCompile with …"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
    ids=str,
)
def test_what_means_that_memory_is_full(problem: BaseException) -> None:
    with pytest.raises(OutOfMemory, match="full while drawing") as caught, out_of_memory_explained("drawing", "less"):
        raise problem
    assert caught.value.hint == "less"


@pytest.mark.parametrize(
    "problem",
    [
        torch.AcceleratorError("CUDA error: uncorrectable ECC error encountered\nmore"),
        torch.AcceleratorError("CUDA error: CUDA-capable device(s) is/are busy or unavailable"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx(…)`"),
    ],
    ids=str,
)
def test_what_means_that_a_card_is_lost(problem: BaseException) -> None:
    failing = out_of_memory_explained("drawing", "less")
    with pytest.raises(RenderError, match="the device failed while drawing") as caught, failing:
        raise problem
    assert "render again" in caught.value.hint and "\n" not in caught.value.message


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), out_of_memory_explained("drawing", "less"):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
