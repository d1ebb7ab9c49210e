"""`new`: start a document from an example, or blank."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from parseq_tui.errors import ParseqError
from parseq_tui.gallery import Example, example_named, examples

NAME_WIDTH = 16


def new(arguments: argparse.Namespace) -> int:
    """Copy an example, or write a blank document; never over an existing file. Without a file: list the examples."""
    if arguments.file is None:
        _list(arguments.example)
        return 0
    source = example_named(arguments.example or "blank")
    path: Path = arguments.file if arguments.file.suffix else arguments.file.with_suffix(".json")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(source.path.read_text(encoding="utf-8"))
        copied = _copy_files(source, path)
    except FileExistsError:
        raise ParseqError(f"{path} exists already", hint="choose another name: nothing is overwritten") from None
    except OSError as error:
        raise ParseqError(f"cannot write {path}: {error.strerror}") from error
    document, video = shlex.quote(str(path)), shlex.quote(str(path.with_suffix(".mp4")))
    print(f"wrote {path}{copied}: {source.summary}", file=sys.stderr)
    print(f"  edit it:   parseq-tui {document}", file=sys.stderr)
    print(f"  render it: parseq-tui render {document} --out {video}", file=sys.stderr)
    return 0


def _list(chosen: str | None) -> None:
    """The examples on standard output, a line each; what to type next for people only."""
    shown = examples() if chosen is None else [example_named(chosen)]
    for example in shown:
        print(f"{example.name:{NAME_WIDTH}} {example.summary}")
    name = chosen or "showcase"
    print(f"\nstart from one: parseq-tui new FILE.json --from {name}", file=sys.stderr)


def _copy_files(example: Example, path: Path) -> str:
    """An example brings along the clip or sound it reads; its name is kept, since the document names it."""
    copied = ""
    for file in example.files:
        target = path.parent / file.name
        if not target.exists():
            target.write_bytes(file.read_bytes())
            copied += f" and {target}"
    return copied
