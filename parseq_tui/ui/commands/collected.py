"""Cells on their way into the document: foreign texts, read as far as they can be, counted where they cannot."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from parseq_tui.errors import counted
from parseq_tui.timeline.edits import SetCells
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.commands.registry import Change, Effect, Say
from parseq_tui.ui.drawing.cells import plain
from parseq_tui.ui.view_state import Column

_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(slots=True)
class Collected:
    """What a paste comes to, collected cell by cell."""

    values: dict[int, dict[str, float | None]] = field(default_factory=dict)
    formulas: dict[int, dict[str, str | None]] = field(default_factory=dict)
    infos: dict[int, str | None] = field(default_factory=dict)
    left_out: int = 0
    commas: int = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.values.values())) + sum(map(len, self.formulas.values())) + len(self.infos)

    def put(self, row: Keyframe, column: Column, text: str) -> None:
        """A text for a cell: only literal numbers are values, `=` begins a formula."""
        text = plain(text.strip())
        if column.part == "label":
            self.infos[row.frame] = text or None
        elif column.part == "formula" or (column.part == "value" and text.startswith("=")):
            self.formulas.setdefault(row.frame, {})[column.field] = text.removeprefix("=") or None
        elif column.part == "value":
            value = number(text)
            if text and value is None:
                self.left_out += 1
            else:
                self.values.setdefault(row.frame, {})[column.field] = value
                self.commas += "," in text
        else:
            self.left_out += bool(text) and text != str(row.frame)

    def said(self) -> str:
        """What came of it, in words."""
        said = f"pasted {counted(self.count, 'cell')}"
        if self.left_out:
            said += f"; {self.left_out:,} did not fit and were left out"
        if self.commas:
            said += "; commas were read as decimal points"
        return said

    def change(self) -> Effect:
        """The effect of all of it together."""
        if not self.count:
            return Say("nothing of the clipboard fits here", "warning")
        label = f"paste {counted(self.count, 'cell')}"
        return Change(SetCells(label, self.values, self.formulas, self.infos), say=self.said())


def number(text: str) -> float | None:
    """A literal number, with a decimal point or comma; None for anything else."""
    try:
        value = float(text.replace(",", ".") if _COMMA.fullmatch(text) else text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
