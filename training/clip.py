"""Draws `examples/ball.mp4`, the clip of the video-input example: a ball that bounces over a meadow.

python -m training.clip examples/ball.mp4
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

SIZE, FRAMES, FPS = 128, 96, 12
SCALE = 4  # drawn larger and shrunk: clean edges
SKY, MEADOW, BALL, SHADE = (120, 180, 235), (90, 160, 80), (235, 130, 40), (200, 100, 25)
GROUND, RADIUS = 100, 26


def frame(index: int) -> NDArray[np.uint8]:
    """One picture, uint8 (SIZE, SIZE, 3) RGB. The ball crosses the picture and back, four bounces in all."""
    picture = np.full((SIZE * SCALE, SIZE * SCALE, 3), SKY, np.uint8)
    picture[GROUND * SCALE :] = MEADOW
    time = index / FRAMES
    x = SIZE * (0.5 - 0.22 * np.cos(2 * np.pi * time))
    height = 34 * abs(np.sin(4 * np.pi * time))
    squash = 1 + 0.16 * max(0.0, 1 - height / 8)
    center = (round(x * SCALE), round((GROUND - RADIUS / squash - height) * SCALE))
    axes = (round(RADIUS * squash * SCALE), round(RADIUS / squash * SCALE))
    cv2.ellipse(picture, (center[0], GROUND * SCALE), (axes[0], 3 * SCALE), 0, 0, 360, (70, 130, 65), -1, cv2.LINE_AA)
    cv2.ellipse(picture, center, axes, 0, 0, 360, BALL, -1, cv2.LINE_AA)
    cv2.ellipse(picture, center, (axes[0] * 2 // 3, axes[1]), 360 * time, 0, 180, SHADE, 2 * SCALE, cv2.LINE_AA)
    return np.asarray(cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)


def main(path: Path) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = SIZE, SIZE, "yuv420p"
        stream.options = {"crf": "20", "preset": "slow"}
        for index in range(FRAMES):
            picture = av.VideoFrame.from_ndarray(frame(index), format="rgb24")
            for packet in stream.encode(picture):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
