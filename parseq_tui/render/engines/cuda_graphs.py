"""A network's calls recorded once and replayed: on a fast card, launching its thousand kernels costs more than running
them (RENDER.md §3.2).

Not tried on a card yet, and therefore off unless a render asks for it (`acceleration`: graphs). The invariant: a call
gives what the network would have given; weights may change in place between calls, but not move.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

Replay = Callable[[], torch.Tensor]
"""Runs the recorded call on the inputs' present contents; always answers in the same memory."""
Capture = Callable[[Callable[[], torch.Tensor]], Replay]
"""Records a call that reads its inputs from tensors that stay where they are."""

_MOST = 8
"""Shapes recorded; each keeps the memory of a call."""
_WARM_UPS = 3


@dataclass(frozen=True, slots=True)
class _Recorded:
    inputs: Mapping[str, torch.Tensor]
    replay: Replay


class GraphedNetwork:
    """A UNet that is called as the UNet is, by replaying."""

    def __init__(self, network: Callable[..., Any], capture: Capture | None = None) -> None:
        """`capture`: how calls are recorded; CUDA graphs by default."""
        self._network = network
        self._capture = capture or capture_on_cuda
        self._recorded: dict[Hashable, _Recorded] = {}

    def __call__(
        self,
        latent: torch.Tensor,
        timestep: torch.Tensor,
        *,
        encoder_hidden_states: torch.Tensor,
        added_cond_kwargs: Mapping[str, torch.Tensor] | None = None,
        timestep_cond: torch.Tensor | None = None,
        return_dict: bool = False,
    ) -> tuple[torch.Tensor]:
        """The answer as a tuple of one; it is overwritten by the next call of the same shape."""
        given = {"latent": latent, "timestep": timestep, "encoder_hidden_states": encoder_hidden_states}
        given |= {f"added:{name}": tensor for name, tensor in (added_cond_kwargs or {}).items()}
        if timestep_cond is not None:
            given["timestep_cond"] = timestep_cond
        key = tuple((name, tuple(tensor.shape), tensor.dtype) for name, tensor in given.items())
        if key not in self._recorded:
            if len(self._recorded) >= _MOST:
                self._recorded.pop(next(iter(self._recorded)))
            self._recorded[key] = self._record(given)
        recorded = self._recorded[key]
        for name, tensor in given.items():
            recorded.inputs[name].copy_(tensor)
        return (recorded.replay(),)

    def forget(self) -> None:
        """Lets go of all recordings: the network's weights have moved."""
        self._recorded.clear()

    def _record(self, given: Mapping[str, torch.Tensor]) -> _Recorded:
        held = {name: tensor.clone() for name, tensor in given.items()}
        told: dict[str, Any] = {"encoder_hidden_states": held["encoder_hidden_states"]}
        if added := {name.removeprefix("added:"): held[name] for name in held if name.startswith("added:")}:
            told["added_cond_kwargs"] = added
        if "timestep_cond" in held:
            told["timestep_cond"] = held["timestep_cond"]

        def call() -> torch.Tensor:
            answer: torch.Tensor = self._network(held["latent"], held["timestep"], return_dict=False, **told)[0]
            return answer

        return _Recorded(held, self._capture(call))


def capture_on_cuda(call: Callable[[], torch.Tensor]) -> Replay:
    """Records with torch.cuda.graph, after warming up on a stream of its own as its documentation asks."""
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(_WARM_UPS):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        answer = call()

    def replay() -> torch.Tensor:
        graph.replay()
        return answer

    return replay
