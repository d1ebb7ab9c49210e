"""What is kept between runs and is no document's: how each was looked at last, and which formulas were entered.

Two JSON files in the user's state folder: widths, folds, formula columns and pinned curves of the newest documents, and
the newest formulas. They are a convenience: what cannot be read or written costs nothing but that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
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
FORMULAS: Final = 200
"""Formulas that are kept, and no longer ones than this:"""
LONGEST_FORMULA: Final = 800


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
    _write(views_file(), dict([*newest, *known.items()][:KEPT]))


def formulas() -> list[str]:
    """The formulas entered in earlier runs, oldest first."""
    kept = _read_from(_formulas_file())
    return [text for text in _names(kept) if _is_kept(text)][-FORMULAS:]


def remember_formulas(entered: Iterable[str]) -> None:
    """Keep what was entered in this run behind what is kept already; numbers are no formulas."""
    fresh = [text for text in entered if _is_kept(text)]
    if fresh:
        newest_first = list(dict.fromkeys(reversed([*formulas(), *fresh])))[:FORMULAS]
        _write(_formulas_file(), newest_first[::-1])


def _is_kept(text: str) -> bool:
    return len(text) <= LONGEST_FORMULA and any(character.isalpha() for character in text)


def _formulas_file() -> Path:
    return views_file().with_name("formulas.json")


def _write(path: Path, content: object) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(content, ensure_ascii=True, indent=1).encode("ascii"), backup=False)
    except (OSError, DocumentError):
        return


def _read() -> dict[str, Any]:
    data = _read_from(views_file())
    return data if isinstance(data, dict) else {}


def _read_from(path: Path) -> object:
    try:
        with path.open("rb") as file:
            return json.loads(file.read(MAXIMUM_BYTES))
    except (OSError, ValueError, RecursionError):
        return None


def _widths(given: object) -> Iterator[tuple[Column, int]]:
    for entry in given if isinstance(given, list) else ():
        match entry:
            case [str(field), ("label" | "value" | "formula") as part, int(width)]:
                yield Column(field, part), min(max(width, MINIMUM_WIDTH), MAXIMUM_WIDTH)


def _names(given: object) -> Iterator[str]:
    return (name for name in given if isinstance(name, str)) if isinstance(given, list) else iter(())
