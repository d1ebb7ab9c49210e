"""What the README tells people to type works: every command of every block, in one folder, in its order."""

from __future__ import annotations

import glob
import re
import shlex
import shutil
from pathlib import Path

import pytest

from parseq_tui.cli import COMMANDS, _editor_parser, main
from parseq_tui.gallery import examples
from parseq_tui.paths import bundled

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPENS_THE_EDITOR = {"parseq-tui birds.json"}
"""Tested in a real terminal (tests/ui/test_terminal.py)."""
MEGABYTE = 1_000_000


def shell_lines() -> list[str]:
    """The program's commands in all shell blocks, without their remarks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    lines = [re.split(r"\s+# ", line)[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("parseq-tui ")]


def shortened(words: list[str], *, draw: bool) -> list[str]:
    """Two frames are enough here, and real pictures once."""
    if words[0] != "render" or "--plan" in words:
        return words
    words = [re.sub(r"^0:\d+$", "0:2", word) for word in words]
    words += [] if "--frames" in words else ["--frames", "0:2"]
    return words if draw or "--engine" in words else [*words, "--engine", "test"]


@pytest.mark.slow
def test_every_command_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [line for line in shell_lines() if line not in OPENS_THE_EDITOR]
    assert len(lines) > 15
    first = next(line for line in lines if " render " in line)
    for line in lines:
        words = shortened(shlex.split(line)[1:], draw=line == first)
        assert main(words) == 0, f"{line}\n{capsys.readouterr().err}"
    made = {path.name for path in tmp_path.iterdir()}
    assert {"birds.json", "birds.mp4", "birds.gif", "birds.frames.json", "motion.mp4", "dance.png"} <= made


def help_lines() -> list[str]:
    """The commands that `--help` shows: the first steps, and the examples of every command."""
    found = re.findall(r"^  (parseq-tui .+?)(?:  .*)?$", _editor_parser().format_help(), re.M)
    examples = [line for command in COMMANDS.values() for line in command.example.splitlines()]
    return found + [re.sub(r'^\w+: +(?:eval ")?(?:\$\()?(parseq-tui [\w ]+).*$', r"\1", line) for line in examples]


@pytest.mark.slow
def test_every_command_of_the_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    shutil.copy(bundled("examples") / "beat.ogg", "song.ogg")
    Path("20231027_settings.txt").write_text('{"max_frames": 9, "animation_mode": "2D", "zoom": "0:(1.02)"}')
    torch.save({"weight": torch.ones(2)}, "model.ckpt")
    lines = help_lines()
    assert {shlex.split(line)[1] for line in lines} >= set(COMMANDS)
    for line in lines:
        words = [word for part in shlex.split(line)[1:] for word in (sorted(glob.glob(part)) or [part])]
        if words == ["dance.json"]:
            continue  # the editor: tests/ui/test_terminal.py
        if words[0] == "new" and len(words) > 1:
            Path(words[1]).unlink(missing_ok=True)
        words = shortened(words, draw=False)
        assert main(words) == 0, f"{line}\n{capsys.readouterr().err}"
    made = {path.name for path in tmp_path.iterdir()}
    assert {
        "dance.json",
        "run.json",
        "dance.mp4",
        "both.mp4",
        "dance.frames.json",
        "values",
        "model.safetensors",
    } <= made


def test_what_the_text_names_in_passing_exists() -> None:
    for name in re.findall(r"`parseq-tui (\w+)", README):
        assert name in COMMANDS
    for name in ("pause", "resume", "stop", "compare", "prune"):
        assert f"`{name}`" in README
        assert name in COMMANDS


def test_the_numbers_of_the_walk_are_those_of_the_example() -> None:
    from parseq_tui import bake, load
    from parseq_tui.timeline.edits.cells import SetCells

    (birds,) = (example for example in examples() if example.name == "seed_travel")
    document = load(birds.path)
    row = document.keyframes[3]
    before = bake(document)["seed"]
    edited = SetCells("try", values={row.frame: {"seed": 9.0}}).apply(document)
    new = set(bake(edited)["seed"].tolist()) - set(before.tolist())  # a seed that was drawn before is in the cache
    assert f"the seed at frame {row.frame} is 9" in README
    assert f"{len(new)} frames of {len(before)}" in README


def test_the_two_commands_come_first_and_name_files_that_exist() -> None:
    first, second = re.findall(r"```sh\n(.*?)\n```", README, re.S)[:2]
    assert "pip install -c constraints.txt ." in first
    for name in re.findall(r"examples/\w+\.json|constraints\.txt|tests/run", first + second):
        assert (ROOT / name).exists()
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith(f"exec {second}")


def test_every_example_has_a_moving_picture_that_is_quick_to_load() -> None:
    shown = set(re.findall(r"pictures/(\w+)\.webp", README))
    assert shown == {example.name for example in examples()} - {"blank"}
    sizes = [(ROOT / "pictures" / f"{name}.webp").stat().st_size for name in shown]
    assert max(sizes) < MEGABYTE
    assert sum(sizes) < 4 * MEGABYTE
    for path in re.findall(r"\]\(([^)h][^)]*)\)", README):
        assert (ROOT / path).exists(), path


def test_the_table_for_newcomers_points_at_what_is_there() -> None:
    table = README.split("| you ask | look in |")[1].split("\n\n")[0]
    for name in re.findall(r"`([\w./]+)`", table):
        assert any((base / name).exists() for base in (ROOT, ROOT / "parseq_tui")), name


def test_the_language_of_the_readme_is_the_languages() -> None:
    from parseq_tui.language.parser import parse

    for formula in re.findall(r'_i": "([^"]+)"', README):
        parse(formula)
