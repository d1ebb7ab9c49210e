"""Compiled samplers against diffusers' own, and the laws of exact strength."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from small_models import SD1

from parseq_tui.errors import RenderError
from parseq_tui.render.engines.scheduler_table import CLEAN, FIRST_OUTPUT, NOISE, Start, Table, compile_table
from parseq_tui.render.engines.schedulers import ADAPTIVE, find, scheduler_names

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet")]  # torch, diffusers

VELOCITY = SD1 | {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
SHAPE = (1, 4, 4, 4)
LATENT = torch.randn(SHAPE, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
STEPS = 7


def network(latent: torch.Tensor, timestep: float) -> torch.Tensor:
    """A stand-in for a UNet: not linear, and it looks at the time."""
    return torch.sin(latent * 1.3 + timestep / 300) * 0.7 + latent * 0.1


def drawn(generator: torch.Generator) -> torch.Tensor:
    return torch.randn(SHAPE, generator=generator).double()


@contextmanager
def double_noises(module: Any) -> Iterator[None]:
    """Schedulers draw in the latent's type; here the float32 numbers, so that both sides see the same."""
    original = module.randn_tensor
    module.randn_tensor = lambda shape, generator=None, **_: torch.randn(tuple(shape), generator=generator).double()
    yield
    module.randn_tensor = original


def stock(name: str, config: dict[str, Any], begin: int | None) -> torch.Tensor:
    """What diffusers' own scheduler makes, stepped as its pipelines do: from LATENT at step `begin`, or from noise."""
    entry = find(name)
    cls = getattr(importlib.import_module("diffusers"), entry.diffusers_class)
    scheduler = cls.from_config(config, **entry.options, clip_sample=False)
    scheduler.set_timesteps(STEPS)
    generator = torch.Generator().manual_seed(0)
    noise, timesteps = drawn(generator), scheduler.timesteps
    if begin is None:
        latent = noise * float(scheduler.init_noise_sigma)
    else:
        timesteps = timesteps[begin * scheduler.order :]
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(begin * scheduler.order)
        latent = scheduler.add_noise(LATENT, noise, timesteps[:1])
    accepted = inspect.signature(scheduler.step).parameters
    extra = {key: value for key, value in {"eta": 0.0, "generator": generator}.items() if key in accepted}
    module = importlib.import_module(cls.__module__)
    with double_noises(module) if hasattr(module, "randn_tensor") else nullcontext():
        for timestep in timesteps:
            answer = network(scheduler.scale_model_input(latent, timestep), float(timestep))
            latent = scheduler.step(answer, timestep, latent, **extra, return_dict=False)[0]
    return latent


def run(table: Table) -> torch.Tensor:
    """The sampling loop, spelled out: one product per evaluation."""
    generator = torch.Generator().manual_seed(0)
    columns = torch.zeros(table.inputs.shape[1], LATENT.numel(), dtype=torch.float64)
    columns[CLEAN], columns[NOISE] = LATENT.flatten(), drawn(generator).flatten()
    for index in range(table.step_noises):
        columns[table.first_step_noise + index] = drawn(generator).flatten()
    for index in range(table.evaluations):
        latent = (torch.from_numpy(table.inputs[index]) @ columns).reshape(SHAPE)
        columns[FIRST_OUTPUT + index] = network(latent, float(table.timesteps[index])).flatten()
    return (torch.from_numpy(table.result) @ columns).reshape(SHAPE)


def apart(first: torch.Tensor, second: torch.Tensor) -> float:
    return float((first - second).abs().max())


OURS = [name for name in scheduler_names() if find(name).rule not in ("", ADAPTIVE)]
STOCK = [name for name in scheduler_names() if not find(name).rule and not find(name).placing]


