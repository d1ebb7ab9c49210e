"""The editor in a real pty: start, memory, bytes and processor time per key, on a small and on a large document.

python tests/bench/editor.py            10,000 keyframes × 40 fields (and a small document), 160×45
python tests/bench/editor.py --keyframes 1000 --fields 10
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ui"))
from pseudo_terminal import PseudoTerminal

KEYS = {
    "down": b"\x1b[B", "right": b"\x1b[C", "page down": b"\x1b[6~", "type a digit": b"7", "nudge": b">",
}  # fmt: skip
GOALS = {
    "cursor down": "≤ 3 ms, ≤ 500 B", "held down, at the edge": "≤ 1 kB", "page down": "≤ 12 ms, ≤ 18 kB",
}  # fmt: skip


def large_document(keyframes: int, fields: int) -> str:
    """Every field has a value in every row, every third field a formula now and then."""
    names = [f"field_{index:02d}" for index in range(fields)]
    rows = []
    for index in range(keyframes):
        row: dict[str, object] = {"frame": index * 10}
        for place, name in enumerate(names):
            row[name] = round(((index * 37 + place * 11) % 1000) / 1000, 3)
            if place % 3 == 0 and index % 50 == 0:
                row[f"{name}_i"] = "L"
        rows.append(row)
    document = {
        "meta": {"generated_by": "parseq-tui"},
        "prompts": {"format": "v2", "enabled": True, "promptList": []},
        "options": {"output_fps": 20, "bpm": 120, "cadence": 1},
        "managedFields": names,
        "displayedFields": names,
        "keyframes": rows,
    }
    return json.dumps(document)


def phase(terminal: PseudoTerminal, name: str, key: bytes, count: int) -> None:
    """Press a key many times and print what it cost."""
    bursts, cpu = [], terminal.cpu()
    for _ in range(count):
        bursts.append(terminal.press(key))
    spent = (terminal.cpu() - cpu) / count * 1000
    latencies = sorted(burst.last * 1000 for burst in bursts)
    sizes = [len(burst.data) for burst in bursts]
    print(
        f"  {name:28} {statistics.mean(sizes):8.0f} B mean {statistics.median(sizes):8.0f} B median"
        f" {statistics.median(latencies):7.1f} ms median {latencies[int(len(latencies) * 0.95)]:7.1f} ms p95"
        f" {spent:6.1f} ms CPU   {GOALS.get(name, '')}"
    )


def held(terminal: PseudoTerminal, name: str, key: bytes, count: int) -> None:
    """Send a key as a held one repeats (30 per second): CPU without the cost of waking up for each."""
    cpu, before = terminal.cpu(), len(terminal.output)
    for _ in range(count):
        terminal.send(key)
        terminal.read(quiet=1 / 40, timeout=1 / 30)
    terminal.read(quiet=0.3)
    spent = (terminal.cpu() - cpu) / count * 1000
    size = (len(terminal.output) - before) / count
    print(f"  {name:28} {size:8.0f} B mean {spent:41.1f} ms CPU   {GOALS.get(name, '')}")


def start(path: Path, home: str) -> PseudoTerminal:
    """The editor, with compiled modules as an installed program has them."""
    environment = {"PARSEQ_TUI_HOME": home, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{home}/cache"}
    return PseudoTerminal([sys.executable, "-m", "parseq_tui", str(path)], environment=environment)


def run(path: Path, label: str, *, count: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        warm = start(path, home)
        warm.read(quiet=2.0, timeout=60)
        warm.close()
        terminal = start(path, home)
        try:
            first = terminal.read(quiet=0.0, timeout=30)
            begun = time.perf_counter()
            painted = terminal.read(quiet=0.7, timeout=30)
            print(
                f"{label}: first byte {first.first * 1000:.0f} ms,"
                f" last paint {(begun - terminal.started + painted.last) * 1000:.0f} ms,"
                f" {terminal.cpu() * 1000:.0f} ms CPU, {terminal.memory_megabytes():.0f} MB"
            )
            phase(terminal, "cursor down", KEYS["down"], count)
            held(terminal, "held down, at the edge", KEYS["down"], count * 4)
            phase(terminal, "cursor right", KEYS["right"], 10)
            phase(terminal, "page down", KEYS["page down"], 20)
            terminal.press(b"\x1b[H")
            phase(terminal, "nudge (an edit)", KEYS["nudge"], 10)
            phase(terminal, "type a digit", KEYS["type a digit"], 10)
            terminal.press(b"\x1b", quiet=0.3)
            idle = terminal.read(quiet=3.0, timeout=3.0)
            memory = terminal.memory_megabytes()
            print(f"  idle for 3 s: {len(idle.data)} B, {idle.cpu * 1000:.0f} ms CPU; {memory:.0f} MB")
        finally:
            terminal.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=10_000)
    parser.add_argument("--fields", type=int, default=40)
    parser.add_argument("--count", type=int, default=20, help="presses per key")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.json", Path(folder) / "large.json"
        small.write_text(large_document(12, 4))
        large.write_text(large_document(arguments.keyframes, arguments.fields))
        run(small, "small document", count=arguments.count)
        run(large, f"{arguments.keyframes} keyframes × {arguments.fields} fields", count=arguments.count)


if __name__ == "__main__":
    main()
