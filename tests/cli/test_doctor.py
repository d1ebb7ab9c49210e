"""`doctor`: what it says fits the terminal and a bug report. What it finds of torch is left to the README's test."""

from __future__ import annotations

from pathlib import Path

import pytest

from parseq_tui.headless import doctor
from parseq_tui.headless.doctor import Finding


@pytest.mark.parametrize("width", [60, 80, 120])
def test_long_findings_are_wrapped_between_words_and_under_themselves(width: int) -> None:
    finding = Finding(
        "bad", "packages", "missing: " + ", ".join(["opencv-python-headless"] * 9), "pip install them all"
    )
    first, *rest = doctor._printed(finding, width).splitlines()
    assert first.startswith("BAD   packages missing: opencv-python-headless,")
    assert all(len(line) < width for line in [first, *rest])
    assert all(line.startswith(" " * 15) for line in rest)
    assert rest[-1].strip() == "→ pip install them all"


def test_a_file_or_a_pipe_gets_a_line_for_each_finding() -> None:
    assert len(doctor._printed(Finding("ok", "packages", "x " * 200), 0).splitlines()) == 1


def test_broken_settings_are_named_with_what_they_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARSEQ_TUI_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text("thema = 'night'\n")
    examples, settings = doctor._own_files()
    assert (examples.verdict, settings.verdict) == ("ok", "note")
    assert "thema" in settings.text
    assert "theme" in settings.hint


def test_a_web_ui_is_asked_only_if_it_is_named_and_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARSEQ_TUI_WEBUI", raising=False)
    assert list(doctor._web_ui()) == []
    monkeypatch.setenv("PARSEQ_TUI_WEBUI", "http://me:secret@127.0.0.1:9")
    (finding,) = doctor._web_ui()
    assert finding.verdict == "note"
    assert not {"secret", "127.0.0.1"} & set(f"{finding.text} {finding.hint}".replace(":", " ").split())


def test_a_path_at_home_does_not_name_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert doctor._tilde(tmp_path / "films" / "dance.json") == "~/films/dance.json"
    assert doctor._tilde(Path("/usr/bin/python3")) == "/usr/bin/python3"
