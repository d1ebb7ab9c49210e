"""Where a model's networks are: all on the device, or in main memory until it is their turn.

Main memory keeps the weights of networks that come and go, so sending one home copies nothing. The invariant: where a
network waits changes no bit of what it computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from parseq_tui.errors import OutOfMemory
from parseq_tui.render.engines.cards import give_back
from parseq_tui.render.engines.devices import free_memory, out_of_memory_explained
from parseq_tui.render.engines.memory import TILE, Need, Placement, choose_placement, next_smaller

_Held = list[tuple[torch.nn.Parameter | torch.Tensor, torch.Tensor]]


def settled(networks: Mapping[str, Any], device: torch.device, need: Need) -> Residence:
    """The networks, placed as fast as they fit: a step smaller as long as they do not. Raises OutOfMemory."""
    on_host = device.type == "cpu"
    placement = choose_placement(need, free_memory(device), on_host=on_host)
    while True:
        try:
            with out_of_memory_explained("bringing the model to it", "use a smaller model, or --device cpu"):
                return Residence(networks, device, placement)
        except OutOfMemory:
            if (smaller := next_smaller(placement, on_host=on_host)) is None:
                raise
        placement = smaller  # outside of the handler: its traceback would keep what did not fit


class Residence:
    """The networks of one model on one device."""

    def __init__(self, networks: Mapping[str, Any], device: torch.device, placement: Placement) -> None:
        """`networks`: part → module. They may be anywhere; afterwards they are where `placement` says."""
        self._networks = dict(networks)
        self.device = device
        self.placement = Placement()
        self._homes: dict[str, _Held] = {}
        self._guests: dict[str, _Held] = {}
        self._hooks: list[Any] = []
        self.settle(placement)

    def settle(self, placement: Placement) -> None:
        """Rearranges everything."""
        self._leave()
        self.placement = placement
        vae = self._networks["vae"]
        if hasattr(vae, "enable_tiling"):
            (vae.enable_tiling if placement.tiles else vae.disable_tiling)()
            vae.tile_sample_min_size = TILE
            vae.tile_latent_min_size = TILE // 2 ** (len(vae.config.block_out_channels) - 1)
        if placement.offload == "none":
            for network in self._networks.values():
                network.to(self.device)
            return
        for part, network in self._networks.items():
            network.to("cpu")
            self._homes[part] = [(held, held.data) for held in (*network.parameters(), *network.buffers())]
        if placement.offload == "blocks":
            self._bring_in_blocks(self._networks["unet"])

    def at_work(self, part: str) -> Any:
        """The network, ready to be called on the device; the one that worked before goes home."""
        network = self._networks[part]
        if self.placement.offload == "none" or part in self._guests:
            return network
        if self.placement.offload == "blocks" and part == "unet":
            self.send_home()
            return network
        self.send_home()
        self._guests[part] = self._homes[part]
        _move(self._homes[part], self.device)
        return network

    def send_home(self) -> None:
        """Frees the device of networks that come and go; their weights may be changed then."""
        for held in self._guests.values():
            _return(held)
        self._guests.clear()

    def close(self) -> None:
        """Lets go of everything."""
        self._leave()
        self._networks.clear()

    def _leave(self) -> None:
        self.send_home()
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._homes.clear()
        give_back(self.device)

    def _bring_in_blocks(self, network: Any) -> None:
        """Every layer with weights of its own is on the device only while it works."""
        for layer in network.modules():
            own = [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]
            if not own:
                continue
            home: _Held = [(held, held.data) for held in own]

            def bring(_layer: Any, _arguments: Any, home: _Held = home) -> None:
                _move(home, self.device)

            def leave(_layer: Any, _arguments: Any, _result: Any, home: _Held = home) -> None:
                _return(home)

            self._hooks += [layer.register_forward_pre_hook(bring), layer.register_forward_hook(leave)]


def _move(held: _Held, device: torch.device) -> None:
    for tensor, home in held:
        tensor.data = home.to(device, non_blocking=True)


def _return(held: _Held) -> None:
    for tensor, home in held:
        tensor.data = home
