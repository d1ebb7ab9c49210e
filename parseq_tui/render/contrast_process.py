"""Answers one comparison: the folders of two takes as arguments; a Contrast, or {"error", "hint"}, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from parseq_tui.errors import RenderError
from parseq_tui.render.comparison import Pair
from parseq_tui.render.contrast import Contrast
from parseq_tui.render.explain import change_words
from parseq_tui.render.take import Take


def answer(first: Path, second: Path) -> Contrast:
    """Raises RenderError if the takes have no frame in common."""
    pair = Pair(Take(first), Take(second))
    differing = pair.differing
    return Contrast(
        len(pair.frames) - len(differing), {frame: change_words(pair.changes(frame)) for frame in differing}
    )


def main() -> None:
    """Answer and end."""
    try:
        text = answer(Path(sys.argv[1]), Path(sys.argv[2])).to_json()
    except RenderError as error:
        text = json.dumps({"error": error.message, "hint": error.hint})
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
