"""Takes, locks and events as files: readers see a true state whatever the worker is doing."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parseq_tui.errors import RenderError, SettingsError
from parseq_tui.paths import render_folder
from parseq_tui.render import lock
from parseq_tui.render.client import RenderClient
from parseq_tui.render.lock import FolderLock, Holder
from parseq_tui.render.messages import Ended, FrameDone, LogLine, Started, encode
from parseq_tui.render.preview import MAX_WIDTH, encode_ppm, read_ppm, thumbnail
from parseq_tui.render.storage import CacheFolder
from parseq_tui.render.take import Job, LineLog, Take, point_latest


def started(count: int = 3) -> Started:
    return Started(100.0, "t", 1, 0, count, 0, "test", "tiny", 64, 64, 20.0)


def frame_done(frame: int, *, reused: bool = False) -> FrameDone:
    return FrameDone(101.0 + frame, frame, frame + 1, 3, "k", 0.5, reused)


@pytest.fixture
def take(tmp_path: Path) -> Take:
    made = Take(tmp_path / "cat.render" / "takes" / "20261122-091803")
    (made.folder / "preview").mkdir(parents=True)
    return made


def test_a_line_that_a_full_disk_cut_off_does_not_swallow_the_next(take: Take, monkeypatch) -> None:
    log, whole = LineLog(take.events_path), os.write
    log.event(started())
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[:9]))
    with pytest.raises(OSError, match="No space"):
        log.event(frame_done(0))
    monkeypatch.setattr(os, "write", whole)
    log.event(frame_done(1))
    log.close()
    assert take.tail().poll() == [started(), frame_done(1)]


class TestLock:
    def test_it_is_held_for_life_and_no_longer(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        assert lock.holder(path) is None
        held = FolderLock.acquire(path)
        held.describe(Holder(42, "a take", "a host"))
        assert lock.holder(path) == Holder(42, "a take", "a host")
        held.close()
        assert lock.holder(path) is None

    def test_a_second_one_is_refused(self, tmp_path: Path) -> None:
        held = FolderLock.acquire(tmp_path / "lock")
        with pytest.raises(RenderError, match="already running"):
            FolderLock.acquire(tmp_path / "lock", patience=0)
        held.close()

    def test_whoever_looks_does_not_disturb_whoever_starts(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        FolderLock.acquire(path).close()
        looking = os.open(path, os.O_RDONLY)
        fcntl.flock(looking, fcntl.LOCK_SH)
        with pytest.raises(RenderError):
            FolderLock.acquire(path, patience=0.02)
        os.close(looking)
        FolderLock.acquire(path).close()

    def test_nobody_is_seen_where_one_may_not_look(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder that is a file, or closed to this user (root is let in everywhere, hence the stand-in)."""
        document = tmp_path / "song.json"
        render_folder(document).write_bytes(b"")
        assert lock.holder(render_folder(document) / "lock") is None and not RenderClient(document).running()

        def closed(path: Path, flags: int) -> int:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(os, "open", closed)
        assert lock.holder(tmp_path / "lock") is None

    def test_a_folder_that_one_may_not_enter_has_no_takes_and_no_frames(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = RenderClient(tmp_path / "song.json")

        def closed(path: Path, **_: object) -> NoReturn:
            raise PermissionError(13, "Permission denied", str(path))

        for name in ("stat", "lstat", "scandir"):
            monkeypatch.setattr(os, name, closed)
        assert client.latest() is None
        assert "a key" not in CacheFolder(client.folder / "cache")

    def test_what_stands_in_the_file_may_be_anything(self, tmp_path: Path) -> None:
        held = FolderLock.acquire(tmp_path / "lock")
        os.pwrite(held.descriptor, b"\xff{", 0)
        assert lock.holder(tmp_path / "lock") == Holder()
        held.close()


class TestEvents:
    def test_each_poll_gives_what_is_new(self, take: Take) -> None:
        tail = take.tail()
        assert tail.poll() == []
        log = LineLog(take.events_path)
        log.event(started())
        assert tail.poll() == [started()]
        log.event(frame_done(0))
        log.event(frame_done(1))
        assert tail.poll() == [frame_done(0), frame_done(1)]
        assert tail.poll() == []
        log.close()

    @given(st.lists(st.integers(1, 400), max_size=12))
    def test_lines_arrive_whole_however_they_are_cut(self, tmp_path_factory, cuts: list[int]) -> None:
        path = tmp_path_factory.mktemp("take") / "events.jsonl"
        events = [started(), frame_done(0), LogLine(1.0, "warning", "ünruhig"), frame_done(1)]
        content = b"".join(map(encode, events))
        tail = Take(path.parent).tail()
        seen = []
        position = 0
        with path.open("ab", buffering=0) as file:
            for cut in [*cuts, len(content)]:
                file.write(content[position : position + cut])
                position += cut
                seen += tail.poll()
        assert seen == events

    def test_a_line_nobody_can_read_is_skipped(self, take: Take) -> None:
        take.events_path.write_bytes(b'{"event": "dance"}\nrubbish\n' + encode(frame_done(0)))
        assert take.tail().poll() == [frame_done(0)]

    def test_a_line_torn_by_a_killed_worker_does_not_swallow_the_next(self, take: Take) -> None:
        take.events_path.write_bytes(encode(started()) + encode(frame_done(0))[:20])
        log = LineLog(take.events_path)
        log.event(frame_done(1))
        log.close()
        assert take.tail().poll() == [started(), frame_done(1)]


class TestSummary:
    def write(self, take: Take, *events) -> None:
        log = LineLog(take.events_path)
        for event in events:
            log.event(event)
        log.close()

    def test_a_finished_take(self, take: Take) -> None:
        end = Ended(110.0, "done", 1, 1, 9.0, "video.mp4")
        self.write(take, started(2), frame_done(0, reused=True), frame_done(1), end)
        summary = take.summary()
        assert (summary.state, summary.done, summary.total, summary.reused) == ("done", 2, 2, 1)
        assert (summary.seconds, summary.video, summary.started) == (9.0, "video.mp4", 100.0)
        assert summary.size > 0

    def test_without_a_last_word_and_without_a_worker_it_was_killed(self, take: Take) -> None:
        self.write(take, started(), frame_done(0))
        assert take.summary().state == "killed"

    def test_while_the_lock_is_held_it_runs(self, take: Take) -> None:
        self.write(take, started(), frame_done(0))
        held = FolderLock.acquire(take.render_folder / "lock")
        held.describe(Holder(1, take.name, "here"))
        assert take.summary().state == "running"
        held.describe(Holder(1, "another take", "here"))
        assert take.summary().state == "killed"
        held.close()

    def test_a_take_that_runs_again_starts_counting_again(self, take: Take) -> None:
        self.write(
            take, started(), frame_done(0), Ended(1.0, "stopped", 1, 0, 1.0), started(), frame_done(0), frame_done(1)
        )
        assert (take.summary().state, take.summary().done) == ("killed", 2)


def test_a_job_reads_back_as_it_was_written() -> None:
    job = Job("{}", "cat.json", "/films", {"steps": 4, "input": None}, (3, 9), "/out", "cpu", "0.1")
    assert Job.from_json(job.to_json()) == job


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"document": "x", "document_name": "y", "base": "z", "frames": 3}'])
def test_what_is_not_a_job_says_so(text: str) -> None:
    with pytest.raises(RenderError, match="cannot be read"):
        Job.from_json(text)


