"""What whole screens look like, as text. The files are in tests/data/ui/screens.

After a change that is meant: `PARSEQ_TUI_KEEP_SCREENS=1 pytest tests/ui/test_screens.py`, then look at the difference.
The render pane is left blank here; its own tests draw it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from editor_flow import editor, press, rows
from textual.pilot import Pilot

from parseq_tui.paths import bundled
from parseq_tui.ui.screens.editor import EditorScreen

SCREENS = Path(__file__).resolve().parents[1] / "data" / "ui" / "screens"


async def settled(pilot: Pilot[int], screen: EditorScreen) -> list[str]:
    """The screen once nothing changes any more: curves are drawn off the event loop."""
    before: list[str] = []
    for _ in range(60):
        await asyncio.sleep(0.05)
        await pilot.pause()
        now = rows(screen)
        if now == before:
            return now
        before = now
    return before


def drawn(screen: EditorScreen, text: list[str]) -> str:
    """The text without what belongs to the render pane, and without blanks at the ends of lines."""
    area = screen.query_one("#render").region
    blank = " " * area.width
    lines = [
        line[: area.x] + blank + line[area.right :] if area.y <= y < area.bottom else line
        for y, line in enumerate(text)
    ]
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
    ],
)
def test_screen(tmp_path: Path, name: str, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    kept = SCREENS / f"{name}_{size[0]}x{size[1]}.txt"

    async def run() -> str:
        async with editor(document, size) as (pilot, screen):
            await press(pilot, screen, *("colon" if key == ":" else key for key in keys))
            return drawn(screen, await settled(pilot, screen))

    text = asyncio.run(run())
    if os.environ.get("PARSEQ_TUI_KEEP_SCREENS"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
