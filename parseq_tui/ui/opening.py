"""Where documents to work on come from: files, examples, nothing, and what an editor that died left behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from parseq_tui import recovery
from parseq_tui.errors import DocumentError
from parseq_tui.gallery import Example, example_named, examples
from parseq_tui.paths import recovery_folder
from parseq_tui.recent import recent_documents
from parseq_tui.recovery import Draft
from parseq_tui.session import Session
from parseq_tui.ui.screens.open_document import Offer, OpenChoice

BLANK = "blank"
"""The example that is nothing but a beginning."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was chosen, ready to be shown."""

    session: Session
    draft: Draft | None = None
    """Unsaved work to be put into it at once."""


def offers() -> list[Offer]:
    """Everything that can be opened without typing a path; what was left behind first."""
    home = Path.home()
    recent = recent_documents()
    listed = [Offer(OpenChoice("file", path), path.name, short(path.parent, home)) for path in recent]
    shown = [
        Offer(OpenChoice("example", example.path), example.name, example.summary)
        for example in examples()
        if example.name != BLANK
    ]
    blank = Offer(OpenChoice("blank"), "new", example_named(BLANK).summary)
    return [*(_draft_offer(draft, home) for draft in drafts()), *listed, *shown, blank]


def drafts() -> list[Draft]:
    """The newest unsaved work of each document, newest first."""
    return recovery.all_left_behind(recovery_folder())


def _draft_offer(draft: Draft, home: Path) -> Offer:
    path = draft.document_path
    when = time.strftime("%d %b %H:%M", time.localtime(draft.time))
    where = "never saved" if path is None else short(path.parent, home)
    return Offer(
        OpenChoice("draft", draft.journal), "a new document" if path is None else path.name, f"{when}  {where}"
    )


def opened(choice: OpenChoice, open_session: Callable[[Path], Session]) -> Opened:
    """The document that was chosen. Raises DocumentError."""
    if choice.kind == "draft":
        return _left_behind(choice.path, open_session)
    if choice.kind == "blank" or choice.path is None:
        return Opened(blank_session())
    if choice.kind == "example":
        return Opened(example_session(next(each for each in examples() if each.path == choice.path)))
    return Opened(read(choice.path, open_session))


def read(path: Path, open_session: Callable[[Path], Session]) -> Session:
    """The document in a file. Raises DocumentError, with where in the file it is wrong."""
    try:
        return open_session(path)
    except DocumentError as error:
        if error.line is not None:
            error.message = f"{path.name}, line {error.line}, column {error.column}: {error.message}"
        raise


def _left_behind(journal: Path | None, open_session: Callable[[Path], Session]) -> Opened:
    draft = next((draft for draft in drafts() if draft.journal == journal), None)
    if draft is None:  # somebody else took it meanwhile
        return Opened(blank_session())
    path = draft.document_path
    return Opened(blank_session() if path is None or not path.is_file() else open_session(path), draft)


def blank_session() -> Session:
    """A new document without a file."""
    return example_session(example_named(BLANK))


def example_session(example: Example) -> Session:
    """A copy of an example, without a file of its own: saving asks for a name."""
    session = Session.open(example.path)
    session.path, session.file_digest = None, ""
    session.brings = example.files
    return session


def short(folder: Path, home: Path) -> str:
    """A folder as people write it: "~/videos"."""
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
