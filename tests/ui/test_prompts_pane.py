"""The prompts pane: ranges, weights and the resolved prompt at the playhead; editing asks for changes by message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pane_session import in_panes, settled, text_of
from panes_demo import PanesDemo
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Static
from waiting import until

from parseq_tui.language.diagnostics import Diagnostic
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.prompts import Overlap, Prompt, Prompts
from parseq_tui.ui.drawing.prompt_marks import prompt_marks
from parseq_tui.ui.screens.prompt_editor import PromptArea, PromptEditor
from parseq_tui.ui.theming.theme import Palette
from parseq_tui.ui.widgets.prompts import PromptsPane
from parseq_tui.ui.widgets.prompts_mouse import Stretch


def rows(app: PanesDemo) -> list[str]:
    return [row.rstrip() for row in text_of(app.query_one(PromptsPane))]


def focused(app: PanesDemo) -> PromptsPane:
    pane = app.query_one(PromptsPane)
    pane.focus()
    return pane


def test_every_prompt_with_its_range_weight_and_what_results_at_the_playhead() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.move(150)
        text = rows(app)
        assert text[0].startswith(">1 cats 0-200 w 1.00 a (cat:${0.5+sin")
        assert text[2].startswith(" 2 dogs 133-399 w 0.26 a dog")
        assert text[4].startswith(" 3 always all w 1.00 masterpiece")
        assert text[6].startswith(" common append detailed")
        assert text[1].index("┃") == text[3].index("┃") == 2 + int(150.5 * 36 / 400)
        assert text[8:11] == ["at frame 150", "+ a (cat:1.2) at 150 AND a dog :0.5", "- blurry"]
        app.move(399)
        assert rows(app)[0].startswith(">1 cats 0-200 off")

    in_panes(test)


def test_ranges_are_seen_through_the_window_of_the_curves() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(PromptsPane)
        app.move(150)
        pane.set_window(100, 100)
        assert pane.border_title == "prompts  frames 100-199"
        text = rows(app)
        assert text[1].strip() == "█" * 18 + "┃" + "█" * 17, "active all the time"
        assert text[1].index("┃") == text[3].index("┃") == 2 + int(50.5 * 36 / 100)
        assert text[3].lstrip().startswith("····"), "not yet"
        app.move(20)
        assert "┃" not in "".join(rows(app)[:6]), "outside the window"
        pane.set_window(0, 400)
        assert pane.border_title == "prompts"

    in_panes(test)


def test_a_custom_weight_is_shown_as_its_formula() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        prompts = Prompts((Prompt("p", "x", overlap=Overlap("custom", formula="sin(p=1b)")),))
        app.query_one(PromptsPane).show(replace(app.document, prompts=prompts), app.table, 0)
        assert rows(app)[0].startswith(">1 p all w=sin(p=1b) x")

    in_panes(test)


def test_every_size_works_and_the_selection_stays_in_sight() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = focused(app)
        await pilot.press("down", "down", "down", "down")
        for size in ((80, 24), (200, 60), (62, 12)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert pane.selected == "common"
            selected = next(y for y, row in enumerate(rows(app)) if row.startswith(">"))
            assert app.cursor_position == pane.content_region.offset + Offset(0, selected), "braille displays follow it"
            assert any(row.startswith("at frame 0") for row in rows(app))

    in_panes(test)


def test_no_prompt_stays_hidden_where_there_is_room_again() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = focused(app)
        await pilot.resize_terminal(62, 12)
        await pilot.press("down", "down", "down", "down")
        await until(app, lambda: rows(app)[0].startswith(">common"))
        await pilot.resize_terminal(200, 60)
        await until(app, lambda: pane.size.height > 12)
        await until(app, lambda: rows(app)[0].startswith(" 1 cats"))

    in_panes(test)


def test_moving_the_playhead_sends_only_rows_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(PromptsPane)
        pane.set_playhead(10)
        refreshed: list[int] = []
        monkeypatch.setattr(pane, "refresh", lambda *regions, **kw: refreshed.extend(region.y for region in regions))
        pane.set_playhead(11)
        assert 0 not in refreshed and 2 not in refreshed, "weights are the same as before"
        assert 8 in refreshed and 9 in refreshed, "the frame and the resolved prompt are not"

    in_panes(test)


def test_enter_edits_everything_and_the_change_is_one() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        focused(app)
        await pilot.press("down", "enter")
        assert isinstance(app.screen, PromptEditor)
        app.screen.query_one("#positive", PromptArea).load_text("a ${1+1} dog\nand a (cat:1.2)")
        assert "▐ ▌ all frames" in app.screen.query_one("#all").render_line(0).text, "not told by colour alone"
        for name, text in {"end": "300", "name": "hounds", "fade_out": "2,5"}.items():
            app.screen.query_one(f"#{name}", Input).value = text
        await pilot.press("ctrl+s")
        await settled(app)
        (edited,) = app.posted
        assert isinstance(edited, PromptsPane.Edited)
        assert (edited.index, edited.before) == (1, app.document.prompts.entries[1])
        assert edited.after == Prompt(
            "hounds", "a ${1+1} dog\nand a (cat:1.2)", "", False, 133, 300, Overlap("linear", 66, 2.5)
        )

    in_panes(test)


def test_fades_or_a_formula_make_the_overlap() -> None:
    cases: list[tuple[Overlap, dict[str, str], Overlap]] = [
        (Overlap(), {}, Overlap()),
        (Overlap("strange", 3), {}, Overlap("strange", 3)),
        (Overlap(), {"fade_in": "8"}, Overlap("linear", 8, 0)),
        (Overlap("linear", 8, 9), {"fade_in": "0", "fade_out": ""}, Overlap("none", 0, 0)),
        (Overlap("linear", 8, 9), {"weight": "sin(p=1b)"}, Overlap("custom", 8, 9, "sin(p=1b)")),
        (Overlap("custom", 1, 2, "f"), {"weight": ""}, Overlap("linear", 1, 2, "f")),
    ]

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        for before, entries, after in cases:
            kept: list[Prompt | None] = []
            app.push_screen(PromptEditor(Prompt("p", overlap=before)), kept.append)
            await pilot.pause()
            for name, text in entries.items():
                app.screen.query_one(f"#{name}", Input).value = text
            await pilot.press("ctrl+s")
            assert kept[0] is not None and kept[0].overlap == after

    in_panes(test)


def test_ranges_and_fades_are_written_in_beats_and_seconds_too() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        kept: list[Prompt | None] = []
        options = Options(fps=20, bpm=120)
        app.push_screen(PromptEditor(Prompt("p", all_frames=False), options=options), kept.append)
        await pilot.pause()
        for name, text in {"start": "4b", "end": "0:05", "fade_in": "1.5s", "fade_out": "2,5"}.items():
            app.screen.query_one(f"#{name}", Input).value = text
        await pilot.press("ctrl+s")
        assert kept[0] is not None
        assert (kept[0].start, kept[0].end, kept[0].overlap) == (40, 100, Overlap("linear", 30, 2.5))

    in_panes(test)


def test_a_first_range_spans_all_frames_and_a_range_that_was_comes_back() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        for prompt, end in ((Prompt("p"), "159"), (Prompt("p", start=20, end=40), "40")):
            app.push_screen(PromptEditor(prompt, last_frame=159))
            await pilot.pause()
            app.screen.query_one("#all", Checkbox).value = False
            await pilot.pause()
            assert app.screen.query_one("#end", Input).value == end
            await pilot.press("escape")

    in_panes(test)


def test_what_cannot_be_meant_is_said_and_escape_changes_nothing() -> None:
    cases = [
        ("start", "500", "the range ends at 200, before it starts at 500"),
        ("end", "x", "to is a number of frames, seconds (4s or 0:04) or beats (8b), not 'x'"),
        ("fade_in", "-3", "fade in is a number of frames, seconds (4s or 0:04) or beats (8b), not '-3'"),
        ("fade_out", "nan", "fade out is a number of frames, seconds (4s or 0:04) or beats (8b), not 'nan'"),
    ]

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        focused(app)
        for name, text, words in cases:
            await pilot.press("enter")
            app.screen.query_one(f"#{name}", Input).value = text
            await pilot.press("ctrl+s")
            assert isinstance(app.screen, PromptEditor), "it stays open"
            assert str(app.screen.query_one("#problem").render()) == words
            await pilot.press("escape")
        await settled(app)
        assert app.posted == []

    in_panes(test)


def test_a_read_only_document_shows_its_prompts_and_keeps_no_change() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.push_screen(PromptEditor(Prompt("p", "a cat"), read_only=True))
        await pilot.pause()
        await pilot.press("x", "ctrl+s")
        assert isinstance(app.screen, PromptEditor)
        assert "read-only" in str(app.screen.query_one("#problem", Static).render())

    in_panes(test)


def test_the_common_prompt_has_texts_but_no_range() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        focused(app)
        await pilot.press("down", "down", "down", "enter")
        assert not app.screen.query(Input)
        app.screen.query_one("#negative", PromptArea).load_text("ugly")
        await pilot.press("ctrl+s")
        await settled(app)
        (edited,) = app.posted
        assert isinstance(edited, PromptsPane.Edited)
        assert (edited.index, edited.after) == ("common", Prompt(positive="detailed", negative="ugly"))

    in_panes(test)


def test_a_common_prompt_begins_with_a_key() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = focused(app)
        pane.show(replace(app.document, prompts=Prompts()), app.table, 0)
        await pilot.press("C")
        app.screen.query_one("#positive", PromptArea).load_text("soft light")
        await pilot.press("ctrl+s")
        await settled(app)
        (edited,) = app.posted
        assert isinstance(edited, PromptsPane.Edited)
        assert (edited.index, edited.after) == ("common", Prompt(positive="soft light"))

    in_panes(test)


def test_keys_put_ends_at_the_playhead_and_remove() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        focused(app)
        app.move(50)
        await pilot.press("left_square_bracket", "right_square_bracket", "a", "d")
        start, end, everywhere, removed = app.posted
        assert isinstance(start, PromptsPane.RangeChanged) and (start.start, start.end) == (50, 200)
        assert isinstance(end, PromptsPane.RangeChanged) and (end.start, end.end) == (0, 50)
        assert isinstance(everywhere, PromptsPane.RangeChanged) and everywhere.all_frames
        assert isinstance(removed, PromptsPane.Removed) and removed.index == 0

    in_panes(test)


def test_arrows_move_the_playhead_to_where_a_range_shall_end() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        focused(app)
        await pilot.press("left", "right", "shift+right", "left_square_bracket")
        *moved, start = app.posted
        assert [m.frame for m in moved if isinstance(m, PromptsPane.PlayheadMoved)] == [0, 1, 11]
        assert isinstance(start, PromptsPane.RangeChanged) and start.start == 11

    in_panes(test)


def test_a_resolved_prompt_that_is_cut_says_so() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        table = replace(app.table, prompt_texts=lambda index: ("word " * 500, "ugly " * 500))
        app.query_one(PromptsPane).show(app.document, table, 0)
        text = [row for row in rows(app) if row.endswith(" …")]
        assert len(text) == 2, "the positive and the negative one"

    in_panes(test)


def test_a_new_prompt_is_written_before_it_is_there_and_chosen_then() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = focused(app)
        app.move(50)
        await pilot.press("n", "escape")
        assert app.posted == []
        await pilot.press("n", "a", "x", "ctrl+s")
        await settled(app)
        (added,) = app.posted
        assert isinstance(added, PromptsPane.Added)
        assert added.prompt == Prompt("Prompt 4", "ax", "", False, 50, 399)
        entries = (*app.document.prompts.entries, added.prompt)
        pane.show(replace(app.document, prompts=Prompts(entries)), app.table, 50)
        assert pane.selected == 3

    in_panes(test)


def test_a_range_is_taken_by_an_end_or_its_middle() -> None:
    stretch = Stretch(0, 100, 199, 0, 399, (0, 10))  # ten frames a cell: cells 10 … 19
    assert [stretch.part_at(column) for column in (8, 9, 11, 12, 17, 18, 20, 21)] == [
        "", "start", "start", "middle", "middle", "end", "end", "",
    ]  # fmt: skip
    assert stretch.moved("start", 2) == (120, 199)
    assert stretch.moved("start", 50) == (199, 199)
    assert stretch.moved("end", -50) == (100, 100)
    assert stretch.moved("end", 50) == (100, 399)
    assert stretch.moved("middle", 3) == (130, 229)
    assert stretch.moved("middle", -50) == (0, 99), "its length stays"


def test_dragging_a_range_shows_it_and_is_one_change() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(PromptsPane)
        border = 1
        end = rows(app)[1].rindex("█")
        await pilot.mouse_down(PromptsPane, offset=(end + border, 1 + border))
        await pilot.hover(PromptsPane, offset=(end + border + 5, 1 + border))
        assert rows(app)[1].rindex("█") == end + 5
        assert "0-256" in rows(app)[0]
        await pilot.press("escape")
        await pilot.mouse_up(PromptsPane, offset=(end + border + 5, 1 + border))
        assert app.posted == [] and rows(app)[1].rindex("█") == end
        await pilot.mouse_down(PromptsPane, offset=(end + border, 1 + border))
        await pilot.mouse_up(PromptsPane, offset=(end + border + 5, 1 + border))
        (changed,) = app.posted
        assert isinstance(changed, PromptsPane.RangeChanged)
        assert (changed.index, changed.start, changed.end, changed.all_frames) == (0, 0, 256, False)
        assert pane.selected == 0

    in_panes(test)


def test_a_prompt_whose_formula_cannot_be_read_is_marked() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        problem = Diagnostic("error", "expected a value", prompt="cats")
        app.query_one(PromptsPane).show(app.document, replace(app.table, diagnostics=(problem,)), 0)
        assert rows(app)[0].startswith(">1 cats 0-200 w 1.00 ! a (cat")
        assert "!" not in rows(app)[2]

    in_panes(test)


def test_what_does_not_fit_is_counted() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        many = Prompts(tuple(Prompt(f"p{number}", "x") for number in range(30)))
        app.query_one(PromptsPane).show(replace(app.document, prompts=many), app.table, 0)
        assert any(row.startswith("at frame 0 ") and row.endswith("of 30") for row in rows(app))

    in_panes(test)


def test_prompts_from_a_file_cannot_reach_the_terminal() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        evil = Prompt("a\x1b]0;x\x07", "red \x1b[31m\r\n text", "\x9b2J")
        app.query_one(PromptsPane).show(replace(app.document, prompts=Prompts((evil,))), app.table, 0)
        assert all(row.isprintable() for row in rows(app))

    in_panes(test)


def test_a_document_without_prompts_says_how_to_begin() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.query_one(PromptsPane).show(replace(app.document, prompts=Prompts()), app.table, 0)
        assert rows(app)[0] == "no prompt yet: n adds one"
        focused(app)
        await pilot.press("enter", "d", "a")
        assert app.posted == []

    in_panes(test)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("a ${1+sin(p=1b)} cat", [("formula", "${1+sin(p=1b)}")]),
        ("a ${1+", [("open", "${1+")]),
        ("(cat:1.2)", [("emphasis", "("), ("emphasis", ":1.2"), ("emphasis", ")")]),
        ("[dim] \\(real\\)", [("emphasis", "["), ("emphasis", "]")]),
        ("cat :0.5 AND dog :-1", [("and", ":0.5 "), ("and", "AND"), ("and", ":-1")]),
        ("SAND and <lora:film:0.7>", [("network", "<lora:film:0.7>")]),
        ("10:30 o'clock", []),
    ],
)
def test_parts_of_a_prompt_are_recognised(text: str, marks: list[tuple[str, str]]) -> None:
    assert [(kind, text[span.start : span.end]) for span, kind in prompt_marks(text)] == marks


def test_the_editor_colours_formulas_across_lines() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.push_screen(PromptEditor(Prompt("p", "a ${1+\n1} cat")))
        await pilot.pause()
        area = app.screen.query_one("#positive", PromptArea)
        styled = [[(span.start, span.end) for span in area.get_line(line).spans] for line in (0, 1)]
        assert styled == [[(2, 6)], [(0, 2)]]
        drawn = {part.text: part.style for part in area.render_line(0)}
        formula = Palette.of(app).color("formula").rich_color
        assert drawn["${1+"] is not None and drawn["${1+"].color == formula, "on the cursor's line too"

    in_panes(test)


def test_a_formula_that_cannot_be_read_is_said_while_it_is_typed_and_kept_all_the_same() -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        kept: list[Prompt | None] = []
        app.push_screen(PromptEditor(Prompt("p", "a ${1+} cat")), kept.append)
        await pilot.pause()
        await pilot.press("end", "!")
        await pilot.pause()
        problem = str(app.screen.query_one("#problem", Static).render())
        assert problem.startswith("positive: 1+: ")
        app.screen.query_one("#positive", PromptArea).text = "a ${1+1} cat"
        app.screen.query_one("#weight", Input).value = "sin("
        await pilot.pause()
        assert str(app.screen.query_one("#problem", Static).render()).startswith("weight: sin(: ")
        await pilot.press("ctrl+s")
        assert kept[0] is not None and kept[0].overlap.formula == "sin("

    in_panes(test)
