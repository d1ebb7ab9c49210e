"""Settings: a file under the command line, every value with its origin, every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from parseq_tui.errors import SettingsError
from parseq_tui.settings import OPTIONS, load_settings, write_setting


def test_without_a_file_everything_is_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none.toml")
    assert (settings.theme, settings.mouse) == ("", True)
    assert set(settings.origins.values()) == {"default"}


def test_options_win_over_the_file_and_say_so(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('theme = "paper"\nmouse = false\n[keys]\n"document.save" = "ctrl+o"\n')
    settings = load_settings(path, {"theme": "night", "mouse": None})
    assert (settings.theme, settings.mouse) == ("night", False)
    assert (settings.origins["theme"], settings.origins["mouse"]) == ("option", "file")
    assert settings.keys == {"document.save": ("ctrl+o",)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "no setting called 'colour'"),
        ("mouse = 3", "mouse cannot be 3"),
        ('pictures = "jpeg"', "pictures cannot be 'jpeg'"),
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


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('theme = "paper"\nglyphs = "block"\nmouse = true\n')
    environment = {"PARSEQ_TUI_THEME": "night", "PARSEQ_TUI_GLYPHS": "ascii", "PARSEQ_TUI_MOUSE": "off"}
    settings = load_settings(path, {"glyphs": "braille"}, environment)
    assert (settings.theme, settings.glyphs, settings.mouse) == ("night", "braille", False)
    assert [settings.origins[name] for name in ("theme", "glyphs", "mouse", "pictures")] == [
        "environment", "option", "environment", "default",
    ]  # fmt: skip
    with pytest.raises(SettingsError, match=r"\$PARSEQ_TUI_MOUSE cannot be 'perhaps'"):
        load_settings(path, {}, {"PARSEQ_TUI_MOUSE": "perhaps"})


# -- writing -----------------------------------------------------------------------------------------------------------

WRITTEN = """# my settings
theme = "paper"   # for the beamer
  mouse=true

[keys]
"document.save" = "ctrl+o"
mouse = "x"
"""


def test_writing_changes_one_line_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN)
    write_setting(path, "theme", "night")
    assert path.read_text() == WRITTEN.replace('theme = "paper"   #', 'theme = "night"  #')
    write_setting(path, "theme", "paper")
    write_setting(path, "mouse", False)
    assert path.read_text() == WRITTEN.replace('"   #', '"  #').replace("  mouse=true", "mouse = false")
    write_setting(path, "mouse", None)
    assert 'beamer\n\n[keys]\n"document.save"' in path.read_text()
    assert 'mouse = "x"' in path.read_text(), "a key of the same name in a table is another thing"


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_can_be_written_and_read_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new" / "settings.toml"
    option = OPTIONS[name]
    value = (not option.default) if isinstance(option.default, bool) else option.choices[-1] if option.choices else "x"
    write_setting(path, name, value)
    settings = load_settings(path)
    assert getattr(settings, name) == value and settings.origins[name] == "file"
    write_setting(path, name, None)
    assert load_settings(path).origins[name] == "default"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_broken_or_not_ours_to_write_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("theme = \n")
    with pytest.raises(SettingsError, match="is not TOML"):
        write_setting(path, "mouse", False)
    path.write_text('theme = """a\nb"""\n')
    with pytest.raises(SettingsError, match="cannot be changed from here"):
        write_setting(path, "theme", "night")
    with pytest.raises(SettingsError, match="glyphs cannot be 'runes'"):
        write_setting(path, "glyphs", "runes")
    assert path.read_text() == 'theme = """a\nb"""\n'


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.toml", tmp_path / "settings.toml"
    real.write_text("mouse = true\n")
    link.symlink_to(real)
    write_setting(link, "mouse", False)
    assert link.is_symlink() and real.read_text() == "mouse = false\n"
