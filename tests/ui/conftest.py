"""Every editor under test has a home of its own, and a pilot that waits until all it began is done."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import waiting


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARSEQ_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("parseq_tui.ui.memory.settle", lambda **_: None)  # the test run's heap is not the editor's


@pytest.fixture(autouse=True)
def _pilots_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "to_thread", waiting.counted_to_thread)
    for user in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{user}.wait_for_idle", waiting.idle)
    monkeypatch.setattr("parseq_tui.ui.screens.editor.FOLLOW_SECONDS", 0.0)  # no pane is behind when a key is done
    monkeypatch.setattr("parseq_tui.hot_reload.CHECK_SECONDS", 0.1)  # a file changed before it was watched is seen soon
