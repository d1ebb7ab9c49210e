"""Between a key and a change: the view, the keys pressed so far, and the carrying out of effects. No terminal.

A key names a command, the command returns an effect, the desk carries it out: a Change goes through `session.apply`, a
Look becomes the view, everything else is told to the host (the editor screen, or a test).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from parseq_tui.changes import Applied
from parseq_tui.errors import ParseqError
from parseq_tui.session import Session, SessionChange
from parseq_tui.timeline.document import Document
from parseq_tui.ui.commands import COMMANDS, Context, Effect, find
from parseq_tui.ui.commands.cells import committed
from parseq_tui.ui.commands.moving import at_frame
from parseq_tui.ui.commands.pasting import pasted
from parseq_tui.ui.commands.registry import Ask, Change, Command, Copy, Do, Enter, Look, Say, Sweep
from parseq_tui.ui.errands import Errands
from parseq_tui.ui.keymap import EVERYWHERE, PREFIX_TITLES, Keymap, readable
from parseq_tui.ui.view_state import ViewState, carried_over, clamped, columns, selected, where_it_changed
from parseq_tui.ui.widgets.line_entry import Then
from parseq_tui.ui.widgets.menu import MenuEntry
from parseq_tui.ui.widgets.status_bar import Severity

_STARTERS = frozenset("0123456789.-+")
"""Characters that start a new value."""


class Host(Protocol):
    """What the desk needs done that is not a matter of documents and views."""

    def view_changed(self, before: ViewState) -> None: ...
    def begin_entry(self, text: str, typed: bool) -> None: ...
    def open_command_line(self, line: str) -> None: ...
    def show_menu(self, title: str, entries: Sequence[MenuEntry]) -> None: ...
    def hide_menu(self) -> None: ...
    def copy_text(self, text: str) -> None: ...
    def do(self, action: str, argument: str) -> None: ...
    def say(self, text: str, severity: Severity = "information") -> None: ...
    def page_rows(self) -> int: ...
    def table_width(self) -> int: ...
    def is_rendering(self) -> bool: ...


Scope = Literal["table", "pane", "text"]
"""Where a key was pressed: in the table, in another pane, where a text is being typed."""
FAR_CELLS = 2_000
"""What goes through more cells than this is worked out beside the event loop."""
_PANE_GROUPS = frozenset({"panes", "render", "document", "application"})


def _allowed(name: str, scope: Scope) -> bool:
    if scope == "text":
        return name in EVERYWHERE
    return scope == "table" or COMMANDS[name].group in _PANE_GROUPS


def _only_moves(entry: Command) -> bool:
    return entry.group in ("move", "select") and not entry.sweeps


@dataclass(frozen=True, slots=True)
class _WorkedOut:
    """What a command came to beside the event loop."""

    effect: Effect | None = None
    applied: Applied | None = None
    """The edit of the effect, applied."""
    error: ParseqError | None = None


def _worked_out(perform: Callable[[], Effect | None], document: Document) -> _WorkedOut:
    """May run in any thread: commands are functions of what they are given."""
    try:
        effect = perform()
        change = effect.then if isinstance(effect, Copy) else effect
        return _WorkedOut(effect, Applied.to(document, change.edit) if isinstance(change, Change) else None)
    except ParseqError as error:
        return _WorkedOut(error=error)


class Desk:
    """One editor's working state besides the document."""

    def __init__(self, session: Session, keymap: Keymap, host: Host, errands: Errands | None = None) -> None:
        """`errands`: what does long work; without it all is done at once."""
        self._errands = errands
        self.session = session
        self.keymap = keymap
        self.view = clamped(session.document, ViewState())
        self._host = host
        self._pressed: tuple[str, ...] = ()
        self._last_entry: str | None = None
        self._next_view: ViewState | None = None
        session.subscribe(self._session_changed)

    def context(self) -> Context:
        """What commands may look at now."""
        history = self.session.history
        return Context(
            document=self.session.document,
            view=self.view,
            table=self.session.table,
            clipboard=self.session.clipboard,
            page=self._host.page_rows(),
            width=self._host.table_width(),
            read_only=self.session.read_only,
            dirty=self.session.dirty,
            undo_label=history.undo_label or "",
            redo_label=history.redo_label or "",
            last_entry=self._last_entry,
            has_path=self.session.path is not None,
            rendering=self._host.is_rendering(),
            conflicts=self.session.conflict_count,
        )

    def glance(self) -> Context:
        """What is shown of the cursor's cell depends on no more than this; what a key waits for is made with it."""
        return Context(self.session.document, self.view, self.session.table)

    # -- keys ------------------------------------------------------------------------------------------------------

    def key(self, key: str, character: str | None = None, *, scope: Scope = "table") -> bool:
        """A key was pressed. True if it meant something there."""
        if self._pressed:
            return self._continued((*self._pressed, key))
        step = self.keymap.step((key,))
        if scope == "pane" and key == "escape":
            self.perform("pane.table")
        elif step.command and _allowed(step.command, scope):
            self.perform(step.command)
        elif step.commands and (scope == "table" or (scope == "pane" and key == "space")):
            self._open_menu((key,))
        elif scope == "pane" and character and character in _STARTERS:
            self._host.say("numbers are typed in the table: Esc goes there")
        elif scope == "pane" and character and (step.command or step.commands):
            self._host.say(f"{readable(key)} is a key of the table: Esc goes there")
        elif scope == "table" and character and character in _STARTERS:
            self.carry_out(COMMANDS["cell.retype"].perform(self.context()), typed=character)
        else:
            return False
        return True

    @property
    def in_sequence(self) -> bool:
        """Whether a prefix key waits for the next one."""
        return bool(self._pressed)

    def _continued(self, pressed: tuple[str, ...]) -> bool:
        step = self.keymap.step(pressed)
        self._pressed = ()
        self._host.hide_menu()
        if step.command:
            self.perform(step.command)
        elif step.commands:
            self._open_menu(pressed)
        elif pressed[-1] not in ("escape", "ctrl+c"):
            self._host.say(f"{readable(' '.join(pressed))} means nothing", "warning")
        return True

    def _open_menu(self, pressed: tuple[str, ...]) -> None:
        self._pressed = pressed
        context = self.context()
        keys: dict[str, list[str]] = {}
        for key, name in self.keymap.step(pressed).commands.items():
            keys.setdefault(name, []).append(readable(key))
        entries = []
        for name, mine in keys.items():
            entry = COMMANDS.get(name)
            title = entry.title if entry else name
            entries.append(MenuEntry(" ".join(mine), title, (entry.disabled(context) or "") if entry else ""))
        title = f"{readable(' '.join(pressed))}  {PREFIX_TITLES.get(' '.join(pressed), '')}"
        self._host.show_menu(title, entries)

    # -- commands --------------------------------------------------------------------------------------------------

    def perform(self, name: str, argument: str = "") -> None:
        """Run a command by name."""
        self._perform(COMMANDS[name], argument)

    def only_moves(self, key: str) -> bool:
        """Whether a key does no more than move the cursor or the selection, now: it need not wait for anything."""
        name = "" if self._pressed else self.keymap.step((key,)).command or ""
        return name in COMMANDS and _only_moves(COMMANDS[name])

    def _perform(self, entry: Command, argument: str) -> None:
        """Run a command, after what goes on; what was typed behind it may be nonsense."""
        if self._errands is not None and self._errands.busy and (self._errands.waiting or not _only_moves(entry)):
            self._errands.put_off(lambda: self._perform(entry, argument))
            return
        if entry.group != "move":
            self._host.say("")  # what was said of something else
        context = self.context()
        if (argument or not entry.argument) and self._goes_far(entry.sweeps, context):
            self._beside(entry.title, lambda: entry.perform(context, argument), context)
            return
        try:
            effect = entry.perform(context, argument)
        except ParseqError as error:
            self.tell(error)
        else:
            self.carry_out(effect)

    def _goes_far(self, sweeps: Sweep, context: Context, text: str = "") -> bool:
        """Whether there is so much to go through that it is not done at once."""
        if self._errands is None or not sweeps:
            return False
        rows, across = selected(context.document, context.view).size
        if sweeps == "document":
            rows, across = len(context.document.keyframes), len(columns(context.document, context.view))
        pasted = len(text or context.clipboard) // 4 if sweeps == "clipboard" else 0
        return max(rows * across, pasted) > FAR_CELLS

    def _beside(self, title: str, perform: Callable[[], Effect | None], context: Context) -> None:
        """Work a command out beside the event loop, then carry it out."""
        assert self._errands is not None

        def landed(result: _WorkedOut) -> None:
            if result.error is not None:
                self.tell(result.error)
            elif result.applied is not None and result.applied.before is not self.session.document:
                self._beside(title, lambda: result.effect, context)  # a reload, meanwhile: the same for what is now
            else:
                self._land(result, context.view)

        document = self.session.document
        self._errands.run(title, lambda: _worked_out(perform, document), landed)

    def _land(self, result: _WorkedOut, begun: ViewState) -> None:
        """Carry out what was worked out; a cursor that was moved meanwhile stays where it is."""
        effect = result.effect
        if self.view is not begun:
            if isinstance(effect, Change):
                effect = replace(effect, view=None)
            elif isinstance(effect, Copy):
                self._copied(effect, result.applied)
                return
        self.carry_out(effect, applied=result.applied)

    def run_line(self, line: str) -> None:
        """Run what was typed on the command line: a name or alias and its argument; a number goes to that frame."""
        name, _, argument = line.strip().partition(" ")
        if not name:
            return
        entry = find(name)
        if entry is not None:
            self._perform(entry, argument)
        elif name[0].isdigit() and not argument:
            self.perform("go.frame", name)
        else:
            near = [known for known in COMMANDS if name in known]
            hint = f"did you mean {', '.join(near[:3])}?" if near else "Ctrl+P or : and Tab list them"
            self._host.say(f"there is no command {name!r}; {hint}", "error")

    def commit_entry(self, text: str, then: Then) -> bool:
        """What was typed in the cursor's cell is to stand. False if it cannot: the entry stays open."""
        context = self.context()
        far = self._goes_far("selection", context)
        # whether it can stand is asked about one cell
        effect = committed(replace(context, view=context.view.without_selection()) if far else context, text)
        if isinstance(effect, Say) and effect.severity != "information":
            self.carry_out(effect)
            return False
        if far:
            self._last_entry = text
            self._beside("Set the cells", lambda: committed(context, text), context)
            return True
        before = self.session.document
        self.carry_out(effect)
        if isinstance(effect, Change) and self.session.document is before and self._refused:
            return False
        self._last_entry = text
        steps = {"down": (1, 0), "up": (-1, 0), "right": (0, 1), "left": (0, -1), "stay": (0, 0)}
        down, across = steps[then]
        if self.view.anchor is None:
            self.look(clamped(self.session.document, self.view.at(self.view.row + down, self.view.column + across)))
        return True

    def paste(self, text: str) -> None:
        """Text pasted by the terminal over the table."""
        if self.session.read_only:
            self._host.say("the document is open read-only", "warning")
            return
        if self._errands is not None and self._errands.busy:
            self._errands.put_off(lambda: self.paste(text))
            return
        context = self.context()
        if self._goes_far("clipboard", context, text):
            self._beside("Paste", lambda: pasted(context, text), context)
            return
        try:
            effect = pasted(context, text)
        except ParseqError as error:
            self.tell(error)
        else:
            self.carry_out(effect)

    def look(self, view: ViewState) -> None:
        """Look elsewhere."""
        before = self.view
        if view == before:
            return
        self.view = view
        if (view.row, view.column) != (before.row, before.column):
            self.session.close_step()
        self._host.view_changed(before)

    def look_at(self, frame: int) -> None:
        """Move the playhead, and the cursor to the keyframe at or before it."""
        self.look(at_frame(self.session.document, self.view, frame))

    def point(self, row: int, column: int, *, extend: bool) -> None:
        """The mouse is on a cell."""
        view = self.view.extended_to(row, column) if extend else self.view.without_selection().at(row, column)
        self.look(clamped(self.session.document, view))

    # -- effects ---------------------------------------------------------------------------------------------------

    _refused = False

    def carry_out(self, effect: Effect | None, *, typed: str = "", applied: Applied | None = None) -> None:
        """Do what an effect says. `typed`: what begins the entry it asks for; `applied`: its edit, worked out."""
        if effect is None:
            return
        if isinstance(effect, Change):
            self._change(effect, applied)
        elif isinstance(effect, Look):
            self.look(effect.view)
            if effect.say:
                self._host.say(effect.say)
        elif isinstance(effect, Enter):
            if effect.view is not None:
                self.look(effect.view)
            self._host.begin_entry(effect.text + typed, bool(typed) or effect.typed)
        elif isinstance(effect, Copy):
            self._copied(effect, applied)
            if self.view.reach == "all":
                self.look(self.view.without_selection())
            elif self.view.anchor is not None:  # as in vim: the cursor goes where the copied block begins
                block = selected(self.session.document, self.view)
                self.look(self.view.without_selection().at(block.first_row, block.first_column))
        elif isinstance(effect, Ask):
            self._host.open_command_line(effect.line)
        elif isinstance(effect, Do):
            self._do(effect)
        else:
            self._host.say(effect.text, effect.severity)

    def _copied(self, effect: Copy, applied: Applied | None) -> None:
        self.session.clipboard = effect.text
        self._host.copy_text(effect.text)
        self._host.say(effect.say)
        if effect.then is not None:
            self._change(effect.then, applied)

    def _change(self, change: Change, applied: Applied | None = None) -> None:
        self._refused = False
        self._next_view = change.view
        try:
            if applied is None or not self.session.land(applied):
                self.session.apply(change.edit)
        except ParseqError as error:
            self._refused = True
            self.tell(error)
        else:
            if change.say:
                self._host.say(change.say)
        finally:
            self._next_view = None

    def tell(self, error: ParseqError) -> None:
        """An error in words."""
        self._host.say(f"{error.message}{'; ' + error.hint if error.hint else ''}", "error")

    def _do(self, effect: Do) -> None:
        try:
            if effect.action == "document.undo":
                self._host.say(f"undone: {self.session.undo()}")
            elif effect.action == "document.redo":
                self._host.say(f"done again: {self.session.redo()}")
            else:
                self._host.do(effect.action, effect.argument)
        except ParseqError as error:
            self.tell(error)

    def _session_changed(self, change: SessionChange) -> None:
        """Runs before the screen hears of the change: the view fits the new document from the first moment on."""
        if change.before is change.after or change.kind == "baked":
            return  # the view belongs to the newest document already
        view = self._next_view or carried_over(change.before, change.after, self.view)
        self.view = clamped(change.after, view)
        if change.kind in ("undo", "redo"):
            self.view = where_it_changed(change.before, change.after, self.view)
