"""The worker as it really runs: a process of its own that survives its starter, and loses nothing when it is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from frame_json import film

from parseq_tui.errors import RenderError
from parseq_tui.render import lock
from parseq_tui.render.client import RenderClient, variations
from parseq_tui.render.messages import Ended, FrameDone, StateChanged
from parseq_tui.render.take import Take
from parseq_tui.video.images import read_image

pytestmark = pytest.mark.slow

COUNT = 36
PATIENCE = 300.0


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def finished(client: RenderClient, take: Take) -> Ended:
    wait(lambda: not client.running())
    end = take.tail().poll()[-1]
    assert isinstance(end, Ended), take.log_path.read_text()
    return end


def frames_done(take: Take) -> int:
    return sum(isinstance(event, FrameDone) for event in take.tail().poll())


def numbered(folder: Path) -> dict[str, np.ndarray]:
    return {path.name: read_image(path) for path in sorted(folder.glob("*.png"))}


def heavy(cadence: int = 1) -> str:
    """A film whose frames take long enough to be killed in the middle of one."""
    return film(COUNT, cadence=cadence, width=192, height=128, color_coherence="lab", resampling="lanczos")


def paused(take: Take) -> bool:
    states = [event.state for event in take.tail().poll() if isinstance(event, StateChanged)]
    return states[-1:] == ["paused"]


@pytest.mark.parametrize("cadence", [1, 3])
def test_killed_at_any_instant_the_next_render_equals_an_uninterrupted_one(tmp_path: Path, cadence: int) -> None:
    calm = RenderClient(tmp_path / "calm.json")
    assert finished(calm, calm.start(heavy(cadence), out=tmp_path / "calm")).outcome == "done"

    chance = random.Random(cadence)
    client = RenderClient(tmp_path / "killed.json")
    for _ in range(4):
        take = client.start(heavy(cadence), out=tmp_path / "killed")
        target = chance.randint(1, COUNT // 5)
        tail, seen = take.tail(), 0
        while client.running() and seen < target:
            seen += sum(isinstance(event, FrameDone) and not event.reused for event in tail.poll())
            time.sleep(0.002)
        time.sleep(chance.random() * 0.02)
        client.kill()
        wait(lambda: not client.running())
        assert take.summary().state in ("killed", "done")
    last = client.start(heavy(cadence), out=tmp_path / "killed")
    end = finished(client, last)
    assert (end.outcome, end.rendered + end.reused) == ("done", COUNT)
    assert end.reused >= 4

    whole, mended = numbered(tmp_path / "calm"), numbered(tmp_path / "killed")
    assert len(whole) == COUNT
    assert whole.keys() == mended.keys()
    assert all(np.array_equal(whole[name], mended[name]) for name in whole)


def test_one_worker_at_a_time_and_it_stops_when_asked(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    take = client.start(heavy())
    assert client.running() and take.running()
    assert client.latest() == take
    with pytest.raises(RenderError, match="already running"):
        client.start(heavy())
    wait(lambda: frames_done(take) > 0)
    client.stop()
    end = finished(client, take)
    assert end.outcome == "stopped"
    assert 0 < end.rendered < COUNT
    assert Path(end.video).exists()
    assert take.log_path.read_text() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_signal_stops_it_after_the_frame(tmp_path: Path, number: int) -> None:
    client = RenderClient(tmp_path / "cat.json")
    take = client.start(heavy())
    wait(lambda: frames_done(take) > 0)
    now = lock.holder(client.folder / "lock")
    assert now is not None
    os.kill(now.pid, number)
    assert finished(client, take).outcome == "stopped"


def test_it_survives_its_starter_and_the_terminals_hang_up(tmp_path: Path) -> None:
    (tmp_path / "film.json").write_text(heavy())
    starter = (
        "import sys, pathlib; from parseq_tui.render.client import RenderClient\n"
        "document = pathlib.Path(sys.argv[1])\n"
        "RenderClient(document).start(document.read_text())"
    )
    subprocess.run([sys.executable, "-c", starter, str(tmp_path / "film.json")], check=True, timeout=PATIENCE)
    client = RenderClient(tmp_path / "film.json")
    assert client.running()
    take = client.latest()
    assert take is not None
    wait(lambda: frames_done(take) > 0)
    now = lock.holder(client.folder / "lock")
    assert now is not None and os.getsid(now.pid) == now.pid
    os.kill(now.pid, signal.SIGHUP)
    assert finished(client, take).outcome == "done"


def test_a_take_runs_again_from_its_folder_alone(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    take = client.start(film())
    assert finished(client, take).rendered == 12
    moved = Take((tmp_path / "elsewhere.render" / "takes" / take.name).absolute())
    moved.folder.mkdir(parents=True)
    (moved.folder / "preview").mkdir()
    (moved.folder / "job.json").write_bytes((take.folder / "job.json").read_bytes())
    command = [sys.executable, "-m", "parseq_tui.render.worker", str(moved.folder)]
    assert subprocess.run(command, timeout=PATIENCE).returncode == 0
    assert moved.frame_keys() == take.frame_keys()


def test_what_goes_wrong_is_an_event_and_an_exit_status(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    take = client.start(film(input="gone.png"))
    end = finished(client, take)
    assert end.outcome == "failed"
    assert "gone.png" in end.message
    assert "Traceback" not in take.log_path.read_text()


def test_rendering_with_the_test_engine_loads_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from parseq_tui.render import worker, explain; from parseq_tui.render.engines import make_engine\n"
        "from parseq_tui.timeline.render_settings import resolve\n"
        "make_engine(resolve({'engine': 'test'}))\n"
        "print(sorted({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert answer.stdout.strip() == "[]"


def test_the_client_loads_no_image_library(tmp_path: Path) -> None:
    code = (
        "import sys; import parseq_tui.render.client\n"
        "print(sorted({'torch', 'diffusers', 'cv2', 'av', 'PIL'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert answer.stdout.strip() == "[]"


def test_paused_it_waits_and_resumed_it_goes_on(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    take = client.start(heavy())
    client.pause()
    wait(lambda: paused(take))
    done = frames_done(take)
    assert done < COUNT
    time.sleep(0.2)
    assert (frames_done(take), client.running()) == (done, True)
    assert take.summary().paused
    client.resume()
    end = finished(client, take)
    assert (end.outcome, end.rendered + end.reused) == ("done", COUNT)


def test_a_paused_worker_can_be_stopped(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    take = client.start(heavy())
    client.pause()
    wait(lambda: paused(take))
    client.stop()
    assert finished(client, take).outcome == "stopped"


def test_several_takes_are_made_one_after_the_other_with_seeds_of_their_own(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    takes = client.start_jobs(variations(client.job(film(), out=tmp_path / "cat.mp4"), 3))
    assert [take.summary().state for take in takes[1:]] == ["waiting", "waiting"]
    assert client.queue() == takes
    wait(lambda: not client.running())
    assert [take.summary().state for take in takes] == ["done"] * 3
    assert len({take.frame_keys()[0] for take in takes}) == 3
    assert client.latest() == takes[-1]
    assert all((tmp_path / f"cat-{number}.mp4").exists() for number in (1, 2, 3))


def test_stopping_one_take_leaves_those_after_it(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "cat.json")
    first, second = client.start_jobs(variations(client.job(heavy()), 2))
    wait(lambda: frames_done(first) > 0)
    client.stop()
    wait(lambda: not client.running())
    summary = second.summary()
    assert (first.summary().state, summary.state, summary.done) == ("stopped", "stopped", 0)
    assert "not begun" in summary.message
