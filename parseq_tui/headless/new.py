"""`new`: start a document from an example, or blank."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from parseq_tui.errors import ParseqError
from parseq_tui.gallery import Example, example_named, examples


def new(arguments: argparse.Namespace) -> int:
    """Copy an example, or write a blank document; never over an existing file."""
    if arguments.file is None:
        for example in examples():
            print(f"{example.name:24} {example.summary}")
        return 0
    source = example_named(arguments.example or "blank")
    path: Path = arguments.file if arguments.file.suffix else arguments.file.with_suffix(".json")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(source.path.read_text(encoding="utf-8"))
        copied = _copy_input(source, path)
    except FileExistsError:
        raise ParseqError(f"{path} exists already", hint="choose another name: nothing is overwritten") from None
    except OSError as error:
        raise ParseqError(f"cannot write {path}: {error.strerror}") from error
    print(
        f"wrote {path}{copied}\n  edit it:   parseq-tui {path}\n  render it: parseq-tui render {path}", file=sys.stderr
    )
    return 0


def _copy_input(example: Example, path: Path) -> str:
    """An example that reads a clip or picture brings it along; its name is kept, since the document names it."""
    if example.input is None:
        return ""
    target = path.parent / example.input.name
    if not target.exists():
        target.write_bytes(example.input.read_bytes())
        return f" and {target}"
    return ""
