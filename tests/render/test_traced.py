"""Traced calls answer as the network does, bit for bit, or are not used."""

from __future__ import annotations

import pytest
import torch

from parseq_tui.render.engines import traced
from parseq_tui.render.engines.traced import TRIED_AFTER, TracedNetwork


class Network(torch.nn.Module):
    """Small, and counts how often Python runs it."""

    def __init__(self, unsteady: bool = False) -> None:
        super().__init__()
        self.layer = torch.nn.Conv2d(2, 2, 3, padding=1)
        self.unsteady, self.calls = unsteady, 0

    def forward(self, latent, timestep, encoder_hidden_states, return_dict, extra=None):
        self.calls += 1
        shift = float(self.calls) if self.unsteady else 0.0
        scaled = self.layer(latent) * timestep + encoder_hidden_states.mean() + shift
        return (scaled if extra is None else scaled + extra,)


def asked(size: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(2, 2, size, size), torch.tensor(0.5), torch.randn(2, 7, 3)


def answer(network, latent, timestep, text, **more) -> torch.Tensor:
    with torch.inference_mode():
        return network(latent, timestep, encoder_hidden_states=text, return_dict=False, **more)[0]


def test_after_some_calls_of_a_shape_python_is_left_out_and_nothing_else_changes() -> None:
    network = Network()
    quick = TracedNetwork(network)
    for seed in range(TRIED_AFTER + 1):
        answer(quick, *asked(seed=seed))
    before = network.calls
    got = answer(quick, *asked(seed=99))
    assert network.calls == before
    assert torch.equal(got, answer(network, *asked(seed=99)))


def test_weights_that_change_in_place_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "TRIED_AFTER", 0)
    network = Network()
    quick = TracedNetwork(network)
    answer(quick, *asked())
    network.layer.weight.data.mul_(2)
    assert torch.equal(answer(quick, *asked()), answer(network, *asked()))


def test_a_shape_of_its_own_has_a_trace_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "TRIED_AFTER", 0)
    network = Network()
    quick = TracedNetwork(network)
    for size in (4, 6, 4):
        assert torch.equal(answer(quick, *asked(size)), answer(network, *asked(size)))


def test_a_network_that_a_trace_does_not_repeat_is_called_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "TRIED_AFTER", 0)
    network = Network(unsteady=True)
    quick = TracedNetwork(network)
    answer(quick, *asked())
    before = network.calls
    answer(quick, *asked())
    assert network.calls == before + 1


def test_further_conditions_go_to_the_network() -> None:
    network = Network()
    extra = torch.ones(())
    assert torch.equal(answer(TracedNetwork(network), *asked(), extra=extra), answer(network, *asked(), extra=extra))
