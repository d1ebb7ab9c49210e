"""The small JSON files that describe a model folder and its parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from parseq_tui.errors import RenderError

_LARGEST_JSON = 1 << 20


def read_json(file: Path) -> dict[str, Any]:
    """A small JSON object of a model folder. Raises RenderError naming the file."""
    try:
        if file.stat().st_size > _LARGEST_JSON:
            raise RenderError(f"{file} is too large for a model's description")
        read = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise RenderError(f"there is no {file}", hint="the model is not complete: copy it again") from problem
    except (OSError, ValueError, RecursionError) as problem:
        raise RenderError(f"cannot read {file}: {problem}") from problem
    if not isinstance(read, dict):
        raise RenderError(f"{file} holds no JSON object")
    return read
