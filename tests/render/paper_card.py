"""A card on paper: CUDA's rules without a card. What lies on it is kept in main memory, under torch's name for a card.

Every operation is seen. Those that mix devices, that make the host wait, that read a copy before it has arrived, that
a recording cannot hold, or that find no room, do here what they do on a card: they raise, or they are written down.
The numbers are real, so a picture can be compared with the CPU's.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from parseq_tui.render.engines import residence

CARD = torch.device("cuda", 0)
_ASK_THE_HOST = ("_local_scalar_dense", "equal", "is_nonzero", "nonzero", "masked_select", "_unique2", "unique_dim")
_GARBAGE = 85


class OnCard(torch.Tensor):
    """A tensor of the card; `inner` holds its numbers."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> OnCard:
        return torch.Tensor._make_wrapper_subclass(  # type: ignore[no-any-return, attr-defined]
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            layout=inner.layout,
            device=torch.device("meta"),  # there is no other that C++ finds where torch knows no card
            dispatch_device=True,
        )

    def __init__(self, inner: torch.Tensor) -> None:
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.prim.device.default:
            return CARD
        raise AssertionError(f"{func} was asked of a card that is not there any more")

    def __float__(self) -> float:
        _present[-1].wait("number")
        return float(self.inner)

    def __bool__(self) -> bool:
        _present[-1].wait("number")
        return bool(self.inner)

    def item(self) -> Any:
        _present[-1].wait("number")
        return self.inner.item()

    # C++ looks for the card's guard in these before it comes here
    def copy_(self, source: torch.Tensor, non_blocking: bool = False) -> Any:
        return _present[-1].copied(torch.ops.aten.copy_.default, "copy_", (self, source, non_blocking), {})

    def contiguous(self, **how: Any) -> Any:
        return _present[-1].run(lambda whole, **how: whole.contiguous(**how), (self,), how)

    def __getitem__(self, place: Any) -> Any:
        return _present[-1].run(lambda whole, place: whole[place], (self, place), {})

    def __setitem__(self, place: Any, value: Any) -> None:
        if isinstance(value, torch.Tensor):
            self[place].copy_(value)
        else:
            self[place].fill_(value)

    def __repr__(self, **_: Any) -> str:
        return f"OnCard({tuple(self.shape)}, {self.dtype})"


@contextmanager
def paper_card(room: int = 24 << 30) -> Iterator[PaperCard]:
    """While open, there is a card with `room` bytes."""
    card = PaperCard(room)
    with _patched(card), card:
        yield card


