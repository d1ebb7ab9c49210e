"""DPM fast, DPM adaptive, Restart and DDIM CFG++, against the algorithms written out in the papers' own variables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from small_models import SD1, random_model, request
from test_noise_levels import KNOWN, network, noise

from parseq_tui.render.conditioning import Term
from parseq_tui.render.engines.adaptive import EVALUATIONS, AdaptiveSolver, solve
from parseq_tui.render.engines.diffusers import DiffusersEngine
from parseq_tui.render.engines.sampling import coefficients, combination, sample
from parseq_tui.render.engines.scheduler_table import (
    FIRST_OUTPUT,
    NOISE,
    Table,
    adaptive_solver,
    compile_table,
)
from parseq_tui.render.engines.schedulers import find

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet")]  # torch, diffusers

WEAKEST, STRONGEST = float(KNOWN[0]), float(KNOWN[-1])
NOISES = [torch.randn(64, generator=torch.Generator().manual_seed(9 + n)).double() for n in range(200)]


def time_of(level: float) -> float:
    return float(np.interp(math.log(level), np.log(KNOWN), np.arange(1000)))


def eps(x: torch.Tensor, level: float) -> torch.Tensor:
    return network(x / math.sqrt(level**2 + 1), time_of(level))


def run(table: Table) -> torch.Tensor:
    columns = torch.zeros(table.inputs.shape[1], 64, dtype=torch.float64)
    columns[NOISE] = noise()
    for number in range(table.step_noises):
        columns[table.first_step_noise + number] = NOISES[number]
    for index in range(table.evaluations):
        answer = network(torch.from_numpy(table.inputs[index]) @ columns, float(table.timesteps[index]))
        columns[FIRST_OUTPUT + index] = answer
        if table.unguided:
            columns[table.first_unguided + index] = answer * 0.5 + 0.1
    return torch.from_numpy(table.result) @ columns


def two_solutions(x: torch.Tensor, s: float, t: float) -> tuple[torch.Tensor, torch.Tensor]:
    """DPM-Solver-2 with r₁ = 1/3 and DPM-Solver-3 from λ = s to t (λ = -log σ), as the paper's algorithms say."""
    h = t - s
    here, third = eps(x, math.exp(-s)), math.exp(-(s + h / 3))
    there = eps(x - third * math.expm1(h / 3) * here, third)
    two = x - math.exp(-t) * math.expm1(h) * here - math.exp(-t) / (2 / 3) * math.expm1(h) * (there - here)
    thirds = math.exp(-(s + 2 * h / 3))
    bent = thirds * 2 * (math.expm1(2 * h / 3) / (2 * h / 3) - 1) * (there - here)
    far = eps(x - thirds * math.expm1(2 * h / 3) * here - bent, thirds)
    three = x - math.exp(-t) * math.expm1(h) * here
    return two, three - math.exp(-t) * 1.5 * (math.expm1(h) / h - 1) * (far - here)


def down_and_up(level: float, following: float) -> tuple[float, float]:
    up = min(following, math.sqrt(following**2 * (level**2 - following**2)) / level)
    down = max(math.sqrt(following**2 - up**2), WEAKEST)
    return down, math.sqrt(max(following**2 - down**2, 0))


@pytest.mark.parametrize("calls", [1, 2, 3, 4, 6, 8, 20])
def test_dpm_fast(calls: int) -> None:
    """Spans of order 3 that are even in λ, then what is left over: as many calls as were asked for."""
    spans = calls // 3 + 1
    orders = [3] * (spans - 2) + [2, 1] if calls % 3 == 0 else [3] * (spans - 1) + [calls % 3]
    places = np.linspace(-math.log(STRONGEST), -math.log(WEAKEST), len(orders) + 1)
    x, noises = noise() * STRONGEST, iter(NOISES)
    for order, (s, t) in zip(orders, pairwise(places.tolist()), strict=True):
        down, up = down_and_up(math.exp(-s), math.exp(-t))
        t = -math.log(down)
        h, here = t - s, eps(x, math.exp(-s))
        if order == 1:
            x = x - math.exp(-t) * math.expm1(h) * here
        elif order == 2:
            half = math.exp(-(s + h / 2))
            there = eps(x - half * math.expm1(h / 2) * here, half)
            x = x - math.exp(-t) * math.expm1(h) * there
        else:
            x = two_solutions(x, s, t)[1]
        x = x + up * next(noises) if up > 0 else x
    table = compile_table(find("dpm_fast"), SD1, calls)
    assert table.evaluations == calls
    if calls > 3:  # with fewer, the model's own first level is not its last timestep
        table = compile_table(find("dpm_fast"), SD1 | {"timestep_spacing": "linspace"}, calls)
        assert float((run(table) - x).abs().max()) < 1e-4


