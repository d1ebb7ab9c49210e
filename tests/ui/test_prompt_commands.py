"""What the list of prompts can do: order, cut, copy, spread, import; from its pane or by name."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from editor_flow import flow, press
from keystrokes import Fingers, read
from textual.geometry import Offset
from textual.pilot import Pilot
from waiting import rows, shows

from parseq_tui.paths import bundled
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.prompts import Overlap, Prompt, Prompts
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.widgets.prompts import PromptsPane


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


def with_prompts(*prompts: Prompt) -> Document:
    document, _ = read("0:1 60:2")
    return replace(document, prompts=Prompts(prompts))


CAT, DOG = Prompt("cat", "a cat", all_frames=False, start=0, end=29), Prompt("dog", "a dog", start=30, end=60)


def after(line: str, *, at: int = 0, prompts: tuple[Prompt, ...] = (CAT, DOG)) -> Fingers:
    fingers = Fingers(with_prompts(*prompts))
    fingers.desk.look_at(at)
    fingers.desk.run_line(line)
    return fingers


def names(fingers: Fingers) -> list[str]:
    return [prompt.name for prompt in fingers.session.document.prompts.entries]


def test_prompts_change_places() -> None:
    assert names(after("prompt.later 1")) == ["dog", "cat"]
    assert names(after("prompt.earlier 2")) == ["dog", "cat"]
    assert names(after("prompt.earlier 1")) == ["cat", "dog"]
    assert names(after("prompt.later 9")) == ["cat", "dog"]


def test_prompts_are_left_to_the_renderer_and_taken_back() -> None:
    off = after("prompt.managed")
    assert not off.session.document.prompts.enabled
    off.desk.run_line("prompt.managed")
    assert off.session.document.prompts.enabled


def test_the_common_prompt_goes_behind_before_or_around_the_others() -> None:
    fingers = after("prompt.common_position")
    assert fingers.session.document.prompts.common_position == "prepend"
    fingers.desk.run_line("prompt.common_position template")
    assert fingers.session.document.prompts.common_position == "template"
    fingers.desk.run_line("prompt.common_position")
    assert fingers.session.document.prompts.common_position == "append"
    fingers.desk.run_line("prompt.common_position nowhere")
    assert fingers.session.document.prompts.common_position == "append"


def test_without_a_number_the_one_at_the_playhead_is_meant() -> None:
    fingers = after("prompt.split", at=10)
    spans = [(prompt.start, prompt.end) for prompt in fingers.session.document.prompts.entries]
    assert spans[:2] == [(0, 9), (10, 29)]


def test_a_copy_stands_behind_its_original_under_a_name_of_its_own() -> None:
    fingers = after("prompt.duplicate 1")
    assert names(fingers) == ["cat", "cat 2", "dog"]
    assert fingers.session.document.prompts.entries[1].positive == "a cat"


def test_prompts_share_the_time_evenly() -> None:
    entries = after("prompt.spread").session.document.prompts.entries
    assert [(prompt.start, prompt.end) for prompt in entries] == [(0, 30), (31, 60)]
    faded = after("prompt.spread 8").session.document.prompts.entries
    assert faded[0].overlap.fade_out == faded[1].overlap.fade_in == 8


def test_rows_where_prompts_begin_carry_their_names() -> None:
    late = replace(DOG, all_frames=False)
    fingers = after("prompt.rows", prompts=(CAT, late, Prompt("all", "the sea")))
    rows = [(row.frame, row.info) for row in fingers.session.document.keyframes]
    assert rows == [(0, "cat"), (30, "dog"), (60, None)]
    fingers.desk.run_line("prompt.rows")
    assert "labelled row there already" in fingers.host.said[-1]
    assert fingers.session.document.keyframes[1].values == {}


@pytest.mark.parametrize("line", ["prompt.split", "prompt.spread", "prompt.duplicate", "prompt.rows"])
def test_without_prompts_they_say_why_not(line: str) -> None:
    fingers = after(line, prompts=())
    assert "there are no prompts yet" in fingers.host.said[-1]


def test_the_pane_moves_the_selected_prompt_and_goes_along(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space", "p")
        await pilot.press("J", "J")
        await pilot.pause()
        entries = screen.session.document.prompts.entries
        assert [prompt.name for prompt in entries][:3] == ["bird", "house", "fish"]
        assert screen.query_one(PromptsPane).selected == 2
        await pilot.press("c")
        await pilot.pause()
        assert len(screen.session.document.prompts.entries) == 5

    flow(document, steps)


def test_a_list_is_imported_in_one_step(document: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a lake --neg blurry\na hill\n")

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line(f"prompt.import {tmp_path / 'list.txt'}")
        await shows(screen, "prompts taken in from list.txt", -1)
        assert [prompt.positive for prompt in screen.session.document.prompts.entries][4:] == ["a lake", "a hill"]
        screen.session.undo()
        assert len(screen.session.document.prompts.entries) == 4
        screen.desk.run_line("prompt.import nowhere.txt")
        await shows(screen, "nowhere.txt", -1)

    flow(document, steps)


def test_the_weight_of_a_formula_is_known_at_every_frame() -> None:
    weighted = replace(CAT, overlap=Overlap("custom", formula="f/20"))
    table = bake(with_prompts(weighted, DOG))
    assert [float(table.prompt_weight(0, frame)) for frame in (0, 5, 20)] == [0, 0.25, 1]
    assert table.prompt_weight(1, 0) == ""
    assert table.prompt_weight(7, 0) == ""


def test_the_editor_is_seen_around_a_prompts_dialog_and_its_cursor_comes_back(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await pilot.press("space", "p", "down", "enter")
        await shows(pilot.app.screen, "Ctrl+S keep")
        text = "\n".join(rows(pilot.app.screen))
        assert "frame" in text.splitlines()[3] and "choose" in text.splitlines()[-1], "what is under it is not hidden"
        await pilot.press("escape")
        assert screen.focused is screen.prompts
        assert screen.cursor_screen_offset == screen.prompts.content_region.offset + Offset(0, 2)

    flow(document, steps)
