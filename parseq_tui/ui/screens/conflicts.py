"""What two sides changed differently, side by side: what it was, what it is here, what it is on disk; chosen by key.

Dismissed with a choice for every conflict, or None if it was left: then all stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import chop_cells
from textual.binding import Binding, BindingType

from parseq_tui.errors import counted
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.merge import Conflict, Side
from parseq_tui.timeline.prompts import Overlap, Prompt
from parseq_tui.timeline.time_series import TimeSeries
from parseq_tui.ui.drawing.cells import CUT, fitted, plain, shortest
from parseq_tui.ui.screens.listing import Column, ListScreen, Row, Rows

_NAME_WIDTH = 8
"""Cells for "theirs" and what follows it."""
_LEAD = 8
"""Characters that are shown before the first difference."""
_MARKS: dict[Side | None, str] = {None: "?", "ours": "yours", "theirs": "theirs"}
_STRONG: dict[Side | None, int | None] = {None: None, "ours": 3, "theirs": 4}


class ConflictsScreen(ListScreen["tuple[Side, ...] | None"]):
    """Conflicts in the order of the document."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o,left", "side('ours')", "yours", id="conflicts.ours"),
        Binding("t,right", "side('theirs')", "theirs", id="conflicts.theirs"),
        Binding("O", "all('ours')", "all yours", id="conflicts.all_ours"),
        Binding("T", "all('theirs')", "all theirs", id="conflicts.all_theirs"),
        Binding("enter", "keep", "keep", id="conflicts.keep"),
    ]
    DEFAULT_CSS = "ConflictsScreen > Vertical { max-width: 200; max-height: 60; }"  # versions are long
    HEADING = "changed here and on disk"
    KEYS = "o yours   t theirs   O T all   Enter keep the choice   Esc decide later"
    COLUMNS = (Column("chosen", 8), Column("where", 20), Column("was", 18), Column("yours", 22), Column("theirs", 22))

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__()
        self._conflicts = tuple(conflicts)
        self._choices: list[Side | None] = [None] * len(conflicts)
        self._missing = False

    def rows(self) -> Rows:
        return _Listed(self._conflicts, self._choices)

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)  # how much is said of the chosen one depends on the room

    def detail(self, chosen: int) -> Sequence[str]:
        conflict = self._conflicts[chosen]
        left, count = self._choices.count(None), len(self._conflicts)
        hint = f"{left} not chosen yet" if left else "all chosen: Enter keeps them (one step of undo)"
        versions, begin = _versions(conflict)
        width, height = self.listing.size.width - 2 - _NAME_WIDTH, self.listing.size.height
        lines = max(1, (height - 3 - min(count, max(4, height // 3))) // 3)
        said = [plain(conflict.where)]
        for name, version in zip(("was", "yours", "theirs"), versions, strict=True):
            parts = _wrapped(version, begin, max(1, width), lines)
            said += [f"{'' if index else name:{_NAME_WIDTH}}{part}" for index, part in enumerate(parts)]
        return (
            *said,
            f"{chosen + 1} of {count}; {'! choose first: ' if self._missing and left else ''}{hint}",
        )

    def action_side(self, side: Side) -> None:
        self._choices[self.chosen] = side
        self._missing = False
        self.action_choose(1)

    def action_all(self, side: Side) -> None:
        self._choices = [side] * len(self._choices)
        self.draw()

    def action_keep(self) -> None:
        chosen = [side for side in self._choices if side is not None]
        if len(chosen) == len(self._choices):
            self.dismiss(tuple(chosen))
        else:
            self._missing = True
            self.listing.chosen = self._choices.index(None)
            self.draw()


@dataclass(frozen=True, slots=True)
class _Listed(Rows):
    """The conflicts as rows."""

    conflicts: Sequence[Conflict]
    choices: Sequence[Side | None]

    def __len__(self) -> int:
        return len(self.conflicts)

    def __getitem__(self, index: int, /) -> Row:
        conflict, side = self.conflicts[index], self.choices[index]
        versions, begin = _versions(conflict)
        role = "success" if side else "warning"
        return Row((_MARKS[side], plain(conflict.where), *(_from(one, begin) for one in versions)), role, _STRONG[side])


def _versions(conflict: Conflict) -> tuple[list[str], int]:
    """What it was, is here and is on disk, in words; and where the first difference of those that exist begins."""
    sides = (conflict.base, conflict.ours, conflict.theirs)
    words = [in_words(side) for side in sides]
    there = [text for text, side in zip(words, sides, strict=True) if side is not None]
    differing = (place for place, letters in enumerate(zip(*there, strict=False)) if len(set(letters)) > 1)
    return words, next(differing, min(map(len, there)))


def _from(text: str, begin: int) -> str:
    """The text from a little before `begin` on."""
    return text if begin <= _LEAD * 2 or begin > len(text) else f"{CUT}{text[begin - _LEAD :]}"


def _wrapped(text: str, begin: int, width: int, lines: int) -> list[str]:
    """The text in so many lines at most; the part at `begin` is among them."""
    parts = chop_cells(text, width)
    if len(parts) > lines and begin > width * lines - _LEAD * 2:
        parts = chop_cells(_from(text, begin), width)
    if len(parts) > lines:
        parts = [*parts[: lines - 1], fitted(parts[lines - 1] + parts[lines], width)]
    return parts or [""]


def in_words(version: Any) -> str:
    """One side's version of whatever it is, in a line."""
    if version is None:
        return "(not there)"
    if isinstance(version, bool):
        return "on" if version else "off"
    if isinstance(version, (int, float)):
        return shortest(version)
    if isinstance(version, Keyframe):
        cells = [f"{name} {shortest(value)}" for name, value in version.values.items()]
        cells += [f"{name} = {formula}" for name, formula in version.formulas.items()]
        return plain(", ".join([*([version.info] if version.info else []), *cells])) or "(an empty row)"
    if isinstance(version, Prompt):
        return plain(version.positive + (f" - {version.negative}" if version.negative else ""))
    if isinstance(version, Overlap):
        return plain(
            version.formula if version.kind == "custom" else f"{version.kind} {version.fade_in:g} {version.fade_out:g}"
        )
    if isinstance(version, TimeSeries):
        return plain(f"{version.alias}: {counted(len(version.x), 'point')}")
    if isinstance(version, (tuple, list)):
        return plain(", ".join(str(part[0] if isinstance(part, tuple) else part) for part in version)) or "(none)"
    return plain(str(version)) or "(empty)"
