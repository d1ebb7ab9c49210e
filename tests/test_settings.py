"""Settings: a file under the command line, every value with its origin, every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from parseq_tui.errors import SettingsError
from parseq_tui.settings import load_settings


def test_without_a_file_everything_is_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none.toml")
    assert (settings.theme, settings.mouse) == ("", True)
    assert set(settings.origins.values()) == {"default"}


def test_options_win_over_the_file_and_say_so(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('theme = "paper"\nmouse = false\n[keys]\n"document.save" = "ctrl+o"\n')
    settings = load_settings(path, {"theme": "night", "mouse": None})
    assert (settings.theme, settings.mouse) == ("night", False)
    assert settings.origins == {"theme": "option", "mouse": "file"}
    assert settings.keys == {"document.save": ("ctrl+o",)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "no setting called 'colour'"),
        ("mouse = 3", "mouse cannot be 3"),
        ("mouse = ", "is not TOML"),
        ("[keys]\nx = 3", "the keys of 'x' cannot be 3"),
        ("keys = 1", r"\[keys\] is a table"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=words):
        load_settings(path)