@pytest.mark.parametrize("name", STOCK)
def test_a_table_is_its_scheduler(name: str) -> None:
    assert apart(run(compile_table(find(name), SD1, STEPS)), stock(name, SD1, None)) < 1e-4
    begin = Start(3 * find(name).calls_per_step, 3 * find(name).calls_per_step)
    assert apart(run(compile_table(find(name), SD1, STEPS, start=begin)), stock(name, SD1, 3)) < 1e-4


def levels_of(config: dict[str, Any]) -> tuple[list[float], Any]:
    """Euler's noise levels, and a network as a denoiser of latents x = x₀ + σ·ε."""
    from diffusers import EulerDiscreteScheduler

    scheduler = EulerDiscreteScheduler.from_config(config)
    scheduler.set_timesteps(STEPS)
    signal = scheduler.alphas_cumprod.double().numpy()
    known = np.log(np.sqrt((1 - signal) / signal))

    def denoise(x: torch.Tensor, level: float) -> torch.Tensor:
        time = float(np.interp(np.log(level), known, np.arange(len(known))))
        answer = network(x / (level**2 + 1) ** 0.5, time)
        if config["prediction_type"] == "epsilon":
            return x - level * answer
        return x / (level**2 + 1) - answer * level / (level**2 + 1) ** 0.5

    return [float(level) for level in scheduler.sigmas], denoise


def ancestral(level: float, following: float) -> tuple[float, float]:
    up = min(following, (following**2 * (level**2 - following**2) / level**2) ** 0.5)
    return (following**2 - up**2) ** 0.5, up


def reference(name: str, config: dict[str, Any]) -> torch.Tensor:
    """Our samplers on plain tensors, in the time λ = -log σ of the DPM-Solver++ paper."""
    from math import exp, expm1, log

    levels, denoise = levels_of(config)
    generator = torch.Generator().manual_seed(0)
    x = drawn(generator) * levels[0]
    slopes: list[torch.Tensor] = []
    for index, (level, following) in enumerate(pairwise(levels)):
        now = denoise(x, level)
        if name == "lms":
            slopes.append((x - now) / level)
            used = slopes[-4:]
            fine = np.linspace(level, following, 20_001)
            at = levels[index + 1 - len(used) : index + 1]
            for place, slope in enumerate(used):
                others = [other for other in range(len(used)) if other != place]
                basis = np.prod([(fine - at[o]) / (at[place] - at[o]) for o in others], axis=0) * np.ones_like(fine)
                x = x + float(np.trapezoid(basis, fine)) * slope
            continue
        if following == 0:
            x = now
            continue
        if name == "dpmpp_2s_a":
            down, up = ancestral(level, following)
            t, t_next = -log(level), -log(down)
            h = t_next - t
            middle = exp(-(t + h / 2))
            inner = (middle / level) * x - expm1(-h / 2) * now
            x = (down / level) * x - expm1(-h) * denoise(inner, middle) + drawn(generator) * up
        else:
            t, h = -log(level), log(level) - log(following)
            middle = exp(-(t + h / 2))
            first, rest = drawn(generator), drawn(generator)
            down, up = ancestral(level, middle)
            inner = (down / level) * x - expm1(t + log(down)) * now + first * up
            share = (level - middle) / (level - following)
            down, up = ancestral(level, following)
            whole = share**0.5 * first + (1 - share) ** 0.5 * rest
            x = (down / level) * x - expm1(t + log(down)) * denoise(inner, middle) + whole * up
    return x


@pytest.mark.parametrize("config", [SD1, VELOCITY | {"rescale_betas_zero_snr": False}], ids=["epsilon", "velocity"])
@pytest.mark.parametrize("name", ["lms", "dpmpp_2s_a", "dpmpp_sde"])
def test_our_own_samplers_are_their_papers(name: str, config: dict[str, Any]) -> None:
    table = compile_table(find(name), config, STEPS)
    assert apart(run(table), reference(name, config)) < 1e-4
    assert len(table.inputs) == (STEPS if name == "lms" else 2 * STEPS - 1)


