"""What is typed into on an editor's screen: the formula bar for a cell, the command line, and what they propose."""

from __future__ import annotations

from abc import abstractmethod

from parseq_tui.ui.actions.files import FileActions
from parseq_tui.ui.actions.trial import Trial
from parseq_tui.ui.completing import complete_cell, complete_command
from parseq_tui.ui.panes import PANES, PaneActions
from parseq_tui.ui.widgets.line_entry import LineEntry, Then
from parseq_tui.ui.widgets.menu import ProposalList
from parseq_tui.ui.widgets.status_bar import CommandLine
from parseq_tui.ui.workbench import Workbench


class Entries(Workbench):
    """A screen with two lines to type into, of which one at most is open."""

    command_line: CommandLine
    panes: PaneActions
    proposals: ProposalList
    files: FileActions
    trial: Trial

    @abstractmethod
    def show_bars(self) -> None:
        """The formula bar, the selection and the title tell of something that has changed."""

    @abstractmethod
    def show_hints(self) -> None:
        """The keys that mean something now."""

    @property
    def open_entry(self) -> LineEntry | None:
        """What is being typed into, if anything is."""
        command = self.command_line
        return self.formula if self.formula.editing else command if command.editing else None

    def begin_entry(self, text: str, typed: bool) -> None:
        self.show_bars()
        self.formula.begin(
            text, typed=typed, complete=lambda text, cursor: complete_cell(self.desk.context(), text, cursor)
        )

    def open_command_line(self, line: str) -> None:
        self.command_line.begin(line, complete=lambda text, cursor: complete_command(self.desk.context(), text, cursor))

    def leave_entry(self, entry: LineEntry) -> None:
        """What was being typed is over; the pane from which it was begun has the focus again."""
        entry.end()
        self.trial.end()
        self.proposals.hide()
        self.table.set_entry(None)
        self.panes.go(self.panes.focused())
        self.show_bars()
        self.show_hints()  # a click may have moved the focus before the entry ended

    def leave_for_pane(self) -> None:
        """The mouse has gone to a pane while something was being typed: a cell is kept, as in a spreadsheet."""
        entry, name = self.open_entry, self.focused.id if self.focused is not None else None
        if entry is None or entry.text_edit is None or name not in PANES:
            return
        if entry is self.command_line:
            self.entry_cancelled(entry)
        elif name != "table" and not entry.commit("stay"):  # the table says itself which cell was meant
            self.set_focus(entry, scroll_visible=False)

    # -- what the entries tell -------------------------------------------------------------------------------------

    def entry_edited(self, entry: LineEntry) -> None:
        self.say("")
        if entry is self.formula:
            self.table.set_entry(entry.text_edit.text if entry.text_edit is not None else None)
            if entry.text_edit is not None:
                self.trial.typed(entry.text_edit.text)
        self._propose(entry)

    def entry_committed(self, entry: LineEntry, text: str, then: Then) -> bool:
        if entry is self.formula:
            stands = self.desk.commit_entry(text, then)
            if stands:
                self.leave_entry(entry)
            return stands
        self.leave_entry(entry)
        self.desk.run_line(text)
        self.files.naming_is_over()
        return True

    def entry_cancelled(self, entry: LineEntry) -> None:
        self.say("")
        self.leave_entry(entry)
        self.files.naming_is_over()

    def entry_refused(self, reason: str) -> None:
        self.say(reason, "error")

    def _propose(self, entry: LineEntry) -> None:
        """Show what may be typed: under the formula bar, or above the command line."""
        if not entry.proposals or not entry.editing:
            self.proposals.hide()
            return
        names = [(one.text, one.help) for one in entry.proposals]
        rows = min(len(names), ProposalList.ROWS)
        if entry is self.formula:
            left = self.formula.column_of(entry.proposals[0].start)
            self.proposals.show(names, entry.chosen, left, 3, self.size.width)
        else:
            self.proposals.show(names, entry.chosen, 1, self.size.height - 1 - rows, self.size.width)
