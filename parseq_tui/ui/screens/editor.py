"""The editor's screen: lays out the bars and panes, hands them what they show, turns what they say into commands.

The desk decides what keys mean and changes the document; the screen only carries words and values to widgets. Nothing
here knows how a document is changed or a frame is rendered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.geometry import Offset
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from parseq_tui.errors import counted
from parseq_tui.render.client import RenderClient
from parseq_tui.session import Session, SessionChange
from parseq_tui.ui.actions.exports import ExportActions
from parseq_tui.ui.actions.files import FileActions
from parseq_tui.ui.actions.outside import OutsideActions
from parseq_tui.ui.actions.program import ProgramActions
from parseq_tui.ui.actions.renders import RenderActions
from parseq_tui.ui.actions.sounds import SoundActions
from parseq_tui.ui.actions.trial import Trial
from parseq_tui.ui.baking import Bakery
from parseq_tui.ui.cell_view import cell_view, selection_text, title_view
from parseq_tui.ui.commands.pasting import pasting_here
from parseq_tui.ui.desk import Desk, Scope
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.errands import Errands
from parseq_tui.ui.keymap import Keymap
from parseq_tui.ui.pane_keys import binds
from parseq_tui.ui.panes import PANES, PaneActions, TabLine, hints
from parseq_tui.ui.questions import Questions
from parseq_tui.ui.remembered import formulas, recalled, remember, remember_formulas
from parseq_tui.ui.screens.entries import Entries
from parseq_tui.ui.screens.long_work import LongWork
from parseq_tui.ui.screens.pane_messages import PaneMessages
from parseq_tui.ui.terminal.clipboard import copy_outside
from parseq_tui.ui.terminal.painting import Painter
from parseq_tui.ui.view_state import ViewState, clamped, column_at, playhead
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.widgets.formula_bar import FormulaBar
from parseq_tui.ui.widgets.keyframe_table import KeyframeTable
from parseq_tui.ui.widgets.line_entry import LineEntry
from parseq_tui.ui.widgets.line_view import Themed
from parseq_tui.ui.widgets.menu import MenuEntry, PrefixMenu, ProposalList
from parseq_tui.ui.widgets.problems import ProblemsPane
from parseq_tui.ui.widgets.prompts import PromptsPane
from parseq_tui.ui.widgets.render_pane import RenderPane
from parseq_tui.ui.widgets.status_bar import CommandLine, LongMessage, Severity, StatusBar, TitleBar
from parseq_tui.ui.workbench import Follow, Program

FOLLOW_SECONDS = 0.09
"""How often the panes follow at most: each key of those that are held moves the table and the formula bar."""
TITLE_SECONDS = 1.0
"""How often the title looks whether a render goes on; a line that says the same costs nothing."""


class EditorScreen(PaneMessages, Painter, Entries, LongWork, inherit_bindings=False):
    """One document being edited."""

    AUTO_FOCUS = "#table"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar = []

    def __init__(self, session: Session, keymap: Keymap, follow: Follow, *, glyphs: str = "braille") -> None:
        super().__init__()
        self.session = session
        self.keymap = keymap
        self.follow = follow
        self.errands = Errands(lambda going: self.run_worker(going, name="errand", group="errand"), self)
        self.desk = Desk(session, keymap, self, self.errands)
        self.desk.view = clamped(session.document, recalled(session.path, self.desk.view))
        self.bakery = Bakery(session)
        self.files = FileActions(self)
        self.exports = ExportActions(self)
        self.renders = RenderActions(self)
        self.panes = PaneActions(self)
        self.outside = OutsideActions(self, self.files.keep_safe)
        self.program = ProgramActions(self, self.outside)
        self.sounds = SoundActions(self)
        self.trial = Trial(self)
        self.questions = Questions(self)
        self._follow_pending, self._behind, self._followed = False, False, 0.0
        self._glyphs = glyphs
        session.subscribe(self._session_changed)

    def compose(self) -> ComposeResult:
        self.panes.expect(self.app.size)
        curves = CurvesPane(id="curves")
        right = Vertical(
            RenderPane(None, id="render"),
            PromptsPane(id="prompts", read_only=self.session.read_only),
            ProblemsPane(id="problems"),
            id="right",
        )
        yield TitleBar(id="title")
        yield FormulaBar(id="formula")
        with Container(id="body"):
            yield KeyframeTable(self.session.document, self.desk.view, id="table")
            # a grid fills row by row: what stands beside the table comes before what stands below it
            yield from (right, curves) if self.panes.wide else (curves, right)
        yield TabLine(id="tabs")
        yield StatusBar(id="status")
        yield LongMessage(id="message")
        yield CommandLine(id="command")
        yield PrefixMenu(id="menu")
        yield ProposalList(id="proposals")

    def on_mount(self) -> None:
        # asked for once: what comes late, while the screen is taken down, still finds them
        self.curves = self.query_one(CurvesPane)
        self.prompts = self.query_one(PromptsPane)
        self.pictures = self.query_one(RenderPane)
        self.table = self.query_one(KeyframeTable)
        self.formula = self.query_one(FormulaBar)
        self.status = self.query_one(StatusBar)
        self.command_line = self.query_one(CommandLine)
        self.proposals = self.query_one(ProposalList)
        self.formula.host = self.command_line.host = self
        self.formula.earlier = formulas
        if self.session.path is not None:
            self.pictures.set_client(RenderClient(self.session.path))
        self.use_glyphs(self._glyphs)
        self.panes.fit(self.app.size)
        self.call_after_refresh(self._start)

    def before_first_paint(self) -> None:
        if self.session.baked:
            self._show_everything()
        else:
            self.bakery.refresh()
            if not self.session.baked:  # else the bake has told us already
                self._show_everything()
        self.app.cursor_position = self.table.cursor_screen_offset
        self.show_hints()

    def _start(self) -> None:
        if isinstance(self.app, Program):
            for problem in self.app.themes.problems:
                self.desk.tell(problem)
        self.files.started()
        if not self.app.is_headless:
            self.program.offer_tour()
        self.set_interval(TITLE_SECONDS, self.show_title)

    # -- showing ---------------------------------------------------------------------------------------------------

    def _session_changed(self, change: SessionChange) -> None:
        if not self.is_mounted:
            return
        if change.before is not change.after and change.kind != "baked":
            self.bakery.refresh()
            if self.session.baked:
                return  # the bake has told us already
        self._show_everything()

    def _show_everything(self) -> None:
        document, table = self.session.document, self.session.table
        self.table.show(document, table, self.desk.view)
        self.show_bars()
        if table is not None:
            frame = playhead(document, self.desk.view)
            self.curves.show(table, document, self._plotted(), frame)
            self.curves.follow(column_at(document, self.desk.view).field)
            self.prompts.show(document, table, frame)
            self.query_one(ProblemsPane).show(table.diagnostics)
            self.pictures.set_values(table)
        self.pictures.set_playhead(playhead(document, self.desk.view))

    def show_bars(self) -> None:
        context = self.desk.glance()
        self.formula.show(cell_view(context))
        self.status.show_selection(selection_text(context))
        self.show_title()

    def show_title(self) -> None:
        self.query_one(TitleBar).show(title_view(self.session, self._state()))

    def _state(self) -> str:
        """What goes on, for the right end of the title."""
        count = self.session.conflict_count
        conflicts = f"! {counted(count, 'conflict')} (Space x)  " if count else ""
        standing = f"! {self.files.standing}  " if self.files.standing else ""
        working = f"! {self.shown_work}…  " if self.shown_work else ""
        return f"{working}{standing}{conflicts}{self.renders.state}"

    def _plotted(self) -> tuple[str, ...]:
        """Pinned fields, and the one under the cursor."""
        here = column_at(self.session.document, self.desk.view).field
        pinned = self.desk.view.plotted
        names = tuple(dict.fromkeys((*pinned, here) if here else pinned))
        return names or self.session.document.managed_fields[:1]

    def view_changed(self, before: ViewState) -> None:
        """The desk looks elsewhere: the table and the formula bar at once, the other panes when it rests."""
        view = self.desk.view
        if (view.formulas, view.folded, view.position) != (before.formulas, before.folded, before.position):
            self.table.show(self.session.document, self.session.table, view)
        else:
            self.table.move(view)
        self.app.cursor_position = self.cursor_screen_offset
        context = self.desk.glance()
        self.formula.show(cell_view(context))
        self.status.show_selection(selection_text(context))
        self._behind = True
        wait = self._followed + FOLLOW_SECONDS - time.monotonic()
        if wait <= 0:
            self._follow()  # painted together with the table
        elif not self._follow_pending:
            self._follow_pending = True
            asyncio.get_running_loop().call_later(wait + FOLLOW_SECONDS, self._follow_late)  # after the last key

    def _follow_late(self) -> None:
        self._follow_pending = False
        if self._behind and self.is_attached:
            self._follow()

    def _follow(self) -> None:
        self._behind, self._followed = False, time.monotonic()
        document, table = self.session.document, self.session.table
        frame = playhead(document, self.desk.view)
        if table is not None and self._plotted() != self.panes.last_plotted:
            self.panes.last_plotted = self._plotted()
            self.curves.show(table, document, self._plotted(), frame)
        self.curves.follow(column_at(document, self.desk.view).field)
        self.curves.set_playhead(frame)
        self.prompts.set_playhead(frame)
        self.pictures.set_playhead(frame)

    def on_curves_pane_window_moved(self, event: CurvesPane.WindowMoved) -> None:
        self.prompts.set_window(event.start, event.count)
        self.table.set_window(event.start, event.count)

    def show_hints(self) -> None:
        pane = "entry" if self.formula.editing else self.panes.focused()
        self.status.show_hints(hints(pane, self.keymap))

    def say_while(self, text: str) -> None:
        self.status.say(text, seconds=3600)

    def use_glyphs(self, glyphs: str) -> None:
        """Draw curves with these: "braille", "block" or "ascii"."""
        chosen = cast(Glyphs, glyphs)
        self.table.set_glyphs(chosen)
        self.curves.set_glyphs(chosen)
        self.prompts.set_glyphs(chosen)

    def use_keymap(self, keymap: Keymap) -> None:
        """Keys mean other things now."""
        self.keymap = self.desk.keymap = keymap
        self.show_hints()

    # -- keys ------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if self.waits(event):
            return
        asked = self.questions.takes(event.key)
        if event.key == "ctrl+c":  # leaves what is open, and is the first of two all the same
            event.stop()
            if (open_entry := self.open_entry) is not None:
                self.entry_cancelled(open_entry)
            elif self.desk.in_sequence:
                self.desk.key("escape", None, scope=_scope(self.focused))
            self.files.interrupted()
            return
        if asked:
            event.stop()
            event.prevent_default()
            return
        entry = self.open_entry
        # typed so fast that the focus had not moved yet; what the entry has refused before it refuses again
        if entry is not None and entry.take_key(event):
            event.stop()
            event.prevent_default()
            return
        focused = self.focused
        own = focused is not self.table and binds(focused, event.key, self.keymap)
        if own and not self.desk.in_sequence:
            return
        if event.key == "escape" and not (self.desk.in_sequence or (focused is self.table and self.desk.view.anchor)):
            self.panes.restore()
        if self.desk.key(event.key, event.character, scope=_scope(focused)):
            event.stop()
            event.prevent_default()

    def takes_at_once(self, event: events.Key) -> bool:
        """Do what a key means, if the table or an entry has the focus. False if it is nothing of theirs."""
        if not self.is_mounted or event.key == self.app.COMMAND_PALETTE_BINDING:
            return False
        if self.waits(event):
            return True
        if self.focused is not self.table and self.focused is not self.open_entry:
            return False
        with self._context():
            self.on_key(event)
        return bool(event._stop_propagation)

    def on_paste(self, event: events.Paste) -> None:
        if self.focused is self.table:
            event.stop()
            self.desk.paste(event.text)

    def on_mouse_down(self) -> None:
        self.questions.takes("a click")  # no answer: what was asked gives way, Escape is for what is clicked

    def on_descendant_focus(self) -> None:
        self.leave_for_pane()
        self.show_hints()
        self.panes.mark()
        self.app.cursor_position = self.cursor_screen_offset

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the terminal's own cursor goes: to what has the focus, or had it before the terminal lost its own."""
        here = self.focused or self.query_one(f"#{self.panes.focused()}")
        return here.cursor_screen_offset if isinstance(here, (Themed, KeyframeTable)) else self.app.cursor_position

    def on_resize(self, event: events.Resize) -> None:
        self.panes.fit(event.size)

    @property
    def idle(self) -> bool:
        """Whether nothing is being typed or chosen here."""
        return self.app.screen is self and self.open_entry is None and not self.desk.in_sequence

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What failed and nobody foresaw is said: silence would pass for success."""
        if event.state is WorkerState.ERROR:
            self.say(f"{event.worker.name} failed: {event.worker.error!r}; :saveas NAME keeps your work", "error")

    # -- what the desk asks for ------------------------------------------------------------------------------------

    def show_menu(self, title: str, entries: Sequence[MenuEntry]) -> None:
        self.query_one(PrefixMenu).show(title, entries, self.size.width, self.size.height)

    def hide_menu(self) -> None:
        self.query_one(PrefixMenu).hide()

    def copy_text(self, text: str) -> None:
        async def outside() -> None:
            if problem := await copy_outside(self.app, text):
                self.say(f"{problem}; {pasting_here(text)}", "warning")

        self.run_worker(outside(), exit_on_error=False)

    def say(self, text: str, severity: Severity = "information") -> None:
        self.status.say(text, severity)

    def say_aside(self, text: str) -> None:
        """Say it behind what the key that is being handled has to say, if that is nothing."""
        self.call_later(lambda: None if self.status.speaks else self.say(text))

    def save_first(self, then: Callable[[], None]) -> None:
        self.files.ask_name(then)

    def show_pane(self, name: str) -> None:
        self.panes.go(name)

    def page_rows(self) -> int:
        return max(1, self.table.rows_visible - 1) if self.is_mounted else 20

    def table_width(self) -> int:
        return self.table.size.width if self.is_mounted else 0

    def is_rendering(self) -> bool:
        return self.renders.running

    def do(self, action: str, argument: str) -> None:
        """Carry out what only the running program can."""
        doers = (self.panes, self.files, self.exports, self.renders, self.sounds, self.program, self.outside)
        if not any(doer.do(action, argument) for doer in doers):
            raise AssertionError(f"nobody does {action}")

    def on_unmount(self) -> None:
        """The next time the document is looked at in the same way, and formulas are recalled."""
        remember_formulas(self.formula.entered)
        if self.session.path is not None:
            remember(self.session.path, self.desk.view)


def _scope(focused: Widget | None) -> Scope:
    if focused is None or isinstance(focused, KeyframeTable):
        return "table"
    if isinstance(focused, LineEntry):  # one that has ended: the table gets the focus back in a moment
        return "text" if focused.editing else "table"
    return "pane" if focused.id in PANES else "text"
