"""The document file, in and out: Parseq's JSON plus a `render` object. Who reads or writes a document comes here.

Round trip: `dump(load(path), path)` changes no byte; after an edit only what it changed is written anew, everything
else (unknown keys, key order, number spelling, whitespace) stays. Documents of Parseq and of 2022 are read with their
own rules (see `parseq`, `seed_era`) and stay theirs: their untouched formulas are written back as they stood.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from parseq_tui.errors import DocumentError
from parseq_tui.formats.atomic_file import write_atomically
from parseq_tui.formats.exact_json import members
from parseq_tui.formats.reading import read_document
from parseq_tui.formats.source import RowOrigin
from parseq_tui.formats.writing import document_text, source_of
from parseq_tui.timeline.document import Document

MAX_BYTES = 200_000_000
"""Larger files are refused: no document of five million frames comes near."""

_MARK = b"\xef\xbb\xbf"


def load(path: str | Path) -> Document:
    """The document in a file. Raises DocumentError."""
    path = Path(path)
    text, mark = read_text(path)
    return read_document(text, path, mark=mark)


def loads(text: str, path: str | Path | None = None) -> Document:
    """The document in a text; `path` is for error messages. Raises DocumentError."""
    return read_document(text.removeprefix("\ufeff"), Path(path) if path else None, mark=text.startswith("\ufeff"))


def dumps(document: Document) -> str:
    """The text of the document's file."""
    source = source_of(document)
    return ("\ufeff" if source is not None and source.mark else "") + document_text(document)


def dump(document: Document, path: str | Path) -> bool:
    """Write the document to a file: atomically, the previous version kept as NAME.bak; whether there was one.

    Raises DocumentError.
    """
    return write_text(dumps(document), path)


def write_text(text: str, path: str | Path) -> bool:
    """Write what `dumps` gave to a file, as `dump` does. Raises DocumentError."""
    return write_atomically(Path(path), text.encode("utf-8"))


def locate(document: Document, keyframe: int, field: str | None = None) -> tuple[int, int] | None:
    """Line and column, from 1, of a keyframe's cell in the text the document was read from; of the row without `field`.

    None for what was not in that text.
    """
    row = document.keyframe_at(keyframe)
    origin = row.origin if row is not None else None
    if not isinstance(origin, RowOrigin):
        return None
    if field is None:
        return origin.source.position(origin.start)
    starts = {member.key: member.value_start for member in members(origin.source.text, origin.start)}
    start = starts.get(f"{field}_i", starts.get(field))
    return None if start is None else origin.source.position(start)


def read_text(path: Path) -> tuple[str, bool]:
    """The text of a UTF-8 file, and whether it began with a byte order mark. Raises DocumentError."""
    try:
        size = path.stat().st_size
        if size <= MAX_BYTES:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)  # a pipe does not say how much will come
            size = len(content)
    except OSError as error:
        raise _unreadable(path, error) from error
    if size > MAX_BYTES:
        raise DocumentError(
            f"{path.name} is too large: {'' if size > MAX_BYTES + 1 else 'more than '}{size / 1e6:.0f} MB",
            path=path,
            kind="too-large",
            hint=f"documents have up to {MAX_BYTES // 1_000_000} MB; is this one?",
        )
    return _decoded(content, path)


def _unreadable(path: Path, error: OSError) -> DocumentError:
    if isinstance(error, FileNotFoundError):
        new = f", or make it: parseq-tui new {shlex.quote(str(path))}" if path.suffix == ".json" else ""
        return DocumentError(f"there is no file {path.name}", path=path, kind="no-file", hint=f"check the name{new}")
    if isinstance(error, IsADirectoryError):
        name = path.name or path.absolute().name or str(path)
        return DocumentError(f"{name} is a folder", path=path, kind="no-file", hint="name a file in it")
    reason = error.strerror or "the system refused"
    return DocumentError(f"{path.name} cannot be read: {reason.lower()}", path=path, kind="unreadable")


def _decoded(content: bytes, path: Path) -> tuple[str, bool]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:4]:
        raise DocumentError(f"{path.name} is UTF-16", path=path, kind="encoding", hint="save it as UTF-8")
    mark = content.startswith(_MARK)
    try:
        return content[len(_MARK) if mark else 0 :].decode("utf-8"), mark
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        raise DocumentError(
            f"{path.name} is not UTF-8",
            path=path,
            line=before.count(b"\n") + 1,
            column=len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1,
            kind="encoding",
            hint="save it as UTF-8 (it looks like Latin-1 or Windows-1252)",
        ) from error
