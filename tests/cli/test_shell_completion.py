"""The completion scripts, run by the shells they are for where those are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from parseq_tui.cli import COMMANDS, main

TRY_BASH = """
eval "$(cat script)"
parseq-tui() {{ printf 'seed_travel  a line\\nshowcase     a line\\n'; }}
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_parseq_tui
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("parseq-tui ren", ["render"]),
        ("parseq-tui render --ov", ["--overlay"]),
        ("parseq-tui --read", ["--read-only"]),
        ("parseq-tui render dan", ["dance.json"]),
        ("parseq-tui listen my", ["my song.ogg"]),
        ("parseq-tui new x.json --from se", ["seed_travel"]),
        ("parseq-tui render --engine d", ["diffusers"]),
        ("parseq-tui render dance.json --mode l", ["loopback"]),
        ("parseq-tui export dance.json --format s", ["schedules"]),
        ("parseq-tui listen --keyframes be", ["beats"]),
        ("parseq-tui --theme ni", ["night"]),
        ("parseq-tui dance.json --theme pa", ["paper"]),
        ("parseq-tui completion z", ["zsh"]),
        ("parseq-tui render --engine dan", []),
    ],
)
def test_bash_completes(typed: str, offered: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "script").write_text(script("bash", capsys))
    (tmp_path / "dance.json").touch()
    (tmp_path / "my song.ogg").touch()
    command = TRY_BASH.format(words=" ".join(f"'{word}'" for word in typed.split()))
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (result.stdout.split("\n")[:-1], result.stderr) == (offered or [""], "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_option_is_in_every_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script(shell, capsys)
    assert all(name in text for name in COMMANDS)
    assert "overlay" in text
    assert "diffusers webui test" in text, "what an option may be"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_others_are_read_without_complaint(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(script(shell, capsys))
    subprocess.run([shell, "-n", "script"], cwd=tmp_path, check=True, capture_output=True)
