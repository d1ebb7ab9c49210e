"""The user's own editor ($VISUAL, $EDITOR) on a cell's formula or on the whole document, while this one steps aside.

The document is handed over as it is here, saved or not, in a file of its own; what comes back is one step of undo. A
text that cannot be read changes nothing and is not lost: the next time it is opened again.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.app import SuspendNotSupported

from parseq_tui.errors import DocumentError, EditError
from parseq_tui.formats import native
from parseq_tui.timeline.edits import Edit, ReplaceDocument
from parseq_tui.ui.commands.cells import entry_text
from parseq_tui.ui.workbench import Workbench

_GO_TO_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "ne", "pico"})
"""Editors that take `+LINE`."""


class OutsideActions:
    """What a screen can have done by another editor."""

    def __init__(self, screen: Workbench, keep_safe: Callable[[], None]) -> None:
        """`keep_safe`: writes unsaved work to the journal, in any thread. Raises OSError."""
        self._screen = screen
        self._keep_safe = keep_safe
        self._unread: str | None = None
        """A whole document that came back and could not be read."""

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command with another editor; False if it is none. Raises ParseqError."""
        if action == "cell.outside":
            self._cell()
        elif action == "document.outside":
            self._document()
        else:
            return False
        return True

    def _cell(self) -> None:
        before = entry_text(self._screen.desk.context())

        def taken(text: str) -> None:
            after = " ".join(line.strip() for line in text.splitlines() if line.strip())
            if after == before:
                self._screen.say("nothing was changed")
            else:
                self._screen.desk.commit_entry(after, "stay")

        self._hand_over(lambda: (before + "\n", None), "formula.txt", taken)

    def _document(self) -> None:
        session = self._screen.session
        document, unread = session.document, self._unread
        frame = document.keyframes[self._screen.desk.view.row].frame

        def written() -> tuple[str, int | None]:
            text = native.dumps(document) if unread is None else unread
            return text, line_of(text, frame)

        self._hand_over(written, "document.json", self._take_over)

    def _take_over(self, text: str) -> None:
        """Read the whole document that came back."""
        session = self._screen.session
        before = session.document
        self._unread = text  # until it can be read

        def read() -> Edit:
            try:
                after = native.loads(text, session.path)
            except DocumentError as error:
                where = f"line {error.line}, column {error.column}: " if error.line is not None else ""
                hint = ":outside opens your text again; nothing is lost"
                raise EditError(where + error.message, hint=hint) from error
            # what was not touched is the document that was handed over
            return ReplaceDocument(before if native.dumps(before) == text else after, "edit in another editor")

        def told() -> None:
            self._unread = None
            changed = session.document is not before
            self._screen.say("taken over; undo brings back what was here" if changed else "nothing was changed")

        self._screen.change_beside("Read what came back", read, told)

    def _hand_over(
        self, written: Callable[[], tuple[str, int | None]], name: str, taken: Callable[[str], None]
    ) -> None:
        """Let the user's editor have a text, at a line; `taken` gets it back. Raises EditError."""
        editor_command()  # refused before anything is written

        def ready() -> tuple[str, int | None]:
            try:
                self._keep_safe()
            except OSError as error:
                raise EditError(f"unsaved work cannot be kept safe meanwhile: {error.strerror or error}") from error
            return written()

        self._screen.errands.run("Hand over to your editor", ready, lambda told: taken(self._edited(name, *told)))

    def _edited(self, name: str, text: str, line: int | None) -> str:
        """The text after the user's editor had it. Raises EditError."""
        with tempfile.TemporaryDirectory(prefix="parseq-tui-") as folder:
            path = Path(folder) / name
            path.write_text(text, "utf-8", "surrogatepass")
            self._run([*editor_command(line), str(path)])
            return native.read_text(path)[0]

    def edit_file(self, path: Path) -> None:
        """Show a file of the program's own in the user's editor. Raises EditError."""
        self._run([*editor_command(), str(path)])

    def _run(self, command: Sequence[str]) -> None:
        """Raises EditError."""
        try:
            with self._screen.app.suspend():
                ended = _ended(command)  # raises nothing: the terminal would not be taken back
        except SuspendNotSupported as error:
            raise EditError("another editor cannot be shown on this terminal") from error
        if isinstance(ended, OSError):
            hint = "set EDITOR to one that is installed"
            raise EditError(f"the editor {command[0]!r} cannot be started: {ended.strerror}", hint=hint) from ended
        if ended:
            raise EditError(f"{command[0]} ended with code {ended}: nothing was taken over")


def _ended(command: Sequence[str]) -> int | OSError:
    """The exit code of a program that had the terminal, or why it could not be started.

    Ctrl+C is for that program: this one is in the same group and gets it, too.
    """
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        return subprocess.run(command, check=False).returncode
    except OSError as error:
        return error
    finally:
        signal.signal(signal.SIGINT, before)


def editor_command(line: int | None = None) -> list[str]:
    """The user's editor and its arguments, at a line where it knows how. Raises EditError."""
    try:
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    except ValueError as error:
        raise EditError(
            f"$EDITOR cannot be understood: {error}", hint="write it as in a shell: EDITOR='vim -X'"
        ) from error
    if not command:
        raise EditError("$EDITOR is empty", hint="set it to the name of an editor")
    at_line = [f"+{line}"] if line is not None and Path(command[0]).name in _GO_TO_LINE else []
    return [*command, *at_line]


def line_of(text: str, frame: int) -> int | None:
    """The line of a document's text where a keyframe begins, from 1; None if that cannot be told."""
    for number, line in enumerate(text.splitlines(), 1):
        if f'"frame": {frame},' in line or line.rstrip().endswith(f'"frame": {frame}'):
            return number
    return None
