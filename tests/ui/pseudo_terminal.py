"""A real pseudo-terminal with a program in it: keys go in, bytes come out, and a screen can be read at the end."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE_SECONDS = 60.0
"""What does not come in this time never comes."""
_LOOK_SECONDS = 0.02
"""How often it is looked whether the program works on."""


class Burst(NamedTuple):
    """What came back after a key."""

    data: bytes
    first: float
    """Seconds from the key to the first byte."""
    last: float
    """Seconds from the key to the last byte."""
    cpu: float
    """Seconds of processor time the program used meanwhile."""


class PseudoTerminal:
    """A child under a pty of its own. It answers what terminals are asked at start."""

    def __init__(
        self,
        command: list[str],
        *,
        columns: int = 160,
        rows: int = 45,
        environment: dict[str, str] | None = None,
        toured: bool = True,
        bytes_per_second: float = 0.0,
        attributes: bytes = b"\x1b[?62;22c",
        pictures: bytes = b"",
    ) -> None:
        """`attributes`: what it says it can do (";4": sixel); `pictures`: its answer to a picture of kitty's.

        `toured`: whether the home in `environment` is that of somebody who has been offered the tour.

        `bytes_per_second`: what a slow link lets through; 0: as much as comes.
        """
        self.bytes_per_second = bytes_per_second
        self._answers = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b_Gi=31,": pictures, b"\x1b[c": attributes}
        self._free_at = 0.0
        if toured and environment and "PARSEQ_TUI_HOME" in environment:
            state = Path(environment["PARSEQ_TUI_HOME"], "state")
            state.mkdir(parents=True, exist_ok=True)
            (state / "toured").touch()
        self.columns, self.rows = columns, rows
        self.output = bytearray()
        self.started = time.perf_counter()
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            full = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})}
            full.pop("LINES", None)
            full.pop("COLUMNS", None)
            full.pop("TMUX", None)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], command, full)
        fcntl.ioctl(self._handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _chunk(self) -> bytes:
        """What has come; over a slow link a little, and not before that got through."""
        if not self.bytes_per_second:
            return os.read(self._handle, 65536)
        time.sleep(max(0.0, self._free_at - time.perf_counter()))
        chunk = os.read(self._handle, 1024)
        self._free_at = max(self._free_at, time.perf_counter()) + len(chunk) / self.bytes_per_second
        return chunk

    def read(self, *, quiet: float = 0.12, timeout: float = PATIENCE_SECONDS) -> Burst:
        """Everything that comes until the line has been silent for `quiet` seconds and the program was idle meanwhile.

        Where nothing comes at all, it is waited for a second at least.
        """
        cpu, start = self.cpu(), time.perf_counter()
        data, first, last, silent_since = bytearray(), 0.0, 0.0, start
        while (now := time.perf_counter()) - start < timeout:
            rest = silent_since + (quiet if data else max(quiet, 1.0)) - now
            if rest <= 0:
                break
            left = start + timeout - now
            ready, _, _ = select.select([self._handle], [], [], max(0.0, min(rest, left, _LOOK_SECONDS)))
            if not ready:
                if self._works():  # a busy machine gives it no time: that is not silence
                    silent_since = time.perf_counter()
                continue
            try:
                chunk = self._chunk()
            except OSError:
                break
            if not chunk:
                break
            silent_since = time.perf_counter()
            last = silent_since - start
            first = first or last
            data += chunk
            self.output += chunk
            self._answer(chunk)
        return Burst(bytes(data), first, last, self.cpu() - cpu)

    def _works(self) -> bool:
        """Whether any thread of the program computes, or would if it were given the time, or waits for a disk."""
        for task in Path(f"/proc/{self.pid}/task").glob("*"):
            try:
                state = (task / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue  # a thread that has just ended
            if state in "RD":
                return True
        return False

    def read_until(self, text: str, *, timeout: float = PATIENCE_SECONDS) -> None:
        """Wait until the screen shows a text. Raises TimeoutError with the screen."""
        end, seen = time.perf_counter() + timeout, -1
        while time.perf_counter() < end:
            self.read(quiet=0.05, timeout=0.3)
            if len(self.output) != seen and text in "\n".join(self.screen()):
                return
            seen = len(self.output)
        raise TimeoutError(f"{text!r} never came:\n" + "\n".join(self.screen()))

    def resize(self, columns: int, rows: int) -> None:
        """Another size; the kernel tells the program."""
        fcntl.ioctl(self._handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys: bytes) -> None:
        os.write(self._handle, keys)

    def send_all(self, data: bytes) -> None:
        """Send more than a terminal's buffer holds, reading what comes back meanwhile."""
        while data:
            ready, writable, _ = select.select([self._handle], [self._handle], [], 5.0)
            if ready:
                chunk = os.read(self._handle, 65536)
                self.output += chunk
                self._answer(chunk)
            if writable:
                data = data[os.write(self._handle, data[:4096]) :]

    def press(self, keys: bytes, *, quiet: float = 0.12) -> Burst:
        """Send keys and read what they cause."""
        cpu = self.cpu()
        self.send(keys)
        burst = self.read(quiet=quiet)
        return burst._replace(cpu=self.cpu() - cpu)

    def _answer(self, chunk: bytes) -> None:
        for question, answer in self._answers.items():
            fresh = bytes(self.output[-len(chunk) - len(question) + 1 :])  # it may have come in two pieces
            if answer and question in fresh:
                os.write(self._handle, answer)

    def screen(self) -> list[str]:
        """The rows of the screen as text."""
        return list(self._drawn().display)

    def cursor(self) -> tuple[int, int]:
        """Column and row of the terminal's own cursor, from 0."""
        cursor = self._drawn().cursor
        return cursor.x, cursor.y

    def _drawn(self) -> Any:
        import re

        import pyte

        screen = pyte.Screen(self.columns, self.rows)
        unknown = rb"\x1b\[[>=<][0-9;]*u|\x1b\[\?[0-9;]*\$p|\x1b[P_].*?\x1b\\"
        clean = re.sub(unknown, b"", bytes(self.output), flags=re.DOTALL)
        pyte.ByteStream(screen).feed(clean)
        return screen

    def cpu(self) -> float:
        """Processor seconds of the program so far, all threads that still run together."""
        spent = 0
        for task in Path(f"/proc/{self.pid}/task").glob("*"):
            try:
                spent += int((task / "schedstat").read_text().split()[0])  # nanoseconds
            except OSError:
                continue  # a thread that has just ended
        return spent / 1e9

    def memory_megabytes(self) -> float:
        """Resident memory."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def mapped(self) -> str:
        """What is mapped into the program's memory."""
        return Path(f"/proc/{self.pid}/maps").read_text()

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float = PATIENCE_SECONDS) -> int:
        """The exit code; reads on so that the program is never blocked. Raises TimeoutError."""
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read(quiet=0.02, timeout=0.1)
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            self.read(quiet=0.02, timeout=0.05)
        raise TimeoutError("the program did not end")

    def close(self) -> None:
        """End the program if it still runs."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
