"""Test mode from end to end: frames per second of warp, history, colour and everything that is written.

    python tests/bench/render.py [SIZE] [FRAMES]

Prints frames per second, CPU milliseconds per frame, and the share of each stage; reused frames for comparison.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from parseq_tui.render.take import Job, Take
from parseq_tui.render.worker import StopSwitch, Worker


def film(size: int, count: int) -> str:
    frames = [
        {
            "frame": number,
            "seed": number,
            "denoise": 0.5,
            "scale": 7,
            "rotx": 0,
            "roty": 0,
            "rotz": 2,
            "panx": 1,
            "pany": 0,
            "zoom": 4,
            "loopback_frames": 3,
            "loopback_decay": 0.2,
            "positive_prompt": "a cat",
            "negative_prompt": "",
        }
        for number in range(count)
    ]
    options = {
        "output_fps": 20,
        "input_fps": "",
        "cc_window_width": 2,
        "cc_window_slide_rate": 1,
        "cc_use_input": False,
    }
    return json.dumps({"options": options, "render": {"width": size, "height": size}, "rendered_frames": frames})


def render(folder: Path, name: str, text: str) -> tuple[float, float]:
    take = Take(folder / "bench.render" / "takes" / name)
    (take.folder / "preview").mkdir(parents=True)
    (take.folder / "job.json").write_text(Job(text, "bench.json", str(folder), {"engine": "test"}).to_json())
    wall, cpu = time.perf_counter(), time.process_time()
    outcome = Worker(take, StopSwitch(take.stop_path)).run()
    assert outcome == "done", take.summary().message
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    text = film(size, count)
    with tempfile.TemporaryDirectory() as folder:
        render(Path(folder), "warm-up", film(64, 2))
        for name in ("rendered", "reused"):
            wall, cpu = render(Path(folder), name, text)
            print(f"{name:9} {count / wall:6.1f} frames/s   {1000 * cpu / count:6.1f} CPU ms/frame   ({size}x{size})")


if __name__ == "__main__":
    main()
