"""The lines around the panes: the title on top, the status at the bottom, and the command line that takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from rich.cells import cell_len
from textual.geometry import Offset

from parseq_tui.ui.completing import usage
from parseq_tui.ui.drawing.cells import fitted, plain
from parseq_tui.ui.widgets.line_entry import LineEntry, Then
from parseq_tui.ui.widgets.styled_line import Part, StyledLines

Severity = Literal["information", "warning", "error"]
MESSAGE_SECONDS = 6.0
_MOST_LINES = 4
"""Of a message; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class TitleView:
    """What the title line says."""

    name: str
    dirty: bool = False
    read_only: bool = False
    about: str = ""
    """Length and rates."""
    state: str = ""
    """On the right: a render, undo steps."""


class TitleBar(StyledLines):
    """One line: program, document, `*` if unsaved, length and rates; on the right what goes on."""

    DEFAULT_CSS = "TitleBar { height: 1; dock: top; background: $panel; }"

    _view = TitleView("")

    def show(self, view: TitleView) -> None:
        if view != self._view:
            self._view = view
            self.draw()

    def draw(self) -> None:
        view, style = self._view, self.palette.style
        mark = " *" if view.dirty else ""
        read_only = "  read-only" if view.read_only else ""
        left: list[Part] = [
            (f" {view.name}", style("accent", "panel", "bold")),
            (mark, style("warning", "panel", "bold")),
            (read_only, style("warning", "panel")),
        ]
        room = self.size.width - sum(cell_len(text) for text, _ in left)
        about, state = f"   {view.about}", f"{view.state} "
        if len(about) + len(state) >= room and view.state:  # what goes on says more than how long the document is
            about = about[: max(0, room - len(state))]
            about = about[: max(0, about.rfind("  "))]  # no word is cut
        left.append((about, style("dim", "panel")))
        gap = room - len(about) - len(state)
        if gap > 0:
            role = "warning" if state.startswith("!") else "dim"
            left += [(" " * gap, style("dim", "panel")), (state, style(role, "panel"))]
        self.set_parts([left], on="panel")


class LongMessage(StyledLines):
    """What of a message does not fit into the status line: its first lines, over whatever is above that."""

    DEFAULT_CSS = """
    LongMessage { layer: overlay; dock: bottom; display: none; width: 100%; background: $panel; offset-y: -1; }
    """

    def show(self, lines: Sequence[Sequence[Part]]) -> None:
        """These lines; none hides it."""
        self.display = bool(lines)
        if lines:
            self.styles.height = len(lines)
            self.set_parts(lines, on="panel")


class StatusBar(StyledLines):
    """One line: a message while there is one, else the keys that help here; on the right the selection.

    The last line of a message that needs several; the ones before it are the LongMessage's.
    """

    DEFAULT_CSS = "StatusBar { height: 1; dock: bottom; background: $panel; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._hints: Sequence[tuple[str, str]] = ()
        self._message = ""
        self._severity: Severity = "information"
        self._selection = ""
        self._above: Sequence[Sequence[Part]] = []
        self._until = 0

    def show_hints(self, hints: Sequence[tuple[str, str]]) -> None:
        """(key, what it does) pairs, most useful first; what does not fit is left out."""
        self._hints = tuple(hints)
        self.draw()

    def show_selection(self, text: str) -> None:
        if text != self._selection:
            self._selection = text
            self.draw()

    @property
    def speaks(self) -> bool:
        """Whether there is a message."""
        return bool(self._message)

    def say(self, text: str, severity: Severity = "information", *, seconds: float = MESSAGE_SECONDS) -> None:
        """Show words for a while, an error until the next message; "" ends what is shown."""
        if not text and not self._message:
            return
        self._message, self._severity = text, severity
        self._until += 1
        if text and severity != "error":
            spoken = self._until
            self.set_timer(seconds, lambda: self._forget(spoken))
        self.draw()

    def _forget(self, spoken: int) -> None:
        if spoken == self._until:
            self._message = ""
            self.draw()

    def draw(self) -> None:
        style = self.palette.style
        room = self.size.width - len(self._selection) - 1
        words = self._words(room)
        if words[:-1] != self._above:
            self._above = words[:-1]
            for above in self.screen.query(LongMessage):
                above.show(self._above)
        parts = list(words[-1]) if words else self._keys(room)
        used = sum(len(text) for text, _ in parts)
        parts.append((" " * max(0, room - used), style("dim", "panel")))
        parts.append((self._selection, style("accent", "panel")))
        self.set_parts([parts], on="panel")

    def _words(self, room: int) -> list[list[Part]]:
        """The message in lines, the last one for this bar; [] while there is none."""
        if not self._message or room < 1:
            return []
        role = {"information": "text", "warning": "warning", "error": "error"}[self._severity]
        mark = {"information": " ", "warning": " ! ", "error": " ! "}[self._severity]
        lines = wrap(f"{mark}{plain(self._message)}", room, subsequent_indent=" " * len(mark), max_lines=_MOST_LINES)
        return [[(fitted(line, room), self.palette.style(role, "panel"))] for line in lines]

    def _keys(self, room: int) -> list[Part]:
        key, text = self.palette.style("accent", "panel", "bold"), self.palette.style("dim", "panel")
        parts: list[Part] = []
        for keys, what in self._hints:
            if room < len(keys) + len(what) + 3:
                break
            parts += [(f" {keys}", key), (f" {what} ", text)]
            room -= len(keys) + len(what) + 3
        return parts


class CommandLine(LineEntry):
    """`:` and a command. Takes the place of the status line while it is open.

    What may be typed behind a command stands behind it, or above it where the line is too short for its help.
    """

    DEFAULT_CSS = "CommandLine { height: 1; dock: bottom; background: $surface; display: none; }"

    prompt = ":"
    _explained = ""
    """What is said above it."""

    @property
    def entry_origin(self) -> Offset:
        """The last line of the screen, also before it is laid out there."""
        return Offset(0, self.screen.size.height - 1)

    def leave_sideways(self, then: Then) -> None:
        """Tab only ever completes here: a command that was not finished is not run."""
        if then == "right":
            self.ask_for_proposals()

    def draw(self) -> None:
        self.display = self.editing
        if self.text_edit is None or not self.size.width:
            self._explain("")
            return
        style = self.palette.style
        room = self.size.width - len(self.prompt)
        parts, _ = self.entry_parts(len(self.prompt), room, [(self.text_edit.text, style("text", "surface"))])
        room -= sum(cell_len(text) for text, _ in parts) + 2
        hint = usage(self.text_edit.text)
        words, _, rest = hint.partition("   ")
        above = len(hint) > room and not self.proposals
        self._explain((rest if len(words) <= room else hint) if above else "")
        words = words if above else hint
        parts.append((f"  {words[: max(0, room)]}", style("dim", "surface")))
        self.set_parts([[(self.prompt, style("accent", "surface", "bold")), *parts]], on="surface")

    def _explain(self, text: str) -> None:
        """Lines above this one; "" takes them away."""
        if text == self._explained:
            return
        self._explained = text
        style = self.palette.style("text", "panel")
        lines = wrap(text, self.size.width - 2, max_lines=_MOST_LINES) if text else []
        for above in self.screen.query(LongMessage):
            above.show([[(f" {line}", style)] for line in lines])
