"""How fast documents bake: `python tests/bench/bake.py` prints CPU milliseconds and their share of the budget.

A ratio above 1 is over budget. Not a test: timings depend on the machine.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import replace

from parseq_tui.language.parseq_grouping import to_ordinary_grouping
from parseq_tui.timeline.bake import Baker, bake
from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.fields import FIELDS
from parseq_tui.timeline.keyframe import Keyframe
from parseq_tui.timeline.prompts import Prompt, Prompts

MIXED = (
    "L",
    "S",
    "C",
    "bez()",
    "L+sin(p=2b)*0.1",
    "slide(in=1s)",
    "if (f%40<20) S else L+tri(p=30)",
    "smrand(s=3, sm=20)*2+L",
    "max(0, pulse(p=1b, pw=3))*L",
    "round(L, 2)+saw(p=4s, a=0.2)",
)
NAMES = tuple(FIELDS)
EMBEDDED = "a cat (${prompt_weight_1}) and ${sin(p=30)} dog ${prompt_weight_2*2} x ${1-strength}"


def document(frames: int, keyframes: int, fields: int, formulas: tuple[str, ...], prompt: str = "") -> Document:
    """Evenly spread keyframes with a value for every field; the formulas stand on the first row."""
    names = NAMES[:fields]
    places = sorted({round(i * (frames - 1) / (keyframes - 1)) for i in range(keyframes)})
    rows = [
        Keyframe(place, {name: float((place * 7 + column * 3) % 11) for column, name in enumerate(names)})
        for place in places
    ]
    stated = {name: formulas[column % len(formulas)] for column, name in enumerate(names)}
    rows[0] = replace(rows[0], formulas=stated)
    prompts = Prompts(entries=(Prompt("one", prompt, "blurry"),)) if prompt else Prompts(enabled=False)
    return Document(tuple(rows), names, prompts=prompts, options=Options(fps=20, bpm=120))


def cpu(work: Callable[[], object], repeat: int = 3) -> float:
    """CPU milliseconds of the best of some runs."""
    best = float("inf")
    for _ in range(repeat):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best * 1000


def report(name: str, budget: float, spent: float) -> None:
    print(f"{name:<58} {spent:9.1f} ms of {budget:7.0f}   ratio {spent / budget:5.2f}")


def with_prompts(made: Document) -> None:
    table = bake(made)
    for index in range(table.frame_count):
        table.prompt_texts(index)


def after_one_edit(made: Document) -> float:
    """CPU milliseconds of a bake after one cell has changed."""
    baker = Baker()
    baker.bake(made)
    rows = list(made.keyframes)
    best = float("inf")
    for round_ in range(5):
        rows[50] = rows[50].with_value(NAMES[3], float(round_))
        changed = replace(made, keyframes=tuple(rows))
        begin = time.process_time()
        baker.bake(changed)
        best = min(best, time.process_time() - begin)
    return best * 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--large", action="store_true", help="also a million frames")
    large = arguments.parse_args().large
    mixed = document(10_000, 20, 10, MIXED)
    bake(mixed)
    report("10 mixed fields × 10,000 frames, 20 keyframes", 20, cpu(lambda: bake(mixed)))
    prompted = document(10_000, 20, 10, MIXED, EMBEDDED)
    report("the same with four ${…} per prompt", 60, cpu(lambda: with_prompts(prompted)))
    spline = document(1_000, 101, 10, ("C",))
    report("10 spline fields × 1,000 frames, a keyframe every 10", 10, cpu(lambda: bake(spline)))
    wide = document(10_000, 20, 63, MIXED)
    report("63 fields × 10,000 frames", 100, cpu(lambda: bake(wide)))
    long = document(100_000, 10_000, 10, MIXED)
    report("10 fields × 100,000 frames, 10,000 keyframes", 150, cpu(lambda: bake(long)))
    report("… after one cell edit", 10, after_one_edit(long))
    half = document(50_000, 5_000, 10, MIXED)
    report("… growth from half of it (linear: 1)", 1, cpu(lambda: bake(long)) / cpu(lambda: bake(half)) / 2)
    back = document(100_000, 20, 1, ("prev_computed_value*0.9+sin(p=30)",))
    report("a formula that looks back, 100,000 frames", 500, cpu(lambda: bake(back), 1))
    drawn = document(10_000, 20, 1, ("rand(s=17)",))
    report("rand() × 10,000 frames, first time", 20, cpu(lambda: bake(drawn), 1))
    chains = [" ".join(f"if (f<{i}) {i} else" for i in range(n)) + " 7" for n in (100, 200)]
    times = [cpu(lambda text=chain: to_ordinary_grouping.__wrapped__(text)) for chain in chains]
    report("else if chain of 200 links", 50, times[1])
    report("… growth from 100 links (linear: 1)", 1, times[1] / times[0] / 2)
    if large:
        million = document(1_000_000, 1_000, 10, MIXED)
        report("10 fields × 1,000,000 frames", 2_000, cpu(lambda: bake(million), 1))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
