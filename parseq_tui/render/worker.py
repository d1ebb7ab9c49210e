"""The process that renders: `python -m parseq_tui.render.worker TAKE_FOLDER…`. It writes files; nobody talks to it.

It runs in a session of its own, ignores the terminal's hang-up, and holds the folder's lock for life. Whatever happens
ends in an `Ended` event; tracebacks go to worker.log only. Killed at any instant it leaves a true state: a frame is in
the cache, whole, or it is not. Libraries are imported behind that border too: one that is broken is a message as well.
Several takes are rendered one after the other, with one engine; after one that does not end well the rest is left.
Asked to (`--linger`), it then waits for more (render/standby.py); a take it is handed is rendered as by a fresh worker.
"""

from __future__ import annotations

import argparse
import errno
import faulthandler
import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from parseq_tui.errors import ParseqError
from parseq_tui.render.engine_shelf import EngineShelf
from parseq_tui.render.lock import FolderLock, Holder
from parseq_tui.render.messages import Ended, Outcome, Started
from parseq_tui.render.standby import Handed, Standby, identity, on_gpu
from parseq_tui.render.storage import FULL, unwritable
from parseq_tui.render.take import LineLog, Take, point_latest

if TYPE_CHECKING:
    from parseq_tui.render.production import Production


class StopSwitch:
    """Whether somebody asked to stop or to wait after this frame: by a file, or (to stop) by SIGTERM or SIGINT."""

    def __init__(self, path: Path, pause: Path | None = None) -> None:
        self._path, self._pause = path, pause
        self.signalled = False

    def listen(self, *, again: bool = False) -> None:
        """`again`: the take was run before, so what was asked then does not count. Otherwise it was asked of us."""
        for path in (self._path, self._pause):
            if again and path is not None:
                path.unlink(missing_ok=True)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def asked(self) -> bool:
        return self.signalled or self._path.exists()

    def paused(self) -> bool:
        return self._pause is not None and self._pause.exists() and not self.asked()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.signalled = True


