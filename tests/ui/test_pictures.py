"""Real pixels in the terminal: what sixel and kitty sequences hold, when they are used, how they share the screen."""

from __future__ import annotations

import base64
import re
import zlib

import numpy as np
import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from parseq_tui.ui.drawing import kitty
from parseq_tui.ui.drawing.quantised import quantised
from parseq_tui.ui.drawing.sixel import MAX_BYTES, sixel
from parseq_tui.ui.pictures import Pictures, decided, through_tmux
from parseq_tui.ui.terminal.answers import Abilities, TerminalAnswers
from parseq_tui.ui.terminal.screen_diff import ScreenDiff
from parseq_tui.ui.theming.theme import color_level

NOISE = np.random.default_rng(1).integers(0, 256, (200, 200, 3)).astype(np.uint8)
_ROWS, _COLUMNS = np.mgrid[0:48, 0:64]
GRADIENT = np.stack([_COLUMNS * 4, _ROWS * 5, np.full((48, 64), 90)], axis=2).astype(np.uint8)


def pixels_of(sequence: str) -> NDArray[np.uint8]:
    """What a terminal paints: a decoder for what `sixel` writes."""
    head = re.match(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\$', sequence, re.DOTALL)
    assert head is not None
    width, height, body = int(head[1]), int(head[2]), head[3]
    painted = np.zeros((height + 6, width, 3), np.uint8)
    palette: dict[int, tuple[int, ...]] = {}
    x = y = color = 0
    for token in re.finditer(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|(\$)|(-)", body):
        number, red, green, blue, count, repeated, single, back, down = token.groups()
        if red is not None:
            palette[int(number)] = tuple(round(int(part) * 255 / 100) for part in (red, green, blue))
        elif number is not None:
            color = int(number)
        elif back or down:
            x, y = 0, y + 6 * bool(down)
        else:
            bits, length = ord(repeated or single) - 63, int(count or 1)
            for row in range(6):
                if bits >> row & 1:
                    painted[y + row, x : x + length] = palette[color]
            x += length
    assert not painted[height:].any(), "nothing is painted below the picture"
    return painted[:height]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**24 - 1))
def test_few_colours_are_kept_as_they_are(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    colors = rng.integers(0, 256, (8, 3)).astype(np.uint8)
    picture = colors[rng.integers(0, 8, (height, width))]
    indices, palette = quantised(picture, 64)
    distinct_codes = len(np.unique(picture.reshape(-1, 3) >> 3, axis=0))
    assert len(palette) == distinct_codes
    assert np.abs(palette[indices].astype(int) - picture).max() <= 7, "colours of one histogram cell share their mean"


@pytest.mark.parametrize("colors", [2, 16, 64, 256])
def test_a_palette_holds_no_more_than_asked_for(colors: int) -> None:
    indices, palette = quantised(NOISE, colors)
    assert len(palette) == colors
    assert indices.max() == colors - 1


def test_a_sixel_paints_the_picture() -> None:
    painted = pixels_of(sixel(GRADIENT, 64, 48))
    assert painted.shape == GRADIENT.shape
    assert np.abs(painted.astype(int) - GRADIENT).mean() < 12, "64 colours"


def test_a_sixel_of_noise_is_bounded() -> None:
    sequence = sixel(NOISE, 400, 400)
    assert len(sequence) <= MAX_BYTES
    assert pixels_of(sequence).any()


def test_a_kitty_picture_is_a_png_in_chunks_with_a_number() -> None:
    sequences = kitty.transmission(NOISE, 40, 20).split("\x1b\\")[:-1]
    keys, _, _ = sequences[0].removeprefix("\x1b_G").partition(";")
    assert keys == f"a=T,U=1,i={kitty.NUMBER},f=100,c=40,r=20,q=2,m=1"
    assert all(len(one) < 4200 for one in sequences)
    assert [one[3:6] for one in sequences[1:]] == ["m=1"] * (len(sequences) - 2) + ["m=0"]
    data = base64.standard_b64decode("".join(one.partition(";")[2] for one in sequences))
    assert data.startswith(b"\x89PNG")
    packed = data[data.index(b"IDAT") + 4 : data.index(b"IEND") - 8]
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(200, 201)
    palette = np.frombuffer(data[data.index(b"PLTE") + 4 :][: 3 * kitty.COLORS], np.uint8).reshape(-1, 3)
    indices, expected = quantised(NOISE, kitty.COLORS)
    assert (rows[:, 1:] == indices).all() and (palette == expected).all()


def test_placeholders_are_cells_of_one_column_each() -> None:
    strips = kitty.placeholders(kitty.MOST_CELLS, 3, Style())
    assert [strip.cell_length for strip in strips] == [kitty.MOST_CELLS] * 3
    assert strips[1].text.startswith("\U0010eeee\u030d\u0305\U0010eeee\u030d\u030d"), "row 1, columns 0 and 1"


def test_tmux_hands_each_sequence_on_in_an_envelope() -> None:
    assert through_tmux("\x1b_Ga\x1b\\\x1b_Gb\x1b\\") == (
        "\x1bPtmux;\x1b\x1b_Ga\x1b\x1b\\\x1b\\\x1bPtmux;\x1b\x1b_Gb\x1b\x1b\\\x1b\\"
    )


# -- on a screen -----------------------------------------------------------------------------------------------------


def update(*strips: Strip, x: int = 0, y: int = 0) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(x, y, strips[0].cell_length, len(strips)))


