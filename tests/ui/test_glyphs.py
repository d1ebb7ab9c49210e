"""What a terminal's font can show, and how everything looks where that is only ASCII."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from parseq_tui.ui.terminal.glyphs import glyphs_for, in_ascii


@pytest.mark.parametrize(
    ("environment", "chosen", "kind"),
    [
        ({"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}, "", "braille"),
        ({"TERM": "xterm-256color"}, "", "braille"),
        ({"TERM": "xterm", "LANG": "C"}, "", "ascii"),
        ({"TERM": "xterm", "LANG": "en_US.UTF-8", "LC_ALL": "C"}, "", "ascii"),
        ({"TERM": "xterm", "LANG": "C", "LC_ALL": "C.utf8"}, "", "braille"),
        ({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, "", "ascii"),
        ({"TERM": "xterm", "LC_CTYPE": "C.UTF-8"}, "", "braille"),
        ({"TERM": "linux", "LANG": "en_US.UTF-8"}, "", "ascii"),
        ({"TERM": "linux"}, "block", "block"),
        ({"LANG": "C"}, "braille", "braille"),
    ],
)
def test_a_choice_wins_then_what_is_known_of_the_terminal(environment: dict[str, str], chosen: str, kind: str) -> None:
    assert glyphs_for(environment, chosen) == kind


@given(st.text())
def test_ascii_is_as_wide_as_what_it_stands_for(text: str) -> None:
    text = "".join(ch for ch in text if ch.isprintable())
    ascii_text = in_ascii(text)
    assert ascii_text.isascii()
    assert len(ascii_text) == sum(cell_len(ch) for ch in text)


def test_frames_arrows_letters_and_escape_sequences() -> None:
    assert in_ascii("╭╮╰╯├┤ ●■ ▓▒░") == "++++|| *# #+."
    assert in_ascii("\x1b[1m┌─┐\x1b[0m ▸ → ×2 ·0.5 é 猫") == "\x1b[1m+-+\x1b[0m > > x2 ~0.5 e ??"
