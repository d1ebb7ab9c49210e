"""Bytes to the terminal while a render runs and its frames are shown: `python tests/bench/render_traffic.py`.

A pretended worker makes ten frames a second of the worst kind (noise). Goal: at most 40 kB a second, however frames are
shown; prints kB/s and its ratio to the goal.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ui"))
from pretended_render import PretendedRender
from pseudo_terminal import PseudoTerminal

from parseq_tui.paths import bundled

GOAL = 40_000
SECONDS = 10.0
ANSWERS = {"half": {}, "sixel": {"attributes": b"\x1b[?62;4c"}, "kitty": {"pictures": b"\x1b_Gi=31;OK\x1b\\"}}


def traffic(folder: Path, pictures: str, columns: int, rows: int, *, large: bool) -> float:
    """Bytes a second."""
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", folder / "song.json"))
    render = PretendedRender(document, 10_000)
    home = {"PARSEQ_TUI_HOME": str(folder / "home"), "PARSEQ_TUI_PICTURES": pictures}
    command = [sys.executable, "-m", "parseq_tui", str(document)]
    terminal = PseudoTerminal(command, columns=columns, rows=rows, environment=home, **ANSWERS[pictures])
    try:
        terminal.read_until("frame")
        terminal.press(b" rr", quiet=0.5)
        if large:
            terminal.press(b"v", quiet=0.5)
        before, start = len(terminal.output), time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            render.frame()
            terminal.read(quiet=0.1, timeout=0.1)
        return (len(terminal.output) - before) / (time.perf_counter() - start)
    finally:
        terminal.close()
        render.close()


def main() -> None:
    """Every protocol, small and large."""
    for pictures in ANSWERS:
        for columns, rows in ((80, 24), (120, 40), (200, 60)):
            for large in (False, True):
                with tempfile.TemporaryDirectory() as folder:
                    rate = traffic(Path(folder), pictures, columns, rows, large=large)
                size = f"{columns}x{rows}{' large' if large else ''}"
                print(f"{pictures:6} {size:14} {rate / 1000:6.1f} kB/s   {rate / GOAL:.2f} of the goal")


if __name__ == "__main__":
    main()
