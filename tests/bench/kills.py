"""kill -9 at random instants: whatever is on disk then is true, and the next render equals an uninterrupted one.

    python tests/bench/kills.py [--count 200] [--engine test|diffusers] [--seed 0] [--linger 60]

Each film is rendered once in peace. Then workers that render it are killed, a few in a row, each at an instant drawn
evenly over the course of a whole render (some die while they start, some while they pack the video). The first of a row
is a process as the program starts it; the others are forked from here with their libraries already loaded. After every
kill all that lies in the cache is compared with the calm render, and the growing video is opened; after a few kills a
render may finish, and all of its frames are compared. Prints one line per row of kills; exit status 1 on a difference.
With --linger workers wait for the next take: the first of a row is then handed over, and some are killed as they wait.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "render"))

from frame_json import film

from parseq_tui.render import production, standby, worker
from parseq_tui.render.cache import FrameCache
from parseq_tui.render.client import RenderClient, variations
from parseq_tui.render.engines.base import Image
from parseq_tui.render.lock import FolderLock, Holder
from parseq_tui.render.messages import Ended, FrameDone
from parseq_tui.render.take import Take

IN_A_ROW = 5
PATIENCE = 300.0
LOADED = (production, worker)
"""What a worker imports, imported before it is forked."""


@dataclass(frozen=True)
class Scene:
    """A film and how it is rendered."""

    name: str
    text: str
    takes: int = 1
    folder: bool = False
    """Numbered pictures instead of a video."""


@dataclass
class Tally:
    """What was seen."""

    kills: int = 0
    before_a_frame: int = 0
    among_frames: int = 0
    after_the_last: int = 0
    waiting: int = 0
    entries: int = 0
    videos: int = 0
    faults: list[str] = field(default_factory=list)


def scenes(engine: str) -> list[Scene]:
    if engine == "diffusers":
        return [Scene("diffusion", film(8, engine=engine, width=64, height=64, steps=3))]
    size = {"width": 192, "height": 128}
    return [
        Scene("loopback", film(48, color_coherence="lab", resampling="lanczos", **size)),
        Scene("cadence 3, pictures", film(48, cadence=3, color_coherence="lab", **size), folder=True),
        Scene("two takes", film(24, **size), takes=2),
        Scene("seed era", seed_era(40)),
    ]


def seed_era(count: int) -> str:
    """History blending and a colour window: frames that read several before them."""
    frames = [
        {"frame": number, "seed": number / 4, "denoise": 0.5, "scale": 7, "rotx": 0, "roty": 1, "rotz": 2}
        | {"panx": 1, "pany": 0, "zoom": 4, "loopback_frames": 3, "loopback_decay": 0.3}
        | {"positive_prompt": "a cat", "negative_prompt": ""}
        for number in range(count)
    ]
    options = {"output_fps": 20, "input_fps": "", "cc_window_width": 3, "cc_window_slide_rate": 1}
    render = {"engine": "test", "width": 192, "height": 128}
    return json.dumps({"options": options, "render": render, "rendered_frames": frames})


class ForkingClient(RenderClient):
    """Its workers are copies of this process, with everything loaded."""

    def _launch(self, takes: Sequence[Take], held: FolderLock, linger: float) -> None:
        pid = os.fork()
        if not pid:
            os.setsid()
            with takes[0].log_path.open("ab") as log:
                os.dup2(log.fileno(), 2)
            folders = [str(take.folder) for take in takes]
            # the very descriptor: a second one would keep the folder locked while this worker waits
            os._exit(worker.main([*folders, "--lock-fd", str(held.descriptor), "--linger", str(linger)]))
        held.describe(Holder(pid, takes[0].name, socket.gethostname(), tuple(take.name for take in takes[1:])))


class Range:
    """Where one scene is rendered, calmly and under fire."""

    def __init__(self, folder: Path, scene: Scene, chance: random.Random, tally: Tally, linger: float) -> None:
        self.scene, self.chance, self.tally, self.linger = scene, chance, tally, linger
        self.out = folder / "out" if scene.folder else folder / "out.mp4"
        self.calm = ForkingClient(folder / "calm.json")
        takes = self._through(self.calm)
        self.wanted = [self.pictures(self.calm, take) for take in takes]
        self.lines = sum(len(take.tail().poll()) for take in takes)
        """How many events there are in a whole render."""
        self.by_key = dict(pair for pictures in self.wanted for pair in self._known(pictures))
        self.client = RenderClient(folder / "killed.json")
        self.forking = ForkingClient(folder / "killed.json")

    def row(self) -> None:
        """A few kills, then a render that may finish."""
        for number in range(IN_A_ROW):
            takes = self._start(self.forking if number else self.client)
            self._aim(takes)
            self.client.kill()
            self._wait(self.client)
            self._look(takes)
            self._kill_waiting()
        time.sleep(0.2)  # the last shot has been fired
        done = [self.pictures(self.client, take) for take in self._through(self.forking)]
        for wanted, pictures in zip(self.wanted, done, strict=True):
            different = [frame for frame in wanted if not np.array_equal(wanted[frame], pictures.get(frame))]
            if different or len(wanted) != len(pictures):
                self.tally.faults.append(f"{self.scene.name}: other pictures at {different}, {len(pictures)} frames")
        shutil.rmtree(self.client.folder)

    def _kill_waiting(self) -> None:
        """Sometimes, if a worker came through and waits, or is about to be handed a take."""
        for one in standby.waiting():
            if self.chance.random() < 0.5:
                self.tally.waiting += 1
                shot = threading.Timer(self.chance.uniform(0, 0.1), os.kill, (one.pid, signal.SIGKILL))
                shot.start()

    def _aim(self, takes: list[Take]) -> None:
        """Wait for an instant: some events from the start, and a little after."""
        wanted, tails, seen = self.chance.randint(0, self.lines), [take.tail() for take in takes], 0
        while seen < wanted and self.client.running():
            seen += sum(len(tail.poll()) for tail in tails)
            time.sleep(0.001)
        time.sleep(self.chance.uniform(0, 0.03 if wanted else 0.5))

    def pictures(self, client: RenderClient, take: Take) -> dict[int, Image]:
        cache = FrameCache(client.folder / "cache")
        return {frame: cache.load(key) for frame, key in take.frame_keys().items()}

    def _known(self, pictures: dict[int, Image]) -> Iterator[tuple[str, Image]]:
        cache = FrameCache(self.calm.folder / "cache")
        yield from ((path.stem, cache.load(path.stem)) for path in cache.folder.glob("??/*.png"))

    def _look(self, takes: list[Take]) -> None:
        """What a kill left behind."""
        self.tally.kills += 1
        events = [event for take in takes for event in take.tail().poll()]
        frames, ended = (sum(isinstance(event, kind) for event in events) for kind in (FrameDone, Ended))
        self.tally.before_a_frame += not frames
        self.tally.after_the_last += ended == len(takes)
        self.tally.among_frames += bool(frames) and ended < len(takes)
        states = {take.summary().state for take in takes}
        if not states <= {"killed", "done"}:
            self.tally.faults.append(f"{self.scene.name}: states {states}")
        cache = FrameCache(self.client.folder / "cache")
        for path in cache.folder.glob("??/*.png"):
            self.tally.entries += 1
            if not np.array_equal(cache.load(path.stem), self.by_key[path.stem]):
                self.tally.faults.append(f"{self.scene.name}: {path.name} is not what it was")
        for path in self.client.folder.glob("takes/*/.*growing*"):
            self.tally.videos += _plays(path)

    def _start(self, client: RenderClient) -> list[Take]:
        job = client.job(self.scene.text, out=self.out)
        return client.start_jobs(variations(job, self.scene.takes), linger=self.linger)

    def _through(self, client: RenderClient) -> list[Take]:
        takes = self._start(client)
        self._wait(client)
        for take in takes:
            if take.summary().state != "done":
                raise SystemExit(f"{self.scene.name}: {take.summary()}\n{take.log_path.read_text()}")
        return takes

    def _wait(self, client: RenderClient) -> None:
        deadline = time.monotonic() + PATIENCE
        while client.running():
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.scene.name}: the worker does not end")
            time.sleep(0.01)
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


def _plays(path: Path) -> bool:
    """Whether a video that was cut off shows a picture; one without its first fragment has none yet."""
    try:
        with av.open(str(path)) as opened:
            return next(opened.decode(video=0), None) is not None
    except av.FFmpegError:
        return False


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--engine", choices=("test", "diffusers"), default="test")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--linger", type=float, default=0.0)
    asked = options.parse_args()
    chance, tally, began = random.Random(asked.seed), Tally(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARSEQ_TUI_HOME"] = f"{folder}/home"
        ranges = []
        for number, scene in enumerate(scenes(asked.engine)):
            (Path(folder) / str(number)).mkdir()
            ranges.append(Range(Path(folder) / str(number), scene, chance, tally, asked.linger))
        while tally.kills < asked.count and not tally.faults:
            place = ranges[tally.kills // IN_A_ROW % len(ranges)]
            place.row()
            print(f"{tally.kills:4} kills  {place.scene.name:20} {time.monotonic() - began:6.0f} s", flush=True)
        standby.let_go()
    print(
        f"{tally.kills} kills: {tally.before_a_frame} before a frame, {tally.among_frames} among frames, "
        f"{tally.after_the_last} after the last word, {tally.waiting} more while waiting; "
        f"{tally.entries} cache entries compared, {tally.videos} growing videos played; {len(tally.faults)} faults"
    )
    for fault in tally.faults:
        print(fault)
    sys.exit(bool(tally.faults))


if __name__ == "__main__":
    main()
