"""What a command is: one entry per thing a user can do; palette, help, key map and `:` line all derive from it.

A command is a pure function of a Context: it returns an Effect (what should happen) and changes nothing itself. Whoever
runs it (the editor screen, a test) carries the effect out; the only effect that changes the document is a Change.

    @command("keyframe.delete", "Delete rows", "Delete the rows of the selection.", why_not=cannot_delete)
    def delete_rows(context: Context, argument: str) -> Effect: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from parseq_tui.timeline.document import Document
from parseq_tui.timeline.edits import Edit
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.view_state import ViewState

Group = Literal[
    "move",
    "edit",
    "rows",
    "select",
    "copy and fill",
    "prompts",
    "sound",
    "view",
    "panes",
    "render",
    "document",
    "application",
]

Sweep = Literal["", "selection", "clipboard", "document"]
"""What a command goes through, cell by cell: work that grows with it is done beside the event loop."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a command may look at."""

    document: Document
    view: ViewState
    table: FrameTable | None = None
    """The bake of `document` or of the one before it; None before the first bake."""
    clipboard: str = ""
    """TSV."""
    page: int = 20
    """Rows that fit the table."""
    width: int = 0
    """Cells that the table has across; 0 where that is not known."""
    read_only: bool = False
    dirty: bool = False
    undo_label: str = ""
    """What undo would take back; "" where there is nothing."""
    redo_label: str = ""
    last_entry: str | None = None
    """The text last committed in a cell, for repeating it."""
    has_path: bool = True
    """Whether the document has a file."""
    rendering: bool = False
    conflicts: int = 0
    """Changes here and on disk that contradict each other."""


@dataclass(frozen=True, slots=True)
class Change:
    """Change the document. `view`: where to look afterwards."""

    edit: Edit
    view: ViewState | None = None
    say: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """Only the view changes."""

    view: ViewState
    say: str = ""


@dataclass(frozen=True, slots=True)
class Enter:
    """Begin an entry in the cursor's cell, with this text already there."""

    text: str = ""
    typed: bool = False
    """Whether the text was typed just now (the arrow keys then commit)."""
    view: ViewState | None = None
    """Another cell to go to first."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Put text on the clipboards; `then` may remove it from the document (cut)."""

    text: str
    say: str
    then: Change | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Open the command line with this already typed."""

    line: str


@dataclass(frozen=True, slots=True)
class Do:
    """Something only the running application can do, by name."""

    action: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """Only words."""

    text: str
    severity: Literal["information", "warning", "error"] = "information"


Effect = Change | Look | Enter | Copy | Ask | Do | Say
Run = Callable[[Context, str], "Effect | None"]
WhyNot = Callable[[Context], "str | None"]


def always(context: Context) -> str | None:
    """Nothing speaks against it."""
    return None


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a user can do."""

    name: str
    """`noun.verb`; a stable id for key overrides and the command line."""
    title: str
    """A verb phrase: "Delete rows"."""
    help: str
    """One or two sentences."""
    group: Group
    run: Run = field(repr=False)
    why_not: WhyNot = field(default=always, repr=False)
    """Why it cannot be done now, in words; None if it can."""
    argument: str = ""
    """What to type after it on the command line ("FRAME"); asked for when it is missing. "[X]" is optional."""
    aliases: tuple[str, ...] = ()
    """Short names on the command line ("w")."""
    edits: bool = False
    """Whether it changes the document: refused in read-only mode."""
    sweeps: Sweep = ""
    """What it goes through, where that can be much."""

    @property
    def asks(self) -> bool:
        """Whether it cannot do without an argument."""
        return bool(self.argument) and not self.argument.startswith("[")

    def disabled(self, context: Context) -> str | None:
        """Why it cannot be done now, read-only mode included."""
        if self.edits and context.read_only:
            return "the document is open read-only"
        return self.why_not(context)

    def perform(self, context: Context, argument: str = "") -> Effect | None:
        """Run it, ask for its argument, or say why it cannot be done."""
        reason = self.disabled(context)
        if reason:
            return Say(f"{self.title}: {reason}", "warning")
        if not argument and self.asks:
            return Ask(f"{self.name} ")
        return self.run(context, argument.strip())


_registry: dict[str, Command] = {}
COMMANDS: Mapping[str, Command] = _registry
"""Every command by name, in the order of help."""


def command(
    name: str,
    title: str,
    help: str,  # noqa: A002 - it is the word users know
    *,
    group: Group,
    why_not: WhyNot = always,
    argument: str = "",
    aliases: tuple[str, ...] = (),
    edits: bool = False,
    sweeps: Sweep = "",
) -> Callable[[Run], Run]:
    """Declare a command. Names and aliases are unique."""

    def declare(run: Run) -> Run:
        taken = {alias for entry in _registry.values() for alias in (entry.name, *entry.aliases)}
        assert taken.isdisjoint({name, *aliases}), f"command {name!r} or one of its aliases is declared twice"
        _registry[name] = Command(name, title, help, group, run, why_not, argument, aliases, edits, sweeps)
        return run

    return declare


def arrange() -> None:
    """Bring the commands into the order of help: group by group."""
    groups = get_args(Group)
    found = sorted(_registry.values(), key=lambda one: groups.index(one.group))
    _registry.clear()
    _registry.update((one.name, one) for one in found)


def find(name: str) -> Command | None:
    """The command of this name or alias."""
    if name in COMMANDS:
        return COMMANDS[name]
    return next((entry for entry in COMMANDS.values() if name in entry.aliases), None)
