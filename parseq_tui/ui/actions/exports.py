"""What is written for others from the editor: every frame's values, and the video of a take.

The document's own file is not touched.
"""

from __future__ import annotations

import asyncio
import shutil
from itertools import count
from pathlib import Path

from parseq_tui.errors import EditError, ParseqError, counted
from parseq_tui.formats.exports import EXPORTS, Export, export_for, exported
from parseq_tui.timeline.bake import bake
from parseq_tui.ui.actions.files import suggested_name
from parseq_tui.ui.workbench import Workbench


class ExportActions:
    """What a screen can write for others."""

    def __init__(self, screen: Workbench) -> None:
        self._screen = screen

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command about exports; False if it is none. Raises ParseqError."""
        if action == "document.export":
            self._export(argument)
        elif action == "render.video":
            self._save_video(argument)
        else:
            return False
        return True

    def _export(self, name: str) -> None:
        """Raises EditError, DocumentError."""
        if not name:
            stem = self._screen.session.path or Path(suggested_name(self._screen.session))
            self._screen.open_command_line(f"export {stem.with_suffix(EXPORTS['parseq'].suffix)}")
            return
        path = Path(name).expanduser()
        export = export_for(path)
        derived = any(path.name.endswith(export.suffix) for export in EXPORTS.values())
        if path.exists() and not derived:
            raise EditError(f"{path} exists", hint="choose another name; NAME.frames.json is written anew")
        self._screen.run_worker(self._write_export(path, export), name="export", group="export", exit_on_error=False)

    async def _write_export(self, path: Path, export: Export) -> None:
        document = self._screen.session.document

        def write() -> None:
            text = exported(document, bake(document), export)
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

    # -- the video -------------------------------------------------------------------------------------------------

    def _save_video(self, name: str) -> None:
        """A copy of the video of the take that is shown. Raises EditError."""
        video = self._shown_video()
        if not name:
            stem = (self._screen.session.path or video).with_suffix("")
            self._screen.open_command_line(f"video {_free(stem, video.suffix)}")
            return
        path = Path(name).expanduser()
        if path.suffix.lower() != video.suffix:
            raise EditError(
                f"the video of this take is {video.suffix}, not {path.suffix or 'without an ending'}",
                hint=f"name it NAME{video.suffix}; `parseq-tui render DOC --out NAME.gif` writes others from the cache",
            )
        if path.exists():
            raise EditError(f"{path} exists", hint="choose another name")
        self._screen.run_worker(self._copy(video, path), name="export", group="export", exit_on_error=False)

    def _shown_video(self) -> Path:
        progress = self._screen.pictures.progress
        if progress is None or progress.ended is None or not progress.ended.video:
            going = progress is not None and not progress.over
            hint = "it is rendered at this moment: wait for its end" if going else "F5 renders it"
            raise EditError("there is no video of this document yet", hint=hint)
        return Path(progress.ended.video)

    async def _copy(self, video: Path, path: Path) -> None:
        self._screen.say(f"writing {path}…")
        try:
            await asyncio.to_thread(shutil.copyfile, video, path)
        except OSError as error:
            self._screen.desk.tell(EditError(f"cannot write {path}: {error.strerror}"))
        else:
            progress = self._screen.pictures.progress
            frames = f": {counted(progress.total, 'frame')}" if progress is not None else ""
            self._screen.say(f"wrote {path}{frames}")


def _free(stem: Path, suffix: str) -> Path:
    """A name that no file has: song.mp4, else song-2.mp4, …"""
    names = (stem.with_name(f"{stem.name}{'' if number == 1 else f'-{number}'}{suffix}") for number in count(1))
    return next(name for name in names if not name.exists())