@pytest.mark.parametrize("name", OURS)
def test_our_own_samplers_begin_anywhere(name: str) -> None:
    """A schedule cut short is the end of the whole one; a shrunk one is as long as the whole one."""
    full = compile_table(find(name), SD1, STEPS)
    cut = compile_table(find(name), SD1, STEPS, start=Start(3, 3))
    if name != "dpm_fast":  # which lays its steps out anew between where it begins and the end
        np.testing.assert_allclose(cut.timesteps, full.timesteps[-len(cut.timesteps) :])
    assert cut.inputs[0, CLEAN] > 0 and full.inputs[0, CLEAN] == 0
    shrunk = compile_table(find(name), SD1, STEPS, strength=0.4)
    assert len(shrunk.timesteps) == len(full.timesteps)
    np.testing.assert_allclose(shrunk.timesteps[0], full.timesteps[0] * 0.4, rtol=0.02)


def test_samplers_of_many_steps_agree() -> None:
    """Different ways through the same equation: with many steps the deterministic ones end at the same place."""
    config = SD1 | {"timestep_spacing": "linspace"}
    ends = [run(compile_table(find(name), config, 200)) for name in ("euler_karras", "lms_karras", "dpmpp_2m_karras")]
    assert max(apart(ends[0], end) for end in ends[1:]) < 0.1 * float(ends[0].abs().max())


@pytest.mark.parametrize("name", ["euler_a", "euler", "ddim", "dpmpp_2m", "unipc"])
def test_velocity_models_too(name: str) -> None:
    assert apart(run(compile_table(find(name), VELOCITY, STEPS)), stock(name, VELOCITY, None)) < 1e-4


@pytest.mark.parametrize("config", [SD1, VELOCITY], ids=["epsilon", "velocity"])
@pytest.mark.parametrize("name", ["euler_a", "ddim", "dpmpp_2m_karras", "lcm", "heun"])
def test_strength_is_continuous_and_costs_the_same(name: str, config: dict[str, Any]) -> None:
    full = compile_table(find(name), config, STEPS)
    shares = np.linspace(0.05, 0.95, 19)
    tables = [compile_table(find(name), config, STEPS, strength=float(share)) for share in shares]
    assert {table.evaluations for table in tables} == {full.evaluations}
    starts = np.array([table.timesteps[0] for table in tables])
    np.testing.assert_allclose(starts, full.timesteps[0] * shares)
    nearby = compile_table(find(name), config, STEPS, strength=0.5001)
    assert apart(run(nearby), run(compile_table(find(name), config, STEPS, strength=0.5))) < 0.02


@pytest.mark.parametrize("name", ["euler", "ddim", "dpmpp_2m"])
def test_little_strength_changes_little_and_full_strength_forgets(name: str) -> None:
    little = compile_table(find(name), SD1, STEPS, strength=0.002)
    assert apart(run(little), LATENT) < 0.3
    trailing = SD1 | {"timestep_spacing": "trailing"}
    nearly_all = compile_table(find(name), trailing, STEPS, strength=0.9999)
    assert abs(nearly_all.inputs[0, CLEAN]) < 0.1 * abs(nearly_all.inputs[0, NOISE])
    from_noise = compile_table(find(name), trailing, STEPS)
    assert (from_noise.inputs[:, CLEAN] == 0).all() and from_noise.result[CLEAN] == 0


def test_no_input_looks_ahead() -> None:
    table = compile_table(find("euler_a"), SD1, STEPS)
    for index, row in enumerate(table.inputs):
        assert (row[FIRST_OUTPUT + index : table.first_step_noise] == 0).all()
        assert (row[table.first_step_noise + index :] == 0).all()


def test_noises_that_do_not_matter_are_not_drawn() -> None:
    assert compile_table(find("euler"), SD1, STEPS).step_noises == 0
    assert compile_table(find("euler_a"), SD1, STEPS).step_noises == STEPS - 1