def words(written: str) -> str:
    """What is written, without moves and colours."""
    return re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", written)


def test_a_picture_is_sent_once_and_again_when_it_was_covered() -> None:
    diff = ScreenDiff()
    pictures = Pictures("sixel", graphics=diff.graphics)
    cells = pictures.strips(pictures.prepare(GRADIENT, 8, 4), Style())
    rows, columns = len(cells), cells[0].cell_length

    def sent(*strips: Strip, x: int = 0, y: int = 0) -> str:
        return diff.sequences(update(*strips, x=x, y=y), ColorSystem.TRUECOLOR)

    assert "\x1b[2;3H\x1bP0;1q" in sent(*cells, x=2, y=1), "where it stands"
    assert sent(*cells, x=2, y=1) == "", "the same again costs nothing"
    menu = Strip([Segment("menu")])
    assert words(sent(menu, x=3, y=1)) == "menu", "text over it is only text"
    beside = Strip([Segment("m")])
    assert "\x1bP" not in sent(beside, x=2, y=1)
    assert "\x1bP" not in sent(cells[0].crop(0, 1), x=2, y=1), "not while another part is covered"
    assert sent(*cells, x=2, y=1).count("\x1bP") == 1, "whole again"
    blank = Strip.blank(columns)
    gone = sent(*[blank] * rows, x=2, y=1)
    assert "\x1bP" not in gone, "text takes its place"
    shown = pyte.Screen(40, 10)
    pyte.Stream(shown).feed("X" * 400 + gone)
    assert all(row[2 : 2 + columns].isspace() for row in shown.display[1 : 1 + rows])


def test_a_new_picture_takes_the_place_of_the_old_one_without_blanks() -> None:
    diff = ScreenDiff()
    pictures = Pictures("sixel", graphics=diff.graphics)
    first = pictures.strips(pictures.prepare(GRADIENT, 8, 4), Style())
    diff.sequences(update(*first), ColorSystem.TRUECOLOR)
    for picture in (GRADIENT[::-1], NOISE[:48, :64]):
        cells = pictures.strips(pictures.prepare(picture, 8, 4), Style())
        written = diff.sequences(update(*cells), ColorSystem.TRUECOLOR)
        assert written.count("\x1bP") == 1
        assert words(re.sub(r"\x1bP.*?\x1b\\", "", written, flags=re.DOTALL)) == ""


def test_text_does_not_look_out_from_behind_a_picture_that_ends_within_a_cell() -> None:
    diff = ScreenDiff()
    pictures = Pictures("sixel", graphics=diff.graphics)
    diff.sequences(update(*[Strip([Segment("some words here")])] * 4), ColorSystem.TRUECOLOR)
    cells = pictures.strips(pictures.prepare(GRADIENT, 8, 4), Style())
    before, _, _ = diff.sequences(update(*cells), ColorSystem.TRUECOLOR).partition("\x1bP")
    columns = cells[0].cell_length
    shown = pyte.Screen(40, 10)
    pyte.Stream(shown).feed(("X" * 20 + "\r\n") * 4 + before)
    assert all(row[:columns].isspace() and row[columns] == "X" for row in shown.display[: len(cells)])


