"""What two versions of a document differ in, as people say it: these cells, so many rows, the prompts.

Rows are the same row if they are on the same frame (and, where several are, at the same place there), as in a merge.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from parseq_tui.errors import counted
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.merge import keyed, same

Cell = tuple[int, str]
"""(frame, field); "" is the label."""


@dataclass(frozen=True, slots=True)
class Difference:
    """From one version to the other. Cells are in the order of their frames."""

    cells: tuple[Cell, ...] = ()
    """Of rows that both versions have."""
    come: tuple[Cell, ...] = ()
    """Every cell of the rows that only the later one has."""
    rows_come: int = 0
    rows_gone: int = 0
    others: tuple[str, ...] = ()
    """What else there is of another content: "prompts", "bpm"…"""

    @property
    def seen(self) -> tuple[Cell, ...]:
        """What is to be seen of it in the table of the later version."""
        return tuple(sorted((*self.cells, *self.come))) if self.come else self.cells

    def in_words(self) -> str:
        """As part of a sentence: "2 cells and prompts changed, 1 row added"."""
        changed = " and ".join(part for part in (_counted(len(self.cells), "cell"), ", ".join(self.others)) if part)
        added, removed = _counted(self.rows_come, "row"), _counted(self.rows_gone, "row")
        parts = [(changed, "changed"), (added, "added"), (removed, "removed")]
        return ", ".join(f"{what} {verb}" for what, verb in parts if what) or "no value changed"


def difference(before: Document, after: Document) -> Difference:
    """What a version has that the one before has not, or has otherwise."""
    old, cells, come, rows_come = keyed(before.keyframes, _frame), list[Cell](), list[Cell](), 0
    for key, row in keyed(after.keyframes, _frame).items():
        known = old.pop(key, None)
        if known is None:
            rows_come += 1
            come += [(row.frame, name) for name in ("", *after.managed_fields)]
        elif known is not row and known != row:
            cells += _differing(known, row)
    return Difference(tuple(cells), tuple(come), rows_come, len(old), _others(before, after))


def _frame(row: Keyframe) -> int:
    return row.frame


def _differing(known: Keyframe, row: Keyframe) -> list[Cell]:
    names = known.values.keys() | row.values.keys() | known.formulas.keys() | row.formulas.keys()
    differing = [
        (row.frame, name)
        for name in sorted(names)
        if known.values.get(name) != row.values.get(name) or known.formulas.get(name) != row.formulas.get(name)
    ]
    return [*([(row.frame, "")] if known.info != row.info else []), *differing]


def _others(before: Document, after: Document) -> tuple[str, ...]:
    one, other = _parts(before), _parts(after)
    names = [name for name in one if one[name] != other[name]]
    old, new = before.time_series, after.time_series
    if old is not new and (len(old) != len(new) or not all(map(same, old, new))):
        names.append("time series")
    return tuple(names)


def _parts(document: Document) -> dict[str, object]:
    """All that is no row and can be compared as it is."""
    return {
        "prompts": document.prompts,
        **{option.name: getattr(document.options, option.name) for option in fields(document.options)},
        "lock": document.lock,
        "reverse": document.reverse,
        "name": document.name,
        "fields": (document.managed_fields, document.displayed_fields),
        "render settings": document.render,
    }


def _counted(count: int, noun: str) -> str:
    return counted(count, noun) if count else ""
