"""How a document was looked at last: widths, folds, formula columns, pinned curves. Kept between runs, not in the file.

One JSON file in the user's state folder, the newest documents first. It is a convenience: what cannot be read or
written costs nothing but that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from parseq_tui.errors import DocumentError
from parseq_tui.formats.atomic_file import write_atomically
from parseq_tui.paths import views_file
from parseq_tui.ui.view_state import HEADS, MAXIMUM_WIDTH, MINIMUM_WIDTH, Column, ViewState

KEPT: Final = 50
"""Documents."""
MAXIMUM_BYTES: Final = 1_000_000


def looks(view: ViewState) -> Mapping[str, Any]:
    """What is kept of a view, as JSON; only what differs from how every document is looked at first."""
    usual = ViewState()
    kept: dict[str, Any] = {}
    if view.widths:
        kept["widths"] = [[column.field, column.part, width] for column, width in view.widths]
    for name in ("folded", "plotted"):
        if getattr(view, name):
            kept[name] = sorted(view.folded) if name == "folded" else list(view.plotted)
    for name in ("formulas", "position", "curves"):
        if getattr(view, name) != getattr(usual, name):
            kept[name] = getattr(view, name)
    return kept


def recalled(path: Path | None, view: ViewState) -> ViewState:
    """`view` as this document was looked at last; as it is for one that is not known."""
    return view if path is None else looking(view, _read().get(str(path.absolute())))


def looking(view: ViewState, kept: object) -> ViewState:
    """`view` with what `looks` kept; what makes no sense is passed over."""
    if not isinstance(kept, dict):
        return view
    curves = kept.get("curves")
    return replace(
        view,
        widths=tuple(_widths(kept.get("widths"))),
        folded=frozenset(_names(kept.get("folded"))),
        plotted=tuple(dict.fromkeys(_names(kept.get("plotted")))),
        formulas=kept.get("formulas") is not False,
        position="seconds" if kept.get("position") == "seconds" else "beats",
        curves=next((one for one in HEADS if one == curves), view.curves),
    )


def remember(path: Path, view: ViewState) -> None:
    """Keep how a document is looked at."""
    known = _read()
    kept = looks(view)
    if known.pop(str(path.absolute()), {}) == kept:
        return
    newest = [(str(path.absolute()), kept)] if kept else []
    text = json.dumps(dict([*newest, *known.items()][:KEPT]), ensure_ascii=True, indent=1)
    try:
        views_file().parent.mkdir(parents=True, exist_ok=True)
        write_atomically(views_file(), text.encode("ascii"), backup=False)
    except (OSError, DocumentError):
        return


def _read() -> dict[str, Any]:
    try:
        with views_file().open("rb") as file:
            data = json.loads(file.read(MAXIMUM_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _widths(given: object) -> Iterator[tuple[Column, int]]:
    for entry in given if isinstance(given, list) else ():
        match entry:
            case [str(field), ("label" | "value" | "formula") as part, int(width)]:
                yield Column(field, part), min(max(width, MINIMUM_WIDTH), MAXIMUM_WIDTH)


def _names(given: object) -> Iterator[str]:
    return (name for name in given if isinstance(name, str)) if isinstance(given, list) else iter(())
