"""Where the steps lie: each schedule type against its formula, and the samplers that are led along it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_models import SD1

from parseq_tui.render.engines import noise_levels
from parseq_tui.render.engines.compatibility import DIFFUSERS, OURS, WEB_UI
from parseq_tui.render.engines.noise_levels import PLACINGS, times_of
from parseq_tui.render.engines.scheduler_table import FIRST_OUTPUT, NOISE, Start, Table, compile_table
from parseq_tui.render.engines.schedulers import find, scheduler_names
from parseq_tui.render.engines.schedules import choose_table

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet")]  # torch, diffusers

BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2  # in the precision that the models were taught in
KNOWN = (1 / torch.cumprod(1 - BETAS, 0).double().numpy() - 1) ** 0.5
ZERO_SIGNAL = np.append(KNOWN[:-1], 4096.0)
"""Of models that were taught to begin with nothing but noise."""
PLACED = ("kl_optimal", "align_your_steps", "beta", "ddim")


@given(st.sampled_from(sorted(PLACINGS)), st.integers(1, 60), st.floats(0.01, 1.0), st.booleans())
def test_levels_fall_from_what_the_model_knows_and_are_as_many_as_steps(
    name: str, steps: int, share: float, zero_signal: bool
) -> None:
    known = ZERO_SIGNAL if zero_signal else KNOWN
    shrunk = np.interp(np.arange(1000) * share, np.arange(1000), known)
    levels = PLACINGS[name](shrunk, steps)
    assert levels.shape == (steps,) and np.isfinite(levels).all()
    assert all(later < earlier for earlier, later in pairwise(levels.tolist()))
    if name != "ddim":
        np.testing.assert_allclose(levels[0], shrunk[-1], rtol=1e-9)
    assert levels[-1] >= shrunk[0] * 0.99


def test_aligned_steps_are_those_that_were_published() -> None:
    from diffusers.schedulers import AysSchedules

    for placing, key in (
        (noise_levels.align_your_steps, "StableDiffusionSigmas"),
        (noise_levels.align_your_steps_xl, "StableDiffusionXLSigmas"),
    ):
        published = AysSchedules[key][:-1]  # the last is 0, where ours has the weakest level
        np.testing.assert_allclose(placing(KNOWN, 11)[:10], published, rtol=5e-5)


def test_aligned_steps_between_the_published_ones_lie_on_straight_lines_of_logarithms() -> None:
    levels = noise_levels.align_your_steps(KNOWN, 21)
    np.testing.assert_allclose(levels[3], (6.475 * 3.861) ** 0.5, rtol=1e-4)


def test_kl_optimal_is_even_in_its_angle() -> None:
    levels = noise_levels.kl_optimal(KNOWN, 9)
    middle = np.tan((np.arctan(KNOWN[0]) + np.arctan(KNOWN[-1])) / 2)
    np.testing.assert_allclose(levels[4], middle)
    np.testing.assert_allclose(np.diff(np.arctan(levels)), np.diff(np.arctan(levels))[0])


def test_beta_has_even_shares_of_its_distribution() -> None:
    """The distribution's share below each place, integrated by hand (its density is bounded in the angle asin √x)."""
    angles = np.linspace(0, np.pi / 2, 400_001)
    density = (np.sin(angles) * np.cos(angles)) ** 0.2
    below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    places = times_of(KNOWN, noise_levels.beta(KNOWN, 9)) / 999
    shares = np.interp(np.arcsin(np.sqrt(places)), angles, below / below[-1])
    np.testing.assert_allclose(shares, np.linspace(1, 0, 9), atol=1e-4)
    of_noise = (noise_levels.beta_of_noise(KNOWN, 9) - KNOWN[0]) / (KNOWN[-1] - KNOWN[0])
    np.testing.assert_allclose(of_noise, places, atol=1e-9)


def test_ddim_and_simple_are_timesteps_of_the_model() -> None:
    np.testing.assert_allclose(times_of(KNOWN, noise_levels.ddim(KNOWN, 4)), [751, 501, 251, 1])
    np.testing.assert_allclose(times_of(KNOWN, noise_levels.simple(KNOWN, 4)), [999, 749, 499, 249])
    np.testing.assert_allclose(times_of(KNOWN, noise_levels.sgm_uniform(KNOWN, 3)), [999, 666, 333])


def network(latent: torch.Tensor, timestep: float) -> torch.Tensor:
    return torch.sin(latent * 1.3 + timestep / 300) * 0.7 + latent * 0.1


def noise() -> torch.Tensor:
    return torch.randn(64, generator=torch.Generator().manual_seed(0)).double()


def run(table: Table) -> torch.Tensor:
    columns = torch.zeros(table.inputs.shape[1], 64, dtype=torch.float64)
    columns[NOISE] = noise()
    for index in range(table.evaluations):
        latent = torch.from_numpy(table.inputs[index]) @ columns
        columns[FIRST_OUTPUT + index] = network(latent, float(table.timesteps[index]))
    return torch.from_numpy(table.result) @ columns


