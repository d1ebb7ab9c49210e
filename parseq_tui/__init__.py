"""parseq-tui: sequence Stable Diffusion parameters and render the video, in a terminal.

>>> import parseq_tui
>>> document = parseq_tui.load("dance.json")
>>> table = parseq_tui.bake(document)
>>> table["zoom"]            # float64, one value per frame

Importing this package loads nothing heavy: each name below is fetched when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parseq_tui.formats.native import dump, load
    from parseq_tui.timeline.bake import bake

__version__ = "0.1.0"
__all__ = ["__version__", "bake", "dump", "load"]

_HOMES = {"load": "parseq_tui.formats.native", "dump": "parseq_tui.formats.native", "bake": "parseq_tui.timeline.bake"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'parseq_tui' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
