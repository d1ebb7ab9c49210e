"""How long each command of the registry keeps the editor from answering: `python tests/bench/every_command.py`.

Runs the editor without a terminal on a document of 10,000 keyframes × 40 fields, does every command that is declared,
on one cell and without arguments (those that need one get an example), and prints those that held the event loop
longest: what its thread computed in one go (`own`), and all threads meanwhile (`all`), in milliseconds. Bulk actions on
whole tables have a bench of their own, `loop_holds.py`. Not a test.

    python tests/bench/every_command.py                  the longest twenty
    python tests/bench/every_command.py --only go.frame  some commands
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from editor_documents import large_document
from loop_holds import GOAL_MILLISECONDS, Bench, Watch, bench_on
from textual.screen import Screen

from parseq_tui.ui.commands import COMMANDS
from parseq_tui.ui.screens.editor import EditorScreen

LEFT_OUT = frozenset({
    "application.quit", "application.save_and_quit", "application.discard_and_quit", "application.suspend",
    "document.outside", "cell.outside",
})  # fmt: skip
"""They end the program, stop it, or give the terminal to another one."""
RENDERS = "render."
"""What begins so starts, stops or follows a worker, in a process of its own."""
ARGUMENTS = {
    "go.frame": "5000", "go.beat": "900", "go.time": "1:00", "go.column": "field_30", "find.text": "nothing like it",
    "cell.set": "1.5", "cell.compute": "x*2", "bulk.set": "field_01 2 where frame<100", "row.move": "+5",
    "row.insert_at": "5001", "row.label": "drop", "view.width": "20", "document.rename": "other",
    "fill.expression": "x", "document.fps": "25", "document.bpm": "100",
}  # fmt: skip
WATCHED_SECONDS = 0.35
"""After a command: by then every pane has followed."""
SHOWN = 20


def measured_here(name: str) -> bool:
    return name not in LEFT_OUT and not name.startswith(RENDERS)


async def hold(bench: Bench, name: str) -> tuple[float, float]:
    """Milliseconds that a command held the loop: in its own thread, in all."""
    desk, app = bench.screen.desk, bench.screen.app
    desk.perform("select.none")
    await bench.settled()
    watch = Watch()
    watching = asyncio.create_task(watch.run())
    await asyncio.sleep(0.02)
    watch.in_one_go = watch.by_all = 0.0
    desk.perform(name, ARGUMENTS.get(name, ""))
    end = time.perf_counter() + WATCHED_SECONDS
    while time.perf_counter() < end or bench.busy:
        await asyncio.sleep(0.01)
    watching.cancel()
    await back(bench.screen, app.screen)
    return watch.in_one_go, watch.by_all


async def back(editor: EditorScreen, top: Screen[object]) -> None:
    """Leave what a command has opened."""
    while editor.app.screen is not editor:
        editor.app.pop_screen()
        await asyncio.sleep(0.02)
    for entry in (editor.formula, editor.open_entry):
        if entry is not None and entry.editing:
            editor.leave_entry(entry)
    editor.show_pane("table")


async def run(names: list[str], folder: Path, keyframes: int, fields: int) -> None:
    path = folder / "large.json"
    path.write_text(large_document(keyframes, fields))
    holds: dict[str, tuple[float, float]] = {}
    async with bench_on(path) as bench:
        for name in names:
            holds[name] = await hold(bench, name)
            while bench.screen.session.history.undo_label:
                bench.screen.session.undo()
    longest = sorted(holds, key=lambda name: -holds[name][0])
    for name in longest[:SHOWN]:
        own, by_all = holds[name]
        print(f"  {name:28} own {own:6.1f}  all {by_all:6.1f} ms  ratio {own / GOAL_MILLISECONDS:5.2f}", flush=True)
    over = sum(own > GOAL_MILLISECONDS for own, _ in holds.values())
    print(f"{len(holds)} commands, {over} held the loop for more than {GOAL_MILLISECONDS:g} ms")


def main() -> None:
    every = [name for name in COMMANDS if measured_here(name)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=every, default=every, metavar="COMMAND")
    parser.add_argument("--keyframes", type=int, default=10_000)
    parser.add_argument("--fields", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["PARSEQ_TUI_HOME"] = str(Path(folder) / "home")
        asyncio.run(run(arguments.only, Path(folder), arguments.keyframes, arguments.fields))


if __name__ == "__main__":
    main()
