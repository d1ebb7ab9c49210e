"""`convert`: a safetensors copy of one pickled file, which nothing else here opens."""

from __future__ import annotations

import argparse
import sys

from parseq_tui.errors import UsageError, counted
from parseq_tui.render.engines.pickled import to_safetensors


def convert(arguments: argparse.Namespace) -> int:
    """Write the copy and say where it is."""
    if arguments.file.is_dir():
        raise UsageError(f"{arguments.file} is a folder", hint="name one file of weights in it")
    target, count = to_safetensors(arguments.file)
    print(target)
    print(f"{counted(count, 'tensor')}; nothing else was taken over, and nothing was run", file=sys.stderr)
    return 0
