"""Real pixels in a real terminal: asked for, drawn, covered, and not used where the terminal says no."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pretended_render import PretendedRender
from pseudo_terminal import PseudoTerminal

from parseq_tui.paths import bundled

pytestmark = pytest.mark.slow


@pytest.fixture
def document(tmp_path: Path) -> Iterator[Path]:
    path = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    render = PretendedRender(path, 4)
    render.frame()
    yield path
    render.close()


def editor(document: Path, wish: str, **answers: bytes) -> PseudoTerminal:
    home = {"PARSEQ_TUI_HOME": str(document.parent / "home"), "PARSEQ_TUI_PICTURES": wish}
    return PseudoTerminal(
        [sys.executable, "-m", "parseq_tui", str(document)], columns=120, rows=40, environment=home, **answers
    )


def test_a_sixel_picture_is_drawn_covered_and_drawn_again(document: Path) -> None:
    terminal = editor(document, "sixel", attributes=b"\x1b[?62;4;22c")
    try:
        terminal.read_until("frame 0 (newest)")
        terminal.read(quiet=1.0)
        assert terminal.output.count(b"\x1bP0;1q") == 1, "sent once, however often the rest changes"
        help_shown = terminal.press(b"?", quiet=0.5)
        assert b"\x1bP" not in help_shown.data
        assert terminal.press(b"\x1b", quiet=1.5).data.count(b"\x1bP0;1q") == 1
        terminal.send(b"\x11")
        assert terminal.wait() == 0
    finally:
        terminal.close()


def test_a_kitty_picture_is_sent_shown_by_text_and_taken_back(document: Path) -> None:
    terminal = editor(document, "auto", pictures=b"\x1b_Gi=31;OK\x1b\\")
    try:
        terminal.read_until("frame 0 (newest)")
        terminal.read(quiet=1.0)
        assert terminal.output.count(b"\x1b_Ga=T,U=1") == 1
        assert terminal.output.count("\U0010eeee".encode()) > 100
        number = int(re.findall(rb"a=T,U=1,i=(\d+)", terminal.output)[0])
        color = number if number < 256 else ";".join(str(number >> shift & 255) for shift in (16, 8, 0))
        assert f"[38;{5 if number < 256 else 2};{color}m\U0010eeee".encode() in terminal.output, "told by its colour"
        terminal.send(b"\x11")
        assert terminal.wait() == 0
        assert b"\x1b_Ga=d,d=I" in terminal.output
    finally:
        terminal.close()


def test_a_terminal_without_pixels_gets_half_blocks_and_words(document: Path) -> None:
    terminal = editor(document, "sixel")
    try:
        terminal.read_until("no sixel pictures: this terminal has none; half blocks instead")
        terminal.read_until("▀▀▀▀▀▀▀▀")
        assert b"\x1bP" not in terminal.output
    finally:
        terminal.close()
