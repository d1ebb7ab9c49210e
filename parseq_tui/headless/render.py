"""`render`, `attach`, `pause`, `resume`, `stop`, `takes`: the renderer without a screen.

The worker does the work; this reads its files. A Ctrl+C asks the worker to stop after its frame and waits for it; a
second one ends it at once. Either way every finished frame is kept, and the next render goes on behind them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from parseq_tui.errors import DocumentError, RenderError, UsageError, counted
from parseq_tui.headless.progress import Progress, plain_or_rich
from parseq_tui.headless.typed import file_to_write, judged, made_folder
from parseq_tui.paths import settings_file
from parseq_tui.render.client import RenderClient, let_go, variations, waiting
from parseq_tui.render.messages import Ended, Event, encode
from parseq_tui.render.take import EventTail, Take, TakeSummary
from parseq_tui.settings import LINGER_SECONDS, load_settings
from parseq_tui.timeline.render_settings import draft, resolve, setting_from_text
from parseq_tui.video.kinds import check_heard, check_sheet, kind_of

POLL_SECONDS = 0.1


def render(arguments: argparse.Namespace) -> int:
    """Start a render and follow it to its end (or, with --detach, return)."""
    from parseq_tui.headless.sources import read_source

    source = read_source(arguments.document)
    options = render_options(arguments, source.render)
    first, last = arguments.frames or (None, None)
    frames = source.frame_range(first, last) if arguments.frames else None
    if arguments.plan:
        return _plan(arguments, source.text, options, frames)
    out = _checked_outputs(arguments)
    client = RenderClient(arguments.document)
    if client.running():
        raise RenderError(
            f"{arguments.document} is being rendered already",
            hint=f"follow it: parseq-tui attach {arguments.document}   stop it: parseq-tui stop {arguments.document}",
        )
    settings = resolve(source.render, options)
    job = client.job(
        source.text,
        options={**options, "seed_offset": settings.seed_offset},
        frames=frames,
        out=out,
        audio=arguments.audio,
        overlay=arguments.overlay,
        sheet=arguments.sheet,
        device=arguments.device,
    )
    linger = _linger(arguments.linger)
    takes = client.start_jobs(variations(job, arguments.takes), linger=linger)
    if settings.origins["model"] == "default" and settings.engine == "diffusers":
        _say("the document names no model: the bundled one draws it, which knows few words")
        _say("  another one: --model FOLDER, FILE.safetensors or a hub id, and its size: --size 512x512")
    if arguments.detach:
        for take in takes:
            _say(f"rendering in the background: {take.folder}")
        _say(f"  follow it: parseq-tui attach {arguments.document}")
        return 0
    code = _follow_all(client, takes, as_json=arguments.json, stop_on_interrupt=True)
    if linger and not arguments.json:
        _say(f"the engine stays loaded for {linger:g} s; `parseq-tui release` frees its memory")
    return code


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _linger(asked: float | None) -> float:
    """Seconds for which the worker waits with its engine: as asked, or for someone at a terminal as the setting says.

    A script is left no process that it did not ask for. Raises SettingsError.
    """
    if asked is not None:
        return asked
    if not sys.stderr.isatty():
        return 0.0
    return LINGER_SECONDS[load_settings(settings_file(), environment=os.environ).linger]


def attach(arguments: argparse.Namespace) -> int:
    """Follow the running render, or show how the last one ended; Ctrl+C only stops following."""
    client = RenderClient(existing(arguments.document))
    latest = client.latest()
    takes = client.queue() or ([] if latest is None else [latest])
    if not takes:
        raise RenderError(f"{arguments.document} has not been rendered yet", hint="start it with parseq-tui render")
    return _follow_all(client, takes, as_json=arguments.json, stop_on_interrupt=False)


def stop(arguments: argparse.Namespace) -> int:
    """Ask the running render to stop after its frame."""
    client = RenderClient(existing(arguments.document))
    if not client.running():
        print("nothing is being rendered", file=sys.stderr)
        return 0
    client.stop()
    print("it stops after the current frame; what is finished is kept", file=sys.stderr)
    return 0


def release(arguments: argparse.Namespace) -> int:
    """Let the engine go that is kept ready."""
    kept = waiting()
    let_go()
    for one in kept:
        print(f"an engine is let go ({one.model}, {one.bytes / 1e6:.0f} MB)", file=sys.stderr)
    if not kept:
        print("no engine is kept ready", file=sys.stderr)
    return 0


def pause(arguments: argparse.Namespace) -> int:
    """Ask the running render to wait after its frame."""
    client = RenderClient(existing(arguments.document))
    if not client.running():
        print("nothing is being rendered", file=sys.stderr)
        return 0
    client.pause()
    print(f"it waits after the current frame; go on with parseq-tui resume {arguments.document}", file=sys.stderr)
    return 0


def resume(arguments: argparse.Namespace) -> int:
    """Let the waiting render go on."""
    client = RenderClient(existing(arguments.document))
    if not client.running():
        print("nothing is being rendered", file=sys.stderr)
        return 0
    client.resume()
    print("it goes on", file=sys.stderr)
    return 0


def takes(arguments: argparse.Namespace) -> int:
    """List the renders of a document, newest first."""
    client = RenderClient(existing(arguments.document))
    summaries = [take.summary() for take in client.takes()]
    if arguments.json:
        print(json.dumps([asdict(summary) for summary in summaries], indent=1))
        return 0
    for line in _aligned([_take_columns(number, summary) for number, summary in enumerate(summaries, start=1)]):
        print(line)
    if not summaries:
        print("no renders yet", file=sys.stderr)
        return 0
    use = client.cache_use()
    print(f"     {counted(use.frames, 'frame')} in the cache: {use.bytes / 1e6:.1f} MB", file=sys.stderr)
    return 0


def prune(arguments: argparse.Namespace) -> int:
    """Remove old frames, and old takes if asked; those of the newest take stay."""
    client = RenderClient(existing(arguments.document))
    if arguments.takes is not None:
        print(f"{counted(client.forget_takes(arguments.takes), 'take')} removed", file=sys.stderr)
    gone = client.prune(arguments.limit)
    left = client.cache_use()
    freed = f"{counted(gone.frames, 'frame')} removed, {gone.bytes / 1e6:.1f} MB"
    print(f"{freed}; {left.bytes / 1e6:.1f} MB stay", file=sys.stderr)
    return 0


def _take_columns(number: int, take: TakeSummary) -> tuple[str, ...]:
    minutes, seconds = divmod(round(take.seconds), 60)
    return (
        f"{number:3}",
        take.name,
        "paused" if take.paused else take.state,
        f"{take.done}/{take.total} frames, {take.reused} reused",
        f"{minutes}:{seconds:02}",
        f"{take.size / 1e6:.1f} MB",
        _from_here(take.video),
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Each column as wide as its longest text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _from_here(video: str) -> str:
    """A file below this folder by its way from here, since that is shorter."""
    path = Path(video)
    return str(path.relative_to(Path.cwd())) if video and path.is_relative_to(Path.cwd()) else video


def render_options(arguments: argparse.Namespace, document_render: Mapping[str, Any]) -> dict[str, Any]:
    """The render settings given on the command line, checked against the catalogue."""
    given: dict[str, Any] = {}
    if arguments.draft:
        given.update(draft(resolve(document_render)))
    for name in ("engine", "model", "mode", "input", "steps", "scheduler"):
        if getattr(arguments, name) is not None:
            given[name] = getattr(arguments, name)
    if arguments.size is not None:
        given["width"], given["height"] = arguments.size
    resolve(document_render)
    with judged():
        for name, text in arguments.set:
            given[name] = setting_from_text(name, text)
        resolve(document_render, given)
    return given


def _checked_outputs(arguments: argparse.Namespace) -> Path | None:
    """Where the frames go besides the cache; None: nowhere. Raises UsageError, ParseqError."""
    if arguments.overlay and arguments.out is None:
        raise UsageError("--overlay needs an output to be drawn on", hint="name one: --out FILE.mp4")
    if arguments.sheet is not None:
        with judged():
            check_sheet(arguments.sheet)
        file_to_write(arguments.sheet, (arguments.document,))
    if arguments.audio is not None and not arguments.audio.is_file():
        raise RenderError(f"there is no sound file {arguments.audio}", hint="look at its path")
    return None if arguments.out is None else _checked_out(arguments.out, heard=arguments.audio is not None)


def _checked_out(text: str, *, heard: bool) -> Path:
    """A folder is written with a trailing slash or exists; everything else is a video file, which may be heard."""
    out = Path(text)
    if text.endswith(("/", os.sep)):
        made_folder(out)
    if out.is_dir() or not out.suffix:
        return out
    with judged():
        check_heard(out) if heard else kind_of(out)
    file_to_write(out)
    if not os.access(out.parent, os.W_OK):
        raise RenderError(f"nothing can be written to {out.parent}", hint="name another place with --out")
    return out


def existing(path: Path) -> Path:
    """The path of a document, or of one that is gone but has renders. Raises DocumentError."""
    if not path.exists() and not RenderClient(path).folder.exists():
        raise DocumentError("there is no such file", path=path, hint="check the name")
    return path


def _plan(arguments: argparse.Namespace, text: str, options: dict[str, Any], frames: tuple[int, int] | None) -> int:
    from parseq_tui.language.diagnostics import Diagnostic, format_diagnostic
    from parseq_tui.render.explain import explain, in_short

    def warn(warning: Diagnostic) -> None:
        print(format_diagnostic(warning), file=sys.stderr)

    runs = explain(arguments.document, text, options=options, frames=frames, warn=warn)
    if not arguments.json:
        print("\n".join([*map(str, runs), in_short(runs)]))
        return 0
    counts = {
        name: sum(run.last + 1 - run.first for run in runs if run.render is render)
        for name, render in (("render", True), ("reuse", False))
    }
    print(json.dumps({**counts, "frames": [asdict(run) for run in runs]}, indent=1))
    return 0


def _follow_all(client: RenderClient, takes: Sequence[Take], *, as_json: bool, stop_on_interrupt: bool) -> int:
    """Follow takes one after the other until one does not end well. Returns the exit code."""
    for number, take in enumerate(takes, start=1):
        if len(takes) > 1:
            print(f"take {number} of {len(takes)}: {take.name}", file=sys.stderr)
        code = _follow(client, take, as_json=as_json, stop_on_interrupt=stop_on_interrupt)
        if code:
            return code
        out = take.job.out
        if out and Path(out).is_dir() and not as_json:
            _say(f"pictures in {out}")
    return 0


def _follow(client: RenderClient, take: Take, *, as_json: bool, stop_on_interrupt: bool) -> int:
    """Show events until the end. Returns the exit code."""
    interrupted = False
    tail = take.tail()
    with _shown(as_json) as show:
        while True:
            try:
                for event in _events(take, tail):
                    show(event)
                    if isinstance(event, Ended):
                        return _exit_code(event, interrupted)
                raise RenderError(
                    "the worker is gone and left no last word",
                    hint=f"its output is in {take.log_path}; render again to go on where it stopped",
                )
            except KeyboardInterrupt:
                if not stop_on_interrupt:
                    print("\nit goes on; follow it again with parseq-tui attach", file=sys.stderr)
                    return 0
                if interrupted:
                    client.kill()
                    raise
                interrupted = True
                client.stop(take)
                print("\nstopping after this frame (Ctrl+C again: at once)", file=sys.stderr)


def _events(take: Take, tail: EventTail) -> Iterator[Event]:
    """The events not read yet, waiting for new ones while the take's worker lives."""
    while True:
        alive = take.running() or take.waiting()
        yield from tail.poll()
        if not alive:
            yield from tail.poll()
            return
        time.sleep(POLL_SECONDS)


def _exit_code(end: Ended, interrupted: bool) -> int:
    if end.outcome == "failed":
        raise RenderError(end.message, hint=end.hint)
    return 130 if interrupted or end.outcome == "stopped" else 0


@contextmanager
def _shown(as_json: bool) -> Iterator[Callable[[Event], None]]:
    if as_json:

        def write(event: Event) -> None:
            sys.stdout.write(encode(event).decode())
            sys.stdout.flush()

        yield write
        return
    progress: Progress = plain_or_rich()
    try:
        yield progress.show
    finally:
        progress.close()
