"""The terminal driver: Textual's, with a prompt Escape key, a quiet mouse, and an end when the line is cut.

Both directions run in the event loop: a key is handled without waking a thread, and output that a slow link does not
take yet is kept (`busy`) and does not stop the program. Textual looks for the end of a lone Escape every 100 ms; here
it is looked for every 10 ms while one is pending, which brings Escape and Alt+letter from 102 ms to about 23 ms and
costs nothing when idle. Mouse motion is reported only while a button is held. End of input (the terminal is gone) is
told to the app instead of being read for ever.
"""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from typing import Final

from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from parseq_tui.ui.terminal.answers import TerminalAnswers
from parseq_tui.ui.terminal.glyphs import in_ascii
from parseq_tui.ui.terminal.line import TerminalLine

ESCAPE_POLL_SECONDS: Final = 0.01
READ_BYTES: Final = 4096
"""Read at once: a large paste leaves room for other things in between."""


class EditorDriver(LinuxDriver):
    """Used on every POSIX terminal; tests run headless without it."""

    ascii_only = False
    """Whether the terminal's font has nothing but ASCII: whatever is written is turned into that."""
    cursor_shown = False
    """Whether the terminal's own cursor is to be seen."""
    _answers: TerminalAnswers | None = None
    """Waits for what the terminal says of itself."""
    _line: TerminalLine | None = None
    _input: TerminalInput | None = None
    context: Context | None = None
    """Of the app; that in which messages are posted."""

    def ask(self, question: str, answers: TerminalAnswers | None) -> None:
        """Write a question; what comes is first looked through for the answers (None: not any more)."""
        self._answers = answers
        if question:
            self.write(question)
            self.flush()

    def _enable_mouse_support(self) -> None:
        if not self._mouse:
            return
        self.write("\x1b[?1000h\x1b[?1002h\x1b[?1006h")  # clicks, drags, coordinates past column 223
        self.flush()

    def _disable_mouse_support(self) -> None:
        if not self._mouse:
            return
        self.write("\x1b[?1000l\x1b[?1002l\x1b[?1006l")
        self.flush()

    def start_application_mode(self) -> None:
        """Also runs when the program comes back from the background: the screen holds something else by then."""
        forget = getattr(self._app, "forget_screen", None)
        if forget is not None:
            forget()
        loop = asyncio.get_running_loop()
        self._line = TerminalLine.opened(self._file.fileno(), loop) if self._file is not None else None
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.write("\x1b[0m")
        if self.cursor_shown:
            self.show_cursor(True)
        self._keep_line_feeds()
        if self._key_thread is not None and self._key_thread.is_alive():
            self._input = TerminalInput(self.fileno, loop, self)

    def show_cursor(self, shown: bool) -> None:
        """Let the terminal's own cursor be seen, or only be where it is: braille displays follow it in both cases."""
        self.cursor_shown = shown
        self.write("\x1b[?25h" if shown else "\x1b[?25l")

    def _keep_line_feeds(self) -> None:
        """A line feed goes down and nothing else, as curses has it; leaving restores what was before."""
        try:
            attributes = termios.tcgetattr(self.fileno)
            attributes[tty.OFLAG] &= ~termios.ONLCR
            termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
        except termios.error:
            return  # no terminal, nothing to see

    def stop_application_mode(self) -> None:
        self.write("\x1b[0m")
        super().stop_application_mode()

    def disable_input(self) -> None:
        if self._input is not None:
            self._input.close()
            self._input = None
        super().disable_input()

    def close(self) -> None:
        super().close()
        if self._line is not None:
            self._line.close()
            self._line = None

    def write(self, data: str) -> None:
        if self.ascii_only:
            data = in_ascii(data)
        if self._line is not None:
            self._line.write(data)
        elif self._writer_thread is not None and self._writer_thread.is_alive():
            super().write(data)  # else the terminal is somebody else's: what is lost is drawn anew afterwards

    @property
    def busy(self) -> bool:
        """Whether the terminal has not taken yet what was written: no moment for another frame."""
        return self._line is not None and self._line.busy

    def when_free(self, then: Callable[[], object]) -> None:
        """Call this when the terminal has taken everything."""
        if self._line is not None:
            self._line.when_free(then)

    @property
    def mouse_enabled(self) -> bool:
        return self._mouse

    def set_mouse(self, enabled: bool) -> None:
        """Give the mouse to the program, or back to the terminal so that it can select text."""
        if enabled == self._mouse:
            return
        if enabled:
            self._mouse = True
            self._enable_mouse_support()
        else:
            self._disable_mouse_support()
            self._mouse = False

    def run_input_thread(self) -> None:
        """Textual would read here. The event loop does: a key then waits for no other thread."""
        self.exit_event.wait()

    def send_message(self, message: Message) -> None:
        self._app.post_message(message)  # from the event loop's own thread

    def received(self, text: str) -> str:
        """What is left of something that came when the terminal's answers are taken out of it."""
        answers = self._answers
        return text if answers is None or answers.over else answers.feed(text)

    def line_is_cut(self) -> None:
        """The terminal is gone."""
        leave = getattr(self._app, "terminal_is_gone", self._app.exit)
        self._app.call_later(leave)


class TerminalInput:
    """Reads what is typed, from the event loop, until closed."""

    def __init__(self, terminal: int, loop: asyncio.AbstractEventLoop, driver: EditorDriver) -> None:
        self._terminal, self._loop, self._driver = terminal, loop, driver
        self._parser = XTermParser(driver._debug)
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._escape: asyncio.TimerHandle | None = None
        # after a stop by a signal the program goes on outside of any task: messages need the app's context
        driver.context = driver.context or copy_context()
        loop.add_reader(terminal, driver.context.run, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._terminal, READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            self._driver.line_is_cut()
            return
        text = self._driver.received(self._decoder.decode(data))
        if text:
            self._tell(self._parser.feed(text))

    def _tell(self, events: Iterable[Message]) -> None:
        for event in events:
            self._driver.process_message(event)
        if self._escape is None and getattr(self._parser, "_timeout_time", None) is not None:
            self._escape = self._loop.call_later(ESCAPE_POLL_SECONDS, self._look_for_escape)

    def _look_for_escape(self) -> None:
        """A lone Escape has no end: it is one when nothing follows."""
        self._escape = None
        self._tell(self._parser.tick())

    def close(self) -> None:
        """Read no more."""
        self._loop.remove_reader(self._terminal)
        if self._escape is not None:
            self._escape.cancel()
            self._escape = None


def driver_for_platform() -> type[Driver] | None:
    """The driver to use, or None where Textual's own is the right one (Windows)."""
    return EditorDriver if os.name == "posix" else None
