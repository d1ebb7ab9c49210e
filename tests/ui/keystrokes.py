"""Keystroke tests as triples: a table before, keys, the table after. No terminal.

A table of one field `zoom` is written in a line: `0:1 30:[] 60:2=L`. Each entry is FRAME:VALUE=FORMULA; value and
formula may be missing; brackets stand around the cursor's value, or behind `=` around the formula it stands in. A label
follows in quotes: `0:1"intro"`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from parseq_tui.session import Session
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.desk import Desk
from parseq_tui.ui.drawing.line_edit import LineEdit
from parseq_tui.ui.keymap import DEFAULT_KEYS, Keymap
from parseq_tui.ui.view_state import ViewState

_ROW = re.compile(r'(?P<frame>\d+):(?P<value>[^="\s]*)(?:=(?P<formula>[^"\s]*))?(?:"(?P<info>[^"]*)")?')
_CHARACTERS = {
    "less_than_sign": "<", "greater_than_sign": ">", "full_stop": ".", "minus": "-", "equals_sign": "=", "plus": "+",
    "asterisk": "*", "space": " ", "left_parenthesis": "(", "right_parenthesis": ")", "slash": "/",
    "percent_sign": "%", "question_mark": "?", "colon": ":", "left_square_bracket": "[", "right_square_bracket": "]",
    "left_curly_bracket": "{", "right_curly_bracket": "}", "comma": ",",
}  # fmt: skip
_NAMES = {character: name for name, character in _CHARACTERS.items()}


class FakeHost:
    """Stands where the editor screen stands; remembers what was said."""

    def __init__(self) -> None:
        self.entry: LineEdit | None = None
        self.typed = False
        self.command_line: LineEdit | None = None
        self.said: list[str] = []
        self.copied = ""
        self.menu: tuple[str, ...] = ()
        self.done: list[tuple[str, str]] = []

    def view_changed(self, before: ViewState) -> None:
        return

    def begin_entry(self, text: str, typed: bool) -> None:
        self.entry, self.typed = LineEdit.of(text), typed

    def open_command_line(self, line: str) -> None:
        self.command_line = LineEdit.of(line)

    def show_menu(self, title: str, entries: Sequence[object]) -> None:
        self.menu = tuple(f"{entry.key} {entry.title}" for entry in entries)  # type: ignore[attr-defined]

    def hide_menu(self) -> None:
        self.menu = ()

    def copy_text(self, text: str) -> None:
        self.copied = text

    def do(self, action: str, argument: str) -> None:
        if action == "application.command_line":
            self.open_command_line("")
        self.done.append((action, argument))

    def say(self, text: str, severity: str = "information") -> None:
        if text:  # "" takes back what was said
            self.said.append(text)

    def table_width(self) -> int:
        return 0

    def page_rows(self) -> int:
        return 10

    def is_rendering(self) -> bool:
        return False


class Fingers:
    """A desk and the fingers on its keys. A key is a name ("enter", "ctrl+z") or a character."""

    def __init__(self, document: Document, view: ViewState | None = None) -> None:
        self.host = FakeHost()
        self.clock = 0.0
        self.session = Session(document, clock=self._time)
        self.desk = Desk(self.session, Keymap(DEFAULT_KEYS), self.host)
        if view is not None:
            self.desk.view = view

    def _time(self) -> float:
        self.clock += 1.0  # so slow that nothing is batched
        return self.clock

    def press(self, keys: str) -> None:
        """Press keys, separated by spaces."""
        for key in keys.split():
            self.session.bake()
            self._press(_NAMES.get(key, key))

    def _press(self, key: str) -> None:
        character = _CHARACTERS.get(key, key if len(key) == 1 else None)
        if self.host.entry is not None:
            self._type(key, character)
        elif self.host.command_line is not None:
            line = self.host.command_line
            if key == "enter":
                self.host.command_line = None
                self.desk.run_line(line.text)
            else:
                self.host.command_line = line.key(key) or line.inserted(character or "")
        else:
            self.desk.key(key, character)

    def _type(self, key: str, character: str | None) -> None:
        line = self.host.entry
        assert line is not None
        if key == "escape":
            self.host.entry = None
        elif key in ("enter", "tab", "shift+tab"):
            then = {"enter": "down", "tab": "right", "shift+tab": "left"}[key]
            if self.desk.commit_entry(line.text, then):  # type: ignore[arg-type]
                self.host.entry = None
        else:
            self.host.entry = line.key(key) or line.inserted(character or "")


def read(text: str) -> tuple[Document, ViewState]:
    """The document and view of a table in one line."""
    rows, view = [], ViewState()
    for index, match in enumerate(_ROW.finditer(text)):
        value, formula = match["value"], match["formula"] or ""
        if "[" in value or "[" in formula:
            view = ViewState(row=index, column=2 if "[" in value else 3)
        value, formula = value.strip("[]"), formula.strip("[]")
        rows.append(
            Keyframe(
                int(match["frame"]),
                {"zoom": float(value)} if value else {},
                {"zoom": formula} if formula else {},
                match["info"],
            )
        )
    return Document(tuple(rows), ("zoom",), ("zoom",)), view


def written(document: Document, view: ViewState) -> str:
    """A document and view as a table in one line."""
    parts = []
    for index, row in enumerate(document.keyframes):
        value = f"{row.values['zoom']:g}" if "zoom" in row.values else ""
        formula = row.formulas.get("zoom", "")
        if index == view.row and view.column == 2:
            value = f"[{value}]"
        elif index == view.row and view.column == 3:
            formula = f"[{formula}]"
        parts.append(
            f"{row.frame}:{value}" + (f"={formula}" if formula else "") + (f'"{row.info}"' if row.info else "")
        )
    return " ".join(parts)


def check(before: str, keys: str, after: str) -> Fingers:
    """Pressing `keys` on the table `before` gives the table `after`."""
    fingers = Fingers(*read(before))
    fingers.press(keys)
    assert written(fingers.session.document, fingers.desk.view) == after
    return fingers
