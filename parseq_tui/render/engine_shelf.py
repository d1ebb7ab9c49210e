"""Where engines wait between takes. Light: nothing is loaded before an engine is asked for a picture.

The invariant: an engine is used again only for what it was made for, and only while every file it has read is what it
was, so that a picture never comes from other weights than those its key names.
"""

from __future__ import annotations

from parseq_tui.render.engines import make_engine
from parseq_tui.render.engines.base import Engine
from parseq_tui.timeline.render_settings import RenderSettings

_MadeFor = tuple[str, str | None, str, str, str]


class EngineShelf:
    """The engines of one take, kept for the next: one of each kind."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[_MadeFor, Engine]] = {}

    def __call__(self, settings: RenderSettings, device: str) -> Engine:
        """The engine for these settings: the one that is here, or a new one. Raises like `make_engine`."""
        wanted = (settings.model, settings.networks, settings.compatibility, settings.acceleration, device)
        made_for, engine = self._kept.get(settings.engine, (None, None))
        if engine is None or made_for != wanted or not engine.current():
            self._drop(settings.engine)  # before a second model comes into memory
            engine = make_engine(settings, device)
            self._kept[settings.engine] = wanted, engine
        return engine

    def close(self) -> None:
        """Give memory back."""
        for kind in list(self._kept):
            self._drop(kind)

    def _drop(self, kind: str) -> None:
        _, engine = self._kept.pop(kind, (None, None))
        if engine is not None:
            engine.close()
