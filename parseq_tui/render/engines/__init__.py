"""Engines: ways of making a picture. One file each, named as the setting `engine` names it, with a `make`.

Nothing heavy is imported until an engine that needs it is made.
"""

from __future__ import annotations

from importlib import import_module

from parseq_tui.render.engines.base import Engine
from parseq_tui.timeline.render_settings import RenderSettings


def make_engine(settings: RenderSettings, device: str = "auto") -> Engine:
    """The engine a render asks for; not loaded yet.

    `device`: auto, cpu, cuda, cuda:N. Raises what an engine cannot be without: see its `make`.
    """
    engine: Engine = import_module(f"parseq_tui.render.engines.{settings.engine}").make(settings, device)
    return engine
