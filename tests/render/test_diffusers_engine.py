"""The diffusion engine: its laws, what it refuses, and what it says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pictures import DATA, furthest, mean_difference, smooth
from small_models import changed, golden_model, random_model, request, temporary

from parseq_tui.errors import BackendUnavailable, ModelNotFound, OutOfMemory, RenderError
from parseq_tui.render.engines.diffusers import DiffusersEngine, scheduler_names
from parseq_tui.render.engines.models import find_model, fingerprint
from parseq_tui.render.engines.seed_noise import SeedNoise, slerp

pytestmark = pytest.mark.slow  # torch, diffusers


@pytest.fixture(scope="module")
def engine() -> Iterator[DiffusersEngine]:
    made = DiffusersEngine(str(golden_model()), "cpu")
    made.load()
    yield made
    made.close()


def picture(engine: DiffusersEngine, **changes: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return engine.generate(request(**changes), None)


def test_a_request_always_gives_the_same_bits(engine: DiffusersEngine) -> None:
    first = picture(engine, scheduler="euler_a", positive="a (cat:1.2) AND a dog :-0.3")
    picture(engine, positive="something else", seed=9)
    assert furthest(picture(engine, scheduler="euler_a", positive="a (cat:1.2) AND a dog :-0.3"), first) == 0
    fresh = DiffusersEngine(str(golden_model()), "cpu")
    assert furthest(picture(fresh, scheduler="euler_a", positive="a (cat:1.2) AND a dog :-0.3"), first) == 0


@pytest.mark.parametrize(
    "change",
    [{"seed": 3}, {"positive": "a dog"}, {"negative": ""}, {"cfg_scale": 7}, {"steps": 5}, {"scheduler": "ddim"}],
    ids=str,
)
def test_everything_asked_for_matters(engine: DiffusersEngine, change: dict[str, Any]) -> None:
    assert furthest(picture(engine, **change), picture(engine)) > 0


def test_no_strength_returns_the_very_same_picture(engine: DiffusersEngine) -> None:
    given = smooth(64, 64)
    assert engine.generate(request(denoising_strength=0), given) is given
    assert engine.generate(request(denoising_strength=0.0005), given) is given


def test_full_strength_ignores_the_picture(engine: DiffusersEngine) -> None:
    for scheduler in ("euler_a", "ddim"):
        full = request(denoising_strength=1, noise_multiplier=1.05, scheduler=scheduler)
        assert furthest(engine.generate(full, smooth(64, 64)), engine.generate(full, None)) == 0


def test_strength_moves_pictures_without_jumps(engine: DiffusersEngine) -> None:
    given = smooth(64, 64)
    shares = np.linspace(0.3, 0.4, 13)
    frames = [engine.generate(request(denoising_strength=float(share)), given) for share in shares]
    steps = [mean_difference(frame, following) for frame, following in pairwise(frames)]
    assert 0 < max(steps) < 3 * float(np.mean(steps))  # a quantised strength would stand still and leap


def test_subseeds_travel_from_one_seed_to_the_other(engine: DiffusersEngine) -> None:
    start, stop = picture(engine, seed=1), picture(engine, seed=2)
    assert furthest(picture(engine, subseed_strength=0), start) == 0
    assert furthest(picture(engine, subseed_strength=1), stop) == 0
    halfway = picture(engine, subseed_strength=0.5)
    assert mean_difference(halfway, start) > 1 and mean_difference(halfway, stop) > 1


def test_the_arc_between_two_noises_is_noise() -> None:
    def angle(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        one, other = one.double(), other.double()
        return torch.acos((one * other).sum() / (one.norm() * other.norm()))

    first, second = (SeedNoise(seed, (4, 64, 64)).first(0, 0) for seed in (1, 2))
    for share in (0.1, 0.25, 0.5, 0.9):
        mixed = slerp(first, second, share)
        assert abs(float(mixed.std()) - 1) < 0.02
        assert float(angle(mixed, first) / angle(second, first)) == pytest.approx(share, abs=2e-3)
    assert slerp(first, second, 0) is first and slerp(first, second, 1) is second
    assert torch.allclose(slerp(first, first, 0.3), first)


def test_travelling_to_the_next_seed_arrives_there_without_a_jump() -> None:
    """Also with ancestral samplers: the step noises travel with the first one."""
    shape = (4, 16, 16)
    near, there = SeedNoise(7, shape), SeedNoise(8, shape)
    for travelled, arrived in (
        (near.first(8, 0.999), there.first(8, 0)),
        *((near.next(), there.next()) for _ in range(3)),
    ):
        assert float((travelled - arrived).abs().max()) < 0.02


@pytest.mark.parametrize(
    "case", json.loads((DATA / "webui" / "noise.json").read_text()), ids=lambda case: case["source"]
)
def test_noise_is_the_web_uis(case: dict[str, Any]) -> None:
    drawn = SeedNoise(case["seed"], tuple(case["shape"]), source=case["source"].lower(), mixing="rows")
    noise, later = drawn.first(case["subseed"] or 0, case["strength"]), drawn.next()
    flat = noise.flatten()
    for numbers, expected in (
        (flat[:6], case["first"]),
        (flat[-3:], case["last"]),
        (later.flatten()[:4], case["second"]),
    ):
        torch.testing.assert_close(numbers, torch.tensor(expected), atol=2e-6, rtol=0)
    assert float(noise.std()) == pytest.approx(case["std"], abs=1e-6)


def test_weights_that_move_cost_no_text_encoding(engine: DiffusersEngine) -> None:
    picture(engine, positive="a cat :1 AND a dog :0", steps=1)
    picture(engine, positive="a cat :0 AND a dog :1", steps=1)
    before = engine.text_passes
    for frame in range(20):
        share = frame / 20
        picture(engine, positive=f"a cat :{share:.3f} AND a dog :{1 - share:.3f}", steps=1)
        picture(engine, positive=f"a (cat:{share:.3f})", steps=1)
    assert engine.text_passes - before <= 1  # "a cat" in two pieces of weight, once


def test_a_morph_of_two_prompts_is_encoded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand frames; the networks that draw are left out, and the negative prompt is known before."""
    from parseq_tui.render.engines import picture_maker

    drawing = DiffusersEngine(str(golden_model()), "cpu")
    monkeypatch.setattr(picture_maker, "sample_together", lambda _, drawings: [one.noise for one in drawings])
    monkeypatch.setattr(
        picture_maker, "begin_picture", lambda *_, **__: type("Begun", (), {"finished": lambda _: smooth(64, 64)})()
    )
    picture(drawing, positive="", negative="", steps=1)
    before = drawing.text_passes
    for frame in range(1000):
        share = frame / 999
        picture(
            drawing, positive=f"a (cat:{0.5 + share:.4f}) :{1 - share:.4f} AND a dog :{share:.4f}", negative="", steps=1
        )
    assert drawing.text_passes - before == 2