@pytest.mark.parametrize("spacing", PLACED)
def test_euler_walks_down_the_levels(spacing: str) -> None:
    x = noise() * PLACINGS[spacing](KNOWN, 8)[0]
    for level, following in pairwise([*PLACINGS[spacing](KNOWN, 8).tolist(), 0.0]):
        time = float(np.interp(np.log(level), np.log(KNOWN), np.arange(1000)))
        x = x + (following - level) * network(x / (level**2 + 1) ** 0.5, time)
    assert float((run(compile_table(find(f"euler_{spacing}"), SD1, 8)) - x).abs().max()) < 1e-4


STOCK = [name for name in scheduler_names() if name.endswith("_karras") and not find(name).placing]


@pytest.mark.parametrize("name", STOCK)
def test_a_sampler_is_led_along_any_levels_as_along_its_own(name: str) -> None:
    """Levels of Karras et al. that we give it are its own ones; some of them round their timesteps."""

    def walk(known: np.ndarray[Any, Any], steps: int) -> np.ndarray[Any, Any]:
        return np.append(noise_levels.karras(known, steps), 0.0)

    config = SD1 | {"timestep_spacing": "linspace"}
    own, led = compile_table(find(name), config, 7), compile_table(find(name), config, 7, walk=walk)
    np.testing.assert_allclose(led.inputs, own.inputs, rtol=5e-3, atol=5e-3)
    np.testing.assert_allclose(led.result, own.result, rtol=5e-3, atol=5e-3)
    np.testing.assert_allclose(led.timesteps, own.timesteps, atol=1.1)


@pytest.mark.parametrize("name", [name for name in scheduler_names() if find(name).placing])
def test_every_sampler_is_led_at_any_strength(name: str) -> None:
    for strength in (None, 0.3, 0.005):
        table = compile_table(find(name), SD1, 5, strength=strength)
        assert np.isfinite(table.inputs).all() and np.isfinite(table.result).all()
        assert table.timesteps[0] <= 999.001 * (strength or 1)


def test_a_models_own_spacing_gives_way_to_the_one_that_is_asked_for() -> None:
    config = SD1 | {"use_karras_sigmas": True}
    for name in ("euler_exponential", "euler_beta", "dpmpp_2m_exponential"):
        assert compile_table(find(name), config, 6).timesteps.tolist() == pytest.approx(
            compile_table(find(name), SD1, 6).timesteps.tolist()
        )


def test_xl_models_have_aligned_steps_of_their_own() -> None:
    asked = find("euler_align_your_steps")
    plain, xl = (choose_table(asked, SD1, 11, None, OURS, xl=kind) for kind in (False, True))
    assert isinstance(plain, Table) and isinstance(xl, Table)
    np.testing.assert_allclose(times_of(KNOWN, np.array(6.475)), plain.timesteps[1], atol=0.01)
    np.testing.assert_allclose(times_of(KNOWN, np.array(6.315)), xl.timesteps[1], atol=0.01)


@pytest.mark.parametrize("strength", [None, 0.4])
def test_the_web_uis_own_ways(strength: float | None) -> None:
    """KL optimal ends with the weakest noise in it; beta is of the noise; named alone, DPM++ 2M is Karras'."""

    def table(name: str) -> Table:
        made = choose_table(find(name), SD1, 10, strength, WEB_UI)
        assert isinstance(made, Table)
        return made

    shown = 5 if strength else 10  # int(0.4 · 10) + 1
    assert table("euler_kl_optimal").evaluations == shown
    angles = np.arctan(np.interp(table("euler_kl_optimal").timesteps, np.arange(1000), KNOWN))
    np.testing.assert_allclose(np.diff(angles), (np.arctan(KNOWN[0]) - np.arctan(KNOWN[-1])) / 10, rtol=0.05)
    levels = np.exp(np.interp(table("euler_beta").timesteps, np.arange(1000), np.log(KNOWN)))
    np.testing.assert_allclose(levels, noise_levels.beta_of_noise(KNOWN, 10)[-shown:], rtol=1e-6)
    np.testing.assert_allclose(table("dpmpp_2m").timesteps, table("dpmpp_2m_karras").timesteps)
    for name in ("dpmpp_2m_sde_heun", "dpmpp_3m_sde"):
        np.testing.assert_allclose(table(name).timesteps, table(f"{name}_exponential").timesteps)
    assert table("dpmpp_3m_sde").timesteps[-1] > table("dpmpp_2m_sde").timesteps[-1] + 1  # the last but one is left out
    np.testing.assert_allclose(table("euler").timesteps, table("euler_uniform").timesteps)


def test_quantised_strength_cuts_any_walk_short() -> None:
    whole = compile_table(find("euler_beta"), SD1, 10)
    cut = choose_table(find("euler_beta"), SD1, 10, 0.4, DIFFUSERS)
    assert isinstance(cut, Table)
    np.testing.assert_allclose(cut.timesteps, whole.timesteps[-4:])
    again = compile_table(find("euler_beta"), SD1, 10, start=Start(6, 6))
    np.testing.assert_allclose(cut.inputs, again.inputs)
