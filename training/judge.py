"""A small classifier of drawings: the measure of the denoiser. It is never part of the model.

The loss of a denoiser says little about whether a cat looks like a cat; a network that names subject, colour and
background of real drawings with almost no error does.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from training import progress
from training.backgrounds import BACKGROUNDS, TIMES
from training.drawing import POSITIONS, SIZE, SIZES, STYLES, Scene, picture, random_scene
from training.muon import Muon
from training.palette import COLORS
from training.subjects import SUBJECTS

RATE = 3e-3
STEPS = 175
"""Per minute: a judge must be the same whatever else the machine does."""
LINES = 0.3
"""Share of its lessons that are line drawings: there it sees little of a colour, and a judge must be surer than the
model that it judges."""

ASKED: dict[str, tuple[str, ...]] = {
    "subject": tuple(SUBJECTS),
    "color": tuple(COLORS),
    "background": BACKGROUNDS,
    "size": tuple(SIZES),
    "position": tuple(POSITIONS),
    "style": tuple(STYLES),
    "time": TIMES,
}


class Judge(nn.Module):
    """Ten convolutions, one linear answer per attribute."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 32, 64, 96, 128)
        layers: list[nn.Module] = []
        for a, b in pairwise(widths):
            layers += [
                nn.Conv2d(a, b, 3, stride=2, padding=1),
                nn.BatchNorm2d(b),
                nn.ReLU(),
                nn.Conv2d(b, b, 3, padding=1),
                nn.BatchNorm2d(b),
                nn.ReLU(),
            ]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(128 * 16, 192), nn.ReLU())
        self.sizes = [len(values) for values in ASKED.values()]
        self.answer = nn.Linear(192, sum(self.sizes))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        out: tuple[torch.Tensor, ...] = self.answer(self.body(x)).split(self.sizes, -1)
        return out


def labels(scenes: list[Scene]) -> torch.Tensor:
    """Index of every asked attribute (n, 7)."""
    return torch.tensor([[values.index(getattr(s, name)) for name, values in ASKED.items()] for s in scenes])


def worn(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Slight blur, grain and shift, so that the judge looks at form and not at pixels."""
    out = image.astype(np.float32)
    if rng.random() < 0.6:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.1)))
    coarse = rng.normal(0, rng.uniform(0, 12), (32, 32, 3)).astype(np.float32)
    out = np.roll(out, rng.integers(-4, 5, 2), (0, 1)) + cv2.resize(coarse, (SIZE, SIZE))
    return np.asarray(np.clip(out + rng.uniform(-10, 10, 3), 0, 255), np.uint8)


def tensor(images: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def lesson(rng: np.random.Generator) -> Scene:
    """One scene to learn from."""
    scene = random_scene(rng)
    return dataclasses.replace(scene, style="outline") if rng.random() < LINES else scene


def train(work: Path, minutes: float, seed: int = 6) -> None:
    """Learn from drawings, a third of every batch new, for about `minutes` of a core. Continues what was begun."""
    steps = round(STEPS * minutes)
    model = Judge()
    optimizer = Muon(model.parameters(), RATE)
    begun = 0
    if state := progress.load(work / "judge.pt"):
        model.load_state_dict(state["model"])
        begun = int(state["step"])
    torch.manual_seed(seed + begun)
    rng = np.random.default_rng(seed + begun)
    known: list[tuple[Scene, NDArray[np.uint8]]] = []
    for step in range(begun, steps):
        progress.set_rate(optimizer, RATE * min(1, (step + 1 - begun) / 50) * max(0.02, 1 - step / steps))
        fresh = [lesson(rng) for _ in range(20)]
        known = [*known[-4000:], *((scene, picture(scene)) for scene in fresh)]
        picks = [*range(len(known) - len(fresh), len(known)), *rng.integers(0, len(known), 40)]
        x = tensor(np.stack([worn(known[k][1], rng) for k in picks]))
        wanted = labels([known[k][0] for k in picks])
        loss = torch.stack([F.cross_entropy(o, w) for o, w in zip(model(x), wanted.T, strict=True)]).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if (step + 1) % 100 == 0 or step + 1 == steps:
            print(f"judge {step + 1} loss {loss.item():.3f}", flush=True)
            progress.save(work / "judge.pt", model=model.state_dict(), step=step + 1)
    scenes = [random_scene(rng) for _ in range(500)]
    print("judge on fresh drawings", score(load(work), np.stack([picture(s) for s in scenes]), scenes), flush=True)


def load(work: Path) -> Judge:
    state = progress.load(work / "judge.pt")
    if state is None:
        raise FileNotFoundError(f"no judge.pt in {work}: run the judge stage first")
    model = Judge()
    model.load_state_dict(state["model"])
    return model.eval()


@torch.no_grad()
def opinions(model: Judge, images: NDArray[np.uint8]) -> torch.Tensor:
    """What the judge sees: index per attribute (n, 7)."""
    return torch.stack([o.argmax(-1) for o in model(tensor(images))], 1)


def score(model: Judge, images: NDArray[np.uint8], scenes: list[Scene]) -> dict[str, float]:
    """Share of right answers per attribute."""
    right = (opinions(model, images) == labels(scenes)).float().mean(0)
    return {name: round(float(value), 3) for name, value in zip(ASKED, right, strict=True)}