def test_the_arc_is_the_formula_of_slerp() -> None:
    first, second = (SeedNoise(seed, (4, 32, 32)).first(0, 0).double().numpy() for seed in (1, 2))
    angle = np.arccos((first * second).sum() / np.linalg.norm(first) / np.linalg.norm(second))
    for share in (0.01, 0.3, 0.5, 0.77):
        expected = (np.sin((1 - share) * angle) * first + np.sin(share * angle) * second) / np.sin(angle)
        mixed = SeedNoise(1, (4, 32, 32)).first(2, share).double().numpy()
        assert np.abs(mixed - expected).max() <= 1e-6


@pytest.mark.parametrize("model", [{"factor": 4}, {"factor": 16}, {"pooled": True}], ids=str)
def test_other_shapes_of_the_same_family(model: dict[str, Any]) -> None:
    small = DiffusersEngine(str(random_model(**model)), "cpu")
    made = small.generate(request(width=64, height=96), None)
    assert made.shape == (96, 64, 3)
    assert small.generate(request(width=64, height=96), made).shape == made.shape


def test_every_scheduler_makes_a_picture(engine: DiffusersEngine) -> None:
    for name in scheduler_names():
        made = engine.generate(request(scheduler=name, steps=2), smooth(64, 64))
        assert made.shape == (64, 64, 3) and made.std() > 0


