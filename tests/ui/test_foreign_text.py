"""Text from files and clipboards in a real terminal: a megabyte pasted, escape sequences hidden in a document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal

from parseq_tui.paths import bundled

EXAMPLE = bundled("examples") / "bouncy_cuts.json"
ATTACKS = ("\x1b]0;OWNED\x07", "\x1b[2JOWNED", "\x9b31mOWNED", "\x1bPOWNED\x1b\\", "OWNED\u202egnp.", "\rOWNED\n\x08")
pytestmark = pytest.mark.slow


def hostile_document() -> str:
    """The example with escape sequences wherever a document holds text."""
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    rows = document["keyframes"]
    for index, attack in enumerate(ATTACKS):
        rows[index % len(rows)]["info"] = attack
        rows[index % len(rows)]["angle_i"] = f'"{attack}"'
    everything = "".join(ATTACKS)
    document["meta"]["docName"] = everything
    document["prompts"]["promptList"] = [
        {
            "name": everything, "positive": f"a dancer {everything}", "negative": everything, "allFrames": True,
            "from": 0, "to": 100, "overlap": {"type": "none", "inFrames": 0, "outFrames": 0, "custom": ""},
        }
    ]  # fmt: skip
    return json.dumps(document)


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[PseudoTerminal]:
    path = tmp_path / "song.json"
    path.write_text(hostile_document())
    code = (
        "import sys; from pathlib import Path; from parseq_tui.wiring import run_editor\nrun_editor(Path(sys.argv[1]))"
    )
    terminal = PseudoTerminal(
        [sys.executable, "-c", code, str(path)], environment={"PARSEQ_TUI_HOME": str(tmp_path / "home")}
    )
    terminal.read_until("song.json")
    terminal.read(quiet=0.5)
    yield terminal
    terminal.close()


def test_escape_sequences_in_a_document_never_reach_the_terminal(editor: PseudoTerminal) -> None:
    walk = (
        b"\x1b[D",
        b"\x1b[D",
        b"\x1b[B",
        b"\r",
        b"\x1b",
        b" p",
        b"\r",
        b"\x1b",
        b" e",
        b" t",
        b"y",
        b"/OWNED\r",
        b":history\r",
    )
    for keys in walk:
        editor.press(keys)
    written = bytes(editor.output)
    assert b"OWNED" in written, "the texts were on the screen"
    for attack in ATTACKS[:4]:
        assert attack.encode() not in written
    assert b"\xc2\x9b" not in written, "no control character in its 8-bit form"
    assert b"\xe2\x80\xae" not in written, "nothing turns the direction of text"


def test_a_megabyte_is_pasted_and_the_editor_answers_keys_soon(editor: PseudoTerminal) -> None:
    text = ("0.25\tbez()\t1\tS\n" * 70_000).encode()
    editor.send_all(b"\x1b[200~" + text + b"\x1b[201~")
    editor.read_until("were left out")
    editor.press(b"u")
    editor.read_until("undone: paste")
    editor.send_all(b"\x1b[200~" + b"9" * 4_100_000 + b"\x1b[201~")
    editor.read_until("too much to paste")