class PaperCard(TorchDispatchMode):
    """What happens on the card. `paper_card` opens it."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        """Bytes."""
        self.log: list[str] = []
        """What made the host wait ("wait …"), and whatever else a test writes down, in order."""
        self.tape: list[tuple[Any, Any, Any, Any]] | None = None
        """What is being recorded."""
        self.recordings = 0
        self.replays = 0
        self.broken = False
        """Whether recording fails, as on a driver that cannot."""
        self.stream: Any = None
        self._held: dict[int, int] = {}
        self._late: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._sources: list[tuple[torch.Tensor, torch.Tensor]] = []

    @property
    def held(self) -> int:
        """Bytes on the card."""
        return sum(self._held.values())

    def wait(self, why: str) -> None:
        """The host waits: everything on its way arrives."""
        if self.tape is not None:
            raise torch.AcceleratorError("CUDA error: operation not permitted when stream is capturing")
        self.log.append(f"wait {why}")
        for place, numbers in self._late:
            place.copy_(numbers)
        for source, numbers in self._sources:
            assert torch.equal(source, numbers), "memory was written to that a copy on its way reads"
        self._late.clear()
        self._sources.clear()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = func.overloadpacket.__name__
        if func is torch.ops.prim.device.default:
            return CARD if isinstance(args[0], OnCard) else torch.device("cpu")
        if name in ("to", "cpu", "type_as"):  # made of others
            with self:
                return func.decompose(*args, **kwargs)
        if name in ("_to_copy", "copy_"):
            return self.copied(func, name, args, kwargs)
        pinned = kwargs.pop("pin_memory", None)
        here = _is_card(kwargs.get("device")) or any(isinstance(leaf, OnCard) for leaf in tree_leaves((args, kwargs)))
        if not here:
            made = func(*args, **kwargs)
            if pinned:
                made.fill_(_GARBAGE)
                made.pinned = True
            return made
        if name in _ASK_THE_HOST:
            self.wait(name)
        if "device" in kwargs:
            if not _is_card(kwargs["device"]):
                return func(*tree_map(_inner, args), **kwargs)
            kwargs["device"] = torch.device("cpu")
        return self.run(func, args, kwargs)

    def run(self, func: Any, args: Any, kwargs: Any) -> Any:
        strangers = [
            leaf
            for leaf in tree_leaves((args, kwargs))
            if isinstance(leaf, torch.Tensor) and not isinstance(leaf, OnCard) and leaf.dim() > 0
        ]
        if strangers:
            raise RuntimeError(f"Expected all tensors to be on the same device, but {func} was given one of the CPU")
        known = {id(leaf.inner): leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, OnCard)}
        plain_args, plain_kwargs = tree_map(_inner, (args, kwargs))
        made = func(*plain_args, **plain_kwargs)
        wrapped = tree_map(lambda leaf: known[id(leaf)] if id(leaf) in known else self.put(leaf), made)
        if self.tape is not None:
            self.tape.append((func, args, kwargs, wrapped))
        return wrapped

    def put(self, leaf: Any) -> Any:
        """A tensor of main memory, under the card's name. Raises torch.OutOfMemoryError."""
        if not isinstance(leaf, torch.Tensor) or isinstance(leaf, OnCard):
            return leaf
        storage = leaf.untyped_storage()
        key = storage._cdata
        if key not in self._held:
            if self.held + storage.nbytes() > self.room:
                raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {storage.nbytes()} bytes")
            self._held[key] = storage.nbytes()
            weakref.finalize(storage, self._held.pop, key, None)
        return OnCard(leaf)

    def copied(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """`_to_copy(source, …)` or `copy_(target, source, non_blocking)`: up, down, or from where to where it lies."""
        if name == "copy_":
            target, source = args[0], args[1]
            later = bool(args[2]) if len(args) > 2 else bool(kwargs.get("non_blocking"))
            to_card = isinstance(target, OnCard)
        else:
            source, later = args[0], bool(kwargs.get("non_blocking"))
            wanted = kwargs.get("device")
            to_card = isinstance(source, OnCard) if wanted is None else _is_card(wanted)
        from_card = isinstance(source, OnCard)
        if from_card and to_card:
            kwargs.pop("device", None)
            return self.run(func, args, kwargs)
        if not from_card and not to_card:
            return func(*args, **kwargs)
        if to_card:
            return self._uploaded(func, name, args, kwargs, source, later=later)
        if name == "copy_":
            assert getattr(target, "pinned", False) or not later, "a copy that nobody waits for needs pinned memory"
            if later:
                self._late.append((target, source.inner.clone()))
            else:
                self.wait("download")
                target.copy_(source.inner)
            return target
        self.wait("download")
        return func(source.inner, **kwargs)

    def _uploaded(self, func: Any, name: str, args: Any, kwargs: Any, source: torch.Tensor, *, later: bool) -> Any:
        if self.tape is not None:
            raise torch.AcceleratorError("CUDA error: operation not permitted when stream is capturing")
        if later and getattr(source, "pinned", False):
            self._sources.append((source, source.clone()))
        else:
            self.wait("upload")
        if name == "copy_":
            args[0].inner.copy_(source)
            return args[0]
        kwargs["device"] = torch.device("cpu")
        made = func(source, **kwargs)
        return self.put(made.clone() if made is source else made)


class _Stream:
    def wait_stream(self, other: _Stream) -> None: ...


class _Event:
    def __init__(self) -> None:
        self._stream: _Stream | None = None

    def record(self, stream: _Stream) -> None:
        self._stream = stream

    def synchronize(self) -> None:
        assert self._stream is not None, "nobody recorded this event"
        _present[-1].wait("event")


class _Graph:
    tape: list[tuple[Any, Any, Any, Any]]

    def replay(self) -> None:
        card = _present[-1]
        card.replays += 1
        card.log.append("replay")
        with torch.utils._python_dispatch._disable_current_modes():
            for func, args, kwargs, outs in self.tape:
                args, kwargs = tree_map(_inner, (args, kwargs))
                for new, old in zip(tree_leaves(func(*args, **kwargs)), tree_leaves(outs), strict=True):
                    if isinstance(old, OnCard) and new.data_ptr() != old.inner.data_ptr():
                        old.inner.copy_(new)


class _Recording:
    """torch.cuda.graph: leaves its own stream behind where the recording fails, as torch's does."""

    def __init__(self, graph: _Graph, pool: Any = None, capture_error_mode: str = "global") -> None:
        assert pool in _present[-1].pools, "a pool whose recordings are gone"  # type: ignore[attr-defined]
        self._graph, self._card = graph, _present[-1]

    def __enter__(self) -> None:
        self._card.wait("before a recording")
        self._before, self._card.stream = self._card.stream, _Stream()
        self._card.tape = []

    def __exit__(self, kind: Any, *_: Any) -> None:
        self._graph.tape, self._card.tape = self._card.tape or [], None
        if kind is not None or self._card.broken:
            raise torch.AcceleratorError("CUDA error: operation failed due to a previous error during capture")
        self._card.stream = self._before
        self._card.recordings += 1


_present: list[PaperCard] = []


@contextmanager
def _patched(card: PaperCard) -> Iterator[None]:
    """torch.cuda as it is where there is this card."""
    first = _Stream()
    card.stream = first
    card.pools = []  # type: ignore[attr-defined]

    def pool() -> object:
        card.pools.append(object())  # type: ignore[attr-defined]
        return card.pools[-1]  # type: ignore[attr-defined]

    @contextmanager
    def on(stream: _Stream) -> Iterator[None]:
        before, card.stream = card.stream, stream
        yield
        card.stream = before

    def pin(tensor: torch.Tensor) -> torch.Tensor:
        made: Any = tensor.clone()
        made.pinned = True
        return made  # type: ignore[no-any-return]

    answers: dict[str, Any] = {
        "_lazy_init": lambda: None,
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "current_device": lambda: 0,
        "set_device": lambda _: None,
        "get_device_name": lambda *_: "Paper 24",
        "get_device_capability": lambda *_: (8, 6),
        "mem_get_info": lambda *_: (card.room - card.held, card.room),
        "memory_reserved": lambda *_: card.held,
        "empty_cache": lambda: None,
        "synchronize": lambda *_: card.wait("synchronize"),
        "Stream": _Stream,
        "Event": _Event,
        "CUDAGraph": _Graph,
        "graph": _Recording,
        "graph_pool_handle": pool,
        "stream": on,
        "current_stream": lambda *_: card.stream,
        "set_stream": lambda stream: setattr(card, "stream", stream),
    }
    before = torch.__future__.get_swap_module_params_on_conversion()
    with ExitStack() as patches:
        for name, answer in answers.items():
            patches.enter_context(mock.patch.object(torch.cuda, name, answer))
        patches.enter_context(mock.patch.object(torch.Tensor, "pin_memory", pin))
        patches.enter_context(mock.patch.object(residence, "_move", _moved))
        patches.enter_context(mock.patch.object(residence, "_return", _returned))
        torch.__future__.set_swap_module_params_on_conversion(True)
        torch._C._set_only_lift_cpu_tensors(True)
        torch._C._ensureCUDADeviceGuardSet()
        _present.append(card)
        try:
            yield
        finally:
            assert card.stream is first, "somebody left another stream behind"
            _present.pop()
            torch._C._set_only_lift_cpu_tensors(False)
            torch.__future__.set_swap_module_params_on_conversion(before)


def _moved(held: Any, device: torch.device) -> None:
    for tensor, home in held:
        _become(tensor, home.to(device, non_blocking=True))


def _returned(held: Any) -> None:
    for tensor, home in held:
        _become(tensor, home.view_as(home))


def _become(tensor: torch.Tensor, other: torch.Tensor) -> None:
    """`tensor.data = other`, for tensors of another kind."""
    is_parameter = isinstance(tensor, torch.nn.Parameter)
    torch.utils.swap_tensors(tensor, torch.nn.Parameter(other, requires_grad=False) if is_parameter else other)


def _is_card(device: Any) -> bool:
    return device is not None and torch.device(device).type == "cuda"


def _inner(leaf: Any) -> Any:
    return leaf.inner if isinstance(leaf, OnCard) else leaf


def watched(card: PaperCard, call: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same call, written down in the card's log."""

    def written(*given: Any, **named: Any) -> Any:
        card.log.append(name)
        return call(*given, **named)

    return written
