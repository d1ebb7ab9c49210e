"""What two sides changed differently, side by side: what it was, what it is here, what it is on disk; chosen by key.

Dismissed with a choice for every conflict, or None if it was left: then all stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from parseq_tui.errors import counted
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.merge import Conflict, Side
from parseq_tui.timeline.prompts import Overlap, Prompt
from parseq_tui.timeline.time_series import TimeSeries
from parseq_tui.ui.drawing.cells import plain, shortest
from parseq_tui.ui.screens.listing import Column, ListScreen, Row, Rows

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

    def detail(self, chosen: int) -> Sequence[str]:
        conflict = self._conflicts[chosen]
        left = self._choices.count(None)
        hint = f"{left} not chosen yet" if left else "all chosen: Enter keeps them (one step of undo)"
        return (
            f"was     {in_words(conflict.base)}",
            f"yours   {in_words(conflict.ours)}",
            f"theirs  {in_words(conflict.theirs)}",
            f"! choose first: {hint}" if self._missing and left else hint,
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
        versions = (in_words(version) for version in (conflict.base, conflict.ours, conflict.theirs))
        role = "success" if side else "warning"
        return Row((_MARKS[side], plain(conflict.where), *versions), role, _STRONG[side])


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
