"""A loopback film as people write it with diffusers ÷ the same film with ours, on the bundled model.

    python tests/bench/naive_loop.py [--frames 12] [--rounds 3] [--evaluations 8] [--model FOLDER] [--size 128]

The naive loop: AutoPipelineForImage2Image, PIL to turn and zoom the picture before, a PNG per frame; nothing else. Ours
is a whole render: the same motion and number of evaluations, PNG, cache, previews, video. They take turns, each in a
process of its own as either would have it, models loaded before and a few frames rendered; wall and process time per
frame, the best round of each. The naive loop uses as many threads as torch likes unless `--threads` says otherwise.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from parseq_tui.render.engine_shelf import EngineShelf
from parseq_tui.render.engines.models import find_model
from parseq_tui.render.take import Job, Take
from parseq_tui.render.worker import StopSwitch, Worker

STRENGTH, ANGLE, ZOOM = 0.5, 2.0, 1.02
PROMPT, NEGATIVE, SCALE = "a red cat in the snow", "blue", 4.0
WARM_UP = 4
"""Frames before the first round."""


Round = Callable[[int], tuple[float, float]]
"""Renders the film, the seeds beginning anywhere; milliseconds per frame, of wall and of process time."""


def naive(asked: argparse.Namespace, folder: Path) -> Round:
    import diffusers
    import torch

    from parseq_tui.render.engines.devices import quiet_libraries

    path = find_model(asked.model).folder
    with quiet_libraries():
        pipeline = diffusers.AutoPipelineForImage2Image.from_pretrained(path, local_files_only=True)
    pipeline.scheduler = diffusers.DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    threads = asked.threads or torch.get_num_threads()

    def loop(frames: int, first: int) -> None:
        torch.set_num_threads(threads)
        picture = Image.new("RGB", (asked.size, asked.size), "grey")
        for frame in range(frames):
            picture = pipeline(
                prompt=PROMPT,
                negative_prompt=NEGATIVE,
                image=moved(picture),
                strength=STRENGTH,
                # the pipeline runs the share `strength` of its steps
                num_inference_steps=round(asked.evaluations / STRENGTH),
                guidance_scale=SCALE,
                generator=torch.Generator().manual_seed(first + frame),
            ).images[0]
            picture.save(folder / f"{frame:05d}.png")

    loop(WARM_UP, 0)
    return lambda first: timed(lambda: loop(asked.frames, first), asked.frames)


def timed(film: Callable[[], None], frames: int) -> tuple[float, float]:
    """Milliseconds per frame, of wall and of process time."""
    wall, cpu = time.perf_counter(), time.process_time()
    film()
    return 1000 * (time.perf_counter() - wall) / frames, 1000 * (time.process_time() - cpu) / frames


def moved(picture: Image.Image) -> Image.Image:
    inset = picture.width * (1 - 1 / ZOOM) / 2
    turned = picture.rotate(ANGLE, Image.Resampling.BICUBIC)
    box = (inset, inset, picture.width - inset, picture.height - inset)
    return turned.resize(picture.size, Image.Resampling.BICUBIC, box=box)


def ours(asked: argparse.Namespace, folder: Path) -> Round:
    engines = EngineShelf()

    def render(count: int, first: int) -> None:
        take = Take(folder / "film.render" / "takes" / str(first))
        (take.folder / "preview").mkdir(parents=True)
        (take.folder / "job.json").write_text(Job(film(asked, count, first), "film.json", str(folder)).to_json())
        outcome = Worker(take, StopSwitch(take.stop_path), engines).run()
        assert outcome == "done", take.summary().message

    render(WARM_UP, 0)
    return lambda first: timed(lambda: render(asked.frames, first), asked.frames)


def film(asked: argparse.Namespace, count: int, first: int) -> str:
    frames = [
        {"frame": number, "seed": first + number, "strength": 1 - STRENGTH, "scale": SCALE}
        | {"angle": ANGLE * number, "angle_delta": ANGLE, "zoom": ZOOM, "zoom_delta": ZOOM}
        | {"deforum_prompt": f"{PROMPT} --neg {NEGATIVE}"}
        for number in range(count)
    ]
    render: dict[str, Any] = {"model": asked.model, "steps": asked.evaluations, "scheduler": "ddim"}
    render |= {"width": asked.size, "height": asked.size, "mode": "loopback"}
    return json.dumps({"options": {"output_fps": 20}, "render": render, "rendered_frames": frames})


def taking_turns(
    side: Callable[[argparse.Namespace, Path], Round], asked: argparse.Namespace, ours: Connection
) -> None:
    """One side's process: says that it is ready, then renders a round for every number it is sent."""
    with tempfile.TemporaryDirectory() as folder:
        render = side(asked, Path(folder))
        ours.send(None)
        while first := ours.recv():
            ours.send(render(first))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--frames", type=int, default=12)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--evaluations", type=int, default=8)
    options.add_argument("--model", default="tiny")
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--threads", type=int, default=0, help="of the naive loop; 0: torch's own choice")
    asked = options.parse_args()
    fresh = multiprocessing.get_context("spawn")
    talks: dict[str, Connection] = {}
    processes = []
    for side in (naive, ours):
        talks[side.__name__], theirs = fresh.Pipe()
        processes.append(fresh.Process(target=taking_turns, args=(side, asked, theirs), daemon=True))
        processes[-1].start()
        talks[side.__name__].recv()
    best = dict.fromkeys(talks, (float("inf"), float("inf")))
    for turn in range(asked.rounds):
        for name, talk in talks.items():
            talk.send(100 * (turn + 1))
            best[name] = tuple(map(min, best[name], talk.recv()))
    for name, (wall, cpu) in best.items():
        print(f"{name:6} {wall:8.1f} ms/frame  {cpu:8.1f} CPU ms/frame")
    wall, cpu = (theirs / mine for theirs, mine in zip(best["naive"], best["ours"], strict=True))
    print(f"ratio  {wall:8.2f}x           {cpu:8.2f}x")
    for talk, process in zip(talks.values(), processes, strict=True):
        talk.send(0)
        process.join()


if __name__ == "__main__":
    main()
