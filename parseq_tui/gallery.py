"""The examples that travel with the program: their names, what each shows, and the files they need.

The order is the one to read them in: the whole show first, then one ability after the other, `blank` last.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from parseq_tui.errors import ParseqError, did_you_mean
from parseq_tui.paths import bundled

ORDER = (
    "showcase",
    "cat_dog_spider",
    "bouncy_cuts",
    "endless_zoom",
    "prompt_travel",
    "seed_travel",
    "plus_and_minus",
    "dance_to_music",
    "video_input",
    "motion_tour",
    "blank",
)
"""Names in the order in which they are listed; one that is missing here comes before `blank`."""


@dataclass(frozen=True, slots=True)
class Example:
    """One document of the examples folder."""

    name: str
    path: Path
    summary: str
    """What it shows, in a line: the file's `meta.about`."""
    files: tuple[Path, ...]
    """What it reads beside itself: the clip it starts from, the sound it is heard with."""


def examples() -> list[Example]:
    """Every example, in ORDER."""
    found = [_read(path) for path in bundled("examples").glob("*.json")]
    return sorted(found, key=lambda example: (_place(example.name), example.name))


def example_named(name: str) -> Example:
    """The example of this name. Raises ParseqError naming the nearest, or those that exist."""
    known = {example.name: example for example in examples()}
    if name not in known:
        hint = did_you_mean(name, known, otherwise=f"known: {', '.join(known)}")
        raise ParseqError(f"there is no example called {name!r}", hint=hint)
    return known[name]


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER) - 2


def _read(path: Path) -> Example:
    content = json.loads(path.read_text(encoding="utf-8"))
    named = [content.get("render", {}).get(setting) for setting in ("input", "audio")]
    return Example(path.stem, path, content["meta"]["about"], tuple(path.parent / name for name in named if name))
