"""A small network on the CPU: arranged for it, without Python between its operations, two parts of a batch at a time.

In a network of a few million parameters an operation ends before a second thread has begun on it, and a third of the
time goes by between operations. So each operation has one thread, a batch is cut in two halves that run side by side,
and a half's calls are traced once per shape and then run by torch's interpreter. The invariant: a picture's bits follow
from what is asked, not from what was asked before nor from the machine's cores: a batch is cut the same way
everywhere, and a trace is used only where it answers bit for bit as the arranged network does, tried once per shape.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any

import torch

from parseq_tui.render.engines.devices import threads
from parseq_tui.render.engines.packed import PackedUNet, Told, packed

TRIED_AFTER = 16
"""Calls of one shape before it is traced: tracing costs as much as some twenty calls."""
_MOST = 8
"""Shapes traced; others go to the arranged network."""
_PARTS = 2
"""Parts that a batch is cut in."""

Traced = Callable[..., torch.Tensor]


class TracedNetwork:
    """A UNet on the CPU, called as the UNet is. Its weights stay what they are until `forget` is called."""

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network
        self._packed: PackedUNet | None = None
        self._refused = False
        """Whether the network cannot be arranged."""
        self._calls: dict[Hashable, int] = {}
        self._traced: dict[Hashable, Traced | None] = {}
        """By shape; None where the trace answered otherwise than the arranged network."""
        self._text: torch.Tensor | None = None
        self._told: list[Told] = []
        """What the parts of `_text` come to."""
        self._beside: _Beside | None = None

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
        with threads(1):
            plain = all(value is None for value in conditions.values())
            arranged = self._arranged(latent, timestep, encoder_hidden_states) if plain else None
            if arranged is None:
                answer = self._network(
                    latent, timestep, encoder_hidden_states=encoder_hidden_states, return_dict=False, **conditions
                )
                return (answer[0],)
            latents = latent.chunk(_PARTS)
            times = timestep.chunk(_PARTS) if timestep.dim() else (timestep,) * len(latents)
            told = self._made_of(arranged, encoder_hidden_states)
            parts = [(part, time, *made) for part, time, made in zip(latents, times, told, strict=True)]
            return (_joined(self._answers(arranged, parts)),)

    def forget(self) -> None:
        """Lets go of everything made from the network's weights, which have changed or moved, and of its thread."""
        self._packed, self._refused = None, False
        self._text, self._told = None, []
        self._calls.clear()
        self._traced.clear()
        if self._beside is not None:
            self._beside.end()
            self._beside = None

    def _arranged(self, latent: torch.Tensor, timestep: torch.Tensor, text: torch.Tensor) -> PackedUNet | None:
        if self._packed is None and not self._refused:
            first = timestep[:1] if timestep.dim() else timestep
            self._packed = packed(self._network, latent[:1], first, text[:1])
            self._refused = self._packed is None
        return self._packed

    def _made_of(self, arranged: PackedUNet, text: torch.Tensor) -> list[Told]:
        """What each part of a text comes to: the steps of a picture ask with the same tensor."""
        if self._text is not text:
            self._text, self._told = text, [arranged.told(part) for part in text.chunk(_PARTS)]
        return self._told

    def _answers(self, arranged: PackedUNet, parts: Sequence[tuple[torch.Tensor, ...]]) -> list[torch.Tensor]:
        ready = [self._ready(arranged, part) for part in parts]
        if len(parts) == 1 or None in ready:
            return [(arranged if call is None else call)(*part) for call, part in zip(ready, parts, strict=True)]
        if self._beside is None:
            self._beside = _Beside()
        first, second = (partial(call, *part) for call, part in zip(ready, parts, strict=True) if call is not None)
        return self._beside.both(first, second)

    def _ready(self, arranged: PackedUNet, part: tuple[torch.Tensor, ...]) -> Traced | None:
        latent, timestep, text = part[:3]
        key = tuple((tuple(tensor.shape), tensor.dtype) for tensor in (latent, timestep, text))
        if key in self._traced:
            return self._traced[key]
        self._calls[key] = self._calls.get(key, 0) + 1
        if self._calls[key] > TRIED_AFTER and len(self._traced) < _MOST:
            self._traced[key] = _trace(arranged, part)
            return self._traced[key]
        return None


def _trace(arranged: PackedUNet, part: tuple[torch.Tensor, ...]) -> Traced | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that sizes become constants is meant: there is a trace per shape
        # as a function, not as a module: its parameters become constants, which is five times quicker
        traced = torch.jit.trace(lambda *given: arranged(*given), part, check_trace=False)  # type: ignore[no-untyped-call]
        # the interpreter plans anew on its second and third call
        answers = [traced(*part) for _ in range(3)]
    wanted = arranged(*part)
    return traced if all(torch.equal(answer, wanted) for answer in answers) else None


class _Beside:
    """A thread for the second of two calls. Two queues and nothing else: a pool's futures cost as much as a call."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Callable[[], torch.Tensor] | None] = SimpleQueue()
        self._answered: SimpleQueue[torch.Tensor | Exception] = SimpleQueue()
        Thread(target=self._work, name="network", daemon=True).start()

    def both(self, first: Callable[[], torch.Tensor], second: Callable[[], torch.Tensor]) -> list[torch.Tensor]:
        """Both answers, once both calls have ended. Raises what either raised, the first call's problem first."""
        self._asked.put(second)
        try:
            answer = first()
        finally:
            other = self._answered.get()
        if isinstance(other, Exception):
            raise other
        return [answer, other]

    def end(self) -> None:
        self._asked.put(None)

    def _work(self) -> None:
        torch.set_num_threads(1)
        while (call := self._asked.get()) is not None:
            try:
                with torch.inference_mode():  # a thread begins outside of it
                    self._answered.put(call())
            except Exception as problem:  # noqa: BLE001 - raised where the call was asked for
                self._answered.put(problem)
            del call  # it holds the network's weights


def _joined(answers: Sequence[torch.Tensor]) -> torch.Tensor:
    return answers[0] if len(answers) == 1 else torch.cat(list(answers))
