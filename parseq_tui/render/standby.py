"""A worker that stays for a while after its last take, with its engine loaded, and is handed the next one.

It waits at a socket that only its user can reach. Whoever starts a render asks there first; a fresh worker is started
wherever nobody answers, or where what answers differs from a fresh one in anything a render could notice (`identity`).
The invariant: a folder's lock is never free in between and never held by two. Its descriptor is sent only to a worker
that has just answered; one that breaks off before it says "taken" does not render.

    launcher                                 worker
    {"ask": "take", "identity": …}      →
                                        ←    {"pid": 4711}              or it goes: a fresh one needs the memory
    {"takes": […], …} and the lock      →
                                        ←    {"taken": true}            and is a worker like any other

No torch and no image library: the editor lives with this module.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import parseq_tui
from parseq_tui.errors import RenderError
from parseq_tui.paths import user_runtime
from parseq_tui.render.lock import FolderLock, Holder
from parseq_tui.render.take import Take

_PATIENCE = 1.0
"""Seconds a partner has for each word."""
_LONGEST = 1 << 16
"""Bytes of a message."""
_OF_A_TERMINAL = re.compile(
    r"_|COLORTERM|COLUMNS|DIRENV_.*|DISPLAY|ESCDELAY|HIST.*|LINES|LS_COLORS|NO_COLOR|(OLD)?PWD|PATH|PS1|SHLVL|SSH_.*|STY"
    r"|TERM(_.*)?|TEXTUAL_.*|TMUX(_.*)?|WAYLAND_DISPLAY|WINDOW(ID)?|XAUTHORITY|XDG_S(ESSION|EAT)(_.*)?|XDG_VTNR|ZELLIJ"
    r"|(ALACRITTY|ATUIN|GHOSTTY|GNOME_TERMINAL|ITERM|KITTY|KONSOLE|STARSHIP|VSCODE|VTE|WEZTERM|ZELLIJ)_.*"
)
"""Environment variables that say where a program is looked at and started from: no render depends on them, for it
starts no program by its name. A kept engine serves every window of its user."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A worker that waits."""

    pid: int
    until: float
    """Unix seconds at which it goes by itself."""
    bytes: int
    """Memory it takes on the host."""
    model: str = ""
    """What it has loaded: "diffusers tiny"."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What a waiting worker was given."""

    takes: tuple[Take, ...]
    lock: FolderLock
    linger: float
    """Seconds it shall wait again after these takes."""


def identity(take: Take) -> str:
    """A digest of all that makes one worker process unlike another: program, interpreter, environment, priority.

    Of a process that was just started, or could start one now, to render this take.
    """
    package = Path(parseq_tui.__file__).parent
    code = [(str(file), file.stat().st_mtime_ns) for file in sorted(package.rglob("*.py"))]
    environment = {name: text for name, text in os.environ.items() if not _OF_A_TERMINAL.fullmatch(name)}
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    priority = os.getpriority(os.PRIO_PROCESS, 0)
    program = [parseq_tui.__version__, code, sys.executable, sys.version]
    parts = [program, sorted(environment.items()), cores, priority, on_gpu(take)]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogateescape")).hexdigest()


def on_gpu(take: Take) -> bool:
    """Whether it will be rendered on a card, so that its worker does not stand back for other programs."""
    try:
        device = take.job.device
    except RenderError:
        return False  # the worker will say what is wrong with the job
    return device.startswith("cuda") or (device == "auto" and Path("/dev/nvidiactl").exists())


# -- the launcher's side -----------------------------------------------------------------------------------------------


def hand_over(takes: Sequence[Take], held: FolderLock, linger: float, folder: Path) -> bool:
    """Give takes of a locked render folder to a worker that waits; False: there is none, so start a fresh one.

    `linger`: seconds it shall wait after them; `folder`: its current folder while it renders them. Workers that wait
    and cannot be used go: a fresh one will need the memory.
    """
    places = list(_places())
    if not places:
        return False
    words = {"takes": [str(take.folder) for take in takes], "linger": linger, "folder": str(folder)}
    own = identity(takes[0])
    return any(_handed(place, own, words, takes, held) for place in places)


