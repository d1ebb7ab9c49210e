"""Builds the editor: session, settings, file follower and application, and runs it.

The only place that knows them all. Whatever is wrong with a document or the settings is raised as a ParseqError before
the terminal is touched; the command line prints it.
"""

from __future__ import annotations

import gc
import os
import shlex
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from parseq_tui.errors import DocumentError, ParseqError
from parseq_tui.paths import recovery_folder, settings_file
from parseq_tui.settings import load_settings

if TYPE_CHECKING:
    from parseq_tui.session import Session
    from parseq_tui.ui.app import EditorApp

HANGING_SECONDS = 2.0
"""So long the threads of an editor that was left may take to end."""
ESCAPE_MILLISECONDS = "20"
"""How long a lone Esc waits for more of a sequence; Textual's own 100 are felt."""


def run_editor(path: Path | None, *, read_only: bool = False, theme: str | None = None, mouse: bool = True) -> int:
    """Edit a document (None: ask which) until the user leaves; the exit code. Raises ParseqError before it starts."""
    settings = load_settings(settings_file(), {"theme": theme, "mouse": None if mouse else False}, os.environ)
    _prepare_environment(settings.colors)
    gc.disable()  # loading makes a million objects, none of them garbage; `memory.settle` enables it again
    _load_asyncio()
    from parseq_tui.ui.errands import make_way
    from parseq_tui.ui.memory import keep_little

    keep_little()
    make_way()
    from parseq_tui.session import Session

    session = _blank_session() if path is None else _opened(path, read_only=read_only)
    _require_terminal()
    from parseq_tui.hot_reload import Follower
    from parseq_tui.ui.app import EditorApp

    gc.freeze()

    def open_session(other: Path) -> Session:
        return Session.open(other, read_only=read_only)

    app = EditorApp(
        session,
        settings=settings,
        follow=Follower,
        open_session=open_session,
        choose_first=path is None,
    )
    _run(app, mouse=settings.mouse)
    from parseq_tui.render.client import let_go

    let_go()  # what was kept ready was kept for this editor
    return app.return_code or 0


def _opened(path: Path, *, read_only: bool) -> Session:
    """A session on the file that was named. Raises DocumentError, with all that helps."""
    from parseq_tui.recovery import left_behind
    from parseq_tui.session import Session

    try:
        return Session.open(path, read_only=read_only)
    except DocumentError as error:
        if left_behind(recovery_folder(), path) is not None:
            hint = "unsaved work of it was left behind: `parseq-tui` alone offers that"
            error.hint = f"{error.hint}; {hint}" if error.hint else hint
        elif not path.exists():
            error.hint = f"check the name, or make it: parseq-tui new {shlex.quote(str(path))}"
        raise


def _run(app: EditorApp, *, mouse: bool) -> None:
    """Run the program. A thread that waits for a disk which does not answer must not keep it from ending."""
    import asyncio

    guard = threading.Timer(HANGING_SECONDS, lambda: os._exit(app.return_code or 0))
    guard.daemon = True

    async def life() -> None:
        await app.run_async(mouse=mouse)
        guard.start()  # the terminal is as it was; asyncio waits for its threads now

    asyncio.run(life())
    guard.cancel()


def _blank_session() -> Session:
    """What lies under the list of documents until one is chosen."""
    from parseq_tui.ui.opening import blank_session

    return blank_session()


def _prepare_environment(colors: str) -> None:
    """What Textual reads when it is imported. A user's own settings win."""
    if colors == "none":
        os.environ["NO_COLOR"] = "1"
    elif colors != "auto":
        os.environ["TEXTUAL_COLOR_SYSTEM"] = "standard" if colors == "16" else colors
    os.environ.setdefault("ESCDELAY", ESCAPE_MILLISECONDS)
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    if os.environ.get("SSH_CONNECTION"):
        os.environ.setdefault("TEXTUAL_FPS", "30")


def _load_asyncio() -> None:
    """Without TLS: the event loop of an editor makes no such connections, and OpenSSL takes 1.4 MB and 4 ms."""
    if "asyncio" in sys.modules or "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        import asyncio  # noqa: F401
    finally:
        del sys.modules["ssl"]  # whoever else wants it gets it


def _require_terminal() -> None:
    if not (sys.__stdin__ and sys.__stdin__.isatty() and sys.__stderr__ and sys.__stderr__.isatty()):
        raise ParseqError(
            "the editor needs a terminal", hint="in a script: parseq-tui render, check, export, eval (see --help)"
        )
    if os.environ.get("TERM") == "dumb":
        hint = "use another one, or TERM=xterm if this one can"
        raise ParseqError("the editor cannot place its text on a dumb terminal (TERM=dumb)", hint=hint)
