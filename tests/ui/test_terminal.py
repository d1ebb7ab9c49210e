"""The editor in a real pseudo-terminal: what it sends, what it loads, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal

from parseq_tui.paths import bundled
from parseq_tui.recovery import left_behind

EXAMPLE = bundled("examples") / "bouncy_cuts.json"
pytestmark = pytest.mark.slow
HEAVY = ("torch", "diffusers", "transformers", "cv2", "PIL", "av")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLE, tmp_path / "song.json"))


@pytest.fixture
def terminal(document: Path, tmp_path: Path) -> Iterator[PseudoTerminal]:
    terminal = _editor(document, tmp_path)
    yield terminal
    terminal.close()


def _editor(document: Path, home: Path, *, typed: bytes = b"", **environment: str) -> PseudoTerminal:
    """An editor that has drawn itself; `typed`: keys pressed before that."""
    # at the end, tell on standard output what was imported
    code = (
        "import sys; from pathlib import Path; from parseq_tui.wiring import run_editor\n"
        "code = run_editor(Path(sys.argv[1]))\n"
        f"print('HEAVY:', sorted(set(sys.modules) & set({HEAVY!r})), 'END'); sys.exit(code)"
    )
    terminal = PseudoTerminal(
        [sys.executable, "-c", code, str(document)],
        columns=120, rows=32, environment={"PARSEQ_TUI_HOME": str(home / "home"), **environment},
    )  # fmt: skip
    if typed:
        terminal.read(quiet=0.05)
        terminal.send(typed)
    terminal.read_until("sin(p=4b)")
    terminal.read(quiet=0.5)
    return terminal


def test_a_key_costs_few_bytes_and_an_edit_reaches_the_file(terminal: PseudoTerminal, document: Path) -> None:
    assert len(terminal.press(b"\x1b[B", quiet=0.3).data) < 2000, "every pane follows"
    assert len(terminal.press(b"\x1b[A", quiet=0.02).data) < 900, "the table, the formula bar and the curves"
    terminal.press(b"1.25\r", quiet=0.3)
    terminal.send(b"\x13")
    terminal.read_until("saved song.json")
    assert '"zoom": 1.25, "zoom_i"' in document.read_text()
    assert "libtorch" not in terminal.mapped()
    terminal.send(b"\x11")
    assert terminal.wait() == 0
    assert b"HEAVY: [] END" in terminal.output
    assert terminal.output.rstrip().endswith(b"END"), "the terminal is left as it was before"
    assert b"\x1b[?1049l" in terminal.output


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_unsaved_work_survives(
    terminal: PseudoTerminal, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("PARSEQ_TUI_HOME", str(tmp_path / "home"))
    before = document.read_text()
    terminal.send(b"1.25\r")
    terminal.read_until("song.json *")
    recovery = tmp_path / "home" / "state" / "recovery"
    while number == signal.SIGKILL and not any('"zoom": 1.25' in file.read_text() for file in recovery.glob("*.draft")):
        terminal.read(quiet=0.2, timeout=0.2)  # the journal is written once a second
    terminal.signal(number)
    terminal.wait()
    draft = left_behind(recovery, document)
    assert draft is not None
    assert '"zoom": 1.25' in draft.text()
    assert document.read_text() == before
    again = _editor(document, tmp_path)
    try:
        again.read_until("Unsaved work")
        again.read(quiet=0.8, timeout=0.8)
        again.press(b"r", quiet=0.3)
        again.read_until("recovered")
        assert "1.25" in "\n".join(again.screen())
    finally:
        again.close()


@pytest.mark.parametrize(
    ("command", "said"),
    [("no-such-editor-here", "cannot be started"), ("false", "ended with code 1"), ("true", "nothing was changed")],
)
def test_the_terminal_is_taken_back_from_any_editor(document: Path, tmp_path: Path, command: str, said: str) -> None:
    terminal = _editor(document, tmp_path, EDITOR=command)
    try:
        terminal.send(b"e")
        terminal.read_until(said)
        terminal.send(b"1.25\r")
        terminal.read_until("song.json *")
        terminal.send(b"\x11")
        terminal.read_until("d quit")
        terminal.send(b"d")
        assert terminal.wait() == 0
    finally:
        terminal.close()


def test_ctrl_c_in_another_editor_is_for_that_one(document: Path, tmp_path: Path) -> None:
    terminal = _editor(document, tmp_path, EDITOR="sh -c 'echo ready; exec sleep 600' editor")
    try:
        terminal.send(b"e")
        terminal.read_until("ready")
        terminal.send(b"\x03")
        terminal.read_until("nothing was taken over")
        terminal.send(b"1.25\r")
        terminal.read_until("song.json *")
    finally:
        terminal.close()


def test_a_half_typed_cell_survives_too(terminal: PseudoTerminal, document: Path, tmp_path: Path) -> None:
    terminal.press(b"1.25", quiet=0.3)
    folder, end = tmp_path / "home" / "state" / "recovery", time.monotonic() + 60
    while not list(folder.glob("*.draft")) and time.monotonic() < end:
        terminal.read(quiet=0.1, timeout=0.2)
    terminal.signal(signal.SIGKILL)
    terminal.wait()
    draft = left_behind(folder, document)
    assert draft is not None
    assert '"zoom": 1.25' in draft.text()


def test_a_disk_that_hangs_is_said_and_keeps_nobody_from_leaving(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys, time; from pathlib import Path; from parseq_tui import hot_reload\n"
        "hot_reload.look = lambda *known: time.sleep(3600)\n"
        "hot_reload.SILENT_SECONDS = 0.1\n"
        "from parseq_tui.wiring import run_editor; sys.exit(run_editor(Path(sys.argv[1])))"
    )
    home = {"PARSEQ_TUI_HOME": str(tmp_path / "home")}
    terminal = PseudoTerminal([sys.executable, "-c", code, str(document)], columns=120, rows=32, environment=home)
    try:
        terminal.read_until("sin(p=4b)")
        terminal.read_until("! disk does not answer")
        terminal.send(b"1.25\r")
        terminal.read_until("song.json *")
        terminal.send(b"\x13")
        terminal.read_until("saving…")
        terminal.send(b"\x03")
        terminal.read_until("Ctrl+C again leaves")
        terminal.send(b"\x03")
        assert terminal.wait() == 0
    finally:
        terminal.close()
    draft = left_behind(tmp_path / "home" / "state" / "recovery", document)
    assert draft is not None
    assert '"zoom": 1.25' in draft.text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{document}"], "needs a terminal"),
        (["no-such.json"], "make it: parseq-tui new no-such.json"),
    ],
)
def test_what_cannot_start_says_so_and_ends_with_1(document: Path, arguments: list[str], words: str) -> None:
    command = [sys.executable, "-m", "parseq_tui", *(part.format(document=document) for part in arguments)]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_a_dumb_terminal_gets_words_and_no_escape_sequences(document: Path) -> None:
    terminal = PseudoTerminal(
        [sys.executable, "-m", "parseq_tui", str(document)], columns=80, rows=24, environment={"TERM": "dumb"}
    )
    try:
        terminal.read_until("on a dumb terminal (TERM=dumb)")
        assert terminal.wait() == 1
        assert b"\x1b" not in terminal.output
    finally:
        terminal.close()


def test_where_the_file_is_gone_the_work_left_behind_is_pointed_at(document: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = (
        "import os, sys; from pathlib import Path; from parseq_tui.recovery import Journal\n"
        "Journal(Path(sys.argv[1]), Path(sys.argv[2])).write('{}'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(home / "state" / "recovery"), str(document)], check=False)
    document.unlink()
    ended = subprocess.run(
        [sys.executable, "-m", "parseq_tui", str(document)], env={**os.environ, "PARSEQ_TUI_HOME": str(home)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "unsaved work of it was left behind" in ended.stderr


def test_a_theme_that_is_not_there_is_named_before_the_start(document: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "parseq_tui", str(document), "--theme", "nonsense"]
    terminal = PseudoTerminal(command, environment={"PARSEQ_TUI_HOME": str(tmp_path)})
    try:
        assert terminal.wait() == 2
        assert b"no theme called 'nonsense'" in terminal.output
    finally:
        terminal.close()


def test_keys_typed_before_the_question_appears_do_not_answer_it(document: Path, tmp_path: Path) -> None:
    first = _editor(document, tmp_path)
    first.send(b"1.25\r")
    first.read_until("song.json *")
    first.signal(signal.SIGHUP)
    first.wait()
    again = _editor(document, tmp_path, typed=b"rX" * 20)
    try:
        again.read_until("Unsaved work")
        again.read(quiet=0.8, timeout=0.8)
        again.press(b"r", quiet=0.3)
        again.read_until("recovered")
    finally:
        again.close()


def test_the_tour_is_offered_once_and_left_at_any_page(document: Path, tmp_path: Path) -> None:
    home = {"PARSEQ_TUI_HOME": str(tmp_path / "fresh")}
    command = [sys.executable, "-m", "parseq_tui", str(document)]
    first = PseudoTerminal(command, columns=80, rows=24, environment=home, toured=False)
    try:
        first.read_until("A tour takes less than a minute")
        first.read(quiet=0.8, timeout=0.8)
        first.press(b"t", quiet=0.3)
        first.read_until("1 of 5: keyframes and curves")
        first.press(b"\r", quiet=0.3)
        first.read_until("2 of 5")
        first.press(b"\x1b", quiet=0.3)
        first.press(b"\x11", quiet=0.3)
        assert first.wait() == 0
    finally:
        first.close()
    assert (tmp_path / "fresh" / "state" / "toured").is_file()
    again = PseudoTerminal(command, columns=80, rows=24, environment=home, toured=False)
    try:
        again.read_until("? help")
        again.read(quiet=1.5, timeout=1.5)
        assert "tour" not in "\n".join(again.screen())
    finally:
        again.close()


def test_leaving_asks_only_when_something_is_unsaved(terminal: PseudoTerminal, document: Path) -> None:
    terminal.send(b"1.25\r")
    terminal.read_until("song.json *")
    terminal.send(b"\x11")
    terminal.read_until("has unsaved changes")
    terminal.press(b"\x1b", quiet=0.3)
    terminal.send(b"\x11")
    terminal.read_until("has unsaved changes")
    terminal.send(b"d")
    assert terminal.wait() == 0
    assert '"zoom": 1.25' not in document.read_text()


def test_a_second_ctrl_c_always_gets_out(terminal: PseudoTerminal) -> None:
    terminal.press(b"1.25\r", quiet=0.3)
    terminal.send(b"\x03")
    terminal.read_until("Ctrl+C again leaves")
    terminal.send(b"\x03")
    assert terminal.wait() == 0
