"""A small UNet arranged for the CPU: the same sums, with less around them.

Convolution weights lie in the order oneDNN multiplies in (stock networks bring them into it at every call), and what
follows from the text alone, keys, values and the pooled text, is computed once per text instead of once per step. The
weights are copies: they are those of the moment, and whoever changes the network's own arranges it anew. The invariant:
an arranged network answers as the network does but for rounding; that is tried when it is made.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch

_CLOSE = 1e-4
"""How far an answer may be from the network's, as a share of its largest number."""
Told = tuple[torch.Tensor, ...]
"""A text, (rows, tokens, width), and what the network's layers make of it."""


class PackedUNet:
    """A UNet as a function of a latent, a time, and what `told` makes of a text."""

    def __init__(self, network: torch.nn.Module, sizes: Mapping[torch.nn.Module, list[int]]) -> None:
        """`sizes`: convolution → shape of its input, (rows, channels, height, width)."""
        self._readers = _text_readers(network)
        slots = [_Slot() for _ in self._readers]
        convolutions = {
            layer: _PackedConvolution(layer)
            for layer in sizes
            if isinstance(layer, torch.nn.Conv2d) and _is_gain(layer)
        }
        self._weights = [made.packed(sizes[layer]) for layer, made in convolutions.items()]
        self._slots: list[_Slot] = [*slots, *convolutions.values()]
        self._network = _rebuilt(network, convolutions | dict(zip(self._readers, slots, strict=True)))

    def told(self, text: torch.Tensor) -> Told:
        """The text, what every layer that reads nothing else makes of it, and all that a trace cannot hold itself."""
        return (text, *(reader(text) for reader in self._readers), *self._weights)

    def __call__(self, latent: torch.Tensor, timestep: torch.Tensor, *told: torch.Tensor) -> torch.Tensor:
        """The network's answer, shaped like `latent`. Not to be called by two threads at once; its traces may be."""
        for slot, tensor in zip(self._slots, told[1:], strict=True):
            slot.tensor = tensor
        answer: torch.Tensor = self._network(latent, timestep, encoder_hidden_states=told[0], return_dict=False)[0]
        return answer


def packed(
    network: torch.nn.Module, latent: torch.Tensor, timestep: torch.Tensor, text: torch.Tensor
) -> PackedUNet | None:
    """The network, arranged for inputs like these; None where that would change what it answers."""
    sizes: dict[torch.nn.Module, list[int]] = {}

    def measure(layer: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        sizes[layer] = list(given[0].shape)

    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]
    hooks = [layer.register_forward_pre_hook(measure) for layer in layers]
    try:
        wanted = network(latent, timestep, encoder_hidden_states=text, return_dict=False)[0]
    finally:
        for hook in hooks:
            hook.remove()
    made = PackedUNet(network, sizes)
    answer = made(latent, timestep, *made.told(text))
    return made if float((answer - wanted).abs().max()) <= _CLOSE * float(wanted.abs().max()) else None


class _Slot(torch.nn.Module):
    """Stands for a layer whose answer is known before the network is called."""

    tensor: torch.Tensor

    def forward(self, *_given: Any, **_named: Any) -> torch.Tensor:
        return self.tensor


class _PackedConvolution(_Slot):
    """A convolution whose weights come from outside, in oneDNN's own order."""

    def __init__(self, layer: torch.nn.Conv2d) -> None:
        super().__init__()
        self._layer = layer
        self._shape = (list(layer.padding), list(layer.stride), list(layer.dilation), layer.groups)
        self._call = _convolution()

    def packed(self, size: list[int]) -> torch.Tensor:
        """The weights in the best order for inputs of this shape; right for all."""
        plain = self._layer.weight.detach().to_mkldnn()
        # its declared types lack the last argument
        reorder: Callable[..., torch.Tensor] = torch._C._nn.mkldnn_reorder_conv2d_weight
        return reorder(plain, *self._shape, size)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self._call(given, self.tensor, self._layer.bias, *self._shape)


@cache
def _convolution() -> Callable[..., torch.Tensor]:
    # a trace cannot record the operation's empty list of scalars; compiled source can hold it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.CompilationUnit(_CONVOLUTION).convolution  # type: ignore[no-any-return]


_CONVOLUTION = """
def convolution(given, weight, bias: Optional[Tensor], padding: List[int], stride: List[int], dilation: List[int],
                groups: int):
    return torch.ops.mkldnn._convolution_pointwise(
        given, weight, bias, padding, stride, dilation, groups, "none", [], ""
    )
"""


def _is_gain(layer: torch.nn.Conv2d) -> bool:
    """Whether a convolution is faster packed; those of one pixel are a plain product of matrices already."""
    known = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    plain = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return bool(known and plain and layer.weight.dtype == torch.float32 and max(layer.kernel_size) > 1)


def _text_readers(network: torch.nn.Module) -> list[torch.nn.Module]:
    """The layers of a UNet2DConditionModel that are given the text and nothing else."""
    config = getattr(network, "config", None)
    if config is None or config.encoder_hid_dim_type is not None or config.cross_attention_norm is not None:
        return []
    names = [name for name, _ in network.named_modules() if name.endswith((".attn2.to_k", ".attn2.to_v"))]
    if config.addition_embed_type == "text":
        names.append("add_embedding")
    return [network.get_submodule(name) for name in names]


def _rebuilt(module: torch.nn.Module, changed: Mapping[torch.nn.Module, torch.nn.Module]) -> torch.nn.Module:
    """A module of the same layers, but for those that are changed; what is not changed is shared."""
    if module in changed:
        return changed[module]
    twin = copy.copy(module)
    twin._modules = {
        name: None if layer is None else _rebuilt(layer, changed) for name, layer in module._modules.items()
    }
    return twin
