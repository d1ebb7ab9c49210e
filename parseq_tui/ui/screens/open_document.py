"""The start screen: unsaved work, a recent file, an example, a file by its path, or a new blank document.

Dismissed with an OpenChoice, or None if it was left.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input

from parseq_tui.ui.widgets.line_view import LineView

Kind = Literal["draft", "file", "example", "blank"]
MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class OpenChoice:
    """What was chosen. `path`: the file, the example's, or a journal of unsaved work; None for a blank document."""

    kind: Kind
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the list."""

    choice: OpenChoice
    name: str
    words: str = ""
    is_folder: bool = False


class OpenDocument(ModalScreen["OpenChoice | None"]):
    """Type to filter, or type a path; Tab takes the selected folder or file into the line."""

    DEFAULT_CSS = """
    OpenDocument { align: center middle; }
    OpenDocument > Vertical { width: 100%; max-width: 96; height: 100%; max-height: 28; padding: 0 1;
        background: $surface; border: round $accent; }
    OpenDocument Input { background: $panel; }
    OpenDocument LineView { height: 1fr; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "leave", priority=True, id="open.leave"),
        Binding("up", "select(-1)", show=False, priority=True, id="open.up"),
        Binding("down", "select(1)", show=False, priority=True, id="open.down"),
        Binding("pageup", "select(-10)", show=False, priority=True, id="open.page_up"),
        Binding("pagedown", "select(10)", show=False, priority=True, id="open.page_down"),
        Binding("tab", "take", show=False, priority=True, id="open.take"),
    ]

    def __init__(self, offers: Sequence[Offer], *, can_leave: bool = True) -> None:
        """`can_leave`: False if leaving means quitting (says so)."""
        super().__init__()
        self._offers = list(offers)
        self._leaving = "close" if can_leave else "quit"
        self._shown: list[Offer] = list(self._offers)
        self._selected = 0

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "open"
            box.border_subtitle = f"Enter open   Tab complete   Esc {self._leaving}"
            yield Input(placeholder="type to filter, or a path", id="path", compact=True)
            yield OfferList()

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()
        self._draw()

    async def on_input_changed(self, event: Input.Changed) -> None:
        text = event.value.strip()
        if _is_path(text):
            # a folder on a slow disk must not hold up the keys
            offers = await asyncio.to_thread(files_like, text)
            if self.query_one(Input).value.strip() != text:
                return
        else:
            words = text.casefold().split()
            found = [each for each in self._offers if all(w in f"{each.name} {each.words}".casefold() for w in words)]
            # what is called so comes before what only speaks of it
            offers = sorted(found, key=lambda each: not all(w in each.name.casefold() for w in words))
        # what is nowhere may be wanted as a new one
        self._shown, self._selected = offers or [each for each in self._offers if each.choice.kind == "blank"], 0
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        path = Path(text).expanduser()
        if _is_path(text) and path.is_file():
            self.dismiss(OpenChoice("file", path))
        elif self._shown and self._shown[self._selected].is_folder:
            self.action_take()
        elif self._shown:
            self.dismiss(self._shown[self._selected].choice)

    def action_select(self, step: int) -> None:
        self._selected = min(max(self._selected + step, 0), max(0, len(self._shown) - 1))
        self._draw()

    def action_take(self) -> None:
        if self._shown and (path := self._shown[self._selected].choice.path) is not None:
            line = self.query_one(Input)
            line.value = f"{path}{os.sep}" if self._shown[self._selected].is_folder else str(path)
            line.cursor_position = len(line.value)

    def action_leave(self) -> None:
        self.dismiss(None)

    def _draw(self) -> None:
        self.query_one(OfferList).show(self._shown, self._selected)


class OfferList(LineView):
    """The offers, grouped by kind."""

    _offers: Sequence[Offer] = ()
    _selected = 0
    _TITLES: ClassVar[dict[Kind, str]] = {
        "draft": "unsaved work that was left behind",
        "file": "files",
        "example": "examples: a copy opens, saving asks for a name",
        "blank": "new: saving asks for its name",
    }

    def show(self, offers: Sequence[Offer], selected: int) -> None:
        self._offers, self._selected = offers, selected
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def theme_changed(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.size.width:
            return
        palette = self.palette
        rows: list[Strip] = []
        at, kind = 0, ""
        longest = max((cell_len(offer.name) for offer in self._offers), default=0)
        room = min(28, self.size.width // 3) if any(offer.words for offer in self._offers) else self.size.width
        width = min(room, longest + 3)
        for index, offer in enumerate(self._offers):
            if offer.choice.kind != kind:
                kind = offer.choice.kind
                rows.append(
                    self.line((f" {self._TITLES[offer.choice.kind]}", palette.style("dim", "panel")), on="panel")
                )
            selected = index == self._selected
            on = "selection" if selected else "background"
            if selected:
                at = len(rows)
            mark = ">" if selected else " "
            name = self.line((f"{mark} {offer.name}", palette.style("text", on)), width=width, on=on)
            words = self.line(
                (f" {offer.words}", palette.style("text" if selected else "dim", on)),
                width=self.size.width - width,
                on=on,
            )
            rows.append(Strip.join([name, words]))
        if not rows:
            rows = [self.line((" nothing like that here", palette.style("dim")))]
        top = max(0, min(at - self.size.height // 2, len(rows) - self.size.height))
        self.set_lines(rows[top : top + self.size.height])


def files_like(text: str) -> list[Offer]:
    """Documents and folders whose path begins so, folders first."""
    path = Path(text).expanduser()
    folder, begin = (path, "") if text.endswith(os.sep) else (path.parent, path.name)
    try:
        with os.scandir(folder) as entries:
            found = sorted((not entry.is_dir(), entry.name) for entry in entries if entry.name.startswith(begin))
    except OSError as error:
        return [Offer(OpenChoice("file", folder), str(folder), f"cannot be read: {error.strerror}", is_folder=True)]
    listed = [(is_file, name) for is_file, name in found if not is_file or name.endswith(".json")]
    return [
        Offer(OpenChoice("file", folder / name), name if is_file else name + os.sep, "", is_folder=not is_file)
        for is_file, name in listed[:MAX_LISTED]
        if begin.startswith(".") or not name.startswith(".")
    ]


def _is_path(text: str) -> bool:
    return text.startswith(("/", "./", "../", "~")) or os.sep in text
