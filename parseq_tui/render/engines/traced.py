"""A small network's calls without Python: traced once per shape, then run by torch's interpreter.

In a network of a few million parameters the CPU spends a third of its time between the operations. The invariant: a
traced call runs the very same operations; whether its answer is bit for bit the network's is tried once per shape, and
where it is not, the network itself is called, so that a render that goes on makes the same pictures.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from typing import Any

import torch

TRIED_AFTER = 16
"""Calls of one shape before it is traced: tracing costs as much as some twenty calls."""
_MOST = 8
"""Shapes traced; others go to the network."""

Traced = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


class TracedNetwork:
    """A UNet on the CPU, called as the UNet is."""

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network
        self._calls: dict[Hashable, int] = {}
        self._traced: dict[Hashable, Traced | None] = {}
        """By shape; None where the trace answered otherwise than the network."""

    def __call__(
        self,
        latent: torch.Tensor,
        timestep: torch.Tensor,
        *,
        encoder_hidden_states: torch.Tensor,
        return_dict: bool = False,
        **conditions: Any,
    ) -> tuple[torch.Tensor]:
        """The answer as a tuple of one."""
        if any(value is not None for value in conditions.values()):
            answer = self._network(
                latent, timestep, encoder_hidden_states=encoder_hidden_states, return_dict=False, **conditions
            )
            return (answer[0],)
        asked = (latent, timestep, encoder_hidden_states)
        traced = self._ready(asked)
        return (self._asked(*asked) if traced is None else traced(*asked),)

    def forget(self) -> None:
        """Lets go of all traces: the network's weights have moved."""
        self._calls.clear()
        self._traced.clear()

    def _ready(self, asked: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> Traced | None:
        key = tuple((tuple(tensor.shape), tensor.dtype) for tensor in asked)
        if key in self._traced:
            return self._traced[key]
        self._calls[key] = self._calls.get(key, 0) + 1
        if self._calls[key] > TRIED_AFTER and len(self._traced) < _MOST:
            self._traced[key] = self._trace(asked)
            return self._traced[key]
        return None

    def _trace(self, asked: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> Traced | None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that sizes become constants is meant: there is a trace per shape
            traced = torch.jit.trace(_Asked(self._network), asked, check_trace=False)  # type: ignore[no-untyped-call]
            # the interpreter plans anew on its second and third call
            answers = [traced(*asked) for _ in range(3)]
        wanted = self._asked(*asked)
        return traced if all(torch.equal(answer, wanted) for answer in answers) else None

    def _asked(self, latent: torch.Tensor, timestep: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self._network(latent, timestep, encoder_hidden_states=text, return_dict=False)[0]
        return answer


class _Asked(torch.nn.Module):
    """The network as a function of tensors alone."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network
        self.train(network.training)

    def forward(self, latent: torch.Tensor, timestep: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.network(latent, timestep, encoder_hidden_states=text, return_dict=False)[0]
        return answer
