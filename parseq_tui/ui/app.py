"""The Textual application: the terminal, signals, settings, and which screen is shown. Documents are the screens' part.

Invariants: no torch, no image library in this process; a hang-up writes the journal and restores the terminal; an
editor whose terminal is gone ends by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from rich.console import RenderableType
from textual import events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import Input

from parseq_tui.paths import settings_file
from parseq_tui.recovery import Draft
from parseq_tui.session import Session
from parseq_tui.settings import Settings
from parseq_tui.ui import memory
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.palette import CommandProvider
from parseq_tui.ui.pane_keys import keymap_of
from parseq_tui.ui.pictures import Pictures, Wish, decided, tmux_passes_through
from parseq_tui.ui.preferences import Preferences
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.terminal.answers import ANSWER_SECONDS, PLAIN_QUESTION, QUESTION, Abilities, TerminalAnswers
from parseq_tui.ui.terminal.driver import EditorDriver, driver_for_platform
from parseq_tui.ui.terminal.glyphs import glyphs_for
from parseq_tui.ui.terminal.screen_diff import PartsUpdate, ScreenDiff
from parseq_tui.ui.theming.theme import color_level, role_defaults
from parseq_tui.ui.theming.themes import Themes
from parseq_tui.ui.workbench import Follow

if TYPE_CHECKING:
    from parseq_tui.ui.opening import Opened

ORPHAN_CHECK_SECONDS = 5.0
THEME_CHECK_SECONDS = 1.0
SETTLE_SECONDS = 0.5
"""After a document is shown, when what it took to get there is tidied up."""
PAUSE_SECONDS = 2.0
"""So long no key has come in a pause."""
EXIT_GRACE_SECONDS = 3.0
"""After a hang-up, how long leaving in order may take."""
HANG_UP = 129
"""Exit code of a program ended by SIGHUP, by convention 128 + signal."""
SEEN_AT_ONCE = 1000
"""Characters that a terminal is sure to draw in one go; longer frames say where they begin and end."""
OpenSession = Callable[[Path], Session]


class EditorApp(App[int], inherit_bindings=False):
    """One editor in one terminal."""

    CSS_PATH = "editor.tcss"
    COMMANDS: ClassVar = {CommandProvider}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True
    TITLE = "parseq-tui"

    def __init__(
        self,
        session: Session,
        *,
        settings: Settings,
        follow: Follow,
        open_session: OpenSession,
        choose_first: bool = False,
        driver: type[Driver] | None = None,
    ) -> None:
        """`choose_first`: begin with the list of documents; `driver`: another one than the platform's (tests).

        Raises SettingsError for keys of a command that does not exist, or a theme option that does not.
        """
        self.keymap_in_use = keymap_of(settings.keys)
        super().__init__(driver_class=driver or driver_for_platform())
        self.preferences = Preferences(self, settings, settings_file())
        self.follow = follow
        self._diff = ScreenDiff()
        in_tmux = bool(os.environ.get("TMUX"))
        self.pictures = Pictures(graphics=self._diff.graphics, write=self._write, in_tmux=in_tmux)
        self._open_session = open_session
        self._first_session = session
        self._choose_first = choose_first
        self._started_by = os.getppid()
        self._last_key = 0.0
        self.themes = Themes(self)
        self.theme = self.themes.wanted(settings)

    # -- life ------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        if isinstance(self._driver, EditorDriver):
            self._driver.ascii_only = self.glyphs == "ascii"
        self.set_keymap(self.keymap_in_use.panes)
        self._opened(self._first_session, replaced=False)
        if self._choose_first:
            self.choose_document(can_leave=False)
        self.use_pictures(self.preferences.settings.pictures)
        if self.preferences.settings.cursor:
            self.use_cursor(True)
        self._handle_signals()
        asyncio.get_running_loop().set_exception_handler(self._loop_failed)
        self.set_interval(ORPHAN_CHECK_SECONDS, self._check_terminal)
        self.set_interval(THEME_CHECK_SECONDS, self._follow_themes)

    def on_unmount(self) -> None:
        self.pictures.forget()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.remove_signal_handler(number)

    def _loop_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """What fails outside of every message ends the program in words, like all else that should not be."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self._handle_exception(error)
        else:
            loop.default_exception_handler(context)

    def _handle_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, self.terminal_is_gone)

    def terminal_is_gone(self) -> None:
        """Keep unsaved work and end, in order if that is possible within a few seconds, at once if not."""
        guard = threading.Timer(EXIT_GRACE_SECONDS, os._exit, (HANG_UP,))
        guard.daemon = True
        guard.start()
        screen = self.editor
        if screen is not None:
            screen.files.hang_up(HANG_UP)
        else:
            self.exit(HANG_UP, HANG_UP)

    def _check_terminal(self) -> None:
        """A hang-up that was ignored (nohup) must not leave an editor without a terminal behind."""
        if self.is_headless:
            return
        if not os.isatty(0) or (os.getppid() != self._started_by and os.getppid() == 1):
            self.terminal_is_gone()

    def action_command_palette(self) -> None:
        """Its commands are the editor's: over a dialog there would be none to choose."""
        if isinstance(self.screen, EditorScreen):
            super().action_command_palette()

    def on_command_palette_opened(self) -> None:
        """A cursor that blinks would send bytes while nobody types."""
        for line in self.screen.query(Input):
            line.cursor_blink = False

    # -- documents -------------------------------------------------------------------------------------------------

    @property
    def editor(self) -> EditorScreen | None:
        """The editor screen, whatever lies over it."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, EditorScreen)), None)

    def get_default_screen(self) -> Screen[None]:
        """The first document's: nothing lies under it."""
        screen = EditorScreen(self._first_session, self.keymap_in_use, self.follow, glyphs=self.glyphs)
        screen._push_result_callback(self, None)  # as if it were pushed: others are switched to in its place
        return screen

    def open_session(self, session: Session, draft: Draft | None = None) -> None:
        """Show a document in place of the one that is shown; with this unsaved work, if there is some."""
        screen = EditorScreen(session, self.keymap_in_use, self.follow, glyphs=self.glyphs)
        if draft is not None:
            screen.files.adopt(draft)
        if self.editor is not None:
            self.editor.files.stopped()
        self.switch_screen(screen)
        self._opened(session, replaced=True)

    def _opened(self, session: Session, *, replaced: bool) -> None:
        self._name_terminal(session.name)
        self.set_timer(SETTLE_SECONDS, lambda: self._settle(replaced=replaced))

    def _settle(self, *, replaced: bool) -> None:
        """Sweep up; what another document has left takes longer than a key may wait, and waits for a pause itself."""
        if replaced and time.monotonic() - self._last_key < PAUSE_SECONDS:
            self.set_timer(SETTLE_SECONDS, lambda: self._settle(replaced=True))
        else:
            memory.settle(replaced=replaced)

    def open_path(self, path: Path) -> None:
        """Show this file in place of what is shown; what is wrong with it is said."""
        from parseq_tui.ui.opening import Opened, read

        self._bring(path.name, lambda: Opened(read(path, self._open_session)))

    def _bring(self, name: str, find: Callable[[], Opened]) -> None:
        """Read a document beside the event loop, then show it; keys typed until then were meant for no document."""
        editor = self.editor
        assert editor is not None

        def show(found: Opened) -> None:
            editor.errands.cancel()
            self.open_session(found.session, found.draft)

        editor.errands.run(f"Open {name}", find, show)

    def choose_document(self, *, can_leave: bool) -> None:
        """Ask which document to open: one left behind, a recent one, an example, a path, a blank one."""
        from parseq_tui.ui.opening import offers, opened
        from parseq_tui.ui.screens.open_document import OpenChoice, OpenDocument

        def chosen(choice: OpenChoice | None) -> None:
            if choice is None:
                if not can_leave:
                    self.exit(0)
                return
            self._bring("the document", lambda: opened(choice, self._open_session))

        self.push_screen(OpenDocument(offers(), can_leave=can_leave), chosen)

    def _name_terminal(self, name: str) -> None:
        shown = "".join(ch for ch in name if ch.isprintable())[:80]
        self._write(f"\x1b]2;{shown} - parseq-tui\x07")

    def _write(self, sequence: str) -> None:
        """Straight to the terminal, if there is one."""
        if isinstance(self._driver, EditorDriver):
            self._driver.write(sequence)

    # -- the terminal ----------------------------------------------------------------------------------------------

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Textual's way to the terminal; what it sends is compared with what is there."""
        if not isinstance(renderable, (ChopsUpdate, LayoutUpdate, PartsUpdate)) or self.is_headless:
            super()._display(screen, renderable)
        elif self._running and not self._closed and not self._batch_count:
            self._diff.resize((screen.size.width, screen.size.height))
            self._diff.note(renderable, None if self.no_color else self.console._color_system)
            self._show_frame()

    def _show_frame(self) -> None:
        """Send what the terminal does not show yet; while it is busy, once it is free again, as things are then."""
        driver = self._driver
        if driver is None or not self._running:
            return
        if isinstance(driver, EditorDriver) and driver.busy:
            driver.when_free(self._show_frame)
            return
        # a line or text area tells of its cursor when that moves, not when a dialog has just put it in its place
        here = self.screen.focused or self.screen
        self.cursor_position = getattr(here, "cursor_screen_offset", self.cursor_position)
        x, y = self.screen.outer_size.clamp_offset(self.cursor_position)
        text = self._diff.frame((y, x))
        if not text:
            return
        if self._sync_available and len(text) > SEEN_AT_ONCE:
            text = f"{SYNC_START}{text}{SYNC_END}"
        driver.write(text)
        driver.flush()

    def _interrupted_elsewhere(self) -> None:
        """Ctrl+C over another screen than the editor: that screen may have a use for it, but a second one gets out."""
        if self.editor is not None and self.screen is not self.editor:
            self.editor.files.interrupted()

    async def on_event(self, event: events.Event) -> None:
        """A key that the editor has a use for takes the short way, past the queues of all widgets in between."""
        if isinstance(event, events.Key) and self._running:
            self._last_key = time.monotonic()
            if not self.app_focus:  # this key would take the long way, and the next ones overtake it
                self.app_focus = True
                self.on_app_focus()
            if isinstance(self.screen, EditorScreen) and self.screen.takes_at_once(event):
                return
        if isinstance(event, events.Key) and event.key == "ctrl+c" and not event.is_forwarded:
            self._interrupted_elsewhere()
        await super().on_event(event)

    def on_app_focus(self) -> None:
        """A focus that the terminal had lost before anything had it here goes to the table."""
        screen = self.screen
        if isinstance(screen, EditorScreen) and screen.focused is None:
            screen.set_focus(screen.table, scroll_visible=False)

    def forget_screen(self) -> None:
        """Somebody else wrote to the terminal (a shell, while we were suspended)."""
        self._diff.forget()

    # -- looks -----------------------------------------------------------------------------------------------------

    async def _follow_themes(self) -> None:
        """A theme file that is being worked on is seen as soon as it is saved; a broken one is said and not used."""
        if not await self.themes.outdated():
            return
        self.themes.read()
        self.mutate_reactive(App.theme)
        if self.editor is not None:
            self.editor.say("themes read again")
            for problem in self.themes.problems:
                self.editor.desk.tell(problem)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return role_defaults()

    def next_theme(self, name: str = "") -> str:
        """Another theme, by name or the next one. Raises SettingsError."""
        self.theme = self.themes.named(name) if name else self.themes.after(self.theme)
        return self.theme

    def toggle_mouse(self) -> bool | None:
        """Mouse on or off for this run; what it is now, None where that cannot be changed."""
        driver = self._driver
        if not isinstance(driver, EditorDriver):
            return None
        driver.set_mouse(not driver.mouse_enabled)
        return driver.mouse_enabled

    # -- settings put into effect (ui/preferences.py) ----------------------------------------------------------------

    def use_theme(self, name: str) -> None:
        """Raises SettingsError for a theme that does not exist."""
        self.next_theme(name or self.themes.usual)

    def use_mouse(self, enabled: bool) -> None:
        if isinstance(self._driver, EditorDriver):
            self._driver.set_mouse(enabled)

    @property
    def glyphs(self) -> Glyphs:
        """What is drawn with."""
        return glyphs_for(os.environ, self.preferences.settings.glyphs)

    def use_cursor(self, shown: bool) -> None:
        """Whether the terminal's own cursor is seen; it is on the current cell in any case."""
        if isinstance(self._driver, EditorDriver):
            self._driver.show_cursor(shown)

    def use_glyphs(self, glyphs: str) -> None:
        kind = glyphs_for(os.environ, glyphs)
        if isinstance(self._driver, EditorDriver):
            self._driver.ascii_only = kind == "ascii"
        if self.editor is not None:
            self.editor.use_glyphs(kind)
            self.forget_screen()
            self.refresh(repaint=True, layout=True)

    def use_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Raises SettingsError for a command that does not exist."""
        self.keymap_in_use = keymap_of(keys)
        self.set_keymap(self.keymap_in_use.panes)
        if self.editor is not None:
            self.editor.use_keymap(self.keymap_in_use)

    def use_pictures(self, wish: str) -> None:
        """Show pictures like this; what the terminal must be asked for comes a moment later."""
        asked = cast(Wish, wish)
        self.pictures.forget()
        if asked in ("half", "ascii", "off"):
            self.pictures.protocol = "ascii" if asked == "half" and self.no_color else asked
        else:
            self.run_worker(self._use_pixels(asked), name="ask the terminal", exclusive=True, group="pictures")

    async def _use_pixels(self, wish: Wish) -> None:
        in_tmux = self.pictures.in_tmux
        passes = in_tmux and await asyncio.to_thread(tmux_passes_through)
        protocol, problem = decided(wish, await self._abilities(), in_tmux=in_tmux, passthrough=passes)
        self.pictures.colors = color_level(self.console.color_system)
        self.pictures.protocol = "ascii" if self.no_color and protocol in ("half", "kitty") else protocol
        if problem and self.editor is not None:
            self.editor.call_after_refresh(self.editor.say, problem, "warning")  # it may not stand yet

    async def _abilities(self) -> Abilities | None:
        """What the terminal says it can; None if it does not answer in time."""
        driver = self._driver
        if not isinstance(driver, EditorDriver):
            return None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Abilities] = loop.create_future()
        answers = TerminalAnswers(lambda told: loop.call_soon_threadsafe(answer.set_result, told))
        driver.ask(PLAIN_QUESTION if self.pictures.in_tmux else QUESTION, answers)
        try:
            return await asyncio.wait_for(answer, ANSWER_SECONDS)
        except TimeoutError:
            return None
        finally:
            driver.ask("", None)
