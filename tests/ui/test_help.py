"""Help, the start screen and the problems list: made from what they are given, searched and chosen by key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pane_session import in_panes, settled, text_of
from panes_demo import PROBLEMS, PanesDemo
from textual.pilot import Pilot
from textual.widgets import Input

from parseq_tui.ui.screens.help import (
    HelpEntry,
    HelpScreen,
    HelpSection,
    HelpText,
    command_sections,
    function_section,
    matching,
    pane_section,
)
from parseq_tui.ui.screens.open_document import Offer, OfferList, OpenChoice, OpenDocument, files_like
from parseq_tui.ui.widgets.curves import CurvesPane
from parseq_tui.ui.widgets.problems import ProblemsPane


@dataclass(frozen=True)
class AnyCommand:
    name: str
    title: str
    help: str
    group: str


@dataclass(frozen=True)
class AnyFunction:
    name: str
    help: str
    example: str

    def signature(self) -> str:
        return f"{self.name}(p, ph=0)"


COMMANDS = [
    AnyCommand("cursor.up", "Up", "One row up.", "move"),
    AnyCommand("edit.undo", "Undo", "Take the last change back.", "edit"),
    AnyCommand("cursor.down", "Down", "One row down.", "move"),
]
KEYS = {"cursor.up": ("up", "k"), "edit.undo": ("u",)}


def test_sections_are_the_groups_of_the_registry_in_its_order() -> None:
    sections = command_sections(COMMANDS, lambda name: KEYS.get(name, ()))
    assert [(section.title, [entry.head for entry in section.entries]) for section in sections] == [
        ("move", ["up, k", ":cursor.down"]),
        ("edit", ["u"]),
    ]
    assert sections[1].entries[0].text == "Undo. Take the last change back."


def test_functions_come_with_signature_and_example() -> None:
    section = function_section([AnyFunction("sin", "A sine.", "sin(p=1b)")])
    assert section.entries == (HelpEntry("sin", "sin(p, ph=0)", "A sine.", "sin(p=1b)"),)


def test_panes_tell_the_keys_they_have_for_themselves() -> None:
    section = pane_section("in the curves", CurvesPane.BINDINGS, {}, str.upper)
    assert HelpEntry("curves.fit", "F", "All frames.") in section.entries
    assert HelpEntry("curves.closer", "PLUS, EQUALS_SIGN", "Closer.") in section.entries


def test_search_wants_every_word_anywhere() -> None:
    sections = command_sections(COMMANDS, lambda name: KEYS.get(name, ()))
    found = matching(sections, "ROW move up")
    assert [entry.name for section in found for entry in section.entries] == ["cursor.up"]
    assert matching(sections, "xyzzy") == []
    assert matching(sections, "") == sections


def test_what_is_called_so_comes_before_what_only_speaks_of_it() -> None:
    functions = [
        AnyFunction("min", "the smaller of two values", "min(L, sin(p=20))"),
        AnyFunction("_sin", "sine of an angle", "_sin(f/10)"),
        AnyFunction("sin", "a wave", "sin(p=4b)"),
    ]
    (found,) = matching([function_section(functions)], "sin")
    assert [entry.name for entry in found.entries] == ["sin", "_sin", "min"]
    commands = [
        AnyCommand("view.left", "Move left", "The order is saved.", "view"),
        AnyCommand("document.save", "Save", "Write it.", "document"),
    ]
    found_in = matching(command_sections(commands, lambda name: ()), "save")
    assert [section.title for section in found_in] == ["document", "view"]


def test_the_help_screen_searches_scrolls_and_closes() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        entries = tuple(HelpEntry(f"n{n}", f"key{n}", "Explains at length. " * 8) for n in range(60))
        app.push_screen(
            HelpScreen([HelpSection("things", entries), HelpSection("more", (HelpEntry("z", "zz", "zed"),))])
        )
        await pilot.pause()
        text = app.screen.query_one(HelpText)
        assert text_of(text)[0].startswith(" things")
        assert text_of(text)[1].startswith(" key0  ")
        await pilot.press("pagedown", "down")
        assert not text_of(text)[0].startswith(" things")
        await pilot.press("ctrl+end")
        assert text_of(text)[-1].startswith(" zz")
        await pilot.press("z", "e", "d")
        assert [row.rstrip() for row in text_of(text)[:2]] == [" more", " zz                       zed"]
        await pilot.press("q")
        assert "nothing here says" in text_of(text)[0]
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)

    in_panes(test)


def opened(choices: list[object], **settings: object) -> OpenDocument:
    return OpenDocument(
        [
            Offer(OpenChoice("file", Path("/films/cat.json")), "cat.json", "/films"),
            Offer(OpenChoice("example", Path("examples/dance.json")), "dance", "cats and dogs dance"),
            Offer(OpenChoice("example", Path("examples/zoom.json")), "zoom", "endless zoom"),
            Offer(OpenChoice("blank"), "new", "a blank document"),
        ]
    )


def test_recent_files_examples_and_a_blank_one_are_offered() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        chosen: list[object] = []
        app.push_screen(opened(chosen), chosen.append)
        await pilot.pause()
        text = [row.rstrip() for row in text_of(app.screen.query_one(OfferList))]
        assert text[:3] == [
            " files",
            "> cat.json  /films",
            " examples: a copy opens, saving asks for a name",
        ]
        await pilot.press("down", "enter")
        assert chosen == [OpenChoice("example", Path("examples/dance.json"))]
        app.push_screen(opened(chosen), chosen.append)
        await pilot.press("n", "e", "w")
        await settled(app)
        await pilot.press("enter")
        assert chosen[-1] == OpenChoice("blank")
        app.push_screen(opened(chosen), chosen.append)
        await pilot.press("escape")
        assert chosen[-1] is None

    in_panes(test, size=(80, 24))


def test_a_name_that_is_nowhere_is_offered_as_a_new_document() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        chosen: list[object] = []
        app.push_screen(opened(chosen), chosen.append)
        await pilot.press(*"clip.json")
        await settled(app)
        text = [row.rstrip() for row in text_of(app.screen.query_one(OfferList))]
        assert text[:2] == [" new: saving asks for its name", "> new  a blank document"]
        await pilot.press("enter")
        assert chosen == [OpenChoice("blank")]

    in_panes(test, size=(80, 24))


def test_what_is_called_so_comes_before_what_speaks_of_it() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        chosen: list[object] = []
        offers = [
            Offer(OpenChoice("example", Path("dance.json")), "dance", "the video has sound"),
            Offer(OpenChoice("example", Path("video.json")), "video_input", "a filmed ball"),
        ]
        app.push_screen(OpenDocument(offers), chosen.append)
        await pilot.press(*"video")
        await settled(app)
        await pilot.press("enter")
        assert chosen == [OpenChoice("example", Path("video.json"))]

    in_panes(test, size=(80, 24))


def test_a_path_is_completed_and_opened(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "cat.json").write_text("{}")
    (tmp_path / "films" / "notes.md").write_text("")

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        chosen: list[object] = []
        app.push_screen(opened(chosen), chosen.append)
        await pilot.pause()
        line = app.screen.query_one(Input)
        line.value = f"{tmp_path}/fi"
        await settled(app)
        await pilot.press("tab")
        await settled(app)
        assert line.value == f"{tmp_path}/films/"
        assert [row.rstrip() for row in text_of(app.screen.query_one(OfferList))[:3]] == [" files", "> cat.json", ""]
        await pilot.press("enter")
        assert chosen == [OpenChoice("file", tmp_path / "films" / "cat.json")]

    in_panes(test)


def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (offer,) = files_like(f"{tmp_path}/missing/x")
    assert offer.words == "cannot be read: No such file or directory"


def test_problems_errors_first_with_caret_and_hint() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await pilot.press("f4")
        await settled(app)
        pane = app.query_one(ProblemsPane)
        assert [row.rstrip() for row in text_of(pane)[:5]] == [
            '>! zoom @30: unknown function "sni"',
            " ? zoom @0: a chain that Parseq groups to the right",
            "    1 + sni(p=4b)",
            "        ^^^",
            '  did you mean "sin"?',
        ]
        assert pane.border_title == "problems: 1 error, 1 warning"
        pane.focus()
        await pilot.press("down", "enter")
        (message,) = app.posted
        assert isinstance(message, ProblemsPane.ProblemSelected)
        assert message.diagnostic == PROBLEMS[0]

    in_panes(test)


def test_the_selection_stays_on_its_problem_when_others_go() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await pilot.press("f4")
        pane = app.query_one(ProblemsPane)
        pane.focus()
        await pilot.press("down")
        pane.show(PROBLEMS[:1])
        await pilot.press("enter")
        assert app.posted[-1].diagnostic == PROBLEMS[0]  # type: ignore[attr-defined]
        pane.show(())
        assert text_of(pane)[0].rstrip() == "no problems"
        assert pane.border_title == "problems"

    in_panes(test)


def test_small_terminals_show_all_screens() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        for size in ((80, 24), (40, 10)):
            await pilot.resize_terminal(*size)
            for key in ("f5", "f6"):
                await pilot.press(key)
                await settled(app)
                await pilot.press("escape")

    in_panes(test)
