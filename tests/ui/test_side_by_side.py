"""Two takes beside each other: which pictures are seen, and what is told of their difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pane_session import in_panes, settled, text_of, until
from panes_demo import PanesDemo
from test_render_pane import NOON, FakeWorker, started
from textual.pilot import Pilot

from parseq_tui.errors import RenderError
from parseq_tui.render.client import RenderClient
from parseq_tui.render.contrast import Contrast, contrast
from parseq_tui.render.messages import Ended
from parseq_tui.ui.takes import side_by_side
from parseq_tui.ui.takes.side_by_side import GAP_PIXELS, joined, paired
from parseq_tui.ui.widgets.render_pane import RenderPane

EARLIER, LATER = "20261122-091803", "20261122-101500"


@pytest.fixture
def client(tmp_path: Path) -> RenderClient:
    client = RenderClient(tmp_path / "cat.json")
    for name in (EARLIER, LATER):
        worker = FakeWorker(client, name)
        worker.say(started(4))
        for frame in range(4):
            worker.frame(frame, 4)
        worker.say(Ended(NOON, "done", 4, 0, 8.0))
        worker.die()
    return client


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process of its own would find out."""
    found = Contrast(2, {2: "zoom 1 → 1.2", 3: ""})
    monkeypatch.setattr(side_by_side, "contrast", lambda first, second: found)


def rows(app: PanesDemo) -> list[str]:
    return [row.rstrip() for row in text_of(app.query_one(RenderPane))]


def test_pictures_are_joined_at_one_height() -> None:
    red, blue = np.full((8, 6, 3), (255, 0, 0), np.uint8), np.full((16, 32, 3), (0, 0, 255), np.uint8)
    both = joined([red, blue])
    assert both.shape == (8, 6 + GAP_PIXELS + 16, 3)
    assert (both[:, :6] == red).all() and (both[:, -16:] == (0, 0, 255)).all() and not both[:, 6 : 6 + GAP_PIXELS].any()
    assert joined([red]) is not None and joined([red]).shape == red.shape


def test_the_take_held_goes_with_the_chosen_one_or_the_next_older_one(client: RenderClient) -> None:
    newest, oldest = client.takes()
    assert paired(client, newest, "") is not None
    for held, chosen in ((newest, ""), (oldest, ""), (newest, EARLIER), (newest, LATER)):
        pair = paired(client, held, chosen)
        assert pair is not None and pair.names == (EARLIER, LATER), "A is the earlier one"
    assert paired(client, None, "") is None


def test_both_takes_are_seen_at_the_playhead_and_their_difference_is_told(client: RenderClient, told: None) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(RenderPane)
        pane.focus()
        pane.poll()
        await settled(app)
        await pilot.press("b")
        assert rows(app)[0].startswith(f">A {EARLIER}  >B {LATER}")
        assert "2 frames differ, the first at 2" in rows(app)[1]
        words = {}
        for frame in range(4):
            await pilot.press("right") if frame else None
            await until(app, lambda: pane._feed.frame == frame, f"frame {frame}")
            words[frame] = " ".join(rows(app))
        assert "the same picture" in words[0] and "the same picture" in words[1]
        assert "A → B: zoom 1 → 1.2" in words[2]
        assert "made from frames that differ" in words[3]
        wide = pane._feed._picture
        await pilot.press("o")
        assert rows(app)[0].startswith(f">A {EARLIER}   B {LATER}")
        assert wide is not None and pane._feed._picture is not None
        assert wide.shape[1] == 2 * pane._feed._picture.shape[1] + GAP_PIXELS
        pane.set_playhead(90)
        pane.poll()
        await until(app, lambda: "frame 90: not in take A" in " ".join(rows(app)), "why nothing is seen")
        await pilot.press("b")
        assert rows(app)[0].startswith("finished")

    in_panes(test, client=client, size=(200, 40))


def test_one_take_alone_says_what_is_needed(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    FakeWorker(client, EARLIER).die()
    said: list[str] = []

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.query_one(RenderPane).focus()
        await pilot.press("o", "b")
        said.extend(app.refused)

    in_panes(test, client=client)
    assert said == [
        "b puts two takes beside each other; then o looks at both, A or B",
        "comparing needs two takes: render again after a change",
    ]


def test_takes_without_a_common_frame_are_refused(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    for name in (EARLIER, LATER):
        FakeWorker(client, name).die()
    later, earlier = client.takes()
    with pytest.raises(RenderError, match="have no frames in common"):
        contrast(earlier, later)
