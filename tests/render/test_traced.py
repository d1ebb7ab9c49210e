"""A small network on the CPU: arranged, in two halves, traced; and its answers are the network's own."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from small_models import random_model, request

from parseq_tui.render.engines import traced
from parseq_tui.render.engines.diffusers import DiffusersEngine
from parseq_tui.render.engines.packed import packed
from parseq_tui.render.engines.traced import TRIED_AFTER, TracedNetwork

pytestmark = pytest.mark.slow  # torch, diffusers


class Network(torch.nn.Module):
    """Small, and counts how often Python runs it."""

    def __init__(self, unsteady: bool = False) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(2, 2, 3, padding=1)
        self.unsteady, self.calls = unsteady, 0
        self.requires_grad_(False).eval()

    def forward(self, latent, timestep, encoder_hidden_states, return_dict, extra=None):
        self.calls += 1
        shift = 1e-6 * self.calls if self.unsteady else 0.0
        told = encoder_hidden_states.mean((1, 2)) + timestep
        scaled = self.layer(latent) * told[:, None, None, None] + shift
        return (scaled if extra is None else scaled + extra,)


def asked(size: int = 4, seed: int = 0, rows: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(rows, 2, size, size), torch.tensor(0.5), torch.randn(rows, 7, 3)


def answer(network, latent, timestep, text, **more) -> torch.Tensor:
    with torch.inference_mode():
        return network(latent, timestep, encoder_hidden_states=text, return_dict=False, **more)[0]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "TRIED_AFTER", 0)


def test_after_some_calls_of_a_shape_python_is_left_out_and_no_bit_changes() -> None:
    network = Network()
    quick = TracedNetwork(network)
    first = answer(quick, *asked(seed=99))
    for seed in range(TRIED_AFTER):
        answer(quick, *asked(seed=seed))
    # the arranged network shares no counter with the one it was made from
    assert quick._packed is not None
    counted = quick._packed._network
    before = counted.calls
    assert torch.equal(answer(quick, *asked(seed=99)), first)
    assert counted.calls == before


def test_the_answers_are_those_of_the_network(at_once: None) -> None:
    network = Network()
    quick = TracedNetwork(network)
    for rows in (1, 2, 3, 8):
        given = asked(rows=rows)
        assert torch.allclose(answer(quick, *given), answer(network, *given), atol=1e-6)


def test_rows_may_have_times_of_their_own(at_once: None) -> None:
    network = Network()
    latent, _, text = asked(rows=4)
    given = (latent, torch.tensor([0.1, 0.2, 0.3, 0.4]), text)
    assert torch.allclose(answer(TracedNetwork(network), *given), answer(network, *given), atol=1e-6)


def test_a_row_does_not_depend_on_what_was_asked_before(at_once: None) -> None:
    network = Network()
    experienced, fresh = TracedNetwork(network), TracedNetwork(network)
    for size in (4, 6, 4):
        answer(experienced, *asked(size, seed=size))
    assert torch.equal(answer(experienced, *asked(seed=7)), answer(fresh, *asked(seed=7)))


def test_weights_that_change_count_once_it_is_told(at_once: None) -> None:
    network = Network()
    quick = TracedNetwork(network)
    answer(quick, *asked())
    network.layer.weight.data.mul_(2)
    quick.forget()
    assert torch.allclose(answer(quick, *asked()), answer(network, *asked()), atol=1e-6)


def test_a_network_that_a_trace_does_not_repeat_is_not_traced(at_once: None) -> None:
    quick = TracedNetwork(Network(unsteady=True))
    answer(quick, *asked())
    assert set(quick._traced.values()) == {None}


def test_a_network_that_cannot_be_arranged_is_called_itself() -> None:
    network = Network()
    network.register_forward_hook(lambda *_: (torch.rand(1),))  # never twice the same
    quick = TracedNetwork(network)
    answer(quick, *asked())
    before = network.calls
    answer(quick, *asked())
    assert network.calls == before + 1


def test_further_conditions_go_to_the_network() -> None:
    network = Network()
    extra = torch.ones(())
    assert torch.equal(answer(TracedNetwork(network), *asked(), extra=extra), answer(network, *asked(), extra=extra))


def test_a_failure_in_a_half_is_told(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = TracedNetwork(Network())
    answer(quick, *asked())
    key = next(iter(quick._traced))

    def fails(*_given: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("not enough memory")

    quick._traced[key] = fails
    with pytest.raises(RuntimeError, match="not enough memory"):
        answer(quick, *asked())


def test_a_real_unet_arranged_answers_as_itself() -> None:
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(random_model(), subfolder="unet").requires_grad_(False).eval()
    width = unet.config.cross_attention_dim
    generator = torch.Generator().manual_seed(0)
    latent = torch.randn(1, unet.config.in_channels, 8, 8, generator=generator)
    text = torch.randn(1, 77, width, generator=generator)
    with torch.inference_mode():
        arranged = packed(unet, latent, torch.tensor(500.0), text)
        assert arranged is not None
        for time in (1.0, 999.0):
            other = torch.randn(1, 77, width, generator=generator)
            wanted = unet(latent, torch.tensor(time), encoder_hidden_states=other, return_dict=False)[0]
            got = arranged(latent, torch.tensor(time), *arranged.told(other))
            assert torch.allclose(got, wanted, atol=1e-4)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process cannot be kept to one core here")
def test_a_picture_is_the_same_on_one_core_and_in_the_hundredth_call(at_once: None) -> None:
    asked_for = request(width=64, height=64, steps=4, scheduler="ddim")
    experienced = DiffusersEngine(str(random_model()), "cpu")
    for _ in range(3):
        wanted = experienced.generate(asked_for, None)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert np.array_equal(DiffusersEngine(str(random_model()), "cpu").generate(asked_for, None), wanted)
    finally:
        os.sched_setaffinity(0, cores)
