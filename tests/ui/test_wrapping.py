"""Texts in rows: nothing is lost, no row is too wide for the terminal, wide characters included."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from parseq_tui.ui.drawing.cells import wrapped
from parseq_tui.ui.theming.roles import UNTHEMED
from parseq_tui.ui.theming.theme import Palette
from parseq_tui.ui.widgets.prompt_strips import resolved

TEXTS = st.text(st.sampled_from("ab cde ,(1.2) 夕暮れの海、。🐱🎉éдж\u0301"), max_size=80)


@given(TEXTS, st.integers(8, 40), st.sampled_from(["", "  "]))
def test_rows_fit_and_hold_everything_but_blanks(text: str, width: int, indent: str) -> None:
    rows = wrapped(text, width, indent)
    assert rows and all(cell_len(row) <= width for row in rows)
    assert "".join("".join(rows).split()) == "".join(text.split())
    assert all(row.startswith(indent) for row in rows[1:])


def test_a_text_without_blanks_fills_its_rows() -> None:
    text = "夕暮れの海辺を歩く猫、水彩画、柔らかい光、空には大きな雲が流れ"
    rows = wrapped(f"+ {text}", 20, "  ")
    assert all(cell_len(row) >= 18 for row in rows[:-1]), rows
    assert not any(row.lstrip().startswith("、") for row in rows)


def test_a_resolved_prompt_of_wide_characters_is_shown_in_full() -> None:
    positive, negative = "夕暮れの海辺を歩く猫、水彩画" * 3, "ぼやけた、低品質、文字" * 3
    rows = ["".join(text for text, _ in row) for row in resolved(positive, negative, 36, 10, Palette(UNTHEMED))]
    assert "".join(row.removeprefix("+").removeprefix("-").strip() for row in rows) == positive + negative
    cut = ["".join(text for text, _ in row) for row in resolved(positive, negative, 36, 2, Palette(UNTHEMED))]
    assert [cell_len(row) <= 36 and row.endswith("…") for row in cut] == [True, True]
    assert cut[1].startswith("- ぼやけた")
