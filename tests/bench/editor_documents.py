"""The documents that the editor's bench opens."""

from __future__ import annotations

import json


def large_document(keyframes: int, fields: int) -> str:
    """Every field has a value in every row, every third field a formula now and then."""
    names = [f"field_{index:02d}" for index in range(fields)]
    rows = []
    for index in range(keyframes):
        row: dict[str, object] = {"frame": index * 10}
        for place, name in enumerate(names):
            row[name] = round(((index * 37 + place * 11) % 1000) / 1000, 3)
            if place % 3 == 0 and index % 50 == 0:
                row[f"{name}_i"] = "L"
        rows.append(row)
    document = {
        "meta": {"generated_by": "parseq-tui"},
        "prompts": {"format": "v2", "enabled": True, "promptList": []},
        "options": {"output_fps": 20, "bpm": 120, "cadence": 1},
        "managedFields": names,
        "displayedFields": names,
        "keyframes": rows,
    }
    return json.dumps(document)


def rendered_document(engine: str) -> str:
    """Long enough to be rendering while it is looked at: the test engine makes hundreds of frames a second."""
    last = 40_000 if engine == "test" else 2_000
    prompt = {
        "name": "Prompt 1", "positive": "a red circle", "negative": "", "allFrames": True, "from": 0, "to": last,
        "overlap": {"type": "none", "inFrames": 0, "outFrames": 0, "custom": ""},
    }  # fmt: skip
    rows = [{"frame": frame, "zoom": 1 + frame % 7 / 100, "strength": 0.4} for frame in range(0, last + 1, 100)]
    document = {
        "meta": {"generated_by": "parseq-tui"},
        "prompts": {"format": "v2", "enabled": True, "promptList": [prompt]},
        "options": {"output_fps": 20, "bpm": 120, "cadence": 1},
        "managedFields": ["zoom", "strength"],
        "displayedFields": ["zoom", "strength"],
        "keyframes": rows,
        "render": {"mode": "loopback", "engine": engine, "model": "tiny", "width": 256, "height": 256, "steps": 8},
    }
    return json.dumps(document)
