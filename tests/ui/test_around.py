"""What stands around a document: its history, the settings, the themes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, rows, settled
from textual import events
from textual.command import Hit
from textual.pilot import Pilot

from parseq_tui.errors import SettingsError
from parseq_tui.paths import bundled, settings_file, user_config
from parseq_tui.timeline.edits import SetValue
from parseq_tui.ui.app import EditorApp
from parseq_tui.ui.palette import CommandProvider
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.screens.history import ago
from parseq_tui.ui.screens.tour import PAGES
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.widgets.prompts import PromptsPane


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


def shown(pilot: Pilot[int]) -> str:
    return "\n".join(rows(pilot.app.screen))


def test_any_step_of_the_history_can_be_gone_to(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        for value in (2.0, 3.0, 4.0):
            screen.session.apply(SetValue(0, "zoom", value))
            screen.session.close_step()

        def zoom() -> float:
            return screen.session.document.keyframes[0].values["zoom"]

        await press(pilot, screen, "space", "u")
        assert "now" in shown(pilot)
        await pilot.press("down", "down")
        assert "2 steps back" in shown(pilot)
        await pilot.press("enter")
        assert zoom() == 2
        await press(pilot, screen, "space", "u")
        assert "undone" in shown(pilot)
        await pilot.press("home", "enter")
        assert zoom() == 4
        await press(pilot, screen, "space", "u")
        await pilot.press("end", "escape")
        assert zoom() == 4, "leaving goes nowhere"

    flow(document, steps)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_settings_show_their_value_and_origin(document: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line("settings")
        await pilot.pause()
        for words in ("theme", "mouse", "default", "$EDITOR", "settings.toml"):
            assert words in shown(pilot)
        await pilot.press("q")
        assert pilot.app.screen is screen

    flow(document, steps, size)


def test_no_palette_without_commands_opens_over_a_dialog(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line("settings")
        await pilot.pause()
        dialog = pilot.app.screen
        await pilot.press("ctrl+p")
        assert pilot.app.screen is dialog is not screen

    flow(document, steps)


def test_settings_are_changed_here_at_once_and_in_the_file(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        app = pilot.app
        assert isinstance(app, EditorApp)
        screen.desk.run_line("settings")
        await pilot.pause()
        await pilot.press("left")
        assert app.theme == "terminal-16" and "theme = terminal-16, kept in settings.toml" in shown(pilot)
        assert settings_file().read_text() == 'theme = "terminal-16"\n'
        await pilot.press("left")
        assert app.theme == "paper", "seen at once"
        await pilot.press("d")
        assert settings_file().read_text() == ""
        assert "default" in next(row for row in rows(pilot.app.screen) if "theme " in row)
        await pilot.press("down", "down", "left")
        assert app.pictures.protocol == "off"
        await pilot.press("down", "right", "right")
        assert settings_file().read_text() == 'pictures = "off"\nglyphs = "block"\n'
        assert screen.query_one(CurvesPane)._glyphs == "block"
        await pilot.press("down", "right")
        assert "seen at the next start" in shown(pilot)
        await pilot.press("end", "right")
        assert "! only to be seen here" in shown(pilot)

    flow(document, steps)


def test_settings_that_cannot_be_written_say_why_and_change_nothing(document: Path) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("theme = \n")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        before = pilot.app.theme
        screen.desk.run_line("settings")
        await pilot.pause()
        await pilot.press("right")
        assert "! " in shown(pilot) and "is not TOML" in shown(pilot)
        assert pilot.app.theme == before
        assert settings_file().read_text() == "theme = \n"

    flow(document, steps, (160, 40))


def test_keys_from_the_file_are_taken_over_while_the_program_runs(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        app = pilot.app
        assert isinstance(app, EditorApp)
        settings_file().parent.mkdir(parents=True)
        settings_file().write_text('mouse = false\n[keys]\n"cursor.down" = ["n"]\n"document.save" = "w"\n')
        assert app.preferences.read_again() == "settings.toml read again"
        await press(pilot, screen, "n")
        assert screen.desk.view.row == 1
        assert "w save" in shown(pilot) and "^S" not in shown(pilot), "hints name the keys that are bound"
        settings_file().write_text('[keys]\n"no.command" = ["n"]\n')
        with pytest.raises(SettingsError, match="no command called"):
            app.preferences.read_again()
        settings_file().write_text('theme = "none"\n[keys]\n"cursor.down" = ["b"]\n')
        with pytest.raises(SettingsError, match="no theme called"):
            app.preferences.read_again()
        assert not app.preferences.settings.mouse, "what is wrong changes nothing"
        await press(pilot, screen, "k", "n")
        assert screen.desk.view.row == 1

    flow(document, steps)


@pytest.mark.parametrize("line", ["saveas other.json", "w other"])
def test_another_file_is_only_replaced_when_that_is_wanted(document: Path, line: str) -> None:
    other = document.with_name("other.json")
    other.write_text("precious")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line(line.replace("other", str(other.with_suffix(""))))
        await settled(pilot.app)
        assert "other.json exists already" in shown(pilot)
        await press(pilot, screen, "n")
        assert other.read_text() == "precious" and screen.session.path == document
        screen.desk.run_line(line.replace("other", str(other.with_suffix(""))))
        await settled(pilot.app)
        await press(pilot, screen, "r")
        assert screen.session.path == other and "saved other.json" in shown(pilot)
        assert other.with_name("other.json.bak").read_text() == "precious"
        screen.desk.run_line(f"saveas {other.parent / '.' / 'other.json'}")
        await settled(pilot.app)
        assert "exists already" not in shown(pilot), "its own file is no other"

    flow(document, steps)


def test_the_copy_of_what_is_only_read_can_be_changed(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.session.read_only = screen.query_one(PromptsPane).read_only = True
        await press(pilot, screen, "5")
        assert "read-only" in shown(pilot) and not screen.session.dirty
        screen.desk.run_line(f"saveas {document.with_name('copy.json')}")
        await settled(pilot.app)
        await press(pilot, screen, "5", "enter", "space", "p")
        await pilot.press("enter")
        assert screen.session.dirty
        assert "Ctrl+S keep" in shown(pilot)

    flow(document, steps)


@pytest.mark.parametrize("event", [events.AppFocus(), events.Key("down", None)])
def test_a_focus_lost_before_anything_had_it_goes_to_the_table(document: Path, event: events.Event) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.set_focus(None)
        pilot.app.post_message(events.AppBlur())
        await settled(pilot.app)
        pilot.app.post_message(event)
        await settled(pilot.app)
        assert screen.focused is screen.table and screen.table.has_focus

    flow(document, steps)


def test_the_tour_is_read_in_less_than_a_minute() -> None:
    words = sum(len(" ".join((heading, *lines)).split()) for heading, lines in PAGES)
    assert words / 230 * 60 + len(PAGES) + 1 < 60, "a reader's 230 words a minute, and a second for each key"


def test_keys_of_a_terminal_that_had_lost_the_focus_keep_their_order(document: Path) -> None:
    """tmux tells of a lost focus, but not of one that comes back with keys it is asked to send."""

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        pilot.app.post_message(events.AppBlur())
        await settled(pilot.app)
        assert screen.focused is None
        for key, character in (("colon", ":"), *((letter, letter) for letter in "theme")):
            pilot.app.post_message(events.Key(key, character))
        await settled(pilot.app)
        assert rows(screen)[-1].startswith(":theme")

    flow(document, steps)


def test_the_terminals_cursor_is_on_the_current_cell(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert pilot.app.cursor_position == screen.table.cursor_screen_offset
        await press(pilot, screen, "j", "l")
        assert pilot.app.cursor_position == screen.table.cursor_screen_offset
        await press(pilot, screen, "space", "p")
        await press(pilot, screen, "space", "t")
        assert pilot.app.cursor_position == screen.table.cursor_screen_offset

    flow(document, steps)


def test_a_theme_that_is_being_written_is_followed(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        app = pilot.app
        assert isinstance(app, EditorApp)
        mine = user_config() / "themes" / "mine.toml"
        mine.parent.mkdir(parents=True)
        night = (bundled("themes") / "night.toml").read_text()
        mine.write_text(night)
        await app._follow_themes()
        assert app.next_theme("mine") == "mine"
        await pilot.pause()
        before = app.theme_variables["background"]
        assert "dark = true" in night
        mine.write_text(night.replace("dark = true", "dark = false"))  # other colours where there are sixteen
        await app._follow_themes()
        await pilot.pause()
        assert app.theme_variables["background"] != before
        assert "themes read again" in rows(screen)[-1]
        mine.write_text("[colors]\naccent = 7\n")
        await app._follow_themes()
        await pilot.pause()
        assert "mine.toml" in rows(screen)[-1], "what is wrong is said, the old colours stay"
        assert app.theme == "mine"

    flow(document, steps)


def test_the_tour_goes_page_by_page_to_its_end(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line("tour")
        await pilot.pause()
        for number, (heading, lines) in enumerate(PAGES, 1):
            assert f"{number} of {len(PAGES)}: {heading}" in shown(pilot)
            assert lines[-1] in shown(pilot), "every line fits"
            await pilot.press("enter")
        assert pilot.app.screen is screen

    flow(document, steps, (80, 24))


def test_what_the_tour_tells_of_is_seen_above_it(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        before = rows(screen)
        screen.desk.run_line("tour")
        await settled(pilot.app)
        told = shown(pilot).split("\n")
        assert told[:16] == before[:16]
        assert "1 of 5" in told[17]

    flow(document, steps, (80, 24))


def test_how_long_ago() -> None:
    assert [ago(seconds) for seconds in (-1, 12, 180, 7200)] == ["0 s ago", "12 s ago", "3 min ago", "2 h ago"]


def test_a_message_that_is_too_long_for_a_line_takes_several(document: Path) -> None:
    words = "song.json was not saved: there is no space left on the disk; free some, then save again: " * 2

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        before = rows(screen)
        screen.say(words, "error")
        await pilot.pause()
        lines = [line.strip() for line in rows(screen)[-3:]]
        assert " ".join(lines) == f"! {words.strip()}"
        screen.say("short")
        await pilot.pause()
        assert rows(screen)[:-1] == before[:-1], "what was covered is seen again"

    flow(document, steps, size=(80, 24))


def test_help_begins_with_the_pane_one_is_in_and_its_keys_are_told_from_the_tables(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await pilot.press("space", "p")
        await pilot.press("y")
        assert "y is a key of the table: Esc goes there" in shown(pilot)
        await pilot.press("?")
        await pilot.pause()
        first = next(row for row in rows(pilot.app.screen) if "in the" in row or "document" in row)
        assert "in the prompts pane" in first

    flow(document, steps)


def test_what_a_command_wants_is_read_whole_above_a_short_line(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        before = rows(screen)
        await press(pilot, screen, "b", "r")
        told = [line.strip() for line in rows(screen)]
        assert told[-1] == ":bulk.replace    /OLD/NEW/ where ROWS"
        words = " ".join(told[-5:-1])
        assert "Replace a text" in words and words.endswith("ROWS: chorus (a label), 8b..16b, zoom=1.5, zoom~sin.")
        await press(pilot, screen, "escape")
        assert rows(screen) == before

    flow(document, steps, (80, 24))


def test_the_palette_finds_commands_by_the_words_of_their_help(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        provider = CommandProvider(screen)

        async def found(query: str) -> list[str]:
            hits = [hit async for hit in provider.search(query)]
            return [str(hit.text) for hit in sorted(hits, key=lambda hit: -hit.score) if isinstance(hit, Hit)]

        song = await found("song")
        assert all("sound" in title for title in song[:5]), "they are called sounds"
        assert (await found("bpm"))[0].startswith("Beats per minute"), "what is called so comes first"

    flow(document, steps)


def test_the_menu_leaves_the_table_in_sight_at_80_columns(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        before = rows(screen)
        await press(pilot, screen, "space")
        menu = rows(screen)
        assert menu[:12] == before[:12]
        assert "Settle conflicts" in "".join(menu)

    flow(document, steps, (80, 24))
