"""An engine that stays loaded after a render is seen, and can be let go."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from parseq_tui.cli import main
from parseq_tui.paths import user_runtime
from parseq_tui.render.client import Waiting, let_go, waiting
from parseq_tui.ui.takes import words as render_words
from parseq_tui.ui.takes.progress import Progress

KEPT = Waiting(4711, 1795370726.0, 565_000_000, "tiny")


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARSEQ_TUI_HOME", str(tmp_path / "home"))


@contextmanager
def described(kept: Waiting) -> Iterator[None]:
    """As if a worker waited: its description is locked by it, and nobody answers at its socket."""
    user_runtime().mkdir(mode=0o700, parents=True)
    (user_runtime() / "worker-4711.sock").touch()
    file = user_runtime() / "worker-4711.json"
    content = {name: getattr(kept, name) for name in kept.__dataclass_fields__}
    file.write_text(json.dumps(content))
    descriptor = os.open(file, os.O_RDWR)
    flock(descriptor, LOCK_EX)
    yield
    os.close(descriptor)


def test_the_pane_says_what_is_kept_and_how_to_be_rid_of_it() -> None:
    progress = Progress(state="done", kept=KEPT)
    said = ["".join(part.text for part in row) for row in render_words.status(progress, "a take", 80)]
    assert any("engine kept until" in row and "565 MB" in row and "Space r e" in row for row in said)
    assert not any("kept" in row for row in map(str, render_words.status(Progress(state="done"), "a take", 80)))


def test_doctor_and_release_know_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release"]) == 0
    assert "no engine is kept" in capsys.readouterr().err
    with described(KEPT):
        assert waiting() == [KEPT]
        assert main(["release"]) == 0
        assert "tiny, 565 MB" in capsys.readouterr().err
        assert not waiting(), "nobody answered: what was left of it is gone"


def test_what_a_killed_worker_left_is_not_believed() -> None:
    with described(KEPT):
        assert waiting() == [KEPT]
    assert waiting() == []
    assert let_go() == 0
    assert list(user_runtime().iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "until": 0, "bytes": 0, "model": ""}'])
def test_nonsense_is_nobody(text: str) -> None:
    with described(KEPT):
        (user_runtime() / "worker-4711.json").write_text(text)
        assert waiting() == []
