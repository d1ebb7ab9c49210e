"""A network's calls recorded once and replayed: on a fast card, launching its thousand kernels costs more than running
them (RENDER.md §3.2).

The invariant: a call gives, bit for bit, what the network would have given. That is tried when a shape is recorded,
and a card where it does not hold, or cannot be recorded on, is asked call by call. Weights may change in place between
calls, but not move.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from parseq_tui.render.engines.base import Report
from parseq_tui.render.engines.cards import first_line

_log = logging.getLogger(__name__)
Call = Callable[[], torch.Tensor]
"""Reads its inputs from tensors that stay where they are."""

_MOST = 8
"""Shapes recorded; each keeps its inputs and its answer."""
_WARM_UPS = 2
"""Calls before the recorded one, in which libraries choose their kernels and fetch what they work with."""


class Recorder(Protocol):
    """Records calls. Their replays share memory: a replay may overwrite the answers of all others."""

    def record(self, call: Call) -> Call:
        """The same call, replayed; always answers in the same memory. Raises RuntimeError if it cannot be recorded."""

    def forget(self) -> None:
        """All recordings are gone: their memory is free."""


@dataclass(frozen=True, slots=True)
class _Recorded:
    inputs: Mapping[str, torch.Tensor]
    replay: Call


class GraphedNetwork:
    """A UNet that is called as the UNet is, by replaying."""

    def __init__(
        self, network: Callable[..., Any], recorder: Recorder | None = None, report: Report = _log.info
    ) -> None:
        """`recorder`: how calls are recorded; CUDA graphs by default. `report` is told if they cannot be."""
        self._network = network
        self._recorder = recorder or CudaRecorder()
        self._report = report
        self._recorded: dict[Hashable, _Recorded] = {}
        self._refused = False

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
        """The answer as a tuple of one; it is overwritten by the next call."""
        given = {"latent": latent, "timestep": timestep, "encoder_hidden_states": encoder_hidden_states}
        given |= {f"added:{name}": tensor for name, tensor in (added_cond_kwargs or {}).items()}
        if timestep_cond is not None:
            given["timestep_cond"] = timestep_cond
        if self._refused:
            return (self._asked(given),)
        key = tuple((name, tuple(tensor.shape), tensor.dtype) for name, tensor in given.items())
        if key not in self._recorded:
            return (self._first(key, given),)
        recorded = self._recorded[key]
        for name, tensor in given.items():
            recorded.inputs[name].copy_(tensor)
        return (recorded.replay(),)

    def forget(self) -> None:
        """Lets go of all recordings: the network's weights have moved, or their memory is needed."""
        self._recorded.clear()
        self._recorder.forget()

    def _first(self, key: Hashable, given: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The network's own answer to the first call of a shape, which is recorded by the way."""
        wanted = self._asked(given)
        held = {name: tensor.clone() for name, tensor in given.items()}
        try:
            replay = self._recorder.record(lambda: self._asked(held))
            trouble = "" if torch.equal(replay(), wanted) else "a replay answers otherwise"
        except RuntimeError as problem:  # no memory for it, or something in the network waits for the card
            trouble = first_line(str(problem))
        if trouble:
            self._refused = True
            self.forget()
            self._report(f"calls of the UNet are not recorded here, which a fast card would gain by: {trouble}")
        else:
            if len(self._recorded) >= _MOST:
                self._recorded.pop(next(iter(self._recorded)))
            self._recorded[key] = _Recorded(held, replay)
        return wanted

    def _asked(self, given: Mapping[str, torch.Tensor]) -> torch.Tensor:
        told: dict[str, Any] = {"encoder_hidden_states": given["encoder_hidden_states"]}
        if added := {name.removeprefix("added:"): given[name] for name in given if name.startswith("added:")}:
            told["added_cond_kwargs"] = added
        if "timestep_cond" in given:
            told["timestep_cond"] = given["timestep_cond"]
        answer: torch.Tensor = self._network(given["latent"], given["timestep"], return_dict=False, **told)[0]
        return answer


class CudaRecorder:
    """Records with torch.cuda.graph, on the current card."""

    def __init__(self) -> None:
        self._pool: Any = None

    def record(self, call: Call) -> Call:
        """See `Recorder`. Warms up on a stream of its own, as torch's notes on CUDA graphs ask."""
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        before = torch.cuda.current_stream()
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(before)
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                call()
        before.wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        try:
            # what other threads ask of the card meanwhile is no part of it
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                answer = call()
        finally:
            torch.cuda.set_stream(before)  # a recording that fails leaves the one it was made on

        def replay() -> torch.Tensor:
            graph.replay()
            return answer

        return replay

    def forget(self) -> None:
        """See `Recorder`."""
        self._pool = None  # torch refuses to fill one again whose recordings are gone