@pytest.mark.parametrize(
    ("colors", "code", "number"),
    [
        (ColorSystem.TRUECOLOR, "38;2;255;135;255", 255 << 16 | 135 << 8 | 255),
        (ColorSystem.EIGHT_BIT, "38;5;213", 213),
        (ColorSystem.STANDARD, "95", 13),
    ],
)
def test_the_colour_of_placeholders_is_the_number_of_the_picture(colors: ColorSystem, code: str, number: int) -> None:
    diff, written = ScreenDiff(), []
    pictures = Pictures("kitty", write=written.append)
    pictures.colors = color_level({"EIGHT_BIT": "256"}.get(colors.name, colors.name.lower()))
    cells = pictures.strips(pictures.prepare(GRADIENT, 8, 4), Style())
    text = diff.sequences(update(*cells), colors)
    assert words(text) == "".join(strip.text for strip in cells)
    assert f"{code}m" in text
    assert len(written) == 1 and f",i={number}," in written[0]
    pictures.forget()
    assert written[1] == kitty.removal(number)


def test_combining_marks_stay_on_their_letter() -> None:
    diff = ScreenDiff()
    assert "e\u0301t" in diff.sequences(update(Strip([Segment("e\u0301te\u0301 ")])), None)
    assert "日\u0301x" in diff.sequences(update(Strip([Segment("日\u0301x")]), y=1), None)
    heap = "a" + "\u0301" * 1000
    assert diff.sequences(update(Strip([Segment(heap)]), y=2), None).count("\u0301") <= 5


# -- which one -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "left", "abilities"),
    [
        ("\x1b[?62;4;22c", "", Abilities(sixel=True)),
        ("\x1b[?64c", "", Abilities()),
        ("\x1b[?4c", "", Abilities()),
        ("\x1b_Gi=31;OK\x1b\\\x1b[?62c", "", Abilities(kitty=True)),
        ("\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.41.1)\x1b\\\x1b[?62c", "", Abilities(kitty=True)),
        ("\x1b_Gi=31;OK\x1b\\\x1bP>|WezTerm 2024\x1b\\\x1b[?65;4c", "", Abilities(sixel=True)),
        ("\x1bP>|XTerm(379)\x1b\\\x1b[?64;4c", "", Abilities(sixel=True)),
        ("\x1b_Gi=31;ENOENT:no\x1b\\\x1b[?62;4c", "", Abilities(sixel=True)),
        ("ab\x1b[A\x1b[?62;4cde\x1b", "ab\x1b[Ade\x1b", Abilities(sixel=True)),
    ],
)
def test_answers_are_picked_out_of_what_is_typed(typed: str, left: str, abilities: Abilities) -> None:
    for cut in range(len(typed)):
        given: list[Abilities] = []
        answers = TerminalAnswers(given.append)
        seen = ""
        for part in (typed[:cut], typed[cut:]):
            seen += part if answers.over else answers.feed(part)
        assert given == [abilities], cut
        assert seen == left, cut


@pytest.mark.parametrize(
    ("wish", "abilities", "in_tmux", "passthrough", "protocol", "words"),
    [
        ("half", None, False, False, "half", ""),
        ("auto", Abilities(sixel=True), False, False, "sixel", ""),
        ("auto", Abilities(kitty=True), False, False, "kitty", ""),
        ("auto", Abilities(), False, False, "half", ""),
        ("auto", None, True, True, "half", ""),
        ("sixel", Abilities(), False, False, "half", "this terminal has none"),
        ("sixel", Abilities(), True, True, "half", "not in this tmux"),
        ("kitty", None, True, True, "kitty", ""),
        ("kitty", None, True, False, "half", "allow-passthrough on"),
        ("kitty", None, False, False, "half", "this terminal has none"),
        ("off", Abilities(sixel=True), False, False, "off", ""),
    ],
)  # fmt: skip
def test_pixels_only_where_they_are_wanted_and_there(
    wish: str, abilities: Abilities | None, in_tmux: bool, passthrough: bool, protocol: str, words: str
) -> None:
    chosen, said = decided(wish, abilities, in_tmux=in_tmux, passthrough=passthrough)  # type: ignore[arg-type]
    assert chosen == protocol
    assert words in said and bool(said) == bool(words)
