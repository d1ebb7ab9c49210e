"""How long bulk actions keep the editor from answering: `python tests/bench/loop_holds.py`.

Runs the editor without a terminal on a document of 10,000 keyframes × 40 fields, does each bulk action in it, and
prints how long the event loop was held at most. `late`: how late a timer of 1 ms came, by the wall clock. `own`: how
long the loop's own thread computed in one go; `all`: how long all threads together did between two turns of the loop
(processor time, which other programs cannot spoil: the hold is between the two). Then what the whole action took, and
how long keys that were pressed meanwhile took to move the cursor. Above 16 ms the ratio is above 1. Not a test.

    python tests/bench/loop_holds.py                    everything
    python tests/bench/loop_holds.py --only clear merge a few rows
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ui"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from editor_documents import large_document
from textual import events

from parseq_tui.hot_reload import Follower
from parseq_tui.paths import recovery_folder
from parseq_tui.recovery import Draft, Journal
from parseq_tui.session import Session
from parseq_tui.settings import Settings
from parseq_tui.ui import memory
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.errands import make_way
from parseq_tui.ui.screens.editor import EditorScreen

GOAL_MILLISECONDS = 16.0
TICK = 0.001
KEY_EVERY = 0.02
QUIET = 0.25
"""Seconds without anything going on, after which an action counts as done."""


@dataclass
class Watch:
    """A timer of 1 ms, and what kept it from coming."""

    late: float = 0.0
    in_one_go: float = 0.0
    by_all: float = 0.0

    async def run(self) -> None:
        wall, own, all_threads = time.perf_counter(), time.thread_time(), time.process_time()
        while True:
            await asyncio.sleep(TICK)
            now, spent, by_all = time.perf_counter(), time.thread_time(), time.process_time()
            self.late = max(self.late, (now - wall - TICK) * 1000)
            self.in_one_go = max(self.in_one_go, (spent - own) * 1000)
            self.by_all = max(self.by_all, (by_all - all_threads) * 1000)
            wall, own, all_threads = now, spent, by_all


class Bench:
    """One editor, and the actions done in it."""

    def __init__(self, app: EditorApp, path: Path) -> None:
        self.app, self.path = app, path

    @property
    def screen(self) -> EditorScreen:
        """The document's, which is another one once another document is opened."""
        assert self.app.editor is not None
        return self.app.editor

    @property
    def busy(self) -> bool:
        """Whether something goes on in the editor."""
        screen = self.screen
        writing = any(
            worker.name in ("save", "reload", "recover", "renders") and worker.is_running
            for worker in screen.app.workers
        )
        return (
            screen.errands.busy
            or not screen.session.baked
            or screen.bakery._task is not None
            or writing
            or screen.files.autosave._writing
        )

    async def settled(self) -> None:
        quiet_since = time.perf_counter()
        while time.perf_counter() - quiet_since < QUIET:
            await asyncio.sleep(0.005)
            if self.busy:
                quiet_since = time.perf_counter()

    async def measured(self, name: str, action: Callable[[], Awaitable[None] | None], *, keys: bool = True) -> None:
        """Do it, press keys until it is done, print a row."""
        await self.settled()
        watch = Watch()
        watching = asyncio.create_task(watch.run())
        await asyncio.sleep(0.02)
        watch.late, watch.in_one_go, watch.by_all = 0.0, 0.0, 0.0
        begun, cpu = time.perf_counter(), time.process_time()
        doing = action()
        if doing is not None:
            await doing
        echoes: list[float] = []
        quiet_since = time.perf_counter()
        done = begun
        while time.perf_counter() - quiet_since < QUIET:
            if keys and self.busy:
                echoes.append(await self.echo())
            await asyncio.sleep(KEY_EVERY)
            if self.busy:
                quiet_since = done = time.perf_counter()
        watching.cancel()
        held = f"late {watch.late:6.1f}  own {watch.in_one_go:6.1f}  all {watch.by_all:6.1f} ms"
        took = f"done after {(done - begun) * 1000:5.0f} ms, {(time.process_time() - cpu) * 1000:5.0f} ms CPU"
        said = f"keys {max(echoes):5.1f} ms" if echoes else ""
        print(f"  {name:34} {held}  ratio {watch.by_all / GOAL_MILLISECONDS:5.2f}   {took}  {said}", flush=True)

    async def echo(self) -> float:
        """Milliseconds from a key to the cursor's move."""
        before, begun = self.screen.desk.view.row, time.perf_counter()
        self.screen.app.post_message(events.Key("up" if before else "down", None))
        while self.screen.desk.view.row == before and time.perf_counter() - begun < 2:
            await asyncio.sleep(0)
        return (time.perf_counter() - begun) * 1000

    # -- actions ---------------------------------------------------------------------------------------------------

    def select(self, *, rows: int = 0, columns: bool = False) -> None:
        """Everything, the first so many rows behind the first one, or the column under the cursor."""
        desk = self.screen.desk
        desk.perform("select.none")
        if rows:
            desk.look(replace(desk.view, row=rows, anchor=(1, 2), reach="rows"))
        elif columns:
            desk.look(replace(desk.view, row=5, column=2, anchor=(5, 2), reach="columns"))
        else:
            desk.perform("select.all")

    def doing(self, name: str, argument: str = "") -> Callable[[], None]:
        return lambda: self.screen.desk.perform(name, argument)

    async def edit(self, title: str, name: str, argument: str = "", *, rows: int = 0, columns: bool = False) -> None:
        """An action on a selection, and its undo."""
        self.select(rows=rows, columns=columns)
        await self.measured(title, self.doing(name, argument))
        await self.measured(f"{title}: undo", self.doing("document.undo"))

    async def clear(self) -> None:
        await self.edit("clear all", "cell.clear")

    async def cut(self) -> None:
        await self.edit("cut all", "clipboard.cut")

    async def copy(self) -> None:
        self.select()
        await self.measured("copy all", self.doing("clipboard.copy"))
        self.select(rows=2_000)
        await self.measured("copy 2,000 rows", self.doing("clipboard.copy"))
        self.screen.desk.perform("select.none")
        self.screen.desk.look(replace(self.screen.desk.view, row=4_000))
        await self.measured("paste them", self.doing("clipboard.paste"))
        await self.measured("paste them: undo", self.doing("document.undo"))
        await self.measured("copy with heads", self.doing("clipboard.copy_table"))
        self.screen.session.clipboard = ""

    async def paste(self) -> None:
        line = "\t".join(str(number / 8) for number in range(40))
        text = "\n".join([line] * (1_000_000 // len(line)))
        self.screen.desk.perform("select.none")
        self.screen.desk.look(replace(self.screen.desk.view, row=0, column=2))
        event = events.Paste(text)
        await self.measured("paste 1 MB", lambda: self.screen.on_paste(event))
        await self.measured("paste 1 MB: undo", self.doing("document.undo"))

    async def nudge(self) -> None:
        await self.edit("nudge a column", "nudge.up", columns=True)
        await self.edit("nudge all", "nudge.up")

    async def fill(self) -> None:
        await self.edit("fill a column down", "fill.down", columns=True)
        await self.edit("fill a column linearly", "fill.linear", columns=True)
        await self.edit("fill a column with sin(p=4b)", "fill.expression", "sin(p=4b)", columns=True)
        await self.edit("fill all down", "fill.down")
        await self.edit("compute a column", "cell.compute", "x*1.1", columns=True)
        await self.edit("set all cells", "cell.set", "1.5")
        await self.edit("cycle interpolation of a column", "interpolation.cycle", columns=True)

    async def replace(self) -> None:
        await self.edit("replace everywhere", "bulk.replace", "/L/S/")
        await self.edit("set on many rows", "bulk.set", "field_01 2 where field_02=*")
        self.screen.desk.perform("select.none")
        await self.measured("find a label", self.doing("find.text", "nothing like it"))

    async def rows(self) -> None:
        await self.edit("move all rows", "row.move", "+5")
        await self.edit("stretch all rows", "row.stretch", "2")
        await self.edit("delete 5,000 rows", "row.delete", rows=5_000)
        await self.edit("label all rows", "bulk.label", "drop")
        await self.edit("rows at every 4 frames", "row.every", "4")

    async def rates(self) -> None:
        from parseq_tui.timeline.edits import SetLock

        screen = self.screen
        screen.apply(SetLock("seconds"))
        await self.measured("fps, locked to seconds", self.doing("document.fps", "30"))
        await self.measured("fps: undo", self.doing("document.undo"))

    async def save(self) -> None:
        self.select()
        await self.measured("nudge all", self.doing("nudge.up"))
        await self.measured("the journal's next turn", lambda: asyncio.sleep(1.3))
        await self.measured("save after that", self.doing("document.save"))
        await self.measured("undo of what is saved", self.doing("document.undo"))
        await self.measured("save again", self.doing("document.save"))

    async def reload(self) -> None:
        self.path.write_text(self.path.read_text().replace('"field_03": 0.', '"field_03": 1.'))
        await self.measured("reload a changed file", self.doing("document.reload"))
        await self.measured("reload: undo", self.doing("document.undo"))
        await self.measured("save", self.doing("document.save"))

    async def merge(self) -> None:
        self.select(columns=True)
        await self.measured("nudge a column", self.doing("nudge.up"))
        self.path.write_text(self.path.read_text().replace('"field_05": 0.', '"field_05": 1.'))
        await self.measured("merge with a changed file", self.doing("document.reload"))
        await self.measured("merge: undo", self.doing("document.undo"))

    async def settle(self) -> None:
        self.select(columns=True)
        await self.measured("nudge a column", self.doing("nudge.up"))
        self.path.write_text(self.path.read_text().replace('"field_00": 0.', '"field_00": 2.'))
        await self.measured("merge with thousands of conflicts", self.doing("document.reload"))
        await self.measured("show the conflicts", self.doing("document.conflicts"), keys=False)
        top = self.app.screen
        await self.measured("all theirs", lambda: top.action_all("theirs"), keys=False)  # type: ignore[attr-defined]
        await self.measured("settle them", lambda: top.action_keep())  # type: ignore[attr-defined]
        await self.measured("settle: undo", self.doing("document.undo"))

    async def render(self) -> None:
        self.select()
        await self.measured("nudge all", self.doing("nudge.up"))
        await self.measured("count what is to be rendered", self.doing("render.forecast"))
        await self.measured("nudge: undo", self.doing("document.undo"))

    async def open(self) -> None:
        """The same document under another name, then one that has unsaved work left behind."""
        other = self.path.with_name("other.json")
        other.write_bytes(self.path.read_bytes())
        left = Journal(recovery_folder() / "left", other)
        left.write(other.read_text().replace('"field_00": 0.', '"field_00": 2.'))
        await self.measured("save", self.doing("document.save"))
        await self.measured("open another large document", self.doing("document.open", str(other)))
        (journal,) = (recovery_folder() / "left").glob("*.draft")
        draft = Draft(other, 0.0, journal)
        await self.measured("recover its unsaved work", lambda: self.screen.files.recovering.recover(draft))


ROWS: Mapping[str, Callable[[Bench], Awaitable[None]]] = {
    "clear": Bench.clear, "cut": Bench.cut, "copy": Bench.copy, "paste": Bench.paste, "nudge": Bench.nudge,
    "fill": Bench.fill, "replace": Bench.replace, "rows": Bench.rows, "rates": Bench.rates, "save": Bench.save,
    "reload": Bench.reload, "merge": Bench.merge,
    "settle": Bench.settle, "render": Bench.render, "open": Bench.open,
}  # fmt: skip


@asynccontextmanager
async def bench_on(path: Path) -> AsyncIterator[Bench]:
    """An editor that has come to rest."""
    app = EditorApp(Session.open(path), settings=Settings(), follow=Follower, open_session=Session.open)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        bench = Bench(app, path)
        await bench.settled()
        memory.settle(replaced=True)
        yield bench


async def run(names: list[str], folder: Path, keyframes: int, fields: int) -> None:
    make_way()
    path = folder / "large.json"
    path.write_text(large_document(keyframes, fields))
    async with bench_on(path) as bench:
        await bench.measured("doing nothing", lambda: None)
        await bench.measured("one cell", bench.doing("cell.set", "2"))
        await bench.measured("one cell: undo", bench.doing("document.undo"))
        for name in names:
            await ROWS[name](bench)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--keyframes", type=int, default=10_000)
    parser.add_argument("--fields", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARSEQ_TUI_HOME"] = str(Path(folder) / "home")
        print(f"{arguments.keyframes} keyframes × {arguments.fields} fields, 160 × 45; goal {GOAL_MILLISECONDS:g} ms")
        asyncio.run(run(arguments.only, Path(folder), arguments.keyframes, arguments.fields))


if __name__ == "__main__":
    main()
