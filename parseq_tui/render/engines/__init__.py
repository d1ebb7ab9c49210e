"""Engines: ways of making a picture. One file each; `make_engine` is the only place that knows them all.

Nothing heavy is imported until an engine that needs it is made.
"""

from __future__ import annotations

import os
from pathlib import Path

from parseq_tui.errors import BackendUnavailable, RenderError
from parseq_tui.render.engines.base import Engine
from parseq_tui.timeline.render_settings import RenderSettings


def make_engine(settings: RenderSettings, device: str = "auto") -> Engine:
    """The engine a render asks for; not loaded yet.

    `device`: auto, cpu, cuda, cuda:N. Raises BackendUnavailable if its libraries are not installed, ModelNotFound if
    it looks for its model right away, RenderError for an engine that does not exist.
    """
    if settings.engine == "test":
        from parseq_tui.render.engines.test import TestEngine

        return TestEngine()
    if settings.engine == "diffusers":
        return _diffusers(settings, device)
    if settings.engine == "webui":
        from parseq_tui.render.engines.webui import WebuiEngine

        return WebuiEngine(settings.model)
    raise RenderError(f"there is no engine called {settings.engine!r}", hint="known: diffusers, webui, test")


def _diffusers(settings: RenderSettings, device: str) -> Engine:
    networks = tuple(Path(folder) for folder in (settings.networks or "").split(os.pathsep) if folder)
    try:
        from parseq_tui.render.engines.diffusers import DiffusersEngine
    except ImportError as error:
        missing = error.name or str(error)
        raise BackendUnavailable(
            f"the diffusers engine cannot be loaded: {missing} is missing",
            hint="install the program again (pip install parseq-tui), or render with --engine test",
        ) from error
    return DiffusersEngine(settings.model, device, settings.compatibility, networks, settings.acceleration)