def waiting() -> list[Waiting]:
    """The workers that wait with an engine, as they describe themselves."""
    return [described for place in _places() if (described := _described(place.with_suffix(".json"))) is not None]


def _described(file: Path) -> Waiting | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _is_free(descriptor):
            return None  # it is what a killed one left
        content = json.loads(os.pread(descriptor, _LONGEST, 0))
        return Waiting(int(content["pid"]), float(content["until"]), int(content["bytes"]), str(content["model"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it is just beginning to wait
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def let_go() -> int:
    """Ask every worker that waits to go; returns how many were told."""
    told = 0
    for place in _places():
        with _connected(place) as partner:
            if partner is not None and _send(partner, {"ask": "leave"}):
                told += 1
    return told


def _handed(place: Path, own: str, words: dict[str, Any], takes: Sequence[Take], held: FolderLock) -> bool:
    with _connected(place) as partner:
        if partner is None or not _send(partner, {"ask": "take", "identity": own}):
            return False
        try:
            pid = _received(partner).get("pid")
        except TimeoutError:
            return False  # it does not run; it has not been given anything
        if not isinstance(pid, int):
            return False
        # written now: the worker may be through with all of it before this process runs again
        held.describe(Holder(pid, takes[0].name, socket.gethostname(), tuple(take.name for take in takes[1:])))
        if not _send(partner, words, held.descriptor):
            return False
        try:
            return bool(_received(partner).get("taken"))
        except TimeoutError:
            return True  # it was told to render and has the lock: no second worker may begin


class _connected:  # noqa: N801 - read as a verb: with _connected(place) as partner
    """A connection to a waiting worker; None if there is no worker behind the name, which is then removed."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._partner: socket.socket | None = None

    def __enter__(self) -> socket.socket | None:
        partner = socket.socket(socket.AF_UNIX)
        partner.settimeout(_PATIENCE)
        try:
            partner.connect(str(self._place))
        except ConnectionRefusedError:
            partner.close()
            _remove(self._place)  # its worker was killed
        except OSError:
            partner.close()
        else:
            self._partner = partner
        return self._partner

    def __exit__(self, *_: object) -> None:
        if self._partner is not None:
            self._partner.close()


def _places() -> Iterator[Path]:
    """Sockets of workers that wait, or waited until they were killed."""
    folder = user_runtime()
    if _is_ours(folder):
        yield from sorted(folder.glob("worker-*.sock"))


# -- the worker's side -------------------------------------------------------------------------------------------------


class Standby:
    """The place where a worker waits. Open it before the folder's lock is let go, so that nobody misses it."""

    def __init__(self, own: str, listening: socket.socket, place: Path) -> None:
        self._own = own
        self._listening = listening
        self._place = place
        self._about = -1

    @classmethod
    def open(cls, own: str) -> Standby | None:
        """`own`: this process' `identity` as it was at its start. None where no worker can wait: not a failure."""
        folder = user_runtime()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(folder):
                return None
            let_go()  # one engine in memory is enough: the newest
            place = folder / f"worker-{os.getpid()}.sock"
            _remove(place)
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(place))
            place.chmod(0o600)
            listening.listen(4)
        except OSError:
            return None  # a read-only place, or a path too long for a socket
        return cls(own, listening, place)

    def wait(self, seconds: float, model: str) -> Handed | None:
        """Wait to be handed takes; None: nobody came, or somebody asked it to go. The place is closed either way.

        `model`: engine and model, for those who ask what waits here.
        """
        until = time.monotonic() + seconds
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)
        try:
            self._describe(Waiting(os.getpid(), time.time() + seconds, _memory(), model))
            while (left := until - time.monotonic()) > 0:
                self._listening.settimeout(left)
                partner, _ = self._listening.accept()
                with partner:
                    partner.settimeout(10 * _PATIENCE)  # one that is gone hangs up; a slow one comes back
                    with suppress(TimeoutError):
                        asked = _received(partner)
                        if asked and (asked.get("ask"), asked.get("identity")) != ("take", self._own):
                            return None
                        if asked and (handed := self._given(partner)) is not None:
                            return handed
        except OSError:
            return None  # its time is over, or the folder is gone and nobody will find it any more
        finally:
            self.close()
        return None

    def _given(self, partner: socket.socket) -> Handed | None:
        """Takes and the lock of their folder; None if the partner thought better of it."""
        if not _send(partner, {"pid": os.getpid()}):
            return None
        words, descriptors = _received_with(partner)
        handed = _checked(words, descriptors)
        if handed is None:
            for descriptor in descriptors:
                os.close(descriptor)
            return None
        os.chdir(words["folder"])
        self.close()
        _send(partner, {"taken": True})  # should nobody hear it any more, the takes were asked for all the same
        return handed

    def _describe(self, about: Waiting) -> None:
        """Say what waits here, in a file that is locked for as long as that is true."""
        self._about = os.open(self._place.with_suffix(".json"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._about, fcntl.LOCK_EX)
        os.pwrite(self._about, json.dumps(asdict(about)).encode(), 0)

    def close(self) -> None:
        self._listening.close()
        _remove(self._place)
        if self._about >= 0:
            os.close(self._about)
            self._about = -1


def _checked(words: dict[str, Any], descriptors: Sequence[int]) -> Handed | None:
    """What was handed over, if it is takes and the lock of the folder they lie in."""
    try:
        takes = tuple(Take(Path(folder)) for folder in words["takes"])
        (descriptor,) = descriptors
        there, sent = os.stat(takes[0].render_folder / "lock"), os.fstat(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it is held through this descriptor, or by another one
        if (there.st_dev, there.st_ino) != (sent.st_dev, sent.st_ino) or not Path(words["folder"]).is_dir():
            return None
        return Handed(takes, FolderLock(descriptor), float(words["linger"]))
    except (OSError, KeyError, TypeError, ValueError, IndexError):
        return None


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


# -- both sides --------------------------------------------------------------------------------------------------------


def _send(partner: socket.socket, words: dict[str, Any], *descriptors: int) -> bool:
    """Whether a message went off."""
    line = json.dumps(words).encode() + b"\n"
    try:
        if len(line) > _LONGEST:
            return False
        sent = socket.send_fds(partner, [line], list(descriptors)) if descriptors else 0
        if sent < len(line):  # sending nothing fails where the partner has answered and gone already
            partner.sendall(line[sent:])
    except OSError:
        return False
    return True


def _received(partner: socket.socket) -> dict[str, Any]:
    """A message; empty if the partner broke off. Raises TimeoutError."""
    words, descriptors = _received_with(partner)
    for descriptor in descriptors:
        os.close(descriptor)
    return words


def _received_with(partner: socket.socket) -> tuple[dict[str, Any], list[int]]:
    line, descriptors = b"", list[int]()
    try:
        while not line.endswith(b"\n") and len(line) <= _LONGEST:
            part, more, _, _ = socket.recv_fds(partner, 4096, 4)
            for descriptor in more:
                os.set_inheritable(descriptor, False)
            descriptors += more
            if not part:
                break
            line += part
    except ConnectionError:
        line = b""
    try:
        words = json.loads(line)
    except ValueError:
        return {}, descriptors
    return (words if isinstance(words, dict) else {}), descriptors


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder of this user that nobody else can reach into."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _remove(place: Path) -> None:
    for path in (place, place.with_suffix(".json")):
        with suppress(OSError):  # another one was quicker, or nobody may write there any more
            path.unlink()


def _memory() -> int:
    """Bytes this process takes; 0 where that cannot be told."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
