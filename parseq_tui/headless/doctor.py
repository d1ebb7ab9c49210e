"""`doctor`: what works on this machine, what does not, and why. Each check is one function that answers in words.

Nothing is named that a bug report should not hold: no host, no user, no address; paths begin with ~.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Literal

from parseq_tui.errors import counted

Verdict = Literal["ok", "note", "bad"]
_MOST_MODELS = 12
"""Downloaded models that are described."""
MARKS: dict[Verdict, str] = {"ok": "ok  ", "note": "note", "bad": "BAD "}
TOPIC_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer."""

    verdict: Verdict
    topic: str
    text: str
    hint: str = ""


def doctor(arguments: argparse.Namespace) -> int:
    """Print every finding; 1 if something needed is missing."""
    findings = [finding for check in CHECKS for finding in check()]
    missing = sum(finding.verdict == "bad" for finding in findings)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
        return 1 if missing else 0
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for finding in findings:
        print(_printed(finding, width))
    if missing:
        print(f"\n{missing} of these must be mended first (BAD).", file=sys.stderr)
    else:
        print("\nAll that is needed is here. `parseq-tui new` lists examples to start from.", file=sys.stderr)
    print("A bug report is best with `parseq-tui doctor --json` in it.", file=sys.stderr)
    return 1 if missing else 0


def _printed(finding: Finding, width: int) -> str:
    """A finding in lines of at most `width` columns; 0: as long as they are, for files and pipes."""
    head, indent = f"{MARKS[finding.verdict]}  {finding.topic:{TOPIC_WIDTH}} ", " " * (7 + TOPIC_WIDTH)
    parts = [head + finding.text] + ([f"{indent}→ {finding.hint}"] if finding.hint else [])
    if width <= len(indent) + 20:
        return "\n".join(parts)
    lines = (textwrap.wrap(part, width - 1, subsequent_indent=indent, break_on_hyphens=False) for part in parts)
    return "\n".join(line for part in lines for line in part)


def _program() -> Iterator[Finding]:
    import parseq_tui

    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield Finding("ok", "program", f"parseq-tui {parseq_tui.__version__}, {python}, {system}")
    place = _tilde(Path(parseq_tui.__file__).parent)
    yield Finding("ok", "program", f"installed in {place}, run by {_tilde(Path(sys.executable))}")