class Worker:
    """Runs a take and turns whatever happens into its last event."""

    def __init__(self, take: Take, stop: StopSwitch, engines: EngineShelf | None = None) -> None:
        self.take = take
        self._stop = stop
        self._engines = engines or EngineShelf()
        self._began = time.time()
        self._events = LineLog(take.events_path)
        self._production: Production | None = None
        self._spare = take.folder / ".spare"

    def run(self) -> Outcome:
        try:
            self._spare.write_bytes(bytes(16384))  # room for the last words on a disk that gets full

            from parseq_tui.render.production import Production

            self._production = Production(self.take, self._events, self._stop.asked, self._stop.paused, self._engines)
            outcome, video = self._production.run()
        except ParseqError as error:
            return self._failed(error.message, error.hint)
        except MemoryError:
            return self._failed("there is not enough memory", "render smaller frames, or close other programs")
        except ImportError as error:
            traceback.print_exc()
            return self._failed(f"the renderer cannot be loaded: {error}", "install the program again; try doctor")
        except OSError as error:
            if error.errno in (*FULL, errno.EFBIG):
                told = unwritable(self.take.folder, error)
                return self._failed(told.message, told.hint)
            traceback.print_exc()
            closed = isinstance(error, PermissionError)
            hint = "mend its permissions, then render again" if closed else f"see {self.take.log_path}"
            return self._failed(f"{error.filename or self.take.folder}: {error.strerror}", hint)
        except Exception as error:  # noqa: BLE001 - the border: the message goes to the user, the traceback to worker.log
            traceback.print_exc()
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            return self._failed(f"the render failed unexpectedly ({what})", f"see {self.take.log_path}")
        self._end(outcome, video=str(video or ""))
        return outcome

    def close(self) -> None:
        self._events.close()

    def leave(self, outcome: Outcome) -> None:
        """Say that this take is not begun, since the one before it ended like this."""
        why = "failed" if outcome == "failed" else "was stopped"
        self._end("stopped", message=f"it was not begun: the take before it {why}", hint="render again")

    def _failed(self, message: str, hint: str) -> Outcome:
        self._end("failed", message=message, hint=hint)
        return "failed"

    def _end(self, outcome: Outcome, *, video: str = "", message: str = "", hint: str = "") -> None:
        self._spare.unlink(missing_ok=True)
        now = time.time()
        rendered, reused = self._production.counts if self._production else (0, 0)
        self._events.event(Ended(now, outcome, rendered, reused, now - self._began, video, message, hint))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run takes, one after the other, and those handed over later. Exit status 0: done or stopped; 1: failed."""
    parser = argparse.ArgumentParser(prog="parseq_tui.render.worker")
    parser.add_argument("takes", type=Path, nargs="+", help="folders of the takes")
    parser.add_argument("--lock-fd", type=int, default=None, help="descriptor of the folder's lock, already held")
    parser.add_argument("--linger", type=float, default=0.0, help="seconds to wait for more takes after the last one")
    chosen = parser.parse_args(arguments)
    faulthandler.enable()
    takes: Sequence[Take] = [Take(folder.absolute()) for folder in chosen.takes]
    linger, own = chosen.linger, identity(takes[0]) if chosen.linger > 0 else ""  # before anything in it changes
    lock = _lock(takes[0], chosen.lock_fd)
    if not on_gpu(takes[0]):
        _stand_back()
    engines = EngineShelf()
    try:
        while True:
            outcome, asked_to_go = _run(takes, lock, engines)
            stays = linger > 0 and outcome != "failed" and not asked_to_go
            standby = Standby.open(own) if stays else None
            lock.close()
            handed = None if standby is None else _waited(standby, linger, takes[-1])
            if handed is None:
                return 1 if outcome == "failed" else 0
            takes, lock, linger = handed.takes, handed.lock, max(linger, handed.linger)
    finally:
        engines.close()


def _stand_back() -> None:
    """The editor and its terminal come first.

    A nice value counts within a session only where Linux groups processes by session (sched(7)), and the worker has
    one of its own: there the whole group stands back.
    """
    os.nice(5)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # other systems, and kernels without groups, need no more than the nice value
            Path("/proc/self/autogroup").write_text("10")


def _run(takes: Sequence[Take], lock: FolderLock, engines: EngineShelf) -> tuple[Outcome, bool]:
    """How the last take ended, and whether this process was asked to go by a signal."""
    outcome: Outcome = "done"
    switches = [StopSwitch(take.stop_path, take.pause_path) for take in takes]
    for number, (take, switch) in enumerate(zip(takes, switches, strict=True)):
        worker = Worker(take, switch, engines)
        if outcome != "done":
            worker.leave(outcome)
        else:
            waiting = tuple(later.name for later in takes[number + 1 :])
            lock.describe(Holder(os.getpid(), take.name, socket.gethostname(), waiting))
            if number:
                point_latest(take.render_folder, take)
            switch.listen(again=take.events_path.stat().st_size > 0)
            outcome = worker.run()
        worker.close()
    return outcome, any(switch.signalled for switch in switches)


def _waited(standby: Standby, seconds: float, last: Take) -> Handed | None:
    """Wait for more takes, out of everybody's way: no take is written to, no folder is held."""
    gc.collect()
    _print_to(Path(os.devnull))
    os.chdir("/")
    makers = [event.maker for event in last.tail().poll() if isinstance(event, Started)]
    handed = standby.wait(seconds, makers[-1] if makers else "")
    if handed is not None:
        _print_to(handed.takes[0].log_path)
    return handed


def _print_to(path: Path) -> None:
    """Whatever libraries print goes there from now on."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)


def _lock(take: Take, descriptor: int | None) -> FolderLock:
    if descriptor is None:
        return FolderLock.acquire(take.render_folder / "lock")
    os.set_inheritable(descriptor, False)  # a child that outlives us must not keep the folder locked
    return FolderLock(descriptor)


if __name__ == "__main__":
    sys.exit(main())
