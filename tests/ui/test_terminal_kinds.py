"""The editor in terminals of many kinds: without colours, with few, in tmux, resized, behind a slow link, cut off."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal

from parseq_tui.paths import bundled

pytestmark = pytest.mark.slow
EXAMPLE = bundled("examples") / "bouncy_cuts.json"
SGR = re.compile(rb"\x1b\[([\d;]*)m")
COLOURS = re.compile(r"(?:^|;)(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;|$)")
REDRAW, GIVEN_BACK = b"\x0c", b"\x1b[?1049l"


@contextmanager
def editor(document: Path, home: Path, *, rate: float = 0.0, **environment: str) -> Iterator[PseudoTerminal]:
    """An editor that has drawn itself."""
    terminal = PseudoTerminal(
        [sys.executable, "-m", "parseq_tui", str(document)],
        columns=120, rows=40, bytes_per_second=rate,
        environment={"PARSEQ_TUI_HOME": str(home), "LANG": "C.UTF-8", **environment},
    )  # fmt: skip
    try:
        terminal.read_until("Enter edit")
        terminal.read(quiet=0.8)
        yield terminal
    finally:
        terminal.close()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLE, tmp_path / "song.json"))


def long_document(path: Path) -> Path:
    names = [f"own_{index}" for index in range(12)]
    rows = [{"frame": row * 5, **dict.fromkeys(names, row * 31 % 997 / 100)} for row in range(600)]
    path.write_text(json.dumps({"managedFields": names, "displayedFields": names, "keyframes": rows}))
    return path


def sent_colours(output: bytes) -> set[str]:
    """The SGR sequences that set a colour."""
    return {codes for match in SGR.findall(output) if COLOURS.search(codes := match.decode())}


def same_when_drawn_anew(terminal: PseudoTerminal) -> None:
    """What was sent bit by bit is what a fresh picture shows."""
    terminal.read(quiet=0.8)
    before = terminal.screen()
    terminal.send(REDRAW)
    terminal.read(quiet=0.8)
    assert terminal.screen() == before


def test_without_colours_none_is_sent_and_the_cursor_is_seen(document: Path, tmp_path: Path) -> None:
    with editor(document, tmp_path / "home", NO_COLOR="1") as terminal:
        terminal.press(b"\x1b[B", quiet=0.3)
        terminal.press(b"z", quiet=0.3)
        assert sent_colours(bytes(terminal.output)) == set()
        assert re.search(rb"\x1b\[[\d;]*7[;m]", bytes(terminal.output)), "reverse video marks where one is"


@pytest.mark.parametrize("term", ["xterm", "screen", "linux"])
def test_sixteen_colours_are_enough(document: Path, tmp_path: Path, term: str) -> None:
    with editor(document, tmp_path / "home", TERM=term, COLORTERM="") as terminal:
        terminal.press(b"\x1b[B", quiet=0.3)
        terminal.send(b"1.25\r")
        terminal.read_until("1.25")
        sent = sent_colours(bytes(terminal.output))
        assert sent
        assert not [codes for codes in sent if "38;" in codes or "48;" in codes]


def test_256_colours_where_the_terminal_says_no_more(document: Path, tmp_path: Path) -> None:
    with editor(document, tmp_path / "home", TERM="screen-256color", COLORTERM="") as terminal:
        sent = sent_colours(bytes(terminal.output))
        assert any("38;5;" in codes for codes in sent)
        assert not any("38;2;" in codes for codes in sent)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux here")
def test_the_same_is_seen_through_tmux(document: Path, tmp_path: Path) -> None:
    socket = tmp_path / "tmux"
    home = tmp_path / "home" / "state"
    home.mkdir(parents=True)
    (home / "toured").touch()
    tmux = ["tmux", "-S", str(socket), "-f", os.devnull]
    command = f"{sys.executable} -m parseq_tui {document}"
    environment = {**os.environ, "PARSEQ_TUI_HOME": str(tmp_path / "home"), "LANG": "C.UTF-8"}
    subprocess.run(
        [*tmux, "new-session", "-d", "-x", "120", "-y", "40", command], env=environment, check=True, timeout=120
    )
    try:

        def shown() -> str:
            captured = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, timeout=120)
            return captured.stdout

        def wait_for(text: str) -> None:
            end = time.monotonic() + 120
            while text not in shown():
                assert time.monotonic() < end, shown()
                time.sleep(0.2)

        wait_for("Enter edit")
        for keys in (["Down"], ["3", ".", "5", "Enter"], ["Up"], ["z"]):
            subprocess.run([*tmux, "send-keys", *keys], check=True, timeout=120)
        wait_for("3.5")
        subprocess.run([*tmux, "send-keys", "C-c"], check=True, timeout=120)
        subprocess.run([*tmux, "send-keys", "C-l"], check=True, timeout=120)
        time.sleep(1.0)
        wait_for("3.5")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, timeout=120, capture_output=True)


def test_a_storm_of_resizes_ends_in_a_whole_screen(document: Path, tmp_path: Path) -> None:
    with editor(document, tmp_path / "home") as terminal:
        sizes = [(120 - step % 60, 40 - step % 25) for step in range(0, 240, 3)]
        for index, size in enumerate(sizes):
            terminal.resize(*size)
            terminal.send(b"\x1b[B" if index % 2 else b"\x1b[C")
            terminal.read(quiet=0.01, timeout=0.02)
        terminal.resize(1, 1)
        terminal.read(quiet=0.1, timeout=0.5)
        terminal.resize(120, 40)
        terminal.read_until("Enter edit")
        same_when_drawn_anew(terminal)
        terminal.press(b"\x1b[1;5H", quiet=0.3)
        terminal.press(b"1.75\r", quiet=0.3)
        terminal.read_until("1.75")


def test_a_slow_link_sees_how_things_are_not_how_they_were(tmp_path: Path) -> None:
    path = long_document(tmp_path / "long.json")
    with editor(path, tmp_path / "home", rate=15_000) as terminal:
        already = len(terminal.output)
        for _ in range(25):
            terminal.send(b"\x1b[6~")
            terminal.read(quiet=0.02, timeout=0.03)
        terminal.send(b"\x1b[1;5F")
        terminal.read_until("2995")
        behind = len(terminal.output) - already
        terminal.bytes_per_second = 0.0
        same_when_drawn_anew(terminal)
        for _ in range(25):
            terminal.press(b"\x1b[5~", quiet=0.05)
        assert behind < 25 * 2_500, "frames are left out"


def test_names_of_files_and_fields_move_no_cursor(tmp_path: Path) -> None:
    attack = "a\x1b]0;OWNED\x07b\x1b[2Jc"
    path = tmp_path / f"{attack}.json"
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    document["managedFields"] = [*document["managedFields"], attack]
    document["displayedFields"] = [attack, "zoom"]
    document["keyframes"][0][attack] = 1.5
    path.write_text(json.dumps(document))
    with editor(path, tmp_path / "home") as terminal:
        for keys in (b"\x1b[C", b"\x1b[D", b"2\r", b"l", b":fields\r", b"\x1b", b"z", b"\x1b", b"\x13"):
            terminal.press(keys, quiet=0.2)
        written = bytes(terminal.output)
        assert b"OWNED" in written, "the names were on the screen"
        assert b"\x1b]0;OWNED" not in written
        assert b"b\x1b[2Jc" not in written
        titles = re.findall(rb"\x1b\]2;(.*?)\x07", written)
        assert titles and all(title.isascii() and b"\x1b" not in title for title in titles)


@pytest.mark.parametrize("before", [b"", b"1.2", b":goto", b" ", b"?", b"\x10", b"z", b"3\r\x11"], ids=repr)
def test_ctrl_c_twice_leaves_from_wherever_one_is(document: Path, tmp_path: Path, before: bytes) -> None:
    with editor(document, tmp_path / "home") as terminal:
        if before:
            terminal.press(before, quiet=0.5)
        terminal.send(b"\x03")
        terminal.read_until("Ctrl+C again leaves")
        terminal.send(b"\x03")
        assert terminal.wait() == 0
        assert GIVEN_BACK in terminal.output


def test_the_terminals_cursor_is_where_one_works(document: Path, tmp_path: Path) -> None:
    """Screen readers and magnifiers follow it, hidden or not."""
    with editor(document, tmp_path / "home") as terminal:

        def row_of(text: str) -> int:
            return next(number for number, row in enumerate(terminal.screen()) if text in row)

        assert terminal.cursor()[1] == row_of("▸")
        terminal.press(b"\x1b[B", quiet=0.4)
        terminal.read_until("zoom @127")
        assert terminal.cursor()[1] == row_of("▸")
        terminal.press(b"7", quiet=0.4)
        terminal.read_until("▸ 7")
        assert terminal.cursor() == (terminal.screen()[1].index("7", 10) + 1, 1)
        terminal.press(b"\x1b", quiet=0.6)
        terminal.press(b" p\r", quiet=0.6)
        terminal.read_until("Ctrl+S keep")
        column = terminal.screen()[row_of("a blue fish, in the sea")].index("a blue")
        assert terminal.cursor() == (column, row_of("a blue fish, in the sea"))


def test_somebody_saving_all_the_time_disturbs_nobody(document: Path, tmp_path: Path) -> None:
    """Whole files by rename and in place, torn ones between them; what is typed here meanwhile stays."""
    text = document.read_text()
    with editor(document, tmp_path / "home") as terminal:
        terminal.press(b"1.75\r", quiet=0.3)
        for number in range(200):
            fresh = text.replace('"output_fps"', f'"saves": {number}, "output_fps"', 1)
            if number % 5 == 0:
                document.write_text(fresh[: len(fresh) // 2])
            elif number % 2:
                document.write_text(fresh)
            else:
                beside = document.with_suffix(".new")
                beside.write_text(fresh)
                beside.replace(document)
            terminal.send((b"\x1b[B", b"\x1b[A")[number % 2])
            terminal.read(quiet=0.01, timeout=0.02)
        terminal.read(quiet=1.0)
        terminal.read_until("1.75")
        terminal.send(b"\x13")
        terminal.read_until("saved song.json")
        saved = json.loads(document.read_text())
        assert saved["keyframes"][0]["zoom"] == 1.75
        assert '"saves": 199' in document.read_text()
