"""`new`: start a document from an example, from Deforum's settings, or blank."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from parseq_tui.errors import ParseqError, counted
from parseq_tui.formats import native
from parseq_tui.formats.deforum import read_settings
from parseq_tui.gallery import Example, example_named, examples
from parseq_tui.headless.typed import file_to_write, judged, unwritable
from parseq_tui.language.diagnostics import format_diagnostic
from parseq_tui.timeline.document import Document

NAME_WIDTH = 16


def new(arguments: argparse.Namespace) -> int:
    """Write a copy of an example, or what settings make; never over a file. Without a file: list the examples."""
    if arguments.file is None:
        _list(arguments.example)
        return 0
    path: Path = file_to_write(arguments.file if arguments.file.suffix else arguments.file.with_suffix(".json"))
    settings = Path(arguments.example or "")
    if settings.is_file():
        document = _from_settings(settings)
        _write(path, native.dumps(document))
        length, fields = counted(document.frame_count, "frame"), counted(len(document.managed_fields), "field")
        words = f"{length}, {fields}, from {settings.name}"
    else:
        with judged():
            source = example_named(arguments.example or "blank")
        _write(path, source.path.read_text(encoding="utf-8"))
        words = f"{source.summary}{_copy_files(source, path)}"
    _say(path, words)
    return 0


def _from_settings(settings: Path) -> Document:
    """The document that Deforum's settings make; what it lacks is told. Raises DocumentError."""
    text, _ = native.read_text(settings)
    document, notes = read_settings(text, settings)
    for note in notes:
        print(format_diagnostic(note), file=sys.stderr)
    return document


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ParseqError(f"{path} exists already", hint="choose another name: nothing is overwritten") from None
    except OSError as error:
        raise unwritable(path, error) from error


def _say(path: Path, words: str) -> None:
    """What was written, and what may come next."""
    document, video = shlex.quote(str(path)), shlex.quote(str(path.with_suffix(".mp4")))
    print(f"wrote {path}: {words}", file=sys.stderr)
    print(f"  edit it:   parseq-tui {document}", file=sys.stderr)
    print(f"  render it: parseq-tui render {document} --out {video}", file=sys.stderr)


def _list(chosen: str | None) -> None:
    """The examples on standard output, a line each; what to type next for people only."""
    with judged():
        shown = examples() if chosen is None else [example_named(chosen)]
    for example in shown:
        print(f"{example.name:{NAME_WIDTH}} {example.summary}")
    name = chosen or "showcase"
    print(f"\nstart from one: parseq-tui new FILE.json --from {name}", file=sys.stderr)


def _copy_files(example: Example, path: Path) -> str:
    """An example brings along the clip or sound it reads; its name is kept, since the document names it."""
    copied = []
    for file in example.files:
        target = path.parent / file.name
        try:
            if not target.exists():
                target.write_bytes(file.read_bytes())
                copied.append(str(target))
        except OSError as error:
            raise unwritable(target, error) from error
    return f" (with {' and '.join(copied)})" if copied else ""