@pytest.mark.parametrize("steps", [1, 2, 3, 50])
@pytest.mark.parametrize(
    "name", ["euler_a", "euler", "ddim", "dpmpp_2m", "dpmpp_2m_sde_karras", "unipc", "lcm", "heun"]
)
def test_any_number_of_steps(name: str, steps: int) -> None:
    for strength in (None, 0.3):
        table = compile_table(find(name), SD1, steps, strength=strength)
        assert np.isfinite(table.inputs).all() and np.isfinite(table.result).all()


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Euler a", "euler_a"),
        ("euler_ancestral", "euler_a"),
        ("DPM++ 2M Karras", "dpmpp_2m_karras"),
        ("DPM++ 2M SDE Exponential", "dpmpp_2m_sde_exponential"),
        ("dpmpp_2m", "dpmpp_2m"),
        ("UniPC", "unipc"),
        ("PLMS", "pndm"),
        ("DDIM", "ddim"),
        ("LCM", "lcm"),
        ("DPM2 a", "dpm2_a"),
        ("DPM++ SDE Karras", "dpmpp_sde_karras"),
        ("DPM++ 2S a Karras", "dpmpp_2s_a_karras"),
        ("DPM++ 2M SDE Heun Exponential", "dpmpp_2m_sde_heun_exponential"),
        ("DPM++ 3M SDE Karras", "dpmpp_3m_sde_karras"),
        ("LMS Karras", "lms_karras"),
        ("Euler SGM Uniform", "euler_sgm_uniform"),
        ("Euler a sgm_uniform", "euler_a_sgm_uniform"),
        ("DPM++ 2M Simple", "dpmpp_2m_sgm_uniform"),
        ("DPM++ 2M Automatic", "dpmpp_2m"),
        ("Heun Polyexponential", "heun_exponential"),
        ("DDIM Uniform", "ddim_uniform"),
        ("Euler Align Your Steps", "euler_align_your_steps"),
        ("dpmpp_2m_ays", "dpmpp_2m_align_your_steps"),
        ("DPM++ 2M SDE KL Optimal", "dpmpp_2m_sde_kl_optimal"),
        ("Euler a Beta", "euler_a_beta"),
        ("UniPC DDIM", "unipc_ddim"),
        ("Euler ddim_uniform", "euler_ddim"),
        ("Euler Turbo", "euler_sgm_uniform"),
        ("DPM adaptive", "dpm_adaptive"),
        ("DPM fast", "dpm_fast"),
        ("Restart", "restart"),
        ("DDIM CFG++", "ddim_cfgpp"),
        ("LMSDiscreteScheduler", "lms"),
        ("EulerDiscreteScheduler", "euler"),
        ("DPMSolverMultistepScheduler", "dpmpp_2m"),
    ],
)
def test_every_spelling_finds_its_scheduler(spelling: str, name: str) -> None:
    assert find(spelling).name == name


def test_names_are_unique_and_find_themselves() -> None:
    names = scheduler_names()
    assert len(set(names)) == len(names)
    for name in names:
        assert find(name).name == name and find(find(name).title).name == name


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(RenderError, match="no scheduler called 'eular a'") as caught:
        find("eular a")
    assert "did you mean 'euler_a'" in caught.value.hint and "ddim" in caught.value.hint


def test_sgm_uniform_is_what_lightning_models_are_made_for() -> None:
    table = compile_table(find("euler_sgm_uniform"), SD1, 4)
    np.testing.assert_allclose(table.timesteps, [999, 749, 499, 249])


def test_settings_a_scheduler_cannot_take_are_refused() -> None:
    with pytest.raises(RenderError, match="ddim cannot make 0 steps"):
        compile_table(find("ddim"), SD1, 0)
    with pytest.raises(RenderError, match="lcm cannot make 600 steps"):
        compile_table(find("lcm"), SD1, 600)
