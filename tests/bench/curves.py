"""What the curves pane costs: `python tests/bench/curves.py [frames]`. CPU time, bytes over a real pty, and ratios.

Wall times on a shared machine mean little; CPU times, bytes and the ratios between the lines do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from parseq_tui.ui.drawing.decimate import extremes
from parseq_tui.ui.drawing.plot import ChartRequest, Curve, chart
from parseq_tui.ui.drawing.raster import DOTS
from parseq_tui.ui.drawing.sparkline import sparkline

UI_TESTS = Path(__file__).resolve().parents[1] / "ui"
sys.path.insert(0, str(UI_TESTS))
from pseudo_terminal import PseudoTerminal  # noqa: E402

WIDTH, HEIGHT, SERIES = 160, 20, 4
DEMO = UI_TESTS / "panes_demo.py"


def cpu_ms(run: Callable[[], object], times: int = 10) -> float:
    run()
    start = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - start) / times * 1e3


def plotext_alone(waves: list[np.ndarray]) -> None:
    """The same curves drawn by plotext, decimated as well as can be done for it."""
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(WIDTH, HEIGHT)
    for wave in waves:
        low, high = extremes(wave, 2 * WIDTH)
        points = np.stack((low, high), axis=1).reshape(-1)
        figure.draw(figure.signal(points.tolist(), marker="braille").lines(True))
    figure.build().string()


def drawing(frames: int) -> None:
    at = np.arange(frames, dtype=np.float64)
    waves = [np.sin(at / (50 + 40 * n)) + 0.1 * np.sin(at * n) for n in range(SERIES)]
    curves = tuple(Curve(str(n), wave, series=n) for n, wave in enumerate(waves))
    dots = WIDTH * DOTS["braille"][0]
    whole = cpu_ms(lambda: chart(ChartRequest(curves, WIDTH, HEIGHT, 0, frames)))
    print(f"{frames} frames x {SERIES} curves on {WIDTH}x{HEIGHT}, CPU ms")
    print(f"  the whole picture           {whole:8.1f}   1.0 x")
    for name, run in (
        ("of it: decimating", lambda: [extremes(wave, dots) for wave in waves]),
        ("the same drawn by plotext", lambda: plotext_alone(waves)),
        ("sparklines of all curves", lambda: [sparkline(wave, 12) for wave in waves]),
    ):
        cost = cpu_ms(run, times=5)
        print(f"  {name:27} {cost:8.1f}   {cost / whole:.2f} x")


def terminal(frames: int) -> None:
    session = PseudoTerminal([sys.executable, str(DEMO), "night", "/nonexistent/cat.json", str(frames)])
    first = session.read(quiet=1.5)
    print(f"in a terminal of 160x45 (without the editor's screen diff): {len(first.data)} bytes, {first.last:.2f} s")
    for name, key, times in (
        ("playhead one frame", b"\x1b[C", 20),
        ("playhead ten frames", b"\x1b[1;2C", 20),
        ("zoom in, picture built", b"+", 6),
        ("zoom out, picture built", b"-", 6),
    ):
        bursts = []
        for _ in range(times):
            session.send(key)
            bursts.append(session.read(quiet=0.4, timeout=1.0))
        size, wall = np.median([len(b.data) for b in bursts]), np.median([b.last for b in bursts]) * 1e3
        cpu = np.mean([b.cpu for b in bursts]) * 1e3
        print(f"  {name:27} {size:7.0f} B  {wall:7.1f} ms wall  {cpu:6.1f} ms CPU")
    idle = session.read(quiet=3.0, timeout=3.0)
    print(f"  {'idle for 3 s':27} {len(idle.data):7} B                   {idle.cpu * 1e3:6.1f} ms CPU")
    session.close()


if __name__ == "__main__":
    length = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    drawing(length)
    terminal(length)
