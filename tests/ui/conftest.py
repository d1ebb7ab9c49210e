"""Every editor under test has a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARSEQ_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("parseq_tui.ui.memory.settle", lambda **_: None)  # the test run's heap is not the editor's
