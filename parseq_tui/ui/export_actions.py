"""Exports written from the editor: every frame's values, for other programs. The document's own file is not touched."""

from __future__ import annotations

import asyncio
from pathlib import Path

from parseq_tui.errors import EditError, ParseqError
from parseq_tui.formats.exports import EXPORTS, export_for, exported
from parseq_tui.timeline.bake import bake
from parseq_tui.ui.file_actions import suggested_name
from parseq_tui.ui.workbench import Workbench


class ExportActions:
    """What a screen can write for others."""

    def __init__(self, screen: Workbench) -> None:
        self._screen = screen

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command about exports; False if it is none. Raises EditError."""
        if action != "document.export":
            return False
        self._export(argument)
        return True

    def _export(self, name: str) -> None:
        """Raises EditError."""
        if not name:
            stem = self._screen.session.path or Path(suggested_name(self._screen.session))
            self._screen.open_command_line(f"export {stem.with_suffix(EXPORTS['parseq'].suffix)}")
            return
        path = Path(name).expanduser()
        derived = any(path.name.endswith(export.suffix) for export in EXPORTS.values())
        if path.exists() and not derived:
            raise EditError(f"{path} exists", hint="choose another name; NAME.frames.json is written anew")
        self._screen.run_worker(self._write_export(path), name="export", group="export", exit_on_error=False)

    async def _write_export(self, path: Path) -> None:
        document = self._screen.session.document

        def write() -> None:
            text = exported(document, bake(document), export_for(path))
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise EditError(f"cannot write {path}: {error.strerror}") from error

        self._screen.say("writing every frame's values…")
        try:
            await asyncio.to_thread(write)
        except ParseqError as error:
            self._screen.desk.tell(error)
        else:
            self._screen.say(f"wrote {path}")
