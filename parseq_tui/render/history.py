"""Blending a frame with the outputs before it (PIPELINE.md A4, with the corrections of A9.2 and A9.3).

>>> import numpy as np
>>> black, white = np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)
>>> int(blend(black, [white], 0.4)[0, 0, 0])
102
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from parseq_tui.render.engines.base import Image


def blend(current: Image, earlier: Sequence[Image], decay: float) -> Image:
    """`current` mixed with `earlier` outputs, newest first; all of one size.

    The weights are 1-d, d(1-d), d²(1-d), … and dᵐ for the oldest, d being `decay` held within 0…1. Rounded to uint8 at
    every level, the oldest pair first, in OpenCV's float32, because the original did. No `earlier` or no `decay`
    returns `current` itself. The original chained oldest first and left the newest out (A9.2, A9.3): not repeated here.
    """
    share = min(max(decay, 0.0), 1.0)
    if not earlier or share == 0:
        return current
    blended = earlier[-1]
    for picture in (*reversed(earlier[:-1]), current):
        blended = np.asarray(cv2.addWeighted(picture, 1 - share, blended, share, 0), np.uint8)
    return blended
