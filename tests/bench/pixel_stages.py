"""What each pixel stage costs: CPU milliseconds per frame, and the frames per second of warp + blend + colour together.

python tests/bench/pixel_stages.py [--size 512] [--frames 20]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from parseq_tui.render import color, history, noise, warp
from parseq_tui.render.engines.base import Image


def milliseconds(stage: Callable[[], object], frames: int) -> float:
    stage()
    started = time.process_time()
    for _ in range(frames):
        stage()
    return (time.process_time() - started) * 1000 / frames


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--frames", type=int, default=20)
    asked = options.parse_args()
    cv2.setNumThreads(1)
    size = asked.size
    frame, other, third = (np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8) for seed in range(3))
    flat = warp.motion_2d(size, size, angle=3, zoom=1.02, translation_x=4, translation_y=0)
    camera = warp.camera_2022(size, size, rotx=2, roty=1, rotz=1, panx=1, pany=0, zoom=5)
    space = {
        "translation_x": 3.0,
        "translation_y": 0.0,
        "translation_z": 10.0,
        "rotation_x": 0.0,
        "rotation_y": 1.0,
        "rotation_z": 0.5,
    }

    def loop() -> Image:
        moved = warp.warp(frame, camera, border="reflect", resampling="lanczos")
        return color.mean_lab_match(history.blend(moved, [other, third], 0.3), [other])

    stages: dict[str, Callable[[], object]] = {
        "warp, bilinear": lambda: warp.warp(frame, flat, border="replicate", resampling="bilinear"),
        "warp, lanczos": lambda: warp.warp(frame, camera, border="reflect", resampling="lanczos"),
        "warp 3d, bicubic": lambda: warp.warp_3d(frame, **space, fov=70.0, border="replicate", resampling="bicubic"),
        "blend 3 frames": lambda: history.blend(frame, [other, third], 0.3),
        "match rgb": lambda: color.match(frame, other, "rgb"),
        "match lab": lambda: color.match(frame, other, "lab"),
        "mean lab of 3": lambda: color.mean_lab_match(frame, [frame, other, third]),
        "contrast": lambda: color.contrast(frame, 0.95),
        "antiblur": lambda: color.antiblur(frame, 5, 1, 0.1, 0),
        "noise, uniform": lambda: noise.add_noise(frame, 0.05, 1, "uniform"),
        "noise, perlin": lambda: noise.add_noise(frame, 0.05, 1, "perlin"),
    }
    for name, stage in stages.items():
        print(f"{name:18} {milliseconds(stage, asked.frames):7.2f} ms")
    print(f"warp + blend + colour: {1000 / milliseconds(loop, asked.frames):.1f} frames/s of one core")


if __name__ == "__main__":
    main()
