"""Animated pictures that no video library reads: WebP and AVIF, with Pillow. (GIF and PNG are the video reader's.)

The invariant: a picture by number is the same whatever was read before it.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from parseq_tui.errors import VideoError
from parseq_tui.video.images import MAX_PIXELS, rgb
from parseq_tui.video.timing import Timing

SUFFIXES = (".webp", ".avif")
"""File names that may hold an animation, or one still picture."""
_BRIEFEST = 10
"""Milliseconds: pictures that say they last no time are shown this long, as browsers do about."""
_UNSAID = 100
"""Milliseconds a picture is shown that does not say how long."""


def is_animated(path: Path) -> bool:
    """Whether a file holds more than one picture; False if it cannot be read, which reading it will tell better."""
    try:
        with Pillow.open(path) as opened:
            return int(getattr(opened, "n_frames", 1)) > 1
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return False


class AnimationReader:
    """An animation's pictures by number, in any order; in order each is decoded once."""

    def __init__(self, path: Path) -> None:
        """Open and read how long each picture is shown. Raises VideoError if it cannot be read."""
        self.path = path
        try:
            self._opened = Pillow.open(path)
            if self._opened.width * self._opened.height > MAX_PIXELS:
                raise VideoError(f"the pictures of {path.name} are too large", hint="make it smaller first")
            self._timing = self._timed()
        except (OSError, ValueError, SyntaxError, EOFError, Pillow.DecompressionBombError) as error:
            raise self._unreadable(error) from error
        self._position: int | None = None
        self._current: NDArray[np.uint8] | None = None

    @property
    def fps(self) -> Fraction:
        """Its average rate."""
        timing = self._timing
        return len(timing.times) / ((timing.end - timing.times[0]) * timing.time_base)

    def count(self, rate: Fraction | None = None) -> int:
        """How many pictures it has: its own, or at a rate."""
        return self._timing.count(rate)

    def source_index(self, index: int, rate: Fraction | None = None) -> int:
        """Which of its own pictures is the `index`-th at a rate; the last one if there are not that many."""
        return self._timing.source_index(index, rate)

    def picture(self, index: int, rate: Fraction | None = None) -> NDArray[np.uint8]:
        """The `index`-th picture at a rate: uint8 (height, width, 3), RGB, over black. Raises VideoError."""
        wanted = self.source_index(index, rate)
        if self._current is None or wanted != self._position:
            try:
                self._opened.seek(wanted)
                self._current, self._position = rgb(self._opened), wanted
            except (OSError, ValueError, SyntaxError, EOFError) as error:
                self._current = self._position = None
                raise self._unreadable(error) from error
        return self._current

    def close(self) -> None:
        self._opened.close()

    def _timed(self) -> Timing:
        times, now = [], 0
        for number in range(int(getattr(self._opened, "n_frames", 1))):
            self._opened.seek(number)
            self._opened.load()  # some formats say how long only then
            times.append(now)
            now += max(_BRIEFEST, round(self._opened.info.get("duration", _UNSAID)))
        return Timing(times, now, Fraction(1, 1000))

    def _unreadable(self, error: Exception) -> VideoError:
        reason = " ".join(str(error).split()) or type(error).__name__
        return VideoError(f"the animation {self.path.name} cannot be read: {reason}", hint="is the file complete?")
