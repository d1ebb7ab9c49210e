"""Two takes beside each other: A is the earlier one, B the later.

Owns which of the two is looked at, and what differs between them in words; the render pane shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from parseq_tui.errors import RenderError
from parseq_tui.render.client import RenderClient, Take
from parseq_tui.render.contrast import Contrast, contrast
from parseq_tui.ui.drawing.halfblocks import Picture, resized
from parseq_tui.ui.takes.follower import TakeFollower

Looking = Literal["both", "A", "B"]
_NEXT: dict[Looking, Looking] = {"both": "A", "A": "B", "B": "both"}
GAP_PIXELS = 2
"""Between two pictures."""


class SideBySide:
    """One comparison. `poll` and `compare` belong into a thread, everything else to the event loop."""

    def __init__(self, client: RenderClient, one: Take, other: Take) -> None:
        earlier, later = sorted((one, other), key=lambda take: take.name)
        self.followers = TakeFollower(client, earlier), TakeFollower(client, later)
        """Of A and of B."""
        self.looking: Looking = "both"
        self.found: Contrast | None = None
        self.problem = ""
        """Why it is not known what differs; "" if it is, or will be."""

    @property
    def names(self) -> tuple[str, str]:
        """Of A and of B."""
        first, second = (follower.take.name if follower.take is not None else "" for follower in self.followers)
        return first, second

    def look_next(self) -> None:
        """Both, only A, only B, both…"""
        self.looking = _NEXT[self.looking]

    def poll(self) -> None:
        """Take in what both have done."""
        for follower in self.followers:
            follower.poll()

    def compare(self) -> None:
        """Find out what differs. Takes a second or more."""
        one, other = (follower.take for follower in self.followers)
        if one is None or other is None:
            return
        try:
            self.found, self.problem = contrast(one, other), ""
        except RenderError as error:
            self.problem = error.message

    @property
    def _looked_at(self) -> Sequence[TakeFollower]:
        return {"both": self.followers, "A": self.followers[:1], "B": self.followers[1:]}[self.looking]

    def previews(self, frame: int | None) -> tuple[Path, ...]:
        """The small pictures of a frame that are to be seen; () unless all of them are there."""
        paths = [follower.preview(frame) for follower in self._looked_at]
        return tuple(path for path in paths if path is not None) if None not in paths else ()

    @property
    def missing(self) -> str:
        """Why there is nothing to be seen of a frame."""
        if any(follower.progress is not None and not follower.progress.over for follower in self._looked_at):
            return "no picture yet"
        return "not in both takes" if self.looking == "both" else f"not in take {self.looking}"

    def words(self, frame: int) -> str:
        """What differs at a frame."""
        if self.problem:
            return self.problem
        if self.found is None:
            return "looking what differs…"
        told = self.found.words.get(frame)
        if told is None:
            return "the same picture" if all(follower.preview(frame) for follower in self.followers) else ""
        return f"A → B: {told}" if told else "differs: it is made from frames that differ"

    def summary(self) -> str:
        """How many frames differ."""
        if self.found is None:
            return ""
        count = len(self.found.words)
        if not count:
            return f"all {self.found.same} frames are the same"
        first = min(self.found.words)
        return f"{count} frames differ, the first at {first}" if count > 1 else f"only frame {first} differs"


def paired(client: RenderClient, held: Take | None, chosen: str) -> SideBySide | None:
    """The take that is held beside the chosen one, or beside the next older (else newer) one; None if it is alone."""
    takes = client.takes()
    if held is None or held not in takes or len(takes) < 2:
        return None
    at = takes.index(held)
    nearest = takes[at + 1] if at + 1 < len(takes) else takes[at - 1]
    other = next((take for take in takes if take.name == chosen and take != held), nearest)
    return SideBySide(client, held, other)


def joined(pictures: Sequence[Picture]) -> Picture:
    """Pictures (uint8, shape (height, width, 3)) from left to right, of the height of the first, black between them."""
    first = pictures[0]
    height = first.shape[0]
    parts: list[Picture] = [first]
    for picture in pictures[1:]:
        width = max(1, round(picture.shape[1] * height / picture.shape[0]))
        parts += [np.zeros((height, GAP_PIXELS, 3), np.uint8), resized(picture, width, height)]
    return np.concatenate(parts, axis=1)
