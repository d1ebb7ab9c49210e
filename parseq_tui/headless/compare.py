"""`compare`: two takes of a document, in words, as a clip or as a contact sheet."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from parseq_tui.errors import RenderError, UsageError, counted
from parseq_tui.headless.render import existing
from parseq_tui.headless.typed import file_to_write, judged
from parseq_tui.render.client import RenderClient
from parseq_tui.render.comparison import Likeness, Pair
from parseq_tui.render.explain import change_words
from parseq_tui.render.take import Take
from parseq_tui.video import annotate
from parseq_tui.video.kinds import kind_of
from parseq_tui.video.writer import VideoWriter


def compare(arguments: argparse.Namespace) -> int:
    """Say how two takes differ; with --out, show it."""
    if arguments.out is not None:
        _check_out(arguments.out)
    client = RenderClient(existing(arguments.document))
    pair = Pair(take_called(client, arguments.first or "2"), take_called(client, arguments.second or "1"))
    found = pair.likeness()
    if arguments.out is not None:
        _show(pair, arguments.layout, arguments.out)
    if arguments.json:
        names = [take.name for take in pair.takes]
        print(
            json.dumps({"takes": names, **asdict(found), "frames": [found.frames.start, found.frames.stop]}, indent=1)
        )
        return 0
    for letter, take in zip("AB", pair.takes, strict=True):
        print(f"{letter}  {take.name}")
    print("\n".join(in_words(found)))
    if arguments.out is not None:
        print(arguments.out, file=sys.stderr)
    return 0


def take_called(client: RenderClient, words: str) -> Take:
    """A take by its number in `takes` (1 is the newest), by its name or its beginning, or by its folder.

    Raises UsageError if there is none, or more than one; RenderError where nothing can be compared.
    """
    folder = Path(words)
    if (folder / "job.json").is_file():
        return Take(folder.resolve())
    takes = client.takes()
    if words.isdecimal() and 1 <= int(words) <= len(takes):
        return takes[int(words) - 1]
    found = [take for take in takes if take.name == words] or [take for take in takes if take.name.startswith(words)]
    if len(found) == 1 and not (words.isdecimal() and len(words) < 8):
        return found[0]
    if len(takes) < 2 and words.isdecimal():
        raise RenderError(
            f"{client.document_path.name} has {counted(len(takes), 'render')}, and comparing needs two",
            hint="render it again after an edit, or with --takes 2",
        )
    raise UsageError(
        f"{len(found) or 'no'} takes are called {words!r}",
        hint=f"see parseq-tui takes {client.document_path.name}: a name, its beginning, or a number from 1",
    )


def in_words(found: Likeness) -> list[str]:
    """What two takes have in common and what not."""
    frames = f"frames {found.frames.start} to {found.frames.stop - 1}"
    if not found.differing:
        return [f"{frames}: all {found.same} are the same"]
    first = found.differing[0]
    lines = [f"{frames}: {found.same} are the same, {len(found.differing)} differ, the first at {first}"]
    words = change_words(found.changes) or ", ".join(found.changes)
    return [*lines, f"at frame {first}, A → B: {words}"] if words else lines


def _check_out(out: Path) -> None:
    """Raises UsageError for a name that no clip and no sheet can have, ParseqError where there is no such folder."""
    if not _is_sheet(out):
        with judged():
            kind_of(out)
    file_to_write(out)


def _is_sheet(out: Path) -> bool:
    return out.suffix.lower() in (".png", ".jpg", ".jpeg")


def _show(pair: Pair, layout: str, out: Path) -> None:
    """Write a clip, or a sheet with up to 64 frames. Raises VideoError."""
    if _is_sheet(out):
        chosen = annotate.spread(0, len(pair.frames))
        seen = enumerate(pair.seen(layout))
        annotate.write_sheet(out, {frame: annotate.small(image) for place, (frame, image) in seen if place in chosen})
        return
    video = VideoWriter(out, pair.fps)
    for _, image in pair.seen(layout):
        video.add(image)
    video.finish()
