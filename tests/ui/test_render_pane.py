"""The render pane follows real take folders: progress, time left, pictures, errors, takes, reattaching."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from pane_session import in_panes, settled, text_of
from panes_demo import PanesDemo
from textual.pilot import Pilot

from parseq_tui.errors import DiskFull
from parseq_tui.formats import native
from parseq_tui.render import client as client_module
from parseq_tui.render.client import RenderClient
from parseq_tui.render.lock import FolderLock, Holder
from parseq_tui.render.messages import Ended, Event, FrameDone, LogLine, Started, StateChanged
from parseq_tui.render.preview import encode_ppm
from parseq_tui.render.take import Job, LineLog, Take, point_latest, write_atomically
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.ui.takes import follower as take_follower
from parseq_tui.ui.takes import words as render_words
from parseq_tui.ui.takes.follower import TakeFollower
from parseq_tui.ui.takes.progress import Progress, clock
from parseq_tui.ui.widgets.render_pane import RenderPane

NOON = 1_795_000_000.0


class FakeWorker:
    """Writes what the worker writes, and holds the lock as long as it is not let go."""

    def __init__(self, client: RenderClient, name: str = "20261122-091803", running: bool = True) -> None:
        self.take = Take(client.folder / "takes" / name)
        (self.take.folder / "preview").mkdir(parents=True)
        write_atomically(self.take.folder / "job.json", b"{}")
        point_latest(client.folder, self.take)
        self.lock = FolderLock.acquire(client.folder / "lock") if running else None
        if self.lock is not None:
            self.lock.describe(Holder(pid=os.getpid(), take=name, host=socket.gethostname()))
        self.log = LineLog(self.take.events_path)

    def say(self, *events: Event) -> None:
        for event in events:
            self.log.event(event)

    def frame(self, frame: int, total: int, *, reused: bool = False, seconds: float = 2.0) -> None:
        picture = np.full((32, 48, 3), (200, frame * 20 % 256, 40), np.uint8)
        write_atomically(self.take.preview_path(frame), encode_ppm(picture))
        preview = f"preview/{frame:05d}.ppm"
        self.say(FrameDone(NOON, frame, frame + 1, total, "k", seconds, reused, 8800.5, preview))

    def die(self) -> None:
        assert self.lock is not None
        self.lock.close()


def started(total: int, cached: int = 0) -> Started:
    return Started(NOON, "take", 1, 0, total, cached, "diffusers", "tiny", 128, 96, 20.0)


@pytest.fixture
def client(tmp_path: Path) -> RenderClient:
    return RenderClient(tmp_path / "cat.json")


def rows(app: PanesDemo) -> list[str]:
    return [row.rstrip() for row in text_of(app.query_one(RenderPane))]


async def polled(app: PanesDemo, pilot: Pilot[None], times: int = 4) -> list[str]:
    """What the pane shows after some polls, none of them by its own timer."""
    pane = app.query_one(RenderPane)
    pane._timer.pause()
    for _ in range(times):
        pane._ticks += 1
        pane.poll()
        await settled(app)
    return rows(app)


def test_nothing_rendered_yet_says_what_to_do(client: RenderClient) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        assert rows(app)[:2] == ["nothing rendered yet", "r render   d draft   w what it costs"]

    in_panes(test, client=client)


def test_a_running_render_is_followed(client: RenderClient) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        worker = FakeWorker(client)
        worker.say(started(10, cached=2), StateChanged(NOON, "loading", "loading the model"))
        text = await polled(app, pilot)
        assert text[:3] == ["loading the model", "take 20261122-091803", "diffusers tiny 128x96"], "nothing is cut"
        worker.frame(0, 10, reused=True)
        worker.frame(1, 10)
        worker.frame(2, 10, seconds=4.0)
        worker.say(LogLine(NOON, "warning", "the GPU is \x1b[31mwarm"))
        text = await polled(app, pilot)
        assert text[:2] == ["rendering  take 20261122-091803", "diffusers tiny 128x96"]
        assert text[2].startswith("[===####") and text[2].endswith("3/10 30 %")
        # 7 frames to go, one of them known to be in the cache, at (2 + 4) / 2 seconds
        assert text[3] == "3.00 s/frame  00:18 left  1 cached"
        assert "frame 2 (newest)" in text
        assert any("▀▀▀▀" in row for row in text)
        assert any(row.startswith("? ") and "warm" in row and "\x1b" not in row for row in text)
        worker.die()

    in_panes(test, client=client)


def test_reattaches_to_a_render_that_was_running_before(client: RenderClient) -> None:
    worker = FakeWorker(client)
    worker.say(started(4))
    worker.frame(0, 4)
    worker.frame(1, 4)

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        assert (await polled(app, pilot))[2].endswith("2/4 50 %")

    in_panes(test, client=client)
    worker.die()


def test_a_finished_render_can_be_scrubbed(client: RenderClient) -> None:
    worker = FakeWorker(client)
    worker.say(started(4))
    for frame in range(4):
        worker.frame(frame, 4)
    worker.say(Ended(NOON, "done", 4, 0, 8.0, "/videos/cat.mp4"))
    worker.die()

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        text = await polled(app, pilot)
        assert text[0].startswith("finished") and "cat.mp4" in text[4]
        assert "2.00 s/frame  in 00:08  0 cached" in text
        assert "frame 0" in text
        app.query_one(RenderPane).focus()
        await pilot.press("right", "right")
        assert "frame 2" in await polled(app, pilot)
        assert [message.frame for message in app.posted] == [1, 2]  # type: ignore[attr-defined]
        await pilot.press("shift+right")
        assert app.posted[-1].frame == 3, "not past the end"  # type: ignore[attr-defined]
        app.query_one(RenderPane).set_values(app.table)
        await pilot.press("shift+right")
        assert app.posted[-1].frame == 13, "the playhead goes on where nothing is rendered"  # type: ignore[attr-defined]
        await pilot.press("end")
        assert app.posted[-1].frame == 399, "not past the end"  # type: ignore[attr-defined]
        app.move(200)
        assert "frame 200: no picture yet" in await polled(app, pilot)

    in_panes(test, client=client)


def test_frames_that_the_newest_take_lacks_are_seen_as_an_earlier_one_made_them(client: RenderClient) -> None:
    older = FakeWorker(client, "20261122-091803", running=False)
    older.say(started(4))
    for frame in range(4):
        older.frame(frame, 4)
    older.say(Ended(NOON, "done", 4, 0, 8.0))
    newer = FakeWorker(client, "20261122-101803", running=False)
    newer.say(Started(NOON, "take", 1, 1, 1, 0, "diffusers", "tiny", 128, 96, 20.0))
    newer.frame(1, 1)
    newer.say(Ended(NOON, "done", 1, 0, 2.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.move(1)
        assert "frame 1" in await polled(app, pilot)
        app.query_one(RenderPane).focus()
        app.query_one(RenderPane).set_values(app.table)
        await pilot.press("right", "right")
        text = await polled(app, pilot)
        assert "frame 3  of take 20261122-091803" in text
        assert any("▀▀▀▀" in row for row in text)
        await pilot.press("right")
        assert "frame 4: no picture yet" in await polled(app, pilot)
        await pilot.press("left", "left", "left")
        assert "frame 1" in await polled(app, pilot)

    in_panes(test, client=client)


def test_scrubbing_a_running_render_begins_where_one_looks(client: RenderClient) -> None:
    worker = FakeWorker(client)
    worker.say(started(9))
    for frame in range(5):
        worker.frame(frame, 9)

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        assert "frame 4 (newest)" in await polled(app, pilot)
        app.query_one(RenderPane).focus()
        await pilot.press("left")
        assert app.posted[-1].frame == 3, "not before the playhead, which is at 0"  # type: ignore[attr-defined]
        assert "frame 3   f: back to the newest" in await polled(app, pilot)
        await pilot.press("home")
        assert app.posted[-1].frame == 0  # type: ignore[attr-defined]
        await pilot.press("end")
        assert app.posted[-1].frame == 4, "the last that is finished"  # type: ignore[attr-defined]
        await pilot.press("f")
        assert "frame 4 (newest)" in await polled(app, pilot)

    in_panes(test, client=client)
    worker.die()


def test_what_was_asked_of_a_worker_is_said_until_it_does_it(client: RenderClient) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        worker = FakeWorker(client)
        assert (await polled(app, pilot))[0].startswith("starting: counting frames")
        worker.say(started(9))
        worker.frame(0, 9)
        client.pause()
        assert client.pausing()
        assert (await polled(app, pilot))[0].startswith("pausing after this frame")
        worker.say(StateChanged(NOON, "paused", "paused as asked"))
        assert (await polled(app, pilot))[0].startswith("paused: z goes on, x stops")
        client.resume()
        assert not client.pausing()
        worker.say(StateChanged(NOON, "rendering", ""))
        client.stop()
        assert (await polled(app, pilot))[0].startswith("stopping after this frame")
        worker.say(Ended(NOON, "stopped", 1, 0, 8.0))
        worker.die()
        assert (await polled(app, pilot))[0].startswith("stopped")

    in_panes(test, client=client)


def test_a_render_that_cannot_be_written_down_leaves_no_take(
    client: RenderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(client_module, "write_atomically", full)
    with pytest.raises(DiskFull):
        client.start_jobs([Job("{}", "cat.json", ".")])
    assert client.takes() == []


def test_a_failure_says_what_and_what_to_do(client: RenderClient) -> None:
    worker = FakeWorker(client)
    worker.say(started(4), Ended(NOON, "failed", 0, 0, 1.0, "", "out of memory at frame 3", "lower the size"))
    worker.die()

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        text = await polled(app, pilot)
        assert text[0].startswith("failed")
        assert text[4:6] == ["! out of memory at frame 3", "  lower the size"]

    in_panes(test, client=client)


def test_a_worker_that_was_killed_is_noticed_and_its_last_words_shown(client: RenderClient) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        worker = FakeWorker(client)
        worker.say(started(4))
        worker.frame(0, 4)
        assert (await polled(app, pilot))[0].startswith("rendering")
        worker.take.log_path.write_text("Traceback\nSegmentation fault\n")
        worker.die()
        text = await polled(app, pilot, times=9)
        assert text[0].startswith("ended without a word")
        assert "! the worker is gone" in text
        assert "! Segmentation fault" in text

    in_panes(test, client=client)


def test_a_take_that_was_killed_before_is_never_taken_for_one_that_runs(client: RenderClient) -> None:
    worker = FakeWorker(client, running=False)
    worker.say(started(4))
    worker.frame(0, 4)

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        assert (await polled(app, pilot, times=1))[0].startswith("ended without a word")

    in_panes(test, client=client)


def test_a_finished_take_is_never_seen_as_one_that_starts(client: RenderClient) -> None:
    worker = FakeWorker(client, running=False)
    worker.say(started(1))
    worker.frame(0, 1)
    worker.say(Ended(NOON, "done", 1, 0, 8.0))
    follower, seen = TakeFollower(client), []

    class Watched(Progress):
        def fold(self, events: Iterable[Event]) -> None:
            seen.append(follower.take)  # what the event loop would find meanwhile
            super().fold(events)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(take_follower, "Progress", Watched)
        follower.poll()
    assert seen[0] is None and follower.progress.state == "done"


def test_the_values_of_a_frame_stand_beside_its_picture(client: RenderClient) -> None:
    worker = FakeWorker(client, running=False)
    worker.say(started(4))
    for frame in range(4):
        worker.frame(frame, 4)
    worker.say(Ended(NOON, "done", 4, 0, 8.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.query_one(RenderPane).set_values(app.table)
        app.move(3)
        text = await polled(app, pilot)
        assert any("▀" in row and "strength           0.53" in row for row in text)
        assert any("▀" in row and "seed               0" in row for row in text)

    in_panes(test, client=client, size=(260, 40))


def test_the_values_are_those_of_the_take_and_what_differs_now_is_marked(client: RenderClient) -> None:
    worker = FakeWorker(client, running=False)
    rows = (Keyframe(0, {"strength": 0.25, "seed": 7.0}), Keyframe(3, {"strength": 0.25, "seed": 7.0}))
    text = native.dumps(Document(rows, ("strength", "seed"), ("strength", "seed")))
    job = Job(text, "cat.json", ".", options={"seed_offset": 100})
    write_atomically(worker.take.folder / "job.json", job.to_json().encode())
    worker.say(started(4))
    for frame in range(4):
        worker.frame(frame, 4)
    worker.say(Ended(NOON, "done", 4, 0, 8.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(RenderPane)
        pane.set_values(app.table)
        text = await polled(app, pilot)
        assert any("strength           0.25*" in row for row in text)
        assert any("seed               107*" in row for row in text), "its own seeds, not the document's"
        assert "frame 0  * differs now" in text
        taken = pane._shown.values
        assert taken is not None
        pane.set_values(taken)
        text = await polled(app, pilot)
        assert not any("*" in row for row in text)

    in_panes(test, client=client, size=(260, 40))


def test_a_wide_picture_has_the_values_below_it(client: RenderClient) -> None:
    worker = FakeWorker(client, running=False)
    worker.say(started(1))
    worker.frame(0, 1)
    write_atomically(worker.take.preview_path(0), encode_ppm(np.full((24, 96, 3), 90, np.uint8)))
    worker.say(Ended(NOON, "done", 1, 0, 2.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.query_one(RenderPane).set_values(app.table)
        text = await polled(app, pilot)
        assert text.index("frame 0") < next(n for n, row in enumerate(text) if row.startswith("strength"))

    in_panes(test, client=client, size=(160, 60))


def test_a_low_wide_pane_puts_the_picture_beside_the_words(client: RenderClient) -> None:
    worker = FakeWorker(client, running=False)
    worker.say(started(4))
    worker.frame(0, 4)
    worker.say(Ended(NOON, "done", 1, 0, 2.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.query_one("#left").display = False
        text = await polled(app, pilot)
        assert text[0].startswith("▀" * 8) and "finished" in text[0]
        assert sum("▀" in row for row in text) == len(text) - 1, "as high as the pane"

    in_panes(test, client=client, size=(90, 18))


def test_takes_have_the_room_while_they_are_listed(client: RenderClient) -> None:
    for number in range(9):
        worker = FakeWorker(client, f"2026010{number}-000000", running=False)
        worker.say(started(2))
        worker.frame(0, 2)
        worker.say(Ended(NOON, "stopped", 1, 0, 1.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await polled(app, pilot)
        pane = app.query_one(RenderPane)
        pane.focus()
        await pilot.press("t")
        assert sum("stopped" in row for row in rows(app)) == 9
        await pilot.press("t")
        assert "frame 0" in await polled(app, pilot)

    in_panes(test, client=client, size=(120, 40))


def test_keys_ask_and_nothing_is_done_here(client: RenderClient) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.query_one(RenderPane).focus()
        await pilot.press("r", "d", "s", "p", "x")
        asked = [(m.scope, m.draft) for m in app.posted if isinstance(m, RenderPane.StartRequested)]
        assert asked == [("all", False), ("all", True), ("selection", False), ("frame", False)]
        assert isinstance(app.posted[-1], RenderPane.StopRequested)
        assert not client.folder.exists()

    in_panes(test, client=client)


def test_takes_are_listed_and_an_older_one_opened(client: RenderClient) -> None:
    for name, frames in (("20260101-000000", 2), ("20260102-000000", 3)):
        worker = FakeWorker(client, name, running=False)
        worker.say(started(frames))
        for frame in range(frames):
            worker.frame(frame, frames)
        worker.say(Ended(NOON, "done", frames, 0, 1.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        app.query_one(RenderPane).focus()
        await pilot.press("t")
        newest, older = (row for row in rows(app) if "  done  " in row)
        assert newest.startswith("> 20260102-000000  done  3/3  0.0 MB")
        assert older.startswith("  20260101-000000  done  2/2  0.0 MB")
        pane = app.query_one(RenderPane)
        await pilot.press("down")
        assert pane.cursor_screen_offset.y == pane.content_region.y + 2, "for braille displays"
        await pilot.press("enter")
        text = await polled(app, pilot)
        assert pane.cursor_screen_offset == pane.content_region.offset
        assert text[0].startswith("finished  take 20260101-000000")
        assert text[2].endswith("2/2 100 %")

    in_panes(test, client=client)


def test_a_list_that_is_looked_at_stays_when_the_render_just_asked_for_has_started(client: RenderClient) -> None:
    FakeWorker(client, "20260101-000000", running=False).say(started(2), Ended(NOON, "done", 2, 0, 1.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await polled(app, pilot)
        pane = app.query_one(RenderPane)
        pane.focus()
        await pilot.press("t")
        pane.set_client(RenderClient(client.document_path), "20260102-000000")
        assert rows(app)[0].startswith("takes:")

    in_panes(test, client=client)


def test_what_is_being_rendered_is_known_while_an_older_take_is_looked_at(client: RenderClient) -> None:
    older = FakeWorker(client, "20260101-000000", running=False)
    older.say(started(2), Ended(NOON, "done", 2, 0, 1.0))
    worker = FakeWorker(client, "20260102-000000")
    worker.say(started(9))
    worker.frame(0, 9)

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await polled(app, pilot)
        pane = app.query_one(RenderPane)
        pane.focus()
        await pilot.press("t", "down", "enter")
        text = await polled(app, pilot)
        assert "take 20260101-000000" in text[0] and pane.progress is not None and pane.progress.over
        worker.frame(1, 9)
        await polled(app, pilot)
        assert pane.newest is not None and not pane.newest.over and pane.newest.done == 2

    in_panes(test, client=client)
    worker.die()


def test_a_newer_take_is_followed_by_itself_and_another_document_on_request(
    client: RenderClient, tmp_path: Path
) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        FakeWorker(client, "20260101-000000", running=False).say(started(2))
        await polled(app, pilot)
        FakeWorker(client, "20260102-000000", running=False).say(started(7))
        assert "take 20260102-000000" in await polled(app, pilot)
        app.query_one(RenderPane).set_client(RenderClient(tmp_path / "dog.json"))
        assert rows(app)[0] == "nothing rendered yet"

    in_panes(test, client=client)


def test_a_large_picture_takes_the_room_and_comes_less_often(client: RenderClient) -> None:
    worker = FakeWorker(client)
    worker.say(started(9))
    worker.frame(0, 9)

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        small = sum("▀" in row for row in await polled(app, pilot))
        pane = app.query_one(RenderPane)
        assert pane._feed.pause(running=True) <= 4
        pane.focus()
        await pilot.press("v")
        assert sum("▀" in row for row in rows(app)) > 1.25 * small
        assert pane._feed.pause(running=True) >= 6, "at 40 kB a second"
        worker.frame(1, 9)
        pane._feed.shown_at = pane._ticks
        assert "frame 0 (newest)" in await polled(app, pilot, times=2)
        assert "frame 1 (newest)" in await polled(app, pilot, times=8)

    in_panes(test, client=client, size=(240, 80))
    worker.die()


def test_a_torn_preview_is_waited_for(client: RenderClient) -> None:
    worker = FakeWorker(client)
    worker.say(started(2))
    worker.frame(0, 2)
    worker.take.preview_path(0).write_bytes(b"P6\n48 32\n255\nxx")

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        assert "frame 0: no picture yet" in await polled(app, pilot)
        worker.frame(0, 2)
        assert "frame 0 (newest)" in await polled(app, pilot)

    in_panes(test, client=client)
    worker.die()


def test_a_flood_of_events_is_one_repaint_of_what_is_seen(
    client: RenderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        worker = FakeWorker(client)
        worker.say(started(5000))
        await polled(app, pilot)
        pane = app.query_one(RenderPane)
        refreshed: list[object] = []
        monkeypatch.setattr(pane, "refresh", lambda *regions, **kw: refreshed.extend(regions))
        worker.say(*(LogLine(NOON, "info", f"line {n}") for n in range(5000)))
        pane.poll()
        await settled(app)
        assert len(refreshed) <= pane.size.height
        worker.die()

    in_panes(test, client=client)


def test_an_idle_pane_repaints_nothing(client: RenderClient, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = FakeWorker(client, running=False)
    worker.say(started(1), Ended(NOON, "done", 1, 0, 1.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await polled(app, pilot)
        pane = app.query_one(RenderPane)
        monkeypatch.setattr(pane, "refresh", lambda *regions, **kw: pytest.fail("repainted"))
        await polled(app, pilot)

    in_panes(test, client=client)


def test_progress_of_an_interrupted_take_starts_again_with_its_second_start() -> None:
    progress = Progress()
    frames = [FrameDone(NOON, n, n + 1, 4, "k", 1.0, False) for n in range(3)]
    progress.fold(
        [started(4), *frames, started(4, cached=3), *(FrameDone(NOON, n, n + 1, 4, "k", 0, True) for n in range(2))]
    )
    assert (progress.done, progress.reused, progress.seconds_per_frame) == (2, 2, None)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_warning_stays_in_sight_however_much_goes_well_after_it(rows: int) -> None:
    progress = Progress()
    progress.fold([LogLine(NOON, "info", f"before {n}") for n in range(5)])
    assert len(render_words.log(progress, 60, rows)) == rows
    progress.fold([LogLine(NOON, "warning", "the input ends early")])
    progress.fold([LogLine(NOON, "info", f"after {n}") for n in range(50)])
    said = ["".join(part.text for part in row) for row in render_words.log(progress, 60, rows)]
    assert len(said) == rows
    assert said[0].startswith("? ") and said[0].endswith("the input ends early")
    assert all("after" in line for line in said[1:])


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (59.6, "01:00"), (118, "01:58"), (7389, "2:03:09")])
def test_durations(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_finished_take_is_looked_at_again_with_the_next_tick_while_keys_scrub_it(client: RenderClient) -> None:
    worker = FakeWorker(client, running=False)
    worker.say(started(9))
    for frame in range(9):
        worker.frame(frame, 9)
    worker.say(Ended(NOON, "done", 9, 0, 8.0))

    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        await polled(app, pilot)
        pane = app.query_one(RenderPane)
        pane._feed.shown_at = pane._ticks = 4
        pane.set_playhead(3)  # after a picture in the same tick: it waits
        assert "frame 0" in rows(app)
        pane._tick()
        await settled(app)
        assert "frame 3" in rows(app)

    in_panes(test, client=client)


def test_the_pane_polls_less_when_it_cannot_be_seen(client: RenderClient) -> None:
    async def test(app: PanesDemo, pilot: Pilot[None]) -> None:
        pane = app.query_one(RenderPane)
        polls = 0

        def count() -> None:
            nonlocal polls
            polls += 1

        pane._timer.pause()
        pane.poll = count  # type: ignore[method-assign]
        app.query_one("#right").display = False
        await pilot.pause()
        pane._ticks = polls = 0
        for _ in range(8):
            pane._tick()
        assert polls == 2
        await asyncio.sleep(0)

    in_panes(test, client=client)
