"""What an edit costs: a film rendered whole, then again after its last tenth was changed.

    python tests/bench/edit_again.py [--frames 200] [--at 0.9] [--engine diffusers|test] [--steps 8] [--size 128]

Once by a fresh worker, then by the worker that waits with its engine (as in the editor). Prints seconds of wall time as
the take's own clock has them, with loading the model and without, and of the worker's processor time; each with its
share of the whole film's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from parseq_tui.render import lock, standby
from parseq_tui.render.client import RenderClient
from parseq_tui.render.messages import StateChanged
from parseq_tui.render.take import TakeSummary

LINGER = 300.0
LATER = ("a dog in the rain", "a fish in the rain")


@dataclass(frozen=True)
class Cost:
    """What a take took, in seconds."""

    summary: TakeSummary
    loading: float
    processor: float
    """Of the worker, starting it and loading the model included."""


def film(asked: argparse.Namespace, edited_from: int, later: str = LATER[0]) -> str:
    frames = [
        {"frame": number, "seed": number, "strength": 0.5, "angle": 2.0 * number, "zoom": 1 + 0.01 * number}
        | {"deforum_prompt": later if number >= edited_from else "a cat in the rain"}
        for number in range(asked.frames)
    ]
    render = {"engine": asked.engine, "steps": asked.steps, "width": asked.size, "height": asked.size}
    render |= {"scheduler": "ddim", "mode": "loopback"}
    return json.dumps({"options": {"output_fps": 20}, "render": render, "rendered_frames": frames})


def rendered(client: RenderClient, text: str, linger: float = 0.0) -> Cost:
    """Render it, by the worker that waits if there is one."""
    before = {worker.pid: processor_seconds(worker.pid) for worker in standby.waiting()}
    take = client.start(text, linger=linger)
    pid, used = 0, 0.0
    while (now := lock.holder(client.folder / "lock")) is not None:
        pid = now.pid or pid
        used = processor_seconds(pid) or used
        time.sleep(0.02)
    summary = take.summary()
    if summary.state != "done":
        sys.exit(f"{summary.message}\n{take.log_path.read_text()}")
    states = [event for event in take.tail().poll() if isinstance(event, StateChanged)]
    spans = [later.time - sooner.time for sooner, later in pairwise(states) if sooner.state == "loading"]
    return Cost(summary, sum(spans), used - before.get(pid, 0.0))


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far; 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--frames", type=int, default=200)
    options.add_argument("--at", type=float, default=0.9)
    options.add_argument("--engine", choices=("diffusers", "test"), default="diffusers")
    options.add_argument("--steps", type=int, default=8)
    options.add_argument("--size", type=int, default=128)
    asked = options.parse_args()
    edited_from = round(asked.at * asked.frames)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARSEQ_TUI_HOME"] = f"{folder}/home"
        client = RenderClient(Path(folder) / "film.json")
        costs = {"whole": rendered(client, film(asked, asked.frames))}
        costs["edited, fresh"] = rendered(client, film(asked, edited_from), LINGER)
        wait_for_standby()
        costs["edited, kept"] = rendered(client, film(asked, edited_from, LATER[1]), LINGER)
        wait_for_standby()
        costs["undone, kept"] = rendered(client, film(asked, asked.frames))
        standby.let_go()
    whole = costs["whole"]
    for name, cost in costs.items():
        seconds, work = cost.summary.seconds, cost.summary.seconds - cost.loading
        print(
            f"{name:14} {cost.summary.rendered:4} made {cost.summary.reused:4} reused"
            f" {seconds:8.2f} s {100 * seconds / whole.summary.seconds:5.1f} %"
            f"   without loading {100 * work / (whole.summary.seconds - whole.loading):5.1f} %"
            f"   processor {cost.processor:6.2f} s {100 * cost.processor / whole.processor:5.1f} %",
            flush=True,
        )


def wait_for_standby() -> None:
    deadline = time.monotonic() + 60
    while not standby.waiting() and time.monotonic() < deadline:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
