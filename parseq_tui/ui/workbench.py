"""What the parts of an editor may ask of its screen and of the program, so that they need not know those two.

`screens/editor.py` is the screen that is built on this and knows all parts; `app.py` is the program.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from textual.screen import Screen

from parseq_tui.session import FileFollower, FileNotice, Session
from parseq_tui.timeline.edits import Edit
from parseq_tui.ui.desk import Desk
from parseq_tui.ui.drawing.raster import Glyphs
from parseq_tui.ui.errands import Errands
from parseq_tui.ui.keymap import Keymap
from parseq_tui.ui.preferences import Preferences
from parseq_tui.ui.questions import Questions
from parseq_tui.ui.theming.themes import Themes
from parseq_tui.ui.widgets.formula_bar import FormulaBar
from parseq_tui.ui.widgets.keyframe_table import KeyframeTable
from parseq_tui.ui.widgets.render_pane import RenderPane
from parseq_tui.ui.widgets.status_bar import Severity

Follow = Callable[[Session, Callable[[FileNotice], None]], FileFollower]
"""Makes what follows a session's file."""


class Workbench(Screen[None]):
    """An editor's screen as its parts see it."""

    session: Session
    keymap: Keymap
    desk: Desk
    errands: Errands
    questions: Questions
    follow: Follow
    table: KeyframeTable
    formula: FormulaBar
    pictures: RenderPane

    @abstractmethod
    def say(self, text: str, severity: Severity = "information") -> None:
        """Words in the status line."""

    @abstractmethod
    def is_rendering(self) -> bool:
        """Whether a render of the document goes on."""

    @abstractmethod
    def show_title(self) -> None:
        """Something that the title tells has changed."""

    @abstractmethod
    def open_command_line(self, line: str) -> None:
        """Let a command be typed, with this already there."""

    @abstractmethod
    def save_first(self, then: Callable[[], None]) -> None:
        """Ask for a file's name, for a document that has none; `then` follows once it is saved."""

    @abstractmethod
    def show_pane(self, name: str) -> None:
        """Show a pane and give it the focus."""

    @abstractmethod
    def change_beside(self, title: str, edit: Callable[[], Edit], then: Callable[[], None]) -> None:
        """Make an edit and apply it beside the event loop; then `then`. What `edit` raises as a ParseqError is said."""

    @abstractmethod
    def apply(self, edit: Edit) -> None:
        """Change the document; what stands in the way is said."""


@runtime_checkable
class Program(Protocol):
    """The application as the parts of an editor see it."""

    preferences: Preferences
    themes: Themes

    @property
    def glyphs(self) -> Glyphs:
        """What is drawn with."""

    def choose_document(self, *, can_leave: bool) -> None: ...
    def open_path(self, path: Path) -> None:
        """Show this file in place of what is shown; what is wrong with it is said."""

    def next_theme(self, name: str = "") -> str:
        """Raises SettingsError."""

    def toggle_mouse(self) -> bool | None: ...
    def forget_screen(self) -> None: ...
