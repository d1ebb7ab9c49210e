"""What batches are worth: independent frames one by one ÷ the same frames together, the bundled model.

    python tests/bench/batches.py [--frames 8] [--steps 8] [--device cpu]

Seconds of process time on a CPU, of the clock on a card; both in one run. Also how far the pictures of the two ways
are apart (levels), and those of two groupings (none).
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from parseq_tui.render.engines.base import DiffusionRequest
from parseq_tui.render.engines.diffusers import DiffusersEngine


def asked(seed: int, steps: int) -> DiffusionRequest:
    return DiffusionRequest(
        width=128,
        height=128,
        positive="a red cat, in the snow",
        negative="",
        seed=seed,
        subseed=0,
        subseed_strength=0.0,
        cfg_scale=4.0,
        denoising_strength=1.0,
        steps=steps,
        scheduler="euler_a",
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--frames", type=int, default=8)
    options.add_argument("--steps", type=int, default=8)
    options.add_argument("--device", default="cpu")
    chosen = options.parse_args()
    engine = DiffusersEngine("tiny", chosen.device)
    requests: list[tuple[DiffusionRequest, Any]] = [(asked(seed, chosen.steps), None) for seed in range(chosen.frames)]
    engine.generate_many(requests[:1])
    engine.generate(*requests[0])
    clock = time.process_time if chosen.device == "cpu" else time.perf_counter
    began = clock()
    alone = [engine.generate(*one) for one in requests]
    middle = clock()
    together = engine.generate_many(requests)
    end = clock()
    backwards = engine.generate_many(requests[::-1])[::-1]

    def apart(ours: list[Any], theirs: list[Any]) -> int:
        return max(int(np.abs(one.astype(int) - other).max()) for one, other in zip(ours, theirs, strict=True))

    print(f"one by one {(middle - began) / chosen.frames:.3f} s/frame, together {(end - middle) / chosen.frames:.3f}")
    print(f"ratio {(middle - began) / (end - middle):.2f}, {engine.together(128, 128)} at once")
    print(f"apart: {apart(alone, together)} levels from one by one, {apart(together, backwards)} between groupings")


if __name__ == "__main__":
    main()