def test_frame_keys_survive_a_torn_line(take: Take) -> None:
    take.frames_path.write_bytes(b'{"frame": 0, "key": "aa"}\n{"frame": 1, "k')
    assert take.frame_keys() == {0: "aa"}


class TestPreview:
    @given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
    def test_a_picture_survives(self, tmp_path_factory, image) -> None:
        path = tmp_path_factory.mktemp("preview") / "x.ppm"
        path.write_bytes(encode_ppm(image))
        assert np.array_equal(read_ppm(path), image)

    @given(st.integers(1, 700), st.integers(1, 700))
    def test_a_thumbnail_is_small_and_keeps_its_shape(self, width: int, height: int) -> None:
        small = thumbnail(np.full((height, width, 3), 77, np.uint8))
        assert small.shape[1] <= MAX_WIDTH
        assert small.min() == small.max() == 77
        if width > MAX_WIDTH and height > MAX_WIDTH:
            assert small.shape[0] / small.shape[1] == pytest.approx(height / width, rel=0.1)

    @pytest.mark.parametrize("content", [b"", b"P6\n2 2\n255\nabc", b"P5\n1 1\n255\na", b"P6\n0 0\n255\n", b"\x89PNG"])
    def test_what_is_no_picture_says_so(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x.ppm").write_bytes(content)
        with pytest.raises(RenderError):
            read_ppm(tmp_path / "x.ppm")

    def test_previews_are_listed_by_frame(self, take: Take) -> None:
        for name in ("00010.ppm", "00002.ppm", "-0001.ppm", ".00003.ppm.12.tmp", "notes.txt"):
            (take.folder / "preview" / name).write_bytes(b"")
        assert list(take.previews()) == [-1, 2, 10]


class TestClient:
    def test_a_document_has_its_folder_beside_it(self) -> None:
        assert render_folder(Path("films/cat.json")) == Path("films/cat.render")

    def test_without_renders_there_is_nothing(self, tmp_path: Path) -> None:
        client = RenderClient(tmp_path / "cat.json")
        assert (client.latest(), client.takes(), client.running()) == (None, [], False)
        client.stop()
        client.kill()

    def test_the_latest_take_is_the_one_the_link_names(self, tmp_path: Path) -> None:
        client = RenderClient(tmp_path / "cat.json")
        for name in ("20261122-091803", "20261122-101803"):
            (client.folder / "takes" / name).mkdir(parents=True)
        assert client.latest() == client.takes()[0]
        assert client.takes()[0].name == "20261122-101803"
        point_latest(client.folder, client.takes()[1])
        assert client.latest() == client.takes()[1]

    def test_wrong_options_are_told_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError):
            RenderClient(tmp_path / "cat.json").start("{}", options={"stops": 4})
        with pytest.raises(RenderError, match="5:5 is empty"):
            RenderClient(tmp_path / "cat.json").start("{}", frames=(5, 5))
        assert not (tmp_path / "cat.render").exists()

    def test_a_second_render_is_refused(self, tmp_path: Path) -> None:
        client = RenderClient(tmp_path / "cat.json")
        held = FolderLock.acquire(client.folder / "lock")
        with pytest.raises(RenderError, match="already running"):
            client.start("{}")
        assert client.running()
        held.close()

    def test_a_worker_that_said_its_last_word_is_waited_for(self, tmp_path: Path) -> None:
        """It lets go of the folder only then, on a busy machine much later: the next render may be there by then."""
        client = RenderClient(tmp_path / "cat.json")
        held = FolderLock.acquire(client.folder / "lock")
        take = client._new_take(client.job("{}"))
        log = LineLog(take.events_path)
        log.event(started())
        held.describe(Holder(os.getpid(), take.name, "here"))
        assert (client.running(), take.running()) == (True, True)
        log.event(Ended(110.0, "done", 1, 1, 9.0))
        log.close()
        assert (client.running(), take.running(), take.summary().state) == (False, False, "done")
        later = threading.Timer(0.8, held.close)  # longer than a lock that is held is waited for
        later.start()
        assert client.prune(0).frames == 0
        later.join()

    def test_of_several_takes_the_last_one_counts(self, tmp_path: Path) -> None:
        client = RenderClient(tmp_path / "cat.json")
        held = FolderLock.acquire(client.folder / "lock")
        first, second = (client._new_take(client.job("{}")) for _ in range(2))
        held.describe(Holder(os.getpid(), first.name, "here", (second.name,)))
        for take, running in ((first, True), (second, False)):
            log = LineLog(take.events_path)
            log.event(Ended(110.0, "done", 1, 1, 9.0))
            log.close()
            assert client.running() is running
        held.close()

    def test_a_folder_nobody_may_write_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "cat.render").write_text("in the way")
        with pytest.raises(RenderError, match="cannot be written"):
            RenderClient(tmp_path / "cat.json").start("{}")

    def test_old_takes_can_be_forgotten_but_never_the_latest(self, tmp_path: Path) -> None:
        client = RenderClient(tmp_path / "cat.json")
        for name in ("a", "b", "c"):
            (client.folder / "takes" / name).mkdir(parents=True)
        point_latest(client.folder, Take(client.folder / "takes" / "a"))
        assert client.forget_takes(1) == 1
        assert [take.name for take in client.takes()] == ["c", "a"]
