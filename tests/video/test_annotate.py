"""Words are drawn on copies, sheets show every picture, and both work at any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import numbered
from hypothesis import given
from hypothesis import strategies as st

from parseq_tui.errors import VideoError
from parseq_tui.video.annotate import overlay, small, spread, write_sheet
from parseq_tui.video.images import read_image
from parseq_tui.video.kinds import check_sheet


def test_an_overlay_is_a_copy_and_stays_at_the_lower_left() -> None:
    picture = np.full((128, 128, 3), 90, np.uint8)
    drawn = overlay(picture, ["frame 7", "denoise 0.5"])
    assert (picture == 90).all()
    assert (drawn[:90] == 90).all()
    assert drawn[96:, :64].max() > 200


@given(st.lists(st.text(max_size=80), max_size=12), st.integers(8, 80), st.integers(8, 80))
def test_any_lines_fit_any_picture(lines: list[str], width: int, height: int) -> None:
    assert overlay(numbered(2, width, height), lines).shape == (height, width, 3)


@given(st.integers(0, 50), st.integers(1, 500), st.integers(2, 64))
def test_a_sheet_shows_first_and_last(first: int, count: int, limit: int) -> None:
    shown = spread(first, count, limit)
    assert len(shown) == min(count, limit)
    assert (min(shown), max(shown)) == (first, first + count - 1)


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
def test_a_sheet_is_one_picture_of_all(tmp_path: Path, ending: str) -> None:
    write_sheet(tmp_path / f"sheet{ending}", {number: small(numbered(number, 64, 32)) for number in range(5)})
    sheet = read_image(tmp_path / f"sheet{ending}")
    assert sheet.shape[1] > 3 * 160
    assert sheet.shape[0] > 2 * 80
    assert [entry.name for entry in tmp_path.iterdir()] == [f"sheet{ending}"]


def test_a_sheet_has_a_pictures_name_and_a_place(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"sheet\.txt"):
        check_sheet(tmp_path / "sheet.txt")
    (tmp_path / "in the way").write_text("")
    with pytest.raises(VideoError, match="cannot be written"):
        write_sheet(tmp_path / "in the way" / "sheet.png", {0: numbered(0)})
