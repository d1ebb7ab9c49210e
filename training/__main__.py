"""`python -m training` makes the bundled model from nothing; see README.md."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import torch

from training import autoencoder, denoiser, gallery, judge, polish, text

MODEL = Path(__file__).parents[1] / "parseq_tui" / "models" / "tiny"
MINUTES: dict[str, float] = {"autoencoder": 60, "text": 5, "denoiser": 90, "polish": 15, "judge": 20}
"""Default minutes of the stages whose length is free, on two cores."""


def _export(work: Path, folder: Path) -> None:
    from training.export import export

    export(work, folder)


def _evaluate(work: Path, folder: Path) -> None:
    from training.evaluate import report

    report(work, folder)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    stages = ["all", "drawings", "autoencoder", "text", "denoiser", "polish", "judge", "export", "evaluate"]
    parser.add_argument("stage", nargs="?", default="all", choices=stages)
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("training-work"),
        help="checkpoints and cached latents (default: ./training-work)",
    )
    parser.add_argument("--out", type=Path, default=MODEL, help="where the finished model goes")
    parser.add_argument("--minutes", type=float, help="time budget of one stage, counted over interruptions")
    parser.add_argument("--drawings", type=int, default=denoiser.DRAWINGS, help="that the denoiser learns from")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Run one stage, or all of them in order; a stage that was interrupted goes on where it stopped."""
    options = arguments()
    torch.set_num_threads(options.threads)
    work: Path = options.work
    stages: dict[str, Callable[[float], None]] = {
        "drawings": lambda _: gallery.write(work),
        "autoencoder": lambda minutes: autoencoder.train(work, minutes, options.threads),
        "text": lambda minutes: text.train(work, minutes),
        "denoiser": lambda minutes: denoiser.train(work, minutes, options.threads, options.drawings),
        "polish": lambda minutes: polish.train(work, minutes, options.threads),
        "judge": lambda minutes: judge.train(work, minutes),
        "export": lambda _: _export(work, options.out),
        "evaluate": lambda _: _evaluate(work, options.out),
    }
    for name in stages if options.stage == "all" else [options.stage]:
        print(f"== {name}", flush=True)
        stages[name](options.minutes or MINUTES.get(name, 0))


if __name__ == "__main__":
    main()
