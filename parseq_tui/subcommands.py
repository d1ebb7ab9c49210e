"""The words that may follow `parseq-tui`: one entry per command, with its options, its help and an example.

`--help`, shell completion and the tests derive from COMMANDS. What a command does is in `headless`, imported when it
runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from parseq_tui import argument_types
from parseq_tui.argument_types import add_frames, add_json
from parseq_tui.render_arguments import add_render_arguments

GROUPS = {
    "begin": "to begin",
    "look": "to look",
    "render": "to render",
    "exchange": "to and from other programs",
}
"""Headings of `--help`."""


@dataclass(frozen=True)
class Command:
    """One word of the command line."""

    name: str
    group: str
    """What it is about: a heading of `--help`."""
    help: str
    example: str
    arguments: Sequence[Callable[[argparse.ArgumentParser], None]]
    """What adds its arguments to a parser, in the order of `--help`."""
    run: Callable[[argparse.Namespace], int]


def _documents(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("documents", nargs="+", type=Path, metavar="DOC", help="documents")


def _document(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("document", type=Path, metavar="DOC", help="the document")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    from parseq_tui.formats.exports import EXPORTS

    parser.add_argument(
        "--format", choices=tuple(EXPORTS), help="default: what -o is called (.csv, .txt: schedules), else parseq"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument("--out-dir", type=Path, metavar="DIR", help="one file per document, named after it")


def _eval_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expression", metavar="EXPR", help="a formula, in quotes")
    parser.add_argument(
        "--frames", type=argument_types.many, default=20, metavar="N", help="how many frames (default: 20)"
    )
    parser.add_argument("--fps", type=argument_types.positive, default=20.0, help="frames per second (default: 20)")
    parser.add_argument("--bpm", type=argument_types.positive, default=140.0, help="beats per minute (default: 140)")


def _plot_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "fields", nargs="*", default=(), metavar="FIELD", help="fields or time series; default: the displayed fields"
    )


def _functions_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one function or variable; default: all")


def _listen_arguments(parser: argparse.ArgumentParser) -> None:
    from parseq_tui.audio.heard import CURVES, EVENTS

    parser.add_argument("sound", type=Path, metavar="SONG", help="a sound, a video with sound, or a MIDI file")
    parser.add_argument("document", nargs="?", type=Path, metavar="DOC", help="the document that takes it in")
    parser.add_argument("--keyframes", choices=EVENTS, help="keyframes on these moments, labelled")
    parser.add_argument(
        "--every", type=argument_types.count, default=1, metavar="N", help="only every N-th of these moments"
    )
    parser.add_argument(
        "--series",
        action="append",
        default=[],
        metavar="CURVE[=NAME]",
        help=f"a time series for formulas: {', '.join(CURVES)}; of MIDI also cc1 … cc127; may be repeated",
    )
    parser.add_argument("--tempo", action="store_true", help="the document gets the song's beats per minute")
    parser.add_argument("--length", action="store_true", help="the document goes on as long as the song")
    parser.add_argument("--sound", dest="sound_too", action="store_true", help="its video is heard with the song")
    parser.add_argument("--bpm", type=argument_types.positive, help="about how fast the song is, where you know it")
    parser.add_argument(
        "--offset", type=argument_types.number, default=0.0, metavar="MS", help="milliseconds to move everything by"
    )
    parser.add_argument(
        "--sensitivity",
        type=argument_types.positive,
        default=1.0,
        metavar="X",
        help="2 hears fainter notes, 0.5 only clear ones",
    )
    parser.add_argument(
        "--smooth", type=argument_types.count, default=1, metavar="FRAMES", help="average a series over so many frames"
    )
    parser.add_argument(
        "--fps", type=argument_types.positive, help="points a second of a series without a document (default: 20)"
    )


def _new_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="left out: list the examples")
    parser.add_argument(
        "--from", dest="example", metavar="EXAMPLE|FILE", help="an example, or the settings file of a Deforum run"
    )


def _completion_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell you type in: echo $SHELL")


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="weights in a .ckpt, .pt, .pth or .bin file")


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
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


def _prune_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit",
        type=argument_types.byte_count,
        default=0,
        metavar="SIZE",
        help="what may stay, such as 500MB or 2GB (default: 0)",
    )
    parser.add_argument(
        "--takes", type=argument_types.count, metavar="N", help="also remove the folders of all but the newest N takes"
    )


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
            "new",
            "begin",
            "start a document: blank, from an example, or from Deforum's settings",
            "parseq-tui new\n"
            "parseq-tui new dance.json --from cat_dog_spider\n"
            "parseq-tui new run.json --from 20231027_settings.txt",
            (_new_arguments,),
            _headless("new", "new"),
        ),
        Command(
            "doctor",
            "begin",
            "say what works on this machine, what does not, and why",
            "parseq-tui doctor",
            (add_json,),
            _headless("doctor", "doctor"),
        ),
        Command(
            "completion",
            "begin",
            "write what makes a shell complete these commands and their options",
            'bash: eval "$(parseq-tui completion bash)" in ~/.bashrc\n'
            'zsh:  eval "$(parseq-tui completion zsh)" in ~/.zshrc, behind compinit\n'
            "fish: parseq-tui completion fish > ~/.config/fish/completions/parseq-tui.fish",
            (_completion_arguments,),
            _headless("completion", "completion"),
        ),
        Command(
            "check",
            "look",
            "list every problem of a document, with its place and how to mend it",
            "parseq-tui check *.json",
            (_documents, add_json),
            _headless("documents", "check"),
        ),
        Command(
            "plot",
            "look",
            "draw curves of a document",
            "parseq-tui plot dance.json seed strength",
            (_document, _plot_arguments, add_frames),
            _headless("formulas", "plot"),
        ),
        Command(
            "eval",
            "look",
            "evaluate one formula over frames",
            "parseq-tui eval '1 + 0.1*sin(p=1b)' --frames 30 --bpm 120",
            (_eval_arguments, add_json),
            _headless("formulas", "evaluate"),
        ),
        Command(
            "functions",
            "look",
            "explain the language: every function and variable, with an example and its curve",
            "parseq-tui functions bez",
            (_functions_arguments, add_json),
            _headless("formulas", "functions"),
        ),
        Command(
            "render",
            "render",
            "render a document to a video or pictures; what is already rendered is reused",
            "parseq-tui render dance.json --out dance.mp4\n"
            "parseq-tui render dance.json --plan\n"
            "parseq-tui render dance.json --frames 0:48 --out dance.gif --sheet dance.png\n"
            "parseq-tui render dance.json --engine test --overlay --out motion.mp4",
            (add_render_arguments,),
            _headless("render", "render"),
        ),
        Command(
            "takes",
            "render",
            "list the renders of a document",
            "parseq-tui takes dance.json",
            (_document, add_json),
            _headless("render", "takes"),
        ),
        Command(
            "compare",
            "render",
            "compare two renders of a document: what differs, in words or as a video of both",
            "parseq-tui compare dance.json --out both.mp4",
            (_document, _compare_arguments, add_json),
            _headless("compare", "compare"),
        ),
        Command(
            "attach",
            "render",
            "follow the render that is running",
            "parseq-tui attach dance.json",
            (_document, add_json),
            _headless("render", "attach"),
        ),
        Command(
            "pause",
            "render",
            "let the running render wait after its current frame",
            "parseq-tui pause dance.json",
            (_document,),
            _headless("render", "pause"),
        ),
        Command(
            "resume",
            "render",
            "let a render that was paused go on",
            "parseq-tui resume dance.json",
            (_document,),
            _headless("render", "resume"),
        ),
        Command(
            "stop",
            "render",
            "stop the running render after its current frame",
            "parseq-tui stop dance.json",
            (_document,),
            _headless("render", "stop"),
        ),
        Command(
            "release",
            "render",
            "free the memory of an engine that is kept ready for the next render",
            "parseq-tui release",
            (),
            _headless("render", "release"),
        ),
        Command(
            "prune",
            "render",
            "remove old frames that the newest render does not use",
            "parseq-tui prune dance.json --limit 500MB",
            (_document, _prune_arguments),
            _headless("render", "prune"),
        ),
        Command(
            "export",
            "exchange",
            "write the values of every frame: JSON for Parseq's consumers, schedules, or CSV",
            "parseq-tui export dance.json -o dance.frames.json\nparseq-tui export *.json --format csv --out-dir values",
            (_documents, _export_arguments),
            _headless("documents", "export"),
        ),
        Command(
            "listen",
            "exchange",
            "hear beats, onsets, loudness and pitch in a song, and take them into a document",
            "parseq-tui listen song.ogg\n"
            "parseq-tui listen song.ogg dance.json --tempo --length --sound --keyframes beats --every 4\n"
            "parseq-tui listen song.ogg dance.json --series low=bass",
            (_listen_arguments, add_json),
            _headless("listen", "listen"),
        ),
        Command(
            "convert",
            "exchange",
            "copy the weights of a pickled model (.ckpt) to a .safetensors file, running nothing in it",
            "parseq-tui convert model.ckpt",
            (_convert_arguments,),
            _headless("convert", "convert"),
        ),
    )
}
