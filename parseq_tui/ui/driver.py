"""The terminal driver: Textual's, with a prompt Escape key, a quiet mouse, and an end when the line is cut.

Textual looks for the end of a lone Escape every 100 ms; here it is looked for every 10 ms while one is pending, which
brings Escape and Alt+letter from 102 ms to about 23 ms and costs nothing when idle. Mouse motion is reported only while
a button is held. End of input (the terminal is gone) is told to the app instead of being read for ever.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from typing import Final

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from parseq_tui.ui.glyphs import in_ascii
from parseq_tui.ui.terminal_answers import TerminalAnswers

ESCAPE_POLL_SECONDS: Final = 0.01
IDLE_POLL_SECONDS: Final = 0.1


class EditorDriver(LinuxDriver):
    """Used on every POSIX terminal; tests run headless without it."""

    ascii_only = False
    """Whether the terminal's font has nothing but ASCII: whatever is written is turned into that."""
    _answers: TerminalAnswers | None = None
    """Waits for what the terminal says of itself."""

    def ask(self, question: str, answers: TerminalAnswers | None) -> None:
        """Write a question; what comes is first looked through for the answers (None: not any more)."""
        self._answers = answers
        if question:
            self.write(question)
            self.flush()

    def write(self, data: str) -> None:
        super().write(in_ascii(data) if self.ascii_only else data)

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
        super().start_application_mode()  # type: ignore[no-untyped-call]

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
        """Read, decode and dispatch until told to stop."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_poll_seconds(parser)) and not self._read(parser, decode):
                    self._line_is_cut()
                    return
                for event in parser.tick():
                    self.process_message(event)
        try:
            for _ in parser.feed(""):
                pass
        except (EOFError, ParseError):
            return  # an escape sequence cut in half by leaving: nobody waits for it

    def _read(self, parser: XTermParser, decode: object) -> bool:
        """Feed what has arrived; False at the end of input."""
        try:
            data = os.read(self.fileno, 65536)
        except OSError:
            return False
        if not data:
            return False
        text: str = decode(data)  # type: ignore[operator]
        answers = self._answers
        if answers is not None and not answers.over:
            text = answers.feed(text)
        for event in parser.feed(text) if text else ():
            self.process_message(event)
        return True

    def _line_is_cut(self) -> None:
        leave = getattr(self._app, "terminal_is_gone", self._app.exit)
        self._app.call_later(leave)


def _poll_seconds(parser: XTermParser) -> float:
    waiting = getattr(parser, "_timeout_time", None) is not None
    return ESCAPE_POLL_SECONDS if waiting else IDLE_POLL_SECONDS


def driver_for_platform() -> type[Driver] | None:
    """The driver to use, or None where Textual's own is the right one (Windows)."""
    return EditorDriver if os.name == "posix" else None
