"""The command line: which words it takes, and the one place that chooses exit codes and prints errors.

Exit codes: 0 fine · 1 the document or the render has errors · 2 usage · 130 interrupted.
What each command does lives in `headless`; the editor is built by `wiring`. Both are imported when needed, so that
`--help` is instant and no command loads what it does not use.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import parseq_tui
from parseq_tui.errors import DocumentError, ParseqError
from parseq_tui.timeline.render_settings import SETTINGS

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Command:
    """One word of the command line."""

    name: str
    help: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _parse(words)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except ParseqError as error:
        print(describe(error), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader (head, less) has what it wanted; keep Python from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def describe(error: ParseqError) -> str:
    """The words for an error: where, what, how to mend it."""
    place = ""
    if isinstance(error, DocumentError) and error.path is not None:
        position = [str(part) for part in (error.line, error.column) if part is not None]
        place = ":".join([str(error.path), *position]) + ": "
    lines = [f"{place}error: {error.message}"]
    if error.hint:
        lines.append(f"  {error.hint}")
    return "\n".join("".join(ch if ch.isprintable() else " " for ch in line) for line in lines)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    if words and words[0] in COMMANDS:
        return _command_parser(COMMANDS[words[0]]).parse_args(words[1:])
    return _editor_parser().parse_args(words)


def _editor_parser() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {command.name:10} {command.help}" for command in COMMANDS.values())
    parser = argparse.ArgumentParser(
        prog="parseq-tui",
        description="Sequence Stable Diffusion parameters and render the video.\n"
        "With a document, or with nothing, it opens the editor.",
        epilog=f"commands:\n{listing}\n\n`parseq-tui COMMAND --help` says more. Example: parseq-tui dance.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("document", nargs="?", type=Path, metavar="DOC", help="the document to edit")
    parser.add_argument("--read-only", action="store_true", help="look, but never write the document")
    parser.add_argument("--theme", help="a theme by name (see themes/)")
    parser.add_argument("--no-mouse", dest="mouse", action="store_false", help="leave the mouse to the terminal")
    parser.add_argument("--version", action="version", version=f"parseq-tui {parseq_tui.__version__}")
    parser.set_defaults(run=_edit)
    return parser


def _command_parser(command: Command) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"parseq-tui {command.name}",
        description=command.help,
        epilog=f"example: {command.example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.arguments(parser)
    parser.set_defaults(run=command.run)
    return parser


def _edit(arguments: argparse.Namespace) -> int:
    _refuse_mistyped_command(arguments.document)
    # measured: a lone Esc takes 100 ms unless this is set before textual is imported
    os.environ.setdefault("ESCDELAY", "20")
    from parseq_tui.wiring import run_editor

    return run_editor(arguments.document, read_only=arguments.read_only, theme=arguments.theme, mouse=arguments.mouse)


def _refuse_mistyped_command(document: Path | None) -> None:
    """`parseq-tui redner` means a command: no document is called that."""
    if document is None or document.suffix or document.exists():
        return
    from difflib import get_close_matches

    near = get_close_matches(str(document), COMMANDS, n=1)
    hint = f"did you mean `parseq-tui {near[0]}`?" if near else f"commands: {', '.join(COMMANDS)}"
    raise ParseqError(f"there is no command and no document called {str(document)!r}", hint=hint)


def _frames(text: str) -> tuple[int | None, int | None]:
    """`A:B`, half-open like a slice; either end may be left out."""
    first, colon, last = text.partition(":")
    try:
        start = int(first) if first else None
        stop = (int(last) if last else None) if colon else (None if start is None else start + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of frames such as 0:48, 24: or 7") from None
    if start is not None and stop is not None and stop <= start:
        raise argparse.ArgumentTypeError(f"{text!r} is empty: the end is not included")
    return start, stop


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512x512") from None


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _bytes(text: str) -> int:
    units = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "b": 1, "": 1}
    number = text.rstrip("BbKkMmGgTt ")
    try:
        size = float(number) * units[text[len(number) :].strip().lower()]
        if not 0 <= size < 2**63:
            raise ValueError
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500MB or 2GB") from None
    return int(size)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in SETTINGS:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE with a NAME of {', '.join(SETTINGS)}")
    return name, value


def _documents(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("documents", nargs="+", type=Path, metavar="DOC")


def _document(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("document", type=Path, metavar="DOC")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON to standard output, for scripts")


def _render_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("document", type=Path, metavar="DOC", help="a document, or frame JSON (ours or a peer's)")
    parser.add_argument(
        "--out",
        metavar="FILE.mp4|DIR/",
        help="a video (.mp4, .mkv, .mov: ProRes, .webm, .gif, .webp), or numbered PNG files in DIR/",
    )
    parser.add_argument("--audio", type=Path, metavar="FILE", help="a sound to hear with the video")
    parser.add_argument("--overlay", action="store_true", help="draw each frame's parameters on what --out gets")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="also a contact sheet of up to 64 frames")
    parser.add_argument("--frames", type=_frames, metavar="A:B", help="only these frames; B is not included")
    parser.add_argument("--engine", choices=SETTINGS["engine"].choices, help=SETTINGS["engine"].help)
    parser.add_argument("--model", help=SETTINGS["model"].help)
    parser.add_argument("--mode", choices=SETTINGS["mode"].choices, help=SETTINGS["mode"].help)
    parser.add_argument("--input", metavar="FILE", help=SETTINGS["input"].help)
    parser.add_argument("--size", type=_size, metavar="WxH", help="frame size in pixels, multiples of 8")
    parser.add_argument("--steps", type=int, help=SETTINGS["steps"].help)
    parser.add_argument("--scheduler", help=SETTINGS["scheduler"].help)
    parser.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", help="any other render setting"
    )
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda:N", help="where to compute (default: auto)")
    parser.add_argument("--draft", action="store_true", help="fewer steps, to see the motion quickly")
    parser.add_argument(
        "--takes", type=_count, default=1, metavar="N", help="render N times with other seeds: takes to choose from"
    )
    parser.add_argument("--plan", action="store_true", help="only say what would be rendered, and why")
    parser.add_argument("--detach", action="store_true", help="start it and return; `attach` follows it")
    _json(parser)


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _documents(parser)
    parser.add_argument("--format", choices=("parseq", "schedules", "csv"), default="parseq", help="default: parseq")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument("--out-dir", type=Path, metavar="DIR", help="one file per document, named after it")


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    _documents(parser)
    _json(parser)


def _eval_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expression", metavar="EXPR")
    parser.add_argument("--frames", type=int, default=20, metavar="N", help="how many frames (default: 20)")
    parser.add_argument("--fps", type=float, default=20.0, help="frames per second (default: 20)")
    parser.add_argument("--bpm", type=float, default=140.0, help="beats per minute (default: 140)")
    _json(parser)


def _plot_arguments(parser: argparse.ArgumentParser) -> None:
    _document(parser)
    parser.add_argument("fields", nargs="*", metavar="FIELD", help="default: the displayed fields")
    parser.add_argument("--frames", type=_frames, metavar="A:B", help="only these frames; B is not included")


def _functions_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one function or variable; default: all")
    _json(parser)


def _listen_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sound", type=Path, metavar="SONG", help="a sound file, or a video with sound")
    parser.add_argument("document", nargs="?", type=Path, metavar="DOC", help="the document that takes it in")
    parser.add_argument(
        "--keyframes", choices=("beats", "onsets", "low", "mid", "high"), help="keyframes on these moments, labelled"
    )
    parser.add_argument("--every", type=_count, default=1, metavar="N", help="only every N-th of these moments")
    parser.add_argument(
        "--series",
        action="append",
        default=[],
        metavar="CURVE[=NAME]",
        help="a time series for formulas: loudness, low, mid, high, attack or pitch; may be repeated",
    )
    parser.add_argument("--tempo", action="store_true", help="the document gets the song's beats per minute")
    parser.add_argument("--bpm", type=_positive, help="about how fast the song is, where you know it")
    parser.add_argument("--offset", type=float, default=0.0, metavar="MS", help="milliseconds to move everything by")
    parser.add_argument(
        "--sensitivity", type=_positive, default=1.0, metavar="X", help="2 hears fainter notes, 0.5 only clear ones"
    )
    parser.add_argument(
        "--smooth", type=_count, default=1, metavar="FRAMES", help="average a series over so many frames"
    )
    parser.add_argument("--fps", type=_positive, help="points a second of a series without a document (default: 20)")
    _json(parser)


def _new_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="left out: list the examples")
    parser.add_argument("--from", dest="example", metavar="EXAMPLE", help="start from this example")


def _takes_arguments(parser: argparse.ArgumentParser) -> None:
    _document(parser)
    _json(parser)


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    _document(parser)
    parser.add_argument("first", nargs="?", metavar="A", help="a take: its name or number in `takes`; default: 2")
    parser.add_argument("second", nargs="?", metavar="B", help="another one; default: 1, the newest")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="a video of both (.mp4, .gif, …), or a contact sheet (.png, .jpg)"
    )
    parser.add_argument(
        "--layout",
        choices=("side", "flicker", "wipe", "difference"),
        default="side",
        help="beside each other; in turn; left half of A, right half of B; how far they are apart (default: side)",
    )
    _json(parser)


def _prune_arguments(parser: argparse.ArgumentParser) -> None:
    _document(parser)
    parser.add_argument(
        "--limit", type=_bytes, default=0, metavar="SIZE", help="what may stay, such as 500MB or 2GB (default: 0)"
    )
    parser.add_argument(
        "--takes", type=_count, metavar="N", help="also remove the folders of all but the newest N takes"
    )


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    _json(parser)


def _headless(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        from importlib import import_module

        code: int = getattr(import_module(f"parseq_tui.headless.{module}"), function)(arguments)
        return code

    return run


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command(
            "render",
            "render a document to a video or pictures; what is already rendered is reused",
            "parseq-tui render dance.json --out dance.mp4",
            _render_arguments,
            _headless("render", "render"),
        ),
        Command(
            "export",
            "write the values of every frame: JSON for Parseq's consumers, schedules, or CSV",
            "parseq-tui export dance.json -o dance.frames.json",
            _export_arguments,
            _headless("documents", "export"),
        ),
        Command(
            "check",
            "list every problem of a document, with its place and how to mend it",
            "parseq-tui check *.json",
            _check_arguments,
            _headless("documents", "check"),
        ),
        Command(
            "eval",
            "evaluate one formula over frames",
            "parseq-tui eval '1 + 0.1*sin(p=1b)' --frames 30 --bpm 120",
            _eval_arguments,
            _headless("formulas", "evaluate"),
        ),
        Command(
            "plot",
            "draw curves of a document",
            "parseq-tui plot dance.json zoom strength",
            _plot_arguments,
            _headless("formulas", "plot"),
        ),
        Command(
            "functions",
            "explain the language: every function and variable, with an example and its curve",
            "parseq-tui functions bez",
            _functions_arguments,
            _headless("formulas", "functions"),
        ),
        Command(
            "listen",
            "hear beats, onsets, loudness and pitch in a song, and take them into a document",
            "parseq-tui listen song.ogg dance.json --keyframes beats --series low",
            _listen_arguments,
            _headless("listen", "listen"),
        ),
        Command(
            "new",
            "start a document, blank or from an example",
            "parseq-tui new dance.json --from cat_dog_spider",
            _new_arguments,
            _headless("new", "new"),
        ),
        Command(
            "takes",
            "list the renders of a document",
            "parseq-tui takes dance.json",
            _takes_arguments,
            _headless("render", "takes"),
        ),
        Command(
            "compare",
            "compare two renders of a document: what differs, in words or as a video of both",
            "parseq-tui compare dance.json --out both.mp4",
            _compare_arguments,
            _headless("compare", "compare"),
        ),
        Command(
            "prune",
            "remove old frames that the newest render does not use",
            "parseq-tui prune dance.json --limit 500MB",
            _prune_arguments,
            _headless("render", "prune"),
        ),
        Command(
            "attach",
            "follow the render that is running",
            "parseq-tui attach dance.json",
            _takes_arguments,
            _headless("render", "attach"),
        ),
        Command(
            "pause",
            "let the running render wait after its current frame",
            "parseq-tui pause dance.json",
            _document,
            _headless("render", "pause"),
        ),
        Command(
            "resume",
            "let a render that was paused go on",
            "parseq-tui resume dance.json",
            _document,
            _headless("render", "resume"),
        ),
        Command(
            "stop",
            "stop the running render after its current frame",
            "parseq-tui stop dance.json",
            _document,
            _headless("render", "stop"),
        ),
        Command(
            "doctor",
            "say what works on this machine, what does not, and why",
            "parseq-tui doctor",
            _no_arguments,
            _headless("doctor", "doctor"),
        ),
    )
}
