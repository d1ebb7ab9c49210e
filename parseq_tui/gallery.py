"""The examples that travel with the program: their names, what each shows, and the files they need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from parseq_tui.errors import ParseqError
from parseq_tui.paths import bundled


@dataclass(frozen=True, slots=True)
class Example:
    """One document of the examples folder."""

    name: str
    path: Path
    summary: str
    """What it shows, in a line: the file's `meta.about`."""
    input: Path | None
    """The clip or picture it starts from."""


def examples() -> list[Example]:
    """Every example, in the order of their names, `blank` last."""
    found = [_read(path) for path in sorted(bundled("examples").glob("*.json"))]
    return sorted(found, key=lambda example: (example.name == "blank", example.name))


def example_named(name: str) -> Example:
    """The example of this name. Raises ParseqError naming those that exist."""
    known = {example.name: example for example in examples()}
    if name not in known:
        raise ParseqError(f"there is no example called {name!r}", hint=f"known: {', '.join(known)}")
    return known[name]


def _read(path: Path) -> Example:
    content = json.loads(path.read_text(encoding="utf-8"))
    named = content.get("render", {}).get("input")
    return Example(path.stem, path, content["meta"]["about"], path.parent / named if named else None)
