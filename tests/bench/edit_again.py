"""What an edit costs: a film rendered whole, then again after its last tenth was changed.

    python tests/bench/edit_again.py [--frames 200] [--at 0.9] [--engine diffusers|test] [--steps 8] [--size 128]

Each render is a process of its own, as the program starts it. Prints seconds of wall time as the take's own clock has
them and the ratio, with loading the model (which a small model feels most) and without.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from parseq_tui.render.client import RenderClient
from parseq_tui.render.messages import StateChanged
from parseq_tui.render.take import TakeSummary


def film(asked: argparse.Namespace, edited_from: int) -> str:
    frames = [
        {"frame": number, "seed": number, "strength": 0.5, "angle": 2.0 * number, "zoom": 1 + 0.01 * number}
        | {"deforum_prompt": "a dog in the rain" if number >= edited_from else "a cat in the rain"}
        for number in range(asked.frames)
    ]
    render = {"engine": asked.engine, "steps": asked.steps, "width": asked.size, "height": asked.size}
    render |= {"scheduler": "ddim", "mode": "loopback"}
    return json.dumps({"options": {"output_fps": 20}, "render": render, "rendered_frames": frames})


def rendered(client: RenderClient, text: str) -> tuple[TakeSummary, float]:
    """How it went, and the seconds its model took to load."""
    take = client.start(text)
    while client.running():
        time.sleep(0.05)
    summary = take.summary()
    if summary.state != "done":
        sys.exit(f"{summary.message}\n{take.log_path.read_text()}")
    states = [event for event in take.tail().poll() if isinstance(event, StateChanged)]
    spans = [later.time - sooner.time for sooner, later in pairwise(states) if sooner.state == "loading"]
    return summary, sum(spans)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--frames", type=int, default=200)
    options.add_argument("--at", type=float, default=0.9)
    options.add_argument("--engine", choices=("diffusers", "test"), default="diffusers")
    options.add_argument("--steps", type=int, default=8)
    options.add_argument("--size", type=int, default=128)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        client = RenderClient(Path(folder) / "film.json")
        whole = rendered(client, film(asked, asked.frames))
        again = rendered(client, film(asked, round(asked.at * asked.frames)))
        undone = rendered(client, film(asked, asked.frames))
    for name, (summary, loading) in (("whole", whole), ("after the edit", again), ("undone", undone)):
        share = 100 * summary.seconds / whole[0].seconds
        working = 100 * (summary.seconds - loading) / (whole[0].seconds - whole[1])
        counts = f"{summary.rendered:4} made {summary.reused:4} reused"
        print(f"{name:15} {counts} {summary.seconds:8.2f} s {share:5.1f} %   without loading {working:5.1f} %")


if __name__ == "__main__":
    main()
