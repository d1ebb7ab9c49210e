"""The seeds of each frame: from the document's `seed` curve, or counted on from the seed of the settings.

A seed with a fraction lies between two: its whole part is the seed, the next number the subseed, the fraction the
subseed's strength (LANGUAGE §9.1). Seeds may be negative: −1 is a seed like any other here, so that renders repeat.
"""

from __future__ import annotations

import hashlib
import math

from parseq_tui.errors import RenderError
from parseq_tui.render.motion import Values
from parseq_tui.timeline.render_settings import RenderSettings

_LIMIT = 2**63


def _any_seed(start: int, turn: int) -> int:
    """A seed of 32 bits that cannot be guessed from its neighbours, but is the same in every render."""
    return int.from_bytes(hashlib.blake2b(f"{start} {turn}".encode(), digest_size=4).digest(), "big")


class Seeds:
    """Seeds by frame index (from 0). `cadence`: every how many frames one is used."""

    def __init__(self, values: Values, settings: RenderSettings, cadence: int) -> None:
        self._values = values
        self._start = settings.seed
        self._offset = settings.seed_offset
        self._cadence = cadence
        self._managed = "seed" in values
        looped = settings.mode == "loopback"
        self._behavior = settings.seed_behavior if settings.seed_behavior != "auto" else "iter" if looped else "fixed"

    def at(self, index: int) -> tuple[int, int, float]:
        """Seed, subseed and subseed strength. Without strength the subseed is 0, for it has no effect."""
        if not self._managed:
            seed, subseed, strength = self._counted(index), 0, self._values.at("subseed_strength", index, 0.0)
        else:
            value = self._values.at("seed", index, 0.0)
            seed, strength = math.floor(value), self._values.at("subseed_strength", index, value % 1.0)
            subseed = math.ceil(value)
        if strength == 0:
            return self._checked(seed, index), 0, 0.0
        chosen = math.floor(self._values.at("subseed", index, float(subseed)))
        return self._checked(seed, index), self._checked(chosen, index), strength

    def noise(self, index: int) -> int:
        """Seed of the noise added to a looped-back frame: a step on from the one before (PIPELINE B5)."""
        if not self._managed:
            return self._checked(self._counted(index), index)
        before = max(index - self._cadence, 0)
        value = math.floor(self._values.at("seed", before, 0.0))
        return self._checked(value + self._counted(index) - self._counted(before), index)

    def _counted(self, index: int) -> int:
        turn = index // self._cadence
        steps = {
            "fixed": 0,
            "iter": turn,
            "ladder": turn // 2 + 2 * (turn % 2),  # +2, −1, +2, −1, …
            "alternate": turn % 2,  # +1, −1, +1, …
        }
        if self._behavior == "random" and turn:
            return _any_seed(self._start, turn)
        return self._start + steps.get(self._behavior, 0)

    def _checked(self, seed: int, index: int) -> int:
        seed += self._offset
        if not -_LIMIT <= seed < _LIMIT:
            frame = self._values.table.first_frame + index
            raise RenderError(f"the seed at frame {frame} is too large ({seed:.3g})", hint="seeds have up to 18 digits")
        return seed
