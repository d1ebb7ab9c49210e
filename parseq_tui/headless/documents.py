"""`export` and `check`: documents in, files and words out."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from parseq_tui.errors import DocumentError, UsageError, counted
from parseq_tui.formats import native
from parseq_tui.formats.checking import check_file
from parseq_tui.formats.exports import EXPORTS, export_for
from parseq_tui.headless.typed import file_to_write, made_folder, unwritable
from parseq_tui.language.diagnostics import Diagnostic, format_diagnostic
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.frame_table import FrameTable


def export(arguments: argparse.Namespace) -> int:
    """Write the values of every frame of each document. Documents with errors are named and left out."""
    if len(arguments.documents) > 1 and arguments.out_dir is None:
        raise UsageError("several documents cannot go to one file", hint="name a folder: --out-dir DIR")
    if arguments.output is not None and arguments.out_dir is not None:
        raise UsageError("-o names a file and --out-dir a folder: only one of them can be meant")
    chosen = EXPORTS[arguments.format] if arguments.format else export_for(arguments.output or Path())
    targets = [_target(path, arguments, chosen.suffix) for path in arguments.documents]
    for target in targets:
        if target is not None and targets.count(target) > 1:
            raise UsageError(f"several documents would go to {target}", hint="export them to different folders")
    failed = False
    for path, target in zip(arguments.documents, targets, strict=True):
        document, table = _baked(path)
        if table.errors:
            failed = True
            _tell(table.errors, path)
            continue
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


def _target(path: Path, arguments: argparse.Namespace, suffix: str) -> Path | None:
    """Where a document's values go; None: to standard output. Raises UsageError, ParseqError."""
    if arguments.out_dir is not None:
        return file_to_write(made_folder(arguments.out_dir) / (path.stem + suffix), arguments.documents)
    return None if arguments.output is None else file_to_write(arguments.output, arguments.documents)


def _write(text: str, target: Path | None) -> None:
    if target is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(target, error) from error
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
