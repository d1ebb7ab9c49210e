"""Where an engine waits between takes. Light: nothing is loaded before an engine is asked for a picture."""

from __future__ import annotations

from dataclasses import replace

from parseq_tui.render.engines import make_engine
from parseq_tui.render.engines.base import Engine
from parseq_tui.timeline.render_settings import RenderSettings


class EngineShelf:
    """The engine of one take, kept for the next: takes that differ in their seeds only load a model once."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._made_for: tuple[RenderSettings, str] | None = None

    def __call__(self, settings: RenderSettings, device: str) -> Engine:
        """The engine for these settings: the one that is here, or a new one. Raises like `make_engine`."""
        wanted = replace(settings, seed=0, seed_offset=0), device
        if self._engine is None or self._made_for != wanted:
            self.close()
            self._engine, self._made_for = make_engine(settings, device), wanted
        return self._engine

    def close(self) -> None:
        """Give memory back."""
        if self._engine is not None:
            self._engine.close()
        self._engine = self._made_for = None
