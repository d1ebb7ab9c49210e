"""What the editor does about itself: command line, palette, help, mouse, themes, suspending."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from textual.app import App

from parseq_tui.errors import EditError, ParseqError
from parseq_tui.paths import recovery_folder, theme_folders, user_state
from parseq_tui.settings import begin_file
from parseq_tui.ui.actions.outside import OutsideActions
from parseq_tui.ui.commands import COMMANDS
from parseq_tui.ui.keymap import readable
from parseq_tui.ui.pane_keys import PANES, written_keys
from parseq_tui.ui.terminal.glyphs import KINDS
from parseq_tui.ui.workbench import Program, Workbench


def remember_tour() -> bool:
    """Note that the tour was offered; False if it was before, or if that cannot be noted (it would never end)."""
    mark = user_state() / "toured"
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch(exist_ok=False)
    except OSError:
        return False
    return True


class ProgramActions:
    """What a screen can do about the program around it."""

    def __init__(self, screen: Workbench, outside: OutsideActions) -> None:
        self._screen = screen
        self._outside = outside

    @property
    def _app(self) -> App[object]:
        return self._screen.app

    @property
    def _program(self) -> Program:
        app = self._screen.app
        assert isinstance(app, Program)
        return app

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command about the program; False if it is none. Raises SettingsError."""
        if action == "application.command_line":
            self._screen.open_command_line("")
        elif action == "application.palette":
            self._app.action_command_palette()
        elif action == "application.help":
            self._help(argument)
        elif action == "application.mouse":
            self._mouse()
        elif action == "application.theme":
            self._screen.say(f"theme {self._program.next_theme(argument)}")
        elif action == "view.glyphs":
            self._glyphs(argument)
        elif action == "application.redraw":
            self._program.forget_screen()
            self._app.refresh(repaint=True, layout=True)
        elif action == "application.suspend":
            self._suspend()
        elif action == "document.history":
            self._history()
        elif action == "application.settings":
            self._settings()
        elif action == "application.tour":
            self._tour()
        else:
            return False
        return True

    def _glyphs(self, wanted: str) -> None:
        """Draw with another kind, by name or the next one, and keep that."""
        here = KINDS.index(self._program.glyphs)
        kind = wanted or KINDS[(here + 1) % len(KINDS)]
        self._screen.say(self._program.preferences.change("glyphs", kind))

    def _help(self, query: str) -> None:
        from parseq_tui.language.registry import FUNCTIONS
        from parseq_tui.ui.screens.help import HelpScreen, command_sections, function_section, pane_section

        keymap = self._screen.keymap
        sections = command_sections(
            COMMANDS.values(), lambda name: [readable(key) for key in keymap.keys.get(name, ())]
        )
        for pane in PANES:
            keys = pane_section(f"in the {pane.BORDER_TITLE} pane", pane.BINDINGS, keymap.panes, readable)
            # the pane that one is in comes first
            sections.insert(0 if isinstance(self._screen.focused, pane) else len(sections), keys)
        sections.append(function_section(FUNCTIONS.values()))
        self._app.push_screen(HelpScreen(sections, query=query))

    def _mouse(self) -> None:
        enabled = self._program.toggle_mouse()
        if enabled is None:
            self._screen.say("the mouse cannot be switched on this terminal", "warning")
        else:
            state = "on" if enabled else "off: the terminal selects text; the same again turns it on"
            self._screen.say(f"mouse {state}")

    def _suspend(self) -> None:
        if sys.platform == "win32" or self._app.is_headless:
            self._screen.say("suspending is not possible here", "warning")
            return
        with self._app.suspend():
            os.kill(os.getpid(), signal.SIGTSTP)

    def _history(self) -> None:
        from parseq_tui.ui.screens.history import HistoryScreen

        session = self._screen.session

        def chosen(steps: int | None) -> None:
            if not steps:
                return
            try:
                self._screen.say(f"after: {session.travel(steps)}")
            except EditError as error:
                self._screen.desk.tell(error)

        self._app.push_screen(HistoryScreen(session.history, session.now), chosen)

    def offer_tour(self) -> None:
        """At the very first start: once, without holding up anybody who types or chooses a document."""
        if self._screen.app.screen is not self._screen or not remember_tour():
            return
        self._screen.questions.ask_when_idle(
            "The first time here? A tour takes less than a minute",
            [("t", "take the tour", self._tour), ("n", "not now (:tour later)", lambda: None)],
            left="the first time here? :tour takes less than a minute, ? is help",
            once=True,
        )

    def _tour(self) -> None:
        from parseq_tui.ui.screens.tour import TourScreen

        self._app.push_screen(TourScreen())

    def _settings(self) -> None:
        from parseq_tui.ui.screens.settings import SettingsScreen

        folders = {
            "themes": theme_folders()[-1],
            "recovery": recovery_folder(),
            "state": user_state(),
        }
        program = self._program

        def left(wish: str | None) -> None:
            if wish == "edit":
                self._tried(self._edit_settings)

        keymap = self._screen.keymap
        self._app.push_screen(SettingsScreen(program.preferences, program.themes.names, folders, keymap), left)

    def _edit_settings(self) -> None:
        """The settings file in the user's editor; what is wrong in it changes nothing. Raises ParseqError."""
        preferences = self._program.preferences
        file = preferences.file
        if not file.exists():
            begin_file(file, written_keys())
        self._outside.edit_file(file)
        self._screen.say(preferences.read_again())

    def _tried(self, act: Callable[[], None]) -> None:
        try:
            act()
        except ParseqError as error:
            self._screen.desk.tell(error)
