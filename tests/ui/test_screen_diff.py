"""What is sent, drawn by a terminal emulator, is what should be seen; and it is little."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyte
import pytest
from editor_flow import flow, press
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip

from parseq_tui.paths import bundled
from parseq_tui.ui.drawing.cells import fitted
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.terminal.screen_diff import Part, PartsUpdate, ScreenDiff, Update
from parseq_tui.ui.terminal.text import TerminalText, cells_of

WIDTH, HEIGHT = 12, 3
STYLES = [
    Style.parse("white on blue"), Style.parse("red on blue"), Style.parse("bold white on blue"), Style(),
    Style.parse("#102030 on #405060"), Style.parse("reverse"),
]  # fmt: skip

texts = st.text(alphabet="ab ─⣿日本▸", min_size=0, max_size=WIDTH)
segments = st.lists(st.builds(Segment, texts, st.sampled_from(STYLES)), max_size=4)
rows = segments.map(lambda parts: Strip(parts).adjust_cell_length(WIDTH, STYLES[0]))
screens = st.lists(rows, min_size=HEIGHT, max_size=HEIGHT)


def sent(diff: ScreenDiff, update: Update, colors: ColorSystem | None, width: int = WIDTH) -> str:
    """What an update sends."""
    diff.resize((width, HEIGHT))
    return diff.sequences(update, colors)


def _layout(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, HEIGHT))


def _cells(terminal: pyte.Screen) -> list[list[tuple[object, ...]]]:
    line = range(WIDTH)
    return [[_seen(terminal.buffer[y][x]) for x in line] for y in range(HEIGHT)]


def _seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    """Of a blank that is neither reversed nor underlined only the background is seen."""
    return (" ", cell.bg) if cell.data == " " and not cell.reverse and not cell.underscore else tuple(cell)


def _drawn(*writes: str) -> list[list[tuple[object, ...]]]:
    terminal = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(terminal)
    for text in writes:
        stream.feed(text)
    return _cells(terminal)


@given(st.lists(screens, min_size=2, max_size=4))
def test_the_terminal_shows_the_last_screen(sequence: list[list[Strip]]) -> None:
    diff = ScreenDiff()
    written = [sent(diff, _layout(screen), ColorSystem.TRUECOLOR) for screen in sequence]
    whole = sent(ScreenDiff(), _layout(sequence[-1]), ColorSystem.TRUECOLOR)
    assert _drawn(*written) == _drawn(whole)


@given(screens, screens, st.integers(0, WIDTH))
def test_parts_of_rows_come_to_the_same(first: list[Strip], last: list[Strip], cut: int) -> None:
    """Even where the cut goes through a wide character."""
    diff = ScreenDiff()
    written = [sent(diff, _layout(first), ColorSystem.TRUECOLOR)]
    halves = [(0, cut), (cut, WIDTH)]
    parts = [Part(y, 0, strip, *half) for y, strip in enumerate(last) for half in halves if half[0] < half[1]]
    written += [sent(diff, PartsUpdate([part]), ColorSystem.TRUECOLOR) for part in parts]
    whole = sent(ScreenDiff(), _layout(last), ColorSystem.TRUECOLOR)
    assert _drawn(*written) == _drawn(whole)


@given(st.lists(screens, min_size=1, max_size=4))
def test_frames_may_be_left_out(sequence: list[list[Strip]]) -> None:
    """A slow link is shown how things are, not how they came to be so."""
    diff = ScreenDiff()
    diff.resize((WIDTH, HEIGHT))
    for screen in sequence:
        diff.note(_layout(screen), ColorSystem.TRUECOLOR)
    whole = sent(ScreenDiff(), _layout(sequence[-1]), ColorSystem.TRUECOLOR)
    assert diff.frame() == whole


@given(screens)
def test_the_same_screen_again_sends_nothing(screen: list[Strip]) -> None:
    diff = ScreenDiff()
    sent(diff, _layout(screen), ColorSystem.TRUECOLOR)
    again = [Strip(list(strip)) for strip in screen]
    assert sent(diff, _layout(again), ColorSystem.TRUECOLOR) == ""


def test_only_what_differs_is_sent() -> None:
    diff = ScreenDiff()
    plain = [Strip([Segment("aaaaaaaaaaaa", STYLES[0])])] * 3
    sent(diff, _layout(plain), ColorSystem.TRUECOLOR)
    changed = [plain[0], Strip([Segment("aaaaabaaaaaa", STYLES[0])]), plain[2]]
    assert sent(diff, _layout(changed), ColorSystem.STANDARD) == "\x1b[2;6Hb"


def test_colours_that_stay_are_not_sent_again() -> None:
    diff = ScreenDiff()
    strip = Strip([Segment("ab", STYLES[0]), Segment("c", STYLES[1]), Segment("d", STYLES[0])])
    written = sent(diff, LayoutUpdate([[strip]], Region(0, 0, 4, 1)), ColorSystem.STANDARD)
    assert written == "\x1b[1H\x1b[0;37;44mab\x1b[31mc\x1b[37md"


def test_without_colours_only_attributes_are_sent() -> None:
    strip = Strip([Segment("ab", STYLES[2])])
    written = sent(ScreenDiff(), LayoutUpdate([[strip]], Region(0, 0, 2, 1)), None)
    assert written == "\x1b[1H\x1b[0;1mab"


def test_chops_outside_the_dirty_spans_are_not_believed() -> None:
    """They may hold what lies behind the widget that is really there."""
    seen, behind = Strip([Segment("seen", STYLES[0])]), Strip([Segment("rest", STYLES[0])])
    update = ChopsUpdate([{0: seen, 4: behind}], [(0, 0, 4)], [[4, 8]])
    assert "rest" not in sent(ScreenDiff(), update, ColorSystem.STANDARD)


def test_after_forgetting_everything_is_sent() -> None:
    diff = ScreenDiff()
    screen = [Strip([Segment("aaaaaaaaaaaa", STYLES[0])])] * 3
    first = sent(diff, _layout(screen), ColorSystem.TRUECOLOR)
    diff.forget()
    assert sent(diff, _layout(screen), ColorSystem.TRUECOLOR) == first


def test_a_part_of_the_screen_is_rendered_as_the_whole_would_show_it(tmp_path: Path) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    places = (
        Region(0, 0, 5, 2), Region(40, 4, 7, 1), Region(100, 3, 40, 6), Region(90, 10, 30, 12), Region(0, 43, 160, 1),
        Region(101, 0, 3, 45), Region(20, 30, 1, 1),
    )  # fmt: skip

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        for keys in ((), ("z",)):  # an overlay is in front of everything
            await press(pilot, screen, *keys)
            for count in range(1, len(places)):
                compositor = screen._compositor
                whole = ScreenDiff()
                sent(whole, compositor.render_full_update(), ColorSystem.TRUECOLOR, 160)
                compositor._dirty_regions.clear()
                compositor._dirty_regions.update(places[:count])
                update = compositor.render_partial_update()
                assert isinstance(update, PartsUpdate)
                told = {(part.y, x) for part in update.parts for x in range(part.first, part.end)}
                wanted = {(y, x) for place in places[:count] for y in place.line_range for x in place.column_range}
                assert told == {(y, x) for y, x in wanted if y < 45 and x < 160}
                assert sent(whole, update, ColorSystem.TRUECOLOR, 160) == "", f"{places[:count]} differ"

    flow(document, steps, (160, 45))


def test_nothing_that_a_terminal_obeys_gets_past_the_last_gate() -> None:
    cells = cells_of(Strip([Segment("a\x1b[31m\x9b1mb\u202ec\x07", None)]), None)
    assert "".join(text for text, _ in cells).isprintable()


@pytest.mark.parametrize("text", ["❤️ x", "1️⃣ x", "🏳️x", "👩🏽x", "☝🏽x", "🇩🇪x", "e\u0301x", "日本x", "👩🏽\u200d🚀x"])
def test_a_picture_of_several_characters_has_the_cells_that_the_layout_gives_it(text: str) -> None:
    shown = fitted(text, 9)
    cells = cells_of([Segment(shown, None)], None)
    assert len(cells) == cell_len(shown) == 9
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(screen).feed(TerminalText().written([(0, 0, cells)], WIDTH))
    at = next(index for index, (character, _) in enumerate(cells) if character == "x")
    assert screen.buffer[0][at].data == "x"  # however wide the terminal thinks that the picture is