def test_dpm_fast_wastes_no_calls_where_there_is_only_noise() -> None:
    config = SD1 | {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    table = compile_table(find("dpm_fast"), config, 8)
    assert table.evaluations == 8 and table.timesteps[0] == 999
    assert (table.timesteps[1:] < 998).all() and sum(time < 900 for time in table.timesteps) >= 6


@pytest.mark.parametrize("steps", [1, 2, 3, 12])
def test_dpmpp_3m_sde(steps: int) -> None:
    """In the variables of k-diffusion's own, which the web UI draws with."""
    levels = [*np.exp(np.linspace(math.log(STRONGEST), math.log(WEAKEST), steps)).tolist(), 0.0]
    x, noises = noise() * levels[0], iter(NOISES)
    denoised: list[torch.Tensor] = []
    spans: list[float] = []
    for level, following in pairwise(levels):
        denoised.insert(0, x - level * eps(x, level))
        if following == 0:
            x = denoised[0]
            break
        h = math.log(level) - math.log(following)
        x = math.exp(-2 * h) * x - math.expm1(-2 * h) * denoised[0]
        phi_2 = math.expm1(-2 * h) / (2 * h) + 1
        if len(spans) > 1:
            r0, r1 = spans[0] / h, spans[1] / h
            d1_0, d1_1 = (denoised[0] - denoised[1]) / r0, (denoised[1] - denoised[2]) / r1
            d1 = d1_0 + (d1_0 - d1_1) * r0 / (r0 + r1)
            x = x + phi_2 * d1 - (phi_2 / (2 * h) - 0.5) * (d1_0 - d1_1) / (r0 + r1)
        elif spans:
            x = x + phi_2 * (denoised[0] - denoised[1]) / (spans[0] / h)
        spans.insert(0, h)
        x = x + next(noises) * following * math.sqrt(-math.expm1(-2 * h))
    table = compile_table(find("DPM++ 3M SDE"), SD1, steps, walk=lambda _known, _steps: np.array(levels))
    assert table.evaluations == steps
    assert float((run(table) - x).abs().max()) < 1e-4


@pytest.mark.parametrize(("steps", "calls"), [(7, 13), (19, 37), (20, 39), (40, 79)])
def test_restart(steps: int, calls: int) -> None:
    """Below 20 steps Heun over Karras' levels; above, part of the steps repeat the way from σ = 2 down to 0.1."""
    karras = {
        n: [*((a + np.linspace(0, 1, n) * (b - a)) ** 7).tolist(), 0.0]
        for a, b in [(STRONGEST ** (1 / 7), WEAKEST ** (1 / 7))]
        for n in (7, 19, 11, 20)
    }
    length, times = {20: (9, 1), 40: (10, 2)}.get(steps, (0, 0))
    main = karras[steps - length * times]
    walk: list[tuple[float, float]] = []
    for index, span in enumerate(pairwise(main)):
        walk.append(span)
        nearest = min(range(len(main)), key=lambda place: abs(main[place] - 0.1))
        if times and index + 1 == nearest:
            top = min(main, key=lambda level: abs(level - 2.0))
            ends = top ** (1 / 7), main[nearest] ** (1 / 7)
            again = (ends[0] + np.linspace(0, 1, length + 1) * (ends[1] - ends[0])) ** 7
            walk += list(pairwise(again.tolist())) * times
    x, noises, last = noise() * STRONGEST, iter(NOISES), STRONGEST
    for level, following in walk:
        if level > last:
            x = x + next(noises) * math.sqrt(level**2 - last**2)
        slope = eps(x, level)
        ahead = x + slope * (following - level)
        x = ahead if following == 0 else x + (slope + eps(ahead, following)) / 2 * (following - level)
        last = following
    table = compile_table(find("restart"), SD1, steps)
    assert table.evaluations == calls == 2 * len(walk) - 1
    assert table.step_noises == times
    assert float((run(table) - x).abs().max()) < 1e-4


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_ddim_cfgpp(prediction: str) -> None:
    """Chung et al.'s algorithm in ᾱ: the clean picture by the guided noise, the noise put back by the unguided one."""
    config = SD1 | {"prediction_type": prediction}
    table = compile_table(find("ddim_cfgpp"), config, 6)
    signal = 1 / (KNOWN**2 + 1)
    times = [round(time) for time in table.timesteps]
    x = noise()  # at ᾱ ≈ 0 of the first of its timesteps
    x = x * math.sqrt(1 - signal[times[0]])
    for time, following in pairwise([*times, -1]):
        now, then = signal[time], 1.0 if following < 0 else signal[following]
        guided = network(x, float(time))
        unguided = guided * 0.5 + 0.1
        if prediction == "v_prediction":
            guided, unguided = (math.sqrt(now) * v + math.sqrt(1 - now) * x for v in (guided, unguided))
        clean = (x - math.sqrt(1 - now) * guided) / math.sqrt(now)
        x = math.sqrt(then) * clean + math.sqrt(1 - then) * unguided
    assert table.unguided and float((run(table) - x).abs().max()) < 1e-4


def test_cfgpp_keeps_the_negative_row_whatever_it_weighs() -> None:
    terms = [Term("cat", 1.0)]
    assert "bad" not in coefficients(terms, "bad", 1.0)
    assert coefficients(terms, "bad", 1.0, unguided=True) == {"bad": 0.0, "cat": 1.0}
    assert coefficients([Term("bad", 1.0)], "bad", 0.5, unguided=True) == {"bad": 1.0}


def test_the_loop_keeps_both_answers() -> None:
    """Two texts with known answers: the result is what the formula makes of them."""
    table = compile_table(find("ddim_cfgpp"), SD1, 2)
    texts = torch.tensor([[[1.0]], [[2.0]]])

    def unet(batch: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor, **_: Any) -> Any:
        return (batch * 0.1 + encoder_hidden_states.reshape(-1, 1, 1, 1),)

    asked = combination([(texts[0], 0.3), (texts[1], 0.7)], unguided=[1.0, 0.0])
    made = sample(unet, table, [asked] * 2, torch.ones(1, 1, 2, 2), [], None)
    columns = torch.zeros(table.inputs.shape[1], dtype=torch.float64)
    columns[NOISE] = 1.0
    for index in range(2):
        latent = torch.from_numpy(table.inputs[index]) @ columns
        columns[FIRST_OUTPUT + index] = latent * 0.1 + 1.7
        columns[table.first_unguided + index] = latent * 0.1 + 1.0
    torch.testing.assert_close(made[0, 0, 0, 0].double(), torch.from_numpy(table.result) @ columns, atol=1e-5, rtol=0)


def adaptive() -> AdaptiveSolver:
    return adaptive_solver(find("dpm_adaptive"), SD1, None)


def test_dpm_adaptive() -> None:
    """k-diffusion's loop with its own numbers, in λ: same steps, same result."""
    x = before = noise() * STRONGEST
    s, end, h, calls, noises = -math.log(STRONGEST), -math.log(WEAKEST), 0.05, 0, iter(NOISES)
    while s < end - 1e-5:
        t = min(end, s + h)
        down, up = down_and_up(math.exp(-s), math.exp(-t))
        low, high = two_solutions(x, s, -math.log(down))
        allowed = torch.clamp(0.05 * torch.maximum(low.abs(), before.abs()), min=0.0078)
        error = float((((low - high) / allowed) ** 2).mean().sqrt())
        factor = 1 + math.atan((1 / (error + 1e-8)) ** (1 / 1.5) - 1)
        if factor >= 0.81:
            before, x, s = low, high + up * next(noises), t
        h, calls = h * factor, calls + 3
    asked: list[int] = []

    def ask(latent: torch.Tensor, time: float, call: int) -> torch.Tensor:
        asked.append(call)
        return network(latent, time)

    made = solve(adaptive(), ask, noise(), NOISES, None)
    assert float((made - x).abs().max()) < 1e-4
    assert asked == list(range(len(asked))) and 20 < len(asked) <= calls < EVALUATIONS


@pytest.mark.parametrize("answer", [math.nan, math.inf, 1e30, 0.0])
def test_dpm_adaptive_ends_whatever_the_network_says(answer: float) -> None:
    asked: list[int] = []

    def ask(latent: torch.Tensor, time: float, call: int) -> torch.Tensor:
        asked.append(call)
        wild = torch.randn(64, generator=torch.Generator().manual_seed(call)).double() * 1e6
        return wild if answer == 0 else torch.full_like(latent, answer)

    solver = replace(adaptive(), evaluations=50)
    assert solve(solver, ask, noise(), NOISES, None).shape == (64,)
    assert len(asked) <= 50


def test_dpm_adaptive_begins_with_a_picture() -> None:
    solver = adaptive_solver(find("dpm_adaptive"), SD1, 0.3)
    assert solver.strongest < 1.5 and not solver.from_noise
    picture = torch.linspace(-1, 1, 64).double()
    kept = solve(solver, lambda latent, time, call: torch.zeros_like(latent), torch.zeros(64).double(), NOISES, picture)
    assert solver.timestep(solver.strongest) == pytest.approx(0.3 * 999, abs=0.01)
    # a network that sees no noise leaves the picture but for the ancestral noise, which is as weak as the last level
    assert float((kept - picture).std()) < 1.0


@pytest.fixture(scope="module")
def engine() -> Iterator[DiffusersEngine]:
    made = DiffusersEngine(str(random_model()), "cpu")
    yield made
    made.close()


def test_a_picture_made_with_others_is_the_one_made_alone(engine: DiffusersEngine) -> None:
    """Adaptive ones go their own ways, and CFG++ shares its batches."""
    for name in ("dpm_adaptive", "ddim_cfgpp", "restart"):
        asked = [(request(scheduler=name, steps=3, seed=seed), None) for seed in (1, 2)]
        together = engine.generate_many(asked)
        apart = [engine.generate_many([one])[0] for one in asked]
        for one, other in zip(together, apart, strict=True):
            np.testing.assert_array_equal(one, other)


def test_cfgpp_takes_the_scale_of_the_web_uis_slider(engine: DiffusersEngine) -> None:
    """A scale of 12.5 is the full guidance of 1: then the negative prompt only puts its noise back."""
    full = engine.generate(request(scheduler="ddim_cfgpp", cfg_scale=12.5, negative="x", steps=1), None)
    plain = engine.generate(request(scheduler="lms", cfg_scale=1.0, negative="x", steps=1), None)
    np.testing.assert_array_equal(full, plain)
