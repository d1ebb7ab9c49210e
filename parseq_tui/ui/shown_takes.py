"""Which takes of a document are looked at, and at which of their frames.

Usually the newest one, running or finished; one that was chosen in the list of takes; or two beside each other. While a
take is running its newest frame is followed, until somebody scrubs. Nothing here draws, starts or stops anything.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from parseq_tui.errors import ParseqError
from parseq_tui.formats.frames import is_frame_json
from parseq_tui.formats.native import loads
from parseq_tui.render.client import RenderClient, Take, TakeSummary
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.baking import is_small
from parseq_tui.ui.render_progress import Progress
from parseq_tui.ui.side_by_side import SideBySide, paired
from parseq_tui.ui.take_follower import TakeFollower

LISTED_TAKES = 50
LONGEST_DOCUMENT = 300_000
"""Characters; the values of a longer one would take time from the keys, though another thread computes them."""


class ShownTakes:
    """What is looked at of one document. What reads files says so and belongs into a thread."""

    def __init__(self, client: RenderClient | None, playhead: int = 0) -> None:
        """`client`: None for a document without a file: it has no takes."""
        self._client = client
        self._follower = None if client is None else TakeFollower(client)
        self.playhead = playhead
        self.follow_newest = True
        self.listed: tuple[TakeSummary, ...] | None = None
        """Newest first, while they are chosen from."""
        self.chosen = 0
        """Which of those."""
        self.values: FrameTable | None = None
        """The fields as they were when the take looked at was rendered; None where that is not known."""
        self._values_of: Take | None = None
        self.pair: SideBySide | None = None
        """Two takes looked at together, instead of one."""

    @property
    def nothing(self) -> bool:
        """Whether there never is a take."""
        return self._follower is None

    @property
    def progress(self) -> Progress | None:
        """Of the take looked at; None if there is none."""
        return self._follower.progress if self._follower is not None and self._follower.take is not None else None

    @property
    def running(self) -> bool:
        """Whether the take looked at is being rendered."""
        progress = self.progress
        return progress is not None and not progress.over

    @property
    def name(self) -> str:
        """Of the take looked at; "" if there is none."""
        return "" if self._follower is None or self._follower.take is None else self._follower.take.name

    @property
    def at_newest(self) -> bool:
        """Whether the newest frame of a running take is followed, and not the playhead."""
        return self.pair is None and self.follow_newest and self.running

    @property
    def frame(self) -> int | None:
        """The frame that is to be seen; None where there is none yet."""
        progress = self.progress
        if progress is None:
            return None
        if self.at_newest:
            return progress.newest.frame if progress.newest is not None else None
        return self.playhead

    @property
    def previews(self) -> tuple[Path, ...]:
        """The files of its picture: one of each take; () unless all of them are there."""
        if self.pair is not None:
            return self.pair.previews(self.frame)
        return () if self._follower is None else self._follower.previews(self.frame)

    def scrubbed(self, frames: int, seen: int | None) -> int:
        """So many frames on from the one that is seen, among those that are finished.

        The playhead is followed from now on.
        """
        progress = self.progress
        started = None if progress is None else progress.started
        start = seen if self.at_newest and seen is not None else self.playhead
        self.follow_newest = False
        if progress is None or started is None:
            return max(0, start + frames)
        first, end = started.first_frame, started.first_frame + started.frame_count
        last = max(progress.previews, default=end - 1)
        return min(max(start + frames, first), max(last, min(start, end - 1)))

    def step(self, rows: int) -> bool:
        """Choose another take of the list. False if none is shown."""
        if not self.listed:
            return False
        self.chosen = min(max(self.chosen + rows, 0), len(self.listed) - 1)
        return True

    # in a thread

    def poll(self) -> None:
        """Take in what the takes looked at have done. Reads files."""
        follower, pair = self._follower, self.pair
        if follower is not None:
            follower.poll()
            if follower.take is not None and follower.take != self._values_of:
                self.values, self._values_of = values_of(follower.take), follower.take
        if pair is not None:
            pair.poll()

    def list(self) -> None:
        """Show the list of takes, or put it away. Reads files."""
        if self.listed is not None or self._client is None:
            self.listed = None
            return
        self.listed = tuple(take.summary() for take in self._client.takes()[:LISTED_TAKES])
        self.chosen = 0

    def open_chosen(self) -> bool:
        """Look at the take chosen in the list; at the newest one, whichever that becomes. False without a list."""
        if not self.listed or self._client is None:
            return False
        name = self.listed[self.chosen].name
        take = next((take for take in self._client.takes() if take.name == name), None)
        self._follower = TakeFollower(self._client, None if self.chosen == 0 else take)
        self.listed = None
        return True

    def compare(self) -> bool:
        """Look at a second take too (the chosen or the next older one), or no longer. False if there is none."""
        if self.pair is not None or self._client is None:
            self.pair = None
            return True
        chosen = self.listed[self.chosen].name if self.listed else ""
        self.pair = paired(self._client, None if self._follower is None else self._follower.take, chosen)
        if self.pair is not None:
            self.listed = None
        return self.pair is not None


def values_of(take: Take) -> FrameTable | None:
    """The fields as they were when a take was rendered, its own seeds included; None where that is not known.

    Of a damaged take, of frame JSON and of a large document it is not known. Reads a file and bakes: for a thread.
    """
    try:
        job = take.job
        if len(job.document) > LONGEST_DOCUMENT or is_frame_json(job.document):
            return None
        document = loads(job.document, job.document_name)
    except ParseqError:
        return None
    if not is_small(document):
        return None
    table, offset = bake(document), job.options.get("seed_offset", 0)
    if not offset or "seed" not in table:
        return table
    seeds = table["seed"] + offset
    seeds.setflags(write=False)
    return replace(table, columns={**table.columns, "seed": seeds})
