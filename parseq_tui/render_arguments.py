"""The options of `parseq-tui render`: what comes out, how much, and how. Render settings explain themselves."""

from __future__ import annotations

import argparse
from pathlib import Path

from parseq_tui import argument_types
from parseq_tui.argument_types import add_frames, add_json
from parseq_tui.timeline.render_settings import SETTINGS

_HAVE_OPTIONS = frozenset({"engine", "model", "mode", "input", "width", "height", "steps", "scheduler"})
"""Settings that have an option of their own; the others are given with --set."""


def add_render_arguments(parser: argparse.ArgumentParser) -> None:
    """All of them, in groups."""
    parser.add_argument("document", type=Path, metavar="DOC", help="a document, or frame JSON (ours or a peer's)")
    _output(parser.add_argument_group("what comes out"))
    _scope(parser.add_argument_group("how much"))
    _settings(parser.add_argument_group("how (each wins over the document's `render` object)"))


def _output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--out",
        metavar="FILE.mp4|DIR/",
        help="a video (.mp4, .mkv, .mov: ProRes, .webm, .gif, .webp), or numbered PNG files in DIR/",
    )
    group.add_argument("--audio", type=Path, metavar="FILE", help="a sound to hear with the video")
    group.add_argument("--overlay", action="store_true", help="draw each frame's parameters on what --out gets")
    group.add_argument("--sheet", type=Path, metavar="FILE.png", help="also a contact sheet of up to 64 frames")
    add_json(group)


def _scope(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--plan", action="store_true", help="only say what would be rendered, and why")
    add_frames(group)
    group.add_argument("--draft", action="store_true", help="fewer steps, to see the motion quickly")
    group.add_argument(
        "--takes",
        type=argument_types.count,
        default=1,
        metavar="N",
        help="render N times with other seeds: takes to choose from",
    )
    group.add_argument("--detach", action="store_true", help="start it and return; `attach` follows it")
    group.add_argument(
        "--linger",
        type=argument_types.seconds,
        metavar="SECONDS",
        help="keep the engine loaded for so long, so that the next render begins at once; in a terminal as the "
        "editor's setting linger says (2 min), else 0",
    )


def _settings(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--engine", choices=SETTINGS["engine"].choices, help=SETTINGS["engine"].help)
    group.add_argument("--model", help=SETTINGS["model"].help)
    group.add_argument("--mode", choices=SETTINGS["mode"].choices, help=SETTINGS["mode"].help)
    group.add_argument("--input", metavar="FILE", help=SETTINGS["input"].help)
    group.add_argument(
        "--size", type=argument_types.picture_size, metavar="WxH", help="frame size in pixels, multiples of 8"
    )
    group.add_argument("--steps", type=argument_types.whole, help=SETTINGS["steps"].help)
    group.add_argument("--scheduler", help=SETTINGS["scheduler"].help)
    group.add_argument(
        "--set",
        type=argument_types.setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"any other render setting: {', '.join(name for name in SETTINGS if name not in _HAVE_OPTIONS)}",
    )
    group.add_argument(
        "--device",
        type=argument_types.device,
        default="auto",
        metavar="auto|cpu|cuda:N",
        help="where to compute (default: auto)",
    )
