"""What whole screens look like, as text. The files are in tests/data/ui/screens.

After a change that is meant: `PARSEQ_TUI_KEEP_SCREENS=1 pytest tests/ui/test_screens.py`, then look at the difference.
The render pane is left blank here but where two takes are held against each other; its own tests draw it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from editor_flow import editor, press, rows, until
from test_render_pane import NOON, FakeWorker, started

from parseq_tui.paths import bundled
from parseq_tui.render.client import RenderClient
from parseq_tui.render.contrast import Contrast
from parseq_tui.render.messages import Ended
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.takes import side_by_side

SCREENS = Path(__file__).resolve().parents[1] / "data" / "ui" / "screens"


def drawn(screen: EditorScreen, text: list[str]) -> str:
    """The text without what belongs to the render pane, and without blanks at the ends of lines."""
    area = screen.query_one("#render").region
    blank = " " * area.width
    lines = [
        line[: area.x] + blank + line[area.right :] if area.y <= y < area.bottom else line
        for y, line in enumerate(text)
    ]
    return as_text(lines)


def as_text(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines) + "\n"


@pytest.mark.parametrize(
    ("name", "size", "keys"),
    [
        ("start", (80, 24), ()),
        ("view_menu", (80, 24), ("z",)),
        ("bulk_command", (80, 24), ("b", "s")),
        ("error", (80, 24), ("l", "c", *"1+sni(p=4b)", "enter", "g", "e")),
        ("start", (120, 40), ()),
        ("folded_and_selected", (120, 40), ("z", "g", "V", "down")),
        ("rows_every_second", (160, 45), (":", *"every", "space", *"1s", "enter")),
        ("sound_menu", (80, 24), ("space", "a")),
        ("long_message", (80, 24), (":", *"listen", "space", *"beats", "enter")),
        ("zoomed_curves", (120, 40), ("space", "c")),
    ],
)
def test_screen(tmp_path: Path, name: str, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    kept = SCREENS / f"{name}_{size[0]}x{size[1]}.txt"

    async def run() -> str:
        async with editor(document, size) as (pilot, screen):
            await press(pilot, screen, *("colon" if key == ":" else key for key in keys))
            if name == "zoomed_curves":
                await pilot.press("plus", "plus", "right", "right")
            return drawn(screen, rows(screen))

    agrees(asyncio.run(run()), kept)


@pytest.mark.parametrize(
    ("name", "size", "keys"),
    [
        ("render_settings", (80, 24), ("space", "r", "o")),
        ("tap", (80, 24), ("space", "a", "a")),
    ],
)
def test_dialog(tmp_path: Path, name: str, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))

    async def run() -> str:
        async with editor(document, size) as (pilot, screen):
            await press(pilot, screen, *keys)
            return as_text(rows(pilot.app.screen))

    agrees(asyncio.run(run()), SCREENS / f"{name}_{size[0]}x{size[1]}.txt")


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_two_takes_beside_each_other(tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    for take in ("20261122-091803", "20261122-101500"):
        worker = FakeWorker(RenderClient(document), take)
        worker.say(started(4))
        for frame in range(4):
            worker.frame(frame, 4)
        worker.say(Ended(NOON, "done", 4, 0, 8.0))
        worker.die()
    found = Contrast(3, {0: "strength 0.62 → 0.5, seed 3 → 100003"})
    monkeypatch.setattr(side_by_side, "contrast", lambda first, second: found)

    async def run() -> str:
        async with editor(document, size) as (pilot, screen):
            await press(pilot, screen, "space", "r", "b")
            await until(pilot.app, lambda: screen.pictures._feed.frame == 0, "the two pictures")
            return as_text(rows(pilot.app.screen))

    agrees(asyncio.run(run()), SCREENS / f"two_takes_{size[0]}x{size[1]}.txt")


def agrees(text: str, kept: Path) -> None:
    if os.environ.get("PARSEQ_TUI_KEEP_SCREENS"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
