"""Two takes beside each other: what differs is said in words, and can be seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from frame_json import film

from parseq_tui.cli import main
from parseq_tui.errors import RenderError, UsageError
from parseq_tui.headless.compare import take_called
from parseq_tui.render.client import RenderClient
from parseq_tui.render.comparison import LAYOUTS, Pair, difference
from parseq_tui.render.take import Job, Take
from parseq_tui.render.worker import StopSwitch, Worker
from parseq_tui.video.images import read_image
from parseq_tui.video.reader import VideoReader


def rendered(folder: Path, name: str, text: str, frames: tuple[int, int] | None = None) -> Take:
    take = Take(folder / "cat.render" / "takes" / name)
    (take.folder / "preview").mkdir(parents=True)
    (take.folder / "job.json").write_text(Job(text, "cat.json", str(folder), {}, frames).to_json())
    assert Worker(take, StopSwitch(take.stop_path)).run() == "done"
    return take


@pytest.fixture
def takes(tmp_path: Path) -> tuple[Take, Take]:
    (tmp_path / "cat.json").write_text(film())
    return rendered(tmp_path, "20260101-000000", film()), rendered(tmp_path, "20260102-000000", film(turn_more_at=3))


def test_what_made_the_frames_is_compared(takes: tuple[Take, Take]) -> None:
    found = Pair(*takes).likeness()
    assert found.differing == (3, 4, 5)
    assert found.same == 9
    assert found.changes == {"angle": (3.0, 8.0)}


def test_a_take_is_like_itself(takes: tuple[Take, Take]) -> None:
    pair = Pair(takes[0], takes[0])
    assert pair.likeness().differing == ()
    assert difference(*pair.pictures(4)) == 0


def test_only_common_frames_are_compared(takes: tuple[Take, Take], tmp_path: Path) -> None:
    part = rendered(tmp_path, "20260103-000000", film(), (2, 5))
    assert Pair(takes[0], part).likeness().frames == range(2, 5)
    other = rendered(tmp_path, "20260104-000000", film(), (7, 9))
    with pytest.raises(RenderError, match="no frames in common"):
        Pair(part, other)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_clip_shows_both(takes: tuple[Take, Take], tmp_path: Path, layout: str) -> None:
    out = tmp_path / "both.mp4"
    assert main(["compare", str(tmp_path / "cat.json"), "--out", str(out), "--layout", layout]) == 0
    with VideoReader(out) as video:
        assert video.count() == 12
        assert video.picture(0).shape == (64, 192 if layout == "side" else 96, 3)


def test_layouts_take_their_pixels_from_both() -> None:
    one, other = np.full((4, 6, 3), 10, np.uint8), np.full((4, 6, 3), 40, np.uint8)
    assert LAYOUTS["side"](one, other, False)[0, :, 0].tolist() == [10] * 6 + [40] * 6
    assert LAYOUTS["wipe"](one, other, False)[0, :, 0].tolist() == [10] * 3 + [40] * 3
    assert LAYOUTS["flicker"](one, other, True) is other
    assert LAYOUTS["difference"](other, one, False).max() == 120


def test_a_sheet_and_words(takes: tuple[Take, Take], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "both.png"
    assert main(["compare", str(tmp_path / "cat.json"), "2", "1", "--out", str(out)]) == 0
    assert read_image(out).size
    assert "9 are the same, 3 differ, the first at 3" in capsys.readouterr().out


def test_takes_are_called_by_number_name_or_folder(takes: tuple[Take, Take], tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    assert take_called(client, "1") == takes[1]
    assert take_called(client, "20260101") == takes[0]
    assert take_called(client, str(takes[0].folder)) == takes[0]
    for wrong in ("3", "2026", "other"):
        with pytest.raises(UsageError, match="takes are called"):
            take_called(client, wrong)
