"""Which takes of a document are looked at, and at which of their frames.

Usually the newest one, running or finished; one that was chosen in the list of takes; or two beside each other. A frame
that this take does not have is seen as an earlier one made it. While a take is running its newest frame is followed,
until somebody scrubs. Nothing here draws, starts or stops anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from parseq_tui.errors import ParseqError
from parseq_tui.formats.frames import is_frame_json
from parseq_tui.formats.native import loads
from parseq_tui.render.client import RenderClient, Take, TakeSummary
from parseq_tui.timeline.bake import bake
from parseq_tui.timeline.frame_table import FrameTable
from parseq_tui.ui.baking import is_small
from parseq_tui.ui.takes.follower import TakeFollower
from parseq_tui.ui.takes.progress import Progress
from parseq_tui.ui.takes.side_by_side import SideBySide, paired

LISTED_TAKES = 50
LONGEST_DOCUMENT = 300_000
"""Characters; the values of a longer one would take time from the keys, though another thread computes them."""


@dataclass(frozen=True, slots=True)
class _LookedBack:
    """What was found of a frame that a take does not have."""

    of: Take
    frame: int
    take: Take | None = None
    """The newest earlier one with a picture of it; None if there is none."""
    values: FrameTable | None = None
    """Its fields, as far as they are known."""


class ShownTakes:
    """What is looked at of one document. What reads files says so and belongs into a thread."""

    def __init__(self, client: RenderClient | None, playhead: int = 0) -> None:
        """`client`: None for a document without a file: it has no takes."""
        self._client = client
        self.newest = None if client is None else TakeFollower(client)
        """Follows the newest take, whichever is looked at: it tells what is being rendered."""
        self._follower = self.newest
        self.playhead = playhead
        self.follow_newest = True
        self.listed: tuple[TakeSummary, ...] | None = None
        """Newest first, while they are chosen from."""
        self.chosen = 0
        """Which of those."""
        self._values: FrameTable | None = None
        self._values_of: Take | None = None
        self._looked_back: _LookedBack | None = None
        self.pair: SideBySide | None = None
        """Two takes looked at together, instead of one."""

    @property
    def nothing(self) -> bool:
        """Whether there never is a take."""
        return self._follower is None

    def follows(self, client: RenderClient | None) -> bool:
        """Whether the newest take of this document is what is looked at, whichever that becomes."""
        same = self._client is not None and client is not None and client.folder == self._client.folder
        return same and self._follower is self.newest and self.pair is None

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
    def values(self) -> FrameTable | None:
        """The fields as they were when what is seen was rendered; None where that is not known."""
        found = self._found_earlier
        return self._values if found is None else found.values

    @property
    def earlier(self) -> str:
        """The earlier take that the picture is of; "" where it is of the take looked at."""
        found = self._found_earlier
        return found.take.name if found is not None and found.take is not None else ""

    @property
    def _found_earlier(self) -> _LookedBack | None:
        found = self._looked_back
        wanted = found is not None and found.frame == self.frame and self.pair is None
        return found if wanted and found is not None and found.take is not None else None

    @property
    def previews(self) -> tuple[Path, ...]:
        """The files of its picture: one of each take; () unless all of them are there."""
        if self.pair is not None:
            return self.pair.previews(self.frame)
        found = self._found_earlier
        if found is not None and found.take is not None:
            return (found.take.preview_path(found.frame),)
        return () if self._follower is None else self._follower.previews(self.frame)

    def scrubbed(self, frames: int, seen: int | None, last: int | None = None) -> int:
        """So many frames on from the one that is seen, among those that are finished; of one take that is over,
        through the document, which goes up to `last`.

        The playhead is followed from now on.
        """
        progress = self.progress
        started = None if progress is None else progress.started
        start = seen if self.at_newest and seen is not None else self.playhead
        self.follow_newest = False
        if progress is None or started is None:
            return max(0, start + frames)
        if last is not None and progress.over and self.pair is None:
            return min(max(start + frames, 0), last)
        first, end = started.first_frame, started.first_frame + started.frame_count
        done = max(progress.previews, default=end - 1)
        return min(max(start + frames, first), max(done, min(start, end - 1)))

    def step(self, rows: int) -> bool:
        """Choose another take of the list. False if none is shown."""
        if not self.listed:
            return False
        self.chosen = min(max(self.chosen + rows, 0), len(self.listed) - 1)
        return True

    # in a thread

    def poll(self) -> None:
        """Take in what the takes looked at have done. Reads files."""
        follower, newest, pair = self._follower, self.newest, self.pair
        if newest is not None and newest is not follower:
            newest.poll()
        if follower is not None:
            follower.poll()
            if follower.take is not None and follower.take != self._values_of:
                self._values, self._values_of = values_of(follower.take), follower.take
        if pair is not None:
            pair.poll()
        elif follower is not None and follower.take is not None:
            self._look_back(follower, follower.take)

    def _look_back(self, follower: TakeFollower, take: Take) -> None:
        """Find the picture of a frame that a take does not have among the earlier ones. Reads files."""
        frame, known = self.frame, self._looked_back
        if frame is None or self._client is None or follower.preview(frame) is not None:
            self._looked_back = None
        elif known is None or (known.of, known.frame) != (take, frame):
            takes = self._client.takes()[:LISTED_TAKES]
            earlier = takes[takes.index(take) + 1 :] if take in takes else []
            found = next((one for one in earlier if one.preview_path(frame).exists()), None)
            if known is not None and known.take == found:
                self._looked_back = replace(known, of=take, frame=frame)
            else:
                self._looked_back = _LookedBack(take, frame, found, None if found is None else values_of(found))

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
        self._follower = self.newest if self.chosen == 0 else TakeFollower(self._client, take)
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
