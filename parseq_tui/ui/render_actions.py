"""Renders started and stopped from the editor. The worker outlives the editor; following it is the render pane's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from parseq_tui.errors import ParseqError
from parseq_tui.render.client import RenderClient
from parseq_tui.timeline.render_settings import draft, resolve
from parseq_tui.ui.render_progress import Progress
from parseq_tui.ui.view_state import playhead, selected
from parseq_tui.ui.widgets.render_pane import RenderPane

if TYPE_CHECKING:
    from parseq_tui.ui.screens.editor import EditorScreen

RenderScope = Literal["all", "selection", "frame"]
_SCOPES: dict[str, tuple[RenderScope, bool]] = {
    "render.all": ("all", False),
    "render.selection": ("selection", False),
    "render.frame": ("frame", False),
    "render.draft": ("all", True),
}


class RenderActions:
    """What a screen can do about renders of its document."""

    def __init__(self, screen: EditorScreen) -> None:
        self._screen = screen

    @property
    def _progress(self) -> Progress | None:
        return self._screen.query_one(RenderPane).progress if self._screen.is_mounted else None

    @property
    def running(self) -> bool:
        progress = self._progress
        return progress is not None and not progress.over

    @property
    def state(self) -> str:
        """A render that is going on, for the title line."""
        progress = self._progress
        if progress is None or progress.over:
            return ""
        return f"rendering {progress.done}/{progress.total}"

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command about renders; False if it is none."""
        if action in _SCOPES:
            scope, is_draft = _SCOPES[action]
            self.start(scope, draft=is_draft)
        elif action == "render.stop":
            self._stop()
        else:
            return False
        return True

    def start(self, scope: RenderScope, *, draft: bool) -> None:
        """Render the document as it is now, saved or not."""
        screen, path = self._screen, self._screen.session.path
        if path is None:
            screen.say("save the document first, :w NAME.json: its frames live beside it", "warning")
            return
        client = RenderClient(path)
        try:
            options = _draft_options(screen.session.document.render) if draft else {}
            client.start(screen.session.text(), options=options, frames=self._frames(scope))
        except ParseqError as error:
            screen.desk.tell(error)
            return
        screen.query_one(RenderPane).set_client(client)
        screen.say("rendering in the background; leaving the editor does not stop it (Space r x does)")

    def _frames(self, scope: RenderScope) -> tuple[int, int] | None:
        document, view = self._screen.session.document, self._screen.desk.view
        if scope == "all":
            return None
        if scope == "frame":
            frame = playhead(document, view)
            return (frame, frame + 1)
        rows = selected(document, view).rows
        return (document.keyframes[rows[0]].frame, document.keyframes[rows[-1]].frame + 1)

    def _stop(self) -> None:
        path = self._screen.session.path
        if path is None:
            return
        try:
            RenderClient(path).stop()
        except ParseqError as error:
            self._screen.desk.tell(error)
        else:
            self._screen.say("stopping after this frame")


def _draft_options(render: Any) -> dict[str, Any]:
    return dict(draft(resolve(render)))
