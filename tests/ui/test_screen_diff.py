"""What is sent, drawn by a terminal emulator, is what should be seen; and it is little."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyte
from editor_flow import flow, press
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip

from parseq_tui.paths import bundled
from parseq_tui.ui.screen_diff import ScreenDiff, _strips_of
from parseq_tui.ui.screens.editor import EditorScreen

WIDTH, HEIGHT = 12, 3
STYLES = [
    Style.parse("white on blue"), Style.parse("red on blue"), Style.parse("bold white on blue"), Style(),
    Style.parse("#102030 on #405060"), Style.parse("reverse"),
]  # fmt: skip

texts = st.text(alphabet="ab ─⣿日本▸", min_size=0, max_size=WIDTH)
segments = st.lists(st.builds(Segment, texts, st.sampled_from(STYLES)), max_size=4)
rows = segments.map(lambda parts: Strip(parts).adjust_cell_length(WIDTH, STYLES[0]))
screens = st.lists(rows, min_size=HEIGHT, max_size=HEIGHT)


def _layout(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, HEIGHT))


def _cells(terminal: pyte.Screen) -> list[list[tuple[object, ...]]]:
    line = range(WIDTH)
    return [[tuple(terminal.buffer[y][x]) for x in line] for y in range(HEIGHT)]


def _drawn(*writes: str) -> list[list[tuple[object, ...]]]:
    terminal = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(terminal)
    for text in writes:
        stream.feed(text)
    return _cells(terminal)


@settings(deadline=None, max_examples=150)
@given(st.lists(screens, min_size=2, max_size=4))
def test_the_terminal_shows_the_last_screen(sequence: list[list[Strip]]) -> None:
    diff = ScreenDiff()
    written = [diff.sequences(_layout(screen), ColorSystem.TRUECOLOR) for screen in sequence]
    whole = ScreenDiff().sequences(_layout(sequence[-1]), ColorSystem.TRUECOLOR)
    assert _drawn(*written) == _drawn(whole)


@given(screens)
def test_the_same_screen_again_sends_nothing(screen: list[Strip]) -> None:
    diff = ScreenDiff()
    diff.sequences(_layout(screen), ColorSystem.TRUECOLOR)
    again = [Strip(list(strip)) for strip in screen]
    assert diff.sequences(_layout(again), ColorSystem.TRUECOLOR) == ""


def test_only_what_differs_is_sent() -> None:
    diff = ScreenDiff()
    plain = [Strip([Segment("aaaaaaaaaaaa", STYLES[0])])] * 3
    diff.sequences(_layout(plain), ColorSystem.TRUECOLOR)
    changed = [plain[0], Strip([Segment("aaaaabaaaaaa", STYLES[0])]), plain[2]]
    assert diff.sequences(_layout(changed), ColorSystem.STANDARD) == "\x1b[2;6H\x1b[37;44mb\x1b[0m"


def test_colours_that_stay_are_not_sent_again() -> None:
    diff = ScreenDiff()
    strip = Strip([Segment("ab", STYLES[0]), Segment("c", STYLES[1]), Segment("d", STYLES[0])])
    sent = diff.sequences(LayoutUpdate([[strip]], Region(0, 0, 4, 1)), ColorSystem.STANDARD)
    assert sent == "\x1b[1;1H\x1b[37;44mab\x1b[31mc\x1b[37md\x1b[0m"


def test_without_colours_only_attributes_are_sent() -> None:
    strip = Strip([Segment("ab", STYLES[2])])
    sent = ScreenDiff().sequences(LayoutUpdate([[strip]], Region(0, 0, 2, 1)), None)
    assert sent == "\x1b[1;1H\x1b[0;1mab\x1b[0m"


def test_chops_outside_the_dirty_spans_are_not_believed() -> None:
    """They may hold what lies behind the widget that is really there."""
    seen, behind = Strip([Segment("seen", STYLES[0])]), Strip([Segment("rest", STYLES[0])])
    update = ChopsUpdate([{0: seen, 4: behind}], [(0, 0, 4)], [[4, 8]])
    assert "rest" not in ScreenDiff().sequences(update, ColorSystem.STANDARD)


def test_after_forgetting_everything_is_sent() -> None:
    diff = ScreenDiff()
    screen = [Strip([Segment("aaaaaaaaaaaa", STYLES[0])])] * 3
    first = diff.sequences(_layout(screen), ColorSystem.TRUECOLOR)
    diff.forget()
    assert diff.sequences(_layout(screen), ColorSystem.TRUECOLOR) == first


def test_a_part_of_the_screen_is_rendered_as_the_whole_would_show_it(tmp_path: Path) -> None:
    document = Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))
    places = (
        Region(0, 0, 5, 2), Region(40, 4, 7, 1), Region(100, 3, 40, 6), Region(90, 10, 30, 12), Region(0, 43, 160, 1),
        Region(101, 0, 3, 45), Region(20, 30, 1, 1),
    )  # fmt: skip

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        for keys in ((), ("z",)):  # an overlay is in front of everything
            await press(pilot, screen, *keys)
            await pilot.pause(0.5)
            for count in range(1, len(places)):
                compositor = screen._compositor
                whole = ScreenDiff()
                whole.sequences(compositor.render_full_update(), ColorSystem.TRUECOLOR)
                compositor._dirty_regions.clear()
                compositor._dirty_regions.update(places[:count])
                part = compositor.render_partial_update()
                assert isinstance(part, ChopsUpdate)
                sent = {(y, x + cell) for y, x, strip in _strips_of(part) for cell in range(strip.cell_length)}
                assert {(y, x) for y, first, end in part.spans for x in range(first, end)} <= sent
                assert part.spans
                assert whole.sequences(part, ColorSystem.TRUECOLOR) == "", f"{places[:count]} differ"

    flow(document, steps, (160, 45))