def _packages() -> Iterator[Finding]:
    needed = ("textual", "rich", "plotext", "numpy", "watchfiles", "opencv-python-headless", "av", "pillow")
    drawing = ("torch", "diffusers", "transformers", "safetensors", "accelerate")
    missing = [name for name in (*needed, *drawing) if _version(name) is None]
    listing = ", ".join(f"{name} {_version(name)}" for name in (*needed, *drawing) if name not in missing)
    if missing:
        yield Finding("bad", "packages", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    yield Finding("ok", "packages", listing)
    if _version("opencv-python") is not None:
        hint = "pip uninstall opencv-python opencv-python-headless, then pip install opencv-python-headless"
        yield Finding("note", "packages", "opencv-python is installed too: it needs libGL and X11", hint)


def _device() -> Iterator[Finding]:
    try:
        import torch
    except ImportError as error:
        yield Finding("bad", "device", f"torch cannot be loaded: {error}", "pip install torch")
        return
    threads = torch.get_num_threads()
    cpu = f"CPU, {counted(threads, 'thread')}{_memory()}"
    yield Finding("ok", "device", f"{cpu}: the bundled model renders here, large ones crawl")
    yield from _cards(torch)


def _cards(torch: ModuleType) -> Iterator[Finding]:
    """Every card is asked to compute: one may be listed that torch holds no code for, or that has failed."""
    from parseq_tui.render.engines.cards import card_trouble, first_line, unseen_card

    if not torch.cuda.is_available():
        if (unseen := unseen_card()) is not None:
            yield Finding("note", "device", f"an NVIDIA driver is here, but {unseen.reason}", unseen.hint)
        else:
            yield Finding("note", "device", "no NVIDIA card: no driver was found on this machine")
        return
    for index in range(torch.cuda.device_count()):
        if (trouble := card_trouble(torch.device("cuda", index))) is not None:
            yield Finding("note", "device", f"cuda:{index}: {trouble.reason}", trouble.hint)
            continue
        try:
            free, total = torch.cuda.mem_get_info(index)
            name, capability = torch.cuda.get_device_name(index), torch.cuda.get_device_capability(index)
        except RuntimeError as problem:
            yield Finding(
                "bad", "device", f"cuda:{index} does not answer: {first_line(str(problem))}", "try nvidia-smi"
            )
            continue
        memory = f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
        built = f"compute capability {'.'.join(map(str, capability))}, torch for CUDA {torch.version.cuda}"
        yield Finding("ok", "device", f"cuda:{index} {name}, {memory}, {built}: it computes")


def _models() -> Iterator[Finding]:
    from parseq_tui.errors import ModelNotFound, ParseqError
    from parseq_tui.paths import bundled
    from parseq_tui.render.engines.hub import cached_models
    from parseq_tui.render.engines.models import describe

    try:
        yield Finding("ok", "model", f"tiny: {describe('tiny')}")
    except ParseqError as error:
        yield Finding("bad", "model", error.message, error.hint)
    for family, folder in (("1.x", "sd1"), ("2.x", "sd2"), ("XL", "sdxl")):
        if not (bundled("models") / folder / "model_index.json").is_file():
            yield Finding("bad", "model", f"the layout of Stable Diffusion {family} is missing", "install it again")
    loads = "Stable Diffusion 1.x, 2.x, XL, Turbo, Lightning, LCM: a folder, a .safetensors file or a hub id"
    yield Finding("ok", "model", f"{loads}; LoRA and embeddings; other families through diffusers, with less")
    for name in cached_models()[:_MOST_MODELS]:
        try:
            yield Finding("ok", "model", f"{name}: {describe(name)}")
        except ModelNotFound:
            yield Finding("note", "model", f"{name} was downloaded, but it is no whole model in diffusers' layout")
        except ParseqError as error:
            yield Finding("note", "model", f"{name}: {error.message}", error.hint)


def _web_ui() -> Iterator[Finding]:
    """Only if one is spoken of: asking a port that nobody named is not our business."""
    from parseq_tui.errors import ParseqError
    from parseq_tui.render.engines.webui import ADDRESS_VARIABLE, WebuiEngine

    if not os.environ.get(ADDRESS_VARIABLE):
        return
    try:
        WebuiEngine().fingerprint()
    except ParseqError:  # its words name the address
        hint = f"start it with --api; {ADDRESS_VARIABLE} says where it is"
        yield Finding("note", "web UI", "the one that is named does not answer as a web UI does", hint)
    else:
        yield Finding("ok", "web UI", "it answers: render with --engine webui")


def _video() -> Iterator[Finding]:
    try:
        import av
    except ImportError as error:
        yield Finding("bad", "video", f"PyAV cannot be loaded: {error}", "pip install av")
        return
    missing = [name for name in ("libx264", "aac") if name not in av.codecs_available]
    if missing:
        hint = "pip install --force-reinstall av"
        yield Finding("bad", "video", f"this build of PyAV lacks {', '.join(missing)}", hint)
    else:
        yield Finding("ok", "video", f"H.264 through PyAV {av.__version__}; no system ffmpeg needed")


def _terminal() -> Iterator[Finding]:
    term, color = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    if not sys.stdout.isatty():
        yield Finding("note", "terminal", "standard output is not a terminal: run doctor where you will edit")
        return
    columns, lines = shutil.get_terminal_size()
    through = [name for name, variable in (("SSH", "SSH_CONNECTION"), ("tmux", "TMUX")) if os.environ.get(variable)]
    named = [os.environ.get("TERM_PROGRAM", ""), *(f"through {name}" for name in through)]
    depth = "true colour" if color in ("truecolor", "24bit") else "256 colours" if "256" in term else "16 colours"
    small = columns < 80 or lines < 24
    hint = "the editor needs 80×24" if small else ""
    facts = [term or "TERM is not set", f"{columns}×{lines}", depth, *filter(None, named)]
    yield Finding("bad" if small else "ok", "terminal", ", ".join(facts), hint)
    if depth != "true colour":
        note = "SSH does not pass COLORTERM on: set TEXTUAL_COLOR_SYSTEM=truecolor if your terminal can do it"
        yield Finding("note", "terminal", "colours are approximated", note)
    encoding = (sys.stdout.encoding or "").lower()
    if "utf" not in encoding:
        yield Finding("bad", "terminal", f"the locale's encoding is {encoding}", "export LANG=C.UTF-8")
    yield from _tmux()


def _tmux() -> Iterator[Finding]:
    if not os.environ.get("TMUX"):
        return
    escape = _output("tmux", "show-options", "-gv", "escape-time")
    if escape.isdigit() and int(escape) > 50:
        note = f"tmux waits {escape} ms after Esc"
        yield Finding("note", "terminal", note, "put `set -sg escape-time 10` into ~/.tmux.conf")


def _kept() -> Iterator[Finding]:
    """Only if there is one."""
    from parseq_tui.render.client import waiting

    for one in waiting():
        left = max(0.0, one.until - time.time())
        text = f"an engine ({one.model}) is kept ready for {left:.0f} s more, in {one.bytes / 1e6:.0f} MB of memory"
        yield Finding("ok", "engine", text, "parseq-tui release lets it go")


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free
    text = f"{free / 2**30:.1f} GiB free in this folder"
    if free < 2**30:
        yield Finding("note", "disk", text, "frames are kept beside the document: make room")
    else:
        yield Finding("ok", "disk", text)


def _own_files() -> Iterator[Finding]:
    from parseq_tui.errors import ParseqError
    from parseq_tui.gallery import examples
    from parseq_tui.paths import settings_file, user_state
    from parseq_tui.settings import load_settings

    try:
        yield Finding("ok", "files", f"{len(examples())} examples")
    except (OSError, ValueError, KeyError) as error:
        yield Finding("bad", "files", f"the examples cannot be read: {error}", "install the program again")
    path = settings_file()
    try:
        load_settings(path)
    except ParseqError as error:
        yield Finding("note", "files", error.message, error.hint)
    else:
        yield Finding("ok", "files", f"settings: {_tilde(path)}{'' if path.exists() else ' (none yet: the defaults)'}")
    folder = user_state()
    above = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(above, os.W_OK):
        hint = "unsaved work cannot be recovered after a crash: make it writable, or set PARSEQ_TUI_HOME"
        yield Finding("note", "files", f"{_tilde(folder)} cannot be written", hint)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _program,
    _packages,
    _device,
    _models,
    _kept,
    _web_ui,
    _video,
    _terminal,
    _own_files,
    _disk,
)


def _tilde(path: Path) -> str:
    """A path without the user's name where it lies at home."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and home != Path("/") else str(path)


def _memory() -> str:
    """How much memory the machine has, as ", 15.6 GiB memory"; "" where that cannot be asked."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return ""
    return f", {size / 2**30:.1f} GiB memory"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=2, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
