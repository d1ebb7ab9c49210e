"""The render pane: follows the newest take of a document by reading its files, and says what one may do.

It polls four times a second while it can be seen, once a second otherwise, in a thread, so that a slow disk never holds
a key up; what is read is drawn only where it changed. It starts and stops nothing itself: it posts what is wanted.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.message import Message

from parseq_tui.render.client import RenderClient
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.pictures import Pictures
from parseq_tui.ui.takes import words as render_words
from parseq_tui.ui.takes.frame_feed import TICK_SECONDS, FrameFeed
from parseq_tui.ui.takes.progress import Progress
from parseq_tui.ui.takes.shown import ShownTakes
from parseq_tui.ui.takes.side_by_side import SideBySide
from parseq_tui.ui.widgets.line_view import LineView
from parseq_tui.ui.widgets.take_layout import TakeLayout, painted

Scope = Literal["all", "selection", "frame"]

HIDDEN_POLLS = 4
"""Ticks from one poll to the next while the pane cannot be seen."""
LONGEST = 1 << 30
"""More frames than any take has."""
_HALF_BLOCKS = Pictures()


class RenderPane(LineView, can_focus=True):
    """Progress, a small picture beside the values of its frame, the last log lines; `t` lists the takes instead."""

    DEFAULT_CSS = "RenderPane { background: $background; min-height: 3; }"
    BORDER_TITLE = "render"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "start('all', False)", "render all", id="render.all"),
        Binding("d", "start('all', True)", "draft", id="render.draft"),
        Binding("s", "start('selection', False)", "selection", id="render.selection"),
        Binding("p", "start('frame', False)", "this frame", id="render.frame"),
        Binding("n", "command('render.seeds')", "with new seeds", id="render.seeds"),
        Binding("x", "stop", "stop", id="render.stop"),
        Binding("z", "command('render.pause')", "pause / go on", id="render.pause"),
        Binding("w", "command('render.forecast')", "what it costs", id="render.forecast"),
        Binding("c", "command('render.prune')", "clear old frames", id="render.prune"),
        Binding("t", "toggle_takes", "takes", id="render.takes"),
        Binding("b", "compare", "A/B: beside another take", id="render.compare"),
        Binding("o", "look_next", "A/B: both, A, B", id="render.look_next"),
        Binding("f", "toggle_follow", "newest / playhead", id="render.follow"),
        Binding("v", "toggle_large", "large picture", id="render.large"),
        Binding("left", "scrub(-1)", "frame back", show=False, id="render.back"),
        Binding("right", "scrub(1)", "frame on", show=False, id="render.on"),
        Binding("shift+left", "scrub(-10)", "10 frames back", show=False, id="render.back_ten"),
        Binding("shift+right", "scrub(10)", "10 frames on", show=False, id="render.on_ten"),
        Binding("pageup", "scrub(-100)", "100 frames back", show=False, id="render.back_hundred"),
        Binding("pagedown", "scrub(100)", "100 frames on", show=False, id="render.on_hundred"),
        Binding("home", f"scrub({-LONGEST})", "first frame", show=False, id="render.first"),
        Binding("end", f"scrub({LONGEST})", "last finished frame", show=False, id="render.last"),
        Binding("up", "select_take(-1)", "newer take", show=False, id="render.newer"),
        Binding("down", "select_take(1)", "older take", show=False, id="render.older"),
        Binding("enter", "open_take", "follow this take", show=False, id="render.open"),
    ]

    class StartRequested(Message):
        """A render is wanted. `draft`: fast and rough."""

        def __init__(self, scope: Scope, draft: bool) -> None:
            super().__init__()
            self.scope, self.draft = scope, draft

    class StopRequested(Message):
        """The running render shall stop after its frame."""

    class CommandWanted(Message):
        """A command of the editor, by name."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    class Refused(Message):
        """What was asked for cannot be done: why."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    class Over(Message):
        """A render that was running, or was just started, has ended."""

        def __init__(self, progress: Progress) -> None:
            super().__init__()
            self.progress = progress

    class FrameSelected(Message):
        """The user looks at this frame; the playhead may follow."""

        def __init__(self, frame: int) -> None:
            super().__init__()
            self.frame = frame

    def __init__(
        self,
        client: RenderClient | None = None,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._shown = ShownTakes(client)
        self._feed = FrameFeed(self._pictures)
        self._table: FrameTable | None = None
        self._large = False
        self._note = ""
        self._ticks = 0
        self._polling = False
        self._awaited = ""
        """The take whose end is to be told."""

    # what the host calls

    def set_client(self, client: RenderClient | None, awaited: str = "") -> None:
        """Follow another document's renders: its newest take, running or finished. `awaited`: one just started."""
        self._awaited = awaited
        if awaited and self._shown.follows(client):
            self._shown.follow_newest = True  # it may be seen already, and its list looked at
            self.poll()
            return
        self._shown = ShownTakes(client, self._shown.playhead)
        self._look_anew()

    def set_note(self, words: str) -> None:
        """What is to be known before a render starts; "" for nothing."""
        if words != self._note:
            self._note = words
            self._draw()

    def set_values(self, table: FrameTable | None) -> None:
        """The values to be seen beside a frame."""
        if table is not self._table:
            self._table = table
            self._draw()

    def set_playhead(self, frame: int) -> None:
        """The frame whose picture is shown unless a running render is being followed."""
        shown = self._shown
        if frame == shown.playhead:
            return
        shown.playhead = frame
        if shown.frame == frame and self._feed.shown_at != self._ticks:
            self.poll()  # else the next tick does: a held key must not flood the link with pictures

    @property
    def progress(self) -> Progress | None:
        """Of the take shown; None if there is none."""
        return self._shown.progress

    @property
    def newest(self) -> Progress | None:
        """Of the newest take, whichever is shown: what is being rendered, or was last; None if there is none."""
        follower = self._shown.newest
        return None if follower is None or follower.take is None else follower.progress

    @property
    def picture_pixels(self) -> int:
        """How wide a picture should be that is made to be shown here."""
        return self._pictures().pixels_wide

    def poll(self) -> None:
        """Look at the files now (the pane does it by itself all the time)."""
        if self.is_mounted and not self._polling and not self._shown.nothing:
            self._polling = True
            self.run_worker(self._poll(self._shown), name="render files", group="render files")

    # polling

    def on_mount(self) -> None:
        super().on_mount()
        self._timer = self.set_interval(TICK_SECONDS, self._tick, name="render files")
        self.poll()

    def _tick(self) -> None:
        self._ticks += 1
        if ((self._shown.running or self._behind) and self.is_on_screen) or self._ticks % HIDDEN_POLLS == 0:
            self.poll()

    @property
    def _behind(self) -> bool:
        """Whether there is a picture of the frame one looks at that is not shown yet."""
        return self._feed.frame != self._shown.frame and bool(self._shown.previews) and not self._feed.off

    async def _poll(self, shown: ShownTakes) -> None:
        try:
            await asyncio.to_thread(shown.poll)
            if shown is not self._shown:
                return
            self._tell_end()
            if self.is_on_screen:
                room = self._laid_out.picture_room
                await self._feed.look(shown.frame, shown.previews, room, self._ticks, running=shown.running)
            self._draw()
        finally:
            self._polling = False

    def _tell_end(self) -> None:
        newest = self._shown.newest
        if newest is None or newest.take is None:
            return
        if not newest.progress.over:
            self._awaited = newest.take.name
        elif newest.take.name == self._awaited:
            self._awaited = ""
            self.post_message(self.Over(newest.progress))

    def _look_anew(self) -> None:
        self._feed.forget()
        self._draw()
        self.poll()

    # keys

    def action_start(self, scope: Scope, draft: bool) -> None:
        self.post_message(self.StartRequested(scope, draft))

    def action_stop(self) -> None:
        self.post_message(self.StopRequested())

    def action_command(self, name: str) -> None:
        self.post_message(self.CommandWanted(name))

    def action_toggle_follow(self) -> None:
        self._shown.follow_newest = not self._shown.follow_newest
        self.poll()

    def action_toggle_large(self) -> None:
        """Give the picture all the room there is, or leave some to the words."""
        self._large = not self._large
        self._draw()
        self.poll()

    def action_scrub(self, frames: int) -> None:
        table = self._table
        last = None if table is None else table.first_frame + table.frame_count - 1
        frame = self._shown.scrubbed(frames, self._feed.frame, last)
        self.set_playhead(frame)  # the next key may come before the playhead has gone round the editor
        self.post_message(self.FrameSelected(frame))

    async def action_compare(self) -> None:
        """Look at two takes together: at the one followed (or chosen in the list) and at the next older one."""
        if not await asyncio.to_thread(self._shown.compare):
            self.post_message(self.Refused("comparing needs two takes: render again after a change"))
            return
        if (pair := self._shown.pair) is not None:
            self.run_worker(self._compare(pair), name="compare takes", group="compare takes", exclusive=True)
        self._look_anew()

    async def _compare(self, pair: SideBySide) -> None:
        await asyncio.to_thread(pair.compare)
        self._draw()

    def action_look_next(self) -> None:
        """At both takes, at A, at B."""
        if self._shown.pair is None:
            self.post_message(self.Refused("b puts two takes beside each other; then o looks at both, A or B"))
            return
        self._shown.pair.look_next()
        self._feed.forget()
        self.poll()

    async def action_toggle_takes(self) -> None:
        await asyncio.to_thread(self._shown.list)
        self._draw()

    def action_select_take(self, step: int) -> None:
        if self._shown.step(step):
            self._draw()

    async def action_open_take(self) -> None:
        if await asyncio.to_thread(self._shown.open_chosen):
            self._feed.forget()
            self.poll()

    # painting

    def on_resize(self) -> None:
        self._draw()

    def theme_changed(self) -> None:
        self._feed.theme_changed()
        self._draw()

    def _draw(self) -> None:
        if not self.size.width or not self.size.height:
            return
        listed = self._shown.listed
        if listed is None:
            self.point_at(0, 0)
            self.set_lines(self._laid_out.strips())
            return
        head = render_words.noted(self._note, self.size.width)
        words = [*head, *render_words.takes(listed, self._shown.chosen, self.size.height - len(head))]
        self.set_lines(painted(self, words))
        self.point_at(0, next((y for y, row in enumerate(words) if row[-1].on == "selection"), 0))

    @property
    def _laid_out(self) -> TakeLayout:
        return TakeLayout(self, self._shown, self._feed, self._table, self._note, self._large)

    def _pictures(self) -> Pictures:
        pictures = getattr(self.app, "pictures", None)
        return pictures if isinstance(pictures, Pictures) else _HALF_BLOCKS
