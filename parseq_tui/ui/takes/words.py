"""What the render pane says, as rows of words: progress, how it ended, the log, the takes, a frame's values.

Nothing here draws or reads files: a row is texts and the roles they are painted in, so that it can be checked as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from pathlib import Path
from textwrap import TextWrapper
from time import localtime, strftime
from typing import NamedTuple

from rich.cells import cell_len

from parseq_tui.render.client import TakeSummary
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.drawing.cells import fitted, fixed, plain
from parseq_tui.ui.takes.progress import Level, Progress, clock

VALUE_NAME_CELLS, VALUE_CELLS = 18, 28
"""Width of a name beside a picture, and of the name, its value and a gap."""
TIMED_CELLS = 40
"""Width from which on the log says when."""
_TIME = re.compile(r"\A\d\d:\d\d:\d\d ")
_ROLES: dict[Level, str] = {"info": "dim", "warning": "warning", "error": "error"}
_LEVEL_MARKS: dict[Level, str] = {"info": " ", "warning": "? ", "error": "! "}
_STATES = {
    "paused": ("paused: z goes on, x stops", "warning"),
    "done": ("finished", "success"),
    "stopped": ("stopped", "warning"),
    "failed": ("failed", "error"),
    "killed": ("ended without a word", "error"),
}


class Part(NamedTuple):
    """A text and what it is painted as."""

    text: str
    role: str = "text"
    attributes: str = ""
    on: str = "background"


Words = Sequence[Part]
"""One row."""


def spoken(rows: Iterable[str], role: str = "text") -> list[Words]:
    """Plain rows of one role."""
    return [[Part(row, role)] for row in rows]


def flowed(parts: Iterable[Part], width: int) -> list[Words]:
    """Parts one after the other, two blanks apart; one that does not fit into the row begins another."""
    rows: list[list[Part]] = []
    room = 0
    for part in parts:
        cells = cell_len(part.text)
        if rows and cells + 2 <= room:
            rows[-1] += [Part("  "), part]
            room -= cells + 2
        else:
            rows.append([part])
            room = width - cells
    return list(rows)


def _wrapped(text: str, width: int, *, indent: str = "") -> list[str]:
    """In rows; a path is not broken where a hyphen is."""
    return TextWrapper(max(8, width), subsequent_indent=indent, break_on_hyphens=False).wrap(text)


def noted(note: str, width: int) -> list[Words]:
    """What is to be known before a render starts, wrapped; nothing for ""."""
    return spoken(_wrapped(note, width), "accent") if note else []


def status(progress: Progress, take: str, width: int) -> list[Words]:
    """What a take does or how it ended, how far it is, and what that costs."""
    words, role = _state(progress)
    about, started = [Part(words, role, "bold"), Part(f"take {take}", "dim")], progress.started
    if started is not None:
        about.append(Part(plain(f"{started.maker} {started.width}x{started.height}"), "dim"))
    return [
        *flowed(about, width),
        *([bar(progress, width), *flowed(_numbers(progress), width)] if progress.total else []),
        *last_words(progress, width),
        *kept(progress, width),
    ]


def _numbers(progress: Progress) -> list[Part]:
    """Pace, time left or taken, and how much was not to be rendered."""
    numbers = []
    if progress.seconds_per_frame is not None:
        numbers.append(f"{progress.seconds_per_frame:.2f} s/frame")
    if progress.seconds_left is not None:
        numbers.append(f"{clock(progress.seconds_left)} left")
    if progress.ended is not None:
        numbers.append(f"in {clock(progress.ended.seconds)}")
    return [Part(number) for number in (*numbers, f"{progress.reused} cached")]


def _state(progress: Progress) -> tuple[str, str]:
    """What a take does, or is about to do because it was asked to; and its role."""
    if progress.asked == "stop" and not progress.over:
        return "stopping after this frame", "warning"
    if progress.asked == "pause" and progress.state not in ("paused", "starting", "loading"):
        return "pausing after this frame", "warning"
    words = progress.words or progress.state
    if progress.state == "starting" and not progress.words:
        words = "starting: counting frames, loading"
    return _STATES.get(progress.state, (words, "accent"))


def bar(progress: Progress, width: int) -> Words:
    """How far it is: `=` from the cache, `#` rendered."""
    total = max(1, progress.total)
    numbers = f" {progress.done}/{progress.total} {100 * progress.done // total} %"
    cells = max(4, width - len(numbers) - 2)
    full = min(cells, cells * progress.done // total)
    cached = min(full, round(cells * progress.reused / total))
    return [
        Part("[", "dim"),
        Part("=" * cached, "dim"),
        Part("#" * (full - cached), "success"),
        Part("." * (cells - full), "dim"),
        Part("]", "dim"),
        Part(numbers),
    ]


def last_words(progress: Progress, width: int) -> list[Words]:
    """The error and what to do about it, or where the video is."""
    ended, width = progress.ended, max(8, width)
    if progress.state == "killed":
        return [[Part("! the worker is gone", "error")], [Part("  render again: it goes on behind the last frame")]]
    if ended is None:
        return []
    if ended.outcome == "failed":
        what = _wrapped(f"! {plain(ended.message)}", width, indent="  ")
        mend = _wrapped(f"  {plain(ended.hint)}", width, indent="  ")
        return [*spoken(what, "error"), *spoken(mend)]
    return [[Part(_end(_short(Path(ended.video)), width), "success")]] if ended.video else []


def kept(progress: Progress, width: int) -> list[Words]:
    """What stays in memory after a render, until when, and how to be rid of it."""
    if progress.kept is None:
        return []
    until = strftime("%H:%M:%S", localtime(progress.kept.until))
    size = f"{progress.kept.bytes / 1e6:.0f} MB"
    words = (f"engine kept until {until}", f"({size})", "Space r e frees it")
    return flowed([Part(word, "dim") for word in words], width)


def _short(video: Path) -> str:
    """Where to look for it: a take's own video by the way from the document to it, another by its name.

    >>> _short(Path("/films/cat.render/takes/20261122-091803/video.mp4"))
    'cat.render/takes/20261122-091803/video.mp4'
    """
    return "/".join(video.parts[-4:]) if video.parent.parent.name == "takes" else video.name


def _end(path: str, width: int) -> str:
    """The last parts of a path that is too long: they say most.

    >>> _end("cat.render/takes/20261122-091803/video.mp4", 34)
    '…/takes/20261122-091803/video.mp4'
    """
    while cell_len(path) > width and "/" in path[2:]:
        path = f"…/{path[2:].partition('/')[2]}"
    return path


def log(progress: Progress, width: int, rows: int) -> list[Words]:
    """The last lines that fit; what is wrong is read whole, what went well need not be.

    The last thing that is wrong stays above them, however much went well since.
    """
    if rows < 1:
        return []
    told: list[Words] = []
    worst, at = progress.worst, 0
    for line in progress.log:
        at = at if line is not worst else len(told)
        told += _log_rows(line, width)
    if worst is None or at >= len(told) - rows:
        return told[-rows:]
    top = _log_rows(worst, width)[:rows]
    return [*top, *told[len(told) - rows + len(top) :]]


def _log_rows(line: tuple[Level, str], width: int) -> list[Words]:
    level, text = line
    text = text if width >= TIMED_CELLS else _TIME.sub("", text)
    texts = [text] if level == "info" else _wrapped(text, width - 2) or [text]
    return spoken((_LEVEL_MARKS[level] + part for part in texts), _ROLES[level])


def takes(summaries: Sequence[TakeSummary], chosen: int, rows: int) -> list[Words]:
    """The takes around the chosen one, newest first, under a line of keys."""
    if not summaries:
        return [[Part("no takes yet", "dim")]]
    rows = max(1, rows - 1)
    top = max(0, min(chosen - rows // 2, len(summaries) - rows))
    lines: list[Words] = [[Part("takes: ↑ ↓ choose  Enter look at it  b A/B  t back", "dim")]]
    for index, take in enumerate(summaries[top : top + rows], start=top):
        on = "selection" if index == chosen else "background"
        counts = f"{take.done}/{take.total}  {take.size / 1e6:.1f} MB  {take.reused} cached"
        text = f"{'>' if index == chosen else ' '} {take.name}  {take.state}  {counts}"
        lines.append([Part(text, "text", "", on)])
    return lines


def pair(names: tuple[str, str], looking: str, summary: str, width: int) -> list[Words]:
    """Which two takes are looked at, and how many of their frames differ."""
    row = []
    for letter, name in zip("AB", names, strict=True):
        seen = looking in ("both", letter)
        row.append(Part(f"{'>' if seen else ' '}{letter} {plain(name)}", "text" if seen else "dim", "bold" * seen))
    told = [Part(line, "accent") for line in _wrapped(summary, width)]
    return [*flowed(row, width), *flowed([Part("o both, A, B", "dim"), Part("b ends", "dim"), *told], width)]


def wrapped(text: str, width: int, rows: int) -> list[Words]:
    """A text in at most so many rows."""
    return spoken(_wrapped(plain(text), width, indent="  ")[: max(0, rows)])


def differing(table: FrameTable | None, now: FrameTable | None, frame: int) -> frozenset[str]:
    """The fields that are not now what they were when a frame was rendered."""
    if table is None or now is None:
        return frozenset()
    return frozenset(name for name in table.fields if _at(table, name, frame) != _at(now, name, frame))


def values(table: FrameTable | None, frame: int, width: int, rows: int, marked: Set[str] = frozenset()) -> list[Words]:
    """What the fields are at a frame, in as many columns as fit; nothing where the document has no such frame.

    `marked`: those with a star behind them.
    """
    across = width // VALUE_CELLS
    if table is None or across < 1 or rows < 1 or not 0 <= frame - table.first_frame < table.frame_count:
        return []
    room = across * rows
    names = table.fields if len(table.fields) <= room else table.fields[: room - 1]
    cells = [
        [
            Part(fitted(name, VALUE_NAME_CELLS) + " ", "dim"),
            Part(fitted(_at(table, name, frame) + "*" * (name in marked), 9), "warning" if name in marked else "text"),
        ]
        for name in names
    ]
    if len(names) < len(table.fields):
        cells.append([Part(fitted(f"and {len(table.fields) - len(names)} more", VALUE_CELLS), "dim")])
    down = min(rows, len(cells))
    return [[part for cell in cells[row::down] for part in cell] for row in range(down)]


def _at(table: FrameTable, name: str, frame: int) -> str:
    """A field at a frame with four decimals, without the zeros that say nothing; "" where there is none."""
    index = frame - table.first_frame
    if name not in table or not 0 <= index < table.frame_count:
        return ""
    text = fixed(float(table[name][index]), 4)
    return text.rstrip("0").rstrip(".") if "." in text else text
