"""A worker that waits with its engine: taken over by the next render, gone when it is not wanted, safe to kill."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from frame_json import film

from parseq_tui.cli import main
from parseq_tui.paths import user_runtime
from parseq_tui.render import lock, standby
from parseq_tui.render.cache import FrameCache
from parseq_tui.render.client import RenderClient
from parseq_tui.render.engines.base import Image
from parseq_tui.render.messages import Ended, Started
from parseq_tui.render.take import Take

pytestmark = pytest.mark.slow

PATIENCE = 300.0
LONG = 600.0
"""Seconds: nobody waits for a worker of these tests to go by itself."""


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PARSEQ_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(standby, "_PATIENCE", 60.0)  # a worker stands back: a busy machine lets it answer late
    yield
    standby.let_go()


@pytest.fixture
def client(tmp_path: Path) -> RenderClient:
    return RenderClient(tmp_path / "cat.json")


def wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def ended(client: RenderClient, take: Take) -> Ended:
    wait(lambda: not client.running())
    end = take.tail().poll()[-1]
    assert isinstance(end, Ended), take.log_path.read_text()
    return end


def pid_of(take: Take) -> int:
    return next(event.pid for event in take.tail().poll() if isinstance(event, Started))


def waiting_worker(client: RenderClient) -> int:
    """Render something and leave a worker waiting: its pid."""
    take = client.start(film(), linger=LONG)
    assert ended(client, take).outcome == "done"
    wait(standby.waiting)
    return pid_of(take)


def gone(pid: int) -> bool:
    """Whether a process has ended; it may still be waited for by the one that started it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def pictures(client: RenderClient, take: Take) -> dict[int, Image]:
    cache = FrameCache(client.folder / "cache")
    return {frame: cache.load(key) for frame, key in take.frame_keys().items()}


def test_the_next_take_is_rendered_by_the_worker_that_waits(client: RenderClient) -> None:
    pid = waiting_worker(client)
    (described,) = standby.waiting()
    assert (described.pid, described.model) == (pid, "test")
    assert described.bytes > 1 << 20
    take = client.start(film(turn_more_at=9), linger=LONG)
    end = ended(client, take)
    assert (end.outcome, end.rendered, end.reused) == ("done", 3, 9)
    assert pid_of(take) == pid
    assert take.log_path.read_text() == ""


def test_it_draws_what_a_fresh_one_draws(client: RenderClient, tmp_path: Path) -> None:
    waiting_worker(client)
    warm = client.start(film(turn_more_at=3))
    assert ended(client, warm).outcome == "done"
    standby.let_go()
    calm = RenderClient(tmp_path / "calm.json")
    fresh = calm.start(film(turn_more_at=3))
    assert ended(calm, fresh).outcome == "done"
    one, other = pictures(client, warm), pictures(calm, fresh)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[frame], other[frame]) for frame in one)


def test_it_serves_other_documents_too(client: RenderClient, tmp_path: Path) -> None:
    pid = waiting_worker(client)
    (tmp_path / "elsewhere").mkdir()
    other = RenderClient(tmp_path / "elsewhere" / "dog.json")
    take = other.start(film(), out=tmp_path / "dog.mp4")
    assert other.running() and not client.running()
    assert ended(other, take).outcome == "done"
    assert pid_of(take) == pid
    assert (tmp_path / "dog.mp4").exists()


def test_only_its_user_can_reach_it(client: RenderClient) -> None:
    waiting_worker(client)
    (place,) = user_runtime().glob("*.sock")
    assert place.stat().st_mode & 0o777 == 0o600
    assert user_runtime().stat().st_mode & 0o777 == 0o700
    user_runtime().chmod(0o755)
    assert not standby.waiting()
    user_runtime().chmod(0o700)
    assert standby.waiting()


def test_it_goes_by_itself(client: RenderClient) -> None:
    take = client.start(film(), linger=0.5)
    assert ended(client, take).outcome == "done"
    pid = pid_of(take)
    wait(lambda: gone(pid))
    assert not list(user_runtime().iterdir())


