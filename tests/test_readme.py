"""What the README tells people to type works, line by line, in one folder, in its order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from parseq_tui.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPENS_THE_EDITOR = {"parseq-tui dance.json"}
"""Tested in a real terminal (tests/ui/test_terminal.py)."""


def shell_lines(heading: str) -> list[str]:
    """Commands in the first shell block under a heading, without their remarks."""
    section = README.split(f"## {heading}\n")[1]
    block = re.search(r"```sh\n(.*?)```", section, re.S)
    assert block
    return [line.split("  #")[0].strip() for line in block[1].splitlines()]


@pytest.mark.slow
def test_the_five_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [line for line in shell_lines("Five minutes") if line.startswith("parseq-tui ")]
    assert len(lines) > 6
    for line in lines:
        if line in OPENS_THE_EDITOR:
            continue
        words = shlex.split(line)[1:]
        if words[0] == "render":
            words += ["--frames", "0:2"]  # two frames of the real thing are enough here
        assert main(words) == 0, f"{line}\n{capsys.readouterr().err}"
    assert {"dance.json", "dance.mp4", "dance.frames.json"} <= {path.name for path in tmp_path.iterdir()}


def test_the_two_commands_come_first_and_name_files_that_exist() -> None:
    first, second = re.findall(r"```sh\n(.*?)\n```", README, re.S)[:2]
    assert "pip install -c constraints.txt ." in first
    for name in re.findall(r"examples/\w+\.json|constraints\.txt|tests/run", first + second):
        assert (ROOT / name).exists()
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith(f"exec {second}")


def test_the_table_for_newcomers_points_at_what_is_there() -> None:
    table = README.split("| you ask | look in |")[1].split("\n\n")[0]
    for name in re.findall(r"`([\w./]+)`", table):
        assert any((base / name).exists() for base in (ROOT, ROOT / "parseq_tui")), name


def test_the_language_of_the_readme_is_the_languages() -> None:
    from parseq_tui.language.parser import parse

    for formula in re.findall(r'_i": "([^"]+)"', README):
        parse(formula)