def test_sizes_are_those_the_model_can_make(engine: DiffusersEngine) -> None:
    with pytest.raises(RenderError, match="width 60: this model makes pictures in multiples of 8") as caught:
        picture(engine, width=60)
    assert caught.value.hint == "use 64"
    with pytest.raises(RenderError, match=r"asked for is uint8 \(64, 64, 3\)"):
        engine.generate(request(), smooth(32, 64))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"scheduler": "eular"}, "no scheduler called 'eular'"),
        ({"steps": 0}, "0 sampling steps"),
        ({"cfg_scale": float("nan")}, "cfg_scale is not finite"),
        ({"denoising_strength": float("inf")}, "denoising_strength is not finite"),
        ({"clip_skip": 40}, "clip skip 40"),
        ({"positive": "word " * 9000}, "too long to encode"),
    ],
)
def test_what_cannot_be_done_is_said(engine: DiffusersEngine, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(RenderError, match=words):
        engine.generate(request(**wrong), smooth(64, 64))


def test_a_full_memory_becomes_advice(engine: DiffusersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    for problem in (
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory"),
    ):

        def full(*_: Any, problem: Exception = problem, **__: Any) -> None:
            raise problem

        monkeypatch.setattr("parseq_tui.render.engines.picture_maker.sample_together", full)
        with pytest.raises(OutOfMemory, match="making a picture of 64×64") as caught:
            picture(engine)
        assert "lower the width and height" in caught.value.hint


def test_compatibility_by_name_is_in_the_fingerprint() -> None:
    named = {name: DiffusersEngine(str(golden_model()), "cpu", name) for name in ("none", "diffusers", "webui")}
    assert len({engine.fingerprint() for engine in named.values()}) == 3
    few = request(denoising_strength=0.3, steps=4)
    with pytest.raises(RenderError, match="with 4 steps runs none"):
        named["diffusers"].generate(request(denoising_strength=0.2, steps=4), smooth(64, 64))
    pictures = [engine.generate(few, smooth(64, 64)) for engine in named.values()]
    assert all(furthest(one, other) > 0 for one, other in pairwise(pictures))


def test_numbers_that_are_none_are_told(engine: DiffusersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_unet: Any, drawings: Any) -> Any:
        return [one.noise * float("nan") for one in drawings]

    monkeypatch.setattr("parseq_tui.render.engines.picture_maker.sample_together", broken)
    with pytest.raises(RenderError, match=r"are none \(NaN\)"):
        picture(engine)


def test_a_model_that_is_not_there_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="nowhere") as caught:
        DiffusersEngine(str(tmp_path / "nowhere")).load()
    assert str(tmp_path) in caught.value.message and "tiny" in caught.value.message
    with pytest.raises(ModelNotFound, match="is not a model"):
        DiffusersEngine(str(tmp_path)).load()
    with pytest.raises(ModelNotFound, match="on this machine") as caught:
        DiffusersEngine("nobody/nothing").load()
    assert "hf download nobody/nothing" in caught.value.hint


def test_models_of_other_kinds_are_named() -> None:
    with pytest.raises(RenderError, match=r"StableDiffusion3Pipeline.*cannot be loaded"):
        DiffusersEngine(str(changed(golden_model(), _class_name="StableDiffusion3Pipeline")), "cpu").load()
    with pytest.raises(RenderError, match=r"text_encoder of model .* is T5EncoderModel"):
        altered = changed(golden_model(), text_encoder=["transformers", "T5EncoderModel"])
        DiffusersEngine(str(altered), "cpu").load()


def test_files_that_could_run_code_are_not_opened(tmp_path: Path) -> None:
    for name in ("model.ckpt", "model.pt", "model.bin"):
        (tmp_path / name).write_bytes(b"\x80\x04")
        with pytest.raises(RenderError, match="may run code"):
            DiffusersEngine(str(tmp_path / name)).load()
    folder = changed(golden_model())
    weights = next((folder / "unet").glob("*.safetensors"))
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(RenderError, match="may run code"):
        DiffusersEngine(str(folder), "cpu").load()


def test_damaged_weights_are_named() -> None:
    folder = changed(golden_model())
    weights = next((folder / "vae").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(RenderError, match=r"vae.* is not a safetensors file") as caught:
        DiffusersEngine(str(folder), "cpu").load()
    assert "damaged" in caught.value.hint


def test_a_device_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(BackendUnavailable, match="no device 'cuda:99'") as caught:
        DiffusersEngine(str(golden_model()), "cuda:99").load()
    assert "cpu" in caught.value.hint
    with pytest.raises(BackendUnavailable, match="no device 'toaster'"):
        DiffusersEngine(str(golden_model()), "toaster").load()


def test_the_fingerprint_follows_the_content() -> None:
    copy = temporary("copy") / "elsewhere"
    shutil.copytree(golden_model(), copy)
    assert fingerprint(find_model(str(copy))) == fingerprint(find_model(str(golden_model())))
    weights = next((copy / "unet").glob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    os.utime(weights, ns=(1, 1))
    assert fingerprint(find_model(str(copy))) != fingerprint(find_model(str(golden_model())))


def test_a_name_can_be_described_and_fingerprinted_without_torch() -> None:
    code = (
        "import sys\n"
        "from parseq_tui.render.engines.diffusers import DiffusersEngine, scheduler_names\n"
        "engine = DiffusersEngine(sys.argv[1])\n"
        "assert engine.fingerprint() and engine.describe().supported and scheduler_names()\n"
        "assert not {'torch', 'diffusers', 'transformers'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(golden_model())], check=True)


def test_the_libraries_are_silent() -> None:
    code = (
        "import sys, numpy\n"
        "from parseq_tui.render.engines.base import DiffusionRequest\n"
        "from parseq_tui.render.engines.diffusers import DiffusersEngine\n"
        "engine = DiffusersEngine(sys.argv[1], 'cpu')\n"
        "engine.generate(DiffusionRequest(64, 64, 'a cat ' * 99, '', 1, 2, 0.3, 5.0, 0.5, 2, 'DPM++ 2S'), None)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(golden_model())], capture_output=True, text=True, check=True)
    assert run.stdout == "" and run.stderr == ""


def test_half_characters_in_a_prompt_are_read_as_unknown_ones(engine: DiffusersEngine) -> None:
    """A JSON file may hold lone surrogates, which no tokenizer takes."""
    broken = engine.generate(request(positive="a cat \ud800", negative="\udfff"), None)
    np.testing.assert_array_equal(broken, engine.generate(request(positive="a cat ?", negative="?"), None))


def test_a_prompt_that_nobody_wrote_is_refused(engine: DiffusersEngine) -> None:
    asked = request(positive="(" * 1_000_000)
    with pytest.raises(RenderError, match="1,000,000 characters, and at most 50,000"):
        engine.generate(asked, None)
    assert [problem.severity for problem in engine.problems([asked])] == ["error"]


def test_an_unknown_sampler_is_told_before_anything_is_loaded() -> None:
    (problem,) = DiffusersEngine("tiny", "cpu").problems([request(scheduler="eular")])
    assert problem.severity == "error" and "no scheduler called 'eular'" in problem.message
    assert "euler" in problem.hint