def test_it_goes_when_asked_and_when_told_by_a_signal(client: RenderClient) -> None:
    pid = waiting_worker(client)
    assert standby.let_go() == 1
    wait(lambda: gone(pid))
    pid = waiting_worker(client)
    os.kill(pid, signal.SIGTERM)
    wait(lambda: gone(pid))
    assert not list(user_runtime().iterdir())


def test_one_that_failed_or_was_told_to_go_does_not_wait(client: RenderClient) -> None:
    take = client.start(film(input="gone.png"), linger=LONG)
    assert ended(client, take).outcome == "failed"
    wait(lambda: gone(pid) if (pid := _holder_or(take)) else True)
    assert not standby.waiting()
    take = client.start(film(200, width=192, height=128), linger=LONG)
    wait(lambda: any(isinstance(event, Started) for event in take.tail().poll()))
    pid = pid_of(take)
    os.kill(pid, signal.SIGTERM)
    assert ended(client, take).outcome == "stopped"
    wait(lambda: gone(pid))


def _holder_or(take: Take) -> int:
    now = lock.holder(take.render_folder / "lock")
    return now.pid if now else 0


def test_another_environment_gets_a_fresh_worker_and_the_old_one_goes(
    client: RenderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = waiting_worker(client)
    for name in ("TERM", "KITTY_WINDOW_ID", "WEZTERM_PANE", "TMUX_PANE", "SSH_AUTH_SOCK", "PATH"):
        monkeypatch.setenv(name, "another window")
    second = client.start(film(turn_more_at=9), linger=LONG)
    ended(client, second)
    assert pid_of(second) == pid
    wait(standby.waiting)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    third = client.start(film(turn_more_at=8))
    assert ended(client, third).outcome == "done"
    assert pid_of(third) != pid
    wait(lambda: gone(pid))


def test_a_killed_one_leaves_nothing_that_hurts(client: RenderClient) -> None:
    pid = waiting_worker(client)
    os.kill(pid, signal.SIGKILL)
    wait(lambda: gone(pid) and not standby.waiting())
    take = client.start(film(turn_more_at=9))
    assert ended(client, take).outcome == "done"
    assert pid_of(take) != pid
    assert not list(user_runtime().iterdir())


def test_one_that_does_not_answer_is_not_waited_for(client: RenderClient, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = waiting_worker(client)
    monkeypatch.setattr(standby, "_PATIENCE", 1.0)
    os.kill(pid, signal.SIGSTOP)
    try:
        take = client.start(film(turn_more_at=9))
        assert ended(client, take).outcome == "done"
        assert pid_of(take) != pid
    finally:
        os.kill(pid, signal.SIGCONT)
    wait(lambda: standby.waiting() or gone(pid))


def test_the_lock_is_held_all_the_time(client: RenderClient) -> None:
    """From the hand-over until the take has ended nobody else could have begun."""
    waiting_worker(client)
    take: list[Take] = []
    starter = threading.Thread(
        target=lambda: take.append(client.start(film(40, width=192, height=128, turn_more_at=2)))
    )
    starter.start()
    wait(client.running)
    looks = 0
    while not take or not any(isinstance(event, Ended) for event in take[0].tail().poll()):
        assert client.running() or any(isinstance(event, Ended) for event in take[0].tail().poll())
        looks += 1
    starter.join(PATIENCE)
    assert looks > 5
    assert ended(client, take[0]).outcome == "done"


def test_those_who_ask_at_once_all_get_their_render(client: RenderClient, tmp_path: Path) -> None:
    """The worker that waits takes one of them; no worker is ever at two takes at a time."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2]); from frame_json import film\n"
        "from parseq_tui.render.client import RenderClient\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "RenderClient(pathlib.Path(sys.argv[1])).start(film(turn_more_at=5))"
    )
    waiting_worker(client)
    others = [RenderClient(tmp_path / f"{name}.json") for name in ("one", "two", "three")]
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(other.document_path), str(Path(__file__).parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for other in others
    ]
    for starter in starters:
        assert starter.stdout is not None and starter.stdout.readline() == b"ready\n"
    for starter in starters:
        starter.communicate(b"\n", timeout=PATIENCE)
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    takes = [take for other in others if (take := other.latest()) is not None]
    ends = [ended(other, take) for other, take in zip(others, takes, strict=True)]
    assert [end.outcome for end in ends] == ["done"] * 3
    spans = sorted((pid_of(take), end.time - end.seconds, end.time) for take, end in zip(takes, ends, strict=True))
    assert all(one[0] != other[0] or one[2] <= other[1] for one, other in pairwise(spans))


def test_killed_around_a_hand_over_the_next_render_is_whole(client: RenderClient, tmp_path: Path) -> None:
    """kill -9 of the waiting worker while it waits, answers, takes over or renders."""
    calm = RenderClient(tmp_path / "calm.json")
    wanted = calm.start(film(24, turn_more_at=2))
    assert ended(calm, wanted).outcome == "done"
    whole = pictures(calm, wanted)
    chance = random.Random(5)
    for _ in range(4):
        pid = waiting_worker(client)
        shot = threading.Timer(chance.uniform(0, 0.06), os.kill, (pid, signal.SIGKILL))
        shot.start()
        take = client.start(film(24, turn_more_at=2), linger=LONG)
        shot.join()
        wait(lambda: not client.running())
        assert take.summary().state in ("killed", "done")
        last = client.start(film(24, turn_more_at=2))
        assert ended(client, last).outcome == "done"
        mended = pictures(client, last)
        assert whole.keys() == mended.keys()
        assert all(np.array_equal(whole[frame], mended[frame]) for frame in whole)


def test_a_stranger_who_says_nothing_or_nonsense_changes_nothing(client: RenderClient) -> None:
    pid = waiting_worker(client)
    (place,) = user_runtime().glob("*.sock")
    for words in (b"", b"{", b"[]\n", b'{"ask"', b"\xff\n"):
        with socket.socket(socket.AF_UNIX) as partner:
            partner.connect(str(place))
            partner.sendall(words)
    take = client.start(film(turn_more_at=9))
    assert ended(client, take).outcome == "done"
    assert pid_of(take) == pid


def test_only_the_lock_of_the_takes_own_folder_is_believed(client: RenderClient, tmp_path: Path) -> None:
    """A worker that is handed another folder's lock, or one that is not held, goes on waiting."""
    pid = waiting_worker(client)
    take = client.start(film(turn_more_at=7))
    ended(client, take)
    wait(standby.waiting)
    wrong = lock.FolderLock.acquire(tmp_path / "other" / "lock")
    try:
        assert not standby.hand_over([take], wrong, 0.0, tmp_path)
    finally:
        wrong.close()
    assert not gone(pid)


def test_a_partner_that_answers_and_goes_at_once_has_been_given_the_take(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Or else a second worker would begin with the same take."""
    ours, theirs = socket.socketpair()
    really_send = socket.send_fds

    def send_and_be_answered(*given: object) -> int:
        sent = really_send(*given)  # type: ignore[arg-type]
        words, descriptors = standby._received_with(theirs)
        os.close(*descriptors)
        assert words == {"takes": []} and standby._send(theirs, {"taken": True})
        theirs.close()
        return sent

    monkeypatch.setattr(socket, "send_fds", send_and_be_answered)
    with ours, (tmp_path / "lock").open("wb") as lock_file:
        assert standby._send(ours, {"takes": []}, lock_file.fileno())
        assert standby._received(ours) == {"taken": True}


@pytest.mark.parametrize(
    ("terminal", "words", "setting", "kept"),
    [
        (False, [], "", False),
        (False, ["--linger", "60"], "", True),
        (True, [], "", True),
        (True, [], "off", False),
        (True, ["--linger", "0"], "", False),
    ],
)
def test_the_command_line_keeps_an_engine_for_who_sits_at_a_terminal(
    client: RenderClient, monkeypatch: pytest.MonkeyPatch, terminal: bool, words: list[str], setting: str, kept: bool
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("PARSEQ_TUI_LINGER", setting)
    monkeypatch.setattr(RenderClient, "start_jobs", lambda _self, _jobs, linger: asked.append(linger) or [])
    client.document_path.write_text(film())
    assert main(["render", str(client.document_path), *words]) == 0
    assert bool(asked[0]) == kept
