"""`export` and `check`: documents in, files and words out."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from parseq_tui.errors import DocumentError, ParseqError, counted
from parseq_tui.formats import native
from parseq_tui.formats.checking import check_file
from parseq_tui.formats.exports import EXPORTS, export_for
from parseq_tui.language.diagnostics import Diagnostic, format_diagnostic
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable


def export(arguments: argparse.Namespace) -> int:
    """Write the values of every frame of each document. Documents with errors are named and left out."""
    if len(arguments.documents) > 1 and arguments.out_dir is None:
        raise ParseqError("several documents cannot go to one file", hint="name a folder: --out-dir DIR")
    chosen = EXPORTS[arguments.format] if arguments.format else export_for(arguments.output or Path())
    if arguments.out_dir is not None:
        _make_folder(arguments.out_dir)
    failed = False
    for path in arguments.documents:
        document, table = _baked(path)
        if table.errors:
            failed = True
            _tell(table.errors, path)
            continue
        target = arguments.output or (arguments.out_dir / (path.stem + chosen.suffix) if arguments.out_dir else None)
        _write(chosen.write(document, table), target)
    return 1 if failed else 0


def check(arguments: argparse.Namespace) -> int:
    """Name every problem of every document; 1 if one of them is an error."""
    listing: list[Diagnostic] = []
    for path in arguments.documents:
        try:
            document, table = _baked(path)
        except DocumentError as error:
            listing.append(_as_diagnostic(error, path))
            continue
        listing += [_in_file(problem, path) for problem in check_file(document, table)]
    if arguments.json:
        print(json.dumps([asdict(problem) for problem in listing], ensure_ascii=False, indent=1))
    else:
        _tell(listing)
        errors = sum(problem.severity == "error" for problem in listing)
        found = f"{counted(errors, 'error')}, {counted(len(listing) - errors, 'warning')}"
        print(f"{len(arguments.documents)} checked: {found}", file=sys.stderr)
    return 1 if any(problem.severity == "error" for problem in listing) else 0


def _baked(path: Path) -> tuple[Document, FrameTable]:
    document = native.load(path)
    return document, bake(document)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParseqError(f"cannot make the folder {folder}: {error.strerror}") from error


def _write(text: str, target: Path | None) -> None:
    if target is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ParseqError(f"cannot write {target}: {error.strerror}") from error
    print(f"wrote {target}", file=sys.stderr)


def _tell(problems: list[Diagnostic], path: Path | None = None) -> None:
    for problem in problems:
        print(format_diagnostic(_in_file(problem, path) if path else problem), file=sys.stderr)


def _in_file(problem: Diagnostic, path: Path) -> Diagnostic:
    return problem if problem.file else replace(problem, file=str(path))


def _as_diagnostic(error: DocumentError, path: Path) -> Diagnostic:
    return Diagnostic(
        "error", error.message, error.hint, error.kind, str(error.path or path), line=error.line, column=error.column
    )
