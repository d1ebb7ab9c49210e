"""A user's own keys: written as people write them, checked, and never silently out of reach."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, rows
from textual.pilot import Pilot

from parseq_tui.errors import SettingsError
from parseq_tui.paths import bundled, settings_file
from parseq_tui.settings import begin_file, load_settings
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.keymap import DEFAULT_KEYS, Keymap, readable, sequence_of
from parseq_tui.ui.pane_keys import pane_keys, written_keys
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.widgets.render_pane import RenderPane


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Space r <", "space r less_than_sign"),
        ("Ctrl+S", "ctrl+s"),
        ("G", "G"),
        ("Shift+↑", "shift+up"),
        ("PgUp", "pageup"),
        ("Esc", "escape"),
        ("ctrl++", "ctrl+plus"),
        ("F5", "f5"),
        ("ä", "ä"),
    ],
)
def test_keys_are_written_as_they_are_shown(written: str, key: str) -> None:
    assert sequence_of(written) == key


def test_what_help_shows_can_be_written_in_the_file() -> None:
    sequences = [sequence for keys in DEFAULT_KEYS.values() for sequence in keys]
    assert [sequence_of(readable(sequence)) for sequence in sequences] == sequences


@pytest.mark.parametrize("written", ["frobnicate", "hyper+x", "ctrl+frobnicate"])
def test_a_key_that_no_terminal_sends_is_named(written: str) -> None:
    with pytest.raises(SettingsError, match="there is no key called") as raised:
        Keymap(DEFAULT_KEYS, {"document.save": ["ctrl+s", written]})
    assert "keys are written so" in raised.value.hint


def test_a_command_that_is_misspelt_is_named_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"no command called 'cell\.edt'") as raised:
        Keymap(DEFAULT_KEYS, {"cell.edt": ["x"]})
    assert "cell.edit" in raised.value.hint


def test_a_users_key_is_taken_from_all_that_it_would_hide() -> None:
    whole_menu = Keymap(DEFAULT_KEYS, {"document.save": ["space"]})
    assert whole_menu.step(("space",)).command == "document.save"
    assert not any(key.startswith("space ") for keys in whole_menu.keys.values() for key in keys)
    longer = Keymap(DEFAULT_KEYS, {"document.save": ["x s"]})
    assert longer.step(("x",)).commands == {"s": "document.save"}, "x alone no longer cuts"
    assert longer.step(("x", "s")).command == "document.save"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"cursor.down": ["n"], "cursor.up": ["x", "n"]}, r"'n' cannot be for cursor\.down and for cursor\.up"),
        ({"cursor.down": ["space"], "cursor.up": ["space r"]}, "'Space' and 'Space r' cannot be for"),
    ],
)
def test_a_user_who_gives_one_key_to_two_commands_is_told(keys: dict[str, list[str]], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as raised:
        Keymap(DEFAULT_KEYS, keys)
    assert "another key" in raised.value.hint


def test_a_key_may_be_given_on_and_what_lost_it_is_known() -> None:
    keymap = Keymap(DEFAULT_KEYS, {"cursor.down": ["u", "j"], "document.undo": ["ctrl+z"]})
    assert keymap.taken["cursor.down"] == [("u", "document.undo")]
    assert keymap.keys["document.undo"] == ("ctrl+z",)


def test_settings_show_what_a_users_keys_took_away(tmp_path: Path) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text('[keys]\n"cursor.down" = ["u"]\n"render.large" = ["F8"]\n')

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert isinstance(pilot.app, EditorApp)
        pilot.app.preferences.read_again()
        screen.desk.run_line("settings")
        await pilot.pause()
        text = "\n".join(rows(pilot.app.screen))
        assert "Down; takes u from document.undo" in text
        assert "keys in a pane" in text

    flow(document, steps, (140, 40))


def test_keys_that_cannot_be_used_are_said_with_the_file_they_stand_in(tmp_path: Path) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text('[keys]\n"cursor.dwon" = ["u"]\n')

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert isinstance(pilot.app, EditorApp)
        with pytest.raises(SettingsError, match=re.escape(f"{settings_file()}: [keys]: there is no command")):
            pilot.app.preferences.read_again()

    flow(document, steps)


def test_the_keys_of_panes_can_be_a_users_own(tmp_path: Path) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text('[keys]\n"render.large" = ["F8", "<"]\n')

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert isinstance(pilot.app, EditorApp)
        pilot.app.preferences.read_again()
        await press(pilot, screen, "space", "r", "r")
        pane = screen.query_one(RenderPane)
        assert "F8 large" in rows(screen)[-1]
        for key, large in (("f8", True), ("v", True), ("less_than_sign", False)):
            await pilot.press(key)
            assert pane._large is large
        await pilot.press("question_mark")
        assert "F8, <" in "\n".join(rows(pilot.app.screen))

    flow(document, steps, size=(160, 48))


def test_a_sequence_cannot_be_a_key_of_a_pane() -> None:
    with pytest.raises(SettingsError, match="more than one key"):
        Keymap(DEFAULT_KEYS, {"render.large": ["space v"]}, pane_keys())


def test_a_new_settings_file_lists_every_key_and_each_line_of_it_can_be_used(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    begin_file(file, written_keys())
    assert load_settings(file).keys == {}
    uncommented = re.sub(r'^# (?=")', "", file.read_text(), flags=re.MULTILINE)
    file.write_text(uncommented)
    keys = load_settings(file).keys
    assert keys["document.save"] == ("Ctrl+S", "Space w") and keys["curves.fit"] == ("f",)
    keymap = Keymap(DEFAULT_KEYS, keys, pane_keys())
    assert keymap.keys == {name: tuple(listed) for name, listed in DEFAULT_KEYS.items()}
    assert keymap.panes == pane_keys()
