"""The editor in a real pty against its goals: `python tests/bench/editor.py`.

Prints each row of the table of goals: what was measured, the goal, and the ratio of the two (above 1: over the goal).
Not a test: times depend on the machine. Bytes and processor time hardly do; on a busy machine look at those.

    python tests/bench/editor.py                    everything
    python tests/bench/editor.py --only moves pages a few rows
    python tests/bench/editor.py --rendering model  the last rows with the bundled model (slow) and not the test engine
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ui"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from editor_documents import large_document, rendered_document
from pseudo_terminal import Burst, PseudoTerminal

from parseq_tui.render.client import RenderClient

UP, DOWN, RIGHT, PAGE_DOWN, PAGE_UP = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[6~", b"\x1b[5~"
HOME, ESCAPE = b"\x1b[1;5H", b"\x1b"
RENDER_PANE = b" rr"
RESTING = 0.25
"""Seconds between keys that are pressed one by one: every pane has followed by then."""
HELD = 1 / 30
SLOW_LINK = 250_000
"""Bytes per second."""


class Keys(NamedTuple):
    """What pressing a key many times came to, per key."""

    cpu: float
    """Milliseconds beyond those that the idle program uses anyway."""
    size: float
    """Bytes."""
    first: Sequence[float]
    """Milliseconds to the first byte."""
    last: Sequence[float]


class Bench:
    """Measures and prints."""

    def __init__(self, folder: Path, keyframes: int, fields: int, count: int, engine: str) -> None:
        self.folder, self.count, self.engine = folder, count, engine
        self.small, self.large = folder / "small.json", folder / "large.json"
        self.small.write_text(large_document(12, 4))
        self.large.write_text(large_document(keyframes, fields))
        self.idle: dict[Path, float] = {}
        """Seconds of processor time per second that the idle program uses."""

    def say(self, what: str, value: float, goal: float | None, unit: str, note: str = "") -> None:
        if goal is None:
            print(f"  {what:46} {value:9.2f} {unit:4} {'':22}   {note}", flush=True)
            return
        ratio = value / goal if goal else (0.0 if value == 0 else float("inf"))
        print(f"  {what:46} {value:9.2f} {unit:4} goal {goal:6g}  ratio {ratio:5.2f}   {note}", flush=True)

    @contextmanager
    def editor(self, path: Path, *, settled: bool = True, rate: float = 0.0) -> Iterator[PseudoTerminal]:
        """An editor with compiled modules, as an installed program has them."""
        environment = {
            "PARSEQ_TUI_HOME": str(self.folder / "home"), "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"), "SSH_CONNECTION": "",
        }  # fmt: skip
        command = [sys.executable, "-m", "parseq_tui", str(path)]
        terminal = PseudoTerminal(command, environment=environment, bytes_per_second=rate)
        try:
            if settled:
                terminal.read(quiet=2.5, timeout=60)
            yield terminal
        finally:
            terminal.close()

    def measure_idle(self, terminal: PseudoTerminal, path: Path, seconds: float = 3.0) -> int:
        """Bytes that an idle program sends; remembers what it computes."""
        burst = terminal.read(quiet=seconds, timeout=seconds)
        self.idle[path] = burst.cpu / seconds
        return len(burst.data)

    def press(self, terminal: PseudoTerminal, path: Path, keys: Sequence[bytes]) -> Keys:
        """Press keys one by one, with rests."""
        idle = self.idle.get(path, 0.0)
        bursts: list[Burst] = []
        spent = 0.0
        for key in keys:
            begun, before = time.perf_counter(), terminal.cpu()
            terminal.send(key)
            bursts.append(terminal.read(quiet=RESTING, timeout=RESTING))
            spent += terminal.cpu() - before - idle * (time.perf_counter() - begun)
        return Keys(
            spent * 1000 / len(keys),
            statistics.mean(len(burst.data) for burst in bursts),
            sorted(burst.first * 1000 for burst in bursts if burst.data),
            sorted(burst.last * 1000 for burst in bursts if burst.data),
        )

    # -- rows ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """First paint and memory."""
        for path, goal, most in ((self.small, 0.5, None), (self.large, 1.0, 120.0)):
            with self.editor(path):
                pass  # compiles
            with self.editor(path, settled=False) as terminal:
                begun = terminal.started
                first = terminal.read(quiet=0.0, timeout=30)
                painted = time.perf_counter()
                burst = terminal.read(quiet=0.8, timeout=30)
                last = painted - begun + burst.last
                self.say(
                    f"first paint, {path.stem}", last, goal, "s", f"{terminal.cpu():.2f} s CPU, {len(first.data)} B"
                )
                terminal.read(quiet=1.0, timeout=2.0)
                self.say(f"memory, {path.stem}", terminal.memory_megabytes(), most, "MB")

    def moves(self) -> None:
        """Cursor moves, one by one and held."""
        for path in (self.large, self.small):
            with self.editor(path) as terminal:
                self.press(terminal, path, [DOWN] * 6)
                sent = self.measure_idle(terminal, path)
                keys = self.press(terminal, path, [UP if index % 2 else DOWN for index in range(self.count)])
                note = f"first byte {_middle(keys.first):.1f} ms"
                self.say(f"cursor move, {path.stem}: CPU", keys.cpu, 3, "ms", note)
                self.say(f"cursor move, {path.stem}: bytes", keys.size, 500, "B")
                cpu, size = self.held(terminal, path, DOWN if path is self.large else UP, 2.0)
                self.say(f"cursor held, {path.stem}: CPU per key", cpu, 3, "ms")
                self.say(f"cursor held, {path.stem}: bytes per key", size, 500, "B")
                self.say(f"idle, {path.stem}", sent / 3, 0, "B/s", f"{self.idle[path] * 1000:.1f} ms CPU per second")

    def held(self, terminal: PseudoTerminal, path: Path, key: bytes, seconds: float) -> tuple[float, float]:
        """CPU milliseconds and bytes per key of a held key."""
        count, cpu, before = round(seconds / HELD), terminal.cpu(), len(terminal.output)
        begun = time.perf_counter()
        for _ in range(count):
            terminal.send(key)
            terminal.read(quiet=HELD, timeout=HELD)
        terminal.read(quiet=0.3, timeout=0.5)
        spent = terminal.cpu() - cpu - self.idle[path] * (time.perf_counter() - begun)
        return spent * 1000 / count, (len(terminal.output) - before) / count

    def pages(self) -> None:
        """Page down."""
        with self.editor(self.large) as terminal:
            self.press(terminal, self.large, [PAGE_DOWN] * 4)
            self.measure_idle(terminal, self.large)
            keys = self.press(terminal, self.large, [PAGE_DOWN] * self.count)
            self.say("page down: CPU", keys.cpu, 12, "ms", f"painted after {_middle(keys.first):.1f} ms")
            self.say("page down: bytes", keys.size, 18_000, "B")

    def typing(self) -> None:
        """Keys while typing in a cell."""
        with self.editor(self.large) as terminal:
            self.measure_idle(terminal, self.large)
            self.press(terminal, self.large, [b"1"])
            bursts = []
            for key in b"234567890" * 3:
                terminal.send(bytes([key]))
                bursts.append(terminal.read(quiet=0.02, timeout=0.05))  # faster than anything is tried out
            times = sorted(burst.first * 1000 for burst in bursts if burst.data)
            self.say("key while typing to its echo", _middle(times), 5, "ms", f"p95 {_late(times):.1f} ms")
            self.say("key while typing: CPU", statistics.median(burst.cpu for burst in bursts) * 1000, 5, "ms")
            self.say("key while typing: bytes", statistics.mean(len(burst.data) for burst in bursts), None, "B")

    def edits(self) -> None:
        """From a committed edit to the curves that follow from it."""
        with self.editor(self.large) as terminal:
            self.measure_idle(terminal, self.large)
            times, spent = [], []
            for index in range(10):
                before = terminal.cpu()
                terminal.send(b">" if index % 2 else b"<")
                burst = terminal.read(quiet=0.4, timeout=2.0)
                times.append(burst.last * 1000)
                spent.append((terminal.cpu() - before - 0.4 * self.idle[self.large]) * 1000)
            note = f"{_middle(sorted(spent)):.0f} ms CPU, {len(burst.data)} B"
            self.say("edit → curves repainted, 100,000 frames", _middle(sorted(times)), 100, "ms", note)

    def link(self) -> None:
        """Page down held over a slow link."""
        with self.editor(self.large, rate=SLOW_LINK) as terminal:
            end = time.perf_counter() + 3.0
            while time.perf_counter() < end:
                next_key = time.perf_counter() + HELD
                terminal.send(PAGE_DOWN)
                while (left := next_key - time.perf_counter()) > 0:
                    terminal.read(quiet=left, timeout=left)
            settling = terminal.read(quiet=0.3, timeout=10.0)
            self.say("250 kB/s, PgDn held 3 s: settles after", settling.last, 0.1, "s", f"{len(settling.data)} B")

    def rendering(self) -> None:
        """Traffic and keys while frames are rendered beside the editor, which shows them."""
        path = self.folder / "rendered.json"
        path.write_text(rendered_document(self.engine))
        command = [sys.executable, "-m", "parseq_tui", "render", str(path), "--detach", "--engine", self.engine]
        subprocess.run(command, check=True, capture_output=True)
        finished = FramesFinished(RenderClient(path))
        try:
            finished.wait_for_first()
            with self.editor(path) as terminal:
                terminal.press(RENDER_PANE)
                terminal.press(ESCAPE, quiet=0.3)
                self.watched(terminal, finished)
        finally:
            subprocess.run([sys.executable, "-m", "parseq_tui", "stop", str(path)], check=False, capture_output=True)
            finished.wait_for_last()

    def watched(self, terminal: PseudoTerminal, finished: FramesFinished) -> None:
        """The rows about a render that goes on."""
        seconds, count = 10.0, finished.count()
        before, spent = len(terminal.output), terminal.cpu()
        begun = time.perf_counter()
        while (left := begun + seconds - time.perf_counter()) > 0:
            terminal.read(quiet=left, timeout=left)
        made, passed = finished.count() - count, time.perf_counter() - begun
        note = f"{made / passed:.1f} frames/s, {(terminal.cpu() - spent) / passed * 1000:.0f} ms CPU per second"
        self.say("while rendering: traffic", (len(terminal.output) - before) / passed / 1000, 40, "kB/s", note)
        times, keys = [], random.Random(1)
        count = finished.count()
        for index in range(150):
            terminal.read(quiet=0.0, timeout=0.03 + keys.random() * 0.07)  # at any moment between two frames
            terminal.send(UP if index % 2 else DOWN)
            burst = terminal.read(quiet=0.0, timeout=1.0)
            times += [burst.first * 1000] if burst.data else []
        times.sort()
        note = f"median {_middle(times):.1f}, worst {times[-1]:.1f}, {finished.count() - count} frames meanwhile"
        self.say(f"keys while rendering ({self.engine}): p95", _late(times), 12, "ms", note)
        if not finished.goes_on():
            print("  the render had ended by then: these rows say nothing", flush=True)


class FramesFinished:
    """How far a render is."""

    def __init__(self, client: RenderClient) -> None:
        self._client = client

    def count(self) -> int:
        """Frames that the newest take has finished."""
        take = self._client.latest()
        path = None if take is None else take.frames_path
        return path.read_bytes().count(b"\n") if path is not None and path.exists() else 0

    def goes_on(self) -> bool:
        return self._client.running()

    def wait_for_first(self) -> None:
        """Raises TimeoutError."""
        end = time.perf_counter() + 120
        while not self.count():
            if time.perf_counter() > end:
                raise TimeoutError("no frame came in two minutes")
            time.sleep(0.1)

    def wait_for_last(self) -> None:
        """Until the render that was told to stop writes nothing more. Raises TimeoutError."""
        end = time.perf_counter() + 120
        while self.goes_on():
            if time.perf_counter() > end:
                raise TimeoutError("the render has not stopped in two minutes")
            time.sleep(0.1)


def _middle(values: Sequence[float]) -> float:
    return statistics.median(values) if values else float("nan")


def _late(values: Sequence[float]) -> float:
    return values[min(len(values) - 1, int(len(values) * 0.95))] if values else float("nan")


def main() -> None:
    rows: tuple[str, ...] = ("start", "moves", "typing", "edits", "pages", "link", "rendering")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=rows, default=rows)
    parser.add_argument("--keyframes", type=int, default=10_000)
    parser.add_argument("--fields", type=int, default=40)
    parser.add_argument("--count", type=int, default=20, help="presses per key")
    parser.add_argument("--rendering", choices=("test", "model"), default="test", help="what renders meanwhile")
    arguments = parser.parse_args()
    engine = "diffusers" if arguments.rendering == "model" else "test"
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), arguments.keyframes, arguments.fields, arguments.count, engine)
        print(f"{arguments.keyframes} keyframes × {arguments.fields} fields, 160 × 45")
        for name in arguments.only:
            row: Callable[[], None] = getattr(bench, name)
            row()


if __name__ == "__main__":
    main()
