"""Frame JSON for the tests of the worker: a looped-back film that turns, zooms and is cut once."""

from __future__ import annotations

import json
from typing import Any

CUT = 6


def film(count: int = 12, *, cadence: int = 1, turn_more_at: int | None = None, **render: Any) -> str:
    """`turn_more_at`: a frame whose angle differs from the film's."""
    frames = [
        {
            "frame": number,
            "seed": number,
            "subseed": number + 1,
            "subseed_strength": 0.25,
            "strength": 0.0 if number == CUT else 0.6,
            "angle": 3.0 * number + (5 if number == turn_more_at else 0),
            "zoom": 1 + 0.02 * number,
            "contrast": 0.98,
            "antiblur_amount": 0.2,
            "deforum_prompt": "a cat --neg a dog",
        }
        for number in range(count)
    ]
    settings = {"engine": "test", "width": 96, "height": 64, **render}
    options = {"output_fps": 20, "bpm": 120, "cadence": cadence}
    return json.dumps({"options": options, "render": settings, "rendered_frames": frames})
